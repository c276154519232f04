package policy

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
)

// transition is one change of a resource's status. A permission grants it between two codes; with an empty from it is what
// a create may set. The zero transition is granted by nobody who lists any.
type transition struct{ from, to string }

// arrow stands between the two codes of a transition, in grants and in texts.
const arrow = "->"

func (t transition) String() string { return t.from + arrow + t.to }

// parseTransition reads "booked->cancelled" and "->booked".
func parseTransition(typ, text string) (transition, error) {
	from, to, ok := strings.Cut(text, arrow)
	t := transition{strings.TrimSpace(from), strings.TrimSpace(to)}
	switch {
	case !ok || t.to == "":
		return t, fmt.Errorf(`%q is not a transition: write it like "booked->cancelled", or "->booked" for what a create may set`, text)
	case t.from != "" && !isStatus(typ, t.from):
		return t, noSuchStatus(typ, t.from)
	case !isStatus(typ, t.to):
		return t, noSuchStatus(typ, t.to)
	case t.from == t.to:
		return t, fmt.Errorf("%s changes nothing; leave it out", t)
	}
	return t, nil
}

func isStatus(typ, code string) bool { return slices.Contains(fhir.StatusCodes(typ), code) }

func noSuchStatus(typ, code string) error {
	return fmt.Errorf("%s has no status %q; it has %s", typ, code, strings.Join(fhir.StatusCodes(typ), ", "))
}

// transitions reads which changes of status the permission's writes may make.
func (r *reader) transitions(path string, p *permission) {
	given, where := p.src.Transitions, path+".transitions"
	r.empty(where, given)
	if len(given) == 0 {
		return
	}
	if p.scope.letters&lettersWriting == 0 {
		r.mistake(where, "transitions needs c or u in the scope; it has %s.", p.scope.letters)
		return
	}
	before := len(r.mistakes)
	for i, text := range given {
		at := fmt.Sprintf("%s[%d]", where, i)
		t, err := parseTransition(p.scope.typ, text)
		switch {
		case err != nil:
			r.wrong(at, err)
		case slices.Contains(p.transitions, t):
			r.mistake(at, "%s stands twice.", t)
		case t.from == "" && p.scope.letters&letterCreate == 0:
			r.mistake(at, "%s is for creating, and the scope has no c.", t)
		case t.from != "" && p.scope.letters&letterUpdate == 0:
			r.mistake(at, "%s is for updating, and the scope has no u; what a create may set is written ->%s.", t, t.to)
		default:
			p.transitions = append(p.transitions, t)
		}
	}
	if len(r.mistakes) == before {
		r.movable(where, p)
	}
}

// movable refuses transitions that nothing could ever make.
func (r *reader) movable(where string, p *permission) {
	moves := slices.ContainsFunc(p.transitions, func(t transition) bool { return t.from != "" })
	switch {
	case !slices.Contains(p.write, "status"):
		r.mistake(where, "Transitions change the status, which is not in write; add it there.")
	case p.scope.letters&letterCreate != 0 && !slices.ContainsFunc(p.transitions, func(t transition) bool { return t.from == "" }):
		r.mistake(where, "The scope has c: say what a create may set, such as ->%s.", fhir.StatusCodes(p.scope.typ)[0])
	case moves && p.scope.letters&lettersReading != 0 && !p.shown.Shows("status"):
		r.mistake(where, "Transitions look at the status, which this permission hides; whether one is made would tell it.")
	}
}

// creates reports whether the permission lets a new resource have the status; "" is a resource without any.
func (p *permission) creates(status string) bool {
	return len(p.transitions) == 0 || slices.Contains(p.transitions, transition{to: status})
}

// move is a change of status that an update would make.
type move struct {
	transition
	shown bool // the caller is shown the status that stands in the EMR
}

// moves reports whether the permission lets the status change so. Where the caller is not shown the status, nothing that
// depends on it is granted, or the answer would tell it (hazard H1).
func (p *permission) moves(m move) bool {
	if len(p.transitions) == 0 {
		return true
	}
	return m.shown && m.from != "" && slices.Contains(p.transitions, m.transition)
}

// moved is the change of status from before to after, in the eyes of a caller who was shown visible of before.
func moved(before, after fhir.Resource, visible fhir.Elements) move {
	return move{transition{statusOf(before), statusOf(after)}, visible.Shows("status")}
}

func statusOf(r fhir.Resource) string { return r.Value().Get("status").Text() }

// mayMove reports whether changing the named elements leaves the status alone, or some permission among h lets the caller
// change it so.
func (p *plan) mayMove(names []string, m move, h hits) bool {
	return !slices.Contains(names, "status") || slices.ContainsFunc(h.list(), func(i int) bool {
		perm := p.use.candidates[i].perm
		return slices.Contains(perm.write, "status") && perm.moves(m)
	})
}

// creating are those of h that let a new resource have the status.
func (p *plan) creating(status string, h hits) hits {
	var out hits
	for _, i := range h.list() {
		if p.use.candidates[i].perm.creates(status) {
			out.add(i, true)
		}
	}
	return out
}

// notCreated refuses a create for its status.
func (p *plan) notCreated(status string) Reason {
	r := because(CodeStatusNotGranted)
	what := "with the status " + status
	switch {
	case status == "":
		what = "without a status"
	case !isStatus(p.req.Interaction.Type, status): // not repeated: it can be anything
		what = "with that status"
	}
	r.Text = fmt.Sprintf("Your grants do not let you create this %s %s.%s", p.req.Interaction.Type, what, p.transitionsText(letterCreate))
	r.Detail = "status " + transition{to: status}.String()
	return r
}

// notMoved refuses an update for its change of status. It names the status that stands in the EMR only to who is shown it.
func (p *plan) notMoved(m move) Reason {
	r := because(CodeStatusNotGranted)
	typ, what := p.req.Interaction.Type, "so"
	switch {
	case !m.shown:
		what = "without showing it to you"
	case isStatus(typ, m.from) && isStatus(typ, m.to) && m.from != m.to:
		what = "from " + m.from + " to " + m.to
	}
	r.Text = fmt.Sprintf("Your grants do not let you change the status of this %s %s.%s", typ, what, p.transitionsText(letterUpdate))
	r.Detail = "status " + m.String()
	return r
}

// transitionsText lists what the caller's permissions let the status become, whichever resource it is about.
func (p *plan) transitionsText(letter letters) string {
	var all []string
	for i := range p.use.candidates {
		for _, t := range p.use.candidates[i].perm.transitions {
			if (t.from == "") == (letter == letterCreate) {
				all = append(all, t.String())
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " They let you make these changes of status: " + strings.Join(union(all, nil), ", ") + "."
}

// transitionsInWords is what a permission's transitions allow, for its sentence: "from requested to accepted or rejected".
func transitionsInWords(texts []string) string {
	var froms []string
	to := map[string][]string{}
	for _, text := range texts {
		from, next, _ := strings.Cut(text, arrow)
		from = strings.TrimSpace(from)
		if _, known := to[from]; !known && from != "" {
			froms = append(froms, from)
		}
		to[from] = append(to[from], strings.TrimSpace(next))
	}
	var out string
	for i, from := range froms {
		out += []string{"; changes the status only ", ", "}[min(i, 1)] + "from " + from + " to " + strings.Join(to[from], " or ")
	}
	if fresh := to[""]; len(fresh) > 0 {
		out += "; a new one is " + strings.Join(fresh, " or ")
	}
	return out
}
