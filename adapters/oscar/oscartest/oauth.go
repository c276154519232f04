package oscartest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	requestTokenLife = time.Hour
	timestampWindow  = 300 * time.Second
)

// Token is an access token with the secret that signs for it. It acts as the provider who consented, and does not expire:
// the real one writes a lifetime down and never looks at it.
type Token struct {
	Key, Secret string
	Client      string   // the consumer key
	Provider    string   // providerNo
	Scopes      []string // CARLOS
	Issued      time.Time
}

// requestToken is good for one exchange within the hour.
type requestToken struct {
	Secret, Client, Callback string
	Scopes                   []string
	Issued                   time.Time
	Verifier, Provider       string // set by consent
}

type oauthState struct {
	requests map[string]requestToken
	access   map[string]Token
	nonces   map[string]time.Time
}

func (o *oauthState) settle() {
	o.requests, o.access, o.nonces = map[string]requestToken{}, map[string]Token{}, map[string]time.Time{}
}

// Issue hands a token out without the three legs, as if the provider had consented to the client. Without a known client
// or provider it returns no token.
func (s *Server) Issue(client, provider string, scopes ...string) Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.client(client); !ok {
		return Token{}
	}
	if _, ok := s.data.Providers[provider]; !ok {
		return Token{}
	}
	return s.grant(client, provider, scopes)
}

// Revoke ends a token at once and says whether there was one.
func (s *Server) Revoke(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.oauth.access[key]
	delete(s.oauth.access, key)
	return ok
}

// Tokens lists the access tokens, oldest first.
func (s *Server) Tokens() []Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Token
	for _, t := range s.oauth.access {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Token) int { return cmp.Or(a.Issued.Compare(b.Issued), cmp.Compare(a.Key, b.Key)) })
	return out
}

// Consent is the provider pressing Allow for a request token; it returns the verifier, or nothing where there is no such
// token or provider.
func (s *Server) Consent(request, provider string) (verifier string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.data.Providers[provider]; !ok {
		return ""
	}
	return s.consent(request, provider).Verifier
}

func (s *Server) consent(request, provider string) requestToken {
	t, ok := s.pending(request)
	if !ok {
		return requestToken{}
	}
	t.Provider, t.Verifier = provider, s.token()[:12]
	s.oauth.requests[request] = t
	return t
}

// pending is a request token that is still good.
func (s *Server) pending(key string) (requestToken, bool) {
	t, ok := s.oauth.requests[key]
	if ok && s.now().Sub(t.Issued) > requestTokenLife {
		delete(s.oauth.requests, key)
		return requestToken{}, false
	}
	return t, ok
}

func (s *Server) grant(client, provider string, scopes []string) Token {
	t := Token{Key: s.token(), Secret: s.token(), Client: client, Provider: provider, Scopes: scopes, Issued: s.now()}
	s.oauth.access[t.Key] = t
	return t
}

func (s *Server) client(key string) (Client, bool) {
	for _, c := range s.cfg.Clients {
		if c.Key == key {
			return c, true
		}
	}
	return Client{}, false
}

// handshake answers the three legs below ws/oauth/.
func (c *call) handshake(leg string) answer {
	accept := c.r.Header.Get("Accept")
	switch {
	case leg != "authorize" && accept != "" && !strings.Contains(accept, kindForm) && !strings.Contains(accept, "*/*"):
		return c.text(http.StatusNotAcceptable, "") // what the endpoints are declared to produce (Open-O: webserv/oauth/AccessTokenResource.java)
	case leg == "initiate" && c.r.Method == http.MethodPost:
		return c.initiate()
	case leg == "token" && c.r.Method == http.MethodPost:
		return c.exchange()
	case leg == "authorize" && c.r.Method == http.MethodGet:
		return c.consentPage("")
	case leg == "authorize" && c.r.Method == http.MethodPost:
		return c.consented()
	case leg == "initiate" || leg == "token" || leg == "authorize":
		return c.text(http.StatusMethodNotAllowed, "")
	}
	return c.text(http.StatusNotFound, "")
}

// initiate is the first leg: a request token.
func (c *call) initiate() answer {
	if a, over := c.overBurst(); over {
		return a
	}
	params, client, a, ok := c.consumer()
	if !ok {
		return a
	}
	scopes := strings.Fields(strings.ReplaceAll(c.get("scope"), ",", " "))
	if c.cfg.Dialect == CARLOS && !knownScopes(scopes) {
		return c.text(http.StatusBadRequest, "invalid_scope")
	}
	if !c.verified(params, client.Secret, "") {
		return c.text(http.StatusUnauthorized, "invalid_signature")
	}
	key := c.token()
	t := requestToken{Secret: c.token(), Client: client.Key, Callback: cmp.Or(params["oauth_callback"], "oob"), Scopes: scopes, Issued: c.at}
	c.oauth.requests[key] = t
	return answer{status: http.StatusOK, kind: kindForm, body: []byte("oauth_token=" + key + "&oauth_token_secret=" + t.Secret + "&oauth_callback_confirmed=true")}
}

// exchange is the third leg: an access token for a request token and its verifier, once.
func (c *call) exchange() answer {
	params, client, a, ok := c.consumer()
	if !ok {
		return a
	}
	t, ok := c.pending(params["oauth_token"])
	switch {
	case !ok || t.Client != client.Key:
		return c.text(http.StatusUnauthorized, "invalid_request_token")
	case !c.verified(params, client.Secret, t.Secret):
		return c.text(http.StatusUnauthorized, "invalid_signature")
	case t.Verifier == "" || params["oauth_verifier"] != t.Verifier:
		return c.text(http.StatusUnauthorized, "invalid_verifier")
	}
	delete(c.oauth.requests, params["oauth_token"])
	g := c.grant(client.Key, t.Provider, t.Scopes)
	return answer{status: http.StatusOK, kind: kindForm, body: []byte("oauth_token=" + g.Key + "&oauth_token_secret=" + g.Secret)}
}

// consumer is the client of the Authorization header, the only place where parameters are looked for (Open-O:
// webserv/oauth/OAuth1ParamParser).
func (c *call) consumer() (map[string]string, Client, answer, bool) {
	params, err := parseAuthorization(c.r.Header.Get("Authorization"))
	if err != nil || params["oauth_consumer_key"] == "" {
		return nil, Client{}, c.text(http.StatusBadRequest, "missing_consumer_key"), false
	}
	client, ok := c.client(params["oauth_consumer_key"])
	if !ok {
		return nil, Client{}, c.text(http.StatusUnauthorized, "invalid_consumer"), false
	}
	return params, client, answer{}, true
}

// verified says whether the signature, the time and, in CARLOS, the nonce are good.
func (c *call) verified(params map[string]string, clientSecret, tokenSecret string) bool {
	stamp, err := strconv.ParseInt(params["oauth_timestamp"], 10, 64)
	off := c.at.Sub(time.Unix(stamp, 0)).Abs()
	if err != nil || off > timestampWindow || params["oauth_signature_method"] != "HMAC-SHA1" || params["oauth_nonce"] == "" {
		return false
	}
	if v, given := params["oauth_version"]; given && v != "1.0" {
		return false
	}
	text, err := signedText(c.r, c.origin(), params, c.body)
	if err != nil || !signedBy(text, params["oauth_signature"], clientSecret, tokenSecret) {
		return false
	}
	return c.cfg.Dialect != CARLOS || c.freshNonce(params)
}

// freshNonce remembers nonces as long as their timestamps are good.
func (c *call) freshNonce(params map[string]string) bool {
	for n, at := range c.oauth.nonces {
		if c.at.Sub(at) > 2*timestampWindow {
			delete(c.oauth.nonces, n)
		}
	}
	n := params["oauth_consumer_key"] + " " + params["oauth_token"] + " " + params["oauth_timestamp"] + " " + params["oauth_nonce"]
	if _, used := c.oauth.nonces[n]; used {
		return false
	}
	c.oauth.nonces[n] = c.at
	return true
}

// origin is the scheme, host and port that the server believes it has.
func (c *call) origin() string {
	if c.cfg.InternalBase != "" {
		return strings.TrimSuffix(c.cfg.InternalBase, "/")
	}
	if c.r.TLS != nil {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}

// authenticate finds whom a signed REST call acts as.
func (c *call) authenticate() (answer, bool) {
	if c.cfg.Dialect == CARLOS && c.r.Header.Get("Authorization") == "" {
		if a, over := c.overBurst(); over {
			return a, false
		}
		return c.text(http.StatusUnauthorized, "authentication_required"), false
	}
	params, client, a, ok := c.consumer()
	if !ok {
		return a, false
	}
	if params["oauth_token"] == "" {
		return c.text(http.StatusBadRequest, "missing_access_token"), false
	}
	t, ok := c.oauth.access[params["oauth_token"]]
	if !ok || t.Client != client.Key {
		return c.text(http.StatusUnauthorized, cmp.Or(c.switches.DeadToken, "invalid_signature")), false
	}
	if !c.verified(params, client.Secret, t.Secret) {
		return c.text(http.StatusUnauthorized, "invalid_signature"), false
	}
	if c.provider, ok = c.data.Providers[t.Provider]; !ok || c.provider.Disabled {
		return c.text(http.StatusUnauthorized, "unknown_provider"), false
	}
	return c.scoped(t.Scopes)
}
