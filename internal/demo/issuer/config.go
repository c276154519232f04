package issuer

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// DefaultTTL is how long a token from the token endpoint is good when Config.TTL does not say.
const DefaultTTL = 10 * time.Minute

// Config is the small world that the issuer vouches for.
type Config struct {
	Issuer    string            // http://127.0.0.1:port, without a path; loopback only
	Key       *ecdsa.PrivateKey // P-256, see LoadKey
	Audiences []string          // what tokens may be asked for; the first is the default
	People    []Person          // who can be picked
	Clients   []Client          // who may ask
	TTL       time.Duration     // of tokens from the token endpoint; 0 is DefaultTTL
	Now       func() time.Time  // nil is time.Now
	Random    io.Reader         // nil is crypto/rand; for codes and token ids
}

// Person is someone made up.
type Person struct {
	Subject  string   // sub
	Name     string   // name; empty makes a nameless log-in, to see it refused
	Title    string   // for the page that people are picked from: "front desk, AssistCo"
	Purposes []string // purpose_of_use
	Clients  []string // the clients this person may use; none means all
}

// Client is a program that may ask for tokens.
type Client struct {
	ID           string
	Name         string             // for the page, and the name of an automated agent
	Secret       string             // for client_secret_basic and client_secret_post
	Keys         jose.JSONWebKeySet // public keys for private_key_jwt
	RedirectURIs []string           // compared as they stand
	Scopes       []string           // what it may ask for; asking for nothing gives all of them
	Automated    bool               // an automated agent: may use client_credentials
	Purposes     []string           // purpose_of_use of an automated agent's tokens
}

// check holds the configuration to what the handlers rely on.
func (c Config) check() error {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("issuer: %q is not an http URL", c.Issuer)
	}
	if !loopbackHost(u.Hostname()) {
		return fmt.Errorf("issuer: %s is not on loopback; the demo's issuer lets anyone be anyone and runs nowhere else", u.Hostname())
	}
	if u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("issuer: the issuer URL must end with the port, without path or slash")
	}
	if len(c.Audiences) == 0 {
		return errors.New("issuer: an audience is needed")
	}
	if c.Key == nil || c.Key.Curve.Params().BitSize != 256 {
		return errors.New("issuer: a P-256 key is needed")
	}
	return c.checkNames()
}

func (c Config) checkNames() error {
	subjects, ids := map[string]bool{}, map[string]bool{}
	for _, p := range c.People {
		if p.Subject == "" || subjects[p.Subject] {
			return fmt.Errorf("issuer: person %q: the subject is missing or taken", p.Subject)
		}
		subjects[p.Subject] = true
	}
	for _, cl := range c.Clients {
		if cl.ID == "" || ids[cl.ID] {
			return fmt.Errorf("issuer: client %q: the id is missing or taken", cl.ID)
		}
		ids[cl.ID] = true
	}
	return nil
}

// Listen is net.Listen for an address on loopback; it refuses any other, an empty host above all.
func Listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if !loopbackHost(host) {
		return nil, fmt.Errorf("issuer: %q is not a loopback address; the demo's issuer lets anyone be anyone and listens nowhere else", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if bound, ok := l.Addr().(*net.TCPAddr); !ok || !bound.IP.IsLoopback() { // "localhost" may resolve to anything
		l.Close()
		return nil, fmt.Errorf("issuer: %q does not resolve to loopback", address)
	}
	return l, nil
}

func loopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
