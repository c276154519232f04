package adaptertest

import (
	"slices"
	"strings"

	"vestibule/adapters"
	"vestibule/fhir"
)

func readPromises() []promise {
	read := []need{does(fhir.InteractionRead)}
	return []promise{
		{name: "a read returns the row that it names, with what the row says", needs: read, keep: readsTheRow},
		{name: "a read returns what stands in the EMR now", needs: read, keep: readsTheRowOfNow},
		{name: "what is not there is not found", needs: read, keep: absentIsNotFound},
		{name: "a version changes with the row and with nothing else", needs: []need{does(fhir.InteractionRead), versions}, keep: versionsTell},
	}
}

func readsTheRow(t T, s *suite, h subject) {
	a := s.direct(t)
	for i, status := range h.Statuses {
		d := s.draft(t)
		d.Status, d.Practitioner = status, s.world.Practitioners[i%2]
		id := h.Seed(t, d)
		r := s.read(t, a, h, id)
		s.says(t, r, h, d)
		again, err := a.Read(background(), fhir.Ref{Type: h.Name, ID: id, Version: "not-a-version-that-is"})
		if err != nil || string(again.Bytes()) != string(r.Bytes()) {
			t.Errorf("the version in a reference is not ignored: %v", err)
		}
	}
}

func readsTheRowOfNow(t T, s *suite, h subject) {
	a, d := s.direct(t), s.draft(t)
	id := h.Seed(t, d)
	s.read(t, a, h, id)
	d.Text, d.Status = canary+" changed at the clinic", h.Statuses[1]
	h.Change(t, id, d)
	s.says(t, s.read(t, a, h, id), h, d)
}

func absentIsNotFound(t T, s *suite, h subject) {
	a := s.direct(t)
	for _, id := range []string{"999999999", "no-such-row", "0", ".", "..", "", "a/b", "1?x=1", "é", strings.Repeat("9", 65), "%31", "-1"} {
		_, err := a.Read(background(), fhir.Ref{Type: h.Name, ID: id})
		wantError(t, "read of id "+id, err, is(fhir.KindNotFound, "not-found"))
	}
	if r := s.removed(t, a, h); !r.IsZero() {
		_, err := a.Read(background(), r.Ref())
		wantError(t, "read of a row that was removed", err, is(fhir.KindNotFound, "not-found"))
	}
}

// removed reads a row, has it removed, and returns what was read; zero where the EMR never removes rows.
func (s *suite) removed(t T, a adapters.EMR, h subject) fhir.Resource {
	t.Helper()
	if h.Remove == nil {
		return fhir.Resource{}
	}
	id := h.Seed(t, s.draft(t))
	r := s.read(t, a, h, id)
	h.Remove(t, id)
	return r
}

func versionsTell(t T, s *suite, h subject) {
	a, d := s.direct(t), s.draft(t)
	id := h.Seed(t, d)
	first := s.read(t, a, h, id).VersionID()
	if again := s.read(t, s.direct(t), h, id).VersionID(); first == "" || !fhir.ValidID(first) || again != first {
		t.Errorf("version %q, then %q, of the same row", first, again)
	}
	d.Text += " changed"
	h.Change(t, id, d)
	if next := s.read(t, a, h, id).VersionID(); next == first {
		t.Errorf("version %q before and after a change", first)
	}
}

// read reads a row that is there.
func (s *suite) read(t T, a adapters.EMR, h subject, id string) fhir.Resource {
	t.Helper()
	r, err := a.Read(background(), fhir.Ref{Type: h.Name, ID: id})
	if err != nil {
		t.Fatalf("read %s: %v", h.Name, err)
	}
	return r
}

// says fails unless r says what d says.
func (s *suite) says(t T, r fhir.Resource, h subject, d Draft) {
	t.Helper()
	if d.Status == "" {
		d.Status = h.Statuses[0]
	}
	if got := r.Value().Get("status").Text(); got != d.Status {
		t.Errorf("status %q, want %q", got, d.Status)
	}
	if got := text(r, h.Text.Path); got != d.Text {
		t.Errorf("%s reads %q, want %q", h.Text.Path, got, d.Text)
	}
	if !slices.ContainsFunc(r.Patients(), func(p fhir.Ref) bool { return p.Type == "Patient" && p.ID == d.Patient }) {
		t.Errorf("patients %v, want %s", r.Patients(), d.Patient)
	}
	if h.Time != "" {
		if got := instant(r, h.Time); !got.Equal(d.Start) {
			t.Errorf("%s is %s, want %s", h.Time, text(r, h.Time), d.Start)
		}
	}
	s.remoteOnly(t, r)
}

// remoteOnly fails where an address of the EMR is left in a reference (hazard H10).
func (s *suite) remoteOnly(t T, r fhir.Resource) {
	t.Helper()
	if walk(r.Value(), func(name string, v fhir.Value) bool {
		return name == "reference" && strings.HasPrefix(v.Text(), s.world.Base+"/")
	}) {
		t.Errorf("a reference holds the EMR's own address")
	}
}
