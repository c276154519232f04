package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	issuerURL = "http://127.0.0.1:9400"
	gateway   = "http://127.0.0.1:8080/fhir"
	callback  = "http://127.0.0.1:5555/back"
	verifier  = "a-code-verifier-that-is-made-up-and-long-enough-for-rfc7636"
)

type world struct {
	*Issuer
	now       time.Time
	clientKey *ecdsa.PrivateKey
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func config(t *testing.T, w *world) Config {
	w.now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	w.clientKey = newKey(t)
	return Config{
		Issuer: issuerURL, Key: newKey(t), Audiences: []string{gateway, "http://127.0.0.1:8080/audit"},
		People: []Person{
			{Subject: "amara", Name: "Amara Okafor", Title: "assistant", Purposes: []string{"PATADMIN"}},
			{Subject: "luc", Name: "Luc Tremblay", Clients: []string{"elsewhere"}},
		},
		Clients: []Client{
			{ID: "web", Name: "AssistCo", RedirectURIs: []string{callback}, Scopes: []string{"openid", "user/Appointment.rs"}},
			{ID: "agent", Name: "Night agent", Automated: true, Secret: "made up: 100%", Scopes: []string{"system/Task.r"}, Purposes: []string{"HOPERAT"}},
			{ID: "signer", Automated: true, Scopes: []string{"system/Task.r"}, Keys: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: w.clientKey.Public(), KeyID: "k1"}}}},
			{ID: "desk", Secret: "s", RedirectURIs: []string{callback}},
		},
		Now: func() time.Time { return w.now },
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	i, err := New(config(t, w))
	if err != nil {
		t.Fatal(err)
	}
	w.Issuer = i
	return w
}

// do sends a request as a program on this machine would.
func (w *world) do(method, target string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, issuerURL+target, strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:40000"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range change {
		c(r)
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

func request(changes ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {"web"}, "redirect_uri": {callback}, "scope": {"openid user/Appointment.rs?practitioner=Practitioner/42"},
		"state": {"s1"}, "nonce": {"n1"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
	}
	return q
}

// login picks a person and gives the code.
func (w *world) login(t *testing.T, changes ...string) string {
	t.Helper()
	form := request(changes...)
	form.Set("person", "amara")
	rec := w.do("POST", "/authorize", form)
	if rec.Code != http.StatusSeeOther {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	u, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || u.Query().Get("state") != "s1" || u.Query().Get("iss") != issuerURL {
		t.Fatalf("went to %v (%v)", u, err)
	}
	return u.Query().Get("code")
}

func redeemForm(code string) url.Values {
	return url.Values{"grant_type": {grantCode}, "code": {code}, "redirect_uri": {callback}, "client_id": {"web"}, "code_verifier": {verifier}}
}

func decode(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %d parts", len(parts))
	}
	for n, into := range []*map[string]any{&header, &claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[n])
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

func answerOf(t *testing.T, rec *httptest.ResponseRecorder) tokenAnswer {
	t.Helper()
	var a tokenAnswer
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestTheIssuerStartsOnLoopbackOnly(t *testing.T) {
	for _, u := range []string{"http://10.0.0.7:9400", "https://id.example", "http://0.0.0.0:9400", "http://127.0.0.1.example:1", "ftp://127.0.0.1", "http://127.0.0.1:9400/", ""} {
		cfg := config(t, &world{})
		cfg.Issuer = u
		if _, err := New(cfg); err == nil {
			t.Errorf("New accepted %q", u)
		}
	}
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.org:0", "nonsense"} {
		if l, err := Listen(addr); err == nil {
			l.Close()
			t.Errorf("Listen accepted %q", addr)
		}
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestTheIssuerAnswersLoopbackOnly(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"from this machine":         {func(*http.Request) {}, 200},
		"by name":                   {func(r *http.Request) { r.Host = "localhost:9400" }, 200},
		"over IPv6":                 {func(r *http.Request) { r.RemoteAddr, r.Host = "[::1]:4", "[::1]" }, 200},
		"IPv4 in IPv6":              {func(r *http.Request) { r.RemoteAddr = "[::ffff:127.0.0.1]:4" }, 200},
		"from the network":          {func(r *http.Request) { r.RemoteAddr = "192.0.2.9:4" }, 403},
		"from nobody knows where":   {func(r *http.Request) { r.RemoteAddr = "@" }, 403},
		"rebound name":              {func(r *http.Request) { r.Host = "evil.example" }, 403},
		"behind a proxy":            {func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1") }, 403},
		"behind a standard proxy":   {func(r *http.Request) { r.Header.Set("Forwarded", "for=127.0.0.1") }, 403},
		"with an empty proxy claim": {func(r *http.Request) { r.Header["Via"] = []string{""} }, 403},
	} {
		for _, path := range []string{"/.well-known/openid-configuration", "/jwks"} {
			if got := w.do("GET", path, nil, c.change).Code; got != c.want {
				t.Errorf("%s: %s: status %d, want %d", name, path, got, c.want)
			}
		}
	}
}

func TestAPersonLogsInWithCodeAndPKCE(t *testing.T) {
	w := newWorld(t)
	page := w.do("GET", "/authorize?"+request().Encode(), nil)
	if page.Code != 200 || !strings.Contains(page.Body.String(), "Amara Okafor") || !strings.Contains(page.Body.String(), "This is a demo") {
		t.Fatalf("status %d: %s", page.Code, page.Body)
	}
	if strings.Contains(page.Body.String(), "Luc") {
		t.Error("the page offers someone who may not use this client")
	}
	a := answerOf(t, w.do("POST", "/token", redeemForm(w.login(t))))
	head, claims := decode(t, a.Access)
	if head["typ"] != "at+jwt" || head["alg"] != "ES256" || head["kid"] == "" {
		t.Errorf("header %v", head)
	}
	for name, want := range map[string]any{
		"iss": issuerURL, "sub": "amara", "name": "Amara Okafor", "aud": gateway, "client_id": "web",
		"scope": "openid user/Appointment.rs?practitioner=Practitioner/42", "iat": float64(w.now.Unix()), "exp": float64(w.now.Add(DefaultTTL).Unix()),
	} {
		if claims[name] != want {
			t.Errorf("%s = %v, want %v", name, claims[name], want)
		}
	}
	if head, claims := decode(t, a.ID); head["typ"] != "JWT" || claims["nonce"] != "n1" || claims["aud"] != "web" {
		t.Errorf("ID token %v %v", head, claims)
	}
}

func TestACodeIsGoodOnceForOneClientAndItsVerifier(t *testing.T) {
	w := newWorld(t)
	for name, spoil := range map[string]func(url.Values){
		"other verifier":     func(f url.Values) { f.Set("code_verifier", verifier+"x") },
		"no verifier":        func(f url.Values) { f.Del("code_verifier") },
		"other redirect_uri": func(f url.Values) { f.Set("redirect_uri", callback+"/x") },
		"other client":       func(f url.Values) { f.Set("client_id", "desk"); f.Set("client_secret", "s") },
		"unknown code":       func(f url.Values) { f.Set("code", "guess") },
		"too late":           func(url.Values) { w.now = w.now.Add(codeLife) },
	} {
		form := redeemForm(w.login(t))
		spoil(form)
		if rec := w.do("POST", "/token", form); rec.Code != 400 || !strings.Contains(rec.Body.String(), "invalid_grant") {
			t.Errorf("%s: status %d: %s", name, rec.Code, rec.Body)
		}
	}
	form := redeemForm(w.login(t))
	answerOf(t, w.do("POST", "/token", form))
	if rec := w.do("POST", "/token", form); rec.Code != 400 {
		t.Errorf("second use: status %d", rec.Code)
	}
}

func TestAnAuthorizationRequestIsRefusedWhereItMustBe(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		change   []string
		status   int
		location string
	}{
		"unknown client":  {[]string{"client_id", "x"}, 400, ""},
		"foreign target":  {[]string{"redirect_uri", "http://127.0.0.1:1/evil"}, 400, ""},
		"implicit":        {[]string{"response_type", "token"}, 303, "unsupported_response_type"},
		"no PKCE":         {[]string{"code_challenge", ""}, 303, "invalid_request"},
		"plain PKCE":      {[]string{"code_challenge_method", "plain"}, 303, "invalid_request"},
		"foreign scope":   {[]string{"scope", "system/*.cruds"}, 303, "invalid_scope"},
		"foreign service": {[]string{"resource", "https://else.example"}, 303, "invalid_target"},
		"unknown person":  {[]string{"person", "nobody"}, 400, ""},
		"person of other": {[]string{"person", "luc"}, 400, ""},
	} {
		rec := w.do("POST", "/authorize", request(c.change...))
		if rec.Code != c.status || !strings.Contains(rec.Header().Get("Location"), c.location) {
			t.Errorf("%s: status %d, to %q", name, rec.Code, rec.Header().Get("Location"))
		}
	}
}

func TestMintMakesReadyTokensForWhoIsKnown(t *testing.T) {
	w := newWorld(t)
	text, err := w.Mint("amara", "web", []string{"user/Task.rs"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, claims := decode(t, text); claims["sub"] != "amara" || claims["exp"] != float64(w.now.Add(time.Hour).Unix()) || claims["scope"] != "user/Task.rs" {
		t.Errorf("claims %v", claims)
	}
	if text, err = w.Mint("", "agent", nil, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, claims := decode(t, text); claims["vestibule_actor"] != "automated" {
		t.Errorf("claims %v", claims)
	}
	for _, who := range [][2]string{{"nobody", "web"}, {"luc", "web"}, {"amara", "unknown"}, {"", "web"}} {
		if _, err := w.Mint(who[0], who[1], nil, time.Hour); err == nil {
			t.Errorf("Mint made a token for %v", who)
		}
	}
}

func TestTheSigningKeySurvivesARestartAndIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "issuer.key")
	first, err := LoadKey(path, elliptic.P256())
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadKey(path, elliptic.P256())
	if err != nil || !first.Equal(again) {
		t.Fatalf("another key after a restart (%v)", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path, elliptic.P256()); err == nil {
		t.Error("a key that others may read was accepted")
	}
	if err := os.WriteFile(path+"2", []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path+"2", elliptic.P256()); err == nil {
		t.Error("half a key was accepted")
	}
	if _, err := LoadKey(filepath.Join(path, "nowhere"), elliptic.P256()); err == nil {
		t.Error("a path that cannot be was accepted")
	}
}

func TestAWorldThatContradictsItselfIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"no audience":    func(c *Config) { c.Audiences = nil },
		"no key":         func(c *Config) { c.Key = nil },
		"a client twice": func(c *Config) { c.Clients = append(c.Clients, c.Clients[0]) },
		"a person twice": func(c *Config) { c.People = append(c.People, c.People[0]) },
	} {
		cfg := config(t, &world{})
		spoil(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCodesAreBounded(t *testing.T) {
	now := time.Unix(1, 0)
	s := newOnceStore[int]()
	for n := range maxOnce {
		if !s.put(string(rune(n+1)), n, now.Add(time.Minute), now) {
			t.Fatalf("no room for %d", n)
		}
	}
	if s.put("one more", 0, now.Add(time.Minute), now) {
		t.Error("the store grew past its bound")
	}
	if !s.put("one more", 0, now.Add(time.Hour), now.Add(time.Minute)) {
		t.Error("what is over was not cleared away")
	}
}
