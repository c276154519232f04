package probe

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// paged is a first page of a type and the address of its second.
type paged struct {
	k     *kind
	first *answer
	next  string
}

// paged finds types whose visible resources fill more than one page.
func (t *trial) paged() []paged {
	var out []paged
	for _, k := range t.searched() {
		a := t.do(get("/" + k.typ + "?_count=1"))
		if next := a.link("next"); a.isSearchset() && next != "" && !t.foreign(next) {
			out = append(out, paged{k, a, next})
		}
	}
	return out
}

const onePage = "no search of what the token sees has a second page"

// pageProbes are about links to further pages (hazard H3).
func pageProbes() []Probe {
	return []Probe{
		{Name: "page-without-token", Hazard: "H3", Shows: "Whether the address of a second page is answered without a token.", none: onePage, try: func(t *trial) {
			t.pages(func(p paged) ask { return ask{link: p.next, bare: true} }, "the second page is answered without a token")
		}},
		{Name: "page-garbage-token", Hazard: "H3", Shows: "Whether the address of a second page is answered to a token that means nothing.", none: onePage, try: func(t *trial) {
			t.pages(func(p paged) ask { return ask{link: p.next, auth: "Bearer zqx.vestibule.zqx"} }, "the second page is answered to a token that means nothing")
		}},
		{Name: "page-tampered", Hazard: "H3", Shows: "Whether a page link that was changed is answered: it could be changed into somebody else's.", none: onePage, try: tampered},
		{Name: "page-other-type", Hazard: "H3", Shows: "Whether a page link of one type works below another.", none: onePage, try: func(t *trial) {
			for _, p := range t.paged() {
				for _, typ := range append([]string{"Patient"}, mainTypes()...) {
					u, err := url.Parse(p.next)
					if err != nil || typ == p.k.typ || !strings.Contains(u.Path, "/"+p.k.typ) {
						continue
					}
					u.Path = strings.Replace(u.Path, "/"+p.k.typ, "/"+typ, 1)
					var controls []*answer
					if k := t.kinds[typ]; k != nil && k.plain != nil {
						controls = append(k.pages, k.plain)
					}
					t.trick(ask{link: u.String()}, controls...)
				}
			}
		}},
		{Name: "page-other-query", Hazard: "H3", Shows: "Whether a page link works together with parameters that are refused by themselves.", none: onePage, try: func(t *trial) {
			for _, p := range t.paged() {
				for _, add := range []string{"_include=" + p.k.typ + ":patient", "_include=*", "_revinclude=*"} {
					t.trick(ask{link: joined(p.next, add)}, p.k.pages...)
				}
			}
		}},
		{Name: "page-link-host", Hazard: "H3", Shows: "Whether page links lead to another host, past what guards this one.", try: func(t *trial) {
			for _, k := range t.searched() {
				for _, a := range append(slices.Clone(k.pages), t.do(get("/"+k.typ+"?_count=1"))) {
					if n := a.link("next"); n != "" && t.foreign(n) {
						t.note(Leak, "a next link leads to another origin than the base's", a)
					} else {
						t.note(OK, "page links stay at the base's origin")
					}
				}
			}
		}},
		{Name: "page-shared-cache", Hazard: "H3", Shows: "Whether answers with data may be kept by shared caches, which serve them without asking anybody.", try: cacheable},
		{Name: "page-link-tells", Hazard: "H3", Shows: "Whether a value that was searched by POST, to keep it out of URLs, stands in the next link.", none: "no search by patient has a second page", try: linkTells},
	}
}

func joined(link, params string) string {
	if strings.Contains(link, "?") {
		return link + "&" + params
	}
	return link + "?" + params
}

// pages asks for second pages as nobody in particular.
func (t *trial) pages(as func(paged) ask, leak string) {
	for _, p := range t.paged() {
		got := t.do(as(p))
		switch {
		case t.over() || t.failed(got):
		case got.isSearchset() && len(got.matches()) > 0:
			t.note(Leak, leak, got, t.do(ask{link: p.next}))
		default:
			t.note(OK, "refused, or answered without resources")
		}
	}
}

// tampered changes the last letter or digit of each parameter of a page link.
func tampered(t *trial) {
	for _, p := range t.paged() {
		u, err := url.Parse(p.next)
		if err != nil {
			continue
		}
		right := t.do(ask{link: p.next})
		for i, part := range strings.Split(u.RawQuery, "&") {
			key, value, _ := strings.Cut(part, "=")
			if value == "" || slices.Contains([]string{"_count", "_format", "_pretty", "_total", "_bundletype"}, key) || t.over() {
				continue
			}
			parts := strings.Split(u.RawQuery, "&")
			parts[i] = key + "=" + changed(value)
			v := *u
			v.RawQuery = strings.Join(parts, "&")
			got := t.do(ask{link: v.String()})
			switch {
			case t.failed(got) || t.spilled(got, append(p.k.pages, right)...):
			case got.isSearchset() && len(got.matches()) > 0:
				t.note(Warning, "a page link that was changed is answered with resources; they are no more than the caller sees anyway", got, right)
			default:
				t.note(OK, "refused, or answered without resources")
			}
		}
	}
}

// changed is a value with one character changed in its middle, of the same sort.
func changed(s string) string {
	i := len(s) / 2
	c := s[i]
	switch {
	case c >= '0' && c < '9':
		c++
	case c == '9':
		c = '1'
	case c == 'A':
		c = 'B'
	default:
		c = 'A'
	}
	return s[:i] + string(c) + s[i+1:]
}

// cacheable looks at what the answers with data say about caches.
func cacheable(t *trial) {
	for _, k := range t.searched() {
		cc := strings.ToLower(k.plain.header.Get("Cache-Control"))
		switch {
		case strings.Contains(cc, "public") || strings.Contains(cc, "s-maxage"):
			t.note(Leak, "an answer with patients' data says that shared caches may keep it", k.plain)
		case strings.Contains(cc, "no-store") || strings.Contains(cc, "private"):
			t.note(OK, "kept out of shared caches")
		default: // RFC 9111 section 3.5: Authorization keeps it out of a shared cache, a browser's disk it does not
			t.note(Warning, "answers with patients' data do not say no-store; a browser or a proxy may keep them", k.plain)
		}
	}
}

// linkTells searches by POST for a patient and looks for the patient in the next link.
func linkTells(t *trial) {
	for _, k := range t.searched() {
		for _, ref := range t.referred("Patient") {
			a := t.do(ask{method: "POST", path: "/" + k.typ + "/_search", body: "_count=1&patient={}", filled: []string{ref}, form: true})
			if next := a.link("next"); t.over() || next == "" {
				continue
			} else if _, id, _ := strings.Cut(ref, "/"); strings.Contains(next, id) {
				t.note(Leak, "the patient that was searched by POST stands in the next link, and so in every log on the way", a)
			} else {
				t.note(OK, "the next link does not tell")
			}
			return
		}
	}
}

// totalProbes are about numbers that count what was filtered (hazard H4).
func totalProbes() []Probe {
	return []Probe{
		counting("total", "Whether Bundle.total counts resources that the caller does not get.", ""),
		counting("total-accurate", "The same where an accurate total is asked for.", "_total=accurate"),
		counting("total-estimate", "The same where an estimate is asked for.", "_total=estimate"),
		counting("count-zero", "The same with _count=0, which asks for the total only.", "_count=0"),
		counting("summary-count", "The same with _summary=count.", "_summary=count"),
		{Name: "count-negative", Hazard: "H4", Shows: "Whether a negative or malformed _count gives more than the pages of a search.", try: func(t *trial) { t.counts("-1", "1e3", "0x10", "") }},
		{Name: "count-huge", Hazard: "H4", Shows: "Whether a huge _count, or one that overflows, gives more than the pages of a search.", try: func(t *trial) { t.counts("1000000", "2147483648", "9223372036854775808") }},
		{Name: "page-short", Hazard: "H4", Shows: "Whether a page is shorter than _count and yet has a next link: the gap counts what was filtered.", try: shortPages},
		{Name: "offset-beyond", Hazard: "H4", Shows: "Whether an offset gives resources that the pages of a search do not.", try: func(t *trial) { t.shapes("_offset=1", "_page=2", "_skip=1") }},
		{Name: "total-hidden-value", Hazard: "H4", Shows: "Whether the total of a search by a hidden value tells that it exists, although no match is shown.", try: func(t *trial) {
			var list []pair
			for _, p := range t.knownSearches(func(string) bool { return true }) {
				p.hit, p.miss = "_summary=count&"+p.hit, "_summary=count&"+p.miss
				list = append(list, p)
			}
			t.pairs(list, "the known-file names no search of a type that can be searched")
		}},
	}
}

// counting holds a total against the number of resources in a complete listing.
func counting(name, shows, params string) Probe {
	return Probe{Name: name, Hazard: "H4", Shows: shows, none: "no type can be searched", try: func(t *trial) {
		for _, typ := range append(mainTypes(), "Patient") {
			if k := t.kinds[typ]; k != nil && k.plain.isSearchset() && !t.over() {
				t.count(k, params)
			}
		}
	}}
}

func (t *trial) count(k *kind, params string) {
	path := "/" + k.typ + questioned(strings.Trim(k.query+"&"+params, "&"))
	if strings.HasPrefix(params, "_count") {
		path = "/" + k.typ + "?" + params
	}
	a := t.do(get(path))
	total, ok := a.total()
	switch {
	case t.over() || t.failed(a) || t.spilled(a, k.pages...):
	case !a.isSearchset():
		t.note(OK, "refused")
	case !ok:
		t.note(OK, "no total is given")
	case !k.complete:
		t.note(NotApplicable, "too many "+k.typ+" resources to count")
	case total == len(k.visible):
		t.note(OK, "the total is the number of resources that can be had")
	default:
		t.settle(k, a, total)
	}
}

// settle counts again, as resources may have come or gone.
func (t *trial) settle(k *kind, a *answer, total int) {
	again := &kind{typ: k.typ, listed: map[string]bool{}, query: k.query, plain: t.do(get("/" + k.typ + questioned(k.query)))}
	if !again.plain.isSearchset() {
		return
	}
	again.take(again.plain)
	t.list(again)
	if again.complete && total != len(again.visible) {
		t.note(Leak, fmt.Sprintf("the total is %s than the number of resources that can be had", map[bool]string{true: "more", false: "less"}[total > len(again.visible)]), a, k.plain)
		return
	}
	t.note(OK, "the total is the number of resources that can be had")
}

// counts asks with counts that make no sense.
func (t *trial) counts(values ...string) {
	for _, k := range t.searched() {
		for _, v := range values {
			t.trick(get("/"+k.typ+"?_count="+v), k.pages...)
		}
	}
}

// shortPages looks for pages with a gap.
func shortPages(t *trial) {
	for _, k := range t.searched() {
		for _, count := range []int{1, 3, 10} {
			a := t.do(get(fmt.Sprintf("/%s?_count=%d", k.typ, count)))
			switch n := len(a.matches()); {
			case t.over() || t.failed(a):
			case a.isSearchset() && n < count && a.link("next") != "":
				t.note(Leak, fmt.Sprintf("a page of %d has a next link and holds fewer: the gap counts what was kept back", count), a)
			default:
				t.note(OK, "pages that have a next link are full")
			}
		}
	}
}
