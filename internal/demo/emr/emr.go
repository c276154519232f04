package emr

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Config is one made-up clinic's EMR.
type Config struct {
	Base         string                        // the FHIR base, http://127.0.0.1:port/fhir; loopback only
	Name         string                        // of the software, for its CapabilityStatement
	Zone         *time.Location                // the clinic's; dates without a zone are read in it; nil is UTC
	Path         string                        // file that keeps what is written; empty keeps nothing
	Clients      map[string]jose.JSONWebKeySet // public keys of those who may log in, by client id
	RequireLogin bool                          // refuse who has no token of this EMR
	Now          func() time.Time              // nil is time.Now
	Random       io.Reader                     // nil is crypto/rand; for ids and tokens; safe for concurrent use
}

// EMR is an http.Handler. New makes it; it is safe for concurrent use.
type EMR struct {
	cfg    Config
	base   string // without trailing slash
	path   string // of the base
	store  *store
	logins *logins
	about  []byte // the CapabilityStatement
}

// New makes an EMR and reads back what an earlier one kept in Config.Path. It refuses a base that is not on loopback.
func New(cfg Config) (*EMR, error) {
	u, err := url.Parse(strings.TrimRight(cfg.Base, "/"))
	if err != nil || u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("emr: %q is not an http URL", cfg.Base)
	}
	if !loopback(u.Hostname()) {
		return nil, fmt.Errorf("emr: %s is not on loopback; this EMR answers anyone and runs nowhere else", u.Hostname())
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	e := &EMR{cfg: cfg, base: u.String(), path: u.Path}
	e.logins = newLogins(cfg, e.base+tokenPath)
	e.about = e.statement()
	e.store, err = openStore(cfg.Path)
	return e, err
}

// URL is the FHIR base, without trailing slash.
func (e *EMR) URL() string { return e.base }

// Len is how many resources it holds.
func (e *EMR) Len() int { return e.store.len() }

// Close writes out what is kept. The EMR must not be used afterwards.
func (e *EMR) Close() error { return e.store.close() }

// Load puts resources in that are not there yet, each with an id of its own; those that are there stay as they are.
func (e *EMR) Load(resources ...[]byte) error {
	for _, b := range resources {
		if err := e.store.load(b, e.cfg.Now()); err != nil {
			return err
		}
	}
	return nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// local reports whether the peer and the host it asked for are this machine.
func local(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return loopback(strings.Trim(host, "[]"))
}
