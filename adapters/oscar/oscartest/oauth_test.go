package oscartest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// tokenOf reads a form answer with a token.
func tokenOf(t *testing.T, body string) Token {
	t.Helper()
	v, err := url.ParseQuery(body)
	if err != nil || v.Get("oauth_token") == "" || v.Get("oauth_token_secret") == "" {
		t.Fatalf("%v %q", err, body)
	}
	return Token{Key: v.Get("oauth_token"), Secret: v.Get("oauth_token_secret")}
}

// initiate asks for a request token.
func (w *world) initiate(path string, extra ...string) reply {
	w.t.Helper()
	r := w.request("POST", "/ws/oauth/initiate"+path, "")
	w.credentials(r, w.client, Token{}, extra...)
	return w.do(r)
}

// exchange asks for an access token.
func (w *world) exchange(request Token, verifier string) reply {
	w.t.Helper()
	r := w.request("POST", "/ws/oauth/token", "")
	w.credentials(r, w.client, request, "oauth_verifier", verifier)
	return w.do(r)
}

func (r reply) is(status int, body string) bool { return r.status == status && r.body == body }

func TestThreeLegsGiveATokenThatActsAsWhoConsented(t *testing.T) {
	w := newWorld(t, OpenO)
	request := tokenOf(t, w.initiate("", "oauth_callback", "oob").body)
	page := w.do(w.request("GET", "/ws/oauth/authorize?oauth_token="+request.Key, ""))
	if page.status != 200 || !strings.Contains(page.body, "The gateway") || !strings.Contains(page.body, `name="password"`) {
		t.Fatalf("%d %s", page.status, page.body)
	}
	form := func(user, password, decision string) reply {
		r := w.request("POST", "/ws/oauth/authorize", url.Values{"oauth_token": {request.Key}, "username": {user}, "password": {password}, "decision": {decision}}.Encode())
		r.Header.Set("Content-Type", kindForm)
		return w.do(r)
	}
	if got := form("odile", "wrong", "allow"); !got.is(401, "login_required") {
		t.Errorf("wrong password: %v", got)
	}
	allowed := form("odile", "made up", "allow")
	_, rest, _ := strings.Cut(allowed.body, `id="oauth_verifier">`)
	verifier, _, _ := strings.Cut(rest, "<")
	if got := w.exchange(request, verifier+"x"); !got.is(401, "invalid_verifier") {
		t.Errorf("wrong verifier: %v", got)
	}
	w.token = tokenOf(t, w.exchange(request, verifier).body)
	if got := w.exchange(request, verifier); !got.is(401, "invalid_request_token") {
		t.Errorf("the same again: %v", got)
	}
	if got := w.ask("GET", "/oauth/info", ""); !got.is(200, `{"login":"900101"}`) {
		t.Errorf("%v", got)
	}
	if got := w.ask("GET", "/status/checkIfAuthed", ""); !got.is(200, `{"success":true,"message":"900101"}`) {
		t.Errorf("%v", got)
	}
}

func TestConsentGoesBackToTheCallback(t *testing.T) {
	w := newWorld(t, OpenO)
	request := tokenOf(t, w.initiate("", "oauth_callback", "http://127.0.0.1:1/back?clinic=a b").body)
	r := w.request("POST", "/ws/oauth/authorize", url.Values{"oauth_token": {request.Key}, "username": {"odile"}, "password": {"made up"}, "decision": {"allow"}}.Encode())
	got := w.do(r)
	to, err := url.Parse(got.header.Get("Location"))
	if got.status != http.StatusFound || err != nil || to.Query().Get("clinic") != "a b" || to.Query().Get("oauth_token") != request.Key {
		t.Fatalf("%d %v %v", got.status, to, err)
	}
	if done := w.exchange(request, to.Query().Get("oauth_verifier")); done.status != 200 {
		t.Error(done)
	}
}

func TestTokensComeAsAFormOrNotAtAll(t *testing.T) {
	w := newWorld(t, OpenO)
	for accept, status := range map[string]int{"application/json": 406, "application/x-www-form-urlencoded": 200, "*/*": 200, "": 200} {
		r := w.request("POST", "/ws/oauth/initiate", "")
		r.Header.Set("Accept", accept)
		w.credentials(r, w.client, Token{}, "oauth_callback", "oob")
		if got := w.do(r); got.status != status {
			t.Errorf("Accept: %s: %v", accept, got)
		}
	}
}

func TestDenialEndsTheRequestToken(t *testing.T) {
	w := newWorld(t, OpenO)
	request := tokenOf(t, w.initiate("", "oauth_callback", "oob").body)
	w.do(w.request("POST", "/ws/oauth/authorize", url.Values{"oauth_token": {request.Key}, "decision": {"deny"}}.Encode()))
	if got := w.do(w.request("GET", "/ws/oauth/authorize?oauth_token="+request.Key, "")); !got.is(401, "invalid_request_token") {
		t.Errorf("%v", got)
	}
	if w.Consent(request.Key, "900101") != "" {
		t.Error("consent to a denied request")
	}
}

func TestRequestTokensAreGoodForAnHour(t *testing.T) {
	w := newWorld(t, OpenO)
	request := tokenOf(t, w.initiate("").body)
	verifier := w.Consent(request.Key, "900101")
	w.now = w.now.Add(time.Hour + time.Second)
	if got := w.exchange(request, verifier); !got.is(401, "invalid_request_token") {
		t.Errorf("%v", got)
	}
	if w.Consent(tokenOf(t, w.initiate("").body).Key, "nobody") != "" {
		t.Error("nobody consented")
	}
}

func TestOAuthRefusalsAreTheListedTexts(t *testing.T) {
	w := newWorld(t, OpenO)
	const path = "/ws/services/schedule/statuses"
	signed := func(c Client, token Token, extra ...string) *http.Request {
		r := w.request("GET", path, "")
		w.credentials(r, c, token, extra...)
		return r
	}
	at := func(d time.Duration) string { return strconv.FormatInt(w.now.Add(d).Unix(), 10) }
	inQuery := signed(w.client, w.token)
	inQuery.URL.RawQuery = "oauth_consumer_key=gateway"
	inQuery.Header.Del("Authorization")
	bent := signed(w.client, w.token)
	bent.URL.RawQuery = "limit=1"
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		text   string
	}{
		"no header":               {w.request("GET", path, ""), 400, "missing_consumer_key"},
		"parameters in the query": {inQuery, 400, "missing_consumer_key"},
		"no token":                {signed(w.client, Token{}), 400, "missing_access_token"},
		"unknown client":          {signed(Client{Key: "x"}, w.token), 401, "invalid_consumer"},
		"another client's token":  {signed(Client{Key: "other", Secret: "x"}, w.token), 401, "invalid_signature"},
		"wrong client secret":     {signed(Client{Key: "gateway", Secret: "x"}, w.token), 401, "invalid_signature"},
		"wrong token secret":      {signed(w.client, Token{Key: w.token.Key, Secret: "x"}), 401, "invalid_signature"},
		"unknown token":           {signed(w.client, Token{Key: "x"}), 401, "invalid_signature"},
		"HMAC-SHA256":             {signed(w.client, w.token, "oauth_signature_method", "HMAC-SHA256"), 401, "invalid_signature"},
		"PLAINTEXT":               {signed(w.client, w.token, "oauth_signature_method", "PLAINTEXT"), 401, "invalid_signature"},
		"version 2":               {signed(w.client, w.token, "oauth_version", "2.0"), 401, "invalid_signature"},
		"no timestamp":            {signed(w.client, w.token, "oauth_timestamp", "soon"), 401, "invalid_signature"},
		"301 s late":              {signed(w.client, w.token, "oauth_timestamp", at(-301*time.Second)), 401, "invalid_signature"},
		"301 s early":             {signed(w.client, w.token, "oauth_timestamp", at(301*time.Second)), 401, "invalid_signature"},
		"another query":           {bent, 401, "invalid_signature"},
	} {
		got := w.do(c.r)
		if !got.is(c.status, c.text) || got.kind != kindText {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name, r := range map[string]*http.Request{
		"300 s late": signed(w.client, w.token, "oauth_timestamp", at(-300*time.Second)), "300 s early": signed(w.client, w.token, "oauth_timestamp", at(300*time.Second)),
	} {
		if got := w.do(r); got.status != 200 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTokensDoNotExpireAndCanBeRevokedMidWay(t *testing.T) {
	w := newWorld(t, OpenO)
	w.now = w.now.AddDate(3, 0, 0)
	if got := w.ask("GET", "/schedule/statuses", ""); got.status != 200 {
		t.Fatal(got)
	}
	if !w.Revoke(w.token.Key) || w.Revoke(w.token.Key) {
		t.Error("revoked once")
	}
	if got := w.ask("GET", "/schedule/statuses", ""); !got.is(401, "invalid_signature") {
		t.Error(got)
	}
	w.Switch(func(s *Switches) { s.DeadToken = "login_required" })
	if got := w.ask("GET", "/schedule/statuses", ""); !got.is(401, "login_required") {
		t.Error(got)
	}
}

func TestATokenOfSomebodyWhoLeftIsRefused(t *testing.T) {
	w := newWorld(t, OpenO)
	w.AddProviders(Provider{No: "900101", LastName: "Marchand", FirstName: "Odile", Disabled: true})
	if got := w.ask("GET", "/schedule/statuses", ""); !got.is(401, "unknown_provider") {
		t.Error(got)
	}
}

func TestBehindAProxyTheInternalAddressIsSigned(t *testing.T) {
	w := newWorld(t, OpenO, func(c *Config) { c.InternalBase = "http://tomcat:8080" })
	if got := w.ask("GET", "/demographics/quickSearch?query=B%C3%89L,%20i", ""); got.status != 200 || !strings.Contains(got.body, "INÈS") {
		t.Errorf("internal: %v", got)
	}
	w.cfg.InternalBase = ""
	r := w.request("GET", "/ws/services/schedule/statuses", "")
	w.credentials(r, w.client, w.token)
	w.cfg.InternalBase = "http://tomcat:8080"
	if got := w.do(r); !got.is(401, "invalid_signature") {
		t.Errorf("public: %v", got)
	}
}

func TestAClockTenMinutesOffRefusesEverySignature(t *testing.T) {
	w := newWorld(t, OpenO)
	w.Switch(func(s *Switches) { s.ClockOffset = 10 * time.Minute })
	if got := w.ask("GET", "/schedule/statuses", ""); !got.is(401, "invalid_signature") {
		t.Error(got)
	}
}

func TestFormParametersAreSignedAndJSONIsNot(t *testing.T) {
	w := newWorld(t, OpenO)
	r := w.request("POST", "/ws/services/schedule/31/appointmentHistory", `{"not":"signed"}`)
	w.credentials(r, w.client, w.token)
	if got := w.do(r); got.status != 200 {
		t.Errorf("JSON: %v", got)
	}
	r = w.request("POST", "/ws/services/schedule/31/appointmentHistory", "not=signed")
	r.Header.Set("Content-Type", kindForm)
	w.credentials(r, w.client, w.token)
	if got := w.do(r); !got.is(401, "invalid_signature") {
		t.Errorf("form: %v", got)
	}
}

func TestABrowserSessionOpensWhatIsBelowRS(t *testing.T) {
	w := newWorld(t, OpenO)
	r := w.request("GET", "/ws/rs/schedule/statuses", "")
	if got := w.do(r); got.status != http.StatusFound {
		t.Errorf("without: %v", got)
	}
	if w.SignIn("odile", "x") != nil {
		t.Error("signed in with a wrong password")
	}
	r.AddCookie(w.SignIn("odile", "made up"))
	if got := w.do(r); got.status != 200 {
		t.Errorf("with: %v", got)
	}
	w.Restart()
	if got := w.do(r); got.status != http.StatusFound {
		t.Errorf("after a restart: %v", got)
	}
}

func TestARequestTokenIsItsClientsOwn(t *testing.T) {
	w := newWorld(t, OpenO)
	request := tokenOf(t, w.initiate("").body)
	verifier := w.Consent(request.Key, "900101")
	w.client = Client{Key: "other", Secret: "x"}
	if got := w.exchange(request, verifier); !got.is(401, "invalid_request_token") {
		t.Error(got)
	}
}

func TestUnknownLegsAreNotThere(t *testing.T) {
	w := newWorld(t, OpenO)
	for path, status := range map[string]int{"/ws/oauth/initiate": 405, "/ws/oauth/refresh": 404, "/nothing": 404, "/ws/services/nothing": 400} {
		if got := w.do(w.request("GET", path, "")); got.status != status {
			t.Errorf("%s: %v", path, got)
		}
	}
	if got := w.ask("GET", "/nothing", ""); got.status != 404 {
		t.Error(got)
	}
	w.cfg.Context = "/elsewhere"
	if got := w.do(w.request("GET", "/ws/services/schedule/statuses", "")); got.status == 404 {
		t.Error("the context is the configured one")
	}
	if w.Issue("nobody", "900101").Key+w.Issue("gateway", "nobody").Key != "" {
		t.Error("tokens for nobody")
	}
}
