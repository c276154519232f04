package oscar

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// OutOfBand is the callback of a consent whose verifier a person reads off OSCAR's page and types in.
const OutOfBand = "oob"

// Consent is a provider's consent to the gateway under way: OAuth 1.0a's three legs (RFC 5849 §2). Begin makes it.
type Consent struct {
	link    *link
	request Credential
}

// Begin asks OSCAR for a request token, which is good once and for an hour. Of conf it needs what a connection needs, but for the
// token. callback is an address on this machine's loopback, or OutOfBand. scopes are CARLOS's ("schedule.write"); others
// know none.
func Begin(ctx context.Context, conf Config, callback string, scopes ...string) (*Consent, error) {
	conf.Token = Credential{"none yet", "none yet"}
	a, err := Open(conf)
	if err != nil {
		return nil, err
	}
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	c := &Consent{link: a.link}
	query := encodeQuery([]string{"scope", strings.Join(scopes, " ")})
	form, err := c.ask(ctx, exchange{path: "/ws/oauth/initiate", query: query, token: &Credential{}, extra: []pair{{"oauth_callback", callback}}})
	if err != nil {
		return nil, wire.Plain(err)
	}
	c.request = Credential{form.Get("oauth_token"), form.Get("oauth_token_secret")}
	if c.request.Key == "" || c.request.Secret == "" || form.Get("oauth_callback_confirmed") != "true" {
		return nil, wrong(opLogin, "", "OSCAR did not give a request token. Check the address: it ends before /ws.")
	}
	return c, nil
}

// URL is where a provider consents, in a browser.
func (c *Consent) URL() string {
	u := *c.link.base
	u.Path += "/ws/oauth/authorize"
	u.RawQuery = encodeQuery([]string{"oauth_token", c.request.Key})
	return u.String()
}

// Is reports whether a callback with that request token belongs to this consent.
func (c *Consent) Is(token string) bool { return token == c.request.Key }

// Finish trades the verifier for the access token, which acts as the provider who consented.
func (c *Consent) Finish(ctx context.Context, verifier string) (Credential, error) {
	ctx, cancel := wire.Within(ctx, c.link.conf.Timeout)
	defer cancel()
	form, err := c.ask(ctx, exchange{path: "/ws/oauth/token", token: &c.request, extra: []pair{{"oauth_verifier", verifier}}})
	if err != nil {
		return Credential{}, wire.Plain(err)
	}
	token := Credential{form.Get("oauth_token"), form.Get("oauth_token_secret")}
	if !plainToken(token.Key) || !plainToken(token.Secret) {
		return Credential{}, wrong(opLogin, "", "OSCAR did not give a token that can be used.")
	}
	return token, nil
}

// plainToken reports whether s can stand in a file of words.
func plainToken(s string) bool {
	return s != "" && len(s) < 1024 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (c *Consent) ask(ctx context.Context, x exchange) (url.Values, error) {
	x.op, x.method, x.form = opLogin, http.MethodPost, true
	b, err := c.link.do(ctx, x) // tokens are not fetched twice: the first may have been given
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, fhir.E(opLogin, fhir.KindUpstream, "emr-answer-broken", "The EMR's answer broke off or cannot be read, so nothing of it is used.")
	}
	return form, nil
}
