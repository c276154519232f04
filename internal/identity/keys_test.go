package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"

	"vestibule/fhir"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// forge is a token with the key id of the issuer and the signature of someone else; every one is different.
func (w *world) forge(t *testing.T, thief signingKey, n int) string {
	return thief.sign(t, members{"typ": "at+jwt"}, w.claims(members{"jti": fmt.Sprint(n)}))
}

func TestH34ForgedTokensDoNotHammerTheIssuer(t *testing.T) {
	w := newWorld(t)
	thief := newES256(t, "k1")
	for n := range 50 {
		got, err := w.ask(w.forge(t, thief, n))
		wantCode(t, got, err, CodeSignature)
		w.clock.advance(time.Second)
	}
	if n := w.issuer.fetches(); n != 1 {
		t.Errorf("50 forged tokens with a known key id caused %d fetches, want the first one only", n)
	}
}

func TestH34UnknownKeyIdsCauseOneFetchPerInterval(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	for interval := range 3 {
		w.clock.advance(fetchInterval)
		for n := range 50 {
			thief := w.key
			thief.kid = fmt.Sprintf("unknown-%d-%d", interval, n)
			got, err := w.ask(thief.sign(t, members{"typ": "at+jwt"}, w.claims(nil)))
			wantCode(t, got, err, CodeSignature)
		}
		if n, want := w.issuer.fetches(), 2+interval; n != want {
			t.Fatalf("after %d intervals: %d fetches, want %d", interval+1, n, want)
		}
	}
	if n := w.issuer.count("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("discovery was done %d times", n)
	}
}

func TestH34ManyCallersAtOnceCauseOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{})
		keys, _ := json.Marshal(jose.JSONWebKeySet{Keys: w.issuer.keys})
		w.issuer.break_(func(path string) (string, error) {
			if path == "/jwks" {
				return string(keys), nil
			}
			<-release
			return `{"issuer":"` + issuerA + `","jwks_uri":"https://keys.example/jwks"}`, nil
		})
		var all sync.WaitGroup
		for n := range 50 {
			token := w.token(t, members{"jti": fmt.Sprint(n)})
			all.Go(func() {
				if _, err := w.ask(token); err != nil {
					t.Error(err)
				}
			})
		}
		gone, cancel := context.WithCancel(t.Context())
		token := w.token(t, nil)
		all.Go(func() { // one of them hangs up, perhaps the very one that began the fetch
			_, err := w.Verify(gone, token, netip.Addr{})
			if fhir.KindOf(err) != fhir.KindUnavailable {
				t.Errorf("hung up: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(release)
		all.Wait()
		if n := w.issuer.fetches(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestANewKeyIsFoundOnceTheIntervalHasPassed(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	old := w.key
	w.key = newES256(t, "k2")
	w.issuer.publish(old, w.key)
	got, err := w.ask(w.token(t, nil))
	wantCode(t, got, err, CodeSignature)
	w.clock.advance(fetchInterval)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if _, err := w.ask(old.sign(t, members{"typ": "at+jwt"}, w.claims(nil))); err != nil {
		t.Errorf("the old key, still published: %v", err)
	}
}

// settle waits for a fetch in the background.
func (w *world) settle() {
	k := w.trusted.Load().issuers[issuerA].keys
	k.mu.Lock()
	flight := k.flight
	k.mu.Unlock()
	if flight != nil {
		<-flight
	}
}

func TestAWithdrawnKeyStopsWorkingWhenTheSetIsTooOld(t *testing.T) {
	for name, c := range map[string]struct {
		cache string
		age   time.Duration
	}{
		"not said":      {"", defaultKeyAge},
		"said":          {"public, max-age=120", 2 * time.Minute},
		"too short":     {"max-age=0", minKeyAge},
		"not to cache":  {"no-store", minKeyAge},
		"too long":      {`max-age="31536000"`, maxKeyAge},
		"not a number":  {"max-age=soon", defaultKeyAge},
		"another word":  {"public", defaultKeyAge},
		"beyond uint32": {"max-age=99999999999", defaultKeyAge},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.issuer.cache = c.cache
			if _, err := w.ask(w.token(t, nil)); err != nil {
				t.Fatal(err)
			}
			withdrawn := w.key
			w.issuer.publish(newES256(t, "k2"))
			w.clock.advance(c.age*4/5 - time.Second)
			if _, err := w.ask(w.token(t, nil)); err != nil {
				t.Errorf("fresh keys: %v", err)
			}
			if n := w.issuer.fetches(); n != 1 {
				t.Errorf("%d fetches while the keys were fresh", n)
			}
			w.clock.advance(c.age/5 + time.Second)
			got, err := w.ask(withdrawn.sign(t, members{"typ": "at+jwt"}, w.claims(nil)))
			wantCode(t, got, err, CodeSignature)
		})
	}
}

func TestKeysAreRenewedAheadOfTimeWithoutAnybodyWaiting(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	for range 20 { // 20 times nine minutes, at an age of ten
		w.clock.advance(defaultKeyAge * 9 / 10)
		if _, err := w.ask(w.token(t, nil)); err != nil {
			t.Fatal(err)
		}
		w.settle()
	}
	if n := w.issuer.fetches(); n != 21 {
		t.Errorf("%d fetches, want 21", n)
	}
	if n := w.issuer.count("/.well-known/openid-configuration"); n != 3 {
		t.Errorf("discovery was done %d times in three hours, want 3", n)
	}
}

func TestAnIssuerThatIsDownIsBridgedForAnHour(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	w.issuer.break_(func(string) (string, error) { return "", errors.New("connection refused") })
	w.clock.advance(defaultKeyAge)
	for range 60 {
		if _, err := w.ask(w.token(t, nil)); err != nil {
			t.Fatal(err)
		}
		w.settle()
		w.clock.advance(time.Minute)
	}
	got, err := w.ask(w.token(t, nil))
	wantCode(t, got, err, CodeUnavailable)
	if e := fhir.AsError(err); e.RetryAfter <= 0 || e.RetryAfter > fetchInterval {
		t.Errorf("RetryAfter %v", e.RetryAfter)
	}
	w.settle()
	w.issuer.break_(nil)
	w.clock.advance(fetchInterval)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Errorf("the issuer is back: %v", err)
	}
}

func TestAnIssuerThatWasNeverReachedIsAskedOncePerInterval(t *testing.T) {
	w := newWorld(t)
	w.issuer.break_(func(string) (string, error) { return "", errors.New("connection refused") })
	for range 50 {
		got, err := w.ask(w.token(t, nil))
		wantCode(t, got, err, CodeUnavailable)
	}
	if n := w.issuer.count("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.issuer.break_(nil)
	w.clock.advance(fetchInterval)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Error(err)
	}
}

func TestAnUnknownKeyWhileTheIssuerIsDownIsNotTheCallersFault(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	w.issuer.break_(func(string) (string, error) { return "", errors.New("connection refused") })
	w.clock.advance(fetchInterval)
	known := w.token(t, nil)
	w.key = newES256(t, "k2")
	for range 3 {
		got, err := w.ask(w.token(t, nil))
		wantCode(t, got, err, CodeUnavailable)
	}
	if _, err := w.ask(known); err != nil {
		t.Errorf("the known key: %v", err)
	}
}

func TestAnIssuerThatHangsIsLeftAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.client.Transport = hanging{}
		start := time.Now()
		got, err := w.ask(w.token(t, nil))
		wantCode(t, got, err, CodeUnavailable)
		if took := time.Since(start); took != fetchTimeout {
			t.Errorf("waited %v", took)
		}
	})
}

type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

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
		w.issuer.break_(func(string) (string, error) { return text, nil })
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
