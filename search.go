package vestibule

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"vestibule/fhir"
	"vestibule/policy"
)

const (
	defaultCount = 50 // entries on a page where the caller does not say
	emrCount     = 20 // entries asked of the EMR at least: small pages would tell how many withheld ones lie between
	maxPages     = 40 // of the EMR, read for one page of the gateway
)

// place is where a search goes on: a page of the EMR and how many of its resources are behind us.
type place struct {
	cursor string // the EMR's; empty: its first page
	skip   int
	page   int // how many pages were given out before
}

// search answers one page of a search. The EMR's pages hold what the caller may not see, so a page of ours is filled from
// as many of them as it takes, and there is a next link exactly if there is another entry to show: neither the length of a
// page nor its link tells of what was kept back (hazards H3, H4).
//
// Under other rules than those it began with it begins again: what is searched for may be another, and what may be shown.
func (a *access) search(ctx context.Context) Answer {
	for range renewals {
		query, from, err := a.openPage()
		if err != nil {
			return a.stopped(ctx, fhir.AsError(err))
		}
		count := query.Count()
		if count == 0 {
			count = defaultCount
		}
		found, err := a.collect(ctx, a.decision.Narrow(query).WithCount(max(count, emrCount)), from, count)
		if a.renew() {
			if !a.decision.Permitted() {
				return a.deny(ctx, a.decision.Err())
			}
			continue
		}
		if err != nil {
			return a.fail(ctx, fhir.AsError(err))
		}
		return a.answerPage(ctx, query, from, found)
	}
	return a.deny(ctx, rulesChanged())
}

// answerPage answers with what was found.
func (a *access) answerPage(ctx context.Context, query fhir.Query, from place, found found) Answer {
	a.record.Withheld, a.keptBack = found.withheld, found.because
	at := a.req.Base + "/" + query.Type()
	p := page{base: a.req.Base, self: at + "?" + query.Encode(), total: -1}
	if found.more {
		p.next = at + "?_cursor=" + url.QueryEscape(a.g.seal.cursor(a.binding(), cursorState{
			Query: query.Encode(), Grants: a.decision.Grants(), Cursor: found.next.cursor, Skip: found.next.skip, Page: from.page + 1,
			Expires: a.start.Add(cursorLife).Unix()}))
	} else if from == (place{}) {
		p.total = len(found.released)
	}
	return a.succeed(ctx, http.StatusOK, found.released, Answer{page: &p})
}

// openPage is what to search for and where to begin. A cursor carries its query sealed, so that a link holds no patient,
// and is bound to caller, clinic and grants; what it carries is decided afresh.
func (a *access) openPage() (fhir.Query, place, error) {
	query := a.req.Interaction.Query
	if query.Cursor() == "" {
		return query, place{}, nil
	}
	c, err := a.g.seal.openCursor(query.Cursor(), a.binding(), a.start)
	if err != nil {
		return fhir.Query{}, place{}, err
	}
	values, err := url.ParseQuery(c.Query)
	if err != nil {
		return fhir.Query{}, place{}, err
	}
	if query, err = fhir.ParseQuery(query.Type(), values, a.clinic.Zone); err != nil {
		return fhir.Query{}, place{}, err
	}
	a.record.Query = query.Encode()
	a.decide(fhir.Interaction{Kind: fhir.InteractionSearch, Type: query.Type(), Query: query})
	if !a.decision.Permitted() {
		return fhir.Query{}, place{}, a.decision.Err()
	}
	if !slices.Equal(c.Grants, a.decision.Grants()) {
		return fhir.Query{}, place{}, cursorRefused()
	}
	if err := a.turned(c.Page + 1); err != nil {
		return fhir.Query{}, place{}, err
	}
	return query, place{c.Cursor, c.Skip, c.Page}, nil
}

// found is one page of ours.
type found struct {
	released []policy.Released
	withheld int
	because  []policy.Reason // why, each once
	more     bool
	next     place
}

// keep remembers why a resource is kept back.
func (f *found) keep(reasons []policy.Reason) {
	for _, r := range reasons {
		if len(f.because) < maxRules && !slices.Contains(f.because, r) {
			f.because = append(f.because, r)
		}
	}
}

// collect reads the EMR's pages from a place until count resources may be shown and it is known whether another one is.
func (a *access) collect(ctx context.Context, query fhir.Query, from place, count int) (found, error) {
	var f found
	at := from
	for range maxPages {
		p, err := a.clinic.EMR.Search(ctx, query, at.cursor)
		if err != nil {
			return found{}, err
		}
		if a.outdated() { // nothing of it will be shown, so nothing more is asked for
			return found{}, nil
		}
		if f.released == nil {
			f.released = make([]policy.Released, 0, min(count, len(p.Resources)))
		}
		for i := min(at.skip, len(p.Resources)); i < len(p.Resources); i++ {
			released, reasons := a.decision.Release(p.Resources[i])
			switch {
			case released.IsZero():
				f.withheld++
				f.keep(reasons)
			case len(f.released) == count:
				f.more, f.next = true, place{cursor: at.cursor, skip: i}
				return f, nil
			default:
				f.released = append(f.released, released)
			}
		}
		if p.Next == "" {
			return f, nil
		}
		at = place{cursor: p.Next}
	}
	return found{}, fhir.E("vestibule.search", fhir.KindUnprocessable, "search-too-broad",
		"This search finds too much outside your grants to answer it; narrow it, for example by date or practitioner.")
}
