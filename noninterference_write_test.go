package vestibule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vestibule"
	"vestibule/fhir"
	"vestibule/policy"
)

// write is a create or an update as a caller sends it.
type write struct {
	method, path, id string
	body             string
	version, key     string
	about            []string // what is special about it, to be counted
}

// written are two worlds that are written to, and what the refusals of writes that end out of reach sound like.
type written struct {
	*twins
	t        *testing.T
	p        pair
	a, b     *keen
	x        exercised
	grants   *policy.Set // without what denies
	last     write
	refusals map[string]string // by create or update: what was heard where a grant did not reach, or a rule denied
}

// Promise 2 for writes: in two worlds that differ only in what is hidden from the caller the same creates and updates are
// answered the same, to the byte, and what the caller sees afterwards is the same; and a write that would end in what a
// directive or a guardrail denies is refused in the words of one that would end out of reach (hazards H9, H12).
//
// Known and accepted, and left out:
//   - a caller who by a granted write brings a resource under another of their grants is shown what that one shows;
//   - a grant that lets a caller change a resource without reading it tells them that its criteria match;
//   - a rule that denies by what stands in a resource refuses a write also for what of it stands there unseen: where only
//     the rest of a directive's criteria is written, and where what is written takes the one patient that could be read.
func TestNoWriteTellsWhatIsHidden(t *testing.T) {
	p, x := newPair(t), exercised{}
	for _, typ := range fhir.Types() {
		for seed := range worlds(56) {
			letters := []string{"crus", "crus", "crus", "rus", "ru", "u", "u", "rs", "cu", "c", "cs"}
			if seed%3 == 0 { // who changes what somebody else is shown, or the same person in part
				letters = []string{"rs", "u"}
			}
			w := newTwinsOf(t, typ, 9000+seed, p.a.caller, letters...)
			for i := range 7 {
				w.add(t, fmt.Sprintf("t%d", i))
			}
			if w.differ == 0 {
				continue
			}
			s := &written{twins: w, t: t, p: p, x: x, grants: w.compile(t, policy.Rules{Grants: w.rules.Grants}), refusals: map[string]string{}}
			s.a, s.b = p.serve(w)
			x.add(w.hidden)
			s.run(seed)
		}
	}
	x.atLeast(t, map[string]int{
		"Task": 5, "Appointment": 5, "DocumentReference": 5, "created": 60, "updated": 35, "nothing to change": 300, "created before": 600, "repeated": 15, "odd": 15,
		"not-found-or-out-of-reach": 8, "write-out-of-reach": 14, "element-not-writable": 15, "status-transition-not-granted": 60, "interaction-not-granted": 40,
		"if-match-required": 50, "version-stale": 80, "malformed-json": 100, "duplicate-member": 200, "wrong-id": 100, "wrong-type": 300,
		"of what differs": 4, "written to what differs": 70, "refusals compared": 400,
		"granted": 30, "out-of-reach": 15, "outside-window": 40, "restricted-label": 40, "locked-by-directive": 100, "patient-unclear": 120, "guardrail": 400,
	})
}

func (s *written) run(seed uint64) {
	s.t.Helper()
	untouched := s.untouched()
	for range 14 {
		q := s.draw()
		if left := s.leftOut(q); left != "" {
			s.x[left]++
			continue
		}
		s.send(seed, q)
	}
	for _, id := range []string{"t0", "t1", "t2", "t3", "t4", "t5", "t6", "made0", "made1"} {
		if s.low(s.each, s.a.find(s.typ, id)) != s.low(s.each, s.b.find(s.typ, id)) {
			s.t.Fatalf("%s, seed %d: afterwards %s tells two worlds apart\n%s\n%s\n%s", s.typ, seed, id, s.a.find(s.typ, id).Bytes(), s.b.find(s.typ, id).Bytes(), s)
		}
	}
	for _, path := range []string{"", "/" + s.pick("t0", "t1", "t2", "made0"), "/" + s.pick("t3", "t4", "t5")} {
		s.ask(s.t, s.p, seed, "GET", "/"+s.typ+path, "")
	}
	after := s.untouched()
	for _, text := range untouched {
		if !slices.Contains(after, text) {
			s.t.Fatalf("%s, seed %d: what was out of reach was changed\n%s\n%s", s.typ, seed, text, s)
		}
	}
}

// untouched are the resources of both worlds that the caller does not reach.
func (s *written) untouched() (out []string) {
	for _, e := range []*keen{s.a, s.b} {
		for _, r := range e.resources {
			if s.low(s.each, r) == "" {
				out = append(out, string(r.Bytes()))
			}
		}
	}
	return out
}

// send sends a write to both worlds.
func (s *written) send(seed uint64, q write) {
	s.t.Helper()
	req := s.request(q.method, q.path, "")
	req.Body, req.IfMatch, req.Key = []byte(q.body), q.version, q.key
	writes := [2]int{s.a.writes, s.b.writes}
	what := s.endsOutOfReach(q)
	one, two := s.p.a.Do(s.t.Context(), req), s.p.b.Do(s.t.Context(), req)
	heard := told(one)
	if heard != told(two) || s.a.writes-writes[0] != s.b.writes-writes[1] {
		s.t.Fatalf("%s, seed %d: %s %s If-Match %q\n%s\ntells two worlds apart\n%s\n\n%s\n\n%s\n%s\n%s", s.typ, seed, q.method, q.path, q.version, q.body, heard, told(two),
			s.a.find(s.typ, q.id).Bytes(), s.b.find(s.typ, q.id).Bytes(), s)
	}
	s.heard(seed, q, what, heard)
	s.count(q, one, s.a.writes > writes[0])
	s.last = q
}

// heard holds refusals of writes that end out of reach to the same words, whatever puts it there.
func (s *written) heard(seed uint64, q write, what, heard string) {
	s.t.Helper()
	if what == "" {
		return
	}
	if what == "denied" && !strings.Contains(heard, `"write-out-of-reach"`) {
		s.t.Fatalf("%s, seed %d: %s %s\n%s\nwould end in what is denied, and is told\n%s\n%s", s.typ, seed, q.method, q.path, q.body, heard, s)
	}
	if s.refusals[q.method+what] = heard; s.refusals[q.method+"denied"] == "" || s.refusals[q.method+"missed"] == "" {
		return
	}
	s.x["refusals compared"]++
	if s.refusals[q.method+"denied"] != s.refusals[q.method+"missed"] {
		s.t.Fatalf("%s, seed %d: a %s into what is denied is told\n%s\nand one that ends out of reach\n%s\n%s", s.typ, seed, q.method, s.refusals[q.method+"denied"],
			s.refusals[q.method+"missed"], s)
	}
}

// endsOutOfReach tells of a write that would be refused for where it ends whether a grant does not reach it ("missed") or a
// rule denies it ("denied"), by what would become of it without rules that deny.
func (s *written) endsOutOfReach(q write) string {
	r, before := s.proposed(q), s.a.find(s.typ, q.id)
	if r.IsZero() || q.method == "PUT" && before.VersionID() != q.version {
		return ""
	}
	open, reasons := s.accept(s.grants, q, before, r)
	accepted, _ := s.accept(s.set, q, before, r)
	switch {
	case !accepted.IsZero():
		return ""
	case open.IsZero() && reasons[0].Code == policy.CodeWriteOutOfReach && (q.method == "POST" || s.low(s.each, before) != ""):
		return "missed"
	case !open.IsZero() && (q.method == "POST" || s.updates(before)):
		return "denied"
	}
	return ""
}

// updates reports whether the caller, with their token, reaches r for an update.
func (s *written) updates(r fhir.Resource) bool {
	if r.IsZero() {
		return false
	}
	accepted, reasons := s.accept(s.set, write{method: "PUT", path: "/" + s.typ + "/" + r.ID()}, r, r)
	return !accepted.IsZero() || !beyond(reasons)
}

func (s *written) policyRequest(method, path string) policy.Request {
	return policy.Request{Caller: s.caller, Clinic: "maple", Interaction: s.request(method, path, "").Interaction, Now: now}
}

// accept is what the policy says of a write under some rules.
func (s *written) accept(set *policy.Set, q write, before, proposed fhir.Resource) (policy.Accepted, []policy.Reason) {
	if q.method == "POST" {
		before = fhir.Resource{}
	}
	return set.Decide(s.policyRequest(q.method, q.path)).Accept(before, proposed)
}

// proposed is the resource in the body, the zero Resource where it holds none that the URL means.
func (s *written) proposed(q write) fhir.Resource {
	r, err := fhir.ParseResource([]byte(q.body), fhir.Limits{})
	if err != nil || r.Type() != s.typ || q.method == "PUT" && r.ID() != q.id {
		return fhir.Resource{}
	}
	return r
}

// leftOut says of a write that is granted in a world why it is none of this test's; see there.
func (s *written) leftOut(q write) string {
	r := s.proposed(q)
	if r.IsZero() {
		return ""
	}
	var after, open [2]policy.Accepted
	moved, unseen := false, false
	for i, e := range []*keen{s.a, s.b} {
		before := e.find(s.typ, q.id)
		var reasons []policy.Reason
		after[i], reasons = s.accept(s.set, q, before, r)
		unseen = unseen || s.deniedUnseen(reasons)
		open[i], _ = s.accept(s.grants, q, before, r)
		moved = moved || s.reached(before) != s.reached(after[i].Resource())
	}
	one, two := after[0], after[1]
	switch {
	case one.IsZero() && two.IsZero():
		return ""
	case one.IsZero() != two.IsZero() && !open[0].IsZero() && !open[1].IsZero() && unseen:
		return "denied for what is not shown"
	case !one.IsZero() && !two.IsZero() && moved && s.low(s.each, one.Resource()) != s.low(s.each, two.Resource()):
		return "shows more"
	}
	return ""
}

// deniedUnseen reports whether a write is refused by a rule that looks at more of the resource than whose it is, or
// because that cannot be read in what stands there.
func (s *written) deniedUnseen(reasons []policy.Reason) bool {
	by := reasons[len(reasons)-1].Code
	return by == policy.CodePatientUnclear || by == policy.CodeLocked &&
		slices.ContainsFunc(s.rules.Directives, func(d policy.Directive) bool { return strings.Contains(strings.Join(d.Resources, " "), "?") })
}

// reached says for each of the grants whether it shows r to who reads it and to who searches, and lets them change it.
func (s *written) reached(r fhir.Resource) (out string) {
	for _, one := range s.each {
		read, _ := s.decide(one, "GET", "/"+s.typ+"/"+r.ID()).Release(r)
		found, _ := s.decide(one, "GET", "/"+s.typ).Release(r)
		out += fmt.Sprint(read.IsZero(), found.IsZero(), s.changes(one, r))
	}
	return out
}

// count counts what came of a write.
func (s *written) count(q write, a vestibule.Answer, wrote bool) {
	s.x["questions"]++
	s.x[s.typ]++
	for _, about := range q.about {
		s.x[about]++
	}
	if one, two := s.a.find(s.typ, q.id), s.b.find(s.typ, q.id); q.method == "PUT" && string(one.Bytes()) != string(two.Bytes()) {
		s.x["of what differs"]++
		if wrote {
			s.x["written to what differs"]++
		}
	}
	switch {
	case a.Err() != nil:
		s.x[a.Err().Reason()]++
	case q.method == "POST":
		s.x["created"]++
	case wrote:
		s.x["updated"]++
	default:
		s.x["nothing to change"]++
	}
	if a.Err() == nil && !wrote && q.method == "POST" {
		s.x["created before"]++
	}
}
