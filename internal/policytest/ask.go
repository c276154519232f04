package policytest

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
	"vestibule/policy"
)

// Answer is what rules say to a question.
type Answer struct {
	Reasons []policy.Reason // of a denial, the decisive one first; of a search, of what was decided before anything was found
	Denied  bool
	Shown   []Shown
	Changed []string      // by a write
	Grants  []string      // names of those that allow it, sorted
	Limits  policy.Limits // the lowest of theirs
}

// Shown is one resource that comes back: as it stands in the EMR, and as the caller gets it.
type Shown struct {
	Whole fhir.Resource
	Cut   fhir.Resource
}

// Ask puts the question to a set of rules, the way a gateway would.
func (q *Question) Ask(set *policy.Set) Answer {
	d := set.Decide(q.Request)
	if !d.Permitted() {
		return Answer{Denied: true, Reasons: d.Reasons()}
	}
	a := Answer{Reasons: d.Reasons(), Grants: names(d.Grants()), Limits: lowest(d.Limits())}
	switch q.Request.Interaction.Kind {
	case fhir.InteractionRead:
		q.read(d, &a)
	case fhir.InteractionSearch:
		q.search(d, &a)
	default:
		q.write(set, d, &a)
	}
	return a
}

func (q *Question) read(d policy.Decision, a *Answer) {
	r, ok := q.stands(q.Request.Interaction.ID)
	if !ok {
		a.deny([]policy.Reason{q.missing()})
		return
	}
	released, reasons := d.Release(r)
	if released.IsZero() {
		a.deny(reasons)
		return
	}
	a.Reasons, a.Grants = reasons, names(released.Grants())
	a.show(r, released)
}

// search goes through all of the EMR, and not only through what the narrowed search would find: what is released does not
// depend on the EMR's looking.
func (q *Question) search(d policy.Decision, a *Answer) {
	var by []string
	for _, r := range q.emr {
		if r.Type() != q.Request.Interaction.Type {
			continue
		}
		if released, _ := d.Release(r); !released.IsZero() {
			by = append(by, released.Grants()...)
			a.show(r, released)
		}
	}
	a.Grants = names(by)
}

func (q *Question) write(set *policy.Set, d policy.Decision, a *Answer) {
	before, _ := q.stands(q.Request.Interaction.ID)
	proposed, err := q.body, error(nil)
	if q.change.Exists() {
		proposed, err = q.changed(set, before)
	}
	if err != nil {
		a.deny([]policy.Reason{{Code: policy.CodeWrongResource, Text: plain(err).Error()}})
		return
	}
	accepted, reasons := d.Accept(before, proposed)
	if accepted.IsZero() {
		if before.IsZero() && q.Request.Interaction.Kind == fhir.InteractionUpdate {
			reasons = []policy.Reason{q.missing()}
		}
		a.deny(reasons)
		return
	}
	a.Reasons, a.Grants, a.Changed = reasons, names(accepted.Grants()), accepted.Changed()
	stands := accepted.Resource()
	if stands.ID() == "" {
		stands, err = withID(stands)
	}
	if released, _ := d.Release(stands); err == nil && !released.IsZero() {
		a.show(stands, released)
	}
}

// changed is what the caller is shown of before, with the change: what a program sends that reads, changes and puts back.
func (q *Question) changed(set *policy.Set, before fhir.Resource) (fhir.Resource, error) {
	in := q.Request.Interaction
	shown, err := fhir.ParseResource(fmt.Appendf(nil, `{"resourceType":%q,"id":%q}`, in.Type, in.ID), fhir.Limits{})
	if err != nil {
		return fhir.Resource{}, err
	}
	for _, look := range []string{"GET " + in.Type + "/" + in.ID, "GET " + in.Type + "?_id=" + in.ID} {
		req := q.Request
		if req.Interaction, err = interactionOf(look, nil); err != nil {
			return fhir.Resource{}, err
		}
		released, _ := set.Decide(req).Release(before)
		if released.IsZero() {
			continue
		}
		if shown, err = fhir.ParseResource(released.AppendTo(nil), fhir.Limits{Depth: 512}); err != nil {
			return fhir.Resource{}, err
		}
		break
	}
	return replaced(shown.Value(), q.change)
}

// withID is a new resource with the id that an EMR would give it.
func withID(r fhir.Resource) (fhir.Resource, error) {
	id, err := fhir.Parse([]byte(`{"id":"new"}`), fhir.Limits{})
	if err != nil {
		return fhir.Resource{}, err
	}
	return replaced(r.Value(), id)
}

// stands is the resource of that id in the EMR.
func (q *Question) stands(id string) (fhir.Resource, bool) {
	for _, r := range q.emr {
		if id != "" && r.Type() == q.Request.Interaction.Type && r.ID() == id {
			return r, true
		}
	}
	return fhir.Resource{}, false
}

func (q *Question) missing() policy.Reason {
	in := q.Request.Interaction
	return policy.Reason{Code: policy.CodeNotFound, Text: fmt.Sprintf("The EMR of this test holds no %s/%s.", in.Type, in.ID)}
}

func (a *Answer) deny(reasons []policy.Reason) {
	*a = Answer{Denied: true, Reasons: reasons}
}

func (a *Answer) show(whole fhir.Resource, released policy.Released) {
	cut, err := fhir.ParseResource(released.AppendTo(nil), fhir.Limits{Depth: 512})
	if err != nil { // what a cut writes can be read
		return
	}
	a.Shown = append(a.Shown, Shown{whole, cut})
}

// names are grants without their versions, sorted, each once.
func names(cites []string) []string {
	var out []string
	for _, c := range cites {
		name, _, _ := strings.Cut(c, "@")
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lowest is the lowest of each limit.
func lowest(all []policy.Limit) (out policy.Limits) {
	low := func(to *int, n int) {
		if n > 0 && (*to == 0 || n < *to) {
			*to = n
		}
	}
	for _, l := range all {
		low(&out.RequestsPerMinute, l.RequestsPerMinute)
		low(&out.PatientsPerDay, l.PatientsPerDay)
		low(&out.DocumentsPerHour, l.DocumentsPerHour)
		low(&out.PagesPerSearch, l.PagesPerSearch)
	}
	return out
}
