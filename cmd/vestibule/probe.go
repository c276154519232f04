package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/probe"
)

// probeCmd looks for leaks in a FHIR server.
type probeCmd struct {
	Base      string        `placeholder:"URL" help:"The FHIR R4 base to ask, below which /metadata stands."`
	Token     string        `placeholder:"TOKEN" env:"VESTIBULE_TOKEN" help:"The caller's access token. Better in the environment or a file than on the command line."`
	TokenFile string        `placeholder:"FILE" type:"path" help:"The file that holds the token."`
	Known     string        `placeholder:"FILE" type:"path" help:"What exists and must not be visible to this token, see above."`
	Only      []string      `placeholder:"NAME" help:"Only these probes, by name, separated by commas."`
	Writes    bool          `help:"Also try writes, on the resource that the known-file gives as scratch. Never on a system that is in use."`
	Format    string        `enum:"text,json" default:"text" help:"How to print what was found: text or json. Default: ${default}."`
	Rate      float64       `default:"20" placeholder:"N" help:"Requests in a second, at most. Default: ${default}."`
	Timeout   time.Duration `default:"15s" placeholder:"TIME" help:"How long to wait for one answer. Default: ${default}."`
	CA        string        `name:"ca" placeholder:"FILE" type:"path" help:"PEM file with the authorities that the server's certificate is checked with, instead of this machine's."`
	List      bool          `help:"List the probes, with what each would show, and ask nobody."`
}

// Help is shown below the flags.
func (probeCmd) Help() string {
	return `Asks any FHIR R4 server, a gateway or an EMR, as the holder of a token, and shows what it tells that it should not:

    VESTIBULE_TOKEN=... vestibule probe --base https://gate.example/fhir/maple
    vestibule probe --base https://emr.example/fhir --token-file token --known known.yaml --format json

It reads only, unless --writes is given, and needs to know nothing: it learns what the token sees in plain requests and tries
to see more. Each probe holds an answer against a control; its verdict is ok, leak (with the requests that show it), warning
(nothing leaks, but something could: a parameter that is ignored, a failure) or not applicable. Values that came from data are
printed as {}. The token goes to the origin of the base and nowhere else; redirects are not followed.

Some probes look like attacks, because that is what they are made of: expect alerts, refused requests in logs, and, in
the trail of a gateway, denials. Have the consent of whoever runs the server. It makes about three thousand requests: two to three
minutes at the default rate.

A known-file makes it sharper. YAML or JSON, every member optional:

    types: [Patient, Observation]          # nothing of these types may be had
    resources: [Appointment/123, Task/9]   # exist, and have to look as if they did not
    elements:                              # hidden, by type
      Appointment: [comment, reasonCode]
    values: ["Low mood, first visit"]      # must never stand in any answer; at least 4 characters
    searches:                              # would find something if a hidden value counted; not percent-encoded
      - Appointment?reason-code=35489007
      - Appointment?patient.birthdate=1961-02-03
    scratch: Appointment/4                 # may be changed and spoilt; for --writes only

It exits with 0 when nothing leaks, 1 when something does, 2 when it could not run or was stopped before it found anything.`
}

// Run asks, prints, and fails where something leaks.
func (c probeCmd) Run(ctx context.Context, t *terminal) error {
	if c.List {
		return probe.WriteList(t.Out)
	}
	o, err := c.options(t)
	if err != nil {
		return exitError{exitUsage, err}
	}
	report, err := probe.Run(ctx, o)
	if onTerminal(t) {
		fmt.Fprint(t.Err, "\r\x1b[K")
	}
	if err != nil {
		return exitError{exitUsage, err}
	}
	write := report.WriteText
	if c.Format == "json" {
		write = report.WriteJSON
	}
	if err := write(t.Out); err != nil {
		return exitError{exitUsage, err}
	}
	switch n := report.Count(probe.Leak); {
	case n > 0:
		return fmt.Errorf("%d of %d probes found a leak", n, len(report.Results))
	case report.Interrupted:
		return exitError{exitUsage, errors.New("stopped before all probes were run")}
	}
	return nil
}

func (c probeCmd) options(t *terminal) (probe.Options, error) {
	o := probe.Options{Base: c.Base, Token: c.Token, Writes: c.Writes, Only: c.Only, Timeout: c.Timeout, Rate: c.Rate, Now: t.Now}
	if c.Base == "" {
		return o, errors.New("--base URL is needed: the FHIR base to ask; or --list")
	}
	if c.Rate <= 0 || c.Timeout <= 0 {
		return o, errors.New("--rate and --timeout have to be more than nothing")
	}
	if c.TokenFile != "" {
		b, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return o, err
		}
		o.Token = strings.TrimSpace(string(b))
	}
	if o.Token == "" {
		return o, errors.New("a token is needed: --token-file FILE, or VESTIBULE_TOKEN in the environment")
	}
	if c.Known != "" {
		known, err := config.LoadKnown(c.Known)
		if err != nil {
			return o, err
		}
		o.Known = known
	}
	if onTerminal(t) {
		o.Progress = func(done, all int, name string) { fmt.Fprintf(t.Err, "\r\x1b[K%d of %d  %s", done, all, name) }
	}
	var err error
	o.Transport, err = c.transport()
	return o, err
}

// transport checks the server's certificate, with other authorities where they are given. It uses no proxy but that of the
// environment.
func (c probeCmd) transport() (http.RoundTripper, error) {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA == "" {
		return tr, nil
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", c.CA)
	}
	tr.TLSClientConfig.RootCAs = pool
	return tr, nil
}

// onTerminal reports whether a person watches the errors.
func onTerminal(t *terminal) bool {
	f, ok := t.Err.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// exitError is an error with the code that the process exits with.
type exitError struct {
	code int
	error
}

func (e exitError) Unwrap() error { return e.error }

// codeOf is what the process exits with after an error of a command.
func codeOf(err error) int {
	if e, ok := errors.AsType[exitError](err); ok {
		return cmp.Or(e.code, exitFailure)
	}
	return exitFailure
}
