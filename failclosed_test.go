package vestibule_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/adapters"
	"vestibule/audit"
	"vestibule/fhir"
)

// faults are the ways in which the ledger stops writing. Each returns how to mend it, where that can be.
func faults() map[string]func(t *testing.T, w *world) {
	return map[string]func(t *testing.T, w *world){
		"database closed": func(t *testing.T, w *world) {
			if err := w.db.Close(); err != nil {
				t.Error(err)
			}
		},
		"disk full": func(t *testing.T, w *world) { // what SQLite says when the disk is full, said by the same statement
			_, err := w.db.Exec(`CREATE TRIGGER full BEFORE INSERT ON batch BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`)
			if err != nil {
				t.Error(err)
			}
		},
	}
}

// steps are the accesses of the gateway and the moments in them at which a record is due: before the EMR is asked (during
// "" nothing has been asked) and after it has answered.
var steps = []struct {
	name, method, path, body, version string
	breakAt                           string // the EMR call during which the ledger breaks; empty: before everything
	written                           int    // writes that reach the EMR
}{
	{name: "denial", method: "GET", path: "/Task/1"},
	{name: "refusal of a bad request", method: "GET", path: "/Appointment?nonsense=1"},
	{name: "read", method: "GET", path: "/Appointment/mine", breakAt: "read"},
	{name: "read of what is out of reach", method: "GET", path: "/Appointment/other", breakAt: "read"},
	{name: "read of what is not there", method: "GET", path: "/Appointment/none", breakAt: "read"},
	{name: "search", method: "GET", path: "/Appointment", breakAt: "search"},
	{name: "create, at its intent", method: "POST", path: "/Appointment", body: proposal},
	{name: "create, at its outcome", method: "POST", path: "/Appointment", body: proposal, breakAt: "write", written: 1},
	{name: "update, at its intent", method: "PUT", path: "/Appointment/mine", body: moved, version: "1", breakAt: "read"},
	{name: "update, at its outcome", method: "PUT", path: "/Appointment/mine", body: moved, version: "1", breakAt: "write", written: 1},
	{name: "capabilities", method: "GET", path: "/metadata"},
}

const (
	proposal = `{"resourceType":"Appointment","status":"booked","start":"2026-11-25T09:00:00Z","end":"2026-11-25T09:15:00Z",` +
		`"participant":[{"actor":{"reference":"Practitioner/42"},"status":"accepted"}]}`
	moved = `{"resourceType":"Appointment","id":"mine","status":"booked","start":"2026-11-24T10:00:00Z","end":"2026-11-24T10:15:00Z",` +
		`"participant":[{"actor":{"reference":"Practitioner/42"},"status":"accepted"},{"actor":{"reference":"Patient/1"},"status":"accepted"}]}`
)

func stocked(t *testing.T) *emr {
	start := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	return newEMR(t, 10, appointment("mine", "42", "1", start), appointment("other", "43", "2", start))
}

// Promise 3, hazards H21 and H23: no record, no answer; at every step, with nothing of a patient in the refusal.
func TestH21NoRecordNoAnswer(t *testing.T) {
	for _, step := range steps {
		for fault, strike := range faults() {
			t.Run(step.name+"/"+fault, func(t *testing.T) {
				e := stocked(t)
				w := newWorld(t, e, bookings...)
				if step.breakAt == "" {
					strike(t, w)
				} else {
					e.onCall = func(call string) error {
						if call == step.breakAt {
							strike(t, w)
						}
						return nil
					}
				}
				a := w.ask(t, step.method, step.path, step.body, ifMatch(step.version))
				if a.Err() == nil || a.Err().Kind != fhir.KindUnavailable {
					t.Fatalf("the answer is %v, want one of kind unavailable (503)", a.Err())
				}
				if a.Receipt().Valid() {
					t.Error("the answer carries a receipt for a record that is not there")
				}
				if text := body(a); strings.Contains(text, marker) || strings.Contains(text, "Patient/") {
					t.Errorf("patient data left without a record: %s", text)
				}
				if e.wrote() != step.written {
					t.Errorf("%d writes reached the EMR, want %d: a write needs its intent on record", e.wrote(), step.written)
				}
			})
		}
	}
}

// A ledger that recovers lets the gateway recover by itself.
func TestAnswersComeBackWithTheLedger(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	faults()["disk full"](t, w)
	if a := w.ask(t, "GET", "/Appointment/mine", ""); a.Err() == nil {
		t.Fatal("answered without a record")
	}
	if _, err := w.db.Exec(`DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	if a := w.ask(t, "GET", "/Appointment/mine", ""); a.Err() != nil || !a.Receipt().Valid() {
		t.Fatalf("still refused: %v", a.Err())
	}
}

// The audit context is detached from the request's: hanging up hides nothing.
func TestHangingUpHidesNothing(t *testing.T) {
	e := stocked(t)
	w := newWorld(t, e, bookings...)
	ctx, hangUp := context.WithCancel(t.Context())
	e.onCall = func(string) error { hangUp(); return nil }
	q, err := fhir.ParseInteraction("GET", "/Appointment/mine", "", "", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	a := w.Do(ctx, vestibule.Request{Clinic: "maple", Caller: w.caller, Interaction: q})
	if !a.Receipt().Valid() {
		t.Errorf("the access has no record; the answer is %v", a.Err())
	}
}

// hasty is an EMR that leaves off where whoever asked has gone.
type hasty struct {
	*emr
	asks func()
}

func (h hasty) Write(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
	if h.asks(); ctx.Err() != nil {
		return fhir.Resource{}, ctx.Err()
	}
	return h.emr.Write(ctx, c)
}

// Whoever hangs up while the EMR writes does not leave it half-done: it is carried out, and that is on record.
func TestHangingUpStopsNoWriteHalfWay(t *testing.T) {
	w := newWorld(t, stocked(t), bookings...)
	ctx, hangUp := context.WithCancel(t.Context())
	w.served = hasty{w.emr, hangUp}
	w.grant(t, 1, bookings...)
	q, err := fhir.ParseInteraction("POST", "/Appointment", "", "", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	a := w.Do(ctx, vestibule.Request{Clinic: "maple", Caller: w.caller, Interaction: q, Body: []byte(proposal)})
	if a.Err() != nil || !a.Receipt().Valid() || w.emr.wrote() != 1 || w.last(t).Outcome != audit.OutcomeSuccess {
		t.Errorf("answered %v after %d writes, on record as %+v", a.Err(), w.emr.wrote(), w.last(t))
	}
}

// Hazard H23: a defect is no silent path either. What panics is answered 500 with nothing of what it was about, in the answer or the
// log, and is on record; a write that was under way is settled.
func TestH23ADefectIsOnRecord(t *testing.T) {
	for _, c := range []struct{ method, path, body, call string }{
		{"GET", "/Appointment/mine", "", "read"}, {"GET", "/Appointment", "", "search"}, {"PUT", "/Appointment/mine", moved, "read"}, {"PUT", "/Appointment/mine", moved, "write"},
	} {
		d := newDoor(t)
		d.emr.put(t, appointment("mine", "42", "1", now.Add(time.Hour)))
		d.served = defective{d.emr, c.call}
		d.grant(t, 1, bookings...)
		req := httptest.NewRequest(c.method, "https://gw.test/fhir/maple"+c.path, strings.NewReader(c.body))
		for name, value := range map[string]string{"Authorization": "Bearer " + d.token(t, d.caller), "If-Match": `W/"1"`, "Content-Type": "application/fhir+json"} {
			req.Header.Set(name, value)
		}
		rec := httptest.NewRecorder()
		d.ServeHTTP(rec, req)
		if rec.Code != 500 || strings.Contains(rec.Body.String()+d.log.String(), marker) || !strings.Contains(rec.Body.String(), "OperationOutcome") || !strings.Contains(d.log.String(), "stack=") {
			t.Errorf("%s %s: %d %s, logged %s", c.method, c.path, rec.Code, rec.Body, d.log)
		}
		left, err := d.Abandoned(t.Context())
		if err != nil || len(d.records(t)) != 1 {
			t.Fatalf("%s %s: %d records, %v", c.method, c.path, len(d.records(t)), err)
		}
		if r := d.last(t); c.call == "write" && len(left) != 1 || c.call != "write" && (r.Outcome != audit.OutcomeMajor || r.Status != 500 || r.Agent.Subject != "amara" || len(left) > 0) {
			t.Errorf("%s %s: %d abandoned, on record as %+v", c.method, c.path, len(left), r)
		}
	}
}

// Hazard H20: what a caller made up stands neither in the route on record nor, when nothing can be recorded, in the operator's log.
func TestH20NothingACallerMadeUpIsARouteOrLogged(t *testing.T) {
	d := newDoor(t)
	ask := func(method, path string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(method, "https://gw.test"+path, nil)
		req.Header.Set("Authorization", "Bearer "+d.token(t, d.caller))
		rec := httptest.NewRecorder()
		d.ServeHTTP(rec, req)
		return rec
	}
	for _, c := range []struct{ method, path, route string }{
		{"ZEBULON", "/fhir/maple/Appointment/" + marker, "OTHER /fhir/{clinic}/{path}"}, {"GET", "/fhir/maple/" + marker, "GET /fhir/{clinic}/{path}"},
		{"DELETE", "/fhir/maple/Appointment/" + marker, "DELETE /fhir/{clinic}/{type}/{id}"}, {"ZEBULON", "/audit/maple/" + marker, "OTHER /audit/{clinic}/{path}"},
	} {
		if ask(c.method, c.path); d.last(t).Route != c.route {
			t.Errorf("%s %s: the route is %s", c.method, c.path, d.last(t).Route)
		}
	}
	faults()["database closed"](t, d.world)
	for _, path := range []string{"/fhir/maple/Appointment/" + marker, "/fhir/" + strings.ToLower(marker) + "/Appointment/1"} {
		if rec := ask("GET", path); rec.Code != 503 || rec.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", path, rec.Code, rec.Header())
		}
	}
	if log := strings.ToLower(d.log.String()); !strings.Contains(log, "access failed") || strings.Contains(log, strings.ToLower(marker)) {
		t.Errorf("logged %s", d.log)
	}
}

// defective is an EMR's adapter that panics in one call, with something of a patient's.
type defective struct {
	*emr
	in string
}

func (d defective) Read(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
	d.call("read")
	return d.emr.Read(ctx, ref)
}

func (d defective) Search(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
	d.call("search")
	return d.emr.Search(ctx, q, cursor)
}

func (d defective) Write(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
	d.call("write")
	return d.emr.Write(ctx, c)
}

func (d defective) call(name string) {
	if name == d.in {
		panic(errors.New(marker))
	}
}

// Hazard H25: what the EMR failed at is recorded as its failure and never answered as an empty success.
func TestH25AnUpstreamFailureIsNoSuccess(t *testing.T) {
	e := stocked(t)
	e.onCall = func(string) error {
		return fhir.E("emr", fhir.KindUpstream, "emr-login-refused", "The clinic's EMR refused the gateway.").Because(errors.New(marker))
	}
	w := newWorld(t, e, bookings...)
	for _, path := range []string{"/Appointment/mine", "/Appointment"} {
		a := w.ask(t, "GET", path, "")
		if code(a) != "emr-login-refused" || a.Err().Kind.Status() != 502 {
			t.Errorf("%s: answered %v, want emr-login-refused with 502", path, a.Err())
		}
		if strings.Contains(body(a), marker) {
			t.Errorf("%s: the cause reached the caller", path)
		}
		if r := w.last(t); r.Upstream != "emr-login-refused" || r.Outcome == "0" || r.Status != 502 {
			t.Errorf("%s: recorded upstream %q, outcome %q, status %d", path, r.Upstream, r.Outcome, r.Status)
		}
	}
}
