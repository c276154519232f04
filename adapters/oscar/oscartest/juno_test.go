package oscartest

import (
	"net/netip"
	"strings"
	"testing"
)

const junoTickler = `{"demographicNo":31,"message":"Call","status":"A","serviceDateTime":"2026-12-01T09:00:00","priority":"High","taskAssignedTo":"900101"}`

func TestJunoGivesATicklerWithItsNumber(t *testing.T) {
	w := newWorld(t, Juno)
	made := w.ask("POST", "/v1/tickler/", junoTickler)
	if made.status != 200 || !strings.Contains(made.body, `"body":{"id":1,`) || !strings.Contains(made.body, `"status":"SUCCESS"`) || w.Ticklers()[0].Creator != "900101" {
		t.Fatal(made)
	}
	if got := w.ask("GET", "/v1/tickler/1", ""); got.body != made.body {
		t.Error(got)
	}
	put := w.ask("PUT", "/v1/tickler/1", strings.Replace(junoTickler, `"status":"A"`, `"status":"C"`, 1))
	if put.status != 200 || w.Ticklers()[0].Status != "C" || len(w.Ticklers()) != 1 {
		t.Error(put)
	}
	for path, status := range map[string]int{"GET /v1/tickler/9": 400, "PUT /v1/tickler/9": 400, "GET /status/checkIfAuthed": 404, "DELETE /v1/tickler/1": 404} {
		method, path, _ := strings.Cut(path, " ")
		if got := w.ask(method, path, ""); got.status != status {
			t.Errorf("%s: %v", path, got)
		}
	}
	for _, member := range []string{"demographicNo", "taskAssignedTo", "serviceDateTime"} {
		got := w.ask("POST", "/v1/tickler/", strings.Replace(junoTickler, member, "x", 1))
		if got.status != 400 || !strings.Contains(got.body, `"validationErrors":["`+member+`"]`) {
			t.Errorf("without %s: %v", member, got)
		}
	}
	if got := w.ask("POST", "/v1/tickler/", "{"); got.status != 400 || !strings.Contains(got.body, `"status":"ERROR"`) {
		t.Error(got)
	}
}

func TestJunoFilesDocumentsAndRoutesThem(t *testing.T) {
	w := newWorld(t, Juno)
	const body = `{"status":"A","fileName":"ear.pdf","base64EncodedFile":"TWFkZSB1cA==","documentType":"consult","documentDescription":"Ear","observationDate":"2026-11-20"}`
	if got := w.ask("POST", "/v1/document/", body); !strings.Contains(got.body, `"body":1,`) {
		t.Fatal(got)
	}
	w.ask("POST", "/v1/document/1/inbox/general", "")
	w.ask("POST", "/v1/document/1/inbox/provider/900101", "")
	if got := w.Documents()[0].Inboxes; len(got) != 2 || got[0] != "general" || got[1] != "900101" {
		t.Errorf("%v", got)
	}
	for _, path := range []string{"/v1/document/9/inbox/general", "/v1/document/1/inbox/provider/nobody"} {
		if got := w.ask("POST", path, ""); got.status != 404 {
			t.Errorf("%s: %v", path, got)
		}
	}
	for name, bad := range map[string]string{"status": `"A"`, "fileName": `"ear.pdf"`, "base64EncodedFile": `"TWFkZSB1cA=="`} {
		if got := w.ask("POST", "/v1/document/", strings.Replace(body, bad, `""`, 1)); got.status != 400 || !strings.Contains(got.body, name) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := w.ask("POST", "/v1/document/", strings.Replace(body, `"Ear"`, `"`+strings.Repeat("é", 61)+`"`, 1)); got.status != 400 {
		t.Errorf("61 characters: %v", got)
	}
}

func TestJunoSearchesChartsByPage(t *testing.T) {
	w := newWorld(t, Juno)
	if got := w.ask("GET", "/v1/demographics/search?page=2&perPage=1", ""); !strings.Contains(got.body, `"total":2,"page":2,"perPage":1`) || !strings.Contains(got.body, `"demographicNo":32`) || strings.Contains(got.body, `"demographicNo":31`) {
		t.Error(got)
	}
	if got := w.ask("GET", "/v1/demographics/search?lastName=b%C3%A9l", ""); !strings.Contains(got.body, `"total":1`) {
		t.Error(got)
	}
}

func TestJunoHasNoAppointmentsByREST(t *testing.T) {
	w := newWorld(t, Juno)
	for _, path := range []string{"/schedule/statuses", "/tickler/mine", "/v1/schedule/statuses"} {
		if got := w.ask("GET", path, ""); got.status != 404 {
			t.Errorf("%s: %v", path, got)
		}
	}
	if got := newWorld(t, OpenO).ask("GET", "/v1/tickler/1", ""); got.status != 404 {
		t.Errorf("v1 outside Juno: %v", got)
	}
}

func TestJunoKnowsItsCallersAddresses(t *testing.T) {
	for prefix, status := range map[string]int{"127.0.0.0/8": 200, "192.0.2.0/24": 403} {
		w := newWorld(t, Juno, func(c *Config) { c.AllowFrom = []netip.Prefix{netip.MustParsePrefix(prefix)} })
		if got := w.ask("GET", "/v1/demographics/search?page=1&perPage=1", ""); got.status != status {
			t.Errorf("%s: %v", prefix, got)
		}
	}
}

func TestJunoRefusesWithoutThePrivilege(t *testing.T) {
	w := newWorld(t, Juno)
	w.token = w.Issue("gateway", "12")
	if got := w.ask("GET", "/v1/tickler/1", ""); !got.is(500, "Access Denied") {
		t.Error(got)
	}
}
