package stage

import (
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule/internal/demo"
	"vestibule/internal/demo/emr"
	"vestibule/internal/demo/issuer"
)

// memory is demo.json.
type memory struct {
	Began time.Time      `json:"began"`           // the moment the world is made around
	Ports map[string]int `json:"ports"`           // of the issuer and the EMRs
	OSCAR bool           `json:"oscar,omitempty"` // a clinic runs on one
}

func (m *memory) load(folder string, o Options) error {
	*m = memory{Began: o.Now(), Ports: map[string]int{}, OSCAR: o.OSCAR}
	b, err := os.ReadFile(filepath.Join(folder, "demo.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	m.OSCAR = false
	if err := json.Unmarshal(b, m); err != nil || m.Ports == nil {
		return fmt.Errorf("%s is broken; remove the folder, or choose another with --data", filepath.Join(folder, "demo.json"))
	}
	return nil
}

func (m *memory) save(folder string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "demo.json"), append(b, '\n'), 0o600)
}

func (s *Stage) keyFile(clinic string) string { return filepath.Join(s.Folder, "emr-"+clinic+".pem") }

// openEMR opens a clinic's EMR and fills it. One of the two wants the gateway to log in as SMART Backend Services; both
// also answer anybody on this machine, so that people can compare what the gateway keeps back.
func (s *Stage) openEMR(name string, now func() time.Time) error {
	if s.OnOSCAR(name) {
		return s.openOSCAR(name, now)
	}
	zone, err := time.LoadLocation(demo.Zone(name))
	if err != nil {
		return err
	}
	var clients map[string]jose.JSONWebKeySet
	if name == demo.Wascana {
		key, err := issuer.LoadKey(s.keyFile(name), elliptic.P384())
		if err != nil {
			return err
		}
		clients = map[string]jose.JSONWebKeySet{demo.GatewayClient: {Keys: []jose.JSONWebKey{{Key: key.Public(), Algorithm: string(jose.ES384), Use: "sig"}}}}
	}
	return s.helper("emr-"+name, func(url string) (http.Handler, error) {
		e, err := emr.New(emr.Config{Base: url + "/fhir", Name: "The demo's EMR of " + name, Zone: zone, Clients: clients,
			Path: filepath.Join(s.Folder, "emr-"+name+".log"), Now: now})
		if err != nil {
			return nil, err
		}
		s.emrs[name], s.Ready.EMR[name] = e, e.URL()
		return e, e.Load(demo.World(name, s.memory.Began)...)
	})
}

// openIssuer opens the identity provider and makes the ready tokens.
func (s *Stage) openIssuer(now func() time.Time) error {
	key, err := issuer.LoadKey(filepath.Join(s.Folder, "issuer.key"), elliptic.P256())
	if err != nil {
		return err
	}
	var provider *issuer.Issuer
	err = s.helper("issuer", func(url string) (http.Handler, error) {
		s.Ready.Issuer = url
		provider, err = issuer.New(issuer.Config{Issuer: url, Key: key, Audiences: []string{s.Ready.Console}, Now: now, People: people(), Clients: clients()})
		return provider, err
	})
	if err != nil {
		return err
	}
	for _, p := range demo.People() {
		token, err := provider.Mint(p.Subject, p.Client, p.Scopes, tokenLife)
		if err != nil {
			return err
		}
		s.Ready.Tokens[p.Key] = token
		if err := os.WriteFile(s.TokenFile(p.Key), []byte(token), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// TokenFile is where the ready token of one of demo.People lies.
func (s *Stage) TokenFile(who string) string { return filepath.Join(s.Folder, "tokens", who) }

func people() []issuer.Person {
	var out []issuer.Person
	for _, p := range demo.People() {
		out = append(out, issuer.Person{Subject: p.Subject, Name: p.Name, Title: p.Key, Purposes: p.Purposes, Clients: []string{p.Client}})
	}
	return out
}

// clients are the programs people may sign in with: one redirect address on loopback each, to try standard clients.
func clients() []issuer.Client {
	redirects := []string{"http://127.0.0.1:8765/callback"}
	scopes := map[string][]string{}
	for _, p := range demo.People() {
		scopes[p.Client] = append(scopes[p.Client], p.Scopes...)
	}
	return []issuer.Client{
		{ID: demo.ClientAssistants, Name: "AssistCo Desktop", Secret: "demo-secret", RedirectURIs: redirects, Scopes: append(scopes[demo.ClientAssistants], "openid")},
		{ID: demo.ClientStaff, Name: "Vestibule Console", Secret: "demo-secret", RedirectURIs: redirects, Scopes: append(scopes[demo.ClientStaff], "openid")},
	}
}
