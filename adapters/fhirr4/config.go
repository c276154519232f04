package fhirr4

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Config says where an EMR is and how to talk to it. Zero fields other than Base mean their defaults.
type Config struct {
	Base    string   // the FHIR base, "https://emr.example.test/fhir/R4"; https, or http on loopback
	Aliases []string // other addresses by which the EMR names its base in links and references, as behind a proxy
	Login   Login
	Quirks  Quirks

	Timeout      time.Duration // of one call, retries included; default 15 s
	MaxBody      int           // bytes of an answer; default 16 MiB
	Attempts     int           // times a request that may be repeated is sent; default 3
	Pause        time.Duration // before the second of them, at most; it doubles; default wire.FirstPause
	SearchByPost bool          // search with POST [type]/_search, so that patients' ids stay out of the logs between here and there

	Transport http.RoundTripper // default NewTransport(nil); must not follow redirects
	Now       func() time.Time  // default time.Now
	Random    io.Reader         // for jitter and assertion ids; safe for concurrent use; default crypto/rand
}

// Quirks are what a CapabilityStatement does not tell. The zero value is a server that keeps to the standard.
type Quirks struct {
	NoCount   bool                // _count must not be sent: OpenEMR then finds nothing (hazard H33)
	NoSort    bool                // _sort must not be sent or is ignored
	Modifiers []string            // modifiers known to be honoured ("not", "missing"); others are filtered here
	Ignored   map[string][]string // by type: parameters declared and yet not honoured, as seen with vendors' statements

	StablePages bool // next links lead through the result as it was, or by a key, and not by an offset into what moves
}

// NewTransport is the connection pool the adapter is meant to use: kept connections, time limits for every step, no
// compression (so that a small answer cannot unfold into a large one), no proxy from the environment.
func NewTransport(conf *tls.Config) *http.Transport { return wire.NewTransport(conf) }

func (c Config) withDefaults() Config {
	c.Timeout = cmpOr(c.Timeout, 15*time.Second)
	c.MaxBody = cmpOr(c.MaxBody, 16<<20)
	c.Attempts = cmpOr(c.Attempts, 3)
	c.Pause = cmpOr(c.Pause, wire.FirstPause)
	if c.Transport == nil {
		c.Transport = NewTransport(nil)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	return c
}

func cmpOr[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

func invalid(path, text string) *fhir.Error {
	return fhir.E("fhirr4.Open", fhir.KindInvalid, "invalid-connection", text).At(path)
}

// parseBase reads an EMR's base: an absolute http(s) URL without anything that could make joining a path to it ambiguous.
func parseBase(s, path string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, invalid(path, "A FHIR base is an absolute URL such as https://emr.example.test/fhir.")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.RawPath != "":
		return nil, invalid(path, "A FHIR base has no user, query, fragment or escapes; credentials belong into login.")
	}
	for seg := range strings.SplitSeq(strings.TrimPrefix(u.Path, "/"), "/") {
		if seg == "." || seg == ".." || seg == "" && u.Path != "" {
			return nil, invalid(path, "A FHIR base has no empty, . or .. segments.")
		}
	}
	return u, nil
}

func (c Config) bases() ([]*url.URL, error) {
	base, err := parseBase(c.Base, "base")
	if err != nil {
		return nil, err
	}
	if !wire.Protected(base) {
		return nil, invalid("base", "Patients' data travel over https; http is accepted on loopback only.")
	}
	all := []*url.URL{base}
	for i, s := range c.Aliases {
		u, err := parseBase(s, fmt.Sprintf("aliases[%d]", i))
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}
