package shrink

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vestibule/internal/replay"
	"vestibule/policy"
)

// Options say what is shrunk, and how far.
type Options struct {
	Replay         replay.Options // the period and where to read; Before and After are set here
	Clinic         policy.Clinic
	Rules          policy.Rules // in force now, with the grant
	Grant          policy.Grant // as it is in force now
	Now            time.Time
	Margin         int  // days that a window reaches beyond what was used
	MostValues     int  // of a criterion that is gained
	AcceptUnjudged bool // narrow although something that left cannot be judged any more
}

// Proposal is a narrower grant with what it rests on.
type Proposal struct {
	Grant      policy.Grant
	Accesses   int // of the grant in the period
	People     int
	First      time.Time // and the last of them; zero where there are none
	Last       time.Time
	Elsewhere  int            // accesses in the period that the present version would not allow
	Unjudged   map[string]int // what left and could not be judged, by the reason
	Notes      []string
	Kept       []Clause // what had to be given back, because something used needs it
	Difference policy.Difference
	Proof      replay.Report // of the proposal against the present grant; nothing is denied in it
	Partial    bool          // it was stopped; there is no Grant
}

// Changed reports whether the proposal is another grant than the one there is.
func (p Proposal) Changed() bool { return !p.Difference.Empty() }

// Propose makes a proposal. What it proposes allows everything that the grant was used for and is on record, as far as that can
// be judged, and nothing that the grant does not; where there is no such proposal, that is an error which says why.
func Propose(ctx context.Context, o Options) (Proposal, error) {
	parts, err := policy.Parts(o.Clinic, o.Grant)
	if err != nil {
		return Proposal{}, err
	}
	present := replay.Candidate{Put: []policy.Grant{o.Grant}}
	set, err := policy.Compile(o.Clinic, policy.Rules{Grants: []policy.Grant{always(o.Grant)}})
	if err != nil {
		return Proposal{}, err
	}
	u, err := observe(ctx, o, parts, set)
	out := Proposal{Grant: o.Grant, Accesses: u.accesses, People: len(u.people), First: u.first, Last: u.last, Elsewhere: u.elsewhere, Unjudged: u.unjudged}
	if ctx.Err() != nil {
		out.Partial = true
		return out, nil
	}
	if err != nil || u.accesses == 0 {
		return out, err
	}
	keep := map[Clause]bool{}
	for {
		g, notes := propose(&o, parts, u, keep)
		out.Grant, out.Notes = g, notes
		wanting, err := o.tested(ctx, g, present, &out)
		out.Kept = slices.Sorted(maps.Keys(keep))
		switch {
		case err != nil || out.Partial || len(wanting) == 0:
			return out, err
		case !added(keep, wanting):
			return out, fmt.Errorf("no narrower grant allows everything that was used: %s cannot be told apart", inList(wanting))
		}
	}
}

// always is a grant that holds whatever its first day: the past is looked at.
func always(g policy.Grant) policy.Grant {
	g.Approved, g.From = time.Time{}, ""
	return g
}

// added puts clauses among those kept and, where they are all there already, the permissions that were left out, which they may
// be about. It reports whether that is anything new.
func added(keep map[Clause]bool, more []Clause) bool {
	n := len(keep)
	for _, c := range more {
		keep[c] = true
	}
	if len(keep) == n {
		keep[Permissions] = true
	}
	return len(keep) > n
}

func inList(clauses []Clause) string {
	var out []string
	for _, c := range clauses {
		out = append(out, string(c))
	}
	return strings.Join(out, ", ")
}

// tested holds a proposal against what a grant may say, against the present one, and against the trail; wanting are the clauses
// that have to be given back.
func (o *Options) tested(ctx context.Context, g policy.Grant, present replay.Candidate, out *Proposal) (wanting []Clause, err error) {
	if mistakes := policy.Check(g, policy.Context{Clinic: o.Clinic, Now: o.Now}); len(mistakes) > 0 {
		for _, m := range mistakes {
			wanting = append(wanting, clauseAt(m.Path))
		}
		return wanting, nil
	}
	if out.Difference, err = o.difference(ctx, g); err != nil {
		return nil, err
	}
	if len(out.Difference.CanNow) > 0 { // it is narrower or it is nothing
		return nil, fmt.Errorf("the proposal would allow something new, which is a defect: %s", out.Difference.CanNow[0].Sentence)
	}
	r := o.Replay
	r.Before, r.After = present, replay.Candidate{Put: []policy.Grant{g}}
	if out.Proof, err = replay.Run(ctx, r); err != nil {
		return nil, err
	}
	out.Partial = out.Proof.Partial
	for _, group := range out.Proof.Groups {
		if group.Effect == replay.Denied || group.Effect == replay.Less {
			wanting = append(wanting, clauseOf(group.Code))
		}
	}
	return wanting, nil
}

// difference is what changes when g takes the present grant's place.
func (o *Options) difference(ctx context.Context, g policy.Grant) (policy.Difference, error) {
	rules := o.Rules
	rules.Grants = slices.Clone(rules.Grants)
	for i := range rules.Grants {
		if rules.Grants[i].Name == g.Name {
			g.Approved = rules.Grants[i].Approved
			g.Version = rules.Grants[i].Version + 1
			rules.Grants[i] = g
		}
	}
	before, err := policy.Compile(o.Clinic, o.Rules)
	if err != nil {
		return policy.Difference{}, err
	}
	after, err := policy.Compile(o.Clinic, rules)
	if err != nil {
		return policy.Difference{}, err
	}
	return policy.Diff(ctx, before, after, o.Now)
}

// clauseAt is the clause that a mistake is about, by its path in the document.
func clauseAt(path string) Clause {
	for suffix, c := range map[string]Clause{"scope": Criteria, "window": Window, "content": Content, "hours": Hours, "purposes": Purposes, "networks": Networks} {
		if strings.HasSuffix(path, suffix) || strings.HasPrefix(path, suffix) {
			return c
		}
	}
	for part, c := range map[string]Clause{"elements": Elements, "write": Write, "transitions": Transitions, "limits": Limits} {
		if strings.Contains(path, part) {
			return c
		}
	}
	return Permissions
}

// clauseOf is the clause for which something would be refused or hidden.
func clauseOf(code policy.Code) Clause {
	switch code {
	case policy.CodeOutsideHours:
		return Hours
	case policy.CodePurposeMissing, policy.CodePurposeNotGranted:
		return Purposes
	case policy.CodeNetworkUnknown, policy.CodeOutsideNetworks:
		return Networks
	case policy.CodeTypeNotGranted, policy.CodeNoGrant:
		return Permissions
	case policy.CodeNotGranted, policy.CodeScopeMissing:
		return Interactions
	case policy.CodeOutOfReach, policy.CodeWriteOutOfReach, policy.CodeOutsideScope, policy.CodeRestrictedLabel:
		return Criteria
	case policy.CodeOutsideWindow:
		return Window
	case policy.CodeElementNotWritable:
		return Write
	case policy.CodeStatusNotGranted:
		return Transitions
	case policy.CodeTooManyRequests, policy.CodeTooManyPatients, policy.CodeTooManyDocuments, policy.CodeTooManyPages:
		return Limits
	}
	return Elements // of what is shown, or looked at
}
