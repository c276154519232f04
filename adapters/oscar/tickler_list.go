package oscar

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// owners remembers whose tickler a number is: OSCAR lists ticklers by patient, and has no call for one by its number.
type owners struct {
	mu sync.Mutex
	of map[int64]int64
}

const mostOwners = 100_000

func (o *owners) learn(rows []tickler) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil || len(o.of) > mostOwners {
		o.of = map[int64]int64{}
	}
	for _, row := range rows {
		o.of[row.id] = row.patient
	}
}

func (o *owners) patient(id int64) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.of[id]
}

// tickler reads one tickler: by its number where the dialect can, else among its patient's, else among all.
func (a *Adapter) tickler(ctx context.Context, op string, t traits, id int64) (tickler, error) {
	if t.ticklerIDs {
		return a.ticklerByID(ctx, op, id)
	}
	one := func(rows []tickler) (tickler, bool) {
		i := slices.IndexFunc(rows, func(row tickler) bool { return row.id == id })
		if i < 0 {
			return tickler{}, false
		}
		return rows[i], true
	}
	if patient := a.owners.patient(id); patient > 0 {
		rows, err := a.ticklers(ctx, op, "demographicNo", strconv.FormatInt(patient, 10))
		if err != nil {
			return tickler{}, err
		}
		if row, ok := one(rows); ok {
			return row, nil
		}
	}
	rows, err := a.ticklers(ctx, op)
	if err != nil {
		return tickler{}, err
	}
	row, ok := one(rows)
	if !ok {
		return tickler{}, notFound(op, typTask)
	}
	return row, nil
}

// ticklerByID is Juno's REST v1.
func (a *Adapter) ticklerByID(ctx context.Context, op string, id int64) (tickler, error) {
	b, err := a.link.do(ctx, exchange{op: op, typ: typTask, method: http.MethodGet, path: "/ws/services/v1/tickler/" + strconv.FormatInt(id, 10), again: true, numbered: true})
	if f := wire.AsFault(err); err != nil && f.Status == http.StatusNotFound {
		return tickler{}, notFound(op, typTask)
	}
	if err != nil {
		return tickler{}, readFault(err, op)
	}
	row, err := a.junoTickler(op, b)
	if err != nil {
		return tickler{}, err
	}
	if row.id != id {
		return tickler{}, wrong(op, typTask, "The EMR answered with another row than the one asked for.")
	}
	return row, nil
}

// junoTickler takes a tickler out of Juno's envelope.
func (a *Adapter) junoTickler(op string, b []byte) (tickler, error) {
	v, err := a.parse(op, typTask, b)
	if err != nil {
		return tickler{}, err
	}
	if v.Get("status").Text() != "SUCCESS" || v.Get("body").Kind() != fhir.Object {
		if wait, limited := junoLimit(v); limited {
			return tickler{}, junoBusy(op, typTask, http.StatusOK, wait)
		}
		return tickler{}, &wire.Fault{Err: wrong(op, typTask, "The EMR answered something else than what was asked for."), Fate: wire.Finished}
	}
	return a.ticklerRow(v.Get("body")), nil
}

const (
	ticklerPage = 200
	mostAtOnce  = 5000 // of any list: who asks for more gets an exception (Open-O's AbstractDaoImpl.setLimit)
)

var errShifted = errors.New("the list changed while it was read")

// ticklers lists what meets the filters, names and values in turn, sorted by number. The pages of OSCAR's list move when a
// tickler is added, and nothing says in which order those of one day stand; so a list that changed while it was read is read
// again, in one piece.
func (a *Adapter) ticklers(ctx context.Context, op string, filters ...string) ([]tickler, error) {
	size := ticklerPage
	for range 3 {
		rows, err := a.ticklerPages(ctx, op, size, filters)
		if errors.Is(err, errShifted) {
			size = min(a.conf.Settings.MaxRows+1, mostAtOnce)
			continue
		}
		if err != nil {
			return nil, err
		}
		slices.SortFunc(rows, func(x, y tickler) int { return int(x.id - y.id) })
		a.owners.learn(rows)
		return rows, nil
	}
	return nil, unavailable(op)
}

func unavailable(op string) *fhir.Error {
	e := fhir.E(op, fhir.KindUnavailable, "emr-busy", "The EMR's list changes faster than it can be read. Try again later.")
	e.Ref.Type = typTask
	return e
}

func (a *Adapter) ticklerPages(ctx context.Context, op string, size int, filters []string) ([]tickler, error) {
	var rows []tickler
	seen := map[int64]bool{}
	total := int64(-1)
	for page := 1; ; page++ {
		query := append([]string{"count", strconv.Itoa(size), "page", strconv.Itoa(page), "includeComments", "true", "includeLinks", "true"}, filters...)
		v, err := a.listedTicklers(ctx, op, query)
		if err != nil {
			return nil, readFault(err, op)
		}
		list := v.Get("content")
		if list.Kind() != fhir.Array || !v.Get("total").Exists() {
			return nil, wrong(op, typTask, "The EMR answered something else than what was asked for.")
		}
		now := integer(v.Get("total"))
		if total >= 0 && now != total {
			return nil, errShifted
		}
		total = now
		count := 0
		for m := range list.Items() {
			row := a.ticklerRow(m)
			if count++; seen[row.id] {
				return nil, errShifted
			}
			seen[row.id] = true
			if row.id > 0 && row.patient > 0 {
				rows = append(rows, row)
			}
		}
		switch {
		case count == 0, count < size && int64(len(seen)) >= total:
			return rows, nil
		case count < size && page > 1:
			return nil, errShifted
		case count < size: // it gives fewer at once than it is asked for
			size = count
		case len(rows) >= a.conf.Settings.MaxRows:
			return nil, unbounded("This search looks at too many ticklers. Narrow it, for example by patient, owner or status.")
		}
	}
}

// listedTicklers asks for one page. Where no status is asked for it is sent empty, which means any: OSCAR fails without the
// parameter itself (Open-O's TicklerDaoImpl.getTicklerQueryString).
func (a *Adapter) listedTicklers(ctx context.Context, op string, query []string) (fhir.Value, error) {
	text := encodeQuery(query)
	if !slices.Contains(query, "status") {
		text += "&status="
	}
	b, err := a.link.do(ctx, exchange{op: op, typ: typTask, method: http.MethodGet, path: "/ws/services/tickler/ticklers", query: text, again: true})
	if err != nil {
		return fhir.Value{}, err
	}
	return a.parse(op, typTask, b)
}

// taskCandidates asks for the ticklers that q narrows down to.
func (a *Adapter) taskCandidates(ctx context.Context, q fhir.Query) ([]found, error) {
	var filters []string
	filter := func(name, typ string, params ...string) {
		if ids, ok := referred(q, typ, params...); ok && len(ids) == 1 {
			filters = append(filters, name, ids[0])
		}
	}
	filter("demographicNo", "Patient", "patient", "subject")
	filter("taskAssignedTo", "Practitioner", "owner")
	filter("creator", "Practitioner", "requester")
	if status, ok := a.nativeTaskStatus(q); ok {
		filters = append(filters, "status", status)
	}
	rows, err := a.ticklers(ctx, opSearch, filters...)
	if err != nil {
		return nil, err
	}
	out := make([]found, 0, len(rows))
	for _, row := range rows {
		r, err := a.taskResource(opSearch, row)
		if err != nil {
			return nil, err
		}
		out = append(out, found{r: r, id: row.id, whole: true})
	}
	return out, nil
}

// nativeTaskStatus is the one code that a search's status asks for.
func (a *Adapter) nativeTaskStatus(q fhir.Query) (string, bool) {
	for _, c := range q.Clauses() {
		if tokens := c.Tokens(); c.Param().Name == "status" && c.Modifier() == "" && len(tokens) == 1 {
			for _, code := range []string{"A", "C", "D"} {
				if want := tokens[0].Code; want == a.taskStatus(tickler{status: code}) || want == a.taskStatus(tickler{status: code, comments: []remark{{}}}) {
					return code, true
				}
			}
		}
	}
	return "", false
}

// taskStatus is FHIR's status for a tickler's. What is not known is requested.
func (a *Adapter) taskStatus(row tickler) string {
	switch {
	case strings.EqualFold(row.status, "C"):
		return "completed"
	case strings.EqualFold(row.status, "D"):
		return a.conf.Settings.DeletedAs
	case a.conf.Settings.InProgress && len(row.comments) > 0:
		return "in-progress"
	}
	return "requested"
}
