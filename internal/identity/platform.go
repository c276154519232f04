package identity

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// TypeAccessToken is the header type of a JWT access token, RFC 9068 section 2.1.
const TypeAccessToken = "at+jwt"

// Platform is one employer of callers, as a clinic trusts it: an issuer, and the programs that may present its tokens. One
// issuer may serve several platforms; a client id belongs to one of them only.
type Platform struct {
	Name      string   // our name for it, as grants use it
	Issuer    string   // exactly as the tokens' iss writes it; https, or http on loopback
	ClientIDs []string // at least one

	// TokenTypes are the header types that its access tokens carry; none means at+jwt alone. An issuer that does not follow
	// RFC 9068 (Keycloak writes "JWT") is named here, in the knowledge that its other tokens carry that type too.
	TokenTypes []string
}

// check reports what is wrong with p, naming it.
func (p Platform) check() error {
	if p.Name == "" {
		return errors.New("identity: a platform has no name")
	}
	if err := checkIssuer(p.Issuer); err != nil {
		return fmt.Errorf("identity: platform %q: issuer: %w", p.Name, err)
	}
	if len(p.ClientIDs) == 0 {
		return fmt.Errorf("identity: platform %q names no client id; without one no token of its issuer is accepted", p.Name)
	}
	for _, id := range p.ClientIDs {
		if id == "" {
			return fmt.Errorf("identity: platform %q has an empty client id", p.Name)
		}
	}
	for _, typ := range p.TokenTypes {
		if normalType(typ) == "" {
			return fmt.Errorf("identity: platform %q has an empty token type", p.Name)
		}
	}
	return nil
}

// accepts reports whether typ, as a token's header writes it, is one of p's types.
func (p Platform) accepts(typ string) bool {
	typ = normalType(typ)
	if typ == "" {
		return false
	}
	if len(p.TokenTypes) == 0 {
		return typ == TypeAccessToken
	}
	for _, t := range p.TokenTypes {
		if normalType(t) == typ {
			return true
		}
	}
	return false
}

// normalType is a media type without its optional "application/" (RFC 7515 section 4.1.9), in lower case.
func normalType(typ string) string {
	return strings.TrimPrefix(strings.ToLower(typ), "application/")
}

// checkIssuer holds an issuer to what its use needs: a URL that may be fetched from, without query or fragment (OpenID
// Connect Discovery section 3), and without the '|' that separates issuer and subject in a grant.
func checkIssuer(issuer string) error {
	u, err := safeURL(issuer)
	if err != nil {
		return err
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.ContainsAny(issuer, "|#") {
		return errors.New("must be a URL without query, fragment or '|'")
	}
	return nil
}

// safeURL parses a URL that keys may be fetched from: https, or http to loopback, where nobody listens on the wire.
func safeURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("is not a URL")
	}
	if u.Host == "" || u.Opaque != "" || u.User != nil {
		return nil, errors.New("must be an absolute URL with a host and without user information")
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return u, nil
	}
	return nil, errors.New("must be https (http is accepted on loopback only)")
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// sameReach reports whether a document from issuer may point at u: an issuer out on the network may not send us to
// something that listens in clear text on this machine.
func sameReach(issuer string, u *url.URL) bool {
	return u.Scheme == "https" || strings.HasPrefix(strings.ToLower(issuer), "http:")
}
