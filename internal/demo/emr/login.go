package emr

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	tokenPath = "/auth/token" // below the base
	tokenLife = 5 * time.Minute
	assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// logins is the token endpoint (http://hl7.org/fhir/smart-app-launch/backend-services.html) and the tokens it gave out.
type logins struct {
	cfg      Config
	endpoint string
	mu       sync.Mutex
	tokens   map[string]time.Time // until when
	used     map[string]time.Time // assertions by client and jti, until they would expire
}

func newLogins(cfg Config, endpoint string) *logins {
	return &logins{cfg: cfg, endpoint: endpoint, tokens: map[string]time.Time{}, used: map[string]time.Time{}}
}

// knows reports whether an Authorization header holds a token of this EMR that is still good.
func (l *logins) knows(header string) bool {
	token, ok := strings.CutPrefix(header, "Bearer ")
	l.mu.Lock()
	defer l.mu.Unlock()
	return ok && l.cfg.Now().Before(l.tokens[token])
}

func (l *logins) configuration(w http.ResponseWriter) {
	writeJSON(w, http.StatusOK, smartConfiguration{
		TokenEndpoint: l.endpoint, Grants: []string{"client_credentials"}, Auth: []string{"private_key_jwt"},
		Algs: []string{"RS384", "ES384"}, Capabilities: []string{"client-confidential-asymmetric", "permission-v2"},
		Scopes: []string{"system/*.cruds"},
	})
}

type smartConfiguration struct {
	TokenEndpoint string   `json:"token_endpoint"`
	Grants        []string `json:"grant_types_supported"`
	Auth          []string `json:"token_endpoint_auth_methods_supported"`
	Algs          []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	Capabilities  []string `json:"capabilities"`
	Scopes        []string `json:"scopes_supported"`
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

type tokenError struct {
	Error string `json:"error"` // RFC 6749 section 5.2
}

func writeJSON[T smartConfiguration | tokenAnswer | tokenError](w http.ResponseWriter, status int, v T) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever hung up needs no answer
}

func refuse(w http.ResponseWriter, status int, code string) { writeJSON(w, status, tokenError{code}) }

func (l *logins) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	switch {
	case r.PostForm.Get("grant_type") != "client_credentials":
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	case r.PostForm.Get("scope") == "":
		refuse(w, http.StatusBadRequest, "invalid_scope")
		return
	case r.PostForm.Get("client_assertion_type") != assertion || l.check(r.PostForm.Get("client_assertion")) != nil:
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	token, err := l.issue()
	if err != nil {
		refuse(w, http.StatusInternalServerError, "server_error")
		return
	}
	writeJSON(w, http.StatusOK, tokenAnswer{token, "bearer", int(tokenLife.Seconds()), r.PostForm.Get("scope")})
}

// check verifies an assertion: signature by a registered key, iss and sub the client, aud this endpoint, exp at most five
// minutes away, jti never seen.
func (l *logins) check(text string) error {
	tok, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS384, jose.ES384})
	if err != nil {
		return err
	}
	var claimed, claims jwt.Claims
	if err := tok.UnsafeClaimsWithoutVerification(&claimed); err != nil {
		return err
	}
	registered := l.cfg.Clients[claimed.Issuer]
	keys := registered.Key(tok.Headers[0].KeyID)
	if len(keys) != 1 || claimed.Issuer != claimed.Subject {
		return errors.New("no such client or key")
	}
	if err := tok.Claims(keys[0].Key, &claims); err != nil {
		return err
	}
	now := l.cfg.Now()
	if err := claims.ValidateWithLeeway(jwt.Expected{AnyAudience: jwt.Audience{l.endpoint}, Time: now}, 0); err != nil {
		return err
	}
	if claims.Expiry == nil || claims.Expiry.Time().After(now.Add(5*time.Minute)) || claims.ID == "" {
		return errors.New("exp or jti is missing or too far away")
	}
	return l.once(claims.Issuer+" "+claims.ID, claims.Expiry.Time(), now)
}

func (l *logins) once(name string, until, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, t := range l.used {
		if !now.Before(t) {
			delete(l.used, k)
		}
	}
	if _, seen := l.used[name]; seen {
		return errors.New("the assertion was used before")
	}
	l.used[name] = until
	return nil
}

func (l *logins) issue() (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(l.cfg.Random, b[:]); err != nil {
		return "", err
	}
	token := base64.RawURLEncoding.EncodeToString(b[:])
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.cfg.Now()
	for k, t := range l.tokens {
		if !now.Before(t) {
			delete(l.tokens, k)
		}
	}
	l.tokens[token] = now.Add(tokenLife)
	return token, nil
}
