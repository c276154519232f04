package policy

import (
	"net/netip"
	"strings"
	"time"
)

// Caller is who is asking, as proved by a verified access token: a named person at a named platform, or an automated
// agent that says that it is one. Only internal/identity makes one from a token; an identity that was merely claimed has
// a type of its own there, so that it cannot be passed where a Caller is wanted.
//
// The zero Caller is nobody, and everything denies it. A Caller is copied by value and its slices are shared: they are
// not to be modified.
type Caller struct {
	Issuer    string     // iss: the URL of the issuer that vouches for Subject; holds no '|'
	Subject   string     // sub: the issuer's stable name for the caller, never given to someone else
	Name      string     // the person's name as the token gives it; for an automated agent its name, or its client id
	Platform  string     // our name for the platform the caller works for: issuer and client together decide it
	ClientID  string     // client_id: the platform's program that presents the token
	TokenID   string     // jti; empty when the issuer gives none
	Assurance string     // acr and amr: how the issuer says the caller signed in; for the record, nothing is decided by it
	Automated bool       // an agent that acts without a person, and says so
	Scopes    []string   // the token's scopes as written; they only ever narrow what a grant gives
	Purposes  []string   // purpose of use, codes of v3-ActReason such as PATADMIN; none is a deny wherever one is asked for
	Address   netip.Addr // the network address the request came from; the zero value is unknown, and a deny wherever one is asked for
	Expires   time.Time  // exp: from then on the caller is nobody
}

// ID is "iss|sub", the form in which a grant names a person. It is unambiguous: an issuer holds no '|'.
func (c Caller) ID() string {
	if c.Issuer == "" || c.Subject == "" {
		return ""
	}
	return c.Issuer + "|" + c.Subject
}

// ScopesFor are those of the token's scopes that speak of resources of typ, as written: all that a decision about typ asks
// of them.
func (c Caller) ScopesFor(typ string) []string {
	var out []string
	for i, scope := range c.Scopes {
		_, rest, _ := strings.Cut(scope, "/")
		if typ == "" || !strings.HasPrefix(rest, typ+".") && !strings.HasPrefix(rest, "*.") {
			continue
		}
		if out == nil {
			out = make([]string, 0, len(c.Scopes)-i)
		}
		out = append(out, scope)
	}
	return out
}

// Named reports whether c is a person with a name; an automated agent is not a person, whatever it is called.
func (c Caller) Named() bool { return c.Name != "" && !c.Automated }

// Valid reports whether c is somebody: an issuer, a subject, a platform, a client, an expiry, and either a name or the
// statement that it is an automated agent. It is the first thing a decision asks, and false for the zero Caller.
func (c Caller) Valid() bool {
	return c.Issuer != "" && c.Subject != "" && c.Platform != "" && c.ClientID != "" && !c.Expires.IsZero() &&
		(c.Named() || c.Automated)
}

// ValidAt is Valid for a token that has not expired at now. On its expiry it has (RFC 7519 section 4.1.4).
func (c Caller) ValidAt(now time.Time) bool { return c.Valid() && now.Before(c.Expires) }
