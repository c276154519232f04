package oscar

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// found is a row that a search may have found: whole, or as much of it as a list tells.
type found struct {
	r        fhir.Resource
	id       int64
	whole    bool
	statuses []string // of a row that is not whole: what its status can be; none where a list says nothing of it
}

const (
	defaultPage = 50
	mostSorted  = 500 // candidates that are read whole only to put them in order
)

// Search answers one page. The rows that OSCAR's own calls narrow down to are put in order, those behind the cursor are read
// whole where a list did not tell all, and held against every criterion here. A cursor is the last row's place in the order,
// so that a row that stays is on exactly one page while others come and go.
func (a *Adapter) Search(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	page, err := a.search(ctx, q, cursor)
	if err != nil {
		return adapters.Page{}, wire.Plain(err)
	}
	return page, nil
}

func (a *Adapter) search(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
	t, row, err := a.supports(ctx, opSearch, q.Type(), fhir.InteractionSearch)
	if err != nil {
		return adapters.Page{}, err
	}
	order, err := a.order(row, q)
	if err != nil {
		return adapters.Page{}, err
	}
	last, err := parseCursor(q.Type(), cursor)
	if err != nil {
		return adapters.Page{}, err
	}
	all, err := a.candidates(ctx, t, q)
	if err != nil {
		return adapters.Page{}, err
	}
	all = slices.DeleteFunc(all, func(f found) bool { return !f.mayMatch(q.Clauses()) })
	if all, err = a.inOrder(ctx, t, order, all); err != nil {
		return adapters.Page{}, err
	}
	if !last.r.IsZero() {
		at, _ := slices.BinarySearchFunc(all, last, func(x, y found) int { return cmp.Or(compare(order, x, y), -1) })
		all = all[at:]
	}
	count := q.Count()
	if count == 0 {
		count = defaultPage
	}
	page := adapters.Page{}
	if len(all) > count {
		all = all[:count]
		page.Next = cursorAt(order, all[count-1])
	}
	if all, err = a.filled(ctx, t, all); err != nil {
		return adapters.Page{}, err
	}
	for _, f := range all {
		if q.Match(f.r) {
			page.Resources = append(page.Resources, f.r)
		}
	}
	return page, nil
}

// order is q's own, or where it has none the one that pages are cut by: appointments by time, everything by number.
func (a *Adapter) order(row adapters.Type, q fhir.Query) (fhir.Query, error) {
	for _, k := range q.Sort() {
		if !slices.Contains(row.Search, k.Param.Name) {
			return q, notSupported(opSearch, row.Name, "This clinic's EMR cannot put the results in that order. Leave out _sort and sort what you receive.").At("_sort")
		}
	}
	if len(q.Sort()) > 0 || row.Name != typAppointment {
		return q, nil
	}
	return fhir.ParseQuery(typAppointment, url.Values{"_sort": {"date"}}, a.conf.Zone)
}

func compare(order fhir.Query, x, y found) int {
	return cmp.Or(order.Less(x.r, y.r), cmp.Compare(x.id, y.id))
}

// inOrder sorts. An order by what a list does not tell needs the rows themselves.
func (a *Adapter) inOrder(ctx context.Context, t traits, order fhir.Query, all []found) ([]found, error) {
	for _, k := range order.Sort() {
		if k.Param.Name == "date" || k.Param.Name == "_id" || !slices.ContainsFunc(all, func(f found) bool { return !f.whole }) {
			continue
		}
		if len(all) > mostSorted {
			return nil, unbounded("There are too many rows to put them in this order. Sort by date, or narrow the search.").At("_sort")
		}
		var err error
		if all, err = a.filled(ctx, t, all); err != nil {
			return nil, err
		}
		break
	}
	slices.SortFunc(all, func(x, y found) int { return compare(order, x, y) })
	return all, nil
}

// mayMatch holds a row against what can be told of it already, so that it is not read for nothing.
func (f found) mayMatch(clauses []fhir.Clause) bool {
	for _, c := range clauses {
		switch told := c.Modifier() == "" && slices.Contains([]string{"_id", "date", "identifier", "patient", "practitioner", "actor"}, c.Param().Name); {
		case (f.whole || told) && !c.Match(f.r), !f.whole && !f.mayBe(c):
			return false
		}
	}
	return true
}

// mayBe reports whether the row can have a status that a clause asks for.
func (f found) mayBe(c fhir.Clause) bool {
	if c.Param().Name != "status" || c.Modifier() != "" || len(f.statuses) == 0 {
		return true
	}
	return slices.ContainsFunc(c.Tokens(), func(t fhir.Token) bool { return t.System != "" || slices.Contains(f.statuses, t.Code) })
}

// filled are the rows, each whole.
func (a *Adapter) filled(ctx context.Context, t traits, all []found) ([]found, error) {
	var ids []int64
	for _, f := range all {
		if !f.whole {
			ids = append(ids, f.id)
		}
	}
	if len(ids) == 0 {
		return all, nil
	}
	rows, err := a.whole(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	read := make(map[int64]fhir.Resource, len(rows))
	for _, row := range rows {
		if read[row.id], err = a.appointmentResource(opSearch, row); err != nil {
			return nil, err
		}
	}
	out := make([]found, 0, len(all))
	for _, f := range all {
		if !f.whole {
			f = found{r: read[f.id], id: f.id, whole: true}
		}
		if !f.r.IsZero() {
			out = append(out, f)
		}
	}
	return out, nil
}

const maxCursor = 4 << 10

// cursorAt is a row's place in an order: its number and the elements that the order looks at.
func cursorAt(order fhir.Query, f found) string {
	w := writer{}
	w.open("", '{')
	w.text("resourceType", f.r.Type())
	w.text("id", f.r.ID())
	var names []string
	for _, k := range order.Sort() {
		for _, path := range k.Param.Paths {
			name, _, _ := strings.Cut(path, ".")
			if v := f.r.Value().Get(name); v.Exists() && name != "id" && !slices.Contains(names, name) {
				names = append(names, name)
				w.key(name)
				w.b = append(w.b, v.Raw()...)
			}
		}
	}
	w.close('}')
	return base64.RawURLEncoding.EncodeToString(w.b)
}

// parseCursor reads a cursor back. It names nothing but a place, so a forged one leads to other rows of the same search.
func parseCursor(typ, cursor string) (found, error) {
	if cursor == "" {
		return found{}, nil
	}
	bad := fhir.E(opSearch, fhir.KindInvalid, "invalid-cursor", "This page link is not one that the gateway gave out. Repeat the search.")
	if len(cursor) > maxCursor {
		return found{}, bad
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || !bytes.HasPrefix(b, []byte("{")) {
		return found{}, bad
	}
	r, err := fhir.ParseResource(b, fhir.Limits{Bytes: maxCursor})
	if err != nil || r.Type() != typ {
		return found{}, bad
	}
	id, ok := rowID(r.ID())
	if !ok {
		return found{}, bad
	}
	return found{r: r, id: id, whole: true}, nil
}
