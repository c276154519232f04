package fhirr4

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Search asks the EMR for one page. Page.Next is what follows the EMR's base in its next link.
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
	t, err := a.supports(ctx, opSearch, q.Type(), fhir.InteractionSearch)
	if err != nil {
		return adapters.Page{}, err
	}
	p, err := a.divide(t, q)
	if err != nil {
		return adapters.Page{}, err
	}
	at, err := parsePosition(q.Type(), cursor)
	if err != nil {
		return adapters.Page{}, err
	}
	ans, err := a.do(ctx, a.page(q.Type(), p, at))
	if err != nil {
		return adapters.Page{}, err
	}
	all, next, err := a.bundle(ans.body, q.Type())
	if err != nil {
		return adapters.Page{}, err
	}
	all, at = cutPage(t, q, all, at, next)
	return adapters.Page{Resources: filter(all, p.withheld), Next: at.String()}, nil
}

// page is the request for the page at that position.
func (a *Adapter) page(typ string, p plan, at position) exchange {
	x := exchange{op: opSearch, typ: typ, method: http.MethodGet, path: typ, query: p.query, again: true}
	switch {
	case at.follow:
		x.path, x.query = at.path, at.query
	case a.conf.SearchByPost || len(p.query) > maxURLQuery:
		x.method, x.path, x.query = http.MethodPost, typ+"/_search", ""
		x.body, x.form = []byte(p.query), true
	}
	return x
}

// bundle takes the searched type's resources out of an EMR's page, and where the next one is.
func (a *Adapter) bundle(body []byte, typ string) ([]fhir.Resource, position, error) {
	b, err := fhir.ParseBundle(body, a.limits)
	if err != nil {
		return nil, position{}, broken(opSearch, typ, err)
	}
	if t := b.Type(); t != "searchset" && t != "collection" { // OpenEMR says collection
		return nil, position{}, upstream(opSearch, typ, "emr-answer-wrong", "The EMR answered a search with something else than a search result.")
	}
	entries, err := b.Entries()
	if err != nil {
		return nil, position{}, broken(opSearch, typ, err)
	}
	all := make([]fhir.Resource, 0, len(entries))
	for _, e := range entries {
		if !e.Matches(typ) {
			continue // what was not asked for is not an access (hazard H2)
		}
		if !e.Resource.Value().Get("id").Exists() {
			return nil, position{}, upstream(opSearch, typ, "emr-answer-wrong", "The EMR answered with a resource that has no id.")
		}
		r, err := a.localize(e.Resource)
		if err != nil {
			return nil, position{}, err
		}
		all = append(all, r)
	}
	next, err := a.next(typ, b.Link("next"))
	return all, next, err
}

// filter keeps what meets the criteria that the EMR was not asked.
func filter(all []fhir.Resource, withheld []fhir.Clause) []fhir.Resource {
	if len(withheld) == 0 {
		return all
	}
	kept := all[:0]
	for _, r := range all {
		if matchesAll(withheld, r) {
			kept = append(kept, r)
		}
	}
	return kept
}

func matchesAll(clauses []fhir.Clause, r fhir.Resource) bool {
	for _, c := range clauses {
		if !c.Match(r) {
			return false
		}
	}
	return true
}

// position is where in a search a page stands: a place below the EMR's base, and how many of that page's resources were
// given out already (only with an EMR that does not divide its results itself).
type position struct {
	follow bool // path and query say which page; otherwise it is the first
	path   string
	query  string
	skip   int
}

// String is the position as a cursor: "[skip~]path?query"; "" for the position after the last page.
func (p position) String() string {
	s := ""
	if p.follow {
		s = p.path + "?" + p.query
	}
	if p.skip > 0 {
		s = strconv.Itoa(p.skip) + "~" + s
	}
	return s
}

const (
	maxCursor   = 8 << 10
	maxURLQuery = 4 << 10 // longer searches go by POST, which R4 asks of every server that searches
)

// parsePosition reads a cursor back and trusts it no further than a link from the EMR: it leads to a page of this type's
// search below the base, or nowhere.
func parsePosition(typ, cursor string) (position, error) {
	var p position
	if cursor == "" {
		return p, nil
	}
	bad := fhir.E(opSearch, fhir.KindInvalid, "invalid-cursor", "This page link is not one that the gateway gave out. Repeat the search.")
	if skip, rest, ok := strings.Cut(cursor, "~"); ok && !strings.ContainsAny(skip, "?/") {
		n, err := strconv.Atoi(skip)
		if err != nil || n <= 0 || n > 1<<20 {
			return p, bad
		}
		p.skip, cursor = n, rest
		if cursor == "" {
			return p, nil
		}
	}
	p.path, p.query, p.follow = strings.Cut(cursor, "?")
	if !p.follow || !searchPath(typ, p.path) || !cleanQuery(p.query) {
		return position{}, bad
	}
	return p, nil
}

// searchPath reports whether path, below the base, is where a type's results are paged: the type itself, its _search, or
// the base (HAPI's _getpages).
func searchPath(typ, path string) bool {
	switch strings.TrimSuffix(path, "/") {
	case "", typ, typ + "/_search":
		return path != "/"
	}
	return false
}

// cleanQuery reports whether q can stand in a request line as it is.
func cleanQuery(q string) bool {
	for i := range len(q) {
		if q[i] <= ' ' || q[i] > '~' || q[i] == '#' {
			return false
		}
	}
	return q != "" && len(q) <= maxCursor
}

// next turns the EMR's next link into a position. A link that leads anywhere but to more of the same search is refused: it
// would make the gateway send its token, and a patient's query, to an address of somebody else's choice.
func (a *Adapter) next(typ, link string) (position, error) {
	if link == "" {
		return position{}, nil
	}
	if u, err := url.Parse(link); err == nil && u.User == nil && u.Fragment == "" && u.Opaque == "" {
		for _, base := range a.bases {
			from := *base
			from.Path += "/"
			abs := from.ResolveReference(u)
			rest, below := strings.CutPrefix(abs.EscapedPath(), base.Path)
			if !below || abs.Scheme != base.Scheme || !strings.EqualFold(abs.Host, base.Host) || rest != "" && rest[0] != '/' {
				continue
			}
			p := position{follow: true, path: strings.TrimPrefix(rest, "/"), query: abs.RawQuery}
			if searchPath(typ, p.path) && cleanQuery(p.query) {
				return p, nil
			}
		}
	}
	return position{}, upstream(opSearch, typ, "emr-link-foreign", "The EMR's link to the next page leads elsewhere, so it is not followed.")
}

// cutPage divides a page that came whole from an EMR that cannot count, so that a page asked for with a size has that size.
func cutPage(t adapters.Type, q fhir.Query, all []fhir.Resource, at, next position) ([]fhir.Resource, position) {
	if at.skip > len(all) {
		return nil, position{} // the result became shorter in between
	}
	rest := all[at.skip:]
	if n := q.Count(); !t.Count && n > 0 && len(rest) > n {
		at.skip += n
		return rest[:n], at
	}
	return rest, next
}
