package fhirr4

import (
	"context"
	"net/http"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// update replaces exactly the version in c.Base. The condition makes it safe to send again.
func (a *Adapter) update(ctx context.Context, t adapters.Type, c fhir.Change) (fhir.Resource, error) {
	switch {
	case c.Base.Type != t.Name || c.Base.ID != c.Resource.ID() || !fhir.ValidID(c.Base.ID):
		return fhir.Resource{}, fhir.E(opWrite, fhir.KindInternal, "", "An update names the resource it replaces.")
	case !t.Versions:
		return fhir.Resource{}, notSupported(opWrite, t.Name, "This clinic's EMR has no versions, so a change could overwrite another.")
	case !fhir.ValidID(c.Base.Version):
		return fhir.Resource{}, fhir.E(opWrite, fhir.KindPreconditionRequired, "version-required", "A change says which version it replaces.")
	}
	x := exchange{
		op: opWrite, typ: t.Name, method: http.MethodPut, path: t.Name + "/" + c.Base.ID,
		body: c.Resource.Bytes(), ifMatch: `W/"` + c.Base.Version + `"`, again: true,
	}
	ans, r, err := a.attempts(ctx, x, func(ctx context.Context) (fhir.Resource, bool, error) { return a.updated(ctx, c) })
	if err != nil || !r.IsZero() {
		return r, err
	}
	if r, err := a.resource(opWrite, ans.body, t.Name, c.Base.ID); err == nil {
		return r, nil
	}
	r, err = a.read(ctx, c.Base) // it is done; the answer was empty or cannot be used
	if err != nil {
		return fhir.Resource{}, unknown(t.Name, wire.AsFault(err))
	}
	return r, nil
}

// updated reads back what became of an update without a certain outcome. Still the version it was to replace: it is not
// done. Another version that says what was to be written: done. Another one that says something else: nobody knows.
func (a *Adapter) updated(ctx context.Context, c fhir.Change) (fhir.Resource, bool, error) {
	r, err := a.read(ctx, c.Base)
	switch {
	case err != nil:
		return fhir.Resource{}, false, err
	case r.VersionID() == c.Base.Version:
		return fhir.Resource{}, false, nil
	case saysTheSame(c.Resource.Value(), r.Value()):
		return r, true, nil
	}
	return fhir.Resource{}, false, fhir.E(opWrite, fhir.KindStale, "stale", "Somebody changed it in the meantime.")
}

// saysTheSame reports whether the EMR's resource is the one that was sent, but for what servers write themselves: meta and
// the narrative.
func saysTheSame(sent, got fhir.Value) bool {
	count := 0
	for name, v := range sent.Members() {
		if name == "meta" || name == "text" {
			continue
		}
		count++
		if !same(v, got.Get(name)) {
			return false
		}
	}
	for name := range got.Members() {
		if name != "meta" && name != "text" {
			count--
		}
	}
	return count == 0
}

// same compares two values: members in any order, strings as they read, numbers as they are written.
func same(a, b fhir.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case fhir.String:
		return a.Text() == b.Text()
	case fhir.Number:
		return string(a.Raw()) == string(b.Raw())
	case fhir.Array:
		return sameItems(a, b)
	case fhir.Object:
		return sameMembers(a, b)
	}
	return true
}

func sameItems(a, b fhir.Value) bool {
	var others []fhir.Value
	for v := range b.Items() {
		others = append(others, v)
	}
	i := 0
	for v := range a.Items() {
		if i >= len(others) || !same(v, others[i]) {
			return false
		}
		i++
	}
	return i == len(others)
}

func sameMembers(a, b fhir.Value) bool {
	count := 0
	for name, v := range a.Members() {
		count++
		if !same(v, b.Get(name)) {
			return false
		}
	}
	for range b.Members() {
		count--
	}
	return count == 0
}
