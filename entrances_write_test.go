package vestibule_test

import (
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
	"vestibule/policy"
)

// put sends an update over HTTP.
func (d *door) put(token, id, version, body string) (status int, answer string) {
	req := httptest.NewRequest("PUT", "https://gw.test/fhir/maple/Task/"+id, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/fhir+json")
	req.Header.Set("If-Match", `W/"`+version+`"`)
	req.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, req)
	return rec.Code, rec.Body.String()
}

var anyStatus = regexp.MustCompile(`"status":"[a-z-]+"`)

// proposal is before as the caller is shown it, or whole where they are shown nothing, with another status.
func (w *twins) proposal(t *testing.T, before fhir.Resource) string {
	t.Helper()
	text := string(before.Bytes())
	d := w.set.Decide(policy.Request{Caller: w.caller, Clinic: "maple", Now: now,
		Interaction: fhir.Interaction{Kind: fhir.InteractionRead, Type: "Task", ID: before.ID()}})
	if shown, _ := d.Release(before); !shown.IsZero() {
		text = string(shown.AppendTo(nil))
	}
	return anyStatus.ReplaceAllLiteralString(text, `"status":"`+w.pick("completed", "on-hold", "requested")+`"`)
}

// accepted is what the policy alone says to an update: the status of the answer, and what shall stand in the EMR.
func (w *twins) accepted(t *testing.T, before fhir.Resource, proposal string) (status int, after fhir.Resource) {
	t.Helper()
	proposed, err := fhir.ParseResource([]byte(proposal), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d := w.set.Decide(policy.Request{Caller: w.caller, Clinic: "maple", Now: now,
		Interaction: fhir.Interaction{Kind: fhir.InteractionUpdate, Type: "Task", ID: before.ID()}})
	if !d.Permitted() {
		return d.Err().Kind.Status(), before
	}
	accepted, reasons := d.Accept(before, proposed)
	if accepted.IsZero() {
		return d.Refusal(reasons).Kind.Status(), before
	}
	return 200, accepted.Resource()
}

// Hazard H5: an update through the front door is what the policy alone accepts, and nothing else reaches the EMR.
func TestH5AnUpdateThroughTheFrontDoorIsWhatThePolicyAccepts(t *testing.T) {
	d := newDoor(t)
	written, refused := 0, 0
	for seed := range uint64(60) {
		w := newTwins(t, 5000+seed, d.caller, "rsu", "ru", "u")
		e := &keen{resources: slices.Clone(w.a)}
		d.serve(w, e)
		token := d.token(t, w.caller)
		for _, before := range w.a {
			proposal := w.proposal(t, before)
			want, after := w.accepted(t, before, proposal)
			got, answer := d.put(token, before.ID(), before.VersionID(), proposal)
			stands := e.find("Task", before.ID())
			if got != want || stands.Value().Get("status").Text() != after.Value().Get("status").Text() ||
				want != 200 && string(stands.Bytes()) != string(before.Bytes()) {
				t.Fatalf("seed %d: %d, the policy alone %d\nof %s\nproposed %s\nstands %s\n%s\nrules %+v", seed, got, want, before.Bytes(), proposal, stands.Bytes(), answer, w.rules)
			}
			if want == 200 {
				written++
			} else {
				refused++
			}
		}
	}
	t.Logf("%d written, %d refused", written, refused)
	if written < 20 || refused < 20 {
		t.Error("too few were written or refused to say anything")
	}
}
