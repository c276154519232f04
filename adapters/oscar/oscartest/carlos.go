package oscartest

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// scopeDomain is the scope domain of a first path segment below ws/services; "" is one that every token may use, and a
// segment that is not here is closed to tokens (carlos: webserv/oauth/OAuthScopes.java).
func scopeDomain(segment string) (domain string, open bool) {
	switch segment {
	case "schedule", "tickler", "document":
		return segment, true
	case "demographics":
		return "demographic", true
	case "providerService":
		return "provider", true
	case "status", "oauth":
		return "", true
	}
	return "", false
}

// knownScopes is true of one or more <domain>.read or <domain>.write.
func knownScopes(scopes []string) bool {
	for _, s := range scopes {
		domain, right, _ := strings.Cut(s, ".")
		if !slices.Contains([]string{"schedule", "tickler", "demographic", "provider", "document"}, domain) || right != "read" && right != "write" {
			return false
		}
	}
	return len(scopes) > 0
}

// scoped holds a CARLOS token to its scopes: GET needs read, anything else write, and write implies read.
func (c *call) scoped(scopes []string) (answer, bool) {
	if c.cfg.Dialect != CARLOS {
		return answer{}, true
	}
	segment, _, _ := strings.Cut(strings.TrimPrefix(c.path, "ws/services/"), "/")
	domain, open := scopeDomain(segment)
	switch {
	case !open:
		return c.text(http.StatusForbidden, "restricted_endpoint"), false
	case domain == "" || slices.Contains(scopes, domain+".write"):
		return answer{}, true
	case c.r.Method == http.MethodGet && slices.Contains(scopes, domain+".read"):
		return answer{}, true
	}
	return c.text(http.StatusForbidden, "insufficient_scope"), false
}

// burst counts anonymous requests of an address in a minute.
type burst struct {
	since time.Time
	count map[netip.Addr]int
}

// overBurst counts the request and says whether there were too many. How CARLOS words the refusal is unverified.
func (c *call) overBurst() (answer, bool) {
	if c.cfg.Dialect != CARLOS {
		return answer{}, false
	}
	if c.at.Sub(c.burst.since) >= time.Minute {
		c.Server.burst = burst{since: c.at, count: map[netip.Addr]int{}}
	}
	from, _ := netip.ParseAddrPort(c.r.RemoteAddr) // an address that is none counts as one
	c.burst.count[from.Addr()]++
	if c.burst.count[from.Addr()] <= c.cfg.Burst {
		return answer{}, false
	}
	a := c.text(http.StatusTooManyRequests, "rate_limited")
	a.header = http.Header{"Retry-After": {"60"}}
	return a, true
}
