package policy

import (
	"slices"
	"strings"

	"vestibule/fhir"
)

// Accepted is a write that may go to the EMR. Only Decision.Accept makes one that holds a resource; the zero Accepted holds
// none.
type Accepted struct {
	kind     fhir.InteractionKind
	resource fhir.Resource
	base     fhir.Ref
	changed  []string
	patients []fhir.Ref
	grants   []string
}

// IsZero reports whether nothing is accepted.
func (a Accepted) IsZero() bool { return a.resource.IsZero() }

// Resource is what shall stand in the EMR: what the caller proposed merged into what stands there, so that whatever the
// caller was not shown survives (hazard H12).
func (a Accepted) Resource() fhir.Resource { return a.resource }

// Changed are the top-level elements that the write changes, sorted; for a create, those it sets. None means that the EMR's
// resource already says all that was proposed.
func (a Accepted) Changed() []string { return a.changed }

// Patients are the patients of the resource before and after, each once: for the trail.
func (a Accepted) Patients() []fhir.Ref { return a.patients }

// Grants cites the grants that allow it, as name@version, sorted. The slice is shared and must not be changed.
func (a Accepted) Grants() []string { return a.grants }

// Change is the write for an adapter, under the gateway's name for it.
func (a Accepted) Change(operation string) fhir.Change {
	return fhir.Change{Kind: a.kind, Resource: a.resource, Base: a.base, Operation: operation}
}

// Accept decides about a write: before is what stands in the EMR (the zero Resource for a create, and for an update of
// something the EMR does not have), proposed what the caller sent. An update has to lie within the caller's permissions
// before and after, and may change only elements that a permission matching both lets the caller write. Whether before is
// unknown or out of reach is not told apart, and no reason depends on what the caller cannot see.
//
// The reasons are for the trail; what a caller hears of a refusal is Refusal.
func (d Decision) Accept(before, proposed fhir.Resource) (Accepted, []Reason) {
	if !d.Permitted() {
		return Accepted{}, d.Reasons()
	}
	switch d.p.req.Interaction.Kind {
	case fhir.InteractionCreate:
		return d.p.acceptCreate(before, proposed)
	case fhir.InteractionUpdate:
		return d.p.acceptUpdate(before, proposed)
	}
	return Accepted{}, []Reason{because(CodeIncomplete)}
}

func (p *plan) acceptCreate(before, proposed fhir.Resource) (Accepted, []Reason) {
	if !before.IsZero() || proposed.Type() != p.req.Interaction.Type {
		return Accepted{}, []Reason{because(CodeWrongResource)}
	}
	created, err := proposed.WithoutID()
	if err != nil {
		return Accepted{}, []Reason{because(CodeWrongResource)}
	}
	set := union(elementsOf(created), metaOf(created))
	if refused := p.unwritable(set, p.use.every()); len(refused) > 0 {
		return Accepted{}, []Reason{p.notWritable(refused)}
	}
	if at := created.Misshapen(set); at != "" {
		return Accepted{}, []Reason{p.misshapen(at)}
	}
	status := statusOf(created)
	if able := p.creating(status, p.use.every()); !able.any || len(p.unwritable(set, able)) > 0 {
		return Accepted{}, []Reason{p.notCreated(status)}
	}
	found, miss := p.use.find(created)
	found = p.creating(status, found)
	if !found.any || len(p.unwritable(set, found)) > 0 {
		return Accepted{}, p.writeMissed(miss)
	}
	v := p.use.view(found)
	return Accepted{
		kind: fhir.InteractionCreate, resource: created, changed: set, patients: patientsOf(created), grants: v.grants,
	}, v.reasons
}

func (p *plan) acceptUpdate(before, proposed fhir.Resource) (Accepted, []Reason) {
	if proposed.Type() != p.req.Interaction.Type || proposed.ID() != p.req.Interaction.ID {
		return Accepted{}, []Reason{because(CodeWrongResource)}
	}
	if !p.answers(before) {
		return Accepted{}, []Reason{because(CodeNotFound)}
	}
	visible := p.seen(before)
	use := p.use.seeing(visible)
	was, miss := use.find(before)
	if !was.any {
		return Accepted{}, use.dropped(miss)
	}
	changed, err := changedFor(before, proposed, visible)
	if err != nil {
		return Accepted{}, []Reason{because(CodeWrongResource)}
	}
	if refused := union(p.unwritable(changed, was), inPart(changed, visible)); len(refused) > 0 {
		return Accepted{}, []Reason{p.notWritable(refused)}
	}
	if at := proposed.Misshapen(changed); at != "" {
		return Accepted{}, []Reason{p.misshapen(at)}
	}
	change := moved(before, proposed, visible)
	if !p.mayMove(changed, change, was) {
		return Accepted{}, []Reason{p.notMoved(change)}
	}
	merged, err := before.Merge(proposed, visible)
	if err != nil {
		return Accepted{}, []Reason{p.notWritable(changed)}
	}
	will, miss := use.find(merged.Resource)
	both := was.and(will)
	if !both.any || len(p.unwritable(merged.Changed, both)) > 0 || !p.mayMove(merged.Changed, change, both) {
		return Accepted{}, p.writeMissed(miss)
	}
	v := use.view(both)
	return Accepted{
		kind: fhir.InteractionUpdate, resource: merged.Resource, base: before.Ref(), changed: merged.Changed,
		patients: patientsOf(before, merged.Resource), grants: v.grants,
	}, v.reasons
}

// changedFor is the elements that proposed changes in the eyes of a caller who was shown visible of before. It compares
// with what was shown and with nothing else, so that a refusal cannot depend on what was not.
func changedFor(before, proposed fhir.Resource, visible fhir.Elements) ([]string, error) {
	shown, err := fhir.ParseResource(before.Cut(visible).AppendTo(nil), fhir.Limits{Depth: 512})
	if err != nil {
		return nil, err
	}
	merged, err := shown.Merge(proposed, fhir.AllElements(""))
	return merged.Changed, err
}

// unwritable are those of names that no permission among h lets the caller write.
func (p *plan) unwritable(names []string, h hits) []string {
	var out []string
	for _, name := range names {
		if !slices.ContainsFunc(h.list(), func(i int) bool { return slices.Contains(p.use.candidates[i].perm.write, name) }) {
			out = append(out, name)
		}
	}
	return out
}

// inPart are those of names of which a caller is shown a part. They cannot be replaced, because that would erase the other
// part; and they are refused whether or not this resource has another part, or the refusal would tell.
func inPart(names []string, visible fhir.Elements) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !partly(visible, name) })
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// metaOf are the parts of meta that say something about r and are not the EMR's to set, such as meta.tag. What profile r
// claims to meet is no statement.
func metaOf(r fhir.Resource) (out []string) {
	for name := range r.Value().Get("meta").Members() {
		switch name = strings.TrimPrefix(name, "_"); name {
		case "versionId", "lastUpdated", "profile":
		default:
			out = append(out, "meta."+name)
		}
	}
	return out
}

// elementsOf are the top-level elements of r, sorted, without the technical ones: those the EMR sets.
func elementsOf(r fhir.Resource) []string {
	var out []string
	for name := range r.Value().Members() {
		switch name {
		case "resourceType", "id", "_id", "meta":
		default:
			out = append(out, strings.TrimPrefix(name, "_"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
