package policy_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"vestibule/fhir"
	"vestibule/policy"
)

// The worlds in which the policy is compared with the reference evaluator: small pools of everything, so that grants,
// searches and resources meet often, with days around a window's edges and around the nights when clocks change. All of it
// is made up.

// drawn is one world.
type drawn struct {
	rnd     *rand.Rand
	clinic  policy.Clinic
	now     time.Time
	typ     string
	callers []policy.Caller
	rules   policy.Rules
	docs    []doc
}

// doc is one resource, for either side.
type doc struct {
	resource fhir.Resource
	node     map[string]node
}

func docOf(text string) doc {
	r, err := fhir.ParseResource([]byte(text), fhir.Limits{})
	must(err)
	return doc{r, decode([]byte(text)).(map[string]node)}
}

// moments are when requests are made: a plain Wednesday, the edges of a day, and the nights when clocks change.
var moments = []string{
	"2026-11-25T10:00:00", "2026-11-25T10:00:00", "2026-11-24T23:59:59", "2026-11-25T00:00:00", "2026-11-01T01:30:00",
	"2026-10-31T23:30:00", "2027-03-14T03:30:00", "2027-02-28T12:00:00", "2026-12-31T23:59:59",
}

func draw(seed uint64) *drawn {
	w := &drawn{rnd: rand.New(rand.NewPCG(seed, 1))}
	zone, err := time.LoadLocation(w.pick("America/Toronto", "America/Toronto", "America/St_Johns", "America/Regina", "UTC"))
	must(err)
	w.clinic = policy.Clinic{Name: "maple", Zone: zone, Teams: map[string][]string{
		"assistco/desk": {"https://id.example|amara", "https://id.example|bo"}, "other/desk": {"https://id.example|amara"}}}
	w.now, err = time.ParseInLocation("2006-01-02T15:04:05", w.pick(moments...), zone)
	must(err)
	w.typ = w.pick("Appointment", "Appointment", "Task", "DocumentReference")
	for range 2 {
		w.callers = append(w.callers, w.caller())
	}
	for i := range 1 + w.rnd.IntN(4) {
		if g := w.grant(fmt.Sprintf("g%d", i)); len(g.Permissions) > 0 {
			w.rules.Grants = append(w.rules.Grants, g)
		}
	}
	w.deny()
	for i := range 6 {
		w.docs = append(w.docs, docOf(w.document(fmt.Sprint(i%5))))
	}
	return w
}

func (w *drawn) pick(from ...string) string { return from[w.rnd.IntN(len(from))] }

// some are n different ones of from.
func (w *drawn) some(n int, from []string) (out []string) {
	for _, i := range w.rnd.Perm(len(from))[:min(n, len(from))] {
		out = append(out, from[i])
	}
	return out
}

func (w *drawn) oneIn(n int) bool { return w.rnd.IntN(n) == 0 }

// day is a day near the request's, as FHIR writes it.
func (w *drawn) day() string {
	offset := []int{-15, -14, -2, -1, -1, 0, 0, 0, 1, 1, 2, 7, 8, 14, 15}[w.rnd.IntN(15)]
	return w.now.AddDate(0, 0, offset).Format(time.DateOnly)
}

// moment is a date of any precision near the request's.
func (w *drawn) moment() string {
	d := w.day()
	switch w.rnd.IntN(10) {
	case 0:
		return d
	case 1:
		return d[:7]
	case 2:
		return d[:4]
	}
	t := w.pick("00:00:00", "09:00:00", "09:30:00", "23:59:59", "23:59:59.999", "01:30:00", "02:30:00", "12:00:00.5")
	return d + "T" + t + w.pick("Z", "-05:00", "-04:00", "-03:30", "+01:00", "")
}

func (w *drawn) caller() policy.Caller {
	c := policy.Caller{Issuer: "https://id.example", Subject: w.pick("amara", "amara", "amara", "amara", "amara", "bo", "eve"), Name: "Amara", Platform: w.pick("assistco", "assistco", "assistco", "assistco", "other"),
		ClientID: "web", Expires: w.now.Add(time.Minute), Scopes: w.tokenScopes(), Purposes: []string{"PATADMIN"}, Address: netip.MustParseAddr("203.0.113.9")}
	switch w.rnd.IntN(12) {
	case 0:
		c.Purposes = w.some(w.rnd.IntN(3), []string{"PATADMIN", "TREAT", "HMARKT", "COC"})
	case 1:
		c.Address = []netip.Addr{{}, netip.MustParseAddr("::ffff:203.0.113.9"), netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("2001:db8::1")}[w.rnd.IntN(4)]
	case 2:
		c.Automated = true
	case 3:
		c.Expires = w.now.Add(time.Duration(w.rnd.IntN(3)-1) * time.Second)
	}
	return c
}

func (w *drawn) tokenScopes() []string {
	if w.oneIn(2) {
		return []string{"openid", "user/*.cruds"}
	}
	var out []string
	for range 1 + w.rnd.IntN(3) {
		s := w.pick("user", "user", "user", "system", "patient") + "/" + w.pick(w.typ, w.typ, w.typ, "*", "Observation") + "." +
			w.pick("rs", "cruds", "r", "s", "u", "c", "ru", "read", "write", "*", "sr", "")
		if w.oneIn(2) {
			s = "user/" + w.typ + "." + w.pick("rs", "cruds", "crus", "cu") + w.criteria(1+w.rnd.IntN(2))
		}
		out = append(out, s)
	}
	return out
}

func (w *drawn) grant(name string) policy.Grant {
	g := policy.Grant{Clinic: "maple", Name: name, Version: 1, Because: "A test", Until: "2027-03-31", To: policy.To{User: "https://id.example|amara"}}
	switch w.rnd.IntN(12) {
	case 0:
		g.Until = w.now.AddDate(0, 0, w.rnd.IntN(3)-1).Format(time.DateOnly)
	case 1:
		g.From = w.now.AddDate(0, 0, w.rnd.IntN(3)-1).Format(time.DateOnly)
	case 2:
		g.To = policy.To{User: "https://id.example|amara", Automated: true}
	case 3:
		g.Hours = w.pick("Mon-Fri 07:30-18:00", "Sat-Mon 01:00-03:00", "Sun 00:00-24:00, Wed 10:00-10:01", "Tue 23:00-24:00, Wed 00:00-01:00")
	case 4:
		g.Networks = w.some(1+w.rnd.IntN(2), []string{"203.0.113.0/24", "203.0.113.9", "2001:db8::/32", "192.0.2.0/24"})
	case 5:
		g.Purposes = w.some(1+w.rnd.IntN(2), []string{"PATADMIN", "TREAT", "COC"})
	case 6:
		g.To = policy.To{Platform: "assistco"}
	case 7:
		g.To = policy.To{Team: w.pick("assistco/desk", "other/desk")}
	case 8:
		g.To = policy.To{User: w.pick("https://id.example|bo", "https://id.example|amara")}
	}
	for range 1 + w.rnd.IntN(3) {
		if p := w.permission(g.To.Automated); len(policy.Check(withPermission(g, p), w.context())) == 0 {
			g.Permissions = append(g.Permissions, p)
		}
	}
	g.Approved = w.now.AddDate(0, 0, -9)
	return g
}

// context is what rules are checked against: the day they were given.
func (w *drawn) context() policy.Context {
	return policy.Context{Clinic: w.clinic, Now: w.now.AddDate(0, 0, -9)}
}

func withPermission(g policy.Grant, p policy.Permission) policy.Grant {
	g.Permissions = []policy.Permission{p}
	return g
}

func (w *drawn) permission(automated bool) policy.Permission {
	letters := w.pick("rs", "rs", "rs", "s", "r", "rsu", "rscu", "u", "us", "c", "cu", "ur")
	typ := w.typ
	if w.oneIn(15) {
		typ = w.pick("Appointment", "Task", "DocumentReference")
	}
	p := policy.Permission{Scope: w.pick("user", "user", "user", "system") + "/" + typ + "." + letters}
	if !automated {
		p.Scope = "user/" + typ + "." + letters
	}
	if typ != w.typ {
		return p
	}
	p.Scope += w.criteria([]int{0, 0, 0, 1, 1, 2}[w.rnd.IntN(6)])
	if w.oneIn(4) {
		p.Window = w.pick("-1d..+1d", "0d..0d", "+1d..+2w", "-2w..0d", "-1d..+7d", "+0d..+1d")
	}
	if w.oneIn(2) {
		p.Elements = w.some(1+w.rnd.IntN(6), elementPools[w.typ])
		if w.oneIn(6) {
			p.Elements = w.some(1+w.rnd.IntN(2), setPools[w.typ])
		}
	}
	if strings.ContainsAny(letters, "cu") && !(p.Elements != nil && w.oneIn(4)) {
		p.Write = w.some(1+w.rnd.IntN(5), writePools[w.typ])
	}
	if strings.ContainsAny(letters, "cu") && w.oneIn(4) {
		p.Transitions = w.transitions(letters)
	}
	p.Content = w.typ == "DocumentReference" && w.oneIn(4)
	return p
}

// transitions are changes of status that a permission with these letters may list.
func (w *drawn) transitions(letters string) (out []string) {
	codes := map[string][]string{"Appointment": {"booked", "pending", "cancelled"}, "Task": {"requested", "accepted", "completed"},
		"DocumentReference": {"current", "superseded"}}[w.typ]
	for range 1 + w.rnd.IntN(3) {
		from := w.pick(codes...)
		if !strings.Contains(letters, "u") || strings.Contains(letters, "c") && w.oneIn(2) {
			from = ""
		}
		out = append(out, from+"->"+w.pick(codes...))
	}
	return out
}

func (w *drawn) criteria(n int) string {
	if n == 0 {
		return ""
	}
	return "?" + strings.Join(w.some(n, w.terms(w.typ)), "&")
}

// search is a search's query string.
func (w *drawn) search() string {
	list := w.some([]int{0, 1, 1, 2, 3}[w.rnd.IntN(5)], w.terms(w.typ))
	if w.oneIn(5) {
		list = append(list, "_sort="+w.pick(sortPools[w.typ]...))
	}
	if w.oneIn(4) {
		list = append(list, "_elements="+strings.Join(w.some(1+w.rnd.IntN(3), askedPools[w.typ]), ","))
	}
	if w.oneIn(8) {
		list = append(list, w.pick("_count=3", "_total=accurate", "_total=none"))
	}
	return strings.Join(list, "&")
}
