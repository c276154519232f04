package adaptertest

import (
	"fmt"

	"vestibule/fhir"
)

func writePromises() []promise {
	create, update := []need{does(fhir.InteractionCreate)}, []need{does(fhir.InteractionUpdate)}
	return []promise{
		{name: "what was created is what reads", needs: append(create, does(fhir.InteractionRead)), keep: createdReads},
		{name: "an element that is written is kept or refused by its path, never dropped", needs: append(create, does(fhir.InteractionRead)), keep: elementsAreKept},
		{name: "a status is kept or refused by its path, never another one", needs: append(create, does(fhir.InteractionRead)), keep: statusesAreKept},
		{name: "an element that an update adds or removes is so afterwards, or refused by its path", needs: append(update, create...), keep: updatesKeepElements},
		{name: "what was updated is what reads, and the rest of the row stays", needs: update, keep: updatedReads},
		{name: "an update of a version that is not the current one is stale", needs: update, keep: staleIsStale},
		{name: "an update names a version and a row that is there", needs: update, keep: updatesNameTheirBase},
		{name: "a create has no id, and a write has an operation", needs: create, keep: createsHaveNoID},
	}
}

// creation is the create of a draft.
func (s *suite) creation(t T, h subject, d Draft) fhir.Change {
	t.Helper()
	return fhir.Change{Kind: fhir.InteractionCreate, Operation: s.operation(), Resource: parse(t, h.Make(d))}
}

// edit is the n-th of many different updates of r, each as the gateway would make it: r's own bytes with one element changed.
func (s *suite) edit(t T, h subject, r fhir.Resource, n int) fhir.Change {
	t.Helper()
	c := fhir.Change{Kind: fhir.InteractionUpdate, Operation: s.operation(), Base: r.Ref()}
	path, value := h.Text.Path, fmt.Sprintf("%s edit %d", canary, n)
	if h.Text.Fixed {
		path, value = "status", h.Statuses[n%len(h.Statuses)]
	}
	c.Resource = withText(t, r, path, value)
	return c
}

// written is what an edit changes in a resource.
func (h subject) written(r fhir.Resource) string {
	if h.Text.Fixed {
		return text(r, "status")
	}
	return text(r, h.Text.Path)
}

// write writes what has to succeed.
func (s *suite) write(t T, c fhir.Change) fhir.Resource {
	t.Helper()
	r, err := s.direct(t).Write(background(), c)
	if err != nil {
		t.Fatalf("%s: %v", c.Kind, err)
	}
	return r
}

func createdReads(t T, s *suite, h subject) {
	a := s.direct(t)
	for i, status := range h.Statuses {
		d := s.draft(t)
		d.Status, d.Practitioner = status, s.world.Practitioners[i%2]
		before := len(h.IDs(t))
		r, err := a.Write(background(), s.creation(t, h, d))
		if err != nil && i > 0 && fhir.KindOf(err) == fhir.KindUnprocessable && fhir.AsError(err).Path == "status" {
			continue // rows come to that status by other ways
		}
		if err != nil {
			t.Fatal(err)
		}
		s.says(t, r, h, d)
		read := s.read(t, s.direct(t), h, r.ID())
		s.says(t, read, h, d)
		if !same(read.Value(), r.Value()) {
			t.Errorf("what the create returned is not what reads afterwards:\n%s\n%s", r.Bytes(), read.Bytes())
		}
		if n := len(h.IDs(t)) - before; n != 1 {
			t.Errorf("one create made %d rows", n)
		}
	}
}

func updatedReads(t T, s *suite, h subject) {
	a := s.direct(t)
	id := h.Seed(t, s.draft(t))
	before := s.read(t, a, h, id)
	c := s.edit(t, h, before, 1)
	done, err := a.Write(background(), c)
	if err != nil {
		t.Fatal(err)
	}
	now := s.read(t, s.direct(t), h, id)
	if h.written(now) != h.written(c.Resource) || done.VersionID() != now.VersionID() || now.VersionID() == before.VersionID() || !same(done.Value(), now.Value()) {
		t.Errorf("it reads %q at version %q, not %q; %q was returned; before it was %q", h.written(now), now.VersionID(), h.written(c.Resource), done.VersionID(), before.VersionID())
	}
	for name, v := range c.Resource.Value().Members() {
		if name != "meta" && name != "lastModified" && !same(v, now.Value().Get(name)) {
			t.Errorf("%s was %s and is %s", name, v.Raw(), now.Value().Get(name).Raw())
		}
	}
}

func staleIsStale(t T, s *suite, h subject) {
	a := s.direct(t)
	d := s.draft(t)
	id := h.Seed(t, d)
	old := s.read(t, a, h, id)
	d.Text += " changed at the clinic"
	h.Change(t, id, d)
	_, err := a.Write(background(), s.edit(t, h, old, 1))
	wantError(t, "an update over a change at the clinic", err, is(fhir.KindStale, "stale"))
	if got := text(s.read(t, a, h, id), h.Text.Path); got != d.Text {
		t.Errorf("the change at the clinic was overwritten: %q", got)
	}
	current := s.read(t, a, h, id)
	c := s.edit(t, h, current, 2)
	s.write(t, c)
	c.Operation, c.Resource = s.operation(), s.edit(t, h, current, 3).Resource
	_, err = a.Write(background(), c)
	wantError(t, "an update of a version that was updated", err, is(fhir.KindStale, "stale"))
	for _, version := range []string{"0", "no-such-version", old.VersionID() + "0"} {
		c.Base.Version = version
		_, err = a.Write(background(), c)
		wantError(t, "an update of version "+version, err, is(fhir.KindStale, "stale"))
	}
}

func updatesNameTheirBase(t T, s *suite, h subject) {
	a := s.direct(t)
	r := s.read(t, a, h, h.Seed(t, s.draft(t)))
	c := s.edit(t, h, r, 1)
	c.Base.Version = ""
	_, err := a.Write(background(), c)
	wantError(t, "an update without version", err, is(fhir.KindPreconditionRequired, "version-required"))
	gone := s.edit(t, h, r, 1)
	gone.Base.ID, gone.Resource = "999999997", withText(t, gone.Resource, "id", "999999997")
	_, err = a.Write(background(), gone)
	wantError(t, "an update of what is not there", err, is(fhir.KindNotFound, "not-found"))
	if r := s.removed(t, a, h); !r.IsZero() {
		_, err = a.Write(background(), s.edit(t, h, r, 1))
		wantError(t, "an update of a row that was removed", err, is(fhir.KindNotFound, "not-found"))
	}
	if now := s.read(t, a, h, r.ID()); now.VersionID() != r.VersionID() {
		t.Errorf("refused updates changed the row")
	}
}

func createsHaveNoID(t T, s *suite, h subject) {
	a := s.direct(t)
	before := len(h.IDs(t))
	c := s.creation(t, h, s.draft(t))
	c.Resource = withMember(t, c.Resource, "id", `"1"`)
	_, err := a.Write(background(), c)
	wantError(t, "a create with an id", err, is(fhir.KindInvalid, "id-on-create"))
	if after := len(h.IDs(t)); after != before {
		t.Errorf("a refused create made %d rows", after-before)
	}
}
