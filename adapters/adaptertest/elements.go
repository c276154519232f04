package adaptertest

import (
	"strings"

	"vestibule/adapters"
	"vestibule/fhir"
)

// elementsAreKept writes each element that R4 has, alone beside what a draft needs.
func elementsAreKept(t T, s *suite, h subject) {
	a := s.direct(t)
	d := s.draft(t)
	whole := parse(t, FHIRFull(h.Name, d, 1))
	for name, v := range whole.Value().Members() {
		if name == "resourceType" || name == "meta" {
			continue
		}
		base := parse(t, h.Make(s.draft(t)))
		if base.Value().Get(name).Exists() {
			continue // createdReads has tried it
		}
		c := s.creation(t, h, d)
		c.Resource = withMember(t, base, name, string(v.Raw()))
		before := len(h.IDs(t))
		r, err := a.Write(background(), c)
		if err != nil {
			e := wantError(t, name, err, is(fhir.KindUnprocessable))
			if top, _, _ := strings.Cut(e.Path, "."); top != name {
				t.Errorf("the refusal of %s names %q", name, e.Path)
			}
			if len(h.IDs(t)) != before {
				t.Errorf("%s was refused, and a row was made", name)
			}
			continue
		}
		kept := s.read(t, a, h, r.ID()).Value().Get(name)
		if name == "identifier" { // the operation is one more (adapters.OperationSystem)
			if !strings.Contains(string(kept.Raw()), string(v.Raw()[1:len(v.Raw())-1])) {
				t.Errorf("%s was taken and reads %s", name, kept.Raw())
			}
			continue
		}
		if !same(kept, v) {
			t.Errorf("%s was taken and reads %s, not %s", name, kept.Raw(), v.Raw())
		}
	}
}

// statusesAreKept writes every status that R4 has.
func statusesAreKept(t T, s *suite, h subject) {
	a := s.direct(t)
	for _, status := range fhir.StatusCodes(h.Name) {
		c := s.creation(t, h, s.draft(t))
		c.Resource = withText(t, c.Resource, "status", status)
		before := len(h.IDs(t))
		r, err := a.Write(background(), c)
		if err != nil {
			if e := wantError(t, status, err, is(fhir.KindUnprocessable)); e.Path != "status" {
				t.Errorf("the refusal of status %s names %q", status, e.Path)
			}
			if len(h.IDs(t)) != before {
				t.Errorf("status %s was refused, and a row was made", status)
			}
			continue
		}
		if got := text(s.read(t, a, h, r.ID()), "status"); got != status {
			t.Errorf("status %s was taken and reads %q", status, got)
		}
	}
}

// updatesKeepElements adds each element to a row that does not have it, and removes each from one that does.
func updatesKeepElements(t T, s *suite, h subject) {
	a := s.direct(t)
	d := s.draft(t)
	r := s.read(t, a, h, h.Seed(t, d))
	for name, v := range parse(t, FHIRFull(h.Name, d, 1)).Value().Members() {
		if !r.Value().Get(name).Exists() && name != "meta" {
			r = s.replaceMember(t, a, h, r, withMember(t, r, name, string(v.Raw())), name)
		}
	}
	made := parse(t, h.Make(d)).Value() // what a create need not send, the EMR says by itself, and may go on saying
	for name := range parse(t, string(r.Bytes())).Value().Members() {
		if name != "resourceType" && made.Get(name).Exists() {
			r = s.replaceMember(t, a, h, r, withoutMember(t, r, name), name)
		}
	}
}

// replaceMember updates r to another resource, which differs in one member, and returns what reads afterwards.
func (s *suite) replaceMember(t T, a adapters.EMR, h subject, r, other fhir.Resource, name string) fhir.Resource {
	t.Helper()
	_, err := a.Write(background(), fhir.Change{Kind: fhir.InteractionUpdate, Operation: s.operation(), Base: r.Ref(), Resource: other})
	now := s.read(t, a, h, r.ID())
	if err != nil {
		e := wantError(t, "an update of "+name, err, is(fhir.KindUnprocessable))
		if top, _, _ := strings.Cut(e.Path, "."); top != name {
			t.Errorf("the refusal of %s names %q", name, e.Path)
		}
		if now.VersionID() != r.VersionID() {
			t.Errorf("an update of %s was refused, and the row is another", name)
		}
		return now
	}
	if got, want := now.Value().Get(name), other.Value().Get(name); !same(got, want) {
		t.Errorf("an update of %s to %s was taken, and it reads %s", name, want.Raw(), got.Raw())
	}
	return now
}
