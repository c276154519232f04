package vestibule_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule"
	"vestibule/adapters"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/internal/store"
	"vestibule/policy"
)

// marker stands in every resource of the tests' EMR, where a patient's data would be: no refusal may hold it.
const marker = "Zebulon-Marker"

var now = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

// emr is a small EMR in memory that can be made to do harm: onCall runs before each call it carries out.
type emr struct {
	mu        sync.Mutex
	resources map[string]fhir.Resource // by Type/id
	order     []string
	pageSize  int // of its searches, whatever is asked for
	calls     []string
	onCall    func(call string) error
	versions  int
}

func newEMR(t *testing.T, pageSize int, resources ...string) *emr {
	t.Helper()
	e := &emr{resources: map[string]fhir.Resource{}, pageSize: pageSize}
	for _, text := range resources {
		e.put(t, text)
	}
	return e
}

func (e *emr) put(t *testing.T, text string) {
	t.Helper()
	r, err := fhir.ParseResource([]byte(text), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	key := r.Type() + "/" + r.ID()
	if _, known := e.resources[key]; !known {
		e.order = append(e.order, key)
	}
	e.resources[key] = r
}

func (e *emr) call(name string) error {
	e.calls = append(e.calls, name)
	if e.onCall != nil {
		return e.onCall(name)
	}
	return nil
}

func (e *emr) Capability(context.Context) (adapters.Capability, error) {
	all := []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate}
	return adapters.NewCapability(adapters.Type{Name: "Appointment", Interactions: all, Versions: true}), nil
}

func (e *emr) Read(_ context.Context, ref fhir.Ref) (fhir.Resource, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.call("read"); err != nil {
		return fhir.Resource{}, err
	}
	r, ok := e.resources[ref.Type+"/"+ref.ID]
	if !ok {
		return fhir.Resource{}, fhir.E("emr.Read", fhir.KindNotFound, "", "no such resource")
	}
	return r, nil
}

func (e *emr) Search(_ context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.call("search"); err != nil {
		return adapters.Page{}, err
	}
	from, _ := strconv.Atoi(cursor)
	var found []fhir.Resource
	for _, key := range e.order {
		if r := e.resources[key]; r.Type() == q.Type() {
			found = append(found, r) // an EMR that ignores every parameter: the gateway must not rely on it
		}
	}
	to := min(from+e.pageSize, len(found))
	p := adapters.Page{Resources: found[from:to]}
	if to < len(found) {
		p.Next = strconv.Itoa(to)
	}
	return p, nil
}

func (e *emr) Write(_ context.Context, c fhir.Change) (fhir.Resource, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.call("write"); err != nil {
		return fhir.Resource{}, err
	}
	e.versions++
	id := c.Base.ID
	if c.Kind == fhir.InteractionCreate {
		id = "made-" + c.Operation
		if r, done := e.resources[c.Resource.Type()+"/"+id]; done {
			return r, nil
		}
	}
	text := withMeta(string(c.Resource.Bytes()), id, fmt.Sprintf("w%d", e.versions))
	if c.Kind == fhir.InteractionCreate { // as every adapter's, it is found by its operation
		text = strings.TrimSuffix(text, "}") + fmt.Sprintf(`,"identifier":[{"system":%q,"value":%q}]}`, adapters.OperationSystem, c.Operation)
	}
	r, err := fhir.ParseResource([]byte(text), fhir.Limits{})
	if err != nil {
		return fhir.Resource{}, err
	}
	key := r.Type() + "/" + id
	if _, known := e.resources[key]; !known {
		e.order = append(e.order, key)
	}
	e.resources[key] = r
	return r, nil
}

// withMeta gives a resource that the tests wrote an id and a version.
func withMeta(text, id, version string) string {
	r, err := fhir.ParseResource([]byte(text), fhir.Limits{})
	if err != nil {
		return text
	}
	out := fmt.Sprintf(`{"resourceType":%q,"id":%q,"meta":{"versionId":%q}`, r.Type(), id, version)
	for name, v := range r.Value().Members() {
		if name != "resourceType" && name != "id" && name != "meta" {
			out += fmt.Sprintf(",%q:%s", name, v.Raw())
		}
	}
	return out + "}"
}

// appointment is one of the tests' appointments.
func appointment(id, practitioner, patient string, start time.Time) string {
	return fmt.Sprintf(`{"resourceType":"Appointment","id":%q,"meta":{"versionId":"1"},"status":"booked","start":%q,"end":%q,`+
		`"comment":%q,"participant":[{"actor":{"reference":"Practitioner/%s"},"status":"accepted"},{"actor":{"reference":"Patient/%s"},"status":"accepted"}]}`,
		id, start.Format(time.RFC3339), start.Add(15*time.Minute).Format(time.RFC3339), marker, practitioner, patient)
}

// world is a gateway over one clinic with one assistant.
type world struct {
	*vestibule.Gateway
	db     *sql.DB
	ledger *audit.Ledger
	key    ed25519.PrivateKey
	emr    *emr
	caller policy.Caller
	clock  time.Time

	served adapters.EMR // instead of emr, where that is not all

	onRecord func() // runs while a record is on its way into the ledger
}

// Read is the ledger's randomness. Sixteen bytes are a record's salt, asked for where the record is handed in.
func (w *world) Read(p []byte) (int, error) {
	if w.onRecord != nil && len(p) == 16 {
		w.onRecord()
	}
	return rand.Read(p)
}

const assistant = "https://id.example|amara"

func newWorld(t *testing.T, e *emr, permissions ...policy.Permission) *world {
	t.Helper()
	db, err := store.OpenSQLite(filepath.Join(t.TempDir(), "vestibule.db"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{db: db, emr: e, clock: now, key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	if w.ledger, err = audit.Open(t.Context(), db, audit.Options{Key: w.key, Deployment: "gateway.test", Random: w}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { events.Take(t, w.ledger.Reader); w.ledger.Close(); db.Close() })
	w.Gateway, err = vestibule.New(vestibule.Options{Ledger: w.ledger, Secret: make([]byte, 32), Now: func() time.Time { return w.clock }})
	if err != nil {
		t.Fatal(err)
	}
	w.grant(t, 1, permissions...)
	w.caller = policy.Caller{Issuer: "https://id.example", Subject: "amara", Name: "Amara Okafor", Platform: "assistco", ClientID: "desk",
		TokenID: "t1", Scopes: []string{"user/*.cruds"}, Address: netip.MustParseAddr("203.0.113.7"), Expires: now.Add(time.Hour)}
	return w
}

// grant gives the assistant a version of the one grant.
func (w *world) grant(t *testing.T, version int, permissions ...policy.Permission) {
	t.Helper()
	w.under(t, policy.Rules{Grants: []policy.Grant{frontDesk(version, permissions...)}})
}

func frontDesk(version int, permissions ...policy.Permission) policy.Grant {
	return policy.Grant{Clinic: "maple", Name: "front-desk", To: policy.To{User: assistant}, Because: "Covers the front desk",
		Until: "2027-01-31", Permissions: permissions, Version: version, Approved: now.AddDate(0, 0, -1)}
}

// under puts the clinic under rules.
func (w *world) under(t *testing.T, rules policy.Rules) {
	t.Helper()
	set, err := policy.Compile(policy.Clinic{Name: "maple", Zone: time.UTC}, rules)
	if err != nil {
		t.Fatal(err)
	}
	w.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: time.UTC, Policy: set, EMR: w.behind(),
		Auditors: map[string]bool{"https://id.example|audrey": true}})
}

// alike serves clinics on the same EMR where everybody of the platform may do the same.
func (w *world) alike(t *testing.T, names ...string) {
	t.Helper()
	var clinics []*vestibule.Clinic
	for _, name := range names {
		set, err := policy.Compile(policy.Clinic{Name: name, Zone: time.UTC}, policy.Rules{Grants: []policy.Grant{{Clinic: name, Name: "all", To: policy.To{Platform: "assistco"},
			Because: "A test", Until: "2027-01-31", Version: 1, Approved: now.AddDate(0, 0, -1),
			Permissions: []policy.Permission{{Scope: "user/Appointment.crs", Write: []string{"status", "start", "end", "participant"}}, {Scope: "user/Task.crs", Write: []string{"status", "intent"}}}}}})
		if err != nil {
			t.Fatal(err)
		}
		clinics = append(clinics, &vestibule.Clinic{Name: name, Title: name, Zone: time.UTC, Policy: set, EMR: w.emr})
	}
	w.SetClinics(clinics...)
}

// behind is the clinic's EMR.
func (w *world) behind() adapters.EMR {
	if w.served != nil {
		return w.served
	}
	return w.emr
}

// bookings is what the tests' assistant may do.
var bookings = []policy.Permission{
	{Scope: "user/Appointment.rs?practitioner=Practitioner/42", Elements: []string{"status", "start", "end", "participant"}},
	{Scope: "user/Appointment.cu?practitioner=Practitioner/42", Write: []string{"status", "start", "end", "participant"}},
}

// ask sends one request as the assistant.
func (w *world) ask(t *testing.T, method, path, body string, change ...func(*vestibule.Request)) vestibule.Answer {
	t.Helper()
	p, query, _ := strings.Cut(path, "?")
	q, err := fhir.ParseInteraction(method, p, query, "", time.UTC)
	req := vestibule.Request{Clinic: "maple", Base: "https://gw.test/fhir/maple", Caller: w.caller, Interaction: q, Refused: err, Body: []byte(body)}
	for _, c := range change {
		c(&req)
	}
	return w.Do(t.Context(), req)
}

func ifMatch(version string) func(*vestibule.Request) {
	return func(r *vestibule.Request) { r.IfMatch = version }
}

func body(a vestibule.Answer) string { return string(a.AppendBody(nil)) }

// code is the reason code of an answer, "" for a success.
func code(a vestibule.Answer) string {
	if a.Err() == nil {
		return ""
	}
	return a.Err().Reason()
}

func (e *emr) wrote() int {
	return len(slices.DeleteFunc(slices.Clone(e.calls), func(c string) bool { return c != "write" }))
}

// records are all records of the clinic's log, oldest first.
func (w *world) records(t *testing.T) []audit.Record {
	t.Helper()
	found, err := w.ledger.Search(t.Context(), "maple", audit.Search{Count: audit.MaxCount})
	if err != nil {
		t.Fatal(err)
	}
	var out []audit.Record
	for _, e := range slices.Backward(found.Entries) {
		out = append(out, e.Record)
	}
	return out
}

// last is the newest record of the clinic's log.
func (w *world) last(t *testing.T) audit.Record {
	t.Helper()
	all := w.records(t)
	if len(all) == 0 {
		t.Fatal("nothing is on record")
	}
	return all[len(all)-1]
}
