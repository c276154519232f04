package identity

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule/fhir"
	"vestibule/policy"
)

const (
	issuerA  = "https://id.assistco.example"
	issuerB  = "https://id.other.example/realm"
	audience = "https://gateway.example/fhir"
)

// fakeIssuer is an issuer behind an http.RoundTripper: it counts what it is asked and does as it is told.
type fakeIssuer struct {
	mu     sync.Mutex
	issuer string
	keys   []jose.JSONWebKey
	cache  string                            // Cache-Control of the key set
	reply  func(path string) (string, error) // instead of the documents, when set
	asked  map[string]int                    // by path
}

func newFakeIssuer(issuer string, keys ...signingKey) *fakeIssuer {
	f := &fakeIssuer{issuer: issuer, asked: map[string]int{}}
	f.publish(keys...)
	return f
}

func (f *fakeIssuer) publish(keys ...signingKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = nil
	for _, k := range keys {
		f.keys = append(f.keys, k.public())
	}
}

func (f *fakeIssuer) breakWith(reply func(string) (string, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reply = reply
}

// fetches is how often the key set was asked for.
func (f *fakeIssuer) fetches() int { return f.count("/jwks") }

func (f *fakeIssuer) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[path]
}

func (f *fakeIssuer) answer(path string) (string, string, error) {
	f.mu.Lock()
	f.asked[path]++
	reply, keys, cache := f.reply, f.keys, f.cache
	f.mu.Unlock()
	if reply != nil {
		text, err := reply(path)
		return text, cache, err
	}
	if strings.HasSuffix(path, "/.well-known/openid-configuration") {
		return `{"issuer":"` + f.issuer + `","jwks_uri":"` + "https://keys.example/jwks" + `"}`, "", nil
	}
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	return string(text), cache, err
}

// network routes by path: the discovery document by the issuer's host, everything else to the only issuer there is.
type network []*fakeIssuer

func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	target := n[0]
	for _, f := range n {
		if strings.Contains(f.issuer, r.URL.Host) {
			target = f
		}
	}
	text, cache, err := target.answer(r.URL.Path)
	if err != nil {
		return nil, err
	}
	if e := r.Context().Err(); e != nil {
		return nil, e
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Cache-Control": {cache}}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

type signingKey struct {
	kid string
	alg jose.SignatureAlgorithm
	key crypto.Signer
}

func (k signingKey) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.key.Public(), KeyID: k.kid, Algorithm: string(k.alg), Use: "sig"}
}

func newES256(t testing.TB, kid string) signingKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signingKey{kid, jose.ES256, key}
}

// sign makes a token; header members beside alg and kid are given as they are.
func (k signingKey) sign(t testing.TB, head map[string]any, payload []byte) string {
	t.Helper()
	opts := &jose.SignerOptions{}
	for name, value := range head {
		opts.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: jose.JSONWebKey{Key: k.key, KeyID: k.kid}}, opts)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// world is one verifier, one issuer, one key and a clock.
type world struct {
	*Verifier
	issuer *fakeIssuer
	key    signingKey
	clock  *clock
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func assistco() Platform {
	return Platform{Name: "assistco", Issuer: issuerA, ClientIDs: []string{"assistco-web", "assistco-agent"}}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{key: newES256(t, "k1"), clock: &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}}
	w.issuer = newFakeIssuer(issuerA, w.key)
	v, err := New(Config{Audiences: []string{audience}, Platforms: []Platform{assistco()}, HTTP: &http.Client{Transport: network{w.issuer}}, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	w.Verifier = v
	return w
}

type members = map[string]any

// claims are a good token's; a nil change takes a member away.
func (w *world) claims(changes members) []byte {
	now := w.clock.Now().Unix()
	c := members{
		"iss": issuerA, "sub": "amara", "name": "Amara Okafor", "aud": audience, "client_id": "assistco-web", "jti": "j1",
		"iat": now, "exp": now + 300, "scope": "user/Appointment.rs user/Task.rsu", "purpose_of_use": "PATADMIN",
	}
	for name, value := range changes {
		if value == nil {
			delete(c, name)
		} else {
			c[name] = value
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return text
}

func (w *world) token(t testing.TB, changes members) string {
	t.Helper()
	return w.key.sign(t, members{"typ": "at+jwt"}, w.claims(changes))
}

func (w *world) ask(token string) (policy.Caller, error) {
	return w.Verify(context.Background(), token, netip.MustParseAddr("203.0.113.9"))
}

// wantCode checks an error's code, its kind, that it says something, and that no caller came with it.
func wantCode(t testing.TB, c policy.Caller, err error, code string) {
	t.Helper()
	e, ok := errors.AsType[*fhir.Error](err)
	if !ok || e.Code != code {
		t.Errorf("got %v, want code %s", err, code)
		return
	}
	kind := fhir.KindUnauthenticated
	if code == CodeUnavailable {
		kind = fhir.KindUnavailable
	}
	if e.Kind != kind || e.Text == "" {
		t.Errorf("%s: kind %v, text %q", code, e.Kind, e.Text)
	}
	if c.Valid() || c.ID() != "" || c.Name != "" {
		t.Errorf("%s: a caller came with the refusal: %+v", code, c)
	}
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
