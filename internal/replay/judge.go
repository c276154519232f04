package replay

import (
	"slices"
	"strings"

	"vestibule/fhir"
	"vestibule/policy"
)

// Effect is what the candidate would have done to an access.
type Effect string

// The effects.
const (
	Denied  Effect = "newly denied"
	Less    Effect = "answered with less"
	Allowed Effect = "newly allowed"
	More    Effect = "answered with more"
)

// Class is what a finding rests on, see the package comment.
type Class string

// The classes, the firmest first.
const (
	Certain Class = "certain"
	Today   Class = "today"
	Changed Class = "changed"
)

// finding is what the candidate would have done to one access.
type finding struct {
	effect   Effect
	class    Class
	code     policy.Code
	detail   string
	patients []string
}

// verdict is what there is to say about one access. None of both is that it would have been as it was.
type verdict struct {
	findings []finding
	why      string // it is not judged, or not all of it
}

func unjudged(why string) verdict { return verdict{why: why} }

// The reasons for which an access is not judged, beside those of resources.
const (
	whyRules     = "the rules of that moment cannot be rebuilt"
	whyRecord    = "what is on record is not what the rules of that moment say"
	whyBody      = "what was sent is not on record"
	whyMoved     = "as the resource is today, it would not have been released then either"
	whyUnseen    = "what it would have shown is not on record"
	whyStopped   = "the replay was stopped"
	whyPageLimit = "which page of a search it was is not on record"
)

// judging is one access with both decisions.
type judging struct {
	a        *Access
	old, new policy.Decision
	actual   bool // the old rules are those in force then
	get      func(fhir.Ref) (fhir.Resource, string)
}

// judge compares what both sides say of an access, limits left out.
func (j *judging) judge() verdict {
	was, will, recorded := j.old.Permitted(), j.new.Permitted(), j.a.Passed
	switch {
	case recorded && !was && (will || j.actual):
		return unjudged(whyRecord)
	case recorded && was && !will:
		return j.refused()
	case recorded && was && j.a.Allowed:
		return j.carriedOut()
	case recorded && was:
		return j.stillRefused()
	case !recorded && !was && will && !j.a.aboutScopes():
		return j.letIn()
	}
	return verdict{} // refused on both sides, or for the scopes of its token, which stay
}

// needs are the resources that judge will look at: none where the record says it all, because what is not needed is not read.
func (j *judging) needs() []fhir.Ref {
	was, will := j.old.Permitted(), j.new.Permitted()
	if !will || was != j.a.Passed || !was && j.a.Request.Interaction.Kind == fhir.InteractionSearch {
		return nil
	}
	if j.a.writes() && j.a.Allowed {
		if ok, _ := j.new.Bears(j.a.Record.Changed, fhir.Resource{}); !ok {
			return nil
		}
	}
	return j.a.Refs()
}

// refused is an access that the candidate refuses as such.
func (j *judging) refused() verdict {
	if !j.a.Allowed { // it was refused for what it was about
		return verdict{}
	}
	r := j.new.Reasons()[0]
	return verdict{findings: []finding{{Denied, Certain, r.Code, clauseOf(r), j.a.Record.Patients}}}
}

// letIn is an access that was refused as such and that the candidate does not.
func (j *judging) letIn() verdict {
	r := j.new.Reasons()[0]
	in := j.a.Request.Interaction
	switch in.Kind {
	case fhir.InteractionSearch:
		return verdict{findings: []finding{{Allowed, Certain, r.Code, clauseOf(r), nil}}}
	case fhir.InteractionCreate:
		return unjudged(whyBody)
	}
	found, why := j.get(fhir.Ref{Type: in.Type, ID: in.ID})
	if why == whyGone {
		return verdict{} // refused all the same
	}
	if why != "" {
		return unjudged(why)
	}
	if in.Kind == fhir.InteractionUpdate {
		if ok, _ := j.new.Bears(nil, found); !ok {
			return verdict{}
		}
		return unjudged(whyBody)
	}
	return j.reachable(found)
}

// reachable is a read that was refused, under rules that permit reading.
func (j *judging) reachable(found fhir.Resource) verdict {
	released, reasons := j.new.Release(found)
	if released.IsZero() {
		return verdict{}
	}
	return verdict{findings: []finding{{Allowed, Changed, reasons[0].Code, clauseOf(reasons[0]), namesOf(found.Patients())}}}
}

// stillRefused is an access that was permitted as such, on both sides, and refused for what it was about.
func (j *judging) stillRefused() verdict {
	in := j.a.Request.Interaction
	switch {
	case j.a.Blocked != "" || j.a.aboutScopes():
		return verdict{} // limits are another matter, and a token's scopes stay
	case in.Kind == fhir.InteractionRead && j.a.Record.Withheld > 0:
		found, why := j.get(fhir.Ref{Type: in.Type, ID: in.ID})
		if why == whyGone {
			return verdict{}
		}
		if why != "" {
			return unjudged(why)
		}
		if was, _ := j.old.Release(found); !was.IsZero() {
			return unjudged(whyMoved)
		}
		return j.reachable(found)
	case j.a.writes() && refusedWrite(j.a.Record.Reasons):
		return unjudged(whyBody)
	}
	return verdict{}
}

// refusedWrite reports whether the policy refused a write for what it would have done.
func refusedWrite(reasons []string) bool {
	return slices.ContainsFunc(reasons, func(code string) bool {
		info, known := policy.Code(code).Info()
		return known && (info.Stage == policy.StageWrite || info.Stage == policy.StageRelease)
	})
}

// carriedOut is an access that happened and that both sides permit as such.
func (j *judging) carriedOut() verdict {
	if j.a.writes() {
		if v, done := j.wrote(); done {
			return v
		}
	}
	var v verdict
	var less, more seen
	for _, ref := range j.a.Refs() {
		found, why := j.get(ref)
		if why == "" {
			why = j.shown(ref, found, &less, &more)
		}
		if why != "" {
			v.why = why
		}
	}
	if less.any {
		effect := Less
		if less.withheld && j.a.Request.Interaction.Kind == fhir.InteractionRead {
			effect = Denied
		}
		v.findings = append(v.findings, less.finding(effect))
	}
	if more.any {
		v.findings = append(v.findings, more.finding(More))
	}
	return v
}

// wrote judges a write by its traces; done is false where both sides bear it.
func (j *judging) wrote() (v verdict, done bool) {
	changed := j.a.Record.Changed
	if was, _ := j.old.Bears(changed, fhir.Resource{}); !was {
		return unjudged(whyRecord), true
	}
	if will, reasons := j.new.Bears(changed, fhir.Resource{}); !will {
		return verdict{findings: []finding{{Denied, Certain, reasons[0].Code, clauseOf(reasons[0]), j.a.Record.Patients}}}, true
	}
	for _, ref := range j.a.Refs() {
		found, why := j.get(ref)
		if why != "" {
			return unjudged(why), true
		}
		if was, _ := j.old.Bears(changed, found); !was {
			return unjudged(whyMoved), true
		}
		if will, reasons := j.new.Bears(changed, found); !will {
			return verdict{findings: []finding{{Denied, classOf(ref, found), reasons[0].Code, clauseOf(reasons[0]), j.a.Record.Patients}}}, true
		}
	}
	return verdict{}, false
}

// seen gathers what one access would have shown less, or more.
type seen struct {
	any, withheld bool
	class         Class
	code          policy.Code
	detail        string
	patients      []string
	elements      []string
}

func (s *seen) add(class Class, patients []string) {
	if !s.any || class == Today {
		s.class = class
	}
	s.any = true
	for _, p := range patients {
		if !slices.Contains(s.patients, p) {
			s.patients = append(s.patients, p)
		}
	}
}

func (s *seen) finding(effect Effect) finding {
	f := finding{effect, s.class, s.code, s.detail, s.patients}
	if f.code == "" {
		slices.Sort(s.elements)
		f.detail = strings.Join(slices.Compact(s.elements), ", ")
	}
	return f
}

// shown compares what both sides show of a resource that left; why says why that cannot be told.
func (j *judging) shown(ref fhir.Ref, found fhir.Resource, less, more *seen) (why string) {
	was, _ := j.old.Release(found)
	if was.IsZero() {
		return whyMoved
	}
	will, reasons := j.new.Release(found)
	class, patients := classOf(ref, found), namesOf(found.Patients())
	if will.IsZero() {
		less.add(class, patients)
		less.withheld, less.code, less.detail = true, reasons[0].Code, clauseOf(reasons[0])
		return ""
	}
	before, after := was.Removed(), will.Removed()
	if hidden := beyond(after, before); len(hidden) > 0 {
		less.add(class, patients)
		less.elements = append(less.elements, hidden...)
	}
	if bare := beyond(before, after); len(bare) > 0 {
		more.add(class, patients)
		more.elements = append(more.elements, bare...)
	}
	return ""
}

// beyond are those of a that are neither in b nor below something that is.
func beyond(a, b []string) []string {
	var out []string
	for _, path := range a {
		if !slices.ContainsFunc(b, func(o string) bool { return path == o || strings.HasPrefix(path, o+".") }) {
			out = append(out, path)
		}
	}
	return out
}

// classOf says how far a resource as it is today says what it was then.
func classOf(ref fhir.Ref, found fhir.Resource) Class {
	if ref.Version != "" && ref.Version == found.VersionID() {
		return Today
	}
	return Changed
}

func namesOf(refs []fhir.Ref) []string {
	var out []string
	for _, r := range refs {
		out = append(out, r.String())
	}
	return out
}

// clauseOf is the clause that a reason rests on, for the clinic.
func clauseOf(r policy.Reason) string {
	name, _, _ := strings.Cut(r.Grant, "@")
	if name == "" {
		return r.Detail
	}
	return strings.TrimSuffix(name+": "+r.Detail, ": ")
}
