package policytest

import (
	"context"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
	"vestibule/policy"
)

// The kinds of rule whose clauses count.
const (
	kindGrant     = "Grant"
	kindDirective = "Directive"
	kindGuardrail = "Guardrail"
)

// Clause is one clause of a rule and the test that notices when it is gone.
type Clause struct {
	Kind  string // of the rule's document
	Rule  string // its name
	Path  string // where in the document, such as permissions[0].window; empty: all of it
	Text  string // what is taken away, or widened
	By    string // "file: test" that notices; empty: none does
	Aside Aside  // why it does not count; empty: it does
}

// Aside is why a clause does not count.
type Aside string

// The clauses that do not count.
const (
	Needed Aside = "cannot be without it" // the rule would be refused
	Idle   Aside = "changes nothing"      // whoever asks could do the same without it, because of another rule
)

// Coverage is the clauses of rules in the order of their documents.
type Coverage []Clause

// Noticed is how many clauses some test notices, of those that count.
func (c Coverage) Noticed() (noticed, of int) {
	for _, clause := range c {
		if clause.Aside != "" {
			continue
		}
		of++
		if clause.By != "" {
			noticed++
		}
	}
	return noticed, of
}

// Percent is Noticed in whole percent, rounded down; 100 where there is nothing to notice.
func (c Coverage) Percent() int {
	noticed, of := c.Noticed()
	if of == 0 {
		return 100
	}
	return noticed * 100 / of
}

// Cover finds out which clauses the questions notice. All of them have to be answered as expected by the rules as they are.
// about names the rules that count; nil: every grant that is for one of the callers, every directive of a patient whom a
// resource of the tests names, and every guardrail.
// progress hears how many clauses are done. An error is ctx's, or that the rules cannot be compiled.
func Cover(ctx context.Context, clinic policy.Clinic, rules policy.Rules, about []string, questions []*Question, progress func(done, of int)) (Coverage, error) {
	c := coverer{clinic: clinic, rules: rules, questions: questions, written: writtenNames(questions)}
	variants := c.variants(about)
	if _, err := policy.Compile(clinic, c.narrowed(questions)); err != nil {
		return nil, err
	}
	var out Coverage
	for i, v := range variants {
		tried := c.try(ctx, v)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out = append(out, tried)
		progress(i+1, len(variants))
	}
	return out, nil
}

// coverer is rules and the questions about them.
type coverer struct {
	clinic    policy.Clinic
	rules     policy.Rules
	questions []*Question
	written   map[string][]string // by type: the elements that questions have
}

// variant is the rules with one clause changed.
type variant struct {
	Clause
	grant     *policy.Grant     // in the place of the grant of that name; nil: gone
	directive *policy.Directive // likewise
	guardrail *policy.Guardrail
}

func (c *coverer) variants(about []string) []variant {
	meant := func(name string, byDefault bool) bool {
		if about == nil {
			return byDefault
		}
		return slices.Contains(about, name)
	}
	var out []variant
	for _, g := range c.rules.Grants {
		if meant(g.Name, slices.ContainsFunc(c.questions, func(q *Question) bool { return c.names(g, q.Request.Caller) })) {
			out = append(out, c.grantVariants(g)...)
		}
	}
	for _, d := range c.rules.Directives {
		if meant(d.Name, slices.ContainsFunc(c.questions, func(q *Question) bool { return q.aboutPatient(d.Patient) })) {
			out = append(out, directiveVariants(d)...)
		}
	}
	for _, g := range c.rules.Guardrails {
		if meant(g.Name, true) {
			out = append(out, guardrailVariants(g)...)
		}
	}
	return out
}

// names reports whether g is for the caller, whatever its conditions say.
func (c *coverer) names(g policy.Grant, caller policy.Caller) bool {
	switch to := g.To; {
	case to.User != "":
		return to.User == caller.ID()
	case to.Platform != "":
		return to.Platform == caller.Platform
	default:
		platform, _, _ := strings.Cut(to.Team, "/")
		return platform == caller.Platform && slices.Contains(c.clinic.Teams[to.Team], caller.ID())
	}
}

// try asks the questions that the change can be about, until one notices.
func (c *coverer) try(ctx context.Context, v variant) Clause {
	asked := c.concerned(v)
	as := c.narrowed(asked)
	set, err := policy.Compile(c.clinic, v.in(as))
	if err != nil {
		v.Aside = Needed
		return v.Clause
	}
	for _, q := range asked {
		if len(q.Wrong(q.Ask(set))) > 0 {
			v.By = q.File + ": " + q.Name
			return v.Clause
		}
	}
	if len(asked) > 0 && c.idle(ctx, as, set) {
		v.Aside = Idle
	}
	return v.Clause
}

// idle reports whether a change that nobody notices is none: rules overlap, and a directive may lock what no grant gives.
func (c *coverer) idle(ctx context.Context, as policy.Rules, changed *policy.Set) bool {
	set, err := policy.Compile(c.clinic, as)
	if err != nil {
		return false
	}
	diff, err := policy.Diff(ctx, set, changed, time.Unix(0, 0)) // before every grant, so that beginnings and ends count, too
	return err == nil && diff.Empty()
}

// aboutPatient reports whether a resource of the question names the patient.
func (q *Question) aboutPatient(patient string) bool {
	for _, r := range append(slices.Clone(q.emr), q.body) {
		if slices.ContainsFunc(r.Patients(), func(p fhir.Ref) bool { return p.String() == patient }) {
			return true
		}
	}
	return false
}

// concerned are the questions that a change can be about: of a grant, those of whom it names before or after.
func (c *coverer) concerned(v variant) []*Question {
	if v.Kind != kindGrant {
		return c.questions
	}
	var out []*Question
	at := slices.IndexFunc(c.rules.Grants, func(g policy.Grant) bool { return g.Name == v.Rule })
	for _, q := range c.questions {
		if c.names(c.rules.Grants[at], q.Request.Caller) || v.grant != nil && c.names(*v.grant, q.Request.Caller) {
			out = append(out, q)
		}
	}
	return out
}

// narrowed are the rules with those grants only that name a caller of the questions, so that a large clinic is compiled no
// more than it has to be: a decision looks at no other grant.
func (c *coverer) narrowed(questions []*Question) policy.Rules {
	out := c.rules
	out.Grants = nil
	for _, g := range c.rules.Grants {
		if slices.ContainsFunc(questions, func(q *Question) bool { return c.names(g, q.Request.Caller) }) {
			out.Grants = append(out.Grants, g)
		}
	}
	return out
}

// in are rules with the change. A grant that names nobody who asks may not be among them, and is then put there.
func (v variant) in(rules policy.Rules) policy.Rules {
	switch v.Kind {
	case kindGrant:
		rules.Grants = put(rules.Grants, v.grant, func(g policy.Grant) bool { return g.Name == v.Rule })
	case kindDirective:
		rules.Directives = put(rules.Directives, v.directive, func(d policy.Directive) bool { return d.Name == v.Rule })
	case kindGuardrail:
		rules.Guardrails = put(rules.Guardrails, v.guardrail, func(g policy.Guardrail) bool { return g.Name == v.Rule })
	}
	return rules
}

func put[T any](list []T, changed *T, is func(T) bool) []T {
	out := slices.DeleteFunc(slices.Clone(list), is)
	if changed != nil {
		out = append(out, *changed)
	}
	return out
}

// Unknown are those of about that name no grant, directive or guardrail.
func Unknown(rules policy.Rules, about []string) []string {
	return slices.DeleteFunc(slices.Clone(about), func(name string) bool {
		return slices.ContainsFunc(rules.Grants, func(g policy.Grant) bool { return g.Name == name }) ||
			slices.ContainsFunc(rules.Directives, func(d policy.Directive) bool { return d.Name == name }) ||
			slices.ContainsFunc(rules.Guardrails, func(g policy.Guardrail) bool { return g.Name == name })
	})
}

// Approved are the rules as if every grant had been approved long ago: tests ask what the text means.
func Approved(rules policy.Rules) policy.Rules {
	rules.Grants = slices.Clone(rules.Grants)
	for i := range rules.Grants {
		rules.Grants[i].Approved = time.Time{}
	}
	return rules
}

// writtenNames are the top-level elements that resources, bodies and changes of the questions have.
func writtenNames(questions []*Question) map[string][]string {
	out := map[string][]string{}
	for _, q := range questions {
		for _, r := range append(slices.Clone(q.emr), q.body) {
			for name := range r.Value().Members() {
				out[r.Type()] = append(out[r.Type()], name)
			}
		}
		for name := range q.change.Members() {
			out[q.Request.Interaction.Type] = append(out[q.Request.Interaction.Type], name)
		}
	}
	for typ, names := range out {
		slices.Sort(names)
		out[typ] = slices.Compact(names)
	}
	return out
}
