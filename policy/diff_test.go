package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vestibule/fhir"
)

// drawRules are grants to people, teams, platforms and agents, with every kind of condition, and stops.
func drawRules(t *rapid.T, ctx Context, name string) Rules {
	var out Rules
	for i, g := range drawGrants(t, ctx) {
		g.Name = fmt.Sprintf("%s-%d", name, i)
		for field := range grantFields {
			drawField(t, &g, field)
		}
		out.Grants = append(out.Grants, g)
	}
	for i, s := range rapid.SliceOfN(rapid.SampledFrom([]Stop{
		{Grant: name + "-0"}, {Person: "https://id.example|noor"}, {Platform: "assistco"}, {Everything: true},
	}), 0, 1).Draw(t, "stops") {
		s.Clinic, s.Name, s.Because = "maple", fmt.Sprintf("stop-%d", i), "A test"
		out.Stops = append(out.Stops, s)
	}
	for i, d := range rapid.SliceOfN(rapid.SampledFrom([]Directive{
		{Patient: "Patient/1"}, {Patient: "Patient/1", Resources: []string{"Appointment?status=booked"}}, {Patient: "Patient/2", Resources: []string{"Appointment/1"}},
		{Patient: "Patient/1", To: []Whom{{User: "https://id.example|amara"}, {Team: "assistco/front-desk"}}, Until: "2026-11-25"},
		{Patient: "Patient/9", To: []Whom{{Platform: "other"}}, From: "2026-11-26"},
	}), 0, 1).Draw(t, "directives") {
		d.Clinic, d.Name, d.Because = "maple", fmt.Sprintf("directive-%d", i), "A test"
		out.Directives = append(out.Directives, d)
	}
	for i, g := range rapid.SliceOfN(rapid.SampledFrom([]Guardrail{
		{Never: []string{"Appointment?status=cancelled", "Task"}}, {Networks: []string{"203.0.113.0/24", "198.51.100.0/24"}},
	}), 0, 1).Draw(t, "guardrails") {
		g.Name, g.Because = fmt.Sprintf("guardrail-%d", i), "A test"
		out.Guardrails = append(out.Guardrails, g)
	}
	return out
}

const grantFields = 6

func drawField(t *rapid.T, g *Grant, field int) {
	switch field {
	case 0:
		g.To = rapid.SampledFrom([]To{
			{User: "https://id.example|amara"}, {User: "https://id.example|noor"}, {Team: "assistco/front-desk"}, {Platform: "assistco"},
			{Platform: "assistco", Automated: true},
		}).Draw(t, "to")
	case 1:
		g.Hours = rapid.SampledFrom([]string{"", "", "Mon-Fri 07:30-18:00", "Sat-Wed 09:00-12:00", "Wed 10:00-10:01"}).Draw(t, "hours")
	case 2:
		g.Networks = rapid.SampledFrom([][]string{nil, nil, {"203.0.113.0/24"}, {"203.0.113.0/25", "203.0.113.128/25"}, {"203.0.113.9", "2001:db8::/32"}}).Draw(t, "networks")
	case 3:
		g.Purposes = rapid.SampledFrom([][]string{nil, nil, {"PATADMIN"}, {"PATADMIN", "TREAT"}, {"COC"}}).Draw(t, "purposes")
	case 4:
		g.From = rapid.SampledFrom([]string{"", "", "2026-11-26"}).Draw(t, "from")
	case 5:
		g.Until = rapid.SampledFrom([]string{"2027-02-28", "2026-11-26", "2026-11-27"}).Draw(t, "until")
	}
}

// drawChange is rules with one thing changed: small changes are where a difference is one of one dimension.
func drawChange(t *rapid.T, ctx Context, rules Rules) Rules {
	rules.Grants = slices.Clone(rules.Grants)
	if len(rules.Grants) == 0 {
		return drawRules(t, ctx, "b")
	}
	g := &rules.Grants[rapid.IntRange(0, len(rules.Grants)-1).Draw(t, "changed")]
	if field := rapid.IntRange(0, grantFields+2).Draw(t, "field"); field < grantFields {
		drawField(t, g, field)
	} else if p, ok := drawPermission(t, ctx); ok {
		g.Permissions = slices.Clone(g.Permissions)
		g.Permissions[rapid.IntRange(0, len(g.Permissions)-1).Draw(t, "permission")] = p
	} else {
		rules.Stops, rules.Directives, rules.Guardrails = nil, nil, nil
	}
	return rules
}

// drawCaller is somebody, somewhere, for something, at some time from Wednesday on.
func drawCaller(t *rapid.T, now time.Time) (Caller, time.Time) {
	at := now.Add(rapid.SampledFrom([]time.Duration{0, 30 * time.Second, time.Minute, 5 * time.Hour, 24 * time.Hour, 40 * time.Hour, 72 * time.Hour}).Draw(t, "at"))
	c := somebody(at)
	c.Subject = rapid.SampledFrom([]string{"amara", "noor", "chloe", "eve"}).Draw(t, "subject")
	c.Platform = rapid.SampledFrom([]string{"assistco", "assistco", "other"}).Draw(t, "platform")
	c.Automated = rapid.SampledFrom([]bool{false, false, true}).Draw(t, "automated")
	c.Scopes = []string{"user/*.cruds"}
	c.Purposes = rapid.SampledFrom([][]string{nil, {"PATADMIN"}, {"TREAT"}, {"PATADMIN", "TREAT"}, {"HMARKT"}, {"COC", "HMARKT"}}).Draw(t, "purposes")
	if a := rapid.SampledFrom([]string{"", "203.0.113.9", "203.0.113.200", "198.51.100.1", "2001:db8::1", "::ffff:203.0.113.9"}).Draw(t, "address"); a != "" {
		c.Address = netip.MustParseAddr(a)
	}
	return c, at
}

// holds reports whether an access to one element falls into the box.
func (b box) holds(s *Set, req Request, r fhir.Resource, element string) bool {
	writes := letterOf(req.Interaction.Kind)&lettersWriting != 0
	kind := people
	if req.Caller.Automated {
		kind = agents
	}
	local := req.Now.In(s.clinic.Zone)
	in := b.typ == r.Type() && b.writes == writes && b.sides[byPerson].(names).holds(req.Caller.ID()) &&
		b.sides[byPlatform].(names).holds(req.Caller.Platform) && b.sides[byKind].meets(kind) &&
		b.sides[byLetter].meets(few(letterOf(req.Interaction.Kind))) && b.sides[byCriteria].(criteria).holds(r) &&
		b.sides[byDate].(datedSide).holds(r, dayOf(req.Now, s.clinic.Zone)) && b.sides[byLabel].(labelled).holds(labelsOf(r)) &&
		b.sides[byHour].(week).holds(int(local.Weekday()), local.Hour()*60+local.Minute()) &&
		b.sides[byAddress].(nets).holds(req.Caller.Address.Unmap()) && b.sides[byPurpose].(stated).holds(purposesOf(req.Caller.Purposes)) &&
		b.sides[byTime].(period).holds(req.Now)
	if !in || writes {
		return in && b.sides[byElement].(names).holds(element)
	}
	if element == "id" {
		return b.sides[byElement].(sight).existence
	}
	return b.sides[byElement].(sight).shown.Shows(element)
}

func (d datedSide) holds(r fhir.Resource, today day) bool {
	inside := func(w window) bool {
		on := w.on(r.Type(), today)
		return on.holds(r)
	}
	return (d.in == nil || inside(*d.in)) && !slices.ContainsFunc(d.out, inside)
}

// holds reports whether r has it.
func (a atom) holds(r fhir.Resource) bool {
	switch {
	case a.unclear:
		return eachPatient(r, func([]byte) bool { return true })
	case a.patient != "":
		found := false
		eachPatient(r, func(id []byte) bool { found = found || string(id) == a.patient; return true })
		return found
	}
	if a.perhaps {
		missing, err := fhir.ParseClause(a.clause.Type(), a.clause.Key(), "true", time.UTC)
		return err == nil && !missing.Match(r)
	}
	return a.clause.Match(r)
}

// A status with its system is the same status, and a system alone is every status of it.
func TestTheSystemOfAStatusMakesNoDifference(t *testing.T) {
	const any = "status=http://hl7.org/fhir/appointmentstatus|"
	under := func(criteria string) *Set {
		g := frontDesk()
		g.Permissions = []Permission{{Scope: "user/Appointment.rs?" + criteria}}
		return ruled(t, completed(Rules{Grants: []Grant{g}}))
	}
	for _, c := range []struct {
		before, after       string
		canNow, canNoLonger bool
	}{
		{"status=booked", any + "booked", false, false}, {any + "booked", "status=booked", false, false}, {any, "status=booked", false, true},
		{"status=booked", any, true, false}, {any + "booked", any, true, false}, {"status=booked", "status=pending", true, true},
		{any + "booked", any + "pending", true, true}, {any, any + "&status:not=booked", false, true},
	} {
		d, err := Diff(t.Context(), under(c.before), under(c.after), wednesday(t))
		if err != nil || len(d.CanNow) > 0 != c.canNow || len(d.CanNoLonger) > 0 != c.canNoLonger {
			t.Errorf("%s, then %s: %v %v", c.before, c.after, err, d.Lines())
		}
	}
}

func (c criteria) holds(r fhir.Resource) bool {
	for _, one := range c.yes {
		if !slices.ContainsFunc(one, func(a atom) bool { return a.holds(r) }) {
			return false
		}
	}
	return !slices.ContainsFunc(c.no, func(a atom) bool { return a.holds(r) })
}

func (l labelled) holds(carried labels) bool {
	return carried&l.none == 0 && !slices.ContainsFunc(l.some, func(s labels) bool { return carried&s == 0 })
}

func (n names) holds(s string) bool { return slices.Contains(n.list, s) != n.except }

func (p period) holds(t time.Time) bool {
	return !t.Before(p.from) && (p.until.IsZero() || t.Before(p.until))
}

func (n nets) holds(a netip.Addr) bool {
	return (n.anywhere || a.IsValid() && within(n.in, a)) && (!a.IsValid() || !within(n.out, a))
}

func anyHolds(boxes []box, s *Set, req Request, r fhir.Resource, element string) bool {
	return slices.ContainsFunc(boxes, func(b box) bool { return b.holds(s, req, r, element) })
}

// TestADifferenceIsExact: for any two sets of rules and any access, what the second allows and the first does not is in a
// piece that can now be done, and nothing else is; the other way round for what can no longer.
func TestADifferenceIsExact(t *testing.T) {
	ctx, now := Context{maple(t), wednesday(t)}, wednesday(t)
	zone := ctx.Clinic.Zone
	rapid.Check(t, func(rt *rapid.T) {
		before := drawRules(rt, ctx, "a")
		after := drawRules(rt, ctx, "b")
		if rapid.IntRange(0, 3).Draw(rt, "small change") > 0 {
			after = drawChange(rt, ctx, before)
		}
		a, errA := Compile(ctx.Clinic, before)
		b, errB := Compile(ctx.Clinic, after)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		d, err := Diff(t.Context(), a, b, now)
		if err != nil {
			t.Fatal(err)
		}
		_, onlyA, onlyB := common3(a.denied(wednesday(t)), b.denied(wednesday(t)))
		canNow, canNoLonger, err := changed(t.Context(), a.granted(now), onlyA, b.granted(now), onlyB)
		if err != nil {
			t.Fatal(err)
		}
		if (len(canNow) == 0) != (len(d.CanNow) == 0) || (len(canNoLonger) == 0) != (len(d.CanNoLonger) == 0) {
			t.Fatalf("pieces are lost: %+v", d)
		}
		for range 20 {
			parts := drawParts(rt, "resource")
			r := parts.resource(t)
			req := Request{Clinic: "maple"}
			req.Caller, req.Now = drawCaller(rt, now)
			req.Interaction = rapid.SampledFrom([]fhir.Interaction{
				interaction(t, "GET Appointment/1"), interaction(t, "GET Appointment"), interaction(t, "PUT Appointment/1"), interaction(t, "POST Appointment"),
			}).Draw(rt, "interaction")
			for element, allowed := range allowedElements(t, a, b, req, r) {
				if element == wholeResource {
					checkCreate(t, a, b, req, r, allowed, canNow, canNoLonger)
					continue
				}
				in := func(pieces []box) bool { return anyHolds(pieces, b, req, r, element) }
				common := anyHolds(commonOf(t, a, b), b, req, r, element)
				if got, want := in(canNow) && !common, allowed[1] && !allowed[0]; got != want {
					t.Fatalf("can now %v, want %v: %s %s of %s by %+v at %s\n%s", got, want, req.Interaction.Kind, element, r.Bytes(), req.Caller, req.Now.In(zone), strings.Join(d.Lines(), "\n"))
				}
				if got, want := in(canNoLonger) && !common, allowed[0] && !allowed[1]; got != want {
					t.Fatalf("can no longer %v, want %v: %s %s of %s by %+v at %s\n%s", got, want, req.Interaction.Kind, element, r.Bytes(), req.Caller, req.Now.In(zone), strings.Join(d.Lines(), "\n"))
				}
			}
		}
	})
}

// checkCreate: where one set accepts a create, the other does exactly if no element falls into what it can no longer.
func checkCreate(t *testing.T, a, b *Set, req Request, r fhir.Resource, allowed [2]bool, canNow, canNoLonger []box) {
	t.Helper()
	lost := func(pieces []box) bool {
		return slices.ContainsFunc(elementsOf(r), func(name string) bool { return anyHolds(pieces, b, req, r, name) })
	}
	common := slices.ContainsFunc(elementsOf(r), func(name string) bool { return anyHolds(commonOf(t, a, b), b, req, r, name) })
	if allowed[0] && !common && allowed[1] == lost(canNoLonger) {
		t.Fatalf("create of %s: before %v, after %v", r.Bytes(), allowed[0], allowed[1])
	}
	if allowed[1] && !common && allowed[0] == lost(canNow) {
		t.Fatalf("create of %s: before %v, after %v", r.Bytes(), allowed[0], allowed[1])
	}
}

func commonOf(t testing.TB, a, b *Set) []box {
	both, _, _ := common3(a.denied(wednesday(t)), b.denied(wednesday(t)))
	return both
}

// allowedElements asks the evaluator, for each of two sets, which elements of r can be seen or set.
func allowedElements(t testing.TB, a, b *Set, req Request, r fhir.Resource) map[string][2]bool {
	out := map[string][2]bool{}
	for i, s := range []*Set{a, b} {
		for element, allowed := range elementsAllowed(t, s, req, r) {
			both := out[element]
			both[i] = allowed
			out[element] = both
		}
	}
	return out
}

func elementsAllowed(t testing.TB, s *Set, req Request, r fhir.Resource) map[string]bool {
	out := map[string]bool{}
	switch req.Interaction.Kind {
	case fhir.InteractionRead, fhir.InteractionSearch:
		shown := shownBy(t, s, req, r)
		out["id"] = shown != nil
		for _, name := range []string{"status", "start", "comment", "priority", "description"} {
			if r.Value().Get(name).Exists() {
				out[name] = shown[name] != ""
			}
		}
	case fhir.InteractionUpdate:
		d := s.Decide(req)
		for _, name := range []string{"comment", "priority"} { // nothing looks at them, so that the reach stays what it is
			out[name] = d.Permitted() && writes(t, d, r, name)
		}
	case fhir.InteractionCreate:
		accepted, _ := s.Decide(req).Accept(fhir.Resource{}, r)
		out[wholeResource] = !accepted.IsZero()
	}
	return out
}

// wholeResource stands for all elements of a resource together: a create is of all or none.
const wholeResource = "*"

// writes reports whether an update of that element alone is accepted: what the caller is shown, with it changed.
func writes(t testing.TB, d Decision, r fhir.Resource, name string) bool {
	t.Helper()
	value := map[string]string{"comment": `"changed"`, "priority": "7"}[name]
	shown := resource(t, "%s", r.Cut(d.p.seen(r)).AppendTo(nil))
	var parts []string
	for member, v := range shown.Value().Members() {
		if member != name {
			parts = append(parts, fmt.Sprintf("%q:%s", member, v.Raw()))
		}
	}
	accepted, _ := d.Accept(r, resource(t, "{%s,%q:%s}", strings.Join(parts, ","), name, value))
	return !accepted.IsZero()
}
