package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vestibule/fhir"
)

// Small domains, so that permissions, searches and resources meet often.

func drawPermission(t *rapid.T, zoned Context) (Permission, bool) {
	p := Permission{Scope: "user/Appointment." + rapid.SampledFrom([]string{"rs", "s", "r", "rus", "us", "u", "cruds"[:2] + "us", "read"}).Draw(t, "letters")}
	p.Scope += drawCriteria(t)
	p.Window = rapid.SampledFrom([]string{"", "", "-1d..+1d", "0d..0d", "+1d..+2w"}).Draw(t, "window")
	if rapid.Bool().Draw(t, "some elements") {
		p.Elements = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
			"status", "start", "participant", "participant.status", "comment", "priority", "description", "cancelationReason", "schedule", "notes", "reason",
		}), 1, 5, rapid.ID[string]).Draw(t, "elements")
	}
	if strings.ContainsAny(strings.SplitN(p.Scope, "?", 2)[0][len("user/Appointment."):], "cu") {
		p.Write = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"status", "start", "participant", "comment", "priority"}), 1, 3, rapid.ID[string]).Draw(t, "write")
		p.Transitions = drawTransitions(t, p)
	}
	return p, len(Check(grantOf("one", p), zoned)) == 0
}

// drawTransitions are often none, and otherwise some that the permission can have.
func drawTransitions(t *rapid.T, p Permission) []string {
	if !slices.Contains(p.Write, "status") || rapid.Bool().Draw(t, "any status") {
		return nil
	}
	if strings.HasPrefix(p.Scope, "user/Appointment.c") {
		return []string{"->booked", "booked->cancelled"}[:rapid.IntRange(1, 2).Draw(t, "transitions")]
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"booked->cancelled", "booked->pending", "pending->booked", "cancelled->booked"}), 1, 3, rapid.ID[string]).Draw(t, "transitions")
}

func drawCriteria(t *rapid.T) string {
	pool := []string{
		"practitioner=Practitioner/1", "practitioner=Practitioner/2", "practitioner=Practitioner/1,Practitioner/3", "status=booked",
		"status=booked,pending", "status:not=cancelled", "part-status=accepted", "date=ge2026-11-25", "date=lt2026-11-26,gt2026-11-27",
		"_security=R", "patient:missing=false", "_id=1,2",
	}
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 0, 2, rapid.ID[string]).Draw(t, "criteria")
	if len(some) == 0 {
		return ""
	}
	return "?" + strings.Join(some, "&")
}

func drawGrants(t *rapid.T, ctx Context) []Grant {
	var out []Grant
	for i := range rapid.IntRange(1, 4).Draw(t, "grants") {
		g := grantOf(fmt.Sprintf("g%d", i))
		for range rapid.IntRange(1, 2).Draw(t, "permissions") {
			if p, ok := drawPermission(t, ctx); ok {
				g.Permissions = append(g.Permissions, p)
			}
		}
		if len(g.Permissions) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// appointmentParts is an appointment by its members, so that two can differ in one.
type appointmentParts [7]string

func drawParts(t *rapid.T, label string) (a appointmentParts) {
	for i := range a {
		a[i] = drawPart(t, i, label)
	}
	return a
}

func drawPart(t *rapid.T, i int, label string) string {
	who := func(refs ...string) string {
		var out []string
		for _, ref := range refs {
			out = append(out, `{"actor":{"reference":"`+ref+`"},"status":"accepted"}`)
		}
		return `,"participant":[` + strings.Join(out, ",") + `]`
	}
	return rapid.SampledFrom([][]string{
		{"", `,"status":"booked"`, `,"status":"pending"`, `,"status":"cancelled"`},
		{"", `,"start":"2026-11-25T09:00:00-05:00"`, `,"start":"2026-11-26T09:00:00-05:00"`, `,"start":"2026-12-05T23:30:00-05:00"`, `,"start":"2026-11-27"`},
		{who("Practitioner/1", "Patient/1"), who("Practitioner/2"), who("Practitioner/3", "Practitioner/2"), `,"participant":[{"status":"declined"}]`, ""},
		{"", `,"comment":"a"`, `,"comment":"b"`},
		{"", `,"priority":1`, `,"priority":2`},
		{"", `,"description":"x"`, `,"description":"y"`},
		{"", "", "", `,"meta":{"security":[{"code":"R"}]}`, `,"meta":{"security":[{"code":"N"}]}`},
	}[i]).Draw(t, fmt.Sprint(label, i))
}

// differing is a with one or two members drawn again, up to the last.
func differing(t *rapid.T, a appointmentParts, last int) appointmentParts {
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, last), 1, 2, rapid.ID[int]).Draw(t, "differ in") {
		a[i] = drawPart(t, i, "again")
	}
	return a
}

func (a appointmentParts) resource(t testing.TB) fhir.Resource {
	return resource(t, "%s", `{"resourceType":"Appointment","id":"1"`+strings.Join(a[:], "")+"}")
}

func searchTerms() []string {
	return []string{
		"status=booked", "status:not=booked", "status:missing=true", "practitioner=Practitioner/1", "patient=Patient/1", "part-status=declined",
		"date=ge2026-11-26", "date=2026-11-25", "_id=1", "_sort=date", "_sort=-status", "_elements=status,comment", "_elements=participant", "_security=R",
	}
}

func drawSearch(t *rapid.T) string {
	return "GET Appointment?" + strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(searchTerms()), 0, 3, func(s string) string {
		name, _, _ := strings.Cut(s, "=")
		return name
	}).Draw(t, "search"), "&")
}

func drawTokenScopes(t *rapid.T) []string {
	if rapid.Bool().Draw(t, "free token") {
		return []string{"user/*.cruds"}
	}
	pool := []string{
		"user/Appointment.rs", "user/Appointment.u", "user/Appointment.rus?status=booked", "user/Appointment.cruds?practitioner=Practitioner/1",
		"user/*.read", "user/Appointment.s?part-status=accepted", "user/Appointment.r?date=ge2026-11-26", "openid", "user/Task.cruds",
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 0, 3, rapid.ID[string]).Draw(t, "scopes")
}

// shownBy is what a search or read shows of r: its members and their raw text; nil if it is not released or not permitted.
func shownBy(t testing.TB, s *Set, req Request, r fhir.Resource) map[string]string {
	released, _ := s.Decide(req).Release(r)
	if released.IsZero() {
		return nil
	}
	out := map[string]string{}
	for name, v := range resource(t, "%s", text(released)).Value().Members() {
		out[name] = string(v.Raw())
	}
	return out
}

func request(t testing.TB, line string, scopes []string) Request {
	req := ask(t, line)
	req.Caller.Scopes = scopes
	return req
}

func TestNarrowIsASupersetOfRelease(t *testing.T) {
	ctx, released := contextOf(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		s := compiled(t, drawGrants(rt, ctx)...)
		req := request(t, drawSearch(rt), drawTokenScopes(rt))
		d := s.Decide(req)
		q := d.Narrow(req.Interaction.Query)
		for i := range 4 {
			r := drawParts(rt, fmt.Sprint("r", i)).resource(t)
			if got, _ := d.Release(r); !got.IsZero() {
				released++
				if !q.Match(r) {
					rt.Fatalf("%s is released but the EMR was asked for %s", r.Bytes(), q.Encode())
				}
			}
		}
	})
	if released == 0 {
		t.Error("nothing was ever released: the property says nothing")
	}
}

func TestGrantsTogetherShowWhatEachShowsAlone(t *testing.T) {
	ctx := contextOf(t)
	rapid.Check(t, func(rt *rapid.T) {
		grants := drawGrants(rt, ctx)
		line := rapid.SampledFrom([]string{"GET Appointment", "GET Appointment/1"}).Draw(rt, "line")
		req, r := request(t, line, drawTokenScopes(rt)), drawParts(rt, "r").resource(t)
		together := shownBy(t, compiled(t, grants...), req, r)
		alone := map[string]bool{}
		for _, g := range grants {
			for _, p := range g.Permissions {
				for name := range shownBy(t, compiled(t, grantOf("alone", p)), req, r) {
					alone[name] = true
				}
			}
		}
		for name := range together {
			if !alone[name] && name != "meta" { // the mark that something is missing
				rt.Fatalf("%s is shown by no permission alone", name)
			}
		}
		for name := range alone {
			if _, ok := together[name]; !ok && name != "meta" {
				rt.Fatalf("%s is shown by a permission alone, but not by all together", name)
			}
		}
	})
}

func TestMoreGrantsNeverReduceAndTokenScopesNeverAdd(t *testing.T) {
	ctx := contextOf(t)
	rapid.Check(t, func(rt *rapid.T) {
		grants, line, scopes := drawGrants(rt, ctx), drawSearch(rt), drawTokenScopes(rt)
		r := drawParts(rt, "r").resource(t)
		some := rapid.IntRange(0, len(grants)).Draw(rt, "some")
		less := shownBy(t, compiled(t, grants[:some]...), request(t, line, scopes), r)
		more := shownBy(t, compiled(t, grants...), request(t, line, scopes), r)
		free := shownBy(t, compiled(t, grants...), request(t, line, []string{"user/*.cruds"}), r)
		for name := range less {
			if _, ok := more[name]; !ok && name != "meta" {
				rt.Fatalf("%s is shown under fewer grants only", name)
			}
		}
		for name := range more {
			if _, ok := free[name]; !ok && name != "meta" {
				rt.Fatalf("%s is shown only because the token is narrower", name)
			}
		}
	})
}

// Two worlds in which an unrestricted search shows the caller the same: then every search shows the same. Whatever can be
// asked, it tells nothing that the grants do not show anyway (hazard H1).
func TestNoSearchTellsMoreThanTheGrantsShow(t *testing.T) {
	ctx, twins, hits := contextOf(t), 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		s := compiled(t, drawGrants(rt, ctx)...)
		scopes := drawTokenScopes(rt)
		view := func(line string, r fhir.Resource) string {
			released, _ := s.Decide(request(t, line, scopes)).Release(r)
			return text(released)
		}
		lines := []string{drawSearch(rt)}
		for _, term := range searchTerms() {
			lines = append(lines, "GET Appointment?"+term)
		}
		for range 5 {
			a := drawParts(rt, "a")
			b := differing(rt, a, 6)
			ra, rb := a.resource(t), b.resource(t)
			if a == b || view("GET Appointment", ra) != view("GET Appointment", rb) {
				continue
			}
			twins++
			for _, line := range lines {
				va, vb := view(line, ra), view(line, rb)
				if va != "" {
					hits++
				}
				if va != vb {
					rt.Fatalf("%s tells apart what the grants show alike:\n%s\n%s\nas\n%s\n%s", line, ra.Bytes(), rb.Bytes(), va, vb)
				}
			}
		}
	})
	if twins == 0 || hits == 0 {
		t.Errorf("%d twins, %d shown: the property says nothing", twins, hits)
	}
}

// The same for writes, by what the caller hears: with permissions that only write everywhere, because what such a permission
// reaches is told by whether a write is accepted, and is meant to be.
func TestNoWriteTellsMoreThanTheGrantsShow(t *testing.T) {
	ctx, twins, accepted := contextOf(t), 0, 0
	check := func(rt *rapid.T) {
		grants := drawGrants(rt, ctx)
		for _, g := range grants {
			for i, p := range g.Permissions {
				if strings.HasPrefix(p.Scope, "user/Appointment.u?") || p.Scope == "user/Appointment.u" {
					g.Permissions[i].Scope, g.Permissions[i].Window = "user/Appointment.u", ""
				}
			}
		}
		s := compiled(t, grants...)
		d := s.Decide(request(t, "PUT Appointment/1", drawTokenScopes(rt)))
		view := func(r fhir.Resource) string {
			free := []string{"user/*.cruds"}
			read, _ := s.Decide(request(t, "GET Appointment/1", free)).Release(r)
			found, _ := s.Decide(request(t, "GET Appointment", free)).Release(r)
			return text(read) + text(found)
		}
		hear := func(before, after fhir.Resource) string {
			got, reasons := d.Accept(before, after)
			if got.IsZero() {
				return d.Refusal(reasons).Error()
			}
			accepted++
			return "accepted: " + strings.Join(got.Changed(), ", ")
		}
		for range 10 {
			a := drawParts(rt, "a")
			b := differing(rt, a, 5)
			ra, rb := a.resource(t), b.resource(t)
			if a == b || view(ra) != view(rb) {
				continue
			}
			twins++
			after := rapid.SampledFrom([]appointmentParts{a, b, differing(rt, a, 5), {0: `,"status":"booked"`}, {1: `,"priority":2`}}).Draw(rt, "after")
			if ha, hb := hear(ra, after.resource(t)), hear(rb, after.resource(t)); ha != hb {
				rt.Fatalf("%s tells apart what the grants show alike:\n%s\n%s\nas\n%s\n%s", after.resource(t).Bytes(), ra.Bytes(), rb.Bytes(), ha, hb)
			}
		}
	}
	for rounds := 0; rounds < 20 && accepted == 0; rounds++ { // few of the writes drawn are accepted, and in one round perhaps none
		rapid.Check(t, check)
	}
	if twins == 0 || accepted == 0 {
		t.Errorf("%d twins, %d accepted: the property says nothing", twins, accepted)
	}
}

func TestAnAcceptedUpdateStaysWithinWriteAndWithinReach(t *testing.T) {
	ctx, changed := contextOf(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		grants := drawGrants(rt, ctx)
		var may, moves []string
		for _, g := range grants {
			for _, p := range g.Permissions {
				may = append(may, p.Write...)
				if moves = append(moves, p.Transitions...); slices.Contains(p.Write, "status") && len(p.Transitions) == 0 {
					moves = append(moves, "any")
				}
			}
		}
		d := compiled(t, grants...).Decide(request(t, "PUT Appointment/1", drawTokenScopes(rt)))
		for range 10 {
			before := drawParts(rt, "before")
			rb, ra := before.resource(t), differing(rt, before, 5).resource(t)
			if rapid.Bool().Draw(rt, "from what is shown") {
				ra = resource(t, `{"resourceType":"Appointment","id":"1"%s}`, drawPart(rt, rapid.SampledFrom([]int{0, 1, 3, 4}).Draw(rt, "member"), "only"))
			}
			accepted, _ := d.Accept(rb, ra)
			if accepted.IsZero() {
				continue
			}
			changed += len(accepted.Changed())
			for _, name := range accepted.Changed() {
				if !slices.Contains(may, name) {
					rt.Fatalf("%s changed; write lists %v", name, may)
				}
			}
			if was, is := statusOf(rb), statusOf(accepted.Resource()); was != is && !slices.Contains(moves, "any") && !slices.Contains(moves, was+"->"+is) {
				rt.Fatalf("%s became %s; transitions are %v", was, is, moves)
			}
			for name, v := range rb.Value().Members() {
				if now := accepted.Resource().Value().Get(name); !slices.Contains(accepted.Changed(), name) && string(now.Raw()) != string(v.Raw()) {
					rt.Fatalf("%s was %s and is %s", name, v.Raw(), now.Raw())
				}
			}
			for _, r := range []fhir.Resource{rb, accepted.Resource()} {
				if found, _ := d.p.use.find(r); !found.any {
					rt.Fatalf("%s is out of reach", r.Bytes())
				}
			}
		}
	})
	if changed == 0 {
		t.Error("nothing was ever changed: the property says nothing")
	}
}
