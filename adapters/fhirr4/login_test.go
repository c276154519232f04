package fhirr4

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

func rsaKey(t testing.TB) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// verify checks an assertion by hand, with nothing of the library that made it (RFC 7515, RFC 7518 section 3).
func verify(t *testing.T, key crypto.Signer, assertion string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	var raw [3][]byte
	for i, p := range parts {
		b, err := base64.RawURLEncoding.DecodeString(p)
		if err != nil {
			t.Fatal(err)
		}
		raw[i] = b
	}
	sum := sha512.Sum384([]byte(parts[0] + "." + parts[1]))
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if err := rsa.VerifyPKCS1v15(&k.PublicKey, crypto.SHA384, sum[:], raw[2]); err != nil {
			t.Error(err)
		}
	case *ecdsa.PrivateKey:
		r, s := new(big.Int).SetBytes(raw[2][:48]), new(big.Int).SetBytes(raw[2][48:])
		if len(raw[2]) != 96 || !ecdsa.Verify(&k.PublicKey, sum[:], r, s) {
			t.Error("the signature is wrong")
		}
	}
	for i, into := range []*map[string]any{&header, &claims} {
		if err := json.Unmarshal(raw[i], into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// tokenServer gives out tokens t1, t2, … and hands each request to check.
func tokenServer(t *testing.T, expires int, check func(r *http.Request)) (*httptest.Server, *atomic.Int32) {
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		if check != nil {
			check(r)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"t%d","token_type":"bearer","expires_in":%d}`, n.Add(1), expires)
	}))
	t.Cleanup(s.Close)
	return s, &n
}

func TestBackendServicesSignsANewAssertionEachTime(t *testing.T) {
	for alg, key := range map[string]crypto.Signer{"RS384": rsaKey(t), "ES384": ecKey(t, elliptic.P384())} {
		seen := map[string]bool{}
		now := time.Now()
		var endpoint string
		ts, _ := tokenServer(t, 60, func(r *http.Request) {
			f := r.PostForm
			if f.Get("grant_type") != "client_credentials" || f.Get("scope") != "system/Appointment.rs system/Task.rs" || f.Has("client_id") ||
				f.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || r.Header.Get("Authorization") != "" {
				t.Errorf("%v %v", f, r.Header)
			}
			header, claims := verify(t, key, f.Get("client_assertion"))
			if header["alg"] != alg || header["kid"] != "k1" || header["typ"] != "JWT" {
				t.Errorf("header %v", header)
			}
			life := time.Unix(int64(claims["exp"].(float64)), 0).Sub(now)
			if claims["iss"] != "gw" || claims["sub"] != "gw" || claims["aud"] != endpoint || life <= 0 || life > 5*time.Minute {
				t.Errorf("claims %v, good for %v", claims, life)
			}
			if jti := claims["jti"].(string); len(jti) < 32 || seen[jti] {
				t.Errorf("jti %q", jti)
			} else {
				seen[jti] = true
			}
		})
		endpoint = ts.URL + "/token"
		s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer t") {
				t.Errorf("%v", r.Header)
			}
			answerFHIR(w, 200, appointment("a1", "1"))
		})
		clock := now
		a := open(t, Config{Base: s.base(), Now: func() time.Time { return clock }, Login: Login{
			ClientID: "gw", Key: key, KeyID: "k1", TokenURL: endpoint, Scopes: []string{"system/Appointment.rs", "system/Task.rs"},
		}})
		for range 3 {
			for range 2 {
				if _, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"}); err != nil {
					t.Fatal(err)
				}
			}
			clock = clock.Add(49 * time.Second) // shortly before the token expires
			now = clock
		}
		if len(seen) != 3 {
			t.Errorf("%d assertions for 3 tokens", len(seen))
		}
	}
}

func TestAClientSecretGoesInTheHeaderOrInTheBody(t *testing.T) {
	for _, inBody := range []bool{false, true} {
		ts, n := tokenServer(t, 3600, func(r *http.Request) {
			id, secret, basic := r.BasicAuth()
			if inBody {
				id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
			}
			if id != "gw" || secret != "s3cret" || basic == inBody {
				t.Errorf("%q %q %v", id, secret, basic)
			}
		})
		s := newStub(t, body("application/fhir+json", appointment("a1", "1")))
		a := open(t, Config{Base: s.base(), Login: Login{ClientID: "gw", Secret: "s3cret", SecretInBody: inBody, TokenURL: ts.URL}})
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n.Load() != 1 {
			t.Errorf("%d tokens for 20 callers", n.Load())
		}
	}
}

func TestARefusedTokenIsReplacedOnceAndThenItIsOurFailure(t *testing.T) {
	ts, n := tokenServer(t, 3600, nil)
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t2" { // the EMR has forgotten t1, as after a restart
			answerFHIR(w, 401, marker)
			return
		}
		answerFHIR(w, 200, appointment("a1", "1"))
	})
	a := open(t, Config{Base: s.base(), Login: Login{ClientID: "gw", Secret: "x", TokenURL: ts.URL}})
	for range 2 {
		if _, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"}); err != nil {
			t.Fatal(err)
		}
	}
	if n.Load() != 2 {
		t.Errorf("%d tokens", n.Load())
	}
	never := newStub(t, status(401))
	a = open(t, Config{Base: never.base(), Login: Login{ClientID: "gw", Secret: "x", TokenURL: ts.URL}})
	_, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"})
	wantError(t, err, fhir.KindUpstream, "emr-login-refused")
	if seen, _ := never.requests(); len(seen) != 2 {
		t.Errorf("%d requests", len(seen))
	}
}

func TestTheTokenEndpointIsAskedForWhereItIsNotGiven(t *testing.T) {
	ts, n := tokenServer(t, 3600, nil)
	smart := func(text string) http.HandlerFunc { return body("application/json", text) }
	extension := `,"rest":[{"security":{"extension":[{"url":"urn:x"},{"url":"http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris","extension":[{"url":"authorize","valueUri":"urn:no"},{"url":"token","valueUri":"` + ts.URL + `"}]}]},"resource":[{"type":"Appointment","interaction":[{"code":"read"}]}]}]}`
	bare := `,"rest":[{"resource":[{"type":"Appointment","interaction":[{"code":"read"}]}]}]}`
	for name, c := range map[string]struct {
		smart     http.HandlerFunc
		statement string
		works     bool
	}{
		"smart-configuration":    {smart(`{"token_endpoint":"` + ts.URL + `"}`), bare, true},
		"the statement":          {status(404), extension, true},
		"a page for people":      {body("text/html", marker), extension, true},
		"broken configuration":   {smart(`{`), extension, true},
		"nowhere":                {status(404), bare, false},
		"in clear text":          {smart(`{"token_endpoint":"http://login.example.test/token"}`), bare, false},
		"with somebody's log-in": {smart(`{"token_endpoint":"https://u:p@login.example.test/token"}`), bare, false},
	} {
		before := n.Load()
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/fhir/.well-known/smart-configuration":
				if r.Header.Get("Authorization") != "" {
					t.Error("discovery needs no token")
				}
				c.smart(w, r)
			case "/fhir/metadata":
				answerFHIR(w, 200, `{"resourceType":"CapabilityStatement"`+c.statement)
			default:
				answerFHIR(w, 200, appointment("a1", "1"))
			}
		}))
		a := open(t, Config{Base: s.URL + "/fhir", Login: Login{ClientID: "gw", Secret: "x"}})
		_, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"})
		if c.works && (err != nil || n.Load() != before+1) {
			t.Errorf("%s: %v, %d tokens", name, err, n.Load()-before)
		}
		if !c.works {
			wantError(t, err, fhir.KindUpstream, "emr-login-refused")
		}
		s.Close()
	}
}

func TestWhatATokenEndpointsFaultBecomes(t *testing.T) {
	for name, c := range map[string]struct {
		endpoint http.HandlerFunc
		want     outcome
	}{
		"refuses":      {status(401), outcome{fhir.KindUpstream, "emr-login-refused"}},
		"bad request":  {status(400), outcome{fhir.KindUpstream, "emr-login-refused"}},
		"fails":        {status(500), outcome{fhir.KindUnavailable, "emr-login-unreachable"}},
		"is busy":      {status(429), outcome{fhir.KindUnavailable, "emr-login-unreachable"}},
		"redirects":    {status(302, "Location", "https://evil.example.test/"), outcome{fhir.KindUpstream, "emr-login-refused"}},
		"is reset":     {reset, outcome{fhir.KindUnavailable, "emr-login-unreachable"}},
		"hangs":        {hang, outcome{fhir.KindTimeout, "emr-timeout"}},
		"says nothing": {body("application/json", `{"x":"`+marker+`"}`), outcome{fhir.KindUpstream, "emr-login-refused"}},
		"is a page":    {body("application/json", marker), outcome{fhir.KindUpstream, "emr-login-refused"}},
		"gives a MAC":  {body("application/json", `{"access_token":"x","token_type":"mac"}`), outcome{fhir.KindUpstream, "emr-login-refused"}},
		"gives a trap": {body("application/json", `{"access_token":"x\r\nX: y","token_type":"bearer"}`), outcome{fhir.KindUpstream, "emr-login-refused"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.Add(1); _ = r.ParseForm(); c.endpoint(w, r) }))
			t.Cleanup(ts.Close)
			s := newStub(t, status(500))
			conf := Config{Base: s.base(), Login: Login{ClientID: "gw", Secret: "x", TokenURL: ts.URL}}
			if c.want.kind == fhir.KindTimeout {
				conf.Timeout = 400 * time.Millisecond // nothing but the limit ends this one
			}
			a := open(t, conf)
			for range 3 {
				_, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"})
				wantError(t, err, c.want.kind, c.want.code)
			}
			if n.Load() > 1 {
				t.Errorf("asked %d times within %v", n.Load(), wire.Hold)
			}
		})
	}
}

func TestALogInPrintsWithoutItsSecrets(t *testing.T) {
	for _, l := range []Login{{Bearer: marker}, {ClientID: "gw", Secret: marker}, {ClientID: "gw", Key: ecKey(t, elliptic.P384())}, {}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if s := fmt.Sprintf(verb, struct{ Login Login }{l}) + fmt.Sprintf(verb, l); strings.Contains(s, marker) || strings.Contains(s, "PrivateKey") || strings.Contains(s, "0x") {
				t.Errorf("%s: %s", verb, s)
			}
		}
	}
}

func TestABearerTokenIsSentAsItIs(t *testing.T) {
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer fixed" {
			t.Errorf("%v", r.Header)
		}
		answerFHIR(w, 200, appointment("a1", "1"))
	})
	if _, err := open(t, Config{Base: s.base(), Login: Login{Bearer: "fixed"}}).Read(background, fhir.Ref{Type: "Appointment", ID: "a1"}); err != nil {
		t.Error(err)
	}
}

func TestAStatementThatNeedsALogInIsAskedWithOne(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer fixed" {
			answerFHIR(w, 401, "{}")
			return
		}
		answerFHIR(w, 200, statement)
	}))
	defer s.Close()
	c, err := open(t, Config{Base: s.URL + "/fhir", Login: Login{Bearer: "fixed"}}).Capability(background)
	if err != nil || !c.Supports("Appointment", fhir.InteractionRead) {
		t.Error(err)
	}
}

func TestAConnectionThatCannotBeSafeIsRefused(t *testing.T) {
	good := "https://emr.example.test/fhir"
	for path, confs := range map[string][]Config{
		"base": {{}, {Base: "emr.example.test"}, {Base: "ftp://emr.example.test"}, {Base: "http://emr.example.test/fhir"}, {Base: "http://192.0.2.1/fhir"},
			{Base: "https://u:p@emr.example.test"}, {Base: good + "?x=1"}, {Base: good + "#x"}, {Base: good + "/a%2Fb"}, {Base: good + "/../x"}, {Base: good + "//x"}, {Base: "https://%zz"}},
		"aliases[0]":     {{Base: good, Aliases: []string{"x"}}},
		"login":          {{Base: good, Login: Login{Bearer: "x", Secret: "y", ClientID: "z"}}, {Base: good, Login: Login{ClientID: "z"}}},
		"login.clientId": {{Base: good, Login: Login{Secret: "y"}}},
		"login.bearer":   {{Base: good, Login: Login{Bearer: "x y"}}},
		"login.tokenUrl": {{Base: good, Login: Login{Secret: "y", ClientID: "z", TokenURL: "http://login.example.test"}}, {Base: good, Login: Login{Secret: "y", ClientID: "z", TokenURL: "%"}}},
		"login.key":      {{Base: good, Login: Login{ClientID: "z", Key: ecKey(t, elliptic.P256())}}},
	} {
		for _, c := range confs {
			_, err := Open(c)
			if e := fhir.AsError(err); err == nil || e.Kind != fhir.KindInvalid || e.Path != path {
				t.Errorf("%s: %+v: %v", path, c, err)
			}
		}
	}
	for _, base := range []string{good, good + "/", "http://127.0.0.1:8080/fhir", "http://[::1]/", "http://localhost/fhir"} {
		a, err := Open(Config{Base: base})
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		if u, err := url.Parse(a.bases[0].String()); err != nil || strings.HasSuffix(u.Path, "/") {
			t.Errorf("%s became %s", base, u)
		}
	}
}
