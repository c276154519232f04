package adaptertest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/fhir"
)

func TestEveryBrokenAdapterIsFound(t *testing.T) {
	for _, b := range brokenAdapters(t) {
		t.Run(b.name, func(t *testing.T) {
			if b.typ == "" {
				b.typ = "Appointment"
			}
			found := findings(t, b.promise, b.typ, world(b.with))
			if !slices.ContainsFunc(found, func(f string) bool {
				return strings.HasPrefix(f, b.promise) || strings.Contains(f, "data are in the log")
			}) {
				t.Errorf("the promise was kept by an adapter that %s; found was %q", b.name, found)
			}
		})
	}
}

func TestAGoodAdapterIsNotFoundFaultWith(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range brokenAdapters(t) {
		if b.typ == "" {
			b.typ = "Appointment"
		}
		if key := b.promise + b.typ; !seen[key] {
			seen[key] = true
			good := func(a adapters.EMR, _ adaptertest.Opening) adapters.EMR {
				if b.typ == "DocumentReference" {
					return opens(a, asItIs)
				}
				if strings.HasPrefix(b.promise, "every field") {
					return translator{a, []adapters.Loss{{Path: "billing", Why: "belongs to the clinician"}}}
				}
				return a
			}
			for _, f := range findings(t, b.promise, b.typ, world(good)) {
				t.Error(f)
			}
		}
	}
}

func TestEveryPromiseHasAnAdapterThatBreaksIt(t *testing.T) {
	for _, name := range adaptertest.Names() {
		found := false
		for _, b := range brokenAdapters(t) {
			found = found || strings.HasPrefix(name, b.promise)
		}
		if !found {
			t.Errorf("no broken adapter shows that this promise can be broken: %s", name)
		}
	}
}

func TestNothingIsSkippedThatTheTableOffers(t *testing.T) {
	good := func(a adapters.EMR, _ adaptertest.Opening) adapters.EMR { return a }
	changed := func(change func(*adaptertest.Holding)) adaptertest.Start {
		return func(t testing.TB, zone *time.Location) *adaptertest.World {
			w := world(good)(t, zone)
			h := w.Types["Task"]
			change(&h)
			w.Types["Task"] = h
			return w
		}
	}
	for want, change := range map[string]func(*adaptertest.Holding){
		"skipped, though the capability table offers it": func(h *adaptertest.Holding) {
			h.Seed = func(t testing.TB, _ adaptertest.Draft) string { t.Skip("not today"); return "" }
		},
		`World.Types["Task"] needs Make`:         func(h *adaptertest.Holding) { h.Make = nil },
		`World.Types["Task"] needs two Statuses`: func(h *adaptertest.Holding) { h.Statuses = h.Statuses[:1] },
		`World.Types["Task"] needs Seed`:         func(h *adaptertest.Holding) { h.IDs = nil },
		"is claimed, and no row has a value":     func(h *adaptertest.Holding) { h.More = nil },
	} {
		promise := "a read returns the row"
		if strings.HasPrefix(want, "is claimed") {
			promise = "a parameter is claimed only if"
		}
		found := strings.Join(findings(t, promise, "Task", changed(change)), "\n")
		if !strings.Contains(found, want) {
			t.Errorf("found %q, want %q", found, want)
		}
	}
}

func TestTheReportNamesWhatWasSkippedAndWhy(t *testing.T) {
	noUpdates := func(a adapters.EMR, _ adaptertest.Opening) adapters.EMR {
		return mutant{EMR: a, capability: func(row adapters.Type) adapters.Type {
			row.Interactions = []fhir.InteractionKind{fhir.InteractionRead}
			row.Search = nil
			return row
		}}
	}
	var report string
	(&recorder{TB: t}).Run("", func(sub adaptertest.T) {
		report = adaptertest.Report(sub, world(noUpdates), "Task", "what was updated")
	})
	for _, want := range []string{"0 promises kept, 0 broken, 1 skipped", "what was updated is what reads", "Task", "no update"} {
		if !strings.Contains(report, want) {
			t.Errorf("%q does not say %q", report, want)
		}
	}
}

func TestTextIsHeldToTheLengthThatTheEMRHas(t *testing.T) {
	const most = 60
	cut := func(a adapters.EMR) mutant {
		return writing(a, matching(`("description":"[^"]{60})[^"]*`, "$1"))
	}
	for name, c := range map[string]struct {
		with func(adapters.EMR) mutant
		good bool
	}{
		"refuses what is too long":          {func(a adapters.EMR) mutant { return limited(a, most, "description") }, true},
		"cuts":                              {cut, false},
		"keeps more than it says":           {func(a adapters.EMR) mutant { return limited(a, most+1, "description") }, false},
		"keeps less than it says":           {func(a adapters.EMR) mutant { return limited(a, most-1, "description") }, false},
		"does not say what is too long":     {func(a adapters.EMR) mutant { return limited(a, most, "") }, false},
		"names another element as too long": {func(a adapters.EMR) mutant { return limited(a, most, "comment") }, false},
	} {
		start := func(t testing.TB, zone *time.Location) *adaptertest.World {
			w := world(all(c.with))(t, zone)
			h := w.Types["Task"]
			h.Text.Max = most
			w.Types["Task"] = h
			return w
		}
		found := findings(t, "text that is too long", "Task", start)
		if c.good != (len(found) == 0) {
			t.Errorf("an adapter that %s: %q", name, found)
		}
	}
}
