package oscar

import (
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// What a caller writes is translated to OSCAR's row and back again: whatever does not come back is something that the EMR has
// no place for, and is refused by its path. So nothing is dropped in silence, and the tables of the translation are the only
// list of what can be written.

// derived are elements that follow from others: where a caller leaves them as they were, they count for nothing.
func derived() []string {
	return []string{"extension", "minutesDuration", "meta", "resourceType", "id"}
}

// kept holds what was sent against what the row will say. before is the resource that is replaced; zero for a create.
func kept(sent, will, before fhir.Resource) error {
	for name, v := range sent.Value().Members() {
		if name == "meta" || name == "resourceType" || name == "id" {
			continue
		}
		if slices.Contains(derived(), name) && !before.IsZero() && same(v, before.Value().Get(name)) {
			continue
		}
		if path := lostAt(v, will.Value().Get(name), name); path != "" {
			return noPlace(sent.Type(), path)
		}
	}
	if before.IsZero() {
		return nil
	}
	for name := range before.Value().Members() {
		if !slices.Contains(derived(), name) && !sent.Value().Get(name).Exists() && will.Value().Get(name).Exists() {
			e := refused("The clinic's EMR cannot remove this element.").At(name)
			e.Ref.Type = sent.Type()
			return e
		}
	}
	return nil
}

func noPlace(typ, path string) *fhir.Error {
	e := refused("The clinic's EMR has no place for this element, or not for this value of it. Leave it out, or send what a read returned.").At(path)
	e.Ref.Type = typ
	return e
}

// lostAt is the path of the first thing in sent that will does not say; "" where there is none.
func lostAt(sent, will fhir.Value, path string) string {
	if tolerated(sent, path) {
		return ""
	}
	switch {
	case sent.Kind() == fhir.Array && will.Kind() == fhir.Array:
		for item := range sent.Items() {
			if at := lostFromAll(item, will, path); at != "" {
				return at
			}
		}
		return ""
	case sent.Kind() == fhir.Object && will.Kind() == fhir.Object:
		for name, v := range sent.Members() {
			if at := lostAt(v, will.Get(name), path+"."+name); at != "" {
				return at
			}
		}
		return ""
	case sent.Kind() != will.Kind():
		return path
	case sent.Kind() == fhir.String && sameMoment(sent.Text(), will.Text()), same(sent, will):
		return ""
	}
	return path
}

// lostFromAll is lostAt for an item that any item of an array may say.
func lostFromAll(item, will fhir.Value, path string) string {
	first := path
	n := 0
	for w := range will.Items() {
		at := lostAt(item, w, path)
		if at == "" {
			return ""
		}
		if n++; n == 1 || len(at) > len(first) {
			first = at
		}
	}
	return first
}

// tolerated are what a caller may say and the EMR does not keep, because it is a label or follows from the rest: displays of
// references, and whether a participant has accepted, unless they have declined.
func tolerated(v fhir.Value, path string) bool {
	switch path {
	case "participant.status":
		return v.Text() == "accepted" || v.Text() == "needs-action" || v.Text() == "tentative"
	case "participant.actor.type", "subject.type", "for.type", "owner.type":
		return v.Text() == "Patient" || v.Text() == "Practitioner" || v.Text() == "Location"
	case "content.attachment.data":
		return true
	}
	return strings.HasSuffix(path, ".display") && path != "supportingInformation.display" && path != "custodian.display"
}

func sameMoment(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) < len("2006-01-02T15:04Z") || len(b) < len("2006-01-02T15:04Z") {
		return false
	}
	x, err1 := time.Parse(time.RFC3339Nano, a)
	y, err2 := time.Parse(time.RFC3339Nano, b)
	return err1 == nil && err2 == nil && x.Equal(y)
}

// same compares two values: members in any order, texts as they read, numbers as they are written.
func same(a, b fhir.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case fhir.String:
		return a.Text() == b.Text()
	case fhir.Array:
		return slices.EqualFunc(slices.Collect(a.Items()), slices.Collect(b.Items()), same)
	case fhir.Object:
		count := 0
		for name, v := range a.Members() {
			if count++; !same(v, b.Get(name)) {
				return false
			}
		}
		for range b.Members() {
			count--
		}
		return count == 0
	}
	return string(a.Raw()) == string(b.Raw())
}

// changed is fits for a text that replaces another. What stands in the EMR already stays there, whatever is in it: who cancels
// a visit sends its comment along as it was.
func changed(text, was string, most int, path string) error {
	if text == was {
		return nil
	}
	return fits(text, most, path)
}

// fits refuses a text that its column would cut, or that would not survive the way there: control characters and lone
// halves (XML 1.0 §2.2), and, as MySQL's utf8 has three bytes for a character, what lies beyond U+FFFF.
func fits(text string, most int, path string) error {
	if longer(text, most) {
		return refused("This text is longer than the clinic's EMR keeps. Shorten it.").At(path)
	}
	for _, r := range text {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0x7F || r > 0xFFFD {
			return refused("This text holds characters that the clinic's EMR cannot keep, such as emoji or control characters. Leave them out.").At(path)
		}
	}
	return nil
}
