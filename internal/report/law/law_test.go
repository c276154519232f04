package law_test

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/law"
	"vestibule/internal/report/plain"
	"vestibule/internal/report/reporttest"
)

// listed is what each law's text lists, by letter or paragraph, in its order. It is written a second time on purpose: an element
// that is dropped from the program is missing here.
var listed = map[string][][]string{
	"on-phipa-10.1": {{"10.1(4)(a)", "10.1(4)(b)", "10.1(4)(c)", "10.1(4)(d)", "10.1(4)(e)"}},
	"on-hinp-6.3":   {{"4(i) person", "4(i) date", "4(i) time"}, {"4(ii) person who transferred", "4(ii) person or address", "4(ii) date", "4(ii) time"}},
	"ab-118-2010":   {{"6(a)", "6(b)", "6(c)", "6(d)", "6(e)", "6(f)", "6(g)", "6(h)", "6(i)", "6(j)", "6(k)"}},
	"qc-r22.1": {{"103 which information", "103 by whom", "103 date and time"},
		{"265 nature or type", "265 person or group", "265 purposes", "265 justification"}},
	"ns-phia": {{"63 name of the individual", "63 unique identifier", "63 name of the person", "63 user name", "63 description", "63 date and time"}},
	"mb-phia": {{"4(1) individuals", "4(1) persons", "4(1) when", "4(1) system or component", "4(1) whether it was then disclosed"}},
}

func full() audit.Record {
	return audit.Record{Agent: reporttest.Amara(), Interaction: "read", Route: "GET /fhir/{clinic}/{type}/{id}", Type: "DocumentReference", Resource: "DocumentReference/d1",
		Patients: []string{"Patient/1"}, Grants: []string{"papers@2"}, Purposes: []string{"TREAT"}, System: audit.System{Product: "The EMR", Adapter: "fhirr4 v1"},
		Released: []audit.ReleasedItem{{Ref: "DocumentReference/d1/_history/3", Patients: []string{"Patient/1"}, Documents: 1, Kinds: []string{"http://loinc.org|57133-1"}}}}
}

// empty is an access of which nothing is known that can be missing.
func empty() audit.Record {
	return audit.Record{Interaction: "read", Clinic: "maple", Type: "DocumentReference", Released: []audit.ReleasedItem{{Ref: "DocumentReference/d2", Documents: 1}}}
}

func rowsOf(t *testing.T, r report.Report, section string) [][]string {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteSection(&out, r, report.CSV, report.English, section); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestEveryListedElementHasAColumnWithAValueOrAReason(t *testing.T) {
	if got := law.Names(); len(got) != len(listed) {
		t.Fatalf("%v", got)
	}
	unknown := regexp.MustCompile(`^unknown: .+`)
	for name, parts := range listed {
		t.Run(name, func(t *testing.T) {
			l, ok := law.Find(name)
			if !ok {
				t.Fatal("there is no such law")
			}
			trail, _ := reporttest.Trail(t, full(), empty())
			r := law.Make(t.Context(), l, trail, nil, nil)
			for i, cites := range parts {
				rows := rowsOf(t, r, r.Sections[i].ID)
				if len(rows) != 3 {
					t.Fatalf("%d rows for two accesses", len(rows)-1)
				}
				for _, cite := range cites {
					at := slices.IndexFunc(rows[0], func(title string) bool { return strings.HasPrefix(title, cite) })
					if at < 0 {
						t.Errorf("there is no column for %s among %q", cite, rows[0])
						continue
					}
					for _, row := range rows[1:] {
						if strings.TrimSpace(row[at]) == "" || row[at] == "none" || strings.HasPrefix(row[at], "unknown") && !unknown.MatchString(row[at]) {
							t.Errorf("%s is %q", rows[0][at], row[at])
						}
					}
				}
			}
		})
	}
}

func TestAnExtractNamesItsLawAndIsNoAdvice(t *testing.T) {
	trail, _ := reporttest.Trail(t, full())
	for _, l := range law.Laws() {
		r := law.Make(t.Context(), l, trail, nil, nil)
		for language, want := range map[report.Language]string{report.English: "not legal advice", report.French: "ne constitue pas un avis juridique"} {
			var out bytes.Buffer
			if err := report.Write(&out, r, report.NDJSON, language); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), want) || !strings.Contains(out.String(), l.Citation.In(report.Voice{Language: language, Zone: time.UTC})) {
				t.Errorf("%s: %s", l.Name, out.String())
			}
		}
	}
}

func TestAlbertaSaysWhatIsOnRecord(t *testing.T) {
	l, _ := law.Find("ab-118-2010")
	trail, _ := reporttest.Trail(t, full())
	r := law.Make(t.Context(), l, trail, nil, nil)
	row := reporttest.Rows(t, r, "accesses", report.English)[0]
	for column, want := range map[string]string{
		"user": "https://id.assistco.example|amara; assistco-desktop", "role": "assistco/front-desk", "action": "looked at", "facility": "Maple Family Practice",
		"screen": "GET /fhir/{clinic}/{type}/{id}", "number": "unknown: the gateway holds no health numbers; the EMR has it under Patient/1",
		"individual": "unknown: the gateway holds no names of patients; the EMR has it under Patient/1",
	} {
		if row[column] != want {
			t.Errorf("%s: %q", column, row[column])
		}
	}
}

func TestAnAccessHasARowForEachPatientWithTheirItemsAlone(t *testing.T) {
	r := full()
	r.Patients = []string{"Patient/1", "Patient/2"}
	r.Released = []audit.ReleasedItem{{Ref: "Appointment/a", Patients: []string{"Patient/1"}}, {Ref: "Appointment/b", Patients: []string{"Patient/2"}}, {Ref: "Task/c"}}
	denied := audit.Record{Phase: audit.PhaseDenial, Agent: reporttest.Amara(), Interaction: "read", Type: "Task", Resource: "Task/9", Reasons: []string{"no-grant"}}
	look := audit.Record{Agent: reporttest.Amara(), Interaction: "audit-search", Type: "AuditEvent", Shown: 3}
	unresolved := audit.Record{Phase: audit.PhaseUnresolved, Agent: reporttest.Amara(), Interaction: "update", Type: "Task", Resource: "Task/9", Patients: []string{"Patient/3"}}
	intent := int64(0)
	written := audit.Record{Agent: reporttest.Amara(), Interaction: "update", Type: "Task", Resource: "Task/9", Patients: []string{"Patient/4"}, Intent: &intent, Outcome: audit.OutcomeSerious, Reasons: []string{"written-then-stopped"}}
	failed, nothing := written, full()
	failed.Reasons, nothing.Released, nothing.Patients = []string{"emr-timeout"}, nil, nil
	trail, _ := reporttest.Trail(t, r, denied, look, unresolved, written, failed, nothing)
	l, _ := law.Find("ns-phia")
	var got []string
	for _, row := range reporttest.Rows(t, law.Make(t.Context(), l, trail, nil, nil), "activity", report.English) {
		got = append(got, row["individual"]+" > "+row["information"])
	}
	want := []string{"Patient/1 > 1 appointment; Appointment/a", "Patient/2 > 1 appointment; Appointment/b",
		"unknown: the resource does not say whose it is > 1 task; Task/c", "Patient/3 > tasks; Task/9", "Patient/4 > tasks; Task/9"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestWhoTransferredADocumentToWhom(t *testing.T) {
	received := full()
	received.Interaction, received.Title = "create", "Maple Family Practice"
	received.Released[0].Documents = 0
	sent := full()
	sent.Title = "Maple Family Practice"
	l, _ := law.Find("on-hinp-6.3")
	trail, _ := reporttest.Trail(t, sent, received)
	rows := reporttest.Rows(t, law.Make(t.Context(), l, trail, map[string]string{"assistco": "AssistCo"}, nil), "transfers", report.English)
	if len(rows) != 2 || rows[0]["from"] != "Maple Family Practice" || rows[0]["to"] != "Amara Okafor; AssistCo; 203.0.113.9" || rows[1]["from"] != "Amara Okafor; AssistCo" ||
		rows[1]["to"] != "Maple Family Practice; The EMR, by fhirr4 v1" && rows[1]["to"] != "Maple Family Practice; The EMR by fhirr4 v1" {
		t.Errorf("%v", rows)
	}
}

func TestQuebecsRegisterHasPurposeAndJustification(t *testing.T) {
	l, _ := law.Find("qc-r22.1")
	trail, _ := reporttest.Trail(t, full())
	r := law.Make(t.Context(), l, trail, map[string]string{"assistco": "AssistCo"}, map[string]plain.Because{"papers@2": {Text: "Lit le courrier", By: "dre.roy"}})
	row := reporttest.Rows(t, r, "communications", report.French)[0]
	for column, want := range map[string]string{"purpose": "traitement", "justification": "autorisation papers@2, donnée par dre.roy\u00a0: Lit le courrier",
		"recipient": "Amara Okafor; AssistCo; 203.0.113.9", "type": "la description de 1 document (demande de consultation); 1 document au complet"} {
		if row[column] != want {
			t.Errorf("%s: %q", column, row[column])
		}
	}
}
