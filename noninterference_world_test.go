package vestibule_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/fhir"
	"vestibule/policy"
)

// Two worlds that a caller cannot tell apart: the same but for elements that are hidden and resources that are out of
// reach, whatever keeps them there: a grant's criteria or window, a label, a directive, a guardrail. Everything in them is
// made up.

// twins are the two worlds, with the rules and the caller for whom they are alike.
type twins struct {
	rnd    *rand.Rand
	typ    string
	rules  policy.Rules
	caller policy.Caller
	set    *policy.Set
	other  *policy.Set   // the rules of the second world: set, or what is left of it where nothing denies
	each   []*policy.Set // one grant each, with all that denies
	open   []*policy.Set // one grant each
	a, b   []fhir.Resource
	differ int            // resources that do
	hidden map[string]int // why, by the code of what hides them
}

var maple = policy.Clinic{Name: "maple", Zone: time.UTC}

func (w *twins) pick(from ...string) string { return from[w.rnd.IntN(len(from))] }

func (w *twins) oneIn(n int) bool { return w.rnd.IntN(n) == 0 }

func (w *twins) some(n int, from []string) (out []string) {
	for _, i := range w.rnd.Perm(len(from))[:min(n, len(from))] {
		out = append(out, from[i])
	}
	return out
}

// newTwins draws two worlds of Tasks; letters are what permissions may give.
func newTwins(t *testing.T, seed uint64, caller policy.Caller, letters ...string) *twins {
	t.Helper()
	w := newTwinsOf(t, "Task", seed, caller, letters...)
	w.fill(t)
	return w
}

// newTwinsOf draws the rules of two worlds that hold nothing yet.
func newTwinsOf(t *testing.T, typ string, seed uint64, caller policy.Caller, letters ...string) *twins {
	t.Helper()
	w := &twins{rnd: rand.New(rand.NewPCG(seed, 2)), typ: typ, caller: caller, hidden: map[string]int{}}
	if w.rnd.IntN(5) < 2 {
		w.caller.Scopes = nil
		for range 2 {
			w.caller.Scopes = append(w.caller.Scopes, "user/"+typ+"."+w.pick(pools[typ].token...))
		}
	}
	for len(w.rules.Grants) < 2 {
		w.grant(letters)
	}
	w.deny()
	w.set = w.compile(t, w.rules)
	w.other = w.set
	for _, g := range w.rules.Grants {
		one := policy.Rules{Grants: []policy.Grant{g}}
		w.open = append(w.open, w.compile(t, one))
		one.Directives, one.Guardrails = w.rules.Directives, w.rules.Guardrails
		w.each = append(w.each, w.compile(t, one))
	}
	return w
}

func (w *twins) compile(t *testing.T, rules policy.Rules) *policy.Set {
	t.Helper()
	set, err := policy.Compile(maple, rules)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// fill puts resources into both worlds. In some, the second one has no rules that deny, and nothing that they would deny.
func (w *twins) fill(t *testing.T) {
	t.Helper()
	size := 7
	if w.oneIn(3) {
		size = 24 // what is hidden moves the EMR's own cursors to more digits
	}
	for i := range size {
		w.add(t, fmt.Sprintf("t%d", i))
	}
	if len(w.rules.Directives)+len(w.rules.Guardrails) > 0 && w.oneIn(2) {
		w.other = w.compile(t, policy.Rules{Grants: w.rules.Grants})
		w.b = slices.DeleteFunc(w.b, func(r fhir.Resource) bool { return w.low(w.each, r) != w.low(w.open, r) })
	}
}

// grant draws a grant of one permission, if it means something.
func (w *twins) grant(letters []string) {
	from := pools[w.typ]
	p := policy.Permission{Scope: "user/" + w.typ + "." + w.pick(letters...) + w.pick(from.criteria...)}
	p.Window = w.pick("", "", "", "-1d..+1d", "-2w..0d")
	verbs, _, _ := strings.Cut(strings.TrimPrefix(p.Scope, "user/"+w.typ+"."), "?")
	if strings.ContainsAny(verbs, "rs") && !w.oneIn(4) {
		p.Elements = w.some(2+w.rnd.IntN(6), from.elements)
		p.Content = w.typ == "DocumentReference" && w.oneIn(2)
	}
	if strings.ContainsAny(verbs, "cu") {
		p.Write = w.some(3+w.rnd.IntN(8), from.write)
		if w.oneIn(2) {
			p.Transitions = w.some(1+w.rnd.IntN(4), from.transitions)
		}
	}
	g := policy.Grant{Clinic: "maple", Name: fmt.Sprintf("g%d", len(w.rules.Grants)), To: policy.To{User: assistant}, Because: "A test",
		Until: "2027-01-31", Version: 1, Approved: now.AddDate(0, 0, -1), Permissions: []policy.Permission{p}}
	if len(policy.Check(g, policy.Context{Clinic: maple, Now: g.Approved})) == 0 {
		w.rules.Grants = append(w.rules.Grants, g)
	}
}

// deny draws what denies whatever the grants say: in some worlds nothing.
func (w *twins) deny() {
	denied := pools[w.typ].denied
	for i := range 2 {
		if w.oneIn(3) {
			d := policy.Directive{Clinic: "maple", Name: fmt.Sprintf("lock%d", i), Patient: w.pick("Patient/2", "Patient/2", "Patient/3"), Because: "A test"}
			if w.oneIn(2) {
				d.Resources = w.some(1, denied)
			}
			w.rules.Directives = append(w.rules.Directives, d)
		}
	}
	if w.oneIn(4) {
		w.rules.Guardrails = append(w.rules.Guardrails, policy.Guardrail{Name: "rail", Never: w.some(1, denied), Because: "A test"})
	}
}

// parts is a resource by its members, so that two can differ in some; the first stands in meta.
type parts []string

func (w *twins) parts() parts {
	p := parts{w.pick(metas...)}
	for _, m := range w.members() {
		p = append(p, w.pick(m...))
	}
	return p
}

// varied is p with a few members drawn again, or something within them changed.
func (w *twins) varied(p parts) parts {
	p, other := slices.Clone(p), w.parts()
	for range 1 + w.rnd.IntN(3) {
		switch i := w.rnd.IntN(len(p)); {
		case w.oneIn(2):
			p[i] = within[w.rnd.IntN(len(within))].Replace(p[i])
		case w.oneIn(3):
			p[statusAt] = other[statusAt]
		default:
			p[i] = other[i]
		}
	}
	return p
}

// resource is a resource of the world's type. What of its meta is always shown is the same for all.
func (w *twins) resource(t *testing.T, p parts, id string) fhir.Resource {
	t.Helper()
	text := fmt.Sprintf(`{"resourceType":%q,"id":%q,"meta":{"versionId":"1","lastUpdated":"2026-11-20T10:00:00Z"%s}`, w.typ, id, p[0])
	for _, m := range p[1:] {
		if m != "" {
			text += "," + m
		}
	}
	r, err := fhir.ParseResource([]byte(text+"}"), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// add puts a resource into both worlds: the same, or one that differs in what is hidden; one that is out of reach may be
// missing from either, and may stand with another beside it.
func (w *twins) add(t *testing.T, id string) {
	first := w.parts()
	a := w.resource(t, first, id)
	b, shown := a, w.low(w.each, a)
	for range 6 {
		if r := w.resource(t, w.varied(first), id); w.low(w.each, r) == shown && string(r.Bytes()) != string(b.Bytes()) {
			b = r
			w.differs(a)
			break
		}
	}
	if shown == "" && w.oneIn(2) {
		w.differs(a)
		if w.oneIn(2) {
			w.a = append(w.a, a)
		} else {
			w.b = append(w.b, b)
		}
		return
	}
	w.a, w.b = append(w.a, a), append(w.b, b)
}

// differs counts a resource that is not the same in both worlds, by what hides it or some of it.
func (w *twins) differs(r fhir.Resource) {
	w.differ++
	for _, path := range []string{"/" + w.typ + "/" + r.ID(), "/" + w.typ} {
		if d := w.decide(w.set, "GET", path); d.Permitted() {
			_, reasons := d.Release(r)
			w.hidden[string(reasons[0].Code)]++
			return
		}
	}
}

// query is a search of the pool's parameters, modifiers, orders, shapes of the answer, and mistakes.
func (w *twins) query() string {
	from := pools[w.typ]
	q := w.some(w.rnd.IntN(2), slices.Concat(from.terms, anyTerms[:5]))
	if w.oneIn(4) {
		q = w.some(1, slices.Concat(from.rare, anyTerms))
	}
	if w.oneIn(2) {
		q = append(q, "_sort="+w.pick(from.sorts...))
	}
	if w.oneIn(3) {
		q = append(q, "_elements="+strings.Join(w.some(1+w.rnd.IntN(3), from.asked), ","))
	}
	if !w.oneIn(4) {
		q = append(q, "_count="+w.pick("1", "2", "3", "0", "1000"))
	}
	if w.oneIn(3) {
		q = append(q, "_total="+w.pick("accurate", "none", "estimate"))
	}
	return strings.Join(q, "&")
}

// request is a question as the caller sends it.
func (w *twins) request(method, path, query string) vestibule.Request {
	form := ""
	if values, err := url.ParseQuery(query); err == nil && strings.HasSuffix(path, "/_search") {
		query, form = "", values.Encode()
	}
	in, err := fhir.ParseInteraction(method, path, query, form, time.UTC)
	return vestibule.Request{Clinic: "maple", Base: "https://gw.test/fhir/maple", Caller: w.caller, Interaction: in, Refused: err}
}
