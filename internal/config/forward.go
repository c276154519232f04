package config

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Forward is a sink: where trails are sent on to. One of FHIR, File and Syslog is given.
type Forward struct {
	Name       string        `yaml:"name"`       // a label; how far it got is kept under it
	Clinics    Clinics       `yaml:"clinics"`    // whose trails, _gateway for the gateway's own; or all
	From       string        `yaml:"from"`       // "now": leave out what is on record already; empty: everything
	AlarmAfter time.Duration `yaml:"alarmAfter"` // for how long it may lag before that is put on record; 0: an hour

	FHIR   *ForwardFHIR   `yaml:"fhir"`
	File   *ForwardFile   `yaml:"file"`
	Syslog *ForwardSyslog `yaml:"syslog"`
}

// Clinics is a list of clinics; AllClinics alone stands for all, also those to come.
type Clinics []string

// AllClinics as clinics is every clinic and the gateway's own trail.
const AllClinics = "all"

// FromNow as from leaves out what is on record already.
const FromNow = "now"

// GatewayTrail as one of clinics is the gateway's own trail.
const GatewayTrail = "_gateway"

// ForwardTLS is whom a sink is held to be and who the gateway is to it; files are relative to the file they are named in.
type ForwardTLS struct {
	CA   string `yaml:"ca"`   // PEM: who signs its certificate; empty: whom the system trusts
	Cert string `yaml:"cert"` // PEM: the gateway's own certificate, where it wants one
	Key  Secret `yaml:"key"`  // the key of cert, PEM
}

// ForwardFHIR is an audit record repository that speaks FHIR (IHE ITI-20, ATX: FHIR Feed).
type ForwardFHIR struct {
	URL   string      `yaml:"url"`   // its base
	Way   string      `yaml:"way"`   // create-once, create or update; empty: create-once
	Batch bool        `yaml:"batch"` // many events in one Bundle
	Login Login       `yaml:"login"` // left out: none
	TLS   *ForwardTLS `yaml:"tls"`
}

// ForwardFile is a file of AuditEvents, one on each line.
type ForwardFile struct {
	Path string `yaml:"path"` // relative to the file it is named in
}

// ForwardSyslog is a syslog server (RFC 5424 over TLS, RFC 5425).
type ForwardSyslog struct {
	Address    string      `yaml:"address"`    // host or host:port; the port's default is 6514
	MaxMessage int         `yaml:"maxMessage"` // octets of a message; 0: 32768
	TLS        *ForwardTLS `yaml:"tls"`
}

// syslogPort is that of syslog over TLS (RFC 5425 section 4.1).
const syslogPort = "6514"

// Ways lists how events may be given to a FHIR server.
func Ways() []string { return []string{"create-once", "create", "update"} }

func (s *Serve) checkForward(f *findings) {
	names, files := map[string]bool{}, map[string]bool{}
	for i := range s.Forward {
		one, at := &s.Forward[i], indexed("forward", i)
		label(f, at+".name", one.Name)
		if names[one.Name] {
			f.add(at+".name", "%q is the name of another sink; how far each got is kept under its name", one.Name)
		}
		names[one.Name] = true
		one.check(f, at)
		if one.File != nil && one.File.Path != "" {
			path := filepath.Clean(one.File.Path)
			if files[path] {
				f.add(at+".file.path", "is the file of another sink; give each its own")
			}
			if within(path, s.Data) {
				f.add(at+".file.path", "has to be outside of the data folder, which holds the trail itself")
			}
			files[path] = true
		}
	}
}

func (o *Forward) check(f *findings, at string) {
	if len(o.Clinics) == 0 {
		f.add(at+".clinics", "is missing: whose trails are sent there, such as [maple], or all")
	}
	seen := map[string]bool{}
	for i, c := range o.Clinics {
		where := indexed(at+".clinics", i)
		switch {
		case c == AllClinics && len(o.Clinics) > 1:
			f.add(where, "all stands alone; or name the clinics")
		case c != AllClinics && c != GatewayTrail && !isLabel(c):
			f.add(where, "%q is no clinic's name; write clinics' names, %s for the gateway's own trail, or all", c, GatewayTrail)
		case seen[c]:
			f.add(where, "is written twice")
		}
		seen[c] = true
	}
	if o.From != "" && o.From != FromNow {
		oneOf(f, at+".from", o.From, FromNow)
	}
	if o.AlarmAfter != 0 && o.AlarmAfter < time.Second {
		f.add(at+".alarmAfter", "has to be a second or more, such as 1h")
	}
	o.checkKind(f, at)
}

func (o *Forward) checkKind(f *findings, at string) {
	kinds := 0
	if o.FHIR != nil {
		kinds++
		o.FHIR.check(f, at+".fhir")
	}
	if o.File != nil {
		kinds++
		if o.File.Path == "" {
			f.add(at+".file.path", "is missing: the file that AuditEvents are added to")
		}
	}
	if o.Syslog != nil {
		kinds++
		o.Syslog.check(f, at+".syslog")
	}
	if kinds != 1 {
		f.add(at, "has to say where to: exactly one of fhir, file and syslog, not %d", kinds)
	}
}

func (o *ForwardFHIR) check(f *findings, at string) {
	if o.URL == "" {
		f.add(at+".url", "is missing: the repository's FHIR base URL")
	} else if why := badBase(o.URL); why != "" {
		f.add(at+".url", "%s", why)
	}
	if o.Way != "" && !slices.Contains(Ways(), o.Way) {
		oneOf(f, at+".way", o.Way, Ways()...)
	}
	if o.Login != (Login{}) {
		var inner findings
		o.Login.check(&inner, o.URL)
		for _, one := range inner {
			one.path = at + "." + one.path
			*f = append(*f, one)
		}
	}
	if o.TLS != nil {
		if strings.HasPrefix(o.URL, "http://") {
			f.add(at+".tls", "has no meaning for an http:// address; leave it out, or write https://")
		}
		o.TLS.check(f, at+".tls")
	}
}

func (o *ForwardSyslog) check(f *findings, at string) {
	if o.Address == "" {
		f.add(at+".address", "is missing: the syslog server, such as logs.example or logs.example:6514")
	} else if _, err := syslogAddress(o.Address); err != nil {
		f.add(at+".address", "%v", err)
	}
	if o.MaxMessage != 0 && (o.MaxMessage < 2048 || o.MaxMessage > 1<<20) {
		f.add(at+".maxMessage", "has to be from 2048 (what every receiver takes) to 1048576")
	}
	if o.TLS != nil {
		o.TLS.check(f, at+".tls")
	}
}

func (o *ForwardTLS) check(f *findings, at string) {
	switch {
	case o.Cert != "" && o.Key == "":
		f.add(at+".key", "is missing: a reference to the key of cert, env:NAME or file:/absolute/path")
	case o.Cert == "" && o.Key != "":
		f.add(at+".cert", "is missing: the certificate that key belongs to")
	case o.Key != "":
		o.Key.check(f, at+".key", "the key of cert")
	}
}

// syslogAddress is host:port, with the default port where none is written.
func syslogAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.Trim(s, "[]"), syslogPort
		if strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return "", fmt.Errorf("%q is no address; write host or host:port", s)
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" || strings.ContainsAny(host, "/ @") {
		return "", fmt.Errorf("%q is no address; write host or host:port", s)
	}
	return net.JoinHostPort(host, port), nil
}

// complete fills in defaults and makes paths absolute.
func (o *Forward) complete(dir string) {
	for _, t := range []*ForwardTLS{o.fhirTLS(), o.syslogTLS()} {
		if t != nil {
			absolute(dir, &t.CA, &t.Cert)
		}
	}
	if o.File != nil {
		absolute(dir, &o.File.Path)
	}
	if o.Syslog != nil {
		o.Syslog.Address, _ = syslogAddress(o.Syslog.Address) // checked
	}
}

func (o *Forward) fhirTLS() *ForwardTLS {
	if o.FHIR == nil {
		return nil
	}
	return o.FHIR.TLS
}

func (o *Forward) syslogTLS() *ForwardTLS {
	if o.Syslog == nil {
		return nil
	}
	return o.Syslog.TLS
}

// absolute makes paths that are relative to dir absolute.
func absolute(dir string, paths ...*string) {
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
}
