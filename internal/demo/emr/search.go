package emr

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"vestibule/fhir"
)

const defaultCount = 50

// search answers with everything that matches: this EMR knows no grants.
func (e *EMR) search(w http.ResponseWriter, typ, rawQuery string) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		e.fail(w, problem(fhir.KindInvalid, "invalid", "The query cannot be read."))
		return
	}
	p, err := takePaging(values)
	if err != nil {
		e.fail(w, err)
		return
	}
	includes := values["_include"]
	values.Del("_include")
	matches, err := e.matcher(typ, values)
	if err != nil {
		e.fail(w, err)
		return
	}
	all := e.store.all(typ)
	if err := order(typ, p.sort, all); err != nil {
		e.fail(w, err)
		return
	}
	page, more, total, err := p.cut(all, matches)
	if err != nil {
		e.fail(w, err)
		return
	}
	b := bundle{base: e.base, self: e.base + "/" + typ + "?" + rawQuery, total: total, hideTotal: p.total == "none"}
	if more {
		b.next = e.base + "/" + typ + "?" + p.nextQuery(rawQuery, page[len(page)-1].ID())
	}
	b.add("match", page...)
	for _, inc := range includes {
		more, err := e.included(typ, inc, page)
		if err != nil {
			e.fail(w, err)
			return
		}
		b.add("include", more...)
	}
	write(w, http.StatusOK, b.bytes())
}

// paging is the part of a search that shapes the answer.
type paging struct {
	count       int
	after       string // id of the last resource of the page before; "" on the first
	sort, total string
}

// cut is the page of what matches in all, which is in order; whether more follow, and how many match altogether. A page begins
// behind a resource and not at a number: what leaves the result while somebody pages through it makes nothing else vanish.
func (p paging) cut(all []fhir.Resource, matches func(fhir.Resource) bool) (page []fhir.Resource, more bool, total int, err error) {
	reached := p.after == ""
	for _, r := range all {
		if matches(r) {
			total++
			more = more || reached && len(page) == p.count
			if reached && len(page) < p.count {
				page = append(page, r)
			}
		}
		reached = reached || r.ID() == p.after
	}
	if !reached {
		return nil, false, 0, problem(fhir.KindInvalid, "invalid", "There is no such page.").At("_after")
	}
	return page, more, total, nil
}

// takePaging takes the paging out of a search's parameters and leaves the criteria.
func takePaging(values url.Values) (paging, error) {
	p := paging{count: defaultCount, sort: values.Get("_sort"), total: values.Get("_total"), after: values.Get("_after")}
	if c := values.Get("_count"); c != "" {
		n, err := strconv.Atoi(c)
		if err != nil || n < 1 || n > 1000 {
			return p, problem(fhir.KindInvalid, "invalid", "_count is out of range.").At("_count")
		}
		p.count = n
	}
	for _, name := range []string{"_count", "_after", "_sort", "_total", "_elements", "_format"} {
		values.Del(name)
	}
	return p, nil
}

// nextQuery is the search again, from where the page that ends with that id ends.
func (p paging) nextQuery(rawQuery, last string) string {
	var kept []string
	for part := range strings.SplitSeq(rawQuery, "&") {
		if part != "" && !strings.HasPrefix(part, "_after=") {
			kept = append(kept, part)
		}
	}
	return strings.Join(append(kept, "_after="+last), "&")
}

func order(typ, keys string, found []fhir.Resource) error {
	if keys == "" || !fhir.IsType(typ) {
		return nil
	}
	q, err := fhir.ParseQuery(typ, url.Values{"_sort": {keys}}, nil)
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, q.Less)
	return nil
}

// bundle is a searchset being written.
type bundle struct {
	base, self, next string
	total            int
	hideTotal        bool
	entries          []byte
	seen             map[string]bool
}

func (b *bundle) add(mode string, resources ...fhir.Resource) {
	if b.seen == nil {
		b.seen = map[string]bool{}
	}
	for _, r := range resources {
		name := r.Type() + "/" + r.ID()
		if b.seen[name] {
			continue
		}
		b.seen[name] = true
		if len(b.entries) > 0 {
			b.entries = append(b.entries, ',')
		}
		b.entries = append(b.entries, `{"fullUrl":"`+b.base+"/"+name+`","search":{"mode":"`+mode+`"},"resource":`...)
		b.entries = append(append(b.entries, r.Bytes()...), '}')
	}
}

func (b *bundle) bytes() []byte {
	out := append(make([]byte, 0, len(b.entries)+1024), `{"resourceType":"Bundle","type":"searchset"`...)
	if !b.hideTotal {
		out = strconv.AppendInt(append(out, `,"total":`...), int64(b.total), 10)
	}
	out = append(append(out, `,"link":[{"relation":"self","url":`...), quote(b.self)...)
	out = append(out, '}')
	if b.next != "" {
		out = append(append(out, `,{"relation":"next","url":`...), quote(b.next)...)
		out = append(out, '}')
	}
	out = append(out, ']')
	if len(b.entries) > 0 {
		out = append(append(append(out, `,"entry":[`...), b.entries...), ']')
	}
	return append(out, '}')
}

func quote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // a string always encodes
		return []byte(`""`)
	}
	return b
}
