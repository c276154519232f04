package policy_test

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vestibule/fhir"
	"vestibule/policy"
)

// least is how many comparisons the ordinary test makes; VESTIBULE_COMPARISONS asks for a longer campaign, VESTIBULE_SEED
// for worlds that have not been looked at.
func least(t *testing.T, ordinary int) (comparisons int, seed uint64) {
	comparisons = ordinary
	if s := os.Getenv("VESTIBULE_COMPARISONS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		comparisons = n
	}
	if s := os.Getenv("VESTIBULE_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		seed = n << 32
	}
	return comparisons, seed
}

// The policy and a naive evaluator written from package policy's comment alone agree on everything: who is let in, which
// resources are seen, which elements of them, which writes are accepted with which result; and a narrowed search never
// loses what would have been shown (hazards H1, H5, H6, H11, H12).
func TestAgainstTheReference(t *testing.T) {
	want, seed := least(t, comparisons)
	seen := mix{}
	for ; seen["comparisons"] < want; seed++ {
		c := &comparison{drawn: draw(seed), seen: seen}
		if c.all(); c.difference != "" {
			t.Fatalf("seed %d: %s", seed, c.difference)
		}
	}
	t.Log(seen)
	for what, share := range map[string]int{ // at least one in so many, or the test would agree about nothing
		"read permitted": 60, "search permitted": 60, "create permitted": 400, "update permitted": 400, "denied": 60, "read shown": 100, "search shown": 60,
		"cut": 60, "whole": 400, "withheld": 20, "dropped by search": 200, "several permissions": 200, "written": 1000, "created": 1000, "write refused": 100,
		"restricted": 200, "denied by rule": 50, "denied as it may match": 300, "beside a directive": 200, "narrowed": 200, "_elements": 400, "marked": 100,
	} {
		if seen[what]*share < seen["comparisons"] {
			t.Errorf("%q came about %d times in %d: too seldom to say anything", what, seen[what], seen["comparisons"])
		}
	}
}

// mix counts what came about.
type mix map[string]int

func (m mix) String() string {
	var out []string
	for _, what := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%s %d", what, m[what]))
	}
	return strings.Join(out, ", ")
}

// comparison is one world, compared.
type comparison struct {
	*drawn
	seen       mix
	set        *policy.Set
	difference string // the first
}

func (c *comparison) all() {
	set, err := policy.Compile(c.clinic, c.rules)
	if err != nil {
		c.differ("the rules pass Check but not Compile: %v", err)
		return
	}
	c.set = set
	for _, caller := range c.callers {
		for _, d := range c.docs {
			c.read(caller, d)
		}
		for _, d := range c.docs[:2] {
			c.update(caller, d)
		}
		c.create(caller)
		for range 5 {
			c.search(caller)
		}
	}
}

func (c *comparison) differ(format string, args ...any) {
	if c.difference == "" {
		c.difference = fmt.Sprintf(format, args...) + fmt.Sprintf("\nnow %s\nrules %+v", c.now, c.rules)
	}
}

// decide compares who is let in; ok is false where nobody is.
func (c *comparison) decide(caller policy.Caller, letter byte, method, path, query string) (policy.Decision, evaluation, fhir.Interaction, bool) {
	in, err := fhir.ParseInteraction(method, path, query, "", c.clinic.Zone)
	if err != nil {
		c.seen["not understood"]++
		return policy.Decision{}, evaluation{}, in, false
	}
	values, err := url.ParseQuery(query)
	must(err)
	d := c.set.Decide(policy.Request{Caller: caller, Clinic: "maple", Interaction: in, Now: c.now})
	e := evaluation{asking{caller, c.clinic, c.now, letter, c.typ, in.ID, values}, c.rules, nil}
	c.seen["comparisons"]++
	if d.Permitted() != e.permitted() {
		c.differ("%s %s?%s by %+v\npermitted: %v, by the reference %v (%v)", method, path, query, caller, d.Permitted(), e.permitted(), d.Reasons())
		return d, e, in, false
	}
	if !d.Permitted() {
		c.seen["denied"]++
		return d, e, in, false
	}
	c.seen[map[byte]string{'r': "read", 's': "search", 'c': "create", 'u': "update"}[letter]+" permitted"]++
	return d, e, in, true
}

// release compares what of a document leaves.
func (c *comparison) release(what string, d policy.Decision, e evaluation, from doc) map[string]node {
	c.seen["comparisons"]++
	released, reasons := d.Release(from.resource)
	want, lost := e.release(from.node)
	if released.IsZero() != (want == nil) {
		c.differ("%s by %+v\nof %s\nreleased: %v, by the reference %s (%v)", what, e.caller, from.resource.Bytes(), !released.IsZero(), encode(want), reasons)
	}
	if e.denied(from.node) {
		c.seen["denied by rule"]++
		if !e.deniedWhere(criterion.matches, from.node) {
			c.seen["denied as it may match"]++
		}
	}
	if released.IsZero() || want == nil {
		c.seen["withheld"]++
		return nil
	}
	raw := released.AppendTo(nil)
	got, marked := unmarked(decode(raw).(map[string]node))
	plain, had := unmarked(want)
	if encode(got) != encode(plain) {
		c.differ("%s by %+v\nof %s\nshows %s\nby the reference %s", what, e.caller, from.resource.Bytes(), encode(got), encode(plain))
	}
	if marked != (lost || had) {
		c.differ("%s by %+v\nof %s\nis marked as cut: %v, by the reference %v\n%s", what, e.caller, from.resource.Bytes(), marked, lost, raw)
	}
	c.verbatim(from, raw, got)
	c.count(map[bool]string{true: "cut", false: "whole"}[lost], map[bool]string{true: "marked"}[marked], map[bool]string{true: "restricted"}[len(labelsOf(want)) > 0], map[bool]string{true: "beside a directive"}[len(e.rules.Directives) > 0],
		map[bool]string{true: "several permissions"}[len(e.matching(e.letter, from.node)) > 1], map[bool]string{true: "_elements"}[e.query.Has("_elements")])
	return want
}

func (c *comparison) count(what ...string) {
	for _, w := range what {
		if w != "" {
			c.seen[w]++
		}
	}
}

// verbatim requires that a member which is shown whole leaves with the very bytes that came (hazard H36).
func (c *comparison) verbatim(from doc, raw []byte, got map[string]node) {
	out, err := fhir.ParseResource(raw, fhir.Limits{})
	if err != nil {
		c.differ("what is released cannot be parsed: %v\n%s", err, raw)
		return
	}
	for name, v := range from.resource.Value().Members() {
		if name != "meta" && got[name] != nil && encode(got[name]) == encode(from.node[name]) && string(out.Value().Get(name).Raw()) != string(v.Raw()) {
			c.differ("%s of %s leaves as %s", name, from.resource.Bytes(), out.Value().Get(name).Raw())
		}
	}
}

func (c *comparison) read(caller policy.Caller, from doc) {
	path := "/" + c.typ + "/" + c.pick(from.resource.ID(), from.resource.ID(), from.resource.ID(), "4")
	if d, e, _, ok := c.decide(caller, 'r', "GET", path, ""); ok && c.release("GET "+path, d, e, from) != nil {
		c.seen["read shown"]++
	}
}

func (c *comparison) search(caller policy.Caller) {
	query := c.drawn.search()
	d, e, in, ok := c.decide(caller, 's', "GET", "/"+c.typ, query)
	if !ok {
		return
	}
	narrowed := d.Narrow(in.Query)
	values, err := url.ParseQuery(narrowed.Encode())
	must(err)
	criteria, known := criteriaOf(c.typ, values)
	if !known {
		c.differ("the EMR is asked for %s, which the reference does not know", narrowed.Encode())
	}
	if len(narrowed.Clauses()) > len(in.Query.Clauses()) {
		c.seen["narrowed"]++
	}
	for _, from := range c.docs {
		if c.release("GET "+c.typ+"?"+query, d, e, from) == nil {
			if asked, _ := criteriaOf(c.typ, e.query); !meetsAll(asked, from.node, c.clinic.Zone) {
				c.seen["dropped by search"]++
			}
			continue
		}
		c.seen["search shown"]++
		if !narrowed.Match(from.resource) || !meetsAll(criteria, from.node, c.clinic.Zone) {
			c.differ("%s?%s by %+v\nshows %s\nbut the EMR was asked for %s", c.typ, query, caller, from.resource.Bytes(), narrowed.Encode())
		}
	}
}
