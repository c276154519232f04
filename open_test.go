package vestibule_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"vestibule"
	"vestibule/adapters"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// archive is the tests' EMR with documents behind its DocumentReferences.
type archive struct {
	*emr
	contents map[string]io.Reader // by "id.index"
}

func (a *archive) Capability(context.Context) (adapters.Capability, error) {
	return adapters.NewCapability(adapters.Type{Name: typDocument, Interactions: []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch}, Versions: true}), nil
}

func (a *archive) Open(_ context.Context, doc fhir.Resource, index int) (io.ReadCloser, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.call("open"); err != nil {
		return nil, err
	}
	content, ok := a.contents[fmt.Sprintf("%s.%d", doc.ID(), index)]
	if !ok {
		return nil, fhir.E("archive.Open", fhir.KindNotFound, "not-found", "There is no such content.")
	}
	return io.NopCloser(content), nil
}

const letter = "%PDF made up for " + marker

// paper is one of the tests' documents, of a category; attachment is what else its attachment says, more what else it says.
func paper(id, category, patient, attachment, more string) string {
	return fmt.Sprintf(`{"resourceType":"DocumentReference","id":%q,"meta":{"versionId":"5"},"status":"current","date":"2026-11-20T10:00:00Z","category":[{"coding":[{"code":%q}]}],`+
		`"type":{"coding":[{"system":"http://loinc.org","code":"57133-1"}]},"subject":{"reference":"Patient/%s"},"content":[{"attachment":{"contentType":"application/pdf"%s}}]%s}`,
		id, category, patient, attachment, more)
}

// papers is what the tests' assistant may do with documents: open letters, and know of referrals.
var papers = []policy.Permission{
	{Scope: "user/DocumentReference.rs?category=letter", Content: true},
	{Scope: "user/DocumentReference.rs?category=referral"},
}

// newArchive is a gateway over an archive of documents.
func newArchive(t *testing.T, permissions ...policy.Permission) (*world, *archive) {
	t.Helper()
	e := newEMR(t, 10,
		paper("mine", "letter", "1", `,"title":"Letter"`, ""), paper("named", "referral", "1", "", ""), paper("lab", "lab", "1", "", ""),
		paper("locked", "letter", "2", "", ""), paper("labelled", "letter", "1", "", `,"securityLabel":[{"coding":[{"code":"R"}]}]`))
	a := &archive{emr: e, contents: map[string]io.Reader{}}
	for _, id := range []string{"mine.0", "named.0", "lab.0", "locked.0", "labelled.0"} {
		a.contents[id] = strings.NewReader(letter)
	}
	w := newWorld(t, e, bookings...)
	w.served = a
	w.archived(t, 1, permissions...)
	return w, a
}

// archived puts the clinic under the rules of an archive: Patient/2 has locked everything.
func (w *world) archived(t *testing.T, version int, permissions ...policy.Permission) {
	t.Helper()
	w.under(t, policy.Rules{Grants: []policy.Grant{frontDesk(version, permissions...)},
		Directives: []policy.Directive{{Clinic: "maple", Name: "lock", Patient: "Patient/2", Because: "Asked for"}}})
}

// as asks for a document in one form, whatever it is.
func as(form vestibule.Form) func(*vestibule.Request) {
	return func(r *vestibule.Request) {
		r.Route = "GET /fhir/{clinic}" + vestibule.BinaryRoute
		r.Form = func(string) vestibule.Form { return form }
	}
}

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

// Hazard H37: a grant that is stopped, or loses its documents, while one is on its way, lets none leave.
func TestH37ADocumentOnItsWayIsStopped(t *testing.T) {
	if len(changes) < 4 {
		t.Fatal("there are fewer changes than there were")
	}
	type change struct {
		do   func(t *testing.T, w *world)
		code string
	}
	all := map[string]change{"content taken away": {func(t *testing.T, w *world) {
		w.archived(t, 2, policy.Permission{Scope: "user/DocumentReference.rs"})
	}, "content-not-granted"}}
	for name, c := range changes {
		all[name] = change{c.do, c.code}
	}
	for name, c := range all {
		for _, m := range []struct {
			call   string
			record int
			phases int
		}{{"read", 0, 1}, {"open", 0, 1}, {"", 1, 2}} {
			w, e := newArchive(t, papers...)
			meanwhile(w, e.emr, m.call, m.record, func() { c.do(t, w) })
			a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes))
			if code(a) != c.code || strings.Contains(body(a), marker) || len(w.records(t)) != m.phases || len(w.last(t).Released) > 0 {
				t.Errorf("%s at %s %d: %v, %d records: %s", name, m.call, m.record, a.Err(), len(w.records(t)), body(a))
			}
			if r := w.last(t); r.Phase != audit.PhaseDenial || !slices.Contains(r.Reasons, vestibule.CodeRulesChanged) {
				t.Errorf("%s at %s %d: %+v", name, m.call, m.record, r)
			}
		}
	}
}

// Rules that change and show the same document do not disturb; of those that hide of which type it is, no header tells it.
func TestADocumentUnderOtherRulesIsWhatTheyShow(t *testing.T) {
	w, e := newArchive(t, papers...)
	meanwhile(w, e.emr, "open", 0, func() { w.archived(t, 2, papers...) })
	if a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes)); body(a) != letter || !slices.Equal(w.last(t).Grants, []string{"front-desk@2"}) {
		t.Errorf("%v %s", a.Err(), body(a))
	}
	bare := policy.Permission{Scope: "user/DocumentReference.rs?category=letter", Elements: []string{"category"}, Content: true}
	w, e = newArchive(t, papers...)
	meanwhile(w, e.emr, "open", 0, func() { w.archived(t, 2, bare) })
	if a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes)); body(a) != letter || a.Media() != fhir.MediaOctets {
		t.Errorf("%v %s of %s", a.Err(), body(a), a.Media())
	}
	w, e = newArchive(t, papers...)
	meanwhile(w, e.emr, "open", 0, func() { w.archived(t, 2, bare) }) // nobody wanted bytes of an unknown type
	if a := w.ask(t, "GET", "/Binary/mine.0", "", func(r *vestibule.Request) {
		r.Form = func(media string) vestibule.Form {
			return map[string]vestibule.Form{"application/pdf": vestibule.FormBytes}[media]
		}
	}); code(a) != vestibule.CodeRulesChanged || strings.Contains(body(a), marker) {
		t.Errorf("%v %s of %s", a.Err(), body(a), a.Media())
	}
	w, e = newArchive(t, papers...)
	meanwhile(w, e.emr, "", 1, func() { w.archived(t, 2, bare) }) // it is on record as what it was
	if a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes)); code(a) != vestibule.CodeRulesChanged {
		t.Errorf("%v %s of %s", a.Err(), body(a), a.Media())
	}
}

// A clinic that changes its EMR while a document is on its way: what the one EMR said of it opens nothing of the other.
func TestADocumentIsOpenedWhereItWasLookedAt(t *testing.T) {
	w, e := newArchive(t, papers...)
	other := &archive{emr: newEMR(t, 10), contents: map[string]io.Reader{"mine.0": strings.NewReader("another patient's")}}
	meanwhile(w, e.emr, "read", 0, func() {
		w.served = other
		w.archived(t, 2, papers...)
	})
	if a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes)); body(a) != letter || len(other.calls) > 0 {
		t.Errorf("%v %s, and the other EMR was asked %v", a.Err(), body(a), other.calls)
	}
}

// Promise 3: without a record no byte of a document leaves, whenever the ledger breaks.
func TestNoRecordNoDocument(t *testing.T) {
	for fault, strike := range faults() {
		for _, call := range []string{"", "read", "open"} {
			w, e := newArchive(t, papers...)
			if call == "" {
				strike(t, w)
			}
			e.onCall = func(c string) error {
				if c == call {
					strike(t, w)
				}
				return nil
			}
			a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes))
			if a.Err() == nil || a.Err().Kind.Status() != 503 || a.Receipt().Valid() || strings.Contains(body(a), marker) || a.IsBare() || strings.HasPrefix(a.Media(), "application/pdf") {
				t.Errorf("%s at %q: %v %s %s", fault, call, a.Err(), a.Media(), body(a))
			}
		}
	}
}

func hashOf(s string) string {
	sum := sha1.Sum([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// What the EMR hands over is what it says of it, whole and not too large, or nothing of it leaves (hazard H25).
func TestABrokenDocumentDoesNotLeave(t *testing.T) {
	endless := iotest.ErrReader(fhir.E("emr", fhir.KindTimeout, "emr-timeout", "late"))
	for name, c := range map[string]struct {
		attachment string
		content    io.Reader
		fails      error
		code       string
		status     int
	}{
		"as it says":       {fmt.Sprintf(`,"size":%d,"hash":%q`, len(letter), hashOf(letter)), strings.NewReader(letter), nil, "", 200},
		"another size":     {`,"size":7`, strings.NewReader(letter), nil, "emr-answer-broken", 502},
		"another hash":     {fmt.Sprintf(`,"hash":%q`, hashOf("x")), strings.NewReader(letter), nil, "emr-answer-broken", 502},
		"as large as may":  {"", io.LimitReader(zeros{}, 16<<20), nil, "", 200},
		"too large":        {"", io.LimitReader(zeros{}, 16<<20+1), nil, "emr-answer-too-large", 502},
		"without end":      {"", zeros{}, nil, "emr-answer-too-large", 502},
		"late":             {"", io.MultiReader(strings.NewReader(letter), endless), nil, "emr-timeout", 504},
		"cut off, somehow": {"", io.MultiReader(strings.NewReader(letter), iotest.ErrReader(errors.New(marker))), nil, "internal", 500},
		"unreachable":      {"", nil, fhir.E("emr", fhir.KindUnavailable, "emr-unreachable", "away"), "emr-unreachable", 503},
		"elsewhere":        {`,"url":"https://files.example/x"`, nil, fhir.E("emr", fhir.KindUpstream, "emr-link-foreign", "elsewhere"), "emr-link-foreign", 502},
		"in another age":   {"", nil, fhir.E("emr", fhir.KindNotSupported, "emr-not-supported", "no"), "emr-not-supported", 400},
		"gone":             {"", nil, fhir.E("emr", fhir.KindNotFound, "not-found", "gone"), "not-found-or-out-of-reach", 404},
	} {
		w, e := newArchive(t, papers...)
		e.put(t, paper("mine", "letter", "1", c.attachment, ""))
		e.contents["mine.0"] = c.content
		e.onCall = func(call string) error {
			if call == "open" {
				return c.fails
			}
			return nil
		}
		a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes))
		got := 200
		if a.Err() != nil {
			got = a.Err().Kind.Status()
		}
		if code(a) != c.code || got != c.status || a.Err() != nil && (strings.Contains(body(a), marker) || len(w.last(t).Released) > 0) || !a.Receipt().Valid() {
			t.Errorf("%s: %d %v: %.300s", name, got, a.Err(), body(a))
		}
		if r := w.last(t); c.code != "" && (r.Outcome == audit.OutcomeSuccess || r.Upstream == "ok") {
			t.Errorf("%s: recorded as %+v", name, r)
		}
	}
}

// zeros is a document without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

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

const typDocument = "DocumentReference"

// keeper is an EMR that hands over the documents its DocumentReferences carry.
type keeper struct{ *keen }

func (k keeper) Open(_ context.Context, doc fhir.Resource, index int) (io.ReadCloser, error) {
	b, err := base64.StdEncoding.DecodeString(doc.Attachment(index).Get("data").Text())
	if err != nil || len(b) == 0 {
		return nil, fhir.E("keeper.Open", fhir.KindNotFound, "not-found", "There is no such content.")
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// behind puts both worlds behind the gateways again, with the EMRs that stand for them.
func (w *twins) behind(p pair, a, b keeper) {
	p.a.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: time.UTC, Policy: w.set, EMR: a})
	p.b.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: time.UTC, Policy: w.other, EMR: b})
}
