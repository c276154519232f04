package vestibule_test

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/fhir"
	"vestibule/policy"
)

// told is all that a caller learns from an answer, but for the ids of the decision and the content of sealed cursors.
func told(a vestibule.Answer) string {
	status := 200
	if a.Err() != nil {
		status = a.Err().Kind.Status()
	}
	text := fmt.Sprintf("%d %q %s receipt %v retry %v\n%s", status, a.Version(), a.Location(), a.Receipt().Valid(), retryAfter(a), body(a))
	return sealed.ReplaceAllStringFunc(strings.ReplaceAll(text, a.Decision(), "DECISION"), func(c string) string {
		return fmt.Sprintf("_cursor=(%d characters)", len(c))
	})
}

var sealed = regexp.MustCompile(`_cursor=[A-Za-z0-9_%-]+`)

func retryAfter(a vestibule.Answer) time.Duration {
	if a.Err() == nil {
		return 0
	}
	return a.Err().RetryAfter
}

var nextLink = regexp.MustCompile(`"relation":"next","url":"[^"]*\?([^"]*)"`)

// follow asks for a search and everything its next links lead to.
func (w *twins) follow(t *testing.T, g *world, method, path, query string) (pages []string) {
	t.Helper()
	for range 30 {
		a := g.Do(t.Context(), w.request(method, path, query))
		pages = append(pages, told(a))
		next := nextLink.FindStringSubmatch(body(a))
		if next == nil {
			return pages
		}
		method, path, query = "GET", "/"+w.typ, next[1]
		if _, err := url.ParseQuery(query); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s never ends", query)
	return nil
}

// serve puts one of the worlds behind the gateway.
func (g *world) serve(w *twins, e *keen) { g.serveUnder(w.set, e) }

func (g *world) serveUnder(set *policy.Set, e *keen) {
	g.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: time.UTC, Policy: set, EMR: e})
}

// pair are two gateways, so that the one's counts are not the other's: one for each world.
type pair struct{ a, b *world }

func newPair(t *testing.T) pair {
	t.Helper()
	p := pair{newWorld(t, newEMR(t, 2), bookings...), newWorld(t, newEMR(t, 2), bookings...)}
	t.Cleanup(func() { p.b.db.Close() }) // its trail is like the other's: it need not be looked at as well
	return p
}

// serve puts both worlds behind the gateways.
func (p pair) serve(w *twins) (a, b *keen) {
	a, b = &keen{resources: w.a, careless: w.oneIn(3)}, &keen{resources: w.b}
	b.careless = a.careless
	p.a.serveUnder(w.set, a)
	p.b.serveUnder(w.other, b)
	return a, b
}

// worlds is how many pairs of worlds of each type a test draws: VESTIBULE_WORLDS, for a longer campaign.
func worlds(ordinary int) uint64 {
	if n, err := strconv.Atoi(os.Getenv("VESTIBULE_WORLDS")); err == nil {
		return uint64(n)
	}
	return uint64(ordinary)
}

// exercised counts what came about, so that no promise is kept because nothing happened.
type exercised map[string]int

func (x exercised) add(more map[string]int) {
	for what, n := range more {
		x[what] += n
	}
}

// atLeast wants at least one of what in every so many of the questions.
func (x exercised) atLeast(t *testing.T, every map[string]int) {
	t.Helper()
	t.Logf("%v", map[string]int(x))
	for what, n := range every {
		if x[what]*n < x["questions"] {
			t.Errorf("%s: %d of %d came about, too seldom to say anything; want one in %d", what, x[what], x["questions"], n)
		}
	}
}

// ask asks both worlds the same, and everything that the answers link to.
func (w *twins) ask(t *testing.T, p pair, seed uint64, method, path, query string) (pages []string) {
	t.Helper()
	in, other := w.follow(t, p.a, method, path, query), w.follow(t, p.b, method, path, query)
	if all := strings.Join(in, "\n"); all != strings.Join(other, "\n") {
		t.Fatalf("%s, seed %d: %s %s?%s tells two worlds apart\n%s\n\n%s\n\n%s", w.typ, seed, method, path, query, all, strings.Join(other, "\n"), w)
	}
	return in
}

// String is the worlds as a failed test shows them: where they began to differ.
func (w *twins) String() string {
	return fmt.Sprintf("worlds %s\n\n%s\n\nrules %+v\nthe same in both: %v\nscopes %v", only(w.a, w.b), only(w.b, w.a), w.rules, w.set == w.other, w.caller.Scopes)
}

// Promise 2: what a caller may not see cannot be inferred. In two worlds that differ only in what is hidden from the caller,
// by grants, labels, directives or guardrails, every read, every search and every page of it answers the same, to the byte
// (hazards H1, H3, H4, H9, H10).
//
// Known and accepted: a search that has to read over 40 of the EMR's pages answers search-too-broad, and patientsPerDay counts
// the patients of what is shown also where the cut hides them. Neither comes about here.
func TestNoAnswerTellsWhatIsHidden(t *testing.T) {
	p, x := newPair(t), exercised{}
	for _, typ := range fhir.Types() {
		for seed := range worlds(45) {
			w := newTwinsOf(t, typ, seed, p.a.caller, "rs", "rs", "r", "s")
			if w.fill(t); w.differ > 0 {
				p.serve(w)
				w.askAll(t, p, seed, x)
			}
		}
	}
	x.atLeast(t, map[string]int{
		"several pages": 25, "one page": 12, "read": 15, "403": 20, "404": 10, "Task": 5, "Appointment": 5, "DocumentReference": 5, "POST": 10,
		"granted": 8, "out-of-reach": 5, "outside-window": 10, "restricted-label": 10, "locked-by-directive": 25, "patient-unclear": 40, "guardrail": 60,
		"without rules that deny": 6, "_sort": 20, "_total": 25, "_elements": 30, "_count": 12,
	})
}

// Limits are counted on what is shown alone.
func TestNoLimitTellsWhatIsHidden(t *testing.T) {
	x := exercised{}
	for i := range worlds(36) {
		p := newPair(t)
		w := newTwinsOf(t, fhir.Types()[i%3], 5000+i, p.a.caller, "rs")
		limits := []policy.Limits{{RequestsPerMinute: 9}, {PagesPerSearch: 2}, {PagesPerSearch: 2}}[i/3%3]
		limits.DocumentsPerHour = 2
		for g := range w.rules.Grants {
			w.rules.Grants[g].Limits = limits
			if p := &w.rules.Grants[g].Permissions[0]; w.typ == "DocumentReference" {
				p.Elements, p.Content = nil, true
			}
		}
		w.set = w.compile(t, w.rules)
		w.other = w.set
		if w.fill(t); w.differ > 0 {
			p.serve(w)
			w.askAll(t, p, i, x)
		}
	}
	x.atLeast(t, map[string]int{"too-many-requests": 60, "too-many-pages": 80, "too-many-documents": 80})
}

// askAll asks both worlds reads of what is there and what is not, then searches.
func (w *twins) askAll(t *testing.T, p pair, seed uint64, x exercised) {
	t.Helper()
	x.add(w.hidden)
	for i := range 12 {
		method, path, query := "GET", "/"+w.typ, ""
		switch {
		case i < 4:
			path += "/" + w.pick("t0", "t1", "t2", "t3", "t4", "t5", "t6", "unknown")
		case w.oneIn(3):
			method, path, query = "POST", path+"/_search", w.query()
		default:
			query = w.query()
		}
		pages := w.ask(t, p, seed, method, path, query)
		x["questions"]++
		x[w.typ]++
		x[method]++
		if w.other != w.set {
			x["without rules that deny"]++
		}
		x.answered(pages, i < 4, query)
	}
}

// answered counts what kind of answer came.
func (x exercised) answered(pages []string, read bool, query string) {
	all := strings.Join(pages, "\n")
	for _, limit := range []string{"too-many-requests", "too-many-pages", "too-many-documents"} {
		if strings.Contains(all, `"`+limit+`"`) {
			x[limit]++
		}
	}
	switch {
	case !strings.HasPrefix(all, "200"):
		x[all[:3]]++
		return
	case read:
		x["read"]++
	case len(pages) > 1:
		x["several pages"]++
	case strings.Contains(all, `"resource":`):
		x["one page"]++
	}
	for _, name := range []string{"_sort", "_total", "_elements", "_count"} {
		if strings.Contains(query, name) && strings.Contains(all, `"resource":`) {
			x[name]++
		}
	}
}

// only are the resources that others do not have so.
func only(rs, others []fhir.Resource) string {
	var out []string
	for _, r := range rs {
		if !slices.ContainsFunc(others, func(o fhir.Resource) bool { return string(o.Bytes()) == string(r.Bytes()) }) {
			out = append(out, string(r.Bytes()))
		}
	}
	return strings.Join(out, "\n")
}
