package audit_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// library is a log with one entry of each sample, in the order of their names.
func library(t *testing.T) (*house, []string) {
	t.Helper()
	h := newHouse(t)
	all := samples()
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		r := all[name].Record
		r.ID, r.Clinic, r.Time = access(100+i), "maple", h.clock.Now().Add(time.Duration(i)*time.Minute)
		h.append(r)
	}
	return h, names
}

// parsed is a search by parameters as they stand in a URL.
func parsed(t testing.TB, query string) audit.Search {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	q, err := audit.ParseSearch(v, time.UTC)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return q
}

// Every parameter finds what it is about, and nothing else: the names are those of the samples, each once for each event.
func TestEachParameterFindsWhatItSays(t *testing.T) {
	h, names := library(t)
	tried := map[string]bool{}
	for query, want := range map[string]string{
		"action=C": "create",
		"action=http://hl7.org/fhir/audit-event-action|U":                 "full unresolved update",
		"address=203.0.113.8":                                             "denial locked malformed",
		"address=198.51.100":                                              "counted refused-token",
		"address=203.0.113.9,198.":                                        "counted no-person refused-token",
		"agent=zoe":                                                       "denial locked malformed",
		"agent=https://id.elsewhere.example|mallory":                      "refused-token",
		"agent=https://id.assistco.example|mallory":                       "",
		"agent.identifier=https://id.assistco.example|zoe":                "denial locked malformed",
		"agent.identifier=mallory":                                        "refused-token",
		"agent.identifier=|assistco-desk&action=C":                        "create",
		"agent.identifier=gateway.example&action=C":                       "create",
		"agent.identifier=urn:x|gateway.example":                          "",
		"agent-name=root":                                                 "admin",
		"agent-name=ZOË,root":                                             "admin denial locked malformed",
		"agent-name=Tremblay":                                             "",
		"agent-role=automated":                                            "automated",
		"agent-role=urn:vestibule:team|assistco/front-desk":               "full",
		"agent-role=unverified":                                           "refused-token",
		"agent-role=urn:x|auditor":                                        "",
		"altid=x":                                                         "",
		"date=lt2026-11-23T14:02":                                         "admin audit-search",
		"_lastUpdated=lt2026-11-23T14:01":                                 "admin",
		"entity=Appointment/7":                                            "full no-person",
		"entity=Appointment/7/_history/3":                                 "full no-person",
		"entity=Appointment/7/_history/2":                                 "",
		"entity=DocumentReference/9&type=110114":                          "refused-token counted",
		"entity.identifier=4a8dca3c-2205-4dc7-90e1-db877781d7cc&action=C": "create",
		"entity.identifier=urn:x|4a8dca3c-2205-4dc7-90e1-db877781d7cc":    "",
		"entity-name=front":                                               "admin",
		"entity-role=24":                                                  "audit-search search search search-no-patient search-nothing",
		"entity-role=24&entity-role=4":                                    "search search",
		"entity-role=http://terminology.hl7.org/CodeSystem/object-role|&entity-role=24&action=E&entity-role=4,99": "search search",
		"agent-role=urn:vestibule:team|":                                         "full",
		"agent-role=urn:vestibule:audit|&agent-role=unverified":                  "refused-token",
		"agent.identifier=https://id.elsewhere.example|":                         "refused-token",
		"agent=https://id.elsewhere.example|":                                    "refused-token",
		"type=http://dicom.nema.org/resources/ontology/DCM|&outcome=8":           "counted denial locked refused-token",
		"subtype=http://dicom.nema.org/resources/ontology/DCM|,create&outcome=0": "admin create start",
		"type=urn:x|":             "",
		"outcome=0,4&outcome=4,8": "malformed",
		"patient=9":               "search-nothing",
		"policy=urn:vestibule:grant:front-desk-amara@3&policy=urn:ietf:params:oauth:jti:jti-1&action=C": "create",
		"entity-type=http://hl7.org/fhir/resource-types|OperationOutcome&subtype=read":                  "counted denial failed locked refused-token",
		"entity-type=http://hl7.org/fhir/resource-types|Appointment":                                    "search search",
		"outcome=12": "failed",
		"outcome=http://hl7.org/fhir/audit-event-outcome|12,4": "failed malformed",
		"patient=Patient/2": "search",
		"patient=1":         "create search",
		"patient.identifier=urn:vestibule:patient|2":                          "search",
		"policy=urn:vestibule:grant:front-desk-amara@3&action=C":              "create",
		"policy=urn:vestibule:grant:front-desk-amara@2":                       "",
		"policy=urn:ietf:params:oauth:jti:jti-1&action=C":                     "create",
		"site=maple&action=C":                                                 "create",
		"site=birch":                                                          "",
		"source=gateway.example&action=C":                                     "create",
		"source.identifier=urn:vestibule:deployment|gateway.example&action=C": "create",
		"source.identifier=other":                                             "",
		"subtype=110136":                                                      "admin",
		"subtype=http://hl7.org/fhir/restful-interaction|create":              "create",
		"subtype=http://dicom.nema.org/resources/ontology/DCM|create":         "",
		"type=110113": "admin denial locked",
		"type=http://terminology.hl7.org/CodeSystem/audit-event-type|rest&action=C": "create",
		"type=urn:x|rest": "",
		"_id=0,4":         "admin counted",
	} {
		for part := range strings.SplitSeq(query, "&") {
			name, _, _ := strings.Cut(part, "=")
			tried[name] = true
		}
		q := parsed(t, query)
		found, err := h.Search(context.Background(), "maple", q)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range found.Entries {
			for range e.EventsFor(q) {
				got = append(got, names[e.Index])
			}
		}
		slices.Sort(got)
		expected := strings.Fields(want)
		slices.Sort(expected)
		if !slices.Equal(got, expected) {
			t.Errorf("%s finds %v, want %v", query, got, expected)
		}
		total, err := h.Total(context.Background(), "maple", q)
		if err != nil || total != len(expected) {
			t.Errorf("%s: a total of %d, %v, want %d", query, total, err, len(expected))
		}
	}
	for _, p := range audit.Params() {
		if !tried[p.Name] {
			t.Errorf("no question uses %s", p.Name)
		}
	}
}

// Pages of any size, in either order, over the index and behind it, hold every event once; records that come meanwhile do not
// disturb them.
func TestPagesHoldEveryEventOnce(t *testing.T) {
	h := bigHouse(t, 700)
	for i := range 20 {
		r := search(2000 + i)
		h.append(r)
	}
	for _, query := range []string{"", "patient=Patient/1,Patient/2,Patient/50", "agent=bob", "action=E", "entity-role=24", "address=203.0.113.7&action=E"} {
		var orders [2][]string
		for at, order := range []string{"", "date"} {
			q := parsed(t, query)
			q.Ascending, q.Count, q.Looks = order == "date", audit.MaxCount, 0
			whole := everyPage(t, h, q)
			slices.Sort(whole)
			orders[at] = whole
			sizes := []int{1, 3, 7}
			if len(whole) > 100 {
				sizes = []int{97}
			}
			for _, q.Count = range sizes {
				for _, q.Looks = range []int{0, 60} {
					if paged := slices.Sorted(slices.Values(everyPage(t, h, q))); !slices.Equal(whole, paged) {
						t.Errorf("%q by %q: %d events in one piece, %d in pages of %d, %d looks each", query, order, len(whole), len(paged), q.Count, q.Looks)
					}
				}
			}
		}
		if len(orders[0]) == 0 || !slices.Equal(orders[0], orders[1]) || len(slices.Compact(orders[1])) != len(orders[0]) {
			t.Errorf("%q: %d events in one order, %d in the other", query, len(orders[0]), len(orders[1]))
		}
	}
}

// An access that takes long, and a counted record, come behind records of a later date: a page is by date all the same.
func TestAPageIsByDate(t *testing.T) {
	h := newHouse(t)
	for i, minutes := range []int{3, 1, 2, 2, 0, 4} {
		r := search(i)
		r.Time = h.clock.Now().Add(time.Duration(minutes) * time.Minute)
		h.append(r)
	}
	for order, want := range map[string]string{"-date": "5-1 5-2 0-1 0-2 3-1 3-2 2-1 2-2 1-1 1-2 4-1 4-2", "date": "4-1 4-2 1-1 1-2 2-1 2-2 3-1 3-2 0-1 0-2 5-1 5-2"} {
		if got := strings.Join(everyPage(t, h, parsed(t, "_count=50&_sort="+order)), " "); got != want {
			t.Errorf("by %s: %s, want %s", order, got, want)
		}
	}
}

// everyPage is the ids of the events of all pages.
func everyPage(t testing.TB, h *house, q audit.Search) (ids []string) {
	t.Helper()
	for range 5000 {
		found, err := h.Search(context.Background(), "maple", q)
		if err != nil {
			t.Fatal(err)
		}
		events, next, more := found.Page(q)
		limit := q.Count
		if len(events) > limit {
			t.Fatalf("%d events on a page of %d", len(events), limit)
		}
		for _, b := range events {
			r, err := fhir.ParseResource(b, fhir.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, r.ID())
		}
		if !more {
			return ids
		}
		again := q // what a page link carries
		again.Begin(next.Place(), next.Skip)
		q = again
	}
	t.Fatalf("the pages do not end: %+v", q)
	return nil
}

// What would have to be counted one by one beyond reason has no total, and says so.
func TestATotalIsExactOrRefused(t *testing.T) {
	h := bigHouse(t, 600)
	q := parsed(t, "entity-role=4")
	n, err := h.Total(context.Background(), "maple", q)
	if all := everyPage(t, h, func() audit.Search { q.Count = audit.MaxCount; return q }()); err != nil || n != len(all) {
		t.Errorf("a total of %d, %v; there are %d", n, err, len(all))
	}
}

// A ledger whose index an earlier version made finds everything at once, and makes the index again.
func TestAnIndexOfAnEarlierVersionIsMadeAgain(t *testing.T) {
	h := bigHouse(t, 600)
	h.reopen()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h.exec(`DROP TABLE segment; DROP TABLE posting;
		CREATE TABLE segment (log INTEGER NOT NULL, first BIGINT NOT NULL, count BIGINT NOT NULL, min_time BIGINT NOT NULL, max_time BIGINT NOT NULL,
			min_id TEXT NOT NULL, max_id TEXT NOT NULL, PRIMARY KEY (log, first));
		CREATE TABLE posting (log INTEGER NOT NULL, bucket TEXT NOT NULL, first BIGINT NOT NULL, entries BLOB NOT NULL, PRIMARY KEY (log, bucket, first));
		INSERT INTO segment VALUES (1, 0, 600, 0, 9e15, '', '~'); INSERT INTO posting VALUES (0, 'format', 4, x'')`) // as format 4 had it
	reports, err := audit.VerifyDB(context.Background(), h.db, testVKey(t))
	if err != nil || len(reports) != 1 || !reports[0].OK() {
		t.Errorf("verified before it is made again: %v, %v", reports, err)
	}
	h.open()
	q := parsed(t, "policy=urn:vestibule:grant:front-desk-amara@3&_total=accurate")
	if n, err := h.Total(context.Background(), "maple", q); err != nil || n != 600 {
		t.Errorf("%d events, %v", n, err)
	}
	if n := h.count(`SELECT COUNT(*) FROM segment WHERE log = 0`); n != 1 {
		t.Errorf("%d marks of the index's format", n)
	}
}
