package oscartest

import (
	"fmt"
	"strings"
	"testing"
)

func TestASavedDocumentIsInTheChart(t *testing.T) {
	w := newWorld(t, OpenO)
	got := get[documentRow](w, "POST", "/document/saveDocumentToDemographic", strings.TrimSuffix(newDocument, "}")+`,"observationDate":"2026-11-20T12:00:00.000-05:00","appointmentNo":5}`)
	d := w.Documents()[0]
	if d.No != got.ID || d.FileName != "20261123030000_earnotes.pdf" || string(d.Contents) != "Made up" || d.DemographicNo != 31 || d.AppointmentNo != 5 || d.Observed.Day() != 20 {
		t.Errorf("%+v", d)
	}
	if got.DemographicNo != nil || got.FileContents != nil || got.ProviderNo != nil {
		t.Errorf("%+v", got)
	}
	if list := w.ask("GET", "/consults/getRequestAttachments?requestId=1&demographicId=31", ""); !strings.Contains(list.body, `"documentNo":1`) {
		t.Error(list)
	}
	if list := w.ask("GET", "/consults/getRequestAttachments?requestId=1&demographicId=32", ""); !list.is(200, "[]") {
		t.Error(list)
	}
	if list := w.ask("GET", "/consults/getRequestAttachments?demographicId=31", ""); list.status != 500 {
		t.Error(list)
	}
}

func TestADocumentNeedsANameAFileAndAChart(t *testing.T) {
	w := newWorld(t, OpenO)
	for member, text := range map[string]string{"fileName": "fileName is required", "fileContents": "fileContents is required", "demographicNo": "demographicNo is required"} {
		if got := w.ask("POST", "/document/saveDocumentToDemographic", strings.Replace(newDocument, member, "x"+member, 1)); !got.is(400, text) {
			t.Errorf("%s: %v", member, got)
		}
	}
	for name, body := range map[string]string{"base64": strings.Replace(newDocument, "TWFkZSB1cA==", "???", 1), "type": strings.Replace(newDocument, `"consult"`, `"`+strings.Repeat("x", 61)+`"`, 1),
		"description": strings.Replace(newDocument, "Ear notes", strings.Repeat("x", 256), 1)} {
		if got := w.ask("POST", "/document/saveDocumentToDemographic", body); got.status != 500 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if len(w.Documents()) != 0 {
		t.Error("refused documents were kept")
	}
	w.Switch(func(s *Switches) { s.NoDocumentREST = true })
	if got := w.ask("POST", "/document/saveDocumentToDemographic", newDocument); got.status != 404 {
		t.Errorf("2019 mirror: %v", got)
	}
}

func TestPendingDocumentsGoToAQueueAndFailAsJSON(t *testing.T) {
	w := newWorld(t, OpenO)
	const path = "/document/uploadPendingDocuments"
	queued := strings.TrimSuffix(newDocument, "}") + `,"queue":1}`
	if got := w.ask("POST", path, queued); got.status != 200 || !strings.Contains(got.body, `"fileName":"ear-notes.pdf"`) || w.Documents()[0].DemographicNo != 0 || w.Documents()[0].Queue != 1 {
		t.Error(got, w.Documents())
	}
	if got := w.ask("POST", path, newDocument); got.status != 400 || !strings.Contains(got.body, `"status":"error"`) {
		t.Error(got)
	}
	if got := w.ask("POST", path, strings.Replace(queued, "TWFkZSB1cA==", "?", 1)); got.status != 500 || got.kind != kindJSON {
		t.Error(got)
	}
	w.token = w.Issue("gateway", "12")
	if got := w.ask("POST", path, queued); got.status != 403 || got.kind != kindJSON {
		t.Error(got)
	}
}

func TestChartsAreFoundByNameAddressAndNumber(t *testing.T) {
	w := newWorld(t, OpenO)
	for i := range 12 {
		w.AddPatients(Patient{LastName: "PILE", FirstName: fmt.Sprint("N", i)})
	}
	quick := func(query string) found[demographic] {
		return get[found[demographic]](w, "GET", "/demographics/quickSearch?query="+query, "")
	}
	for query, want := range map[string]int{"b%C3%A9l": 31, "B%C3%A9liveau,IN%C3%88S": 31, "addr:elm": 32, "chartNo:77": 31} {
		if got := quick(query); len(got.Content) != 1 || got.Content[0].DemographicNo != want {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if got := quick("pile"); len(got.Content) != 10 || got.Total != 12 {
		t.Errorf("%d of %d", len(got.Content), got.Total)
	}
	search := get[found[demographic]](w, "POST", "/demographics/search?startIndex=10&itemsToReturn=5", `{"type":"Name","term":"pile"}`)
	if len(search.Content) != 2 || search.Total != 12 || search.Offset != 10 {
		t.Errorf("%+v", search)
	}
	if got := get[found[demographic]](w, "POST", "/demographics/search?startIndex=0&itemsToReturn=5", `{"type":"HIN","term":"0000000031"}`); got.Total != 1 {
		t.Errorf("%+v", got)
	}
	if got := w.ask("GET", "/demographics/404", ""); got.status != 500 {
		t.Error(got)
	}
	if got := get[demographic](w, "GET", "/demographics/31", ""); got.DobYear != "1979" || got.Address.City != "Gatineau" || *got.DateOfBirth != w.moment("1979-05-04", "00:00:00").UnixMilli() {
		t.Errorf("%+v", got)
	}
}

func TestInboxesHaveANumberForAHealthNumberAndTwoDates(t *testing.T) {
	w := newWorld(t, OpenO)
	documented(w)
	got := w.ask("GET", "/inbox/mine", "")
	if !strings.Contains(got.body, `"hin":31`) || !strings.Contains(got.body, `"2026-11-23 / 2026-11-23"`) || !strings.Contains(got.body, `"2026-11-23 03:00:00"`) {
		t.Error(got)
	}
	if got := w.ask("GET", "/inbox/mine?limit=1", ""); !strings.Contains(got.body, `"total":1`) {
		t.Error(got)
	}
}

func TestProvidersAreListedAndOneIsMe(t *testing.T) {
	w := newWorld(t, OpenO)
	me := get[providerTo1](w, "GET", "/providerService/provider/me", "")
	if me.ProviderNo != "900101" || me.PractitionerNoType != "CPSO" || me.Dob != -62135751600000 || !me.Enabled || len(w.Providers()) != 2 {
		t.Errorf("%+v", me)
	}
}
