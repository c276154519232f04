package emr_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"go.uber.org/goleak"

	"vestibule/adapters/fhirr4"
	"vestibule/fhir"
	"vestibule/internal/demo/emr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const client = "vestibule"

// clinic is an EMR and its key for the gateway.
type clinic struct {
	*emr.EMR
	key *ecdsa.PrivateKey
	now time.Time
}

func newClinic(t testing.TB, requireLogin bool, zone *time.Location) *clinic {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewUnstartedServer(nil)
	c := &clinic{key: key}
	c.EMR, err = emr.New(emr.Config{
		Base: "http://" + ts.Listener.Addr().String() + "/fhir", RequireLogin: requireLogin, Now: c.clock, Zone: zone,
		Clients: map[string]jose.JSONWebKeySet{client: {Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ts.Config.Handler = c
	ts.Start()
	t.Cleanup(ts.Close)
	return c
}

// clock is the time, or the one that a test has set.
func (c *clinic) clock() time.Time {
	if c.now.IsZero() {
		return time.Now()
	}
	return c.now
}

// filled is one with 30 made-up appointments.
func filled(t *testing.T, requireLogin bool) *clinic {
	t.Helper()
	c := newClinic(t, requireLogin, nil)
	c.now = time.Now()
	for i := range 30 {
		err := c.Load(fmt.Appendf(nil, `{"resourceType":"Appointment","id":"a%02d","status":"booked","start":"2026-12-%02dT09:00:00-05:00","participant":[{"actor":{"reference":"Patient/p%d"},"status":"accepted"}]}`, i, i+1, i%3),
			fmt.Appendf(nil, `{"resourceType":"Patient","id":"p%d","birthDate":"198%d-01-01"}`, i%3, i%3))
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *clinic) open(t *testing.T, login fhirr4.Login) *fhirr4.Adapter {
	t.Helper()
	a, err := fhirr4.Open(fhirr4.Config{Base: c.URL(), Login: login, Now: func() time.Time { return c.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func (c *clinic) login() fhirr4.Login {
	return fhirr4.Login{ClientID: client, Key: c.key, KeyID: "k1", Scopes: []string{"system/*.rs"}}
}

// ask asks for a token with a form, to which an assertion of claims is added where it has none.
func (c *clinic) ask(t testing.TB, form url.Values, claims jwt.Claims) *httptest.ResponseRecorder {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: jose.JSONWebKey{Key: c.key, KeyID: "k1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	if form.Get("client_assertion") == "" {
		form.Set("client_assertion", text)
	}
	r := httptest.NewRequest(http.MethodPost, c.URL()+"/auth/token", strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}

func form() url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {"system/*.rs"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
}

func TestTheGatewayLogsInWithItsKeyAndNobodyElseDoes(t *testing.T) {
	c := filled(t, true)
	a := c.open(t, c.login())
	ref := fhir.Ref{Type: "Appointment", ID: "a00"}
	for range 3 {
		if _, err := a.Read(context.Background(), ref); err != nil {
			t.Fatal(err)
		}
	}
	c.now = c.now.Add(6 * time.Minute) // the token is over; the adapter gets another
	if _, err := a.Read(context.Background(), ref); err != nil {
		t.Fatal(err)
	}
	c.now = time.Now()
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, login := range map[string]fhirr4.Login{
		"no log-in": {}, "made-up token": {Bearer: "x"}, "other key": {ClientID: client, Key: other, KeyID: "k1", Scopes: []string{"system/*.rs"}},
		"other client": {ClientID: "who", Key: c.key, KeyID: "k1", Scopes: []string{"x"}}, "no scope": {ClientID: client, Key: c.key, KeyID: "k1"},
	} {
		_, err := c.open(t, login).Read(context.Background(), ref)
		if e := fhir.AsError(err); e.Kind != fhir.KindUpstream || e.Code != "emr-login-refused" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAssertionIsGoodOnceHereForFiveMinutesAtMost(t *testing.T) {
	c := filled(t, true)
	good := jwt.Claims{Issuer: client, Subject: client, Audience: jwt.Audience{c.URL() + "/auth/token"}, ID: "j", Expiry: jwt.NewNumericDate(c.now.Add(4 * time.Minute))}
	ask := func(form url.Values, claims jwt.Claims) int {
		t.Helper()
		return c.ask(t, form, claims).Code
	}
	if got := ask(form(), good); got != 200 {
		t.Fatalf("good: %d", got)
	}
	if got := ask(form(), good); got != 401 {
		t.Errorf("the same again: %d", got)
	}
	for name, change := range map[string]func(*jwt.Claims){
		"expired": func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Minute)) },
		"too far": func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(6 * time.Minute)) }, "no exp": func(c *jwt.Claims) { c.Expiry = nil },
		"no jti": func(c *jwt.Claims) { c.ID = "" }, "other aud": func(c *jwt.Claims) { c.Audience = jwt.Audience{"x"} },
		"other sub": func(c *jwt.Claims) { c.Subject = "x" }, "other iss": func(c *jwt.Claims) { c.Issuer = "x" },
	} {
		claims := good
		claims.ID = name
		change(&claims)
		if got := ask(form(), claims); got != 401 {
			t.Errorf("%s: %d", name, got)
		}
	}
	for name, want := range map[string]int{"grant_type": 400, "scope": 400, "client_assertion_type": 401} {
		f := form()
		f.Del(name)
		claims := good
		claims.ID = "without " + name
		if got := ask(f, claims); got != want {
			t.Errorf("without %s: %d", name, got)
		}
	}
	f := form()
	f.Set("client_assertion", "x.y.z")
	if got := ask(f, good); got != 401 {
		t.Errorf("no JWT: %d", got)
	}
	c.now = c.now.Add(10 * time.Minute) // what is over is forgotten, and still refused for being over
	if got := ask(form(), good); got != 401 {
		t.Errorf("much later: %d", got)
	}
}

func TestWithoutRequiredLoginAnyoneOnThisMachineIsServed(t *testing.T) {
	c := filled(t, false)
	for _, login := range []fhirr4.Login{{}, {Bearer: "from-somewhere-else"}, c.login()} {
		if _, err := c.open(t, login).Read(context.Background(), fhir.Ref{Type: "Appointment", ID: "a00"}); err != nil {
			t.Errorf("%s: %v", login, err)
		}
	}
}

func TestAskedDirectlyItLeaksWhatTheGatewayMustNot(t *testing.T) {
	c := filled(t, false)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for path, leak := range map[string]string{
		"/Appointment?_id=a00&_include=Appointment:patient":      `"birthDate":"1980-01-01"`,
		"/Appointment?_id=a00&patient.birthdate=1980-01-01":      `"total":1`,
		"/Appointment?_id=a00&patient.birthdate=1981-01-01":      `"total":0`,
		"/Patient?_has:Appointment:patient:_id=a00":              `"id":"p0"`,
		"/Appointment?date=ge2026-12-01T00:00:00-05:00&_count=1": `"total":30`,
		"/Patient/p1": `"birthDate"`,
		"/Appointment/a00?unnoticed=1&because=reads+have+no+query": `"start"`,
	} {
		resp, err := (&http.Client{Transport: transport}).Get(c.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(b), leak) {
			t.Errorf("%s: %s %v", path, b, err)
		}
	}
}
