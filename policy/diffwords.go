package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// piece is b for people and programs. verb is "can now" or "can no longer".
func (b box) piece(s *Set, verb string, now time.Time) Piece {
	person, platform := b.sides[byPerson].(names), b.sides[byPlatform].(names)
	out := Piece{
		Rule: b.cite, Type: b.typ, Interactions: b.interactions(),
		Who: PieceWho{Automated: b.sides[byKind].(few) == agents},
	}
	out.Who.Persons, out.Who.NotPersons = person.split()
	out.Who.Platforms, out.Who.NotPlatforms = platform.split()
	out.Sentence = s.who(person, platform, out.Who.Automated) + " " + verb + " " + b.what(&out) + b.circumstances(&out, s.clinic.Zone, now) + "."
	return out
}

func (n names) split() (in, out []string) {
	if n.except {
		return nil, n.list
	}
	return n.list, nil
}

// who is the callers of a box in words.
func (s *Set) who(person, platform names, automated bool) string {
	in, notIn := person.split()
	at, notAt := platform.split()
	text := "everybody"
	if automated {
		text = "every automated agent"
	}
	if !person.except {
		text = list(in, personInWords, " and ")
		if automated {
			text = "the automated agent " + text
		}
	}
	if !platform.except {
		text += " at " + strings.Join(at, " or ")
	}
	if team := s.teamOf(in, at); team != "" {
		text += " (team " + team + ")"
	}
	if len(notAt) > 0 {
		text += ", unless at " + strings.Join(notAt, " or ") + ","
	}
	if len(notIn) > 0 {
		text = strings.TrimSuffix(text, ",") + ", but not " + list(notIn, personInWords, " or ") + ","
	}
	return text
}

// teamOf is the team that exactly these people are, where there is one.
func (s *Set) teamOf(persons, platforms []string) string {
	var found []string
	for team, members := range s.clinic.Teams {
		platform, name, _ := strings.Cut(team, "/")
		if len(persons) > 0 && slices.Equal(platforms, []string{platform}) && slices.Equal(persons, theNames(members...).list) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

func personInWords(id string) string {
	issuer, subject, _ := strings.Cut(id, "|")
	return subject + " (" + issuer + ")"
}

func (b box) interactions() []string {
	var out []string
	for _, k := range []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate} {
		if b.sides[byLetter].(few)&few(letterOf(k)) != 0 {
			out = append(out, string(k))
		}
	}
	return out
}

// what is what is done to which resources, and what of them is seen or set, in words.
func (b box) what(p *Piece) string {
	resources := b.typ + "s" + b.sides[byCriteria].(criteria).words(p) + b.sides[byDate].(datedSide).words(p)
	for _, one := range b.sides[byLabel].(labelled).some {
		p.Labelled = append(p.Labelled, one.names())
		resources += ", labelled " + inSome(one.names())
	}
	verbs := letters(b.sides[byLetter].(few)).inWords()
	if b.writes {
		p.Elements = b.sides[byElement].(names).list
		if b.sides[byLetter] == side(few(letterUpdate)) {
			p.Elements = movesInWords(b.typ, p.Elements)
		}
		return verbs + " " + resources + ", setting " + strings.Join(p.Elements, ", ")
	}
	s := b.sides[byElement].(sight)
	p.Existence, p.Elements = s.existence, s.shown.Paths()
	seen := shownInWords(b.typ, s.shown)
	switch {
	case !s.existence:
		return "see " + seen + " when they " + verbs + " " + resources
	case seen == "":
		return verbs + " " + resources + ", seeing only that they are there"
	}
	return verbs + " " + resources + ", seeing " + seen
}

// movesInWords is a list of what can be set with "status" for all changes of it, and with exceptions where that is shorter.
func movesInWords(typ string, list []string) []string {
	moves := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !strings.HasPrefix(s, "status ") })
	if !slices.Contains(moves, otherMoves) {
		return list
	}
	out := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return strings.HasPrefix(s, "status ") })
	status := "status"
	var but []string
	for _, m := range everyMove(typ) {
		if !slices.Contains(moves, m) {
			but = append(but, strings.TrimPrefix(m, "status "))
		}
	}
	if len(but) > 0 {
		status += " but not " + strings.Join(but, " or ")
	}
	out = append(out, status)
	slices.Sort(out)
	return out
}

// inSome is a list of which there may be many.
func inSome(list []string) string {
	if len(list) > 5 {
		return fmt.Sprintf("%s or %d others", strings.Join(list[:4], ", "), len(list)-4)
	}
	return strings.Join(list, " or ")
}

// names are the codes of the labels.
func (l labels) names() []string {
	var out []string
	for i, code := range append([]string{"R", "V"}, sensitivityCodes[:]...) {
		if l&(1<<i) != 0 {
			out = append(out, code)
		}
	}
	return out
}

func (c criteria) words(p *Piece) string {
	var with, clauses []string
	for _, one := range c.yes {
		var queries []string
		for _, a := range one {
			queries = append(queries, a.query())
		}
		p.With = append(p.With, queries)
		if one[0].unclear {
			clauses = append(clauses, " whose patient is not clear")
			continue
		}
		with = append(with, atomsInWords(one))
	}
	for i := 0; i < len(c.no); {
		same := slices.IndexFunc(c.no[i:], func(a atom) bool { return a.about != c.no[i].about })
		if same < 0 {
			same = len(c.no) - i
		}
		group := c.no[i : i+same]
		i += same
		for _, a := range group {
			p.Without = append(p.Without, a.query())
		}
		switch also, excluded := c.also(group); {
		case group[0].unclear:
			clauses = append(clauses, " whose patient is clear")
		case !excluded:
			clauses = append(clauses, " that do not "+also+"have "+atomsInWords(group))
		}
	}
	text := strings.Join(with, " and ")
	if text != "" {
		text = " with " + text
	}
	return text + strings.Join(clauses, " and")
}

// also says whether what is excluded is about the same as something that is required: then a resource may have both, unless
// the element has one value only, and then nothing needs to be said.
func (c criteria) also(group []atom) (word string, excluded bool) {
	for _, one := range c.yes {
		if one[0].about != group[0].about {
			continue
		}
		if !one[0].single() {
			return "also ", false
		}
		differ := true
		for _, a := range one {
			for _, g := range group {
				differ = differ && a.code() != g.code()
			}
		}
		return "also ", differ
	}
	return "", false
}

// single reports whether R4 gives the element one value: the codes that are elements themselves.
func (a atom) single() bool {
	switch a.clause.Param().Name {
	case "status", "intent", "priority":
		return a.clause.Modifier() == ""
	}
	return false
}

func (a atom) code() string {
	if t := a.clause.Tokens(); len(t) == 1 {
		return t[0].Code
	}
	return a.value
}

// query is the atom as a search writes it.
func (a atom) query() string {
	switch {
	case a.unclear:
		return "the patient is not clear"
	case a.patient != "":
		return "patient=Patient/" + a.patient
	}
	return a.clause.Key() + "=" + a.clause.Value()
}

func atomsInWords(atoms []atom) string {
	var out []string
	for _, a := range atoms {
		name, value, _ := strings.Cut(a.query(), "=")
		text := name + " " + list(splitValues(value), valueInWords, ",")
		if a.clause.Modifier() == "missing" { // :missing=true is what the atom denies
			text = "any " + a.clause.Param().Name
		}
		out = append(out, text)
	}
	for i, text := range out[1:] { // the name once
		if name, value, ok := strings.Cut(text, " "); ok && strings.HasPrefix(out[0], name+" ") {
			out[i+1] = value
		}
	}
	return strings.Join(out, " or ")
}

func (d datedSide) words(p *Piece) string {
	span := func(w window) string { return "from " + inDays(w.from) + " to " + inDays(w.to) }
	list := func(ws []window) string {
		var out []string
		for _, w := range ws {
			out = append(out, span(w))
		}
		return strings.Join(out, " or ")
	}
	switch {
	case d.in == nil && len(d.out) == 0:
		return ""
	case d.in == nil:
		p.NotDated = windowTexts(d.out)
		return ", not dated " + list(d.out)
	case d.single:
		p.Dated = windowTexts(d.days())
		return ", dated " + list(d.days())
	}
	p.Dated, p.NotDated = windowTexts([]window{*d.in}), windowTexts(d.out)
	text := ", dated " + span(*d.in)
	if len(d.out) > 0 {
		text += " but not wholly " + list(d.out)
	}
	return text
}

func windowTexts(ws []window) []string {
	var out []string
	for _, w := range ws {
		out = append(out, w.String())
	}
	return out
}

// shownInWords is an element list for people: what nobody is ever shown is not mentioned.
func shownInWords(typ string, e fhir.Elements) string {
	const document = "content.attachment.data"
	all := fhir.AllElements(typ)
	hidden := map[string]bool{}
	for _, path := range all.Paths() {
		hidden[path] = strings.HasPrefix(path, "-")
	}
	var shown, but []string
	whole := false
	for _, path := range e.Paths() {
		name, except := strings.CutPrefix(path, "-")
		switch {
		case path == "*":
			whole = true
		case name == document && typ == "DocumentReference" || hidden[path]:
		case except:
			but = append(but, name)
		default:
			shown = append(shown, strings.TrimSuffix(name, ".*"))
		}
	}
	slices.Sort(shown)
	shown = slices.Compact(shown)
	if whole {
		shown = []string{"everything"}
		if len(but) > 0 {
			shown[0] += " but " + strings.Join(but, ", ")
		}
	}
	text := strings.Join(shown, ", ")
	if typ == "DocumentReference" && e.Shows(document) {
		return strings.TrimPrefix(text+" and the documents themselves", " and ")
	}
	return text
}
