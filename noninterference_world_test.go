package vestibule_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/adapters"
	"vestibule/fhir"
	"vestibule/policy"
)

// Two worlds that a caller cannot tell apart: the same but for elements that are hidden and resources that are out of
// reach. Everything in them is made up.

// twins are the two worlds, with the rules and the caller for whom they are alike.
type twins struct {
	rnd    *rand.Rand
	rules  policy.Rules
	caller policy.Caller
	set    *policy.Set
	a, b   []fhir.Resource
	differ int // resources that do
}

func (w *twins) pick(from ...string) string { return from[w.rnd.IntN(len(from))] }

func (w *twins) oneIn(n int) bool { return w.rnd.IntN(n) == 0 }

func (w *twins) some(n int, from []string) (out []string) {
	for _, i := range w.rnd.Perm(len(from))[:min(n, len(from))] {
		out = append(out, from[i])
	}
	return out
}

// newTwins draws two worlds; letters are what permissions may give.
func newTwins(t *testing.T, seed uint64, caller policy.Caller, letters ...string) *twins {
	t.Helper()
	w := &twins{rnd: rand.New(rand.NewPCG(seed, 2)), caller: caller}
	if w.oneIn(3) {
		w.caller.Scopes = nil
		for range 2 {
			w.caller.Scopes = append(w.caller.Scopes, "user/Task."+w.pick("rs", "cruds", "rs?status=requested", "rs?priority=urgent", "rs?owner=Organization/a"))
		}
	}
	w.draw(letters)
	set, err := policy.Compile(policy.Clinic{Name: "maple", Zone: time.UTC}, w.rules)
	if err != nil {
		t.Fatal(err)
	}
	w.set = set
	size := 7
	if w.oneIn(3) {
		size = 24 // what is hidden moves the EMR's own cursors to more digits
	}
	for i := range size {
		w.add(t, fmt.Sprintf("t%d", i))
	}
	return w
}

// taskElements are what permissions of the worlds may show; what their criteria and windows look at has to be among them.
var taskElements = []string{"status", "priority", "authoredOn", "owner", "owner.reference", "for.reference", "for", "code", "code.coding", "description", "note", "executionPeriod"}

// draw draws the caller's grants and sometimes a directive.
func (w *twins) draw(letters []string) {
	ctx := policy.Context{Clinic: policy.Clinic{Name: "maple", Zone: time.UTC}, Now: now.AddDate(0, 0, -1)}
	for len(w.rules.Grants) < 2 {
		p := policy.Permission{Scope: "user/Task." + w.pick(letters...)}
		p.Scope += w.pick("", "", "?status=requested", "?owner=Organization/a", "?status:not=completed", "?patient=Patient/1", "?code=a", "?priority:missing=false")
		p.Window = w.pick("", "", "", "-1d..+1d", "-2w..0d")
		if !w.oneIn(4) {
			p.Elements = w.some(2+w.rnd.IntN(6), taskElements)
		}
		g := policy.Grant{Clinic: "maple", Name: fmt.Sprintf("g%d", len(w.rules.Grants)), To: policy.To{User: assistant}, Because: "A test",
			Until: "2027-01-31", Version: 1, Approved: ctx.Now, Permissions: []policy.Permission{p}}
		if len(policy.Check(g, ctx)) == 0 {
			w.rules.Grants = append(w.rules.Grants, g)
		}
	}
	if w.oneIn(3) {
		d := policy.Directive{Clinic: "maple", Name: "lock", Patient: "Patient/2", Because: "A test"}
		if w.oneIn(2) {
			d.Resources = []string{w.pick("Task?priority=urgent", "Task/t1", "Task?status=requested")}
		}
		w.rules.Directives = append(w.rules.Directives, d)
	}
}

// parts is a Task by its members, so that two can differ in some.
type parts [11]string

func (w *twins) part(i int) string {
	when := func() string {
		return now.AddDate(0, 0, w.rnd.IntN(5)-2).Format(w.pick(time.DateOnly, time.RFC3339, "2006-01"))
	}
	return w.pick([][]string{
		{`"status":"requested"`, `"status":"requested"`, `"status":"accepted"`, `"status":"completed"`},
		{"", `"priority":"urgent"`, `"priority":"routine"`},
		{"", `"authoredOn":"` + when() + `"`, `"authoredOn":"` + when() + `"`},
		{"", `"owner":{"reference":"Organization/a"}`, `"owner":{"reference":"Organization/a","display":"Desk"}`, `"owner":{"reference":"Organization/b"}`},
		{"", `"for":{"reference":"Patient/1"}`, `"for":{"reference":"Patient/2","display":"X"}`, `"for":{"reference":"Patient/3"}`, `"for":{"display":"Y"}`},
		{"", `"code":{"coding":[{"system":"urn:s","code":"a"}]}`, `"code":{"coding":[{"code":"b"},{"code":"a"}],"text":"t"}`, `"code":{"text":"a"}`},
		{"", `"description":"x"`, `"description":"y","_description":{"id":"d"}`},
		{"", `"note":[{"text":"a"}]`, `"note":[{"text":"b"},{"text":"a"}]`},
		{"", `"executionPeriod":{"start":"` + when() + `"}`},
		{"", "", `"contained":[{"resourceType":"Patient","id":"p","birthDate":"1970-01-01"}]`, `"text":{"status":"generated","div":"<div>all</div>"}`},
		{"", "", `"input":[{"type":{"text":"t"},"valueAttachment":{"url":"https://emr.example/` + w.pick("a", "b") + `","title":"t"}}]`},
	}[i]...)
}

func (w *twins) parts() (p parts) {
	for i := range p {
		p[i] = w.part(i)
	}
	return p
}

// resource is a Task; meta is the same for an id, because what is shown of it is always shown.
func (p parts) resource(t *testing.T, id string) fhir.Resource {
	t.Helper()
	text := fmt.Sprintf(`{"resourceType":"Task","id":%q,"meta":{"versionId":"1","lastUpdated":"2026-11-20T10:00:00Z"}`, id)
	for _, m := range p {
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

// shown is what reading r and searching for everything tell the caller of it by the grants, "" for nothing: what the token's
// scopes look at must not tell more.
func (w *twins) shown(r fhir.Resource) string {
	var out []byte
	free := w.caller
	free.Scopes = []string{"user/*.cruds"}
	for _, path := range []string{"/Task/" + r.ID(), "/Task"} {
		in, _ := fhir.ParseInteraction("GET", path, "", "", time.UTC)
		released, _ := w.set.Decide(policy.Request{Caller: free, Clinic: "maple", Interaction: in, Now: now}).Release(r)
		if !released.IsZero() {
			out = released.AppendTo(append(out, path...))
		}
	}
	return string(out)
}

// add puts a resource into both worlds: the same, or one that differs in what is hidden; one that is out of reach may be
// missing from either, and may stand with another beside it.
func (w *twins) add(t *testing.T, id string) {
	first := w.parts()
	a := first.resource(t, id)
	b := a
	for range 6 {
		p := first
		for range 1 + w.rnd.IntN(3) {
			i := w.rnd.IntN(len(p))
			p[i] = w.part(i)
		}
		if r := p.resource(t, id); w.shown(r) == w.shown(a) && string(r.Bytes()) != string(b.Bytes()) {
			b = r
			w.differ++
			break
		}
	}
	if w.shown(a) == "" && w.oneIn(2) {
		w.differ++
		if w.oneIn(2) {
			w.a = append(w.a, a)
		} else {
			w.b = append(w.b, b)
		}
		return
	}
	w.a, w.b = append(w.a, a), append(w.b, b)
}

// keen is an EMR in memory that does all that a search asks for: filters, orders, and pages as it is told.
type keen struct {
	resources []fhir.Resource
	careless  bool // it ignores criteria and order
}

func (e *keen) Capability(context.Context) (adapters.Capability, error) {
	return adapters.NewCapability(adapters.Type{Name: "Task", Interactions: []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch}, Versions: true}), nil
}

func (e *keen) Read(_ context.Context, ref fhir.Ref) (fhir.Resource, error) {
	for _, r := range e.resources {
		if r.Type() == ref.Type && r.ID() == ref.ID {
			return r, nil
		}
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

func (e *keen) Write(context.Context, fhir.Change) (fhir.Resource, error) {
	return fhir.Resource{}, fhir.E("keen.Write", fhir.KindNotSupported, "", "it does not write")
}

// query is a search of the pool's parameters, modifiers, orders, shapes of the answer, and mistakes.
func (w *twins) query() string {
	good := []string{
		"status=requested", "status:not=completed", "status=requested,accepted", "status:missing=true", "priority=urgent", "priority:missing=true", "priority:not=urgent",
		"owner=Organization/a", "owner:missing=true", "owner:Organization=a", "owner:identifier=9", "patient=Patient/1", "patient=2", "patient:missing=false", "subject=Patient/2",
		"code=a", "code:not=a", "_id=t1,t2,unknown", "_lastUpdated=2026-11-20", "_tag:missing=true", "_source:missing=true", "focus:missing=true",
	}
	q := w.some(w.rnd.IntN(2), good)
	if w.oneIn(3) {
		q = w.some(1, []string{"code:text=t", "code=urn:s|", "authored-on=ge2026-11-23", "authored-on=2026-11", "authored-on:missing=true", "period=lt2026-11-23",
			"_id=t1", "_security=R", "_source=urn:s", "modified:missing=true",
			"performer:missing=false", "part-of:missing=true", "identifier=1", "patient.birthdate=1970-01-01", "_has:Task:owner:status=x", "_text=all", "_filter=status eq x", "_contained=true", "bogus=1",
			"input=x", "_content=all", "_include=Task:patient", "_summary=count"})
	}
	if w.oneIn(2) {
		q = append(q, "_sort="+w.pick("authored-on", "-authored-on", "status", "-priority", "_id", "-_lastUpdated", "priority,-_id", "period", "modified", "description"))
	}
	if w.oneIn(3) {
		q = append(q, "_elements="+strings.Join(w.some(1+w.rnd.IntN(3), []string{"status", "priority", "note", "description", "for", "input", "code", "contained"}), ","))
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
