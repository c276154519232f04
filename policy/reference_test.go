package policy_test

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"vestibule/policy"
)

// asking is one request, as the reference evaluator knows it.
type asking struct {
	caller  policy.Caller
	clinic  policy.Clinic
	now     time.Time
	letter  byte // c, r, u or s
	typ, id string
	query   url.Values
}

// held is a permission that a grant gives the caller at the moment.
type held struct {
	letters  string
	criteria []criterion
	window   string
	view     view
	write    []string
	labels   []string // the labels that the criteria name

	transitions []string // of status; nil: any
}

// conditions are what a grant has to meet, in the order of package policy's comment.
var conditions = []func(g policy.Grant, a asking) bool{
	func(g policy.Grant, a asking) bool { return names(g.To, a) },
	func(g policy.Grant, a asking) bool { return g.From == "" || !a.now.Before(midnight(g.From, 0, a)) },
	func(g policy.Grant, a asking) bool { return a.now.Before(midnight(g.Until, 1, a)) },
	func(g policy.Grant, a asking) bool { return g.To.Automated == a.caller.Automated },
	func(g policy.Grant, a asking) bool { return g.Hours == "" || inHours(g.Hours, a.now.In(a.clinic.Zone)) },
	func(g policy.Grant, a asking) bool { return inNetworks(g.Networks, a.caller.Address) },
	func(g policy.Grant, a asking) bool { return allowedPurposes(g.Purposes, a.caller.Purposes) },
}

func names(to policy.To, a asking) bool {
	switch {
	case to.User != "":
		return to.User == a.caller.ID()
	case to.Platform != "":
		return to.Platform == a.caller.Platform
	}
	platform, _, _ := strings.Cut(to.Team, "/")
	return platform == a.caller.Platform && slices.Contains(a.clinic.Teams[to.Team], a.caller.ID())
}

func midnight(day string, later int, a asking) time.Time {
	d, err := time.ParseInLocation(time.DateOnly, day, a.clinic.Zone)
	must(err)
	return d.AddDate(0, 0, later)
}

func inNetworks(networks []string, address netip.Addr) bool {
	return len(networks) == 0 || slices.ContainsFunc(networks, func(n string) bool {
		if prefix, err := netip.ParsePrefix(n); err == nil {
			return prefix.Contains(address.Unmap())
		}
		return netip.MustParseAddr(n) == address.Unmap()
	})
}

// allowedPurposes: a grant without purposes allows each that a grant can give, and then the token need not state one; a
// grant with purposes wants one stated, and all of the token's among its own.
func allowedPurposes(granted, stated []string) bool {
	if len(granted) == 0 {
		granted = []string{"COC", "HOPERAT", "HPAYMT", "PATADMIN", "RECORDMGT", "TREAT"}
	} else if len(stated) == 0 {
		return false
	}
	return !slices.ContainsFunc(stated, func(p string) bool { return !slices.Contains(granted, p) })
}

// heldFor are the permissions that the caller holds for the type and a letter, by grants whose conditions are met.
func (e evaluation) heldFor(letter byte) (out []held) {
	a := e.asking
	for _, g := range e.rules.Grants {
		if e.heldUp(func(s policy.Stop) bool { return s.Grant == g.Name }) || !a.caller.ValidAt(a.now) || g.Clinic != a.clinic.Name || slices.ContainsFunc(conditions, func(met func(policy.Grant, asking) bool) bool { return !met(g, a) }) {
			continue
		}
		for _, p := range g.Permissions {
			level, typ, letters, criteria, ok := scopeOf(p.Scope, a.typ)
			if !ok || typ != a.typ || !strings.Contains(letters, string(letter)) || level == "system" && !g.To.Automated {
				continue
			}
			out = append(out, heldOf(p, typ, letters, criteria))
		}
	}
	return out
}

func heldOf(p policy.Permission, typ, letters string, criteria []criterion) held {
	h := held{letters: letters, criteria: criteria, window: p.Window, write: p.Write, transitions: p.Transitions, labels: namedBy(criteria)}
	if h.view.content = p.Content; p.Elements != nil {
		h.view.paths = spelledOut(p.Elements, typ)
	}
	if h.write == nil {
		h.write = topLevel(p.Elements)
	}
	return h
}

// spelledOut is a list of elements with the paths of a set in place of its name.
func spelledOut(elements []string, typ string) []string {
	out := slices.Clone(elements)
	for _, set := range policy.ElementSets(typ) {
		if slices.Contains(elements, set.Name) {
			out = append(out, set.Paths...)
		}
	}
	return out
}

func topLevel(paths []string) (out []string) {
	for _, p := range paths {
		name, _, _ := strings.Cut(p, ".")
		out = append(out, name)
	}
	return out
}

// scopesFor are the token's scopes that count for a permission: those over what it shows. One that only writes shows nothing
// by itself: an update looks at what the caller is shown of the resource, a create at what the caller sends.
func (e evaluation) scopesFor(h held, letter byte, doc node) [][]criterion {
	all := tokenScopes(e.asking, letter)
	switch {
	case strings.ContainsAny(h.letters, "rs"):
		return usable(all, views{h.view})
	case letter == 'u' && doc != nil:
		return usable(all, e.seen)
	}
	return all
}

// evaluation is the reference evaluator at one request.
type evaluation struct {
	asking
	rules policy.Rules
	seen  views // for an update, what the caller is shown of what stands in the EMR
}

// serving are the permissions that serve the request.
func (e evaluation) serving() (out []held) {
	asked, _ := criteriaOf(e.typ, e.query)
	for key := range strings.SplitSeq(e.query.Get("_sort"), ",") {
		if key != "" {
			order, _ := criteriaOf(e.typ, url.Values{strings.TrimPrefix(key, "-"): {""}})
			asked = append(asked, order...)
		}
	}
	for _, h := range e.heldFor(e.letter) {
		if showsAll(views{h.view}, asked) && len(e.scopesFor(h, e.letter, nil)) > 0 {
			out = append(out, h)
		}
	}
	return out
}

func (e evaluation) permitted() bool { return !e.shutOut() && len(e.serving()) > 0 }

// A rule withholds doc from a permission. A rule of a new kind is another line.
var rules = []func(e evaluation, h held, letter byte, doc node) bool{
	func(e evaluation, h held, _ byte, doc node) bool { return !meetsAll(h.criteria, doc, e.clinic.Zone) },
	func(e evaluation, h held, letter byte, doc node) bool {
		return !slices.ContainsFunc(e.scopesFor(h, letter, doc), func(scope []criterion) bool { return meetsAll(scope, doc, e.clinic.Zone) })
	},
	func(e evaluation, h held, _ byte, doc node) bool { return !e.inWindow(h, doc) },
	func(e evaluation, _ held, _ byte, doc node) bool { return e.denied(doc) },
	func(_ evaluation, h held, _ byte, doc node) bool {
		return slices.ContainsFunc(labelsOf(doc), func(label string) bool { return !slices.Contains(h.labels, label) })
	},
}

func (e evaluation) inWindow(h held, doc node) bool {
	if h.window == "" {
		return true
	}
	dated := map[string]string{"Appointment": "start", "Task": "authoredOn", "DocumentReference": "date"}[e.typ]
	have, ok := spanOf(first(doc, dated), e.clinic.Zone)
	window := windowSpan(h.window, e.now, e.clinic.Zone)
	return ok && !have.from.Before(window.from) && !have.to.After(window.to)
}

// reaching are those of the permissions that nothing withholds doc from.
func (e evaluation) reaching(permissions []held, letter byte, doc node) (out []held) {
	for _, h := range permissions {
		if !slices.ContainsFunc(rules, func(withholds func(evaluation, held, byte, node) bool) bool { return withholds(e, h, letter, doc) }) {
			out = append(out, h)
		}
	}
	return out
}

// matching are the permissions for a letter that doc lies within.
func (e evaluation) matching(letter byte, doc node) []held {
	return e.reaching(e.heldFor(letter), letter, doc)
}

func viewsOf(permissions []held) (out views) {
	for _, h := range permissions {
		out = append(out, h.view)
	}
	return out
}

// release is what of doc leaves, nil for nothing, and whether something is missing from it.
func (e evaluation) release(doc node) (out map[string]node, lost bool) {
	if text(doc.(map[string]node)["resourceType"]) != e.typ || e.letter != 's' && e.id != "" && first(doc, "id") != e.id {
		return nil, false
	}
	if e.letter == 'c' || e.letter == 'u' {
		return cut(doc, e.shown(doc), nil) // the answer to a write: what the caller may read of it, or no more than that it is there
	}
	if len(e.reaching(e.serving(), e.letter, doc)) == 0 {
		return nil, false
	}
	asked, _ := criteriaOf(e.typ, e.query)
	if !meetsAll(asked, doc, e.clinic.Zone) {
		return nil, false
	}
	var elements []string
	if list := e.query.Get("_elements"); list != "" {
		elements = strings.Split(list, ",")
	}
	return cut(doc, viewsOf(e.matching(e.letter, doc)), elements)
}
