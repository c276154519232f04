package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
)

// mistakes collects what is wrong with a rule that denies, so that its author sees all of it at once.
type mistakes struct {
	kind string // of document
	list []*fhir.Error
}

// add records what is wrong at a path of the document and what would be right.
func (m *mistakes) add(path, format string, args ...any) {
	m.list = append(m.list, fhir.E("policy.Check", fhir.KindInvalid, "invalid-"+strings.ToLower(m.kind), fmt.Sprintf(format, args...)).At(path))
}

// wrong records err at a path; the text of a fhir.Error is already made for people.
func (m *mistakes) wrong(path string, err error) {
	if e, ok := errors.AsType[*fhir.Error](err); ok {
		m.add(path, "%s", strings.TrimPrefix(e.Path+": "+e.Text, ": "))
		return
	}
	m.add(path, "%v.", err)
}

// err is the mistakes as one error, nil when there are none.
func (m *mistakes) err(name string) error {
	if len(m.list) == 0 {
		return nil
	}
	texts := make([]string, len(m.list))
	for i, e := range m.list {
		texts[i] = e.Path + ": " + e.Text
	}
	return fhir.E("policy.Compile", fhir.KindInvalid, m.list[0].Code, m.kind+" "+name+": "+strings.Join(slices.Compact(texts), " "))
}

// named checks what every rule that denies begins with. A rule without a clinic is the operator's and holds for every one.
func (m *mistakes) named(clinic Clinic, of, name, because string) {
	switch {
	case clinic.Name == "" || clinic.Zone == nil:
		m.add("clinic", "The clinic's name and time zone are not known.")
	case of != "" && of != clinic.Name:
		m.add("clinic", "This %s is for clinic %q, not for %q.", m.kind, of, clinic.Name)
	}
	if !validName(name) {
		m.add("name", "A name is 1 to 64 of a-z, 0-9 and '-', and begins with a letter or digit.")
	}
	if strings.TrimSpace(because) == "" || strings.ContainsFunc(because, isControl) {
		m.add("because", "Say why on one line.")
	}
}

// person checks "issuer|subject".
func (m *mistakes) person(path, id string) {
	if iss, sub, ok := strings.Cut(id, "|"); !ok || iss == "" || sub == "" || strings.ContainsFunc(id, isControl) {
		m.add(path, `Name a person as "issuer|subject", such as "https://id.assistco.example|amara".`)
	}
}
