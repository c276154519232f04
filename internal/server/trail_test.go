package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"vestibule/internal/demo"
)

// The trail by HTTP: what it is searched by is for anyone; searched by GET and by POST alike, paged by the links it gives, and
// read one by one, by an auditor; and each event names the request that it is about.
func TestTheTrailByHTTP(t *testing.T) {
	g := open(t)
	trail := "/audit/" + demo.SignalHill
	auditor := map[string]string{"Authorization": "Bearer " + g.Ready.Tokens[demo.Auditor]}
	form := map[string]string{"Authorization": auditor["Authorization"], "Content-Type": "application/x-www-form-urlencoded"}
	if a := g.ask(t, asked{"GET", trail + "/metadata", "", map[string]string{"Authorization": ""}}); a.status != 200 || a.header.Get("Audit-Receipt") != "" ||
		!strings.Contains(a.body, `"patient.identifier"`) {
		t.Errorf("metadata: %d %s", a.status, a.body)
	}
	trace := "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, id := range []string{"call-1", "call-2", "call-3"} {
		g.ask(t, asked{"GET", clinic + "/Appointment/" + g.Tours[demo.SignalHill].Appointment, "", map[string]string{"X-Request-Id": id, "Traceparent": trace}})
	}
	var ids []string
	for path := trail + "/AuditEvent?subtype=read&entity-type=http://hl7.org/fhir/resource-types|x,2&_count=2"; path != ""; {
		a := g.ask(t, asked{"GET", path, "", auditor})
		var b struct {
			Link  []struct{ Relation, URL string }
			Entry []struct{ Resource struct{ ID string } }
		}
		if err := json.Unmarshal([]byte(a.body), &b); err != nil || a.status != 200 {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		for _, e := range b.Entry {
			ids = append(ids, e.Resource.ID)
		}
		path = ""
		for _, l := range b.Link {
			if at := strings.Index(l.URL, trail); l.Relation == "next" && at >= 0 {
				path = l.URL[at:]
			}
		}
	}
	if len(ids) != 3 {
		t.Fatalf("three reads are the events %v", ids)
	}
	a := g.ask(t, asked{"POST", trail + "/AuditEvent/_search", "entity.identifier=call-2&_total=accurate", form})
	if a.status != 200 || !strings.Contains(a.body, `"total":1`) || !strings.Contains(a.body, `"id":"`+ids[1]+`"`) {
		t.Errorf("by POST: %d %s", a.status, a.body)
	}
	a = g.ask(t, asked{"GET", trail + "/AuditEvent/" + ids[1] + "?_format=application/fhir%2Bjson", "", auditor})
	for _, want := range []string{`"call-2"`, `"00-4bf92f3577b34da6a3ce929d0e0e4736-`, `GET /fhir/{clinic}/{type}/{id}`, `"fhirr4 test"`, "IHE.BasicAudit.PatientRead"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the event does not say %s: %s", want, a.body)
		}
	}
	for path, code := range map[string]string{"/AuditEvent?bogus=1": "parameter-not-supported", "/AuditEvent/999999": "not-found", "/AuditEvent/1?_format=xml": "format-not-supported",
		"/AuditEvent?_format=json&_format=xml": "format-not-supported", "/AuditEvent/1?_format=application/fhir+json": "", "/AuditEvent?_format=application/fhir+json": "",
		"/AuditEvent/1?patient=2": "parameter-not-supported", "/Patient": "no-such-address"} {
		if a := g.ask(t, asked{"GET", trail + path, "", auditor}); a.code != code || a.header.Get("Audit-Receipt") == "" {
			t.Errorf("%s: %d %s", path, a.status, a.code)
		}
	}
	if a := g.ask(t, asked{"GET", "/audit/" + demo.SignalHill + "/AuditEvent", "", map[string]string{"Authorization": ""}}); a.status != 401 {
		t.Errorf("without a token: %d", a.status)
	}
}
