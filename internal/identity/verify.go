package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"vestibule/fhir"
	"vestibule/policy"
)

// skew is how far an issuer's clock may run ahead of ours.
const skew = time.Minute

// defaultCacheSize is how many verified tokens are remembered, all platforms together.
const defaultCacheSize = 8192

// Config is what a Verifier is made of.
type Config struct {
	Audiences []string         // a token's aud must hold one of them; at least one
	Platforms []Platform       // may be empty: then every token is refused
	HTTP      *http.Client     // for discovery and keys; nil is a client of our own. Redirects are never followed
	Now       func() time.Time // nil is time.Now
	CacheSize int              // verified tokens remembered; 0 is 8192, negative is none
}

// Verifier verifies access tokens. It is safe for concurrent use; nothing needs closing.
type Verifier struct {
	audiences []string
	client    *http.Client
	now       func() time.Time
	cacheSize int

	changing sync.Mutex // held by SetPlatforms
	trusted  atomic.Pointer[trust]
}

// trust is everything that SetPlatforms replaces at once. A verification works on one of them from beginning to end, so
// what it remembers is forgotten with it.
type trust struct {
	issuers map[string]*trustedIssuer
	cache   *tokenCache
}

type trustedIssuer struct {
	keys      *issuerKeys
	platforms map[string]Platform // by client id
}

// accepts reports whether typ is a type of any platform of the issuer.
func (i *trustedIssuer) accepts(typ string) bool {
	for _, p := range i.platforms {
		if p.accepts(typ) {
			return true
		}
	}
	return false
}

// New makes a Verifier. It fetches nothing. The error names the setting that cannot be used.
func New(cfg Config) (*Verifier, error) {
	if len(cfg.Audiences) == 0 || slices.Contains(cfg.Audiences, "") {
		return nil, errors.New("identity: an audience is needed, and none may be empty")
	}
	v := &Verifier{
		audiences: slices.Clone(cfg.Audiences),
		client:    fetchClient(cfg.HTTP),
		now:       cfg.Now,
		cacheSize: cfg.CacheSize,
	}
	if v.now == nil {
		v.now = time.Now
	}
	if v.cacheSize == 0 {
		v.cacheSize = defaultCacheSize
	}
	if err := v.SetPlatforms(cfg.Platforms); err != nil {
		return nil, err
	}
	return v, nil
}

// SetPlatforms replaces the platforms. Verified tokens are forgotten at once; the keys of issuers that stay are kept. When it
// returns an error nothing has changed.
func (v *Verifier) SetPlatforms(platforms []Platform) error {
	v.changing.Lock()
	defer v.changing.Unlock()
	next := &trust{issuers: map[string]*trustedIssuer{}, cache: newTokenCache(v.cacheSize)}
	for _, p := range platforms {
		if err := p.check(); err != nil {
			return err
		}
		iss := next.issuers[p.Issuer]
		if iss == nil {
			iss = &trustedIssuer{keys: v.keysOf(p.Issuer), platforms: map[string]Platform{}}
			next.issuers[p.Issuer] = iss
		}
		p.TokenTypes = slices.Clone(p.TokenTypes)
		for _, id := range p.ClientIDs {
			if other, taken := iss.platforms[id]; taken {
				return fmt.Errorf("identity: client id %q of issuer %s belongs to platform %q and to platform %q", id, p.Issuer, other.Name, p.Name)
			}
			iss.platforms[id] = p
		}
	}
	v.trusted.Store(next)
	return nil
}

// keysOf are the keys of an issuer: those it has already, or none yet.
func (v *Verifier) keysOf(issuer string) *issuerKeys {
	if old := v.trusted.Load(); old != nil && old.issuers[issuer] != nil {
		return old.issuers[issuer].keys
	}
	return &issuerKeys{issuer: issuer, client: v.client, now: v.now}
}

// Issuers are the trusted issuers, sorted.
func (v *Verifier) Issuers() []string { return slices.Sorted(maps.Keys(v.trusted.Load().issuers)) }

// Endpoints are those of a trusted issuer, fetched with its keys where they are not known yet.
func (v *Verifier) Endpoints(ctx context.Context, issuer string) (Endpoints, error) {
	trusted, ok := v.trusted.Load().issuers[issuer]
	if !ok {
		return Endpoints{}, fmt.Errorf("identity: %s is not trusted", issuer)
	}
	if _, err := trusted.keys.current(ctx); err != nil {
		return Endpoints{}, err
	}
	trusted.keys.mu.Lock()
	defer trusted.keys.mu.Unlock()
	return trusted.keys.where, nil
}

// Verify says who the bearer of a token is; remote is where the request came from, and goes into Caller.Address as it is.
// The error is always a *fhir.Error of KindUnauthenticated, or of KindUnavailable when the issuer's keys cannot be had,
// with a code of the package comment. With an error the Caller is the zero Caller.
func (v *Verifier) Verify(ctx context.Context, bearer string, remote netip.Addr) (policy.Caller, error) {
	trusted, now := v.trusted.Load(), v.now()
	key := digestOf(bearer)
	if caller, ok := trusted.cache.get(key, now); ok {
		caller.Address = remote
		return caller, nil
	}
	caller, err := v.verify(ctx, trusted, bearer)
	if err != nil {
		return policy.Caller{}, err
	}
	if v.cacheSize > 0 {
		trusted.cache.put(key, caller, now)
	}
	caller.Address = remote
	return caller, nil
}

// verify takes the steps of the package comment in their order.
func (v *Verifier) verify(ctx context.Context, trusted *trust, bearer string) (policy.Caller, error) {
	t, err := takeApart(bearer)
	if err != nil {
		return policy.Caller{}, err
	}
	name, err := issuerOf(t.payload)
	if err != nil {
		return policy.Caller{}, err
	}
	iss := trusted.issuers[name]
	if iss == nil {
		return policy.Caller{}, refuse(CodeUnknownIssuer, "The access token's issuer is not one this gateway trusts. A clinic has to register the platform, with its issuer, first.")
	}
	payload, err := verifySignature(ctx, iss.keys, t.raw)
	if err != nil {
		return policy.Caller{}, err
	}
	c, err := readClaims(payload)
	if err != nil {
		return policy.Caller{}, err
	}
	return v.admit(iss, t.header.Typ, c, v.now()) // fetching keys may have taken a while
}

// verifySignature is step 4, through go-oidc with our key set. Time and audience are checked by us: go-oidc gives an ID
// token's nbf five minutes, and knows a client id where an access token has an audience.
func verifySignature(ctx context.Context, keys *issuerKeys, raw string) ([]byte, error) {
	try := &attempt{keys: keys}
	verifier := oidc.NewVerifier(keys.issuer, try, &oidc.Config{
		SupportedSigningAlgs: algorithms(),
		SkipClientIDCheck:    true,
		SkipExpiryCheck:      true,
		Now:                  keys.now,
	})
	verified, err := verifier.Verify(ctx, raw)
	if unreachable, ok := errors.AsType[*fhir.Error](try.err); ok {
		return nil, unreachable
	}
	if try.err != nil {
		return nil, refuse(CodeSignature, "The access token's signature is not by a current key of its issuer. Get a new token; if the issuer has just changed its keys, try again in 10 seconds.")
	}
	if err != nil {
		return nil, malformed("The access token cannot be read as a JWT of its issuer.")
	}
	var payload json.RawMessage
	if err := verified.Claims(&payload); err != nil {
		return nil, malformed("The claims of the access token are not JSON.")
	}
	return payload, nil
}

// admit takes steps 6 to 11 on verified claims.
func (v *Verifier) admit(iss *trustedIssuer, typ string, c *claims, now time.Time) (policy.Caller, error) {
	if err := inTime(c, now); err != nil {
		return policy.Caller{}, err
	}
	client := c.client()
	if c.isIDToken() || client == "" && !iss.accepts(typ) {
		return policy.Caller{}, refuse(CodeType, "This is an ID token, or no access token of a kind that is accepted here. Send the access token that the issuer returned beside the ID token.")
	}
	platform, known := iss.platforms[client]
	if client == "" || !known {
		return policy.Caller{}, refuse(CodeClient, "The access token was issued to a program (client_id) that is not registered for a platform of its issuer, or client_id and azp disagree. A clinic has to register the client id first.")
	}
	if err := usable(platform, typ, c); err != nil {
		return policy.Caller{}, err
	}
	if !slices.ContainsFunc(c.Audience, func(a string) bool { return slices.Contains(v.audiences, a) }) {
		return policy.Caller{}, refuse(CodeAudience, "The access token is meant for another service. Ask the issuer for one whose aud is "+v.audiences[0]+".")
	}
	name, automated, err := c.whoActs(platform)
	if err != nil {
		return policy.Caller{}, err
	}
	return policy.Caller{
		Issuer: c.Issuer, Subject: c.Subject, Name: name, Platform: platform.Name, ClientID: client, TokenID: c.TokenID,
		Automated: automated, Scopes: c.scopes(), Purposes: c.purposes(), Expires: c.Expires.Time,
		Assurance: c.assurance(),
	}, nil
}

// inTime is step 6. Expiry has no leeway: a token that is a little too old can be renewed.
func inTime(c *claims, now time.Time) error {
	if !now.Before(c.Expires.Time) {
		return refuse(CodeExpired, "The access token has expired. Get a new one from the issuer.")
	}
	if latest := now.Add(skew); c.NotBefore.After(latest) || c.IssuedAt.After(latest) {
		return refuse(CodeNotYetValid, "The access token is not valid yet (nbf or iat lies in the future). Check the issuer's clock.")
	}
	return nil
}

// usable is step 9: an access token, for its bearer, about the one who acts.
func usable(p Platform, typ string, c *claims) error {
	switch {
	case !p.accepts(typ):
		return refuse(CodeType, "The token's header type (typ) is not one that is accepted from this platform; access tokens carry \"at+jwt\" (RFC 9068).")
	case c.Bound.present:
		return refuse(CodeBound, "The access token is bound to a key (cnf), and the proof of that key is not understood here. Ask the issuer for an unbound bearer token.")
	case c.Delegated.present:
		return refuse(CodeDelegated, "The access token names someone who acts for its subject (act). Ask the issuer for a token whose sub is the one who acts.")
	}
	return nil
}

// issuerOf reads the one claim that is needed before the signature can be checked, holding the whole payload to strict JSON.
func issuerOf(payload []byte) (string, error) {
	issuer, err := readIssuer(payload)
	if err != nil || issuer == "" {
		return "", malformed("The claims of the access token must be one strict JSON object (RFC 8259, no duplicate members) with an iss claim.")
	}
	return issuer, nil
}
