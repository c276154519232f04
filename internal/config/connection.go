package config

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Connection is how the gateway reaches a clinic's EMR.
type Connection struct {
	Clinic  string        `yaml:"clinic"`
	Name    string        `yaml:"name"`    // empty: "emr"
	Adapter string        `yaml:"adapter"` // one of Adapters
	Base    string        `yaml:"base"`    // fhirr4: the EMR's FHIR base URL; oscar: OSCAR's address, all of it before /ws
	Login   Login         `yaml:"login"`
	Timeout time.Duration `yaml:"timeout"` // for one request; 0: the adapter's own
	Search  string        `yaml:"search"`  // "get" or "post"; empty: get
	Aliases []string      `yaml:"aliases"` // other addresses by which the EMR names its base in links and references
	Quirks  Quirks        `yaml:"quirks"`
	OSCAR   OSCAR         `yaml:"oscar"` // adapter oscar only
}

// Quirks are what the EMR's own statement does not tell. The zero value is a server that keeps to the standard.
type Quirks struct {
	NoCount   bool                `yaml:"noCount"`   // _count must not be sent (hazard H33)
	NoSort    bool                `yaml:"noSort"`    // _sort must not be sent
	Modifiers []string            `yaml:"modifiers"` // search modifiers known to be honoured
	Ignored   map[string][]string `yaml:"ignored"`   // by type: parameters that are declared and yet not honoured
}

// Login is how the gateway proves to an EMR who it is. Which members are wanted depends on the mode.
type Login struct {
	Mode      string `yaml:"mode"`      // one of the modes below
	ClientID  string `yaml:"clientId"`  // backend-services, client-secret; oauth1: the REST client's key
	Key       Secret `yaml:"key"`       // backend-services: the private key, PEM
	Algorithm string `yaml:"algorithm"` // backend-services: RS384 or ES384
	KeyID     string `yaml:"keyId"`     // backend-services: the key's kid; empty: none
	TokenURL  string `yaml:"tokenUrl"`  // backend-services, client-secret; empty: as the EMR's discovery document says
	Scope     string `yaml:"scope"`     // backend-services, client-secret; empty: the adapter's own
	Secret    Secret `yaml:"secret"`    // client-secret, oauth1
	Token     Secret `yaml:"token"`     // bearer; oauth1: what vestibule connect oscar has stored

	SOAPUser     string `yaml:"soapUser"`     // oauth1: the provider in whose name SOAP is used; empty: no SOAP
	SOAPPassword Secret `yaml:"soapPassword"` // oauth1: that provider's password
}

// The modes of a Login.
const (
	LoginBackendServices = "backend-services" // SMART Backend Services, private_key_jwt
	LoginClientSecret    = "client-secret"    // OAuth 2.0 client credentials with a secret
	LoginBearer          = "bearer"           // one token that does not change; for tests
	LoginNone            = "none"             // nothing; loopback only
	LoginOAuth1          = "oauth1"           // OAuth 1.0a with a provider's consent, and perhaps SOAP; adapter oscar
)

// Adapters lists the adapters that a connection may name.
func Adapters() []string { return []string{"fhirr4", AdapterOSCAR} }

// AdapterOSCAR is the adapter for the OSCAR family.
const AdapterOSCAR = "oscar"

const maxTimeout = 60 * time.Second

func (c *Connection) check() findings {
	var f findings
	label(&f, "clinic", c.Clinic)
	if c.Name != "" {
		label(&f, "name", c.Name)
	}
	if !slices.Contains(Adapters(), c.Adapter) {
		oneOf(&f, "adapter", c.Adapter, Adapters()...)
	}
	if c.Base == "" {
		f.add("base", "is missing: the EMR's FHIR base URL")
	} else if why := badBase(c.Base); why != "" {
		f.add("base", "%s", why)
	}
	if c.Timeout < 0 || c.Timeout > maxTimeout {
		f.add("timeout", "has to be between 0s and %s", maxTimeout)
	}
	if c.Search != "" && c.Search != "get" && c.Search != "post" {
		oneOf(&f, "search", c.Search, "get", "post")
	}
	for i, alias := range c.Aliases {
		if why := badBase(alias); why != "" {
			f.add(indexed("aliases", i), "%s", why)
		}
	}
	words(&f, "quirks.modifiers", c.Quirks.Modifiers)
	c.Login.check(&f, c.Base)
	c.checkAdapter(&f)
	return f
}

// check holds the login to what its mode wants, may have, and has no use for.
func (l *Login) check(f *findings, base string) {
	needs := map[string]struct{ must, may []string }{
		LoginBackendServices: {must: []string{"clientId", "key", "algorithm"}, may: []string{"keyId", "tokenUrl", "scope"}},
		LoginClientSecret:    {must: []string{"clientId", "secret"}, may: []string{"tokenUrl", "scope"}},
		LoginBearer:          {must: []string{"token"}},
		LoginNone:            {},
		LoginOAuth1:          {must: []string{"clientId", "secret", "token"}, may: []string{"soapUser", "soapPassword"}},
	}
	mode, ok := needs[l.Mode]
	if !ok {
		oneOf(f, "login.mode", l.Mode, LoginBackendServices, LoginClientSecret, LoginBearer, LoginOAuth1, LoginNone)
		return
	}
	for _, m := range l.members() {
		must := slices.Contains(mode.must, m.name)
		switch {
		case m.value == "" && must && m.secret == "":
			f.add("login."+m.name, "is missing; mode %s needs it", l.Mode)
		case m.value != "" && !must && !slices.Contains(mode.may, m.name):
			f.add("login."+m.name, "has no meaning in mode %s; leave it out", l.Mode)
		case m.secret != "" && (must || m.value != ""):
			Secret(m.value).check(f, "login."+m.name, m.secret)
		}
	}
	l.checkValues(f, base)
}

func (l *Login) checkValues(f *findings, base string) {
	if l.Algorithm != "" && l.Algorithm != "RS384" && l.Algorithm != "ES384" {
		oneOf(f, "login.algorithm", l.Algorithm, "ES384", "RS384")
	}
	if l.TokenURL != "" {
		if why := badURL(l.TokenURL); why != "" {
			f.add("login.tokenUrl", "%s", why)
		}
	}
	if l.Mode == LoginNone && !strings.HasPrefix(base, "http://") {
		f.add("login.mode", "none is accepted for an EMR on loopback (http://127.0.0.1 …) only")
	}
}

// loginMember is one member of a login; secret says what it refers to, where it is a reference.
type loginMember struct{ name, value, secret string }

func (l *Login) members() []loginMember {
	return []loginMember{
		{name: "clientId", value: l.ClientID},
		{name: "key", value: string(l.Key), secret: "the private key in PEM"},
		{name: "algorithm", value: l.Algorithm},
		{name: "keyId", value: l.KeyID},
		{name: "tokenUrl", value: l.TokenURL},
		{name: "scope", value: l.Scope},
		{name: "secret", value: string(l.Secret), secret: "the client secret"},
		{name: "token", value: string(l.Token), secret: "the token"},
		{name: "soapUser", value: l.SOAPUser},
		{name: "soapPassword", value: string(l.SOAPPassword), secret: "the password for SOAP"},
	}
}

// badBase says why raw cannot be a FHIR base: badURL, or a path to which joining another would be ambiguous.
func badBase(raw string) string {
	if why := badURL(raw); why != "" {
		return why
	}
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil || u.RawPath != "" || u.Path != "" && path.Clean(u.Path) != u.Path {
		return "must not have escapes, or empty, . or .. segments in its path"
	}
	return ""
}

// oneOf reports a word that is none of those known.
func oneOf(f *findings, path, written string, known ...string) {
	if written == "" {
		f.add(path, "is missing: %s", strings.Join(known, ", "))
		return
	}
	if meant, ok := nearest(written, known); ok {
		f.add(path, "%q is not known; did you mean %s?", written, meant)
		return
	}
	f.add(path, "%q is not known; known are %s", written, strings.Join(known, ", "))
}

func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
