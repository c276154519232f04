package fhir

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheZeroElementsShowOnlyWhatIsTechnical(t *testing.T) {
	var e Elements
	for path, want := range map[string]bool{
		"id": true, "resourceType": true, "meta.lastUpdated": true, "meta.security": true, "meta.tag.code": true,
		"meta": false, "meta.source": false, "status": false, "text": false, "contained": false, "": false,
	} {
		if e.Shows(path) != want {
			t.Errorf("Shows(%q) is %v", path, !want)
		}
	}
	if !e.Touches("meta") || e.Touches("meta.source") || e.Touches("status") {
		t.Error("Touches and Shows disagree")
	}
	r := resource(t, appointmentJSON(1))
	out := resource(t, string(r.Cut(e).AppendTo(nil)))
	var names []string
	for name := range out.Value().Members() {
		names = append(names, name)
	}
	if !slices.Equal(names, []string{"resourceType", "id", "meta"}) {
		t.Errorf("it shows %v", names)
	}
}

func TestAllElementsKeepBackWhatHasToBeNamed(t *testing.T) {
	for _, c := range []struct {
		e     Elements
		path  string
		shows bool
	}{
		{AllElements("Appointment"), "status", true},
		{AllElements("Appointment"), "vendor.anything", true},
		{AllElements("Appointment"), "contained", false},
		{AllElements("Appointment"), "contained.id", false},
		{AllElements("Appointment"), "meta.source", false},
		{AllElements("DocumentReference"), "content.attachment.title", true},
		{AllElements("DocumentReference"), "content.attachment.url", false},
		{AllElements("DocumentReference"), "content.attachment.data", false},
		{AllElements("DocumentReference"), "content.attachment", false},
		{AllElements("DocumentReference"), "content", false},
		{AllElements("DocumentReference").WithContent(), "content.attachment.data", true},
		{AllElements("DocumentReference").WithContent(), "content.attachment.url", false},
		{AllElements("Task"), "input.valueString", true},
		{AllElements("Task"), "input.valueAttachment.url", false},
		{AllElements("Task"), "output.valueAttachment.data", false},
		{AllElements("Task"), "input.valueUrl", false},
		{AllElements("Task"), "output.valueBase64Binary", false},
		{AllElements("Task"), "output.valueRelatedArtifact.document.url", false},
		{AllElements("Task"), "output.valueRelatedArtifact.url", false},
		{AllElements("Task"), "output.valueRelatedArtifact.label", true},
		{AllElements("Task"), "input.valueSignature.data", false},
		{AllElements("Task"), "input.valueUri", true},
	} {
		if c.e.Shows(c.path) != c.shows {
			t.Errorf("%v shows %s: %v", c.e.Paths(), c.path, !c.shows)
		}
	}
}

func TestAnElementListIsCheckedWhenItIsWritten(t *testing.T) {
	for path, says := range map[string]string{
		"stats":               "status",
		"participant.actr":    "actor",
		"participant.actor.x": "reference",
		"status.x":            "no element",
		"":                    "no element",
		"contained":           "their own type",
		"contained.id":        "their own type",
		"text":                "narrative",
		"text.div":            "narrative",
		"id":                  "always",
		"meta.source":         "always",
		"resourceType":        "always",
	} {
		_, err := NewElements("Appointment", "status", path)
		if err == nil || KindOf(err) != KindInvalid || AsError(err).Path != path || !strings.Contains(AsError(err).Text, says) {
			t.Errorf("%q: %v, want an error that says %q", path, err, says)
		}
	}
	if _, err := NewElements("Patient", "name"); err == nil {
		t.Error("a type that is not supported has an element")
	}
	e, err := NewElements("DocumentReference", "content", "status")
	if err != nil || e.Shows("content.attachment.url") || !e.Shows("content.format") || !e.Shows("status") {
		t.Errorf("naming content shows %v, %v", e.Paths(), err)
	}
	if e, err := NewElements("DocumentReference", "content.attachment.url"); err != nil || e.Touches("content") {
		t.Errorf("naming the address shows %v, %v", e.Paths(), err)
	}
}

func TestElementsReadAsAList(t *testing.T) {
	for _, c := range []struct {
		e    Elements
		want string
	}{
		{Elements{}, ""},
		{AllElements("Appointment"), "* -contained"},
		{AllElements("DocumentReference"), "* -contained -content.attachment.data -content.attachment.url content.* content.attachment.*"},
		{pathElements("participant.actor").Union(pathElements("status")), "participant.actor status"},
	} {
		if got := strings.Join(c.e.Paths(), " "); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// Whatever is combined, a leaf is visible in the union exactly if it is in either, in the intersection exactly if in both, in
// the difference exactly if in the first alone.
func TestUnionIntersectionAndDifferenceAreThoseOfWhatIsSeen(t *testing.T) {
	paths := []string{"/status", "/_status", "/start", "/participant/actor/display", "/participant/actor/reference", "/participant/status", "/content/attachment/url",
		"/content/attachment/title", "/text/div", "/contained/id", "/x/x/x", "/x/y", "/vendor"}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyElements().Draw(t, "a"), anyElements().Draw(t, "b")
		union, both, rest := a.Union(b), a.Intersect(b), a.Minus(b)
		for _, p := range paths {
			if strings.HasPrefix(p, "/_") {
				continue // a primitive's extensions are seen only with all of it
			}
			if shows(union, p) != (shows(a, p) || shows(b, p)) {
				t.Fatalf("%s: union of %v and %v is %v", p, a.Paths(), b.Paths(), union.Paths())
			}
			if shows(both, p) != (shows(a, p) && shows(b, p)) {
				t.Fatalf("%s: intersection of %v and %v is %v", p, a.Paths(), b.Paths(), both.Paths())
			}
			if technical := shows(Elements{}, p); shows(rest, p) != (shows(a, p) && !shows(b, p) || technical) {
				t.Fatalf("%s: %v minus %v is %v", p, a.Paths(), b.Paths(), rest.Paths())
			}
		}
	})
}
