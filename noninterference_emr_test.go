package vestibule_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"vestibule/adapters"
	"vestibule/fhir"
)

// keen is an EMR in memory that does all that it is asked for: filters, orders, pages as it is told, and writes.
type keen struct {
	resources []fhir.Resource
	careless  bool // it ignores criteria and order
	writes    int
	made      map[string]string // ids by the operations that created them
}

func (e *keen) Capability(context.Context) (adapters.Capability, error) {
	return adapters.NewCapability(adapters.Type{Name: "Task", Interactions: []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch}, Versions: true}), nil
}

// find is the resource of that type and id, the zero Resource where there is none.
func (e *keen) find(typ, id string) fhir.Resource {
	for _, r := range e.resources {
		if r.Type() == typ && r.ID() == id {
			return r
		}
	}
	return fhir.Resource{}
}

func (e *keen) Read(_ context.Context, ref fhir.Ref) (fhir.Resource, error) {
	if r := e.find(ref.Type, ref.ID); !r.IsZero() {
		return r, nil
	}
	return fhir.Resource{}, fhir.E("keen.Read", fhir.KindNotFound, "", "no such resource")
}

func (e *keen) Search(_ context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
	found := slices.Clone(e.resources)
	if !e.careless {
		found = slices.DeleteFunc(found, func(r fhir.Resource) bool { return !q.Match(r) })
		slices.SortStableFunc(found, q.Less)
	}
	from, _ := strconv.Atoi(cursor)
	to := min(from+max(q.Count(), 1), len(found))
	p := adapters.Page{Resources: found[min(from, to):to]}
	if to < len(found) {
		p.Next = strconv.Itoa(to)
	}
	return p, nil
}

// Write gives what it creates ids one after the other, and the same again to who repeats an operation; an update makes the
// next version. Neither depends on what else there is.
func (e *keen) Write(_ context.Context, c fhir.Change) (fhir.Resource, error) {
	id, version := c.Base.ID, 1
	if c.Kind == fhir.InteractionCreate {
		if before := e.find(c.Resource.Type(), e.made[c.Operation]); !before.IsZero() {
			return before, nil
		}
		if e.made == nil {
			e.made = map[string]string{}
		}
		id = fmt.Sprintf("made%d", len(e.made))
		e.made[c.Operation] = id
	} else {
		is := e.find(c.Resource.Type(), id)
		if is.VersionID() != c.Base.Version {
			return fhir.Resource{}, fhir.E("keen.Write", fhir.KindStale, "", "another version")
		}
		version, _ = strconv.Atoi(is.VersionID())
		version++
	}
	e.writes++
	r, err := fhir.ParseResource([]byte(stamped(c.Resource, id, version, e.writes)), fhir.Limits{})
	if err != nil {
		return fhir.Resource{}, err
	}
	at := slices.IndexFunc(e.resources, func(r fhir.Resource) bool { return r.ID() == id })
	if at < 0 {
		e.resources = append(e.resources, r)
	} else {
		e.resources[at] = r
	}
	return r, nil
}

// stamped is a resource under an id, with its meta moved on.
func stamped(r fhir.Resource, id string, version, second int) string {
	out := fmt.Sprintf(`{"resourceType":%q,"id":%q,"meta":{"versionId":"%d","lastUpdated":"2026-11-23T10:%02d:%02dZ"`, r.Type(), id, version, second/60, second%60)
	for name, v := range r.Value().Get("meta").Members() {
		if name != "versionId" && name != "lastUpdated" {
			out += fmt.Sprintf(",%q:%s", name, v.Raw())
		}
	}
	out += "}"
	for name, v := range r.Value().Members() {
		if name != "resourceType" && name != "id" && name != "meta" {
			out += fmt.Sprintf(",%q:%s", name, v.Raw())
		}
	}
	return out + "}"
}
