package oscar_test

import (
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/oscar"
	"vestibule/adapters/oscar/oscartest"
	"vestibule/fhir"
)

func TestATicklerIsTakenCommentedAndCompleted(t *testing.T) {
	s := newSet(t, oscar.OpenO, false)
	r, err := fhir.ParseResource([]byte(`{"resourceType":"Task","status":"requested","intent":"order","description":"Rappeler","for":{"reference":"Patient/31"},"owner":{"reference":"Practitioner/`+doctor+`"}}`), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	task, err := s.a.Write(t.Context(), fhir.Change{Kind: fhir.InteractionCreate, Operation: "op1234567890", Resource: r})
	if err != nil {
		t.Fatal(err)
	}
	if task, err = s.a.Write(t.Context(), changed(t, task, "Practitioner/"+doctor+`","display":"Okafor,Ngozi"},"restriction"`, "Practitioner/"+nurse+`"},"restriction"`)); err != nil {
		t.Fatal(err)
	}
	if task, err = s.a.Write(t.Context(), changed(t, task, `"restriction":`, `"note":[{"text":"boîte vocale"}],"restriction":`)); err != nil {
		t.Fatal(err)
	}
	if task, err = s.a.Write(t.Context(), changed(t, task, `"requested"`, `"completed"`)); err != nil {
		t.Fatal(err)
	}
	row := s.Ticklers()[0]
	if row.AssignedTo != nurse || row.Status != "C" || len(row.Comments) != 1 || row.Comments[0].ProviderNo != doctor || !strings.HasSuffix(row.Message, "[gw:op1234567890]") {
		t.Errorf("%+v", row)
	}
	found, err := s.ask(t, "Task", "identifier="+adapters.OperationSystem+"|op1234567890")
	if err != nil || len(found) != 1 || string(found[0].Bytes()) != string(task.Bytes()) {
		t.Errorf("%d found: %v", len(found), err)
	}
}

func TestAReferralIsFiledOnceAndReadBack(t *testing.T) {
	s := newSet(t, oscar.OpenO, true)
	r, err := fhir.ParseResource([]byte(`{"resourceType":"DocumentReference","status":"current","description":"Lettre de référence","type":{"text":"consult"},"subject":{"reference":"Patient/31"},"content":[{"attachment":{"contentType":"application/pdf","data":"JVBERi0xLjQK"}}]}`), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	change := fhir.Change{Kind: fhir.InteractionCreate, Operation: "0123456789abcdef", Resource: r}
	var doc fhir.Resource
	for range 2 {
		if doc, err = s.a.Write(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Documents()); n != 1 {
		t.Errorf("%d documents", n)
	}
	content, err := s.a.Open(t.Context(), doc, 0)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(content); err != nil || string(b) != "%PDF-1.4\n" {
		t.Errorf("%q %v", b, err)
	}
	settled, err := s.ask(t, "DocumentReference", "identifier="+adapters.OperationSystem+"|0123456789abcdef")
	if err != nil || len(settled) != 1 {
		t.Errorf("a write without a known outcome is not found: %d %v", len(settled), err)
	}
}

func TestATicklerOfAllProvidersIsTakenAndCompleted(t *testing.T) {
	s := newSet(t, oscar.OpenO, false)
	long := strings.Repeat("x", 20_000)
	ids := s.AddTicklers(oscartest.Tickler{DemographicNo: 31, AssignedTo: "All Providers", Message: long, Status: "A", Creator: doctor, Service: time.Now()},
		oscartest.Tickler{DemographicNo: 31, AssignedTo: "All Providers", Message: "x", Status: "A", Creator: doctor, Service: time.Now()})
	r, err := s.read(t, "Task", ids[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.a.Write(t.Context(), changed(t, r, `"requested"`, `"completed"`)); err != nil {
		t.Errorf("nobody's tickler, with a long text, cannot be completed: %v", err)
	}
	if r, err = s.read(t, "Task", ids[1]); err != nil {
		t.Fatal(err)
	}
	if _, err = s.a.Write(t.Context(), changed(t, r, `"restriction":`, `"owner":{"reference":"Practitioner/`+nurse+`"},"restriction":`)); err != nil {
		t.Errorf("it cannot be taken: %v", err)
	}
	rows := s.Ticklers()
	if rows[0].Status != "C" || rows[0].AssignedTo != "All Providers" || rows[0].Message != long || rows[1].AssignedTo != nurse {
		t.Errorf("%.40q of %s, %s; %s", rows[0].Message, rows[0].AssignedTo, rows[0].Status, rows[1].AssignedTo)
	}
}

// OSCAR's list has no order among ticklers that are due at the same time, so its pages may overlap.
func TestTicklersDueAtTheSameTimeAreListedWhole(t *testing.T) {
	s := newSet(t, oscar.OpenO, false)
	due := time.Now().Truncate(time.Hour)
	for i := range 450 {
		s.AddTicklers(oscartest.Tickler{DemographicNo: 31, AssignedTo: doctor, Message: strconv.Itoa(i), Status: "A", Creator: doctor, Service: due})
	}
	s.Switch(func(w *oscartest.Switches) { w.LooseOrder = true })
	found, err := s.ask(t, "Task", "patient=Patient/31&_count=200")
	if err != nil || len(found) != 450 {
		t.Errorf("%d found: %v", len(found), err)
	}
}

// A scan that is exchanged for another one under the same number is another version, and is not opened as the one before.
func TestADocumentsVersionCoversItsBytes(t *testing.T) {
	s := newSet(t, oscar.OpenO, true)
	doc := oscartest.Document{DemographicNo: 31, Description: "Letter", Creator: doctor, ContentType: "text/plain", Contents: []byte("made up"), Updated: time.Now()}
	doc.No = s.AddDocuments(doc)[0]
	before, err := s.read(t, "DocumentReference", doc.No)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) (text string) {
		for v := range before.Value().Path("content.attachment." + name) {
			text = string(v.Raw())
		}
		return text
	}
	if file("size") != "7" || file("hash") != `"J2+qR3vXXQiZNc6Tj/7ZujUji3Q="` {
		t.Errorf("size %s, hash %s", file("size"), file("hash"))
	}
	found, err := s.ask(t, "DocumentReference", "patient=Patient/31")
	if err != nil || len(found) != 1 || string(found[0].Bytes()) != string(before.Bytes()) {
		t.Errorf("it is found otherwise than it is read: %v", err)
	}
	doc.Contents = []byte("another")
	s.AddDocuments(doc)
	after, err := s.read(t, "DocumentReference", doc.No)
	if err != nil || after.VersionID() == before.VersionID() {
		t.Errorf("another file has the same version: %v", err)
	}
	if _, err := s.a.Open(t.Context(), before, 0); fhir.KindOf(err) != fhir.KindNotFound || err == nil {
		t.Errorf("another file is opened than the one that was described: %v", err)
	}
}
