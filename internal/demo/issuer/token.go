package issuer

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// The grant types that the token endpoint knows.
const (
	grantCode        = "authorization_code"
	grantCredentials = "client_credentials"
)

// oauthError is an error answer of RFC 6749 section 5.2.
type oauthError struct {
	status int
	Code   string `json:"error"`
	Text   string `json:"error_description"`
}

func oauth(code, text string) *oauthError { return &oauthError{http.StatusBadRequest, code, text} }

// tokenAnswer is a success of RFC 6749 section 5.1.
type tokenAnswer struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Scope   string `json:"scope"`
	ID      string `json:"id_token,omitempty"`
}

// token is the token endpoint.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	answer, failed := i.exchange(r)
	if failed == nil {
		writeJSON(w, http.StatusOK, *answer)
		return
	}
	if failed.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="demo issuer"`)
	}
	writeJSON(w, failed.status, *failed)
}

// exchange authenticates the client and serves the grant it asks for.
func (i *Issuer) exchange(r *http.Request) (*tokenAnswer, *oauthError) {
	if err := r.ParseForm(); err != nil {
		return nil, oauth("invalid_request", "The body is not a form.")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 && name != "resource" { // RFC 6749 section 3.2; RFC 8707 section 2
			return nil, oauth("invalid_request", "A parameter is given more than once.")
		}
	}
	client, failed := i.authenticate(r)
	if failed != nil {
		return nil, failed
	}
	switch r.PostForm.Get("grant_type") {
	case grantCode:
		return i.redeem(client, r)
	case grantCredentials:
		return i.credentials(client, r)
	}
	return nil, oauth("unsupported_grant_type", "Use authorization_code or client_credentials.")
}

// credentials serves client_credentials, to automated agents.
func (i *Issuer) credentials(client Client, r *http.Request) (*tokenAnswer, *oauthError) {
	if !client.Automated || client.public() {
		return nil, oauth("unauthorized_client", "This client is no automated agent; people log in with the authorization code flow.")
	}
	scope, failed := client.narrow(r.PostForm.Get("scope"))
	if failed != nil {
		return nil, failed
	}
	audience, failed := i.audience(r.PostForm["resource"])
	if failed != nil {
		return nil, failed
	}
	return i.answer(accessClaims{Audience: audience, ClientID: client.ID, Scope: scope}.forAgent(client))
}

// redeem exchanges a code, once, for the client it was given to, against the verifier of its challenge.
func (i *Issuer) redeem(client Client, r *http.Request) (*tokenAnswer, *oauthError) {
	form := r.PostForm
	granted, ok := i.codes.take(form.Get("code"), i.now())
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if !ok || granted.ask.ClientID != client.ID || granted.ask.RedirectURI != form.Get("redirect_uri") ||
		subtle.ConstantTimeCompare([]byte(challenge), []byte(granted.ask.Challenge)) != 1 {
		return nil, oauth("invalid_grant", "The code is unknown, used, too old, of another client or redirect_uri, or code_verifier does not fit.")
	}
	resources := form["resource"]
	if len(resources) == 0 && granted.ask.Resource != "" {
		resources = []string{granted.ask.Resource}
	}
	audience, failed := i.audience(resources)
	if failed != nil {
		return nil, failed
	}
	answer, failed := i.answer(accessClaims{Audience: audience, ClientID: client.ID, Scope: granted.ask.Scope}.forPerson(granted.person))
	if failed != nil || !slices.Contains(strings.Fields(granted.ask.Scope), "openid") {
		return answer, failed
	}
	id, err := i.mintID(granted.person, client.ID, granted.ask.Nonce, answer.Access)
	if err != nil {
		return nil, serverError()
	}
	answer.ID = id
	return answer, nil
}

func (i *Issuer) answer(c accessClaims) (*tokenAnswer, *oauthError) {
	access, err := i.mint(c, i.cfg.TTL)
	if err != nil {
		return nil, serverError()
	}
	return &tokenAnswer{Access: access, Type: "Bearer", Expires: int(i.cfg.TTL.Seconds()), Scope: c.Scope}, nil
}

func serverError() *oauthError {
	return &oauthError{http.StatusInternalServerError, "server_error", "The issuer failed."}
}

// audience is the resource asked for, if it is one of ours; the first of ours when none is asked for.
func (i *Issuer) audience(resources []string) (string, *oauthError) {
	switch {
	case len(resources) == 0:
		return i.cfg.Audiences[0], nil
	case len(resources) == 1 && slices.Contains(i.cfg.Audiences, resources[0]):
		return resources[0], nil
	}
	return "", oauth("invalid_target", "Ask for one resource, one of: "+strings.Join(i.cfg.Audiences, ", "))
}

// narrow holds the scopes asked for to the client's own. A scope with search criteria is covered by the same without.
func (c Client) narrow(asked string) (string, *oauthError) {
	if strings.TrimSpace(asked) == "" {
		return strings.Join(c.Scopes, " "), nil
	}
	scopes := strings.Fields(asked)
	for _, s := range scopes {
		base, _, _ := strings.Cut(s, "?")
		if !slices.Contains(c.Scopes, s) && !slices.Contains(c.Scopes, base) {
			return "", oauth("invalid_scope", "This client may ask for: "+strings.Join(c.Scopes, " "))
		}
	}
	return strings.Join(scopes, " "), nil
}

// writeJSON writes one of this package's own structs.
func writeJSON[T tokenAnswer | oauthError | discoveryDocument](w http.ResponseWriter, status int, body T) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
