package patient

import (
	"cmp"
	"context"
	"slices"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

// place is where a record stands.
type place struct {
	log   string
	index int64
}

// belongs is how a record belongs to the patient.
type belongs int

const (
	shown   belongs = iota // something of the patient was shown or written, or was to be
	attempt                // it named the patient, or what is the patient's, and nothing of that was shown
	look                   // somebody asked the trail about the patient
)

// found is one record that belongs to the patient.
type found struct {
	place
	how   belongs
	entry audit.Entry
	items []audit.ReleasedItem // the patient's own
	asked asked
}

// gatherer finds what belongs to one patient.
type gatherer struct {
	patient string
	trail   report.Trail
	own     map[string]bool // "Type/id" of what is this patient's alone
	seen    map[place]bool
	found   []found
	counted int // refusals that stand in the trail as a number
}

func gather(ctx context.Context, trail report.Trail, patient string, shownOnly bool) (*gatherer, error) {
	g := &gatherer{patient: patient, trail: trail, own: map[string]bool{}, seen: map[place]bool{}}
	whole := trail
	whole.From, whole.Until = time.Time{}, time.Time{} // what is the patient's is known from any day
	err := whole.Search(ctx, audit.Search{Patients: []string{patient}}, g.shown)
	if err == nil && !shownOnly {
		err = trail.Walk(ctx, g.mentioned)
	}
	g.settle()
	slices.SortStableFunc(g.found, func(a, b found) int {
		return cmp.Or(a.entry.Record.Time.Compare(b.entry.Record.Time), cmp.Compare(a.place.log, b.place.log), cmp.Compare(a.index, b.index))
	})
	return g, err
}

// shown takes what the index has under the patient, and remembers what is the patient's.
func (g *gatherer) shown(e audit.Entry) error {
	f := found{place: place{e.Log, e.Index}, how: shown, entry: e, asked: askedBy(&e.Record)}
	r := &e.Record
	_, written := plain.Written(r)
	if r.Phase == audit.PhaseDenial || r.Phase == audit.PhaseOutcome && r.Outcome != audit.OutcomeSuccess && !written {
		f.how = attempt
	}
	for _, item := range e.Record.Released {
		if !slices.Contains(item.Patients, g.patient) {
			continue
		}
		f.items = append(f.items, item)
		if len(item.Patients) == 1 {
			g.own[current(item.Ref)] = true
		}
	}
	g.seen[f.place] = true
	if t := e.Record.Time; !t.Before(g.trail.From) && (g.trail.Until.IsZero() || t.Before(g.trail.Until)) {
		g.found = append(g.found, f)
	}
	return nil
}

// mentioned takes what names the patient and shows nothing.
func (g *gatherer) mentioned(e audit.Entry) error {
	r := &e.Record
	if g.seen[place{e.Log, e.Index}] {
		return nil
	}
	if r.Phase == audit.PhaseDenial {
		g.counted += r.Repeats
	}
	a := askedBy(r)
	if !a.names(g.patient, g.own) {
		return nil
	}
	f := found{place: place{e.Log, e.Index}, how: attempt, entry: e, asked: a}
	if r.Type == "AuditEvent" || r.Admin.Action != "" {
		f.how = look
	}
	g.found = append(g.found, f)
	return nil
}

// settle leaves out the intents whose end is on record.
func (g *gatherer) settle() {
	settled := map[place]bool{}
	for _, f := range g.found {
		if i := f.entry.Record.Intent; i != nil {
			settled[place{f.place.log, *i}] = true
		}
	}
	g.found = slices.DeleteFunc(g.found, func(f found) bool { return f.entry.Record.Phase == audit.PhaseIntent && settled[f.place] })
}
