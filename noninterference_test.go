package vestibule_test

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/fhir"
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
func (w *twins) follow(t *testing.T, g *world, e *keen, method, path, query string) (pages []string) {
	t.Helper()
	g.serve(w, e)
	for range 30 {
		a := g.Do(t.Context(), w.request(method, path, query))
		pages = append(pages, told(a))
		next := nextLink.FindStringSubmatch(body(a))
		if next == nil {
			return pages
		}
		method, path, query = "GET", "/Task", next[1]
		if _, err := url.ParseQuery(query); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s never ends", query)
	return nil
}

// serve puts one of the worlds behind the gateway.
func (g *world) serve(w *twins, e *keen) {
	g.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: time.UTC, Policy: w.set, EMR: e})
}

// Promise 2: what a caller may not see cannot be inferred. In two worlds that differ only in what is hidden from the caller,
// every read, every search and every page of it answers the same, to the byte (hazards H1, H3, H4, H9, H10).
func TestNoAnswerTellsWhatIsHidden(t *testing.T) {
	g := newWorld(t, newEMR(t, 2), bookings...)
	worlds := 60
	if n, err := strconv.Atoi(os.Getenv("VESTIBULE_WORLDS")); err == nil { // a longer campaign
		worlds = n
	}
	count, paged, found, denied, missing := 0, 0, 0, 0, 0
	for seed := range uint64(worlds) {
		w := newTwins(t, seed, g.caller, "rs", "rs", "r", "s")
		if w.differ == 0 {
			continue
		}
		a, b := &keen{resources: w.a, careless: w.oneIn(3)}, &keen{resources: w.b}
		b.careless = a.careless
		for i := range 14 {
			method, path, query := w.ask(i)
			in, other := w.follow(t, g, a, method, path, query), w.follow(t, g, b, method, path, query)
			count++
			if all := strings.Join(in, "\n"); all != strings.Join(other, "\n") {
				t.Fatalf("seed %d: %s %s?%s tells two worlds apart\n%s\n\n%s\n\nworlds %s\n%s\nrules %+v\nscopes %v", seed, method, path, query,
					all, strings.Join(other, "\n"), texts(w.a), texts(w.b), w.rules, w.caller.Scopes)
			}
			switch all := strings.Join(in, "\n"); {
			case len(in) > 1:
				paged++
			case strings.HasPrefix(all, "404"):
				missing++
			case !strings.HasPrefix(all, "200"):
				denied++
			case strings.Contains(all, `"resource":`):
				found++
			}
		}
	}
	t.Logf("%d questions: %d answered over several pages, %d on one, %d denied, %d not found", count, paged, found, denied, missing)
	if paged*30 < count || found*20 < count || denied*20 < count || missing*20 < count {
		t.Error("some kind of answer came about too seldom to say anything")
	}
}

// ask is the i-th question: reads of what is there and what is not, then searches.
func (w *twins) ask(i int) (method, path, query string) {
	switch {
	case i < 5:
		return "GET", "/Task/" + w.pick("t0", "t1", "t2", "t3", "t4", "t5", "t6", "unknown"), ""
	case w.oneIn(3):
		return "POST", "/Task/_search", w.query()
	}
	return "GET", "/Task", w.query()
}

func texts(rs []fhir.Resource) string {
	var out []string
	for _, r := range rs {
		out = append(out, string(r.Bytes()))
	}
	return strings.Join(out, "\n")
}
