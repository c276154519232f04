package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// Difference is what changes for people and agents when one set of rules takes the place of another.
//
// It is about single elements of single resources: an element of a resource can be seen, or set, by somebody under some
// circumstances. Of these it is exact: what one set of rules allows and the other does not, that and nothing else falls into
// one of the pieces. It knows nothing of tokens, whose scopes only narrow; of searches, whose parameters only narrow; and of
// updates that are refused because the caller sees a part of the element only. Criteria count as different questions where
// R4 does not make them exclude each other. The criteria of rules that deny are compared as if they matched as exactly as a
// grant's; they hold wherever they may match, so what only may match (another case, a text without a code) is not in the pieces.
type Difference struct {
	Clinic      string   `json:"clinic"`
	CanNow      []Piece  `json:"canNow"`
	CanNoLonger []Piece  `json:"canNoLonger"`
	Limits      []string `json:"limits,omitempty"` // changes of limits, in words
	Except      []string `json:"except,omitempty"` // rules that deny before and after, whatever the pieces say
}

// Piece is one thing that can be done under one set of rules and not under the other: everything in it holds together.
// Pieces may overlap. An empty list, or a zero time, does not narrow.
type Piece struct {
	Sentence     string     `json:"sentence"`
	Rule         string     `json:"rule"` // the grant whose permission it is, name@version
	Who          PieceWho   `json:"who"`
	Interactions []string   `json:"interactions"` // read, search-type, create, update
	Type         string     `json:"type"`
	With         [][]string `json:"with,omitempty"`      // criteria of which one of each list holds, as "status=booked"
	Without      []string   `json:"without,omitempty"`   // criteria that do not hold
	Dated        []string   `json:"dated,omitempty"`     // windows, one of which the resource's own date lies in, such as "-1d..+90d"
	NotDated     []string   `json:"notDated,omitempty"`  // windows in none of which it lies
	Labelled     [][]string `json:"labelled,omitempty"`  // security labels of which it carries one of each list
	Existence    bool       `json:"existence,omitempty"` // that there is such a resource, with its type, id and technical meta
	Elements     []string   `json:"elements,omitempty"`  // what is shown, as fhir.Elements lists it; for writes what can be set
	Hours        string     `json:"hours,omitempty"`     // by the clinic's wall clock
	Networks     []string   `json:"networks,omitempty"`
	NotNetworks  []string   `json:"notNetworks,omitempty"`
	Purposes     string     `json:"purposes,omitempty"` // what the token states, in words
	From         *time.Time `json:"from,omitempty"`
	Until        *time.Time `json:"until,omitempty"` // exclusive
}

// PieceWho is who can: everybody, but for what narrows it.
type PieceWho struct {
	Persons      []string `json:"persons,omitempty"`    // "iss|sub", one of them
	NotPersons   []string `json:"notPersons,omitempty"` // none of them
	Platforms    []string `json:"platforms,omitempty"`
	NotPlatforms []string `json:"notPlatforms,omitempty"`
	Automated    bool     `json:"automated"` // an automated agent; otherwise a person
}

// Empty reports whether nothing changes.
func (d Difference) Empty() bool {
	return len(d.CanNow) == 0 && len(d.CanNoLonger) == 0 && len(d.Limits) == 0
}

// Lines is the difference in sentences.
func (d Difference) Lines() []string {
	if d.Empty() {
		return []string{"Nothing changes: whoever could do something can do exactly that."}
	}
	var out []string
	for _, part := range []struct {
		title  string
		pieces []Piece
	}{{"Can now:", d.CanNow}, {"Can no longer:", d.CanNoLonger}} {
		if len(part.pieces) > 0 {
			out = append(out, part.title)
		}
		for _, p := range part.pieces {
			out = append(out, fmt.Sprintf("- %s [%s]", p.Sentence, p.Rule))
		}
	}
	if len(d.Limits) > 0 {
		out = append(out, "Limits:")
	}
	for _, l := range d.Limits {
		out = append(out, "- "+l)
	}
	if len(d.Except) > 0 {
		out = append(out, "Whatever stands above, these deny before and after:")
	}
	for _, e := range d.Except {
		out = append(out, "- "+e)
	}
	return out
}

// Diff is what changes from now on when b takes the place of a. Both are Sets of one clinic; where its clock changed too,
// hours and days cannot be held against each other, and that is an error. What takes too long ends with ctx, and its error.
func Diff(ctx context.Context, a, b *Set, now time.Time) (Difference, error) {
	if a == nil || b == nil || a.clinic.Zone == nil || b.clinic.Zone == nil {
		return Difference{}, fhir.E("policy.Diff", fhir.KindInternal, "", "There are no rules to compare.")
	}
	if a.clinic.Name != b.clinic.Name || a.clinic.Zone.String() != b.clinic.Zone.String() {
		return Difference{}, fhir.E("policy.Diff", fhir.KindInvalid, "", fmt.Sprintf("The rules of %s (%s) and of %s (%s) cannot be compared: hours and days are by one clinic's clock.",
			a.clinic.Name, a.clinic.Zone, b.clinic.Name, b.clinic.Zone))
	}
	both, onlyA, onlyB := common3(a.denied(now), b.denied(now))
	canNow, canNoLonger, err := changed(ctx, a.granted(now), onlyA, b.granted(now), onlyB)
	if err != nil {
		return Difference{}, err
	}
	out := Difference{
		Clinic: b.clinic.Name,
		CanNow: b.pieces(canNow, "can now", now), CanNoLonger: a.pieces(canNoLonger, "can no longer", now),
		Limits: limitsChanged(a, b),
	}
	for _, d := range both {
		out.Except = append(out.Except, d.cite)
	}
	out.Except = slices.Compact(out.Except)
	return out, nil
}

// changed is what b allows and a does not, and the other way round, where each grants something and denies some of it.
func changed(ctx context.Context, grantedA, deniedA, grantedB, deniedB []box) (canNow, canNoLonger []box, err error) {
	allowedA, err := less(ctx, grantedA, deniedA)
	if err != nil {
		return nil, nil, err
	}
	allowedB, err := less(ctx, grantedB, deniedB)
	if err != nil {
		return nil, nil, err
	}
	if canNow, err = less(ctx, allowedB, allowedA); err != nil {
		return nil, nil, err
	}
	if canNoLonger, err = less(ctx, allowedA, allowedB); err != nil {
		return nil, nil, err
	}
	if canNow, err = pruned(ctx, canNow); err != nil {
		return nil, nil, err
	}
	canNoLonger, err = pruned(ctx, canNoLonger)
	return canNow, canNoLonger, err
}

// common3 are the boxes that are in both, only in the first, and only in the second. What is in both narrows both sides
// alike, so that it need not be taken from every piece.
func common3(a, b []box) (both, onlyA, onlyB []box) {
	in := func(list []box) func(box) bool {
		keys, around := map[string]bool{}, near(list)
		for _, o := range list {
			keys[o.key()] = true
		}
		return func(x box) bool {
			return keys[x.key()] || slices.ContainsFunc(around.to(x), func(o box) bool { return x.within(o) && o.within(x) })
		}
	}
	inA, inB := in(a), in(b)
	for _, x := range a {
		if inB(x) {
			both = append(both, x)
		} else {
			onlyA = append(onlyA, x)
		}
	}
	for _, x := range b {
		if !inA(x) {
			onlyB = append(onlyB, x)
		}
	}
	return both, onlyA, onlyB
}

// pieces are boxes for people and programs, in a stable order, each once.
func (s *Set) pieces(boxes []box, verb string, now time.Time) []Piece {
	out := []Piece{}
	for _, b := range boxes {
		out = append(out, b.piece(s, verb, now))
	}
	slices.SortStableFunc(out, func(a, b Piece) int {
		if c := strings.Compare(a.Sentence, b.Sentence); c != 0 {
			return c
		}
		return strings.Compare(a.Rule, b.Rule)
	})
	return slices.CompactFunc(out, func(a, b Piece) bool { return a.Sentence == b.Sentence && a.Rule == b.Rule })
}

// limitsChanged says of each grant that is in both sets how its limits change.
func limitsChanged(a, b *Set) []string {
	var out []string
	for _, g := range b.all {
		i := slices.IndexFunc(a.all, func(o *grant) bool { return o.src.Name == g.src.Name })
		if i < 0 || a.all[i].src.Limits == g.src.Limits {
			continue
		}
		say := func(l Limits) string {
			if s := l.sentence(); s != "" {
				return "no more than " + s
			}
			return "no limit"
		}
		out = append(out, fmt.Sprintf("%s: %s, before %s", g.src.Name, say(g.src.Limits), say(a.all[i].src.Limits)))
	}
	return out
}
