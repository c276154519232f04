package adaptertest

import (
	"reflect"
	"slices"

	"vestibule/adapters"
	"vestibule/fhir"
)

func capabilityPromises() []promise {
	return []promise{
		{name: "the table lists only what the gateway knows, once, and nothing that contradicts itself", keep: tableIsSound},
		{name: "the table stays as it is when it is asked for again", whole: true, keep: tableIsSteady},
		{name: "what the table does not offer is refused as not supported, and the EMR keeps what it has", whole: true, keep: restIsRefused},
		{name: "every interaction that is neither create nor update is refused as a write", keep: onlyWritesAreWritten},
		{name: "every field that a translation leaves behind is listed once, with its reason", optional: translates, keep: lossesAreListed},
	}
}

func tableIsSound(t T, _ *suite, h subject) {
	if !fhir.IsType(h.Name) {
		t.Errorf("%s is no type that the gateway serves", h.Name)
	}
	known := []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate}
	for i, k := range h.Interactions {
		if !slices.Contains(known, k) || slices.Contains(h.Interactions[:i], k) {
			t.Errorf("interaction %q is unknown or listed twice", k)
		}
	}
	for i, name := range h.Search {
		if _, ok := fhir.LookUpParam(h.Name, name); !ok || slices.Contains(h.Search[:i], name) {
			t.Errorf("search parameter %q is unknown or listed twice", name)
		}
	}
	does := func(k fhir.InteractionKind) bool { return slices.Contains(h.Interactions, k) }
	if does(fhir.InteractionUpdate) && !h.Versions {
		t.Errorf("updates without versions cannot be: one could overwrite another")
	}
	if does(fhir.InteractionUpdate) && !does(fhir.InteractionRead) {
		t.Errorf("updates without read cannot be: the gateway merges into what it has read")
	}
	if len(h.Interactions) == 0 {
		t.Errorf("a row without interactions offers nothing")
	}
	if !does(fhir.InteractionSearch) && len(h.Search) > 0 {
		t.Errorf("search parameters without search")
	}
}

func tableIsSteady(t T, s *suite, _ subject) {
	a := s.direct(t)
	for range 2 {
		c, err := a.Capability(background())
		if err != nil || !reflect.DeepEqual(c, s.table) {
			t.Errorf("another table, or none: %v", err)
		}
	}
}

// restIsRefused asks for every type and interaction that the table does not offer.
func restIsRefused(t T, s *suite, _ subject) {
	a := s.direct(t)
	before := s.count(t)
	refused := is(fhir.KindNotSupported)
	for _, typ := range append(fhir.Types(), "Patient", "Observation", "") {
		can := func(k fhir.InteractionKind) bool { return s.table.Supports(typ, k) }
		if !can(fhir.InteractionRead) {
			_, err := a.Read(background(), fhir.Ref{Type: typ, ID: "1"})
			wantError(t, "read "+typ, err, refused)
		}
		if !can(fhir.InteractionSearch) {
			_, err := a.Search(background(), fhir.NewQuery(typ), "")
			wantError(t, "search "+typ, err, refused)
		}
		if typ == "" {
			continue
		}
		for _, k := range []fhir.InteractionKind{fhir.InteractionCreate, fhir.InteractionUpdate} {
			if !can(k) {
				_, err := a.Write(background(), s.blankChange(t, typ, k))
				wantError(t, string(k)+" "+typ, err, refused)
			}
		}
	}
	if after := s.count(t); after != before {
		t.Errorf("the EMR held %d rows and now holds %d", before, after)
	}
}

func onlyWritesAreWritten(t T, s *suite, h subject) {
	a := s.direct(t)
	for _, k := range []fhir.InteractionKind{"", fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionPatch, fhir.InteractionDelete} {
		_, err := a.Write(background(), s.blankChange(t, h.Name, k))
		wantError(t, "write of kind "+string(k), err, is(fhir.KindNotSupported))
	}
}

// translates is why losses need not be listed; "" where they have to.
func translates(a adapters.EMR, _ string) string {
	if _, ok := a.(adapters.Translator); ok {
		return ""
	}
	return "the adapter is no adapters.Translator"
}

func lossesAreListed(t T, s *suite, h subject) {
	seen := map[string]bool{}
	for _, l := range s.direct(t).(*watched).EMR.(adapters.Translator).Losses(h.Name) {
		if l.Path == "" || l.Why == "" || seen[l.Path] {
			t.Errorf("a loss with path %q, reason %q, listed before: %v", l.Path, l.Why, seen[l.Path])
		}
		seen[l.Path] = true
	}
}

// blankChange is a write of that kind with as little in it as can be.
func (s *suite) blankChange(t T, typ string, kind fhir.InteractionKind) fhir.Change {
	c := fhir.Change{Kind: kind, Operation: s.operation()}
	if kind == fhir.InteractionCreate {
		c.Resource = parse(t, `{"resourceType":"`+typ+`"}`)
		return c
	}
	c.Resource = parse(t, `{"resourceType":"`+typ+`","id":"1"}`)
	c.Base = fhir.Ref{Type: typ, ID: "1", Version: "1"}
	return c
}

// count is how many rows the EMR holds of all types.
func (s *suite) count(t T) int {
	n := 0
	for _, typ := range s.table.Types() {
		n += len(s.world.Types[typ].IDs(t))
	}
	return n
}

// parse reads a resource that the suite or a World made.
func parse(t T, text string) fhir.Resource {
	t.Helper()
	r, err := fhir.ParseResource([]byte(text), fhir.Limits{})
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return r
}

var _ adapters.EMR = (*watched)(nil)
