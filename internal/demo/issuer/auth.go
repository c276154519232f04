package issuer

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	maxAssertion  = 5 * time.Minute // SMART App Launch 2.2, client-confidential-asymmetric
)

func assertionAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.RS256, jose.RS384, jose.PS256}
}

func assertionAlgorithmNames() []string {
	var out []string
	for _, a := range assertionAlgorithms() {
		out = append(out, string(a))
	}
	return out
}

// public reports whether a client has nothing to prove itself with.
func (c Client) public() bool { return c.Secret == "" && len(c.Keys.Keys) == 0 }

func unauthorized() *oauthError {
	return &oauthError{http.StatusUnauthorized, "invalid_client", "The client is unknown or did not prove itself."}
}

// authenticate finds the client by the one method it uses; two at once are refused (RFC 6749 section 2.3).
func (i *Issuer) authenticate(r *http.Request) (Client, *oauthError) {
	id, secret, basic := r.BasicAuth()
	post := r.PostForm.Has("client_secret")
	assertion := r.PostForm.Has("client_assertion")
	switch {
	case basic && (post || assertion), post && assertion:
		return Client{}, oauth("invalid_request", "Authenticate the client in one way only.")
	case basic:
		user, errUser := url.QueryUnescape(id) // RFC 6749 section 2.3.1: both are form-encoded first
		pass, errPass := url.QueryUnescape(secret)
		if errUser != nil || errPass != nil {
			return Client{}, unauthorized()
		}
		return i.bySecret(user, pass)
	case post:
		return i.bySecret(r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"))
	case assertion:
		return i.byAssertion(r.PostForm)
	}
	client, ok := i.client[r.PostForm.Get("client_id")]
	if !ok || !client.public() {
		return Client{}, unauthorized()
	}
	return client, nil
}

func (i *Issuer) bySecret(id, secret string) (Client, *oauthError) {
	client, ok := i.client[id]
	if !ok || client.Secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1 {
		return Client{}, unauthorized()
	}
	return client, nil
}

// byAssertion checks a private_key_jwt: iss and sub are the client, aud is this issuer or its token endpoint, it is short of
// life, and it was not used before (RFC 7523 section 3, OpenID Connect Core section 9).
func (i *Issuer) byAssertion(form url.Values) (Client, *oauthError) {
	if form.Get("client_assertion_type") != assertionType {
		return Client{}, oauth("invalid_request", "client_assertion_type must be "+assertionType+".")
	}
	parsed, err := jwt.ParseSigned(form.Get("client_assertion"), assertionAlgorithms())
	if err != nil {
		return Client{}, unauthorized()
	}
	var unverified jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&unverified); err != nil {
		return Client{}, unauthorized()
	}
	client, ok := i.client[unverified.Subject]
	if !ok || form.Has("client_id") && form.Get("client_id") != client.ID {
		return Client{}, unauthorized()
	}
	claims, ok := client.verified(parsed)
	if !ok || !i.acceptable(claims, client) {
		return Client{}, unauthorized()
	}
	return client, nil
}

// verified gives the claims if one of the client's keys signed them.
func (c Client) verified(parsed *jwt.JSONWebToken) (jwt.Claims, bool) {
	kid := parsed.Headers[0].KeyID
	for _, key := range c.Keys.Keys {
		var claims jwt.Claims
		if (kid == "" || key.KeyID == "" || key.KeyID == kid) && parsed.Claims(key.Public(), &claims) == nil {
			return claims, true
		}
	}
	return jwt.Claims{}, false
}

func (i *Issuer) acceptable(c jwt.Claims, client Client) bool {
	now := i.now()
	err := c.ValidateWithLeeway(jwt.Expected{
		Issuer: client.ID, Subject: client.ID, Time: now,
		AnyAudience: jwt.Audience{i.cfg.Issuer, i.cfg.Issuer + "/token"},
	}, 10*time.Second)
	if err != nil || c.ID == "" || c.Expiry == nil || c.Expiry.Time().Sub(now) > maxAssertion+10*time.Second {
		return false
	}
	return i.used.put(client.ID+" "+c.ID, struct{}{}, c.Expiry.Time().Add(10*time.Second), now)
}
