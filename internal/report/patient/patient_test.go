package patient_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/patient"
	"vestibule/internal/report/plain"
	"vestibule/internal/report/reporttest"
)

func item(ref string, patients ...string) audit.ReleasedItem {
	return audit.ReleasedItem{Ref: ref + "/_history/1", Patients: patients}
}

func intent(i int64) *int64 { return &i }

// world is a trail in which Patient/1 and Patient/2 appear in every way there is. The comment is the record's index.
func world() []audit.Record {
	amara := reporttest.Amara()
	noor := audit.Agent{Issuer: amara.Issuer, Subject: "noor", Name: "Noor Haddad", Platform: "assistco"}
	one, two := "Patient/1", "Patient/2"
	search := func(query string, patients []string, items ...audit.ReleasedItem) audit.Record {
		return audit.Record{Agent: amara, Interaction: "search-type", Type: "Appointment", Query: query, Patients: patients, Released: items, Grants: []string{"booking@3"}, Purposes: []string{"PATADMIN"}}
	}
	withheld := search("patient=Patient%2F1", nil)
	withheld.Withheld, withheld.Rules = 2, []string{"locked-by-directive: Directive secret-two@1"}
	return []audit.Record{
		search("patient=Patient%2F1", []string{one}, item("Appointment/a1", one)),                                                                                                                    // 0
		search("date=ge2026-11-02", []string{one, two}, item("Appointment/a1", one), item("Appointment/b2", two), item("Task/nobody")),                                                               // 1
		{Phase: audit.PhaseDenial, Agent: noor, Interaction: "search-type", Type: "Appointment", Query: "patient=Patient%2F1", Raw: "/Appointment?patient=Patient/1", Reasons: []string{"no-grant"}}, // 2
		{Phase: audit.PhaseDenial, Agent: noor, Interaction: "read", Type: "Appointment", Resource: "Appointment/a1", Raw: "/Appointment/a1", Reasons: []string{"no-grant"}},                         // 3
		{Phase: audit.PhaseDenial, Agent: noor, Interaction: "read", Type: "Appointment", Resource: "Appointment/b2", Raw: "/Appointment/b2", Reasons: []string{"no-grant"}},                         // 4: the other's
		withheld, // 5
		{Phase: audit.PhaseIntent, Agent: amara, Interaction: "update", Type: "Appointment", Resource: "Appointment/a1", Patients: []string{one}},                                                                                      // 6
		{Agent: amara, Interaction: "update", Type: "Appointment", Resource: "Appointment/a1", Patients: []string{one}, Released: []audit.ReleasedItem{item("Appointment/a1", one)}, Intent: intent(6), Grants: []string{"booking@3"}}, // 7
		{Phase: audit.PhaseIntent, Agent: amara, Interaction: "update", Type: "Appointment", Resource: "Appointment/a1", Patients: []string{one}},                                                                                      // 8: never settled
		{Phase: audit.PhaseAdmin, Admin: audit.Admin{Action: "audit-search", Subject: "patient=1&since=14d", By: "ann"}},                                                                                                               // 9
		{Phase: audit.PhaseDenial, Agent: noor, Interaction: "search-type", Type: "Task", Raw: "/Task?patient=1,2", Reasons: []string{"no-grant"}},                                                                                     // 10: names both
		{Phase: audit.PhaseDenial, Agent: noor, Type: "Patient", Raw: "/Patient/1", Reasons: []string{"type-not-supported"}},                                                                                                           // 11
		search("patient=Patient%2F2", []string{two}, item("Appointment/b2", two)),                                                                                                                                                      // 12: the other's
		search("_id=a1,b2", []string{one}, item("Appointment/a1", one)),                                                                                                                                                                // 13: shows one, but names what may be another's
		{Phase: audit.PhaseDenial, Agent: noor, Interaction: "read", Type: "Appointment", Resource: "Appointment/11", Raw: "/Appointment/11", Reasons: []string{"no-grant"}},                                                           // 14: not Patient/1
		{Phase: audit.PhaseDenial, Agent: noor, Interaction: "search-type", Type: "Appointment", Raw: "/Appointment?_id=a1", Reasons: []string{"no-grant"}},                                                                            // 15
		{Phase: audit.PhaseDenial, Agent: noor, Interaction: "search-type", Type: "Appointment", Reasons: []string{"no-grant"}, Repeats: 9},                                                                                            // 16: a number
	}
}

func made(t *testing.T, o patient.Options, records ...audit.Record) (*patient.Made, report.Trail, string) {
	t.Helper()
	trail, key := reporttest.Trail(t, records...)
	o.Patient = "Patient/1"
	m, err := patient.Make(t.Context(), trail, o)
	if err != nil {
		t.Fatal(err)
	}
	return m, trail, key
}

func TestEverythingAboutThePatientIsThereAndToldApart(t *testing.T) {
	m, _, _ := made(t, patient.Options{Platforms: map[string]string{"assistco": "AssistCo"}, Because: map[string]plain.Because{"booking@3": {Text: "Books", By: "dr.lee"}}}, world()...)
	for section, want := range map[string][]string{
		"accesses": {"shown", "shown", "changed", "begun; how it ended is not on record yet", "shown"},
		"attempts": {"refused: No grant of this clinic names the caller, the caller's team or the caller's platform.",
			"refused: No grant of this clinic names the caller, the caller's team or the caller's platform.", "2 withheld, as the patient’s directive asks",
			"refused: No grant of this clinic names the caller, the caller's team or the caller's platform.", "refused: This resource type is not served.",
			"refused: No grant of this clinic names the caller, the caller's team or the caller's platform."},
		"looks": {"done"},
	} {
		var got []string
		for _, row := range reporttest.Rows(t, m.Report, section, report.English) {
			got = append(got, row["outcome"])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%q\n%q", section, got, want)
		}
	}
	people := reporttest.Rows(t, m.Report, "people", report.English)
	if len(people) != 2 || people[0]["first"] != "November\u00a02, 2026, 14:00" || people[0]["last"] != "November\u00a02, 2026, 14:13" || people[0]["accesses"]+people[0]["attempts"] != "51" ||
		people[1]["who"] != "Noor Haddad" || people[1]["accesses"]+people[1]["attempts"] != "05" {
		t.Errorf("%v", people)
	}
	if got := m.Notes[0].In(report.Voice{Language: report.English, Zone: time.UTC}); !strings.HasPrefix(got, "9 refused requests") {
		t.Error(got)
	}
	first := reporttest.Rows(t, m.Report, "accesses", report.English)[0]
	for column, want := range map[string]string{"who": "Amara Okafor", "organisation": "AssistCo", "role": "assistco/front-desk", "information": "1 appointment",
		"purpose": "patient administration, such as booking", "authority": "grant booking@3, given by dr.lee: Books"} {
		if first[column] != want {
			t.Errorf("%s: %q", column, first[column])
		}
	}
	if got := m.Lead[0].In(report.Voice{Language: report.English, Zone: time.UTC}); !strings.HasPrefix(got, "1 person or program of 1 organisation saw or changed something of this patient’s record, 5 times") {
		t.Error(got)
	}
}

func TestAPatientOfWhomNothingIsOnRecordMayBeAWrongNumber(t *testing.T) {
	said := func(records ...audit.Record) string {
		m, _, _ := made(t, patient.Options{}, records...)
		var out bytes.Buffer
		if err := report.Write(&out, m.Report, report.NDJSON, report.English); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	none, some := said(world()[9], world()[12]), said(world()[0])
	if want := "as a wrong one looks the same"; !strings.Contains(none, want) || strings.Contains(some, want) {
		t.Errorf("%s\n%s", none, some)
	}
	if !strings.Contains(some, "saw or changed something of this patient’s record once, on November\u00a02, 2026, 14:00.") {
		t.Error(some)
	}
}

func TestOnlyWhatWasShownNeedsTheIndexAlone(t *testing.T) {
	m, _, _ := made(t, patient.Options{ShownOnly: true}, world()...)
	if n := len(reporttest.Rows(t, m.Report, "accesses", report.English)); n != 5 || len(m.Sections) != 2 {
		t.Errorf("%d rows, %d sections", n, len(m.Sections))
	}
}

func TestWhatIsThePatientsIsKnownFromOutsideThePeriod(t *testing.T) {
	trail, _ := reporttest.Trail(t, world()...)
	trail.From, trail.Until = reporttest.Began.Add(2*time.Minute), reporttest.Began.Add(5*time.Minute) // the records 2, 3 and 4
	m, err := patient.Make(t.Context(), trail, patient.Options{Patient: "Patient/1"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(reporttest.Rows(t, m.Report, "accesses", report.English)); n != 0 {
		t.Errorf("%d accesses are of another time", n)
	}
	if got := reporttest.Rows(t, m.Report, "attempts", report.English); len(got) != 2 || got[1]["information"] != "wanted to look at: appointments" {
		t.Errorf("a refusal about what was shown on another day is missing: %v", got)
	}
}

func TestWhatWasWithheldIsToldWhereItWasThisPatientsForCertain(t *testing.T) {
	search := func(query string, items ...audit.ReleasedItem) audit.Record {
		r := audit.Record{Agent: reporttest.Amara(), Interaction: "search-type", Type: "Appointment", Query: query, Withheld: 2, Released: items}
		if len(items) > 0 {
			r.Patients = []string{"Patient/1"}
		}
		return r
	}
	mine := item("Appointment/a1", "Patient/1")
	nothing := search("patient=1")
	nothing.Withheld = 0
	for i, c := range []struct {
		record audit.Record
		want   string
	}{
		{search("patient=1", mine), "shown; 2 withheld: outside what the person may see"},
		{search("patient=1"), "2 withheld: outside what the person may see"},
		{search("patient=1,2", mine), "shown"}, // it may have been the other's
		{search("patient=1,2"), "nothing was found, or shown"},
		{search("patient=1&_id=a1,a2", mine), "shown"},
		{search("patient=1&new-parameter=x", mine), "shown"},
		{search("date=ge2026-11-02", mine), "shown"},
		{search("patient=https://emr.example/fhir/Patient/1"), "2 withheld: outside what the person may see"},
		{nothing, "nothing was found, or shown"},
	} {
		m, _, _ := made(t, patient.Options{}, c.record)
		rows := append(reporttest.Rows(t, m.Report, "accesses", report.English), reporttest.Rows(t, m.Report, "attempts", report.English)...)
		if len(rows) != 1 || rows[0]["outcome"] != c.want {
			t.Errorf("%d: %v", i, rows)
		}
	}
	locked := search("patient=1")
	locked.Rules = []string{"locked-by-directive: Directive d@1"}
	m, _, _ := made(t, patient.Options{}, locked)
	if got := reporttest.Rows(t, m.Report, "attempts", report.French)[0]["outcome"]; got != "2 retenus, selon la directive du patient" {
		t.Error(got)
	}
}

func TestWhatTheEMRWroteIsAChangeThoughTheAnswerWasAnError(t *testing.T) {
	write := audit.Record{Phase: audit.PhaseIntent, Agent: reporttest.Amara(), Interaction: "create", Type: "Appointment", Patients: []string{"Patient/1"}}
	written := write
	written.Phase, written.Outcome, written.Intent, written.Reasons = audit.PhaseOutcome, audit.OutcomeSerious, intent(0), []string{"written-then-stopped"}
	m, _, _ := made(t, patient.Options{}, write, written)
	if got := reporttest.Rows(t, m.Report, "attempts", report.English); len(got) != 0 {
		t.Errorf("%v", got)
	}
	got := reporttest.Rows(t, m.Report, "accesses", report.English)
	if len(got) != 1 || got[0]["information"] != "created: appointments" || !strings.HasPrefix(got[0]["outcome"], "The EMR has carried out the write; ") {
		t.Errorf("%v", got)
	}
}

func TestAnAuditorsLookIsToldApart(t *testing.T) {
	ann := audit.Agent{Issuer: "https://id.maple.example", Subject: "ann", Name: "Ann Roy", Role: audit.RoleAuditor}
	look := audit.Record{Agent: ann, Interaction: "audit-search", Type: "AuditEvent", Query: "patient=Patient%2F1", Shown: 3}
	refused := look
	refused.Phase, refused.Reasons = audit.PhaseDenial, []string{"no-grant"}
	m, _, _ := made(t, patient.Options{}, look, refused)
	if got := reporttest.Rows(t, m.Report, "attempts", report.English); len(got) != 0 {
		t.Errorf("%v", got)
	}
	got := reporttest.Rows(t, m.Report, "looks", report.English)
	if len(got) != 2 || got[0]["outcome"] != "shown: entries of this trail" || got[0]["role"] != "auditor of the clinic" || got[0]["purpose"] != "oversight of accesses" ||
		!strings.HasPrefix(got[1]["outcome"], "refused: ") {
		t.Errorf("%v", got)
	}
	if people := reporttest.Rows(t, m.Report, "people", report.English); len(people) != 0 {
		t.Errorf("whoever looks at the trail saw nothing of the record: %v", people)
	}
}

func TestWhatIsSeveralPatientsIsNotOnePatientsOwn(t *testing.T) {
	amara := reporttest.Amara()
	m, _, _ := made(t, patient.Options{},
		audit.Record{Agent: amara, Interaction: "read", Type: "Appointment", Resource: "Appointment/group", Patients: []string{"Patient/1", "Patient/2"}, Released: []audit.ReleasedItem{item("Appointment/group", "Patient/1", "Patient/2")}},
		audit.Record{Phase: audit.PhaseDenial, Agent: amara, Interaction: "read", Type: "Appointment", Resource: "Appointment/group", Reasons: []string{"no-grant"}})
	if got := reporttest.Rows(t, m.Report, "attempts", report.English); len(got) != 0 {
		t.Errorf("a refusal may have been about the other patient: %v", got)
	}
	if got := reporttest.Rows(t, m.Report, "accesses", report.English); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestADocumentThatWasOpenedIsProvedWithItsRecord(t *testing.T) {
	opened := audit.ReleasedItem{Ref: "DocumentReference/d1/_history/1", Patients: []string{"Patient/1"}, Documents: 1}
	read := audit.Record{Agent: reporttest.Amara(), Interaction: "read", Type: "DocumentReference", Resource: "DocumentReference/d1/_history/1", Query: "attachment=0",
		Patients: []string{"Patient/1"}, Released: []audit.ReleasedItem{opened}}
	refused := read
	refused.Phase, refused.Raw, refused.Patients, refused.Released = audit.PhaseDenial, "/Binary/d1.0", nil, nil
	m, trail, _ := made(t, patient.Options{Proof: true}, read, refused)
	n, err := m.Bundle(t.Context(), trail.Reader, report.Voice{Language: report.English, Zone: time.UTC}, func(string, []byte) error { return nil })
	if want := (patient.Proven{Whole: 2}); err != nil || n != want {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestNothingOfAnotherPatientIsInAnyFormat(t *testing.T) {
	m, _, _ := made(t, patient.Options{Proof: true}, world()...)
	for _, f := range []report.Format{report.Table, report.CSV, report.NDJSON, report.HTML} {
		for _, s := range []string{"", "attempts", "looks"} {
			var out bytes.Buffer
			if err := report.WriteSection(&out, m.Report, f, report.English, s); err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"Patient/2", "Appointment/b2", "secret-two", "Task/nobody"} {
				if strings.Contains(out.String(), bad) {
					t.Errorf("%s tells %s", f, bad)
				}
			}
		}
	}
}

func TestTheBundleProvesEveryRowAndNamesNobodyElse(t *testing.T) {
	m, trail, key := made(t, patient.Options{Proof: true}, world()...)
	files := map[string][]byte{}
	n, err := m.Bundle(t.Context(), trail.Reader, report.Voice{Language: report.French, Zone: time.UTC}, func(name string, b []byte) error {
		files[name] = bytes.Clone(b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := (patient.Proven{Whole: 8, Sealed: 4}); n != want {
		t.Errorf("%+v", n)
	}
	sealed := map[int64]bool{1: true, 5: true, 10: true, 13: true}
	for line := range strings.Lines(string(files[patient.Rows])) {
		var row struct {
			File, Decision string
			Whole          bool
			Index          int64
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if row.Whole == sealed[row.Index] {
			t.Errorf("record %d: whole is %v", row.Index, row.Whole)
		}
		var shown []byte // what the clinic shows of a sealed one
		if !row.Whole {
			shown = recordOf(t, trail, row.Index)
		}
		p, err := audit.CheckProof(files[row.File], key, shown)
		if err != nil || p.Index != row.Index || p.Record.ID != row.Decision {
			t.Errorf("%s: %v", row.File, err)
		}
		if _, err := audit.CheckProof(files[row.File], key, []byte(`{"v":1}`)); err == nil {
			t.Errorf("%s proves anything", row.File)
		}
		if !row.Whole {
			continue
		}
		for _, bad := range []string{"Patient/2", "Patient%2F2", "Appointment/b2", "secret-two"} {
			if bytes.Contains(p.Line, []byte(bad)) {
				t.Errorf("%s tells %s", row.File, bad)
			}
		}
	}
	for name, b := range files {
		for _, bad := range []string{"Patient/2", "Appointment/b2", "secret-two"} {
			if strings.Contains(string(b), bad) {
				t.Errorf("%s tells %s", name, bad)
			}
		}
	}
}

// recordOf is a record's bytes, as the clinic has them.
func recordOf(t *testing.T, trail report.Trail, index int64) []byte {
	t.Helper()
	proof, err := trail.Reader.Proof(t.Context(), "maple", index, true)
	if err != nil {
		t.Fatal(err)
	}
	line, _, ok := patient.Opened(proof)
	if !ok {
		t.Fatal("no record in the proof")
	}
	return line
}
