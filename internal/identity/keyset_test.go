package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestAWrongDiscoveryDocumentIsNotFollowed(t *testing.T) {
	document := func(issuer, jwks string) string {
		return `{"issuer":"` + issuer + `","jwks_uri":"` + jwks + `"}`
	}
	const jwks = "https://keys.example/jwks"
	for name, text := range map[string]string{
		"another issuer":     document(issuerB, jwks),
		"a slash more":       document(issuerA+"/", jwks),
		"no issuer":          `{"jwks_uri":"` + jwks + `"}`,
		"two issuers":        `{"issuer":"` + issuerA + `","issuer":"` + issuerA + `","jwks_uri":"` + jwks + `"}`,
		"no keys":            `{"issuer":"` + issuerA + `"}`,
		"keys in clear text": document(issuerA, "http://keys.example/jwks"),
		"keys on loopback":   document(issuerA, "http://127.0.0.1:8080/jwks"),
		"keys in a file":     document(issuerA, "file:///etc/passwd"),
		"no JSON":            "<html>",
		"too large":          strings.Repeat(" ", maxDocument) + document(issuerA, jwks),
	} {
		w := newWorld(t)
		w.issuer.breakWith(func(string) (string, error) { return text, nil })
		got, err := w.ask(w.token(t, nil))
		t.Run(name, func(t *testing.T) { wantCode(t, got, err, CodeUnavailable) })
		if w.issuer.fetches() != 0 {
			t.Errorf("%s: keys were fetched", name)
		}
	}
}

func TestAKeySetIsReadKeyByKey(t *testing.T) {
	w := newWorld(t)
	one := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	private := one(jose.JSONWebKey{Key: w.key.key, KeyID: "k1"})
	good := one(w.key.public())
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ keys, code string }{
		"a good one":                   {good, ""},
		"among keys of unknown kinds":  {`{"kty":"XYZ"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},` + good, ""},
		"beside a secret":              {`{"kty":"oct","k":"c2VjcmV0","kid":"k1"},` + good, ""},
		"a private key":                {private, CodeUnavailable},
		"a secret":                     {`{"kty":"oct","k":"c2VjcmV0","kid":"k1"}`, CodeUnavailable},
		"none":                         {"", CodeUnavailable},
		"a key for encryption":         {strings.Replace(good, `"sig"`, `"enc"`, 1), CodeSignature},
		"a key for another algorithm":  {strings.Replace(good, `"ES256"`, `"ES384"`, 1), CodeSignature},
		"a key on another curve":       {one(jose.JSONWebKey{Key: p521.Public(), KeyID: "k1"}), CodeSignature},
		"the same id on another curve": {one(jose.JSONWebKey{Key: p521.Public(), KeyID: "k1"}) + "," + good, ""},
		"more than are kept":           {strings.Repeat(good+",", maxKeys) + good, CodeUnavailable},
	} {
		w := &world{key: w.key, clock: w.clock}
		w.Verifier = newWorld(t).Verifier
		w.client.Transport = network{w.fake(`{"keys":[` + c.keys + `]}`)}
		w.now = w.clock.Now
		got, err := w.ask(w.token(t, nil))
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		t.Run(name, func(t *testing.T) { wantCode(t, got, err, c.code) })
	}
}

// fake is an issuer with a key set given as text.
func (w *world) fake(keySet string) *fakeIssuer {
	f := newFakeIssuer(issuerA)
	f.reply = func(path string) (string, error) {
		if path == "/jwks" {
			return keySet, nil
		}
		return `{"issuer":"` + issuerA + `","jwks_uri":"https://keys.example/jwks"}`, nil
	}
	return f
}

func TestAWeakKeyIsNoKey(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if fits(jose.JSONWebKey{Key: weak.Public()}, "RS256") {
		t.Error("RSA with 1024 bits is accepted")
	}
}

func TestATokenWithoutAKeyIdNeedsTheOnlyKey(t *testing.T) {
	w := newWorld(t)
	bare := w.key
	bare.kid = ""
	if _, err := w.ask(bare.sign(t, members{"typ": "at+jwt"}, w.claims(nil))); err != nil {
		t.Errorf("one key: %v", err)
	}
	w.issuer.publish(w.key, newES256(t, "k2"))
	w.clock.advance(defaultKeyAge)
	got, err := w.ask(bare.sign(t, members{"typ": "at+jwt"}, w.claims(nil)))
	wantCode(t, got, err, CodeSignature)
}

// TestOverRealHTTP is the one test of this file with sockets: loopback in clear text, and redirects that are not followed.
func TestOverRealHTTP(t *testing.T) {
	w := newWorld(t)
	var server *httptest.Server
	redirect := false
	server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/.well-known/openid-configuration":
			fmt.Fprintf(rw, `{"issuer":%q,"jwks_uri":%q}`, server.URL, server.URL+"/jwks")
		case r.URL.Path == "/jwks" && redirect:
			http.Redirect(rw, r, "/elsewhere", http.StatusFound)
		default:
			json.NewEncoder(rw).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{w.key.public()}})
		}
	}))
	defer server.Close()
	for _, redirect = range []bool{false, true} {
		v, err := New(Config{Audiences: []string{audience}, Platforms: []Platform{{Name: "p", Issuer: server.URL, ClientIDs: []string{"assistco-web"}}}, Now: w.clock.Now, HTTP: server.Client()})
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Verify(t.Context(), w.token(t, members{"iss": server.URL}), netip.Addr{})
		if redirect {
			wantCode(t, got, err, CodeUnavailable)
		} else if err != nil {
			t.Error(err)
		}
	}
}

func TestAVerifierNeedsNoSettingsButAudiences(t *testing.T) {
	v, err := New(Config{Audiences: []string{audience}})
	if err != nil {
		t.Fatal(err)
	}
	if v.client.Transport == nil || v.cacheSize != defaultCacheSize || v.now().IsZero() {
		t.Errorf("defaults: %+v", v)
	}
}
