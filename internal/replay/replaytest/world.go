// Package replaytest is a gateway over one made-up clinic for the tests of replays: everything that happens there is carried
// out by Gateway.Do and stands in a ledger.
package replaytest

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule"
	"vestibule/adapters"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/internal/replay"
	"vestibule/internal/store"
	"vestibule/policy"
)

// Begin is a Monday morning at the tests' clinic.
var Begin = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// EMR is a small EMR in memory.
type EMR struct {
	mu        sync.Mutex
	Resources map[string]fhir.Resource // by Type/id
	order     []string
	Gone      bool // it does not answer
	Reads     int
	writes    int
}

func (e *EMR) Put(t testing.TB, text string) {
	t.Helper()
	r, err := fhir.ParseResource([]byte(text), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e.keep(r)
}

func (e *EMR) keep(r fhir.Resource) {
	key := r.Type() + "/" + r.ID()
	if _, known := e.Resources[key]; !known {
		e.order = append(e.order, key)
	}
	e.Resources[key] = r
}

func (e *EMR) Capability(context.Context) (adapters.Capability, error) {
	all := []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate}
	return adapters.NewCapability(adapters.Type{Name: "Appointment", Interactions: all, Versions: true}), nil
}

func (e *EMR) Read(_ context.Context, ref fhir.Ref) (fhir.Resource, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.Reads++
	if e.Gone {
		return fhir.Resource{}, fhir.E("emr", fhir.KindUnavailable, "emr-unreachable", "gone")
	}
	r, ok := e.Resources[ref.Type+"/"+ref.ID]
	if !ok {
		return fhir.Resource{}, fhir.E("emr", fhir.KindNotFound, "", "no such resource")
	}
	return r, nil
}

func (e *EMR) Search(_ context.Context, q fhir.Query, _ string) (adapters.Page, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var p adapters.Page
	for _, key := range e.order {
		if r, ok := e.Resources[key]; ok && q.Match(r) {
			p.Resources = append(p.Resources, r)
		}
	}
	return p, nil
}

func (e *EMR) Write(_ context.Context, c fhir.Change) (fhir.Resource, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.writes++
	id := c.Base.ID
	if id == "" {
		id = "made-" + strconv.Itoa(e.writes)
	}
	out := fmt.Sprintf(`{"resourceType":%q,"id":%q,"meta":{"versionId":"w%d"}`, c.Resource.Type(), id, e.writes)
	for name, v := range c.Resource.Value().Members() {
		if name != "resourceType" && name != "id" && name != "meta" {
			out += fmt.Sprintf(",%q:%s", name, v.Raw())
		}
	}
	r, err := fhir.ParseResource([]byte(out+"}"), fhir.Limits{})
	if err == nil {
		e.keep(r)
	}
	return r, err
}

func Appointment(id, version, practitioner, patient, status string, start time.Time) string {
	return fmt.Sprintf(`{"resourceType":"Appointment","id":%q,"meta":{"versionId":%q},"status":%q,"start":%q,"end":%q,"comment":"made up",`+
		`"participant":[{"actor":{"reference":"Practitioner/%s"},"status":"accepted"},{"actor":{"reference":"Patient/%s"},"status":"accepted"}]}`,
		id, version, status, start.Format(time.RFC3339), start.Add(15*time.Minute).Format(time.RFC3339), practitioner, patient)
}

// World is a gateway over one clinic, and everything that happened there.
type World struct {
	*vestibule.Gateway
	t       testing.TB
	Ledger  *audit.Ledger
	EMR     *EMR
	Clock   time.Time
	Zone    *time.Location
	Rules   []policy.Rules // since changes[i]
	Changes []time.Time
}

func New(t testing.TB, rules policy.Rules) *World {
	t.Helper()
	db, err := store.OpenSQLite(filepath.Join(t.TempDir(), "vestibule.db"))
	if err != nil {
		t.Fatal(err)
	}
	w := &World{t: t, Clock: Begin, Zone: time.UTC, EMR: &EMR{Resources: map[string]fhir.Resource{}}}
	if w.Ledger, err = audit.Open(t.Context(), db, audit.Options{Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), Deployment: "gateway.test"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Ledger.Close(); db.Close() })
	if w.Gateway, err = vestibule.New(vestibule.Options{Ledger: w.Ledger, Secret: make([]byte, 32), Now: func() time.Time { return w.Clock }}); err != nil {
		t.Fatal(err)
	}
	for i := range 6 { // two practitioners, six patients
		w.EMR.Put(t, Appointment("a"+strconv.Itoa(i), "1", []string{"42", "7"}[i%2], strconv.Itoa(i), "booked", Begin.AddDate(0, 0, i+1)))
	}
	w.Under(rules)
	return w
}

// Under puts the clinic under rules from now on.
func (w *World) Under(rules policy.Rules) {
	w.t.Helper()
	set, err := policy.Compile(w.PolicyClinic(), rules)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Rules, w.Changes = append(w.Rules, rules), append(w.Changes, w.Clock)
	w.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: w.Zone, Policy: set, EMR: w.EMR})
}

func (w *World) PolicyClinic() policy.Clinic { return policy.Clinic{Name: "maple", Zone: w.Zone} }

func Grant(version int, permissions ...policy.Permission) policy.Grant {
	return policy.Grant{Clinic: "maple", Name: "desk", To: policy.To{Platform: "assistco"}, Because: "A test", Until: "2027-01-31",
		Permissions: permissions, Version: version, Approved: Begin.AddDate(0, 0, -1)}
}

func Only(g policy.Grant) policy.Rules { return policy.Rules{Grants: []policy.Grant{g}} }

// Wide is a grant with more than anybody needs.
func Wide() policy.Grant {
	return Grant(1,
		policy.Permission{Scope: "user/Appointment.rs", Elements: []string{"status", "start", "end", "participant", "comment", "description"}},
		policy.Permission{Scope: "user/Appointment.cu", Write: []string{"status", "start", "end", "participant"}},
		policy.Permission{Scope: "user/Task.rs"})
}

// As sends one request as somebody who works for the platform, and moves the clock a minute.
func (w *World) As(who, method, path, body string) vestibule.Answer {
	w.t.Helper()
	p, query, _ := strings.Cut(path, "?")
	q, err := fhir.ParseInteraction(method, p, query, "", w.Zone)
	req := vestibule.Request{Clinic: "maple", Base: "https://gw.test/fhir/maple", Interaction: q, Refused: err, Body: []byte(body), Caller: policy.Caller{
		Issuer: "https://id.example", Subject: who, Name: who, Platform: "assistco", ClientID: "desk", Purposes: []string{"PATADMIN"},
		Scopes: []string{"user/*.cruds"}, Address: netip.MustParseAddr("203.0.113.7"), Expires: w.Clock.Add(time.Hour)}}
	if method == "PUT" {
		req.IfMatch = w.EMR.Resources[strings.TrimPrefix(p, "/")].VersionID()
	}
	a := w.Do(w.t.Context(), req)
	w.Clock = w.Clock.Add(time.Minute)
	return a
}

// OK is As for what has to succeed.
func (w *World) OK(who, method, path, body string) {
	w.t.Helper()
	if a := w.As(who, method, path, body); a.Err() != nil {
		w.t.Fatalf("%s %s %s: %v", who, method, path, a.Err())
	}
}

// Options replay everything that happened.
func (w *World) Options(after replay.Candidate) replay.Options {
	return replay.Options{Clinic: "maple", Zone: w.Zone, From: Begin, Until: w.Clock, Trail: w.Ledger, Changes: w.Changes, After: after,
		Resources: replay.NewResources(w.EMR, 1000),
		Rules: func(_ context.Context, at time.Time) (policy.Clinic, policy.Rules, error) {
			for i := len(w.Changes) - 1; i >= 0; i-- {
				if !w.Changes[i].After(at) {
					return w.PolicyClinic(), w.Rules[i], nil
				}
			}
			return policy.Clinic{}, policy.Rules{}, fmt.Errorf("no clinic yet")
		}}
}

func (w *World) Replay(after replay.Candidate) replay.Report {
	w.t.Helper()
	return w.Run(w.Options(after))
}

func (w *World) Run(o replay.Options) replay.Report {
	w.t.Helper()
	r, err := replay.Run(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func Put(g policy.Grant) replay.Candidate { return replay.Candidate{Put: []policy.Grant{g}} }

func Search(params ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		v.Add(params[i], params[i+1])
	}
	return "/Appointment?" + v.Encode()
}
