package daemon

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"slices"

	"vestibule"
	"vestibule/adapters/fhirr4"
	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/forward"
)

// forwarding is what sends the trails on; what a sink needs is resolved when it is first asked, so that a secret or a
// certificate that is missing holds up that sink and nothing else.
func (d *Daemon) forwarding() *forward.Forwarder {
	o := forward.Options{DB: d.db, Log: d.opts.Log, Record: d.recordForward}
	for _, conf := range d.opts.Forward {
		s := forward.Sink{Name: conf.Name, FromNow: conf.From == config.FromNow, AlarmAfter: conf.AlarmAfter}
		if !slices.Contains(conf.Clinics, config.AllClinics) {
			s.Clinics = conf.Clinics
		}
		switch {
		case conf.FHIR != nil:
			s.Kind, s.Open = "fhir", func() (forward.Receiver, error) { return openRepository(*conf.FHIR) }
		case conf.File != nil:
			s.Kind, s.Open = "file", func() (forward.Receiver, error) { return forward.OpenFile(conf.File.Path) }
		case conf.Syslog != nil:
			s.Kind, s.Open = "syslog", func() (forward.Receiver, error) { return d.openSyslog(*conf.Syslog) }
		}
		o.Sinks = append(o.Sinks, s)
	}
	return forward.New(o)
}

// recordForward puts what became of forwarding into the gateway's log.
func (d *Daemon) recordForward(ctx context.Context, n forward.Note) error {
	r := audit.Record{
		ID: vestibule.NewID(), Phase: audit.PhaseSystem, Clinic: vestibule.GatewayLog, Outcome: audit.OutcomeSuccess,
		Admin: audit.Admin{Action: n.Action, Subject: n.Subject, By: n.By},
	}
	if n.By != "" {
		r.Phase = audit.PhaseAdmin
	}
	_, err := d.ledger.Append(ctx, r)
	return err
}

func openRepository(conf config.ForwardFHIR) (forward.Receiver, error) {
	trust, err := sinkTLS(conf.TLS)
	if err != nil {
		return nil, err
	}
	out := forward.FHIRConfig{URL: conf.URL, Way: conf.Way, Batch: conf.Batch, Transport: fhirr4.NewTransport(trust)}
	if conf.Login != (config.Login{}) {
		login, err := fhirr4Login(conf.Login)
		if err != nil {
			return nil, unusable(err)
		}
		server, err := fhirr4.Open(fhirr4.Config{Base: conf.URL, Login: login, Transport: out.Transport})
		if err != nil {
			return nil, unusable(err)
		}
		out.Authorize = server.Authorization
	}
	return forward.OpenFHIR(out)
}

func (d *Daemon) openSyslog(conf config.ForwardSyslog) (forward.Receiver, error) {
	trust, err := sinkTLS(conf.TLS)
	if err != nil {
		return nil, err
	}
	return forward.OpenSyslog(forward.SyslogConfig{Address: conf.Address, TLS: trust, Deployment: d.opts.Deployment, MaxMessage: conf.MaxMessage})
}

// unusable is a setting of a sink that cannot be used; its text names files and references, never what they hold.
func unusable(err error) error { return &forward.Fault{Text: err.Error()} }

// sinkTLS is whom a sink has to be and who the gateway is to it. Names and chains are checked always.
func sinkTLS(conf *config.ForwardTLS) (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if conf == nil {
		return out, nil
	}
	if conf.CA != "" {
		text, err := os.ReadFile(conf.CA)
		if err != nil {
			return nil, unusable(err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(text) {
			return nil, unusable(fmt.Errorf("%s holds no certificate in PEM", conf.CA))
		}
	}
	if conf.Cert != "" {
		chain, err := os.ReadFile(conf.Cert)
		if err != nil {
			return nil, unusable(err)
		}
		key, err := conf.Key.Resolve()
		if err != nil {
			return nil, unusable(err)
		}
		pair, err := tls.X509KeyPair(chain, key)
		if err != nil {
			return nil, unusable(fmt.Errorf("%s and %s: %w", conf.Cert, conf.Key, err))
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}
