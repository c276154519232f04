package vestibule_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/policy"
)

func TestADocumentIsOpenedAndThatIsOnRecord(t *testing.T) {
	for _, form := range []vestibule.Form{vestibule.FormBytes, vestibule.FormResource} {
		w, e := newArchive(t, papers...)
		a := w.ask(t, "GET", "/Binary/mine.0", "", as(form))
		if a.Err() != nil || !a.Receipt().Valid() || a.Version() != "5" || a.IsBare() != (form == vestibule.FormBytes) {
			t.Fatalf("%v %q", a.Err(), a.Version())
		}
		if form == vestibule.FormBytes && (body(a) != letter || a.Media() != "application/pdf") {
			t.Errorf("%s of %s", body(a), a.Media())
		}
		if form == vestibule.FormResource {
			var b struct {
				ResourceType, ID, ContentType string
				Data                          []byte
			}
			if err := json.Unmarshal(a.AppendBody(nil), &b); err != nil || b.ResourceType != "Binary" || b.ID != "mine.0" || string(b.Data) != letter || b.ContentType != "application/pdf" ||
				!strings.HasPrefix(a.Media(), "application/fhir+json") {
				t.Errorf("%v: %s", err, body(a))
			}
		}
		if !slices.Equal(e.calls, []string{"read", "open"}) {
			t.Errorf("the EMR was asked %v", e.calls)
		}
		r := w.last(t)
		if r.Interaction != "read" || r.Type != "DocumentReference" || r.Resource != "DocumentReference/mine/_history/5" || r.Query != "attachment=0" || r.Route != "GET /fhir/{clinic}/Binary/{id}" ||
			r.Outcome != audit.OutcomeSuccess || !slices.Equal(r.Patients, []string{"Patient/1"}) || len(r.Released) != 1 {
			t.Fatalf("%+v", r)
		}
		item := r.Released[0]
		if item.Ref != r.Resource || item.Documents != 1 || item.Removed == 0 || len(item.Kinds) == 0 || !slices.Equal(item.Patients, r.Patients) {
			t.Errorf("%+v", item)
		}
		if len(w.records(t)) != 1 {
			t.Errorf("%d records", len(w.records(t)))
		}
	}
}

// Hazards H9: with documents granted, one that is unknown, out of reach, locked or labelled answers alike, to the byte, after the
// same questions to the EMR.
func TestH9NoBinaryTellsWhichDocumentsThereAre(t *testing.T) {
	var want string
	for _, id := range []string{"unknown", "lab", "locked", "labelled"} {
		w, e := newArchive(t, papers...)
		a := w.ask(t, "GET", "/Binary/"+id+".0", "", as(vestibule.FormBytes))
		if want == "" {
			want = told(a)
		}
		if told(a) != want || code(a) != "not-found-or-out-of-reach" || !slices.Equal(e.calls, []string{"read"}) {
			t.Errorf("%s after %v:\n%s\nwant\n%s", id, e.calls, told(a), want)
		}
		if r := w.last(t); r.Phase != audit.PhaseDenial || len(r.Released) > 0 || r.Resource != "DocumentReference/"+id {
			t.Errorf("%s: %+v", id, r)
		}
	}
}

// Who is shown no documents hears so for every id, and the EMR is not asked; who is shown some hears it of those whose
// DocumentReference they can read, and of no others.
func TestDocumentsThatAreNotGrantedAreNotOpened(t *testing.T) {
	var want string
	for _, id := range []string{"unknown", "mine", "named", "lab", "locked", "labelled"} {
		w, e := newArchive(t, policy.Permission{Scope: "user/DocumentReference.rs"})
		a := w.ask(t, "GET", "/Binary/"+id+".0", "", as(vestibule.FormBytes))
		if want == "" {
			want = told(a)
		}
		if told(a) != want || code(a) != "content-not-granted" || a.Err().Kind.Status() != 403 || len(e.calls) > 0 {
			t.Errorf("%s after %v:\n%s\nwant\n%s", id, e.calls, told(a), want)
		}
	}
	w, e := newArchive(t, papers...)
	a := w.ask(t, "GET", "/Binary/named.0", "", as(vestibule.FormBytes))
	if code(a) != "content-not-granted" || !strings.Contains(a.Err().Text, "content: true") || !slices.Equal(e.calls, []string{"read"}) {
		t.Errorf("%v after %v", a.Err(), e.calls)
	}
	if got := w.ask(t, "GET", "/DocumentReference/named", ""); got.Err() != nil {
		t.Errorf("what is known of it: %v", got.Err())
	}
	if r := w.records(t)[0]; r.Withheld != 1 || r.Outcome != audit.OutcomeSerious || !slices.Contains(r.Reasons, "content-not-granted") || !slices.Equal(r.Grants, []string{"front-desk@1"}) {
		t.Errorf("%+v", r)
	}
	if got := code(w.ask(t, "GET", "/Appointment/1", "")); got != "type-not-granted" {
		t.Errorf("another type: %s", got)
	}
}

// Of an EMR that hands over no documents nobody hears more than by a read.
func TestAnEMRWithoutDocumentsRefusesAfterTheDecision(t *testing.T) {
	for id, want := range map[string]string{"mine": "emr-not-supported", "unknown": "not-found-or-out-of-reach", "lab": "not-found-or-out-of-reach", "named": "content-not-granted"} {
		w, e := newArchive(t, papers...)
		w.served = e.emr
		w.archived(t, 1, papers...)
		if a := w.ask(t, "GET", "/Binary/"+id+".0", ""); code(a) != want || !a.Receipt().Valid() {
			t.Errorf("%s: %v", id, a.Err())
		}
	}
}

// A form that is not wanted is refused only to who may have the document, before the EMR is asked for it.
func TestADocumentInNoFormThatIsWanted(t *testing.T) {
	for id, want := range map[string]string{"mine": "not-acceptable", "unknown": "not-found-or-out-of-reach", "locked": "not-found-or-out-of-reach", "named": "content-not-granted"} {
		w, e := newArchive(t, papers...)
		if a := w.ask(t, "GET", "/Binary/"+id+".0", "", as(vestibule.FormNone)); code(a) != want || slices.Contains(e.calls, "open") || !a.Receipt().Valid() {
			t.Errorf("%s: %v after %v", id, a.Err(), e.calls)
		}
	}
}

func TestOpenedDocumentsCountAgainstTheLimit(t *testing.T) {
	w, e := newArchive(t, papers...)
	w.caller.Expires = now.Add(3 * time.Hour)
	w.limited(t, 1, policy.Limits{DocumentsPerHour: 2}, papers...)
	open := func(path, want string) {
		t.Helper()
		e.contents["mine.0"] = strings.NewReader(letter)
		if a := w.ask(t, "GET", path, "", as(vestibule.FormBytes)); code(a) != want || want != "" && strings.Contains(body(a), marker) {
			t.Errorf("%s: %v", path, a.Err())
		}
	}
	for range 3 {
		open("/DocumentReference/mine", "") // carries none
	}
	open("/Binary/mine.0", "")
	open("/Binary/mine.1", "not-found-or-out-of-reach") // there is none: nothing to count
	open("/Binary/mine.0", "")
	w.restart(t)
	w.limited(t, 2, policy.Limits{DocumentsPerHour: 2}, papers...)
	open("/Binary/mine.0", "too-many-documents")
	open("/DocumentReference/mine", "")
	if r := w.records(t)[5]; r.Withheld != 0 || len(r.Released) != 1 || r.Released[0].Documents != 1 {
		t.Errorf("%+v", r)
	}
	w.clock = w.clock.Add(61 * time.Minute)
	open("/Binary/mine.0", "")
}

// A caller who could say where a document is could have the gateway open what is out of their reach: nobody can.
func TestNobodyChoosesWhatTheGatewayOpens(t *testing.T) {
	filing := slices.Concat(papers, []policy.Permission{
		{Scope: "user/DocumentReference.c?category=letter", Write: []string{"status", "date", "category", "type", "subject", "content"}},
		{Scope: "user/DocumentReference.u?category=letter", Write: []string{"status", "date", "content"}},
	})
	create := strings.Replace(strings.Replace(paper("", "letter", "1", `,"data":"QQ=="%s`, ""), `"id":"",`, "", 1), `"meta":{"versionId":"5"},`, "", 1)
	for _, url := range []string{`"Binary/9"`, `"Binary/locked.0"`, `"https://emr.example/fhir/Binary/9"`, `"#x"`, `""`, `["Binary/9"]`, `{"a":"b"}`} {
		w, e := newArchive(t, filing...)
		a := w.ask(t, "POST", "/DocumentReference", fmt.Sprintf(create, `,"url":`+url))
		want := "element-not-writable"
		if strings.ContainsAny(url, "[{") {
			want = "element-misshapen"
		}
		if code(a) != want || want == "element-not-writable" && a.Err().Path != "content.attachment.url" || e.wrote() > 0 {
			t.Errorf("create with %s: %v, %d writes", url, a.Err(), e.wrote())
		}
		a = w.ask(t, "PUT", "/DocumentReference/mine", paper("mine", "letter", "1", `,"url":`+url, ""), ifMatch("5"))
		if code(a) != want && code(a) != "element-not-writable" || e.wrote() > 0 {
			t.Errorf("update with %s: %v, %d writes", url, a.Err(), e.wrote())
		}
	}
	w, e := newArchive(t, filing...)
	if a := w.ask(t, "POST", "/DocumentReference", fmt.Sprintf(create, "")); a.Err() != nil || e.wrote() != 1 {
		t.Errorf("with its document: %v", a.Err())
	}
	// An update by who is shown nothing replaces content whole: there, too.
	blind, e := newArchive(t, policy.Permission{Scope: "user/DocumentReference.u?category=letter", Write: []string{"status", "date", "content"}})
	e.put(t, paper("mine", "letter", "1", `,"url":"Binary/9"`, ""))
	for _, url := range []string{"Binary/8", "Binary/9", "Binary/mine.0"} { // what stands there is told apart from nothing else
		a := blind.ask(t, "PUT", "/DocumentReference/mine", `{"resourceType":"DocumentReference","id":"mine","content":[{"attachment":{"url":"`+url+`"}}]}`, ifMatch("5"))
		if code(a) != "element-not-writable" || e.wrote() > 0 {
			t.Errorf("%s, unseen: %v, %d writes", url, a.Err(), e.wrote())
		}
	}
}

func TestTheStatementSaysWhoCanOpenDocuments(t *testing.T) {
	for name, c := range map[string]struct {
		permissions []policy.Permission
		without     bool // an EMR without documents
		want, all   bool // for the caller, for anyone
	}{
		"documents": {papers, false, true, true}, "what is known of them": {papers[1:], false, false, true}, "an EMR without": {papers, true, false, false},
	} {
		w, e := newArchive(t, c.permissions...)
		if c.without {
			w.served = e.emr
			w.archived(t, 1, c.permissions...)
		}
		for _, own := range []bool{true, false} {
			a, want := w.Statement(t.Context(), w.Clinic("maple"), "https://gw.test/fhir/maple"), c.all
			if own {
				a, want = w.ask(t, "GET", "/metadata", ""), c.want
			}
			if got := strings.Contains(body(a), `{"type":"Binary","interaction":[{"code":"read"}]`); got != want {
				t.Errorf("%s, the caller's own: %v: %s", name, own, body(a))
			}
		}
	}
}

// In two worlds that differ in what is hidden, documents answer the same.
func TestNoDocumentTellsWhatIsHidden(t *testing.T) {
	p, x := newPair(t), exercised{}
	for seed := range worlds(120) {
		w := newTwinsOf(t, typDocument, 9000+seed, p.a.caller, "rs", "r")
		if w.fill(t); w.differ == 0 {
			continue
		}
		a, b := p.serve(w)
		w.behind(p, keeper{a}, keeper{b})
		for _, id := range []string{"t0", "t1", "t2", "t3", "t4", "t5", "t6", "unknown"} {
			path := "/Binary/" + id + "." + w.pick("0", "0", "0", "1")
			pages := w.ask(t, p, seed, "GET", path, "")
			x["questions"]++
			x[strings.Fields(pages[0])[0]]++
		}
	}
	x.atLeast(t, map[string]int{"200": 40, "403": 10, "404": 4})
}
