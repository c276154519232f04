package audit_test

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

func TestParseSearchReadsWhatItKnows(t *testing.T) {
	zone, err := time.LoadLocation("America/St_Johns")
	if err != nil {
		t.Fatal(err)
	}
	q, err := audit.ParseSearch(url.Values{
		"patient": {"Patient/1,2"}, "agent": {`https://id.example|a\,b`}, "agent-name": {"amara"}, "outcome": {"4,http://x|8"}, "action": {"R"},
		"subtype": {"http://hl7.org/fhir/restful-interaction|read"}, "type": {"rest"}, "_count": {"5000"}, "_sort": {"-date"}, "_id": {"12-3,x"},
		"date": {"ge2026-11-01", "lt2026-11-20T10:00"},
	}, zone)
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"agent":     slices.Equal(q.Agents, []string{"https://id.example|a,b"}),
		"name":      slices.Equal(q.Names, []string{"amara"}),
		"outcome":   slices.Equal(q.Outcomes, []audit.Outcome{"4", "8"}),
		"action":    slices.Equal(q.Actions, []string{"R"}),
		"subtype":   slices.Equal(q.Subtypes, []string{"read"}),
		"type":      slices.Equal(q.Types, []string{"rest"}),
		"count":     q.Count == audit.MaxCount,
		"id":        slices.Equal(q.Indexes, []int64{12, -1}),
		"from":      q.From.Equal(time.Date(2026, 11, 1, 2, 30, 0, 0, time.UTC)), // St. John's is still on daylight time
		"until":     q.Until.Equal(time.Date(2026, 11, 20, 13, 30, 0, 0, time.UTC)),
		"no intent": !slices.Contains(q.Phases, audit.PhaseIntent) && len(q.Phases) == 5,
	} {
		if !ok {
			t.Errorf("%s was read wrongly: %+v", name, q)
		}
	}
}

func TestDatesCoverTheirPrecision(t *testing.T) {
	for text, want := range map[string][2]string{
		"2026":                     {"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		"2026-02":                  {"2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
		"eq2026-02-28":             {"2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"},
		"2026-02-28T10:00-05:00":   {"2026-02-28T15:00:00Z", "2026-02-28T15:01:00Z"},
		"2026-02-28T10:00:30Z":     {"2026-02-28T10:00:30Z", "2026-02-28T10:00:31Z"},
		"2026-02-28T10:00:30.125Z": {"2026-02-28T10:00:30.125Z", "2026-02-28T10:00:30.126Z"},
		"gt2026-02-28":             {"2026-03-01T00:00:00Z", ""},
		"sa2026":                   {"2027-01-01T00:00:00Z", ""},
		"le2026-02-28":             {"", "2026-03-01T00:00:00Z"},
		"eb2026-02-28":             {"", "2026-02-28T00:00:00Z"},
		"2026-02-28T10:00 01:00":   {"2026-02-28T09:00:00Z", "2026-02-28T09:01:00Z"}, // a plus sign that was not percent-encoded
		"2026-02-28T10:00:30.5Z":   {"2026-02-28T10:00:30.5Z", "2026-02-28T10:00:30.6Z"},
	} {
		q, err := audit.ParseSearch(url.Values{"date": {text}}, time.UTC)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for i, got := range []time.Time{q.From, q.Until} {
			text := ""
			if !got.IsZero() {
				text = got.UTC().Format(time.RFC3339Nano)
			}
			if text != want[i] {
				t.Errorf("%s: bound %d is %s, want %s", text, i, text, want[i])
			}
		}
	}
}

// Each prefix compares the millisecond that a record's time stands for with the stretch of time that a value stands for; values behind
// commas are alternatives, and a date that is given again is another criterion.
func TestDatesAreComparedAsR4Says(t *testing.T) {
	h := newHouse(t)
	for i, at := range []string{"14:00:00.000", "14:00:00.123", "14:00:00.124", "14:01:00.000", "15:00:00.000"} {
		r := read(i)
		var err error
		if r.Time, err = time.Parse(time.RFC3339, "2026-11-23T"+at+"Z"); err != nil {
			t.Fatal(err)
		}
		h.append(r)
	}
	for query, want := range map[string]string{
		"date=2026-11-23T14:00:00.123Z":                                             "1",
		"date=2026-11-23T14:00:00.1Z":                                               "12",
		"date=2026-11-23T14:00:00.123456Z":                                          "",
		"date=ge2026-11-23T14:00:00.123456Z":                                        "1234",
		"date=gt2026-11-23T14:00:00.123456Z":                                        "1234",
		"date=sa2026-11-23T14:00:00.123456Z":                                        "234",
		"date=lt2026-11-23T14:00:00.123456Z":                                        "01",
		"date=le2026-11-23T14:00:00.123456Z":                                        "01",
		"date=eb2026-11-23T14:00:00.123456Z":                                        "0",
		"date=gt2026-11-23T14:00:00.123Z":                                           "234",
		"date=lt2026-11-23T14:00:00.123Z":                                           "0",
		"date=le2026-11-23T14:00:00.123Z":                                           "01",
		"date=ne2026-11-23T14:00Z":                                                  "34",
		"date=ap2026-11-23T14:01Z":                                                  "0123",
		"date=2026-11-23T14:01Z,2026-11-23T15:00Z":                                  "34",
		"date=2026-11-23T14:01Z,lt2026-11-23T14:00:00.1Z":                           "03",
		"date=2026-11-23T14:01Z,2026-11-23T15:00Z&date=lt2026-11-23T14:30Z":         "3",
		"date=2026-11-23T14:01Z,2026-11-23T15:00Z&date=ne2026-11-23T14:01Z":         "4",
		"_lastUpdated=2026-11-23T14:01Z,2025&date=2026-11-23":                       "3",
		"date=ge2026-11-23T14:00:00.124Z&date=ge2026-11-23&date=le2026-11-23T14:59": "23",
	} {
		found, err := h.Search(context.Background(), "maple", parsed(t, query))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, e := range slices.Backward(found.Entries) {
			got += strconv.FormatInt(e.Index, 10)
		}
		if got != want {
			t.Errorf("%s finds %q, want %q", query, got, want)
		}
	}
}

func TestH1UnknownParametersAreRefusedByName(t *testing.T) {
	for query, want := range map[string]fhir.Kind{
		"entity-id=Task/1":             fhir.KindNotSupported,
		"entity=1":                     fhir.KindInvalid,
		"entity=../1":                  fhir.KindInvalid,
		"patient.identifier=9876":      fhir.KindNotSupported,
		"agent-role=|":                 fhir.KindInvalid,
		"agent-role=urn:x|a,":          fhir.KindInvalid,
		"agent-name=Zoe,":              fhir.KindInvalid,
		"entity-name=,front":           fhir.KindInvalid,
		"_total=estimate":              fhir.KindNotSupported,
		"_summary=count":               fhir.KindNotSupported,
		"patient.birthdate=1990":       fhir.KindNotSupported,
		"agent-name:exact=Amara":       fhir.KindNotSupported,
		"_sort=type":                   fhir.KindNotSupported,
		"_id=1&_id=2":                  fhir.KindNotSupported,
		"_total=none&_total=accurate":  fhir.KindNotSupported,
		"date:missing=true":            fhir.KindNotSupported,
		"outcome=9":                    fhir.KindInvalid,
		"action=X":                     fhir.KindInvalid,
		"outcome=http://x|":            fhir.KindInvalid,
		"date=2026,":                   fhir.KindInvalid,
		"date=2026,x":                  fhir.KindInvalid,
		"date=xx2026":                  fhir.KindInvalid,
		"patient=../1":                 fhir.KindInvalid,
		"patient=Patient/1/_history/2": fhir.KindInvalid,
		"patient=":                     fhir.KindInvalid,
		"_count=0":                     fhir.KindInvalid,
		"_count=many":                  fhir.KindInvalid,
		"date=yesterday":               fhir.KindInvalid,
		"date=2026-13":                 fhir.KindInvalid,
		"date=2026-02-30":              fhir.KindInvalid,
		"date=2026-02-28T25:00":        fhir.KindInvalid,
		"date=2026-02-28T1":            fhir.KindInvalid,
		"date=2026-02-28T10:00Zulu":    fhir.KindInvalid,
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = audit.ParseSearch(v, time.UTC)
		e := fhir.AsError(err)
		name, _, _ := strings.Cut(query, "=")
		if err == nil || e.Kind != want || e.Path != name {
			t.Errorf("%s: got %v, want %v at %s", query, err, want, name)
		}
	}
}
