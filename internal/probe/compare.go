package probe

import (
	"fmt"
	"slices"
	"strings"
)

// beyond is session.beyond, in which a resource that a full listing lacks counts only if it cannot be read by its id: it may
// be new.
func (t *trial) beyond(a *answer, controls ...*answer) []string {
	out := t.session.beyond(a, controls...)
	if !slices.ContainsFunc(out, func(s string) bool { return strings.HasSuffix(s, "listing does not hold") }) {
		return out
	}
	for _, r := range a.resources() {
		if ref := refOf(r.Value); t.unlisted(r.typ, ref) && t.do(get("/{}", ref)).good() {
			t.kinds[r.typ].listed[ref] = true
		}
	}
	return t.session.beyond(a, controls...)
}

// spilled notes a leak where an answer holds what its controls do not.
func (t *trial) spilled(a *answer, controls ...*answer) bool {
	more := t.beyond(a, controls...)
	if len(more) == 0 {
		return false
	}
	t.note(Leak, "the answer holds "+listed(more)+"; the control does not", append([]*answer{a}, controls[:min(1, len(controls))]...)...)
	return true
}

// listed joins what spilled, the canaries as a number.
func listed(spilt []string) string {
	rest := slices.DeleteFunc(slices.Clone(spilt), func(s string) bool { return strings.HasPrefix(s, "canary") })
	if n := len(spilt) - len(rest); n > 0 {
		rest = append(rest, fmt.Sprintf("%d of the known-file's values", n))
	}
	return strings.Join(rest, ", ")
}

// failed notes a warning where there is no answer to judge.
func (t *trial) failed(a *answer) bool {
	switch {
	case a.err != nil:
		t.note(Warning, reason(a.err), a)
	case a.status >= 500 && a.status != 501:
		t.note(Warning, "it fails instead of refusing", a)
	default:
		return false
	}
	return true
}

// pair is an oracle: two searches of one type that differ in a value.
type pair struct {
	k         *kind
	hit, miss string // templates of the parameters, added to the control's
	hitArgs   []string
	missArgs  []string
	tells     string   // what the oracle would tell
	lacks     []string // paths: a difference counts only by a match that does not show one of them
	accepting bool     // both answered like the control is no sign that the parameter was ignored
	form      bool     // by POST _search, the parameters in the body
}

func (p pair) asks() (hit, miss ask) { return p.ask(p.hit, p.hitArgs), p.ask(p.miss, p.missArgs) }

func (p pair) ask(params string, args []string) ask {
	if p.form {
		return ask{method: "POST", path: "/" + p.k.typ + "/_search" + questioned(p.k.query), body: params, filled: args, form: true}
	}
	return get("/"+p.k.typ+"?"+p.k.and(params), args...)
}

// oracle asks a pair and notes what it tells.
func (t *trial) oracle(p pair) {
	hitAsk, missAsk := p.asks()
	hit, miss := t.do(hitAsk), t.do(missAsk)
	if t.over() || t.failed(hit) || t.failed(miss) || t.spilled(hit, p.k.plain) {
		return
	}
	what := differ(hit, miss)
	if what != "" { // once more: the data may have changed in between
		again, control := t.do(hitAsk), t.do(missAsk)
		if differ(again, control) != what || t.over() {
			what = ""
		}
	}
	switch {
	case what != "" && !p.counts(hit, miss):
		t.note(OK, "the matches show what was searched by")
	case what != "":
		t.note(Leak, fmt.Sprintf("tells %s by %s: a value that exists and a made-up one are answered differently", p.tells, what), hit, miss)
	case hit.refused():
		t.note(OK, "refused, the same for both values")
	case p.k.plain.isSearchset() && differ(hit, p.k.plain) == "":
		t.ignored(p, hit, miss)
	default:
		t.note(OK, "answered the same for both values")
	}
}

func (t *trial) ignored(p pair, hit, miss *answer) {
	if p.accepting {
		t.note(Warning, "accepted for "+p.tells+", which is not shown; name a search by it in the known-file to see whether it tells", hit, miss, p.k.plain)
		return
	}
	t.note(Warning, "ignored: answered like the search without it, for any value", hit, miss, p.k.plain)
}

// counts reports whether a difference is one about what is not shown.
func (p pair) counts(hit, miss *answer) bool {
	if len(p.lacks) == 0 || !hit.isSearchset() || !miss.isSearchset() {
		return true
	}
	other := miss.refs()
	return slices.ContainsFunc(hit.matches(), func(e entry) bool {
		return !showsAny(e.resource, p.lacks) && !slices.Contains(other, refOf(e.resource))
	})
}

// pairs asks several oracles, or notes why there are none although something is visible.
func (t *trial) pairs(list []pair, none string) {
	if len(list) == 0 && len(t.searched()) > 0 {
		t.note(NotApplicable, none)
	}
	for _, p := range list {
		if t.over() {
			return
		}
		t.oracle(p)
	}
}

// shapes asks searches of each type with parameters that shape the answer and holds each against the control without: more
// resources, or more of them, are a leak.
func (t *trial) shapes(params ...string) {
	t.shaped(false, func(string) []string { return params })
}

func (t *trial) shaped(form bool, params func(typ string) []string) {
	for _, k := range t.searched() {
		for _, p := range params(k.typ) {
			if t.over() {
				return
			}
			a := t.do(pair{k: k, form: form}.ask(p, nil))
			switch {
			case t.over() || t.failed(a) || t.spilled(a, k.pages...):
			case a.refused():
				t.note(OK, "refused")
			case a.isSearchset() && k.plain.isSearchset() && same(a, k.plain):
				t.note(Warning, "ignored: answered like the search without it", a, k.plain)
			default:
				t.note(OK, "answered with no more than the control")
			}
		}
	}
}

// same reports whether two searches were answered with the same resources, each the same.
func same(a, b *answer) bool {
	x, y := a.entries(), b.entries()
	return len(x) == len(y) && differ(a, b) == "" && slices.EqualFunc(x, y, func(e, f entry) bool {
		return string(rawOf(e.resource)) == string(rawOf(f.resource))
	})
}

// trick asks for something in a way that should give no more than its controls do.
func (t *trial) trick(a ask, controls ...*answer) {
	if t.over() {
		return
	}
	got := t.do(a)
	switch {
	case t.over() || t.failed(got) || t.spilled(got, controls...):
	case got.refused():
		t.note(OK, "refused")
	default:
		t.note(OK, "answered with no more than the control")
	}
}

// target is a request for what is denied, and how it is answered in plain words.
type target struct {
	typ     string
	path    string // template below the base, without the leading slash
	args    []string
	control *answer
}

// targets are requests that are denied: resources that exist out of reach, searches of types of which nothing is visible; at
// most two of each.
func (t *trial) targets() []target {
	var reads, searches []target
	for _, typ := range append(t.deniedTypes(), mainTypes()...) {
		for _, ref := range t.hidingOf(typ, 1) {
			reads = append(reads, target{typ: typ, path: typ + "/{}", args: []string{ref[len(typ)+1:]}})
		}
		if t.denied(typ) {
			searches = append(searches, target{typ: typ, path: typ + "?_count=2"})
		}
	}
	out := append(reads[:min(2, len(reads))], searches[:min(2, len(searches))]...)
	for i := range out {
		out[i].control = t.do(get("/"+out[i].path, out[i].args...))
	}
	return out
}

// deniedTypes are the types of which nothing is to be seen, those of the known-file first, then those that visible resources
// refer to, then Patient.
func (t *trial) deniedTypes() []string {
	out := slices.Clone(t.Known.Types)
	for _, typ := range append(t.hidingTypes(), "Patient") {
		if t.denied(typ) && !slices.Contains(out, typ) {
			out = append(out, typ)
		}
	}
	return out
}

const nothingDenied = "nothing is known to be denied; name types or resources in the known-file"
