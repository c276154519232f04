package fhirr4

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Login is how the gateway proves to an EMR who it is. The zero value is no log-in. At most one of Bearer, Secret and Key
// is set. It prints without its secrets.
type Login struct {
	Bearer string // a fixed token, for tests

	ClientID     string
	Secret       string        // client_credentials with a secret
	SecretInBody bool          // client_secret_post instead of client_secret_basic
	Key          crypto.Signer // private_key_jwt: RSA of 2048 bits or more (RS384) or ECDSA on P-384 (ES384)
	KeyID        string        // kid under which the EMR knows the public key

	Scopes   []string // "system/Appointment.rs", …
	TokenURL string   // where it is not given, the EMR is asked
}

// String names the log-in without its secrets.
func (l Login) String() string {
	switch {
	case l.Key != nil:
		return "private_key_jwt as " + l.ClientID
	case l.Secret != "":
		return "client secret as " + l.ClientID
	case l.Bearer != "":
		return "fixed bearer token"
	}
	return "no log-in"
}

// GoString is String, so that %#v tells no secrets either.
func (l Login) GoString() string { return l.String() }

func (l Login) check() error {
	kinds := 0
	for _, given := range []bool{l.Bearer != "", l.Secret != "", l.Key != nil} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return invalid("login", "Give one of bearer, secret and key.")
	case kinds == 0 && l.ClientID != "":
		return invalid("login", "A client id alone is no log-in; give a secret or a key.")
	case (l.Secret != "" || l.Key != nil) && l.ClientID == "":
		return invalid("login.clientId", "The EMR knows the gateway by a client id.")
	case strings.ContainsFunc(l.Bearer, func(r rune) bool { return r <= ' ' || r > '~' }):
		return invalid("login.bearer", "A bearer token has no spaces or control characters.")
	}
	if l.TokenURL != "" {
		u, err := url.Parse(l.TokenURL)
		if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || !wire.Protected(u) {
			return invalid("login.tokenUrl", "A token endpoint is an https URL; http is accepted on loopback only.")
		}
	}
	_, err := l.algorithm()
	return err
}

// algorithm is what Backend Services allows for the key.
func (l Login) algorithm() (jose.SignatureAlgorithm, error) {
	switch k := l.Key.(type) {
	case nil:
		return "", nil
	case *rsa.PrivateKey:
		if k.N.BitLen() >= 2048 {
			return jose.RS384, nil
		}
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P384() {
			return jose.ES384, nil
		}
	}
	return "", invalid("login.key", "SMART Backend Services takes RSA keys of 2048 bits or more, or ECDSA keys on P-384.")
}

// tokenLoader is how an Authorization header comes about; nil without log-in.
func (a *Adapter) tokenLoader() (func(context.Context) ([]string, time.Duration, error), error) {
	l := a.conf.Login
	if err := l.check(); err != nil {
		return nil, err
	}
	switch {
	case l.Bearer != "":
		header := []string{"Bearer " + l.Bearer}
		return func(context.Context) ([]string, time.Duration, error) { return header, 24 * time.Hour, nil }, nil
	case l.ClientID != "":
		return a.fetchToken, nil
	}
	return nil, nil
}

// findsTokenEndpoint reports whether the token endpoint has to be asked for before there can be a token.
func (a *Adapter) findsTokenEndpoint() bool {
	return a.conf.Login.ClientID != "" && a.conf.Login.TokenURL == ""
}

// fetchToken asks the token endpoint for a token (RFC 6749 §4.4, RFC 7523 §2.2) and says how long to use it.
func (a *Adapter) fetchToken(ctx context.Context) ([]string, time.Duration, error) {
	endpoint := a.conf.Login.TokenURL
	if endpoint == "" {
		u, err := a.tokenEndpoint(ctx)
		if err != nil {
			return nil, 0, err
		}
		endpoint = u.String()
	}
	conf, err := a.credentials(endpoint)
	if err != nil {
		return nil, 0, err
	}
	client := &http.Client{Transport: a.conf.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	tok, err := conf.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
	if err != nil {
		return nil, 0, loginFault(ctx, err)
	}
	if !strings.EqualFold(tok.Type(), "bearer") || strings.ContainsFunc(tok.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, 0, upstream(opLogin, "", "emr-login-refused", "The EMR's token endpoint gives tokens that the gateway cannot use.")
	}
	good := 5 * time.Minute // where the endpoint does not say: what Backend Services recommends at most
	if !tok.Expiry.IsZero() {
		good = min(time.Until(tok.Expiry), 24*time.Hour) // x/oauth2 counts from the system's clock
	}
	return []string{"Bearer " + tok.AccessToken}, good - min(30*time.Second, good/5), nil
}

// credentials is one request for a token. It is made anew each time: an assertion serves once.
func (a *Adapter) credentials(endpoint string) (*clientcredentials.Config, error) {
	l := a.conf.Login
	conf := &clientcredentials.Config{TokenURL: endpoint, Scopes: l.Scopes, AuthStyle: oauth2.AuthStyleInParams}
	if l.Key == nil {
		conf.ClientID, conf.ClientSecret = l.ClientID, l.Secret
		if !l.SecretInBody {
			conf.AuthStyle = oauth2.AuthStyleInHeader
		}
		return conf, nil
	}
	assertion, err := a.assertion(endpoint)
	conf.EndpointParams = url.Values{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	return conf, err
}

// assertionLife is how long an assertion is good; Backend Services allows five minutes, clocks included.
const assertionLife = 4 * time.Minute

// assertionGrace is how far the gateway's clock may be ahead of the EMR's: a strict endpoint refuses what was issued in its
// future, as the demo's EMR does. Backend Services allows five minutes from issue to end.
const assertionGrace = 30 * time.Second

// assertion signs a new authentication JWT
// (http://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#authenticating-to-the-token-endpoint).
func (a *Adapter) assertion(audience string) (string, error) {
	l := a.conf.Login
	alg, err := l.algorithm()
	if err != nil {
		return "", err
	}
	key := jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: l.Key, KeyID: l.KeyID}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fhir.E(opLogin, fhir.KindInternal, "", "The gateway cannot sign with the connection's key.").Because(err)
	}
	var id [24]byte
	if _, err := io.ReadFull(a.conf.Random, id[:]); err != nil {
		return "", fhir.E(opLogin, fhir.KindInternal, "", "The gateway has no randomness.").Because(err)
	}
	now := a.conf.Now()
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: l.ClientID, Subject: l.ClientID, Audience: jwt.Audience{audience},
		ID: base64.RawURLEncoding.EncodeToString(id[:]), IssuedAt: jwt.NewNumericDate(now.Add(-assertionGrace)), Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
	}).Serialize()
}

// loginFault is a failed request for a token. Of the endpoint's answer only the status is kept: x/oauth2 quotes bodies.
func loginFault(ctx context.Context, err error) *wire.Fault {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.Response != nil {
		status := e.Response.StatusCode
		if status >= 500 || status == http.StatusTooManyRequests {
			return &wire.Fault{Err: fhir.E(opLogin, fhir.KindUnavailable, "emr-login-unreachable", "The EMR's token endpoint is out of order. Try again later.").
				Because(fmt.Errorf("status %d", status))}
		}
		return &wire.Fault{Err: upstream(opLogin, "", "emr-login-refused", "The EMR refused the gateway's own log-in. The clinic has to look into it.").
			Because(fmt.Errorf("status %d", status))}
	}
	f := wire.TransportFault(opLogin, "", ctx, err, true)
	if ctx.Err() == nil {
		if _, isURL := errors.AsType[*url.Error](err); !isURL { // it answered, with something that is no token
			return &wire.Fault{Err: upstream(opLogin, "", "emr-login-refused", "The EMR's token endpoint answered without a token.")}
		}
		f.Err.Code = "emr-login-unreachable"
		f.Err.Kind = fhir.KindUnavailable
	}
	f.Fate = wire.NotDone
	return f
}
