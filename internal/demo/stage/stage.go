// Package stage puts the demo's world up: two EMRs and an identity provider on loopback, and a gateway between them, with
// everything they have to remember in one folder.
//
// # The folder
//
//	demo.json        when the world began and on which ports it lives, so that a second start is the same world
//	issuer.key       the identity provider's signing key
//	emr-CLINIC.log   what was written to a clinic's EMR
//	emr-CLINIC.pem   the gateway's key for an EMR that wants a log-in
//	oscar-CLINIC.*   a clinic's OSCAR: its tables, and the secrets it has given the gateway
//	tokens/NAME      ready access tokens, made anew at each start, good for twelve hours
//	…                and the gateway's own, see package daemon
package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/demo"
	"vestibule/internal/demo/emr"
	"vestibule/internal/demo/issuer"
)

// Options say where the demo runs.
type Options struct {
	Listen  string // of the gateway, host:port on loopback; port 0 picks one
	Metrics string // of the metrics, host:port on loopback; port 0 picks one
	Data    string // the folder
	Version string // of the program
	Log     *slog.Logger

	OSCAR bool // a new folder's second clinic runs on an OSCAR instead of an EMR that speaks FHIR

	CheckpointCopy string // see daemon.Options

	Now func() time.Time // nil: time.Now
}

// Stage is the running demo.
type Stage struct {
	Ready  Ready
	Tours  map[string]Tour // by clinic
	Folder string          // absolute

	memory    memory
	daemon    *daemon.Daemon
	listeners daemon.Listeners
	emrs      map[string]*emr.EMR
	oscars    map[string]*demo.OSCAR
	helpers   []*http.Server
}

// Ready is what `--ready-file` holds: where everything is, once it serves.
type Ready struct {
	FHIR    map[string]string `json:"fhir"`    // clinic to FHIR base
	Audit   map[string]string `json:"audit"`   // clinic to the base of its trail
	Console string            `json:"console"` // for a browser
	Issuer  string            `json:"issuer"`
	EMR     map[string]string `json:"emr"` // clinic to its EMR's FHIR base, to compare
	Metrics string            `json:"metrics"`
	Tokens  map[string]string `json:"tokens"` // who to access token
}

// tokenLife is how long the ready tokens are good.
const tokenLife = 12 * time.Hour

// Open puts everything up but the front door; Serve opens that.
func Open(ctx context.Context, o Options) (s *Stage, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s = &Stage{emrs: map[string]*emr.EMR{}, oscars: map[string]*demo.OSCAR{}, Tours: map[string]Tour{},
		Ready: Ready{FHIR: map[string]string{}, Audit: map[string]string{}, EMR: map[string]string{}, Tokens: map[string]string{}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.Folder, err = filepath.Abs(o.Data); err != nil {
		return s, err
	}
	if err = os.MkdirAll(filepath.Join(s.Folder, "tokens"), 0o700); err != nil {
		return s, err
	}
	if err = s.memory.load(s.Folder, o); err != nil {
		return s, err
	}
	if err = s.listen(o); err != nil {
		return s, err
	}
	for _, name := range demo.Clinics() {
		if err = s.openEMR(name, o.Now); err != nil {
			return s, err
		}
	}
	if err = s.openIssuer(o.Now); err != nil {
		return s, err
	}
	if err = s.memory.save(s.Folder); err != nil {
		return s, err
	}
	if err = s.openGateway(ctx, o); err != nil {
		return s, err
	}
	return s, s.planTours(ctx)
}

// listen opens the gateway's own doors.
func (s *Stage) listen(o Options) (err error) {
	if s.listeners.Public, err = issuer.Listen(o.Listen); err != nil {
		return fmt.Errorf("the gateway cannot listen on %s: %w; choose another address with --listen", o.Listen, err)
	}
	if s.listeners.Metrics, err = issuer.Listen(o.Metrics); err != nil {
		return fmt.Errorf("metrics cannot listen on %s: %w; choose another address with --metrics", o.Metrics, err)
	}
	s.Ready.Console = "http://" + s.listeners.Public.Addr().String()
	s.Ready.Metrics = "http://" + s.listeners.Metrics.Addr().String() + "/metrics"
	for _, name := range demo.Clinics() {
		s.Ready.FHIR[name] = s.Ready.Console + "/fhir/" + name
		s.Ready.Audit[name] = s.Ready.Console + "/audit/" + name
	}
	return nil
}

// helper serves h on the port that the world has for name, on loopback; the first start picks one.
func (s *Stage) helper(name string, open func(url string) (http.Handler, error)) error {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.memory.Ports[name]))
	if err != nil {
		return fmt.Errorf("the demo's %s lives on port %d in this folder, which another program has now: %w; stop that one, or choose another folder with --data",
			name, s.memory.Ports[name], err)
	}
	s.memory.Ports[name] = l.Addr().(*net.TCPAddr).Port
	h, err := open("http://" + l.Addr().String())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.helpers = append(s.helpers, server)
	go server.Serve(l)
	return nil
}

func (s *Stage) openGateway(ctx context.Context, o Options) error {
	var err error
	s.daemon, err = daemon.Open(ctx, daemon.Options{Data: s.Folder, Deployment: "vestibule-demo", PublicURL: s.Ready.Console, Version: o.Version, Log: o.Log,
		CheckpointCopy: o.CheckpointCopy})
	if err != nil {
		return err
	}
	current, err := s.daemon.Store().Current(ctx)
	if err != nil || len(current) > 0 {
		return err // a second start keeps what was there
	}
	docs, err := config.Parse("demo", demo.Documents(s.setting()))
	if err != nil {
		return err
	}
	if _, err := s.daemon.Store().Apply(ctx, "vestibule demo", o.Now(), daemon.Stored(docs...)); err != nil {
		return err
	}
	return s.daemon.Refresh(ctx)
}

func (s *Stage) setting() demo.Setting {
	return demo.Setting{Issuer: s.Ready.Issuer, EMR: s.Ready.EMR, Now: s.memory.Began, OSCAR: s.connections(),
		Key: map[string]string{demo.Wascana: s.keyFile(demo.Wascana)}}
}

// Serve answers until ctx ends.
func (s *Stage) Serve(ctx context.Context) error { return s.daemon.Serve(ctx, s.listeners) }

// Close takes everything down again. What was written stays in the folder.
func (s *Stage) Close() error {
	var errs []error
	if s.daemon != nil {
		errs = append(errs, s.daemon.Close())
	}
	for _, l := range []net.Listener{s.listeners.Public, s.listeners.Metrics} {
		if l != nil {
			l.Close() // Serve has closed it already, where it came to that
		}
	}
	for _, h := range s.helpers {
		errs = append(errs, h.Close())
	}
	for _, e := range s.emrs {
		errs = append(errs, e.Close())
	}
	return errors.Join(errs...)
}
