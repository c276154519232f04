package oscar

import (
	"context"
	"slices"
	"strconv"
	"time"

	"vestibule/fhir"
)

// candidates are the rows that can match q, by the narrowest of OSCAR's own calls that q allows. A search that none of them
// answers within bounds is refused: part of an answer would look like all of it.
func (a *Adapter) candidates(ctx context.Context, t traits, q fhir.Query) ([]found, error) {
	if ids, ok := a.named(q); ok {
		return a.byID(ctx, t, q.Type(), ids)
	}
	switch q.Type() {
	case typAppointment:
		return a.appointmentCandidates(ctx, t, q)
	case typTask:
		return a.taskCandidates(ctx, q)
	}
	return a.documentCandidates(ctx, q)
}

// named are the rows that q names, by _id or by the EMR's own number as an identifier.
func (a *Adapter) named(q fhir.Query) (ids []int64, ok bool) {
	table := map[string]string{typAppointment: "appointment", typTask: "tickler"}[q.Type()]
	if table == "" {
		table = "document"
	}
	for _, c := range q.Clauses() {
		name := c.Param().Name
		if c.Modifier() != "" || name != "_id" && name != "identifier" || len(c.Tokens()) == 0 {
			continue
		}
		ids = nil
		own := true
		for _, token := range c.Tokens() {
			own = own && (name == "_id" || token.System == a.system(table) && token.Code != "")
			if id, isID := rowID(token.Code); isID {
				ids = append(ids, id)
			}
		}
		if own {
			return ids, true
		}
	}
	return nil, false
}

func (a *Adapter) byID(ctx context.Context, t traits, typ string, ids []int64) ([]found, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	out := make([]found, len(ids))
	err := a.each(ctx, len(ids), func(ctx context.Context, i int) error {
		r, err := a.read(ctx, opSearch, t, typ, ids[i])
		if err != nil && fhir.KindOf(err) == fhir.KindNotFound {
			return nil
		}
		out[i] = found{r: r, id: ids[i], whole: true}
		return err
	})
	return slices.DeleteFunc(out, func(f found) bool { return f.r.IsZero() }), err
}

// referred are the ids of that type that a clause with one of those names allows; ok is false where none limits them.
func referred(q fhir.Query, typ string, names ...string) (ids []string, ok bool) {
	for _, c := range q.Clauses() {
		refs, complete := c.Refs()
		if !complete || c.Modifier() != "" || !slices.Contains(names, c.Param().Name) || slices.ContainsFunc(refs, func(r fhir.Ref) bool { return r.Type != typ }) {
			continue
		}
		ids = nil
		for _, r := range refs {
			ids = append(ids, r.ID)
		}
		return ids, true
	}
	return nil, false
}

// span is the stretch of time that all clauses of a date parameter allow together; zero times leave it open.
func span(q fhir.Query, names ...string) (from, to time.Time) {
	for _, c := range q.Clauses() {
		if !slices.Contains(names, c.Param().Name) {
			continue
		}
		f, t := c.Span()
		if !f.IsZero() && (from.IsZero() || f.After(from)) {
			from = f
		}
		if !t.IsZero() && (to.IsZero() || t.Before(to)) {
			to = t
		}
	}
	return from, to
}

// operationOf is the operation that q looks for by identifier; "" for none.
func operationOf(q fhir.Query) string {
	for _, c := range q.Clauses() {
		if tokens := c.Tokens(); c.Param().Name == "identifier" && c.Modifier() == "" && len(tokens) == 1 && tokens[0].System == operationSystem {
			return tokens[0].Code
		}
	}
	return ""
}

// feedAge is how far back a write without a known outcome is looked for among all that was changed.
const feedAge = 7 * 24 * time.Hour

// mostPatients is how many patients' rows one search may gather.
const mostPatients = 20

func (a *Adapter) appointmentCandidates(ctx context.Context, t traits, q fhir.Query) ([]found, error) {
	if patients, ok := referred(q, "Patient", "patient", "actor"); ok && len(patients) <= mostPatients {
		return a.ofPatients(ctx, t, patients)
	}
	from, to := span(q, "date")
	if !from.IsZero() && !to.IsZero() {
		first, last := dayOf(from.In(a.conf.Zone)), dayOf(to.In(a.conf.Zone))
		if !from.Before(to) {
			return nil, nil
		}
		if to.Sub(from) > time.Duration(a.conf.Settings.MaxDays)*24*time.Hour {
			return nil, unbounded("Ask for at most " + strconv.Itoa(a.conf.Settings.MaxDays) + " days at once in date, or for one patient.").At("date")
		}
		return a.onSheets(ctx, t, q, first, last)
	}
	if operationOf(q) != "" && a.soap != nil {
		rows, err := a.feed(ctx, a.conf.Now().Add(-feedAge))
		if err != nil {
			return nil, err
		}
		return a.asFound(rows, !t.schedule)
	}
	return nil, unbounded("This clinic's EMR finds appointments by patient or by a range of dates: add patient=…, or date=ge… and date=lt….")
}

func (a *Adapter) ofPatients(ctx context.Context, t traits, patients []string) ([]found, error) {
	var out []found
	for _, p := range patients {
		id, ok := rowID(p)
		if !ok {
			continue
		}
		rows, err := a.history(ctx, opSearch, t, id)
		if err != nil {
			return nil, err
		}
		all, err := a.asFound(rows, true)
		if err != nil {
			return nil, err
		}
		out = append(out, all...)
	}
	return unique(out), nil
}

// onSheets are the rows on the sheets of the practitioners that q names, or of all.
func (a *Adapter) onSheets(ctx context.Context, t traits, q fhir.Query, first, last day) ([]found, error) {
	providers, ok := referred(q, "Practitioner", "practitioner", "actor")
	if !ok {
		l, err := a.providers.Get(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range l.Value {
			providers = append(providers, p.no)
		}
	}
	providers = slices.DeleteFunc(providers, func(no string) bool { return !numeric(no) })
	slices.Sort(providers)
	var out []found
	for chunk := range slices.Chunk(slices.Compact(providers), 100) {
		rows, err := a.between(ctx, opSearch, t, chunk, first, last)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(row appointment) bool { // of the days around, which count for nothing
			return row.day.String() < first.String() || row.day.String() > last.String()
		})
		all, err := a.asFound(rows, !t.schedule)
		if err != nil {
			return nil, err
		}
		if out = append(out, all...); len(out) > a.conf.Settings.MaxRows {
			return nil, unbounded("This search looks at too many appointments. Narrow it, for example by practitioner or date.")
		}
	}
	return unique(out), nil
}

// numeric reports whether a provider's number is one that OSCAR's lists can be asked for: they take integers alone.
func numeric(no string) bool {
	n, err := strconv.Atoi(no)
	return err == nil && n >= 0 && len(no) <= 6
}

// asFound translates rows, or candidates.
func (a *Adapter) asFound(rows []appointment, whole bool) ([]found, error) {
	out := make([]found, 0, len(rows))
	for _, row := range rows {
		f := found{id: row.id, whole: whole}
		var err error
		if whole {
			f.r, err = a.appointmentResource(opSearch, row)
		} else {
			f.r, err = a.partial(row)
			f.statuses = a.conf.Settings.possible(row.status)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// unique are the rows, each once.
func unique(all []found) []found {
	seen := map[int64]bool{}
	return slices.DeleteFunc(all, func(f found) bool {
		was := seen[f.id]
		seen[f.id] = true
		return was
	})
}
