package replay

import (
	"context"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// Trail is the ledger, as a replay reads it.
type Trail interface {
	Walk(ctx context.Context, clinic string, from, until time.Time, each func(audit.Entry) error) error
	Began(ctx context.Context, clinic string) (time.Time, error)
}

// Options say what is replayed.
type Options struct {
	Clinic      string
	Zone        *time.Location
	From, Until time.Time // Until is exclusive
	Trail       Trail
	Rules       Rules
	Changes     []time.Time // when the rules became others, oldest first
	Before      Candidate   // put into the rules on both sides
	After       Candidate   // what is tried
	Resources   *Resources
	Progress    func(Progress) // may be nil
}

// Progress is how far a replay has come.
type Progress struct{ Records, Accesses, Resources int }

// How much is held before it is judged.
const (
	mostSteps = 1024
	mostRefs  = 4096
)

// step is an access that the candidate can matter to.
type step struct {
	judging
	m      *moment
	limits bool // which differ between the two sides
	touch  touch
}

// runner is one replay.
type runner struct {
	o        Options
	history  *history
	gather   *gather
	old, new *meter
	steps    []step
	refs     []fhir.Ref
	recent   map[string]bool // ids of accesses seen lately
	older    map[string]bool
	reached  time.Time
}

// Run replays. When ctx ends it gives what was found so far, and says that it is partial.
func Run(ctx context.Context, o Options) (Report, error) {
	names := append(o.Before.names(), o.After.names()...)
	r := &runner{o: o, history: newHistory(o.Rules, o.Changes, o.Before, o.After), gather: newGather(), old: newMeter(names), new: newMeter(names),
		recent: map[string]bool{}}
	err := o.Trail.Walk(ctx, o.Clinic, o.From, o.Until, func(e audit.Entry) error { return r.entry(ctx, e) })
	if err == nil {
		err = r.flush(ctx)
	}
	partial := ctx.Err() != nil
	if err != nil && !partial {
		return Report{}, err
	}
	r.rest()
	return r.finish(context.WithoutCancel(ctx), partial)
}

// rest judges what was held when the replay was stopped, as far as that takes no resources.
func (r *runner) rest() {
	for i := range r.steps {
		s := &r.steps[i]
		if s.touch == touched && len(s.needs()) > 0 {
			r.gather.add(s.a, unjudged(whyStopped))
			continue
		}
		r.step(s)
	}
}

// finish adds to the report what it is about and how far it reaches.
func (r *runner) finish(ctx context.Context, partial bool) (Report, error) {
	out := r.gather.done()
	out.Clinic, out.Zone, out.From, out.Until, out.Partial = r.o.Clinic, r.o.Zone.String(), r.o.From, r.o.Until, partial
	if !r.reached.IsZero() {
		out.ReachedTo = &r.reached
	}
	if res := r.o.Resources; res != nil {
		out.Resources.Read, out.Resources.Gone, out.Resources.Failed = res.Read, res.Gone, res.Failed
	}
	for _, t := range r.o.Changes {
		if t.After(r.o.From) && t.Before(r.o.Until) {
			out.Versions++
		}
	}
	began, err := r.o.Trail.Began(ctx, r.o.Clinic)
	if err != nil || began.IsZero() {
		return out, err
	}
	out.Began = &began
	out.Covered = covered(r.o.From, r.o.Until, began)
	return out, nil
}

// covered is which share of a period lies behind the beginning of the ledger.
func covered(from, until, began time.Time) float64 {
	switch {
	case !began.After(from):
		return 1
	case !began.Before(until):
		return 0
	}
	return float64(until.Sub(began)) / float64(until.Sub(from))
}

// entry takes up one record.
func (r *runner) entry(ctx context.Context, e audit.Entry) error {
	r.gather.report.Records++
	r.reached = e.Record.Time
	a, ok := Of(e.Record, r.o.Zone)
	if !ok || !r.first(e.Record.ID) {
		return nil
	}
	r.gather.saw(&a)
	m := r.history.at(ctx, &a)
	if m.err != nil {
		r.gather.report.Touched++
		r.gather.add(&a, unjudged(whyRules))
		return nil
	}
	touch := m.touches(&a)
	if touch == untouched || touch == counted && !m.limits {
		return nil
	}
	r.gather.report.Touched++
	r.gather.report.PagesOpen = r.gather.report.PagesOpen || m.pages
	if len(a.Record.Scopes) == 0 {
		r.gather.report.Assumed++
	}
	s := step{m: m, judging: judging{a: &a, old: m.before.Decide(a.Request), new: m.after.Decide(a.Request), get: r.get,
		actual: len(r.o.Before.names()) == 0}, limits: m.limits, touch: touch}
	r.steps = append(r.steps, s)
	if touch == touched {
		r.refs = append(r.refs, s.needs()...)
	}
	if len(r.steps) >= mostSteps || len(r.refs) >= mostRefs {
		return r.flush(ctx)
	}
	return nil
}

// first reports whether an access is seen for the first time: what was answered and then held back after all has two records,
// close to each other.
func (r *runner) first(id string) bool {
	if r.recent[id] || r.older[id] {
		return false
	}
	if len(r.recent) >= mostSteps {
		r.older, r.recent = r.recent, map[string]bool{}
	}
	r.recent[id] = true
	return true
}

// flush judges what is held.
func (r *runner) flush(ctx context.Context) error {
	if r.o.Resources != nil {
		r.o.Resources.Fetch(ctx, r.refs)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for i := range r.steps {
		r.step(&r.steps[i])
	}
	r.steps, r.refs = r.steps[:0], r.refs[:0]
	if r.o.Progress != nil {
		p := Progress{Records: r.gather.report.Records, Accesses: r.gather.report.Accesses}
		if r.o.Resources != nil {
			p.Resources = r.o.Resources.Read
		}
		r.o.Progress(p)
	}
	return nil
}

// step judges one access.
func (r *runner) step(s *step) {
	var v verdict
	if s.touch == touched {
		v = s.judge()
		if s.a.Allowed && s.a.Record.Withheld > 0 && s.a.Request.Interaction.Kind == fhir.InteractionSearch {
			r.gather.report.Withheld++
		}
	}
	if s.limits {
		v = r.limited(s, v)
	}
	r.gather.add(s.a, v)
}

func (r *runner) get(ref fhir.Ref) (fhir.Resource, string) {
	if r.o.Resources == nil {
		return fhir.Resource{}, whyOffline
	}
	return r.o.Resources.Get(ref)
}

// limited adds to what was found what the limits of both sides make of it.
func (r *runner) limited(s *step, v verdict) verdict {
	j := &s.judging
	if j.a.Blocked != "" {
		return r.unblocked(j, v)
	}
	_, _, wasWithin := r.old.takeAll(j.old.Limits(), s.m.was.showing(j.a, j.old.Limits()), r.useOf(j.a))
	if !j.new.Permitted() || len(v.findings) > 0 && v.findings[0].effect == Denied {
		return v // it uses nothing any more
	}
	code, over, within := r.new.takeAll(j.new.Limits(), s.m.will.showing(j.a, j.new.Limits()), r.useOf(j.a))
	if within || !wasWithin || !j.a.Passed {
		return v
	}
	info, _ := code.Info()
	return verdict{findings: []finding{{Denied, Certain, code, grantOf(over.Grant) + ": " + info.Means, j.a.Record.Patients}}}
}

// unblocked is an access against which a limit stood.
func (r *runner) unblocked(j *judging, v verdict) verdict {
	was, will := most(j.old.Limits(), j.a.Blocked), most(j.new.Limits(), j.a.Blocked)
	switch {
	case was == will || !j.new.Permitted() || j.a.Blocked == policy.CodeTooManyRequests && will != 0 && will < was:
		return v
	case j.a.Blocked == policy.CodeTooManyPages:
		return unjudged(whyPageLimit)
	case j.a.Blocked != policy.CodeTooManyRequests:
		return unjudged(whyUnseen)
	}
	if _, _, within := r.new.takeAll(j.new.Limits(), nil, r.useOf(j.a)); !within {
		return v
	}
	return verdict{findings: []finding{{Allowed, Certain, policy.CodeGranted, "within the limits", nil}}}
}

// most is the narrowest limit of its kind; 0 for none.
func most(limits []policy.Limit, code policy.Code) int {
	out := 0
	for _, l := range limits {
		if n := l.For(code); n > 0 && (out == 0 || n < out) {
			out = n
		}
	}
	return out
}

// useOf is what an access used.
func (r *runner) useOf(a *Access) use {
	u := use{person: a.Record.Agent.Key(), now: a.Record.Time, day: a.Record.Time.In(r.o.Zone).Format(time.DateOnly), requests: 1}
	if a.Allowed {
		u.patients = a.Record.Patients
		for _, item := range a.Record.Released {
			u.documents += item.Documents
		}
	}
	return u
}
