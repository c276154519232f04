package replay_test

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

// begin is a Monday morning at the tests' clinic.
var begin = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// emr is a small EMR in memory.
type emr struct {
	mu        sync.Mutex
	resources map[string]fhir.Resource // by Type/id
	order     []string
	gone      bool // it does not answer
	reads     int
	writes    int
}

func (e *emr) put(t testing.TB, text string) {
	t.Helper()
	r, err := fhir.ParseResource([]byte(text), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	e.keep(r)
}

func (e *emr) keep(r fhir.Resource) {
	key := r.Type() + "/" + r.ID()
	if _, known := e.resources[key]; !known {
		e.order = append(e.order, key)
	}
	e.resources[key] = r
}

func (e *emr) Capability(context.Context) (adapters.Capability, error) {
	all := []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate}
	return adapters.NewCapability(adapters.Type{Name: "Appointment", Interactions: all, Versions: true}), nil
}

func (e *emr) Read(_ context.Context, ref fhir.Ref) (fhir.Resource, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reads++
	if e.gone {
		return fhir.Resource{}, fhir.E("emr", fhir.KindUnavailable, "emr-unreachable", "gone")
	}
	r, ok := e.resources[ref.Type+"/"+ref.ID]
	if !ok {
		return fhir.Resource{}, fhir.E("emr", fhir.KindNotFound, "", "no such resource")
	}
	return r, nil
}

func (e *emr) Search(_ context.Context, q fhir.Query, _ string) (adapters.Page, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var p adapters.Page
	for _, key := range e.order {
		if r, ok := e.resources[key]; ok && q.Match(r) {
			p.Resources = append(p.Resources, r)
		}
	}
	return p, nil
}

func (e *emr) Write(_ context.Context, c fhir.Change) (fhir.Resource, error) {
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

func appointment(id, version, practitioner, patient, status string, start time.Time) string {
	return fmt.Sprintf(`{"resourceType":"Appointment","id":%q,"meta":{"versionId":%q},"status":%q,"start":%q,"end":%q,"comment":"made up",`+
		`"participant":[{"actor":{"reference":"Practitioner/%s"},"status":"accepted"},{"actor":{"reference":"Patient/%s"},"status":"accepted"}]}`,
		id, version, status, start.Format(time.RFC3339), start.Add(15*time.Minute).Format(time.RFC3339), practitioner, patient)
}

// world is a gateway over one clinic, and everything that happened there.
type world struct {
	*vestibule.Gateway
	t       testing.TB
	ledger  *audit.Ledger
	emr     *emr
	clock   time.Time
	zone    *time.Location
	rules   []policy.Rules // since changes[i]
	changes []time.Time
}

func newWorld(t testing.TB, rules policy.Rules) *world {
	t.Helper()
	db, err := store.OpenSQLite(filepath.Join(t.TempDir(), "vestibule.db"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: begin, zone: time.UTC, emr: &emr{resources: map[string]fhir.Resource{}}}
	if w.ledger, err = audit.Open(t.Context(), db, audit.Options{Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), Deployment: "gateway.test"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.ledger.Close(); db.Close() })
	if w.Gateway, err = vestibule.New(vestibule.Options{Ledger: w.ledger, Secret: make([]byte, 32), Now: func() time.Time { return w.clock }}); err != nil {
		t.Fatal(err)
	}
	for i := range 6 { // two practitioners, six patients
		w.emr.put(t, appointment("a"+strconv.Itoa(i), "1", []string{"42", "7"}[i%2], strconv.Itoa(i), "booked", begin.AddDate(0, 0, i+1)))
	}
	w.under(rules)
	return w
}

// under puts the clinic under rules from now on.
func (w *world) under(rules policy.Rules) {
	w.t.Helper()
	set, err := policy.Compile(w.clinic(), rules)
	if err != nil {
		w.t.Fatal(err)
	}
	w.rules, w.changes = append(w.rules, rules), append(w.changes, w.clock)
	w.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: w.zone, Policy: set, EMR: w.emr})
}

func (w *world) clinic() policy.Clinic { return policy.Clinic{Name: "maple", Zone: w.zone} }

func grant(version int, permissions ...policy.Permission) policy.Grant {
	return policy.Grant{Clinic: "maple", Name: "desk", To: policy.To{Platform: "assistco"}, Because: "A test", Until: "2027-01-31",
		Permissions: permissions, Version: version, Approved: begin.AddDate(0, 0, -1)}
}

func only(g policy.Grant) policy.Rules { return policy.Rules{Grants: []policy.Grant{g}} }

// wide is a grant with more than anybody needs.
func wide() policy.Grant {
	return grant(1,
		policy.Permission{Scope: "user/Appointment.rs", Elements: []string{"status", "start", "end", "participant", "comment", "description"}},
		policy.Permission{Scope: "user/Appointment.cu", Write: []string{"status", "start", "end", "participant"}},
		policy.Permission{Scope: "user/Task.rs"})
}

// as sends one request as somebody who works for the platform, and moves the clock a minute.
func (w *world) as(who, method, path, body string) vestibule.Answer {
	w.t.Helper()
	p, query, _ := strings.Cut(path, "?")
	q, err := fhir.ParseInteraction(method, p, query, "", w.zone)
	req := vestibule.Request{Clinic: "maple", Base: "https://gw.test/fhir/maple", Interaction: q, Refused: err, Body: []byte(body), Caller: policy.Caller{
		Issuer: "https://id.example", Subject: who, Name: who, Platform: "assistco", ClientID: "desk", Purposes: []string{"PATADMIN"},
		Scopes: []string{"user/*.cruds"}, Address: netip.MustParseAddr("203.0.113.7"), Expires: w.clock.Add(time.Hour)}}
	if method == "PUT" {
		req.IfMatch = w.emr.resources[strings.TrimPrefix(p, "/")].VersionID()
	}
	a := w.Do(w.t.Context(), req)
	w.clock = w.clock.Add(time.Minute)
	return a
}

// ok is as for what has to succeed.
func (w *world) ok(who, method, path, body string) {
	w.t.Helper()
	if a := w.as(who, method, path, body); a.Err() != nil {
		w.t.Fatalf("%s %s %s: %v", who, method, path, a.Err())
	}
}

// options replay everything that happened.
func (w *world) options(after replay.Candidate) replay.Options {
	return replay.Options{Clinic: "maple", Zone: w.zone, From: begin, Until: w.clock, Trail: w.ledger, Changes: w.changes, After: after,
		Resources: replay.NewResources(w.emr, 1000),
		Rules: func(_ context.Context, at time.Time) (policy.Clinic, policy.Rules, error) {
			for i := len(w.changes) - 1; i >= 0; i-- {
				if !w.changes[i].After(at) {
					return w.clinic(), w.rules[i], nil
				}
			}
			return policy.Clinic{}, policy.Rules{}, fmt.Errorf("no clinic yet")
		}}
}

func (w *world) replay(after replay.Candidate) replay.Report {
	w.t.Helper()
	return w.run(w.options(after))
}

func (w *world) run(o replay.Options) replay.Report {
	w.t.Helper()
	r, err := replay.Run(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func put(g policy.Grant) replay.Candidate { return replay.Candidate{Put: []policy.Grant{g}} }

func search(params ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		v.Add(params[i], params[i+1])
	}
	return "/Appointment?" + v.Encode()
}
