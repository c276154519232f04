package issuer

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func credentials(changes ...string) url.Values {
	f := url.Values{"grant_type": {grantCredentials}}
	for i := 0; i < len(changes); i += 2 {
		f.Set(changes[i], changes[i+1])
	}
	return f
}

func TestAnAgentProvesItselfWithASecret(t *testing.T) {
	w := newWorld(t)
	basic := func(r *http.Request) { r.SetBasicAuth("agent", url.QueryEscape("made up: 100%")) }
	for name, rec := range map[string]*httptest.ResponseRecorder{
		"basic": w.do("POST", "/token", credentials("resource", "http://127.0.0.1:8080/audit"), basic),
		"post":  w.do("POST", "/token", credentials("client_id", "agent", "client_secret", "made up: 100%", "resource", "http://127.0.0.1:8080/audit")),
	} {
		_, claims := decode(t, answerOf(t, rec).Access)
		if claims["sub"] != "agent" || claims["vestibule_actor"] != "automated" || claims["aud"] != "http://127.0.0.1:8080/audit" || claims["scope"] != "system/Task.r" {
			t.Errorf("%s: %v", name, claims)
		}
	}
	for name, c := range map[string]struct {
		form   url.Values
		change func(*http.Request)
		code   string
	}{
		"wrong secret":     {credentials("client_id", "agent", "client_secret", "x"), nil, "invalid_client"},
		"no secret":        {credentials("client_id", "agent"), nil, "invalid_client"},
		"empty secret":     {credentials("client_id", "web", "client_secret", ""), nil, "invalid_client"},
		"unknown client":   {credentials("client_id", "x", "client_secret", "y"), nil, "invalid_client"},
		"two ways at once": {credentials("client_secret", "made up: 100%"), basic, "invalid_request"},
		"bad escaping":     {credentials(), func(r *http.Request) { r.SetBasicAuth("agent", "%zz") }, "invalid_client"},
		"a public client":  {credentials("client_id", "web"), nil, "unauthorized_client"},
		"not an agent":     {credentials("client_id", "desk", "client_secret", "s"), nil, "unauthorized_client"},
		"foreign scope":    {credentials("scope", "system/Patient.r"), basic, "invalid_scope"},
		"foreign resource": {credentials("resource", "https://else.example"), basic, "invalid_target"},
		"other grant":      {credentials("grant_type", "password"), basic, "unsupported_grant_type"},
		"said twice":       {url.Values{"grant_type": {grantCredentials, grantCode}}, basic, "invalid_request"},
	} {
		change := c.change
		if change == nil {
			change = func(*http.Request) {}
		}
		if rec := w.do("POST", "/token", c.form, change); rec.Code < 400 || !strings.Contains(rec.Body.String(), `"`+c.code+`"`) {
			t.Errorf("%s: status %d: %s", name, rec.Code, rec.Body)
		}
	}
}

func (w *world) assertion(t *testing.T, change func(*jwt.Claims)) url.Values {
	t.Helper()
	c := jwt.Claims{
		Issuer: "signer", Subject: "signer", Audience: jwt.Audience{issuerURL + "/token"}, ID: rand.Text(),
		Expiry: jwt.NewNumericDate(w.now.Add(4 * time.Minute)), IssuedAt: jwt.NewNumericDate(w.now),
	}
	change(&c)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: w.clientKey, KeyID: "k1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(c).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return credentials("client_assertion_type", assertionType, "client_assertion", text)
}

func TestAnAgentProvesItselfWithItsKey(t *testing.T) {
	w := newWorld(t)
	good := w.assertion(t, func(*jwt.Claims) {})
	answerOf(t, w.do("POST", "/token", good))
	if rec := w.do("POST", "/token", good); rec.Code != 401 {
		t.Errorf("the same assertion again: status %d", rec.Code)
	}
	for name, change := range map[string]func(*jwt.Claims){
		"expired":       func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(w.now.Add(-time.Minute)) },
		"lives long":    func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(w.now.Add(time.Hour)) },
		"no expiry":     func(c *jwt.Claims) { c.Expiry = nil },
		"no id":         func(c *jwt.Claims) { c.ID = "" },
		"for another":   func(c *jwt.Claims) { c.Audience = jwt.Audience{"https://else.example"} },
		"about another": func(c *jwt.Claims) { c.Subject = "agent" },
		"by another":    func(c *jwt.Claims) { c.Issuer = "agent" },
	} {
		if rec := w.do("POST", "/token", w.assertion(t, change)); rec.Code != 401 {
			t.Errorf("%s: status %d: %s", name, rec.Code, rec.Body)
		}
	}
	w.clientKey = newKey(t)
	if rec := w.do("POST", "/token", w.assertion(t, func(*jwt.Claims) {})); rec.Code != 401 {
		t.Errorf("signed by another key: status %d", rec.Code)
	}
	if rec := w.do("POST", "/token", credentials("client_assertion_type", assertionType, "client_assertion", "x")); rec.Code != 401 {
		t.Errorf("no JWT: status %d", rec.Code)
	}
	if rec := w.do("POST", "/token", credentials("client_assertion", "x")); rec.Code != 400 {
		t.Errorf("no type: status %d", rec.Code)
	}
}
