package demo

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"time"

	"vestibule/adapters/oscar/oscartest"
)

// OSCARSetting says which clinic's OSCAR to put up and where.
type OSCARSetting struct {
	Clinic string           // of the world
	Began  time.Time        // the moment the world is made around
	Path   string           // file that keeps the tables; empty keeps nothing
	Now    func() time.Time // nil is time.Now
	Random io.Reader        // for secrets; safe for concurrent use
}

// OSCAR is a clinic's OSCAR on loopback, filled with the world's people. It is an http.Handler; its context is /oscar.
type OSCAR struct {
	*oscartest.Server
	Login OSCARLogin // what the clinic gives a gateway

	mu   sync.Mutex
	path string
	kept string // what the file holds
}

// OSCARLogin is what a gateway needs to work in an OSCAR: the client that the clinic has entered, the token that consent
// gave, and a name for SOAP.
type OSCARLogin struct {
	ClientKey, ClientSecret string
	Token, TokenSecret      string
	User, Password          string
}

// oscarFile is what OSCARSetting.Path holds.
type oscarFile struct {
	Login  OSCARLogin      `json:"login"`
	Tables json.RawMessage `json:"tables"`
}

// OpenOSCAR puts an OSCAR up, or goes on with the one whose tables Path keeps. The gateway's token acts as a provider of
// its own, with no more privileges than the adapter needs.
func OpenOSCAR(s OSCARSetting) (*OSCAR, error) {
	zone, err := time.LoadLocation(Zone(s.Clinic))
	if _, known := clinicOf(s.Clinic); !known || err != nil {
		return nil, fmt.Errorf("demo: there is no clinic %q to put an OSCAR up for", s.Clinic)
	}
	file, err := readOSCAR(s.Path)
	if err != nil {
		return nil, err
	}
	if file.Login == (OSCARLogin{}) {
		if file.Login, err = newOSCARLogin(s.Random); err != nil {
			return nil, err
		}
	}
	rows := OSCARWorld(s.Clinic, s.Began)
	server, err := oscartest.New(oscartest.Config{Dialect: oscartest.OpenO, Zone: zone, Now: s.Now, Random: s.Random, Codes: rows.Codes, LoopbackOnly: true, KeepRequests: 100,
		Clients: []oscartest.Client{{Key: file.Login.ClientKey, Secret: file.Login.ClientSecret, Name: "Vestibule"}}})
	if err != nil {
		return nil, err
	}
	o := &OSCAR{Server: server, Login: file.Login, path: s.Path}
	if file.Tables != nil {
		return o, server.Load(file.Tables)
	}
	o.fill(rows)
	return o, o.keep()
}

func readOSCAR(path string) (file oscarFile, err error) {
	b, err := os.ReadFile(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return file, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &file)
	}
	if err != nil {
		return file, fmt.Errorf("demo: the file of an OSCAR cannot be read: %w; remove the folder to start anew", err)
	}
	return file, nil
}

func newOSCARLogin(random io.Reader) (OSCARLogin, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return OSCARLogin{}, err
	}
	return OSCARLogin{ClientKey: GatewayClient, ClientSecret: hex.EncodeToString(b[:16]), User: GatewayClient, Password: hex.EncodeToString(b[16:])}, nil
}

// fill seeds the tables and lets the gateway's provider consent.
func (o *OSCAR) fill(rows OSCARRows) {
	for i, p := range rows.Providers {
		if p.No == oscarGateway {
			rows.Providers[i].User, rows.Providers[i].Password = o.Login.User, o.Login.Password
		}
	}
	o.AddProviders(rows.Providers...)
	o.AddPatients(rows.Patients...)
	o.AddAppointments(rows.Appointments...)
	o.AddTicklers(rows.Ticklers...)
	o.AddDocuments(rows.Documents...)
	o.AddLabs(rows.Labs...)
	token := o.Issue(o.Login.ClientKey, oscarGateway)
	o.Login.Token, o.Login.TokenSecret = token.Key, token.Secret
}

// ServeHTTP answers, and keeps what a call has changed before the caller hears of it.
func (o *OSCAR) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		o.Server.ServeHTTP(w, r)
		return
	}
	held := &heldAnswer{header: http.Header{}}
	o.Server.ServeHTTP(held, r)
	if err := o.keep(); err != nil {
		http.Error(w, "The demo's OSCAR cannot write its file.", http.StatusInternalServerError)
		return
	}
	for name, values := range held.header {
		w.Header()[name] = values
	}
	w.WriteHeader(held.status)
	_, _ = w.Write(held.body) // whoever hung up needs no answer
}

// heldAnswer is an answer that waits for its writing to be kept.
type heldAnswer struct {
	header http.Header
	status int
	body   []byte
}

func (h *heldAnswer) Header() http.Header    { return h.header }
func (h *heldAnswer) WriteHeader(status int) { h.status = status }
func (h *heldAnswer) Write(b []byte) (int, error) {
	h.body = append(h.body, b...)
	return len(b), nil
}

// keep writes the tables to the file if they have changed: under another name first, so that a crash leaves the old ones.
func (o *OSCAR) keep() error {
	if o.path == "" {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	tables, err := o.Save()
	if err != nil || string(tables) == o.kept {
		return err
	}
	b, err := json.Marshal(oscarFile{Login: o.Login, Tables: tables})
	if err != nil {
		return err
	}
	if err := os.WriteFile(o.path+".new", b, 0o600); err != nil {
		return err
	}
	if err := os.Rename(o.path+".new", o.path); err != nil {
		return err
	}
	o.kept = string(tables)
	return nil
}
