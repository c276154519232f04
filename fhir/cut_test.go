package fhir

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// visible is what a cut has to keep, worked out leaf by leaf without looking at how Cut does it.
func visible(r Resource, e Elements, marked bool) []leaf {
	var all, out []leaf
	leaves(r.Value(), "", &all)
	for _, l := range all {
		first, rest, _ := strings.Cut(l.path[1:], "/")
		keep := shows(e, l.path)
		switch first {
		case "resourceType", "id":
			keep = true
		case "meta":
			second, _, _ := strings.Cut(rest, "/")
			second = strings.TrimPrefix(second, "_")
			keep = slices.Contains(metaElements, second) && r.Value().Get("meta").Kind() == Object
			if _, member, _ := strings.Cut(l.path[1:], "/"); strings.HasPrefix(strings.TrimPrefix(member, "_"), "security") {
				name, _, _ := strings.Cut(member, "/")
				keep = keep && r.Value().Get("meta").Get(name).Kind() == Array
			}
		case "text", "_text":
			keep = e.childOf([]byte(first)).everything() && !marked
		}
		if keep {
			out = append(out, l)
		}
	}
	return out
}

func TestACutHoldsExactlyWhatIsShownByteForByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, e := anyResource().Draw(t, "resource"), anyElements().Draw(t, "elements")
		cut := r.Cut(e)
		doc := cut.AppendTo(nil)
		out, err := ParseResource(doc, Limits{})
		if err != nil {
			t.Fatalf("%s\ncut by %v is %s: %v", r.Bytes(), e.Paths(), doc, err)
		}
		var got []leaf
		leaves(out.Value(), "", &got)
		if cut.Marked() {
			got = withoutMark(t, got, doc)
		}
		if diff := cmp.Diff(visible(r, e, cut.Marked()), got, cmp.AllowUnexported(leaf{})); diff != "" {
			t.Fatalf("%s\ncut by %v is %s:\n%s", r.Bytes(), e.Paths(), doc, diff)
		}
		if hides(r, e) && !cut.Marked() {
			t.Fatalf("%s\ncut by %v does not say that it is cut", r.Bytes(), e.Paths())
		}
		if again := out.Cut(e); !again.IsWhole() {
			t.Fatalf("%s\ncut by %v is %s, and again %s", r.Bytes(), e.Paths(), doc, again.AppendTo(nil))
		}
		if len(cut.Removed()) == 0 != (len(cut.holes) == 0) {
			t.Fatalf("%s\ncut by %v removed %v", r.Bytes(), e.Paths(), cut.Removed())
		}
	})
}

// hides reports whether a leaf is missing that a reader would miss.
func hides(r Resource, e Elements) bool {
	var all []leaf
	leaves(r.Value(), "", &all)
	return slices.ContainsFunc(all, func(l leaf) bool {
		first, _, _ := strings.Cut(l.path[1:], "/")
		return !slices.Contains([]string{"resourceType", "id", "meta", "text"}, first) && !shows(e, l.path)
	})
}

// withoutMark takes the four leaves of the SUBSETTED and REDACTED labels away.
func withoutMark(t *rapid.T, got []leaf, doc []byte) []leaf {
	at := slices.IndexFunc(got, func(l leaf) bool { return l.raw == `"SUBSETTED"` })
	if at < 1 || len(got) < at+3 || got[at+2].raw != `"REDACTED"` || got[at].path != "/meta/security/code" {
		t.Fatalf("%s is not marked", doc)
	}
	return slices.Delete(slices.Clone(got), at-1, at+3)
}

func TestKeptBytesAreSlicesOfTheOriginal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, e := anyResource().Draw(t, "resource"), anyElements().Draw(t, "elements")
		cut, src := r.Cut(e), r.root.doc.src
		var kept []byte
		pos := r.root.node().start
		for _, h := range cut.holes {
			if h.start < pos || h.end <= h.start || h.end > r.root.node().end {
				t.Fatalf("holes %v are not ascending, apart and inside", cut.holes)
			}
			kept = append(kept, src[pos:h.start]...)
			pos = h.end
		}
		kept = append(kept, src[pos:r.root.node().end]...)
		out := cut.AppendTo(nil)
		if cut.Marked() {
			_, mark := cut.markPosition()
			out = bytes.Replace(out, []byte(mark), nil, 1)
		}
		if !bytes.Equal(out, kept) {
			t.Fatalf("%s\nis not %s and the mark", out, kept)
		}
	})
}

func TestWithoutAnElementListAPlainResourceArrivesByteForByte(t *testing.T) {
	for _, doc := range []string{
		appointmentJSON(1), taskJSON(1),
		` { "resourceType" : "Appointment", "id":"1","_status":{"extension":[]}, "decimal":1.50, "vendor":{"\u00e9":[ 1e3 ]} } `,
		`{"resourceType":"Task","id":"1","meta":{"versionId":"1","lastUpdated":"2026-11-01T00:00:00Z","profile":["http://x"],"tag":[]},"text":{"status":"generated","div":"<div/>"}}`,
	} {
		r := resource(t, strings.Replace(doc, `"source":"urn:emr:7",`, "", 1))
		cut := r.Cut(AllElements(r.Type()))
		if !cut.IsWhole() || cut.Marked() || cut.Removed() != nil || string(cut.AppendTo(nil)) != string(r.Bytes()) || cut.Resource().Ref() != r.Ref() {
			t.Errorf("%s\nbecame %s", doc, cut.AppendTo(nil))
		}
	}
}

func TestTheEMRsOwnAddressesAreNotShown(t *testing.T) {
	meta := resource(t, taskJSON(1)).Cut(AllElements("Task"))
	if out := string(meta.AppendTo(nil)); strings.Contains(out, "urn:emr") || meta.Marked() || !slices.Equal(meta.Removed(), []string{"meta.source"}) {
		t.Errorf("meta.source: %v %s", meta.Removed(), out)
	}
	doc := resource(t, documentJSON(1)).Cut(AllElements("DocumentReference").WithContent())
	if out := string(doc.AppendTo(nil)); strings.Contains(out, "?sig=abc") || !strings.Contains(out, `"hash"`) || !doc.Marked() {
		t.Errorf("the address of a document: %s", out)
	}
	task := resource(t, `{"resourceType":"Task","id":"1","input":[{"valueAttachment":{"url":"https://emr.example/7?sig=a","title":"t","data":"QQ=="}}]}`)
	if out := string(task.Cut(AllElements("Task")).AppendTo(nil)); strings.Contains(out, "emr.example") || strings.Contains(out, "QQ==") || !strings.Contains(out, `"title":"t"`) {
		t.Errorf("the address of a Task's document: %s", out)
	}
}

// Hazard H10: an extension may stand anywhere and hold a value of any type, documents and the EMR's addresses of them too.
func TestH10NoDocumentLeavesInAnExtension(t *testing.T) {
	const secret = "c2VjcmV0" // "secret"
	for _, x := range []string{
		`{"url":"http://x/scan","valueAttachment":{"title":"t","url":"https://emr.example/7?sig=secret","data":"c2VjcmV0","_data":{"id":"secret"}}}`,
		`{"url":"http://x/scan","valueAttachment":{"title":"t","u\u0072l":"https://emr.example/secret"}}`, `{"url":"http://x/scan","title":"t","value\u0055rl":"https://emr.example/secret"}`,
		`{"url":"http://x/scan","title":"t","valueBase64Binary":"c2VjcmV0","_valueBase64Binary":{"id":"secret"}}`, `{"valueUrl":"https://emr.example/secret","url":"http://x/scan","title":"t"}`,
		`{"url":"http://x/scan","valueRelatedArtifact":{"label":"t","url":"https://emr.example/secret","document":{"title":"t","data":"c2VjcmV0"}}}`,
		`{"url":"http://x/scan","title":"t","extension":[{"url":"http://x/scan","valueCoding":{"extension":[{"url":"http://x/scan","valueUrl":"https://emr.example/secret"}]}}]}`,
		`{"url":"http://x/scan","title":"t","valueSignature":[{"data":"c2VjcmV0"}]}`,
	} {
		for name, doc := range map[string]string{
			"a resource":     `{"resourceType":"DocumentReference","id":"1","status":"current","extension":[X]}`,
			"a modifier":     `{"resourceType":"DocumentReference","id":"1","status":"current","modifierExtension":[X]}`,
			"a primitive":    `{"resourceType":"DocumentReference","id":"1","status":"current","_status":{"extension":[X]}}`,
			"an element":     `{"resourceType":"DocumentReference","id":"1","status":"current","subject":{"display":"s","extension":[X]}}`,
			"an attachment":  `{"resourceType":"DocumentReference","id":"1","status":"current","content":[{"attachment":{"data":"QQ==","extension":[X]}}]}`,
			"its own meta":   `{"resourceType":"DocumentReference","id":"1","status":"current","meta":{"tag":[{"code":"c","extension":[X]}]}}`,
			"a narrative":    `{"resourceType":"DocumentReference","id":"1","status":"current","text":{"status":"generated","div":"<div>t http://x/scan</div>","extension":[X]},"description":"t http://x/scan"}`,
			"an escape":      `{"resourceType":"DocumentReference","id":"1","status":"current","subject":{"ext\u0065nsion":[X]}}`,
			"a list of none": `{"resourceType":"DocumentReference","id":"1","status":"current","subject":{"extension":X}}`,
		} {
			r := resource(t, strings.Replace(doc, "X", x, 1))
			listed, err := NewElements("DocumentReference", "status", "subject", "extension", "modifierExtension", "content", "description")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range []Elements{AllElements("DocumentReference"), AllElements("DocumentReference").WithContent(), listed.WithContent()} {
				cut := r.Cut(e)
				out := string(cut.AppendTo(nil))
				if strings.Contains(out, "secret") || strings.Contains(out, secret) || !strings.Contains(out, `"current"`) || !cut.Marked() {
					t.Errorf("%s with %s, shown %v: %s", name, x, e.Paths(), out)
				}
				if strings.Contains(out, `"extension":[{`) && (!strings.Contains(out, "http://x/scan") || !strings.Contains(out, `"t"`)) {
					t.Errorf("%s with %s, shown %v, lost more: %s", name, x, e.Paths(), out)
				}
			}
		}
	}
	plain := resource(t, `{"resourceType":"Appointment","id":"1","extension":[{"url":"http://x/room","valueUri":"urn:x:1"},{"url":"http://x/y","valueString":"data"}]}`)
	if cut := plain.Cut(AllElements("Appointment")); !cut.IsWhole() {
		t.Errorf("without a document: %s", cut.AppendTo(nil))
	}
}

// Hazard H12: who is not shown a document in an extension does not erase it with the element it stands in.
func TestH12ADocumentInAnExtensionSurvives(t *testing.T) {
	r := resource(t, `{"resourceType":"Appointment","id":"1","status":"booked","description":"a","extension":[{"url":"http://x/scan","valueAttachment":{"title":"t","data":"QQ=="}}]}`)
	all := AllElements("Appointment")
	shown := string(r.Cut(all).AppendTo(nil))
	m, err := r.Merge(resource(t, strings.Replace(shown, `"description":"a"`, `"description":"b"`, 1)), all)
	if err != nil || !slices.Equal(m.Changed, []string{"description"}) || !strings.Contains(string(m.Resource.Bytes()), "QQ==") {
		t.Errorf("%v: %v", m.Changed, err)
	}
	for _, proposed := range []string{strings.Replace(shown, `"title":"t"`, `"title":"u"`, 1), `{"resourceType":"Appointment","id":"1","status":"booked","description":"a"}`} {
		if _, err := r.Merge(resource(t, proposed), all); KindOf(err) != KindUnprocessable || AsError(err).Path != "extension" {
			t.Errorf("%s: %v", proposed, err)
		}
	}
}

func TestH11AnEscapedNameDoesNotWalkPastARedaction(t *testing.T) {
	e, err := NewElements("Appointment", "status", "participant.actor.reference")
	if err != nil {
		t.Fatal(err)
	}
	r := resource(t, `{"resourceType":"Appointment","id":"1","st\u0061tus":"booked","c\u006fmment":"secret","\u0074ext":{"div":"secret"},`+
		`"participant":[{"\u0061ctor":{"reference":"Patient/1","d\u0069splay":"secret"}}],"\u005fcomment":{"id":"secret"}}`)
	out := string(r.Cut(e).AppendTo(nil))
	if strings.Contains(out, "secret") || !strings.Contains(out, `"st\u0061tus":"booked"`) || !strings.Contains(out, "Patient/1") {
		t.Errorf("cut to %s", out)
	}
	all := resource(t, `{"resourceType":"Appointment","id":"1","contain\u0065d":[{"resourceType":"Patient","id":"secret"}]}`)
	if out := string(all.Cut(AllElements("Appointment")).AppendTo(nil)); strings.Contains(out, "secret") {
		t.Errorf("a contained resource with an escaped name is shown: %s", out)
	}
}

func TestACutSaysThatItIsOne(t *testing.T) {
	e, err := NewElements("Appointment", "status")
	if err != nil {
		t.Fatal(err)
	}
	for doc, want := range map[string]string{
		`{"resourceType":"Appointment","id":"1","status":"booked","comment":"x"}`:            `{"meta":{"security":[M]},"resourceType":"Appointment","id":"1","status":"booked"}`,
		`{"comment":"x","resourceType":"Appointment","meta":{},"id":"1"}`:                    `{"resourceType":"Appointment","meta":{"security":[M]},"id":"1"}`,
		`{"meta":{"source":"a"},"resourceType":"Appointment","comment":"x"}`:                 `{"meta":{"security":[M]},"resourceType":"Appointment"}`,
		`{"meta":{"source":"a","versionId":"1"},"resourceType":"Appointment","comment":"x"}`: `{"meta":{"security":[M],"versionId":"1"},"resourceType":"Appointment"}`,
		`{"meta":{"security":[]},"resourceType":"Appointment","comment":"x"}`:                `{"meta":{"security":[M]},"resourceType":"Appointment"}`,
		`{"meta":{"security":[{"code":"R"}]},"comment":1,"resourceType":"Appointment"}`:      `{"meta":{"security":[M,{"code":"R"}]},"resourceType":"Appointment"}`,
		`{"meta":{"security":{"code":"R"}},"comment":1,"resourceType":"Appointment"}`:        `{"meta":{"security":[M]},"resourceType":"Appointment"}`,
		`{"meta":[1],"comment":1,"resourceType":"Appointment"}`:                              `{"meta":{"security":[M]},"resourceType":"Appointment"}`,
		`{"meta":{"security":[M]},"comment":1,"resourceType":"Appointment"}`:                 `{"meta":{"security":[M]},"resourceType":"Appointment"}`,
		// Where a list says what is shown, a resource with nothing else does not look otherwise.
		`{"resourceType":"Appointment","id":"1","status":"booked"}`:           `{"meta":{"security":[M]},"resourceType":"Appointment","id":"1","status":"booked"}`,
		`{"resourceType":"Appointment","text":{"div":"x"},"status":"booked"}`: `{"meta":{"security":[M]},"resourceType":"Appointment","status":"booked"}`,
	} {
		cut := resource(t, strings.Replace(doc, "M", subsetted, 1)).Cut(e)
		want = strings.Replace(want, "M", subsetted, 1)
		if got := string(cut.AppendTo(nil)); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", doc, got, want)
		}
	}
}

func TestRemovedNamesElementsOnceInOrderWithoutValues(t *testing.T) {
	e, err := NewElements("Appointment", "participant.actor.reference", "status")
	if err != nil {
		t.Fatal(err)
	}
	r := resource(t, `{"comment":"x","resourceType":"Appointment","participant":[{"actor":{"reference":"Patient/1","display":"n"},"type":[]},{"actor":{"display":"n"}},`+
		`{"actor":{"display":"m","reference":"Patient/2"}}],"status":"booked","note":[{"a":1},{"b":2}]}`)
	want := []string{"comment", "participant.actor.display", "participant.type", "participant", "note"}
	cut := r.Cut(e)
	if got := cut.Removed(); !slices.Equal(got, want) || cut.Holes() != 6 {
		t.Errorf("removed %v from %d places, want %v", got, cut.Holes(), want)
	}
	if got := (Cut{}).Removed(); got != nil {
		t.Errorf("nothing removed %v", got)
	}
	if out := (Resource{}).Cut(e).AppendTo(nil); len(out) != 0 {
		t.Errorf("no resource was cut to %s", out)
	}
}
