package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// ask runs probes against a fake.
func asked(t *testing.T, f *fake, known Known, only ...string) Report {
	t.Helper()
	r, err := Run(t.Context(), Options{Base: f.url, Token: fakeToken, Known: known, Writes: true, Only: only, Rate: 1e6, Samples: 20})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// trips names, for every fault, the probes that have to find it.
func trips() map[string][]string {
	return map[string][]string{
		"chain":    {"chain", "chain-typed", "chain-percent-encoded", "chain-name-percent-encoded", "chain-mixed-case", "chain-repeated", "chain-two-levels", "chain-has", "chain-by-post", "chain-known-value"},
		"has":      {"has", "has-percent-encoded", "has-colons-percent-encoded", "has-mixed-case", "has-unicode", "has-brackets", "has-semicolon", "has-nested", "has-long-query", "has-by-post"},
		"text":     {"filter", "text", "content", "list", "query", "content-known-value"},
		"value":    {"hidden-value", "hidden-known-value", "hidden-comparison"},
		":missing": {"hidden-missing"}, ":not": {"hidden-not"}, ":in": {"hidden-in"}, ":not-in": {"hidden-not-in"}, ":above": {"hidden-above"}, ":below": {"hidden-below"},
		":text": {"hidden-text"}, ":of-type": {"hidden-of-type"}, ":identifier": {"hidden-identifier"}, ":contains": {"hidden-contains"}, ":exact": {"hidden-exact"},
		"sort":           {"chain-sort", "hidden-sort"},
		"elements-open":  {"elements-asks-hidden"},
		"summary":        {"summary"},
		"elements-more":  {"elements-contained"},
		"contained-find": {"contained", "contained-type"},
		"type":           {"type-parameter"},
		"unknown":        {"unknown-parameter"},
		"told-create":    {"conditional-create"},
		"include": {"include", "include-all", "include-iterate", "include-percent-encoded", "include-mixed-case", "include-brackets", "include-blanks", "include-semicolon",
			"include-by-post", "page-other-query", "post-search-mixed"},
		"revinclude":    {"revinclude", "revinclude-all", "revinclude-iterate"},
		"contained":     {"contained-in-answers"},
		"display":       {"reference-displays"},
		"cursor-open":   {"page-without-token", "page-garbage-token"},
		"cursor-any":    {"page-tampered"},
		"cursor-type":   {"page-other-type"},
		"next-foreign":  {"page-link-host"},
		"cache-public":  {"page-shared-cache"},
		"next-tells":    {"page-link-tells"},
		"total":         {"total", "total-accurate", "total-estimate"},
		"counts":        {"count-zero", "summary-count", "resource-counts"},
		"count-any":     {"count-negative", "count-huge"},
		"short":         {"page-short"},
		"offset":        {"offset-beyond"},
		"total-value":   {"total-hidden-value"},
		"post-search":   {"post-search"},
		"get-search":    {"get-search"},
		"batch":         {"batch", "transaction"},
		"graphql":       {"graphql"},
		"override":      {"method-override"},
		"head":          {"head"},
		"odd-method":    {"odd-method"},
		"original-url":  {"original-url"},
		"no-token":      {"no-token"},
		"any-token":     {"garbage-token", "empty-token"},
		"basic":         {"basic-auth"},
		"alg-none":      {"unsigned-token"},
		"any-signature": {"tampered-token"},
		"identity":      {"identity-headers"},
		"loopback":      {"loopback-headers", "denied-with-loopback-headers"},
		"purpose":       {"purpose-headers"},
		"tenant":        {"tenant-headers"},
		"cors":          {"cors-credentials"},
		"trace":         {"trace"},
		"patients":      {"type-search", "type-read"},
		"search-all":    {"search-all-types", "search-all-by-post"},
		"splice":        {"value-splice", "path-splice"},
		"ids":           {"value-list", "parameter-repeated"},
		"template":      {"value-template"},
		"reads":         {"read-out-of-reach"},
		"told-status":   {"exists-status"},
		"told-text":     {"exists-text"},
		"told-length":   {"exists-length"},
		"told-header":   {"exists-headers"},
		"told-slowly":   {"exists-timing"},
		"told-update":   {"exists-update"},
		"told-otherwise": {"exists-head", "exists-options", "exists-search", "exists-if-none-match", "exists-if-none-match-any", "exists-if-modified-since", "exists-if-match",
			"exists-version", "exists-history", "exists-operation", "exists-compartment", "exists-below", "exists-elements", "exists-format", "exists-reference"},
		"error-canary":       {"canaries"},
		"error-markup":       {"error-echo"},
		"error-stack":        {"error-stack"},
		"error-data":         {"error-server"},
		"links-foreign":      {"foreign-links"},
		"attachment-foreign": {"attachment-url"},
		"attachment-open":    {"attachment-open"},
		"refs-absolute":      {"absolute-references"},
		"forwarded-host":     {"forwarded-host"},
		"xml":                {"representation-xml"},
		"html":               {"representation-html"},
		"other":              {"representation-other"},
		"pretty":             {"pretty"},
		"duplicates":         {"answer-duplicate-members"},
		"escapes":            {"answer-escaped-members"},
		"hidden-elements":    {"hidden-elements"},
		"cut-unmarked":       {"cut-unmarked"},
		"write:duplicates":   {"write-duplicate-members"},
		"write:escapes":      {"write-escaped-members"},
		"write:deep":         {"write-deep-nesting"},
		"write:hidden":       {"write-hidden-element"},
		"write:stale":        {"write-stale"},
		"write:erases":       {"write-erases"},
		"paths": {"path-dot-dot", "path-dot-dot-encoded", "path-double-encoded", "path-overlong", "path-slashes", "path-slash-encoded", "path-backslash", "path-parameters", "path-null",
			"path-suffix", "path-case", "path-type-encoded", "path-type-unicode", "path-nested"},
		"operations": {"everything", "compartment", "history-type", "history-system", "lists-as-data"},
		"export":     {"export"},
		"numbers":    {"resource-counts"},
	}
}

// Each fault is found by the probes that are about it, and no report of it holds a value that the caller should not see.
func TestEveryLeakIsFound(t *testing.T) {
	for fault, names := range trips() {
		t.Run(fault, func(t *testing.T) {
			r := asked(t, newFake(t, fault), fakeKnown(), names...)
			for _, x := range r.Results {
				if x.Verdict != Leak {
					t.Errorf("%s: %s, %s\n%v", x.Probe, x.Verdict, x.Says, x.Evidence)
				}
				if len(x.Evidence) == 0 {
					t.Errorf("%s: a leak without evidence", x.Probe)
				}
			}
			harmless(t, r)
		})
	}
}

// A probe that can never say leak proves nothing: each has a fault that trips it, and each fault a probe.
func TestEveryProbeCanFail(t *testing.T) {
	tripped := map[string]bool{}
	for fault, names := range trips() {
		if !slices.Contains(faultNames(), fault) {
			t.Errorf("there is no fault %s", fault)
		}
		for _, name := range names {
			tripped[name] = true
		}
	}
	for _, p := range All() {
		if !tripped[p.Name] {
			t.Errorf("no fault trips %s", p.Name)
		}
		delete(tripped, p.Name)
	}
	for name := range tripped {
		t.Errorf("there is no probe %s", name)
	}
	for _, fault := range faultNames() {
		if len(trips()[fault]) == 0 {
			t.Errorf("no probe finds the fault %s", fault)
		}
	}
}

// A server that is careful gets no leak and no warning, with a known-file and without.
func TestACarefulServerLeaksNothing(t *testing.T) {
	for name, known := range map[string]Known{"known": fakeKnown(), "unknown": {}} {
		t.Run(name, func(t *testing.T) {
			r := asked(t, newFake(t), known)
			for _, x := range r.Results {
				if x.Verdict == Leak || x.Verdict == Warning || name == "known" && x.Verdict == NotApplicable {
					t.Errorf("%s: %s, %s\n%v", x.Probe, x.Verdict, x.Says, x.Evidence)
				}
			}
			if len(r.Results) != len(All()) {
				t.Errorf("%d results of %d probes", len(r.Results), len(All()))
			}
			harmless(t, r)
		})
	}
}

// harmless fails where a report, in either form, holds something out of data or out of the known-file, or the token.
func harmless(t *testing.T, r Report) {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	k := fakeKnown()
	secrets := []string{fakeToken, "Testperson", "a-10", "t-20", "d-30", "p-1", secretCode}
	secrets = append(append(secrets, k.Values...), k.Resources...)
	for _, s := range secrets {
		if strings.Contains(b.String(), s) {
			t.Errorf("the report holds %q", s)
		}
	}
}

// Names are stable and unique, every probe has a sentence, and every hazard from H1 to H13 has a probe.
func TestTheTableOfProbesIsWhole(t *testing.T) {
	seen, hazards := map[string]bool{}, map[string]bool{}
	for _, p := range All() {
		if seen[p.Name] || p.Name != strings.ToLower(p.Name) || strings.ContainsAny(p.Name, " _") {
			t.Errorf("the name %q", p.Name)
		}
		if !strings.HasSuffix(p.Shows, ".") {
			t.Errorf("%s shows %q", p.Name, p.Shows)
		}
		seen[p.Name], hazards[p.Hazard] = true, true
	}
	for _, h := range Hazards() {
		if !hazards[h.Name] {
			t.Errorf("%s has no probe", h.Name)
		}
		delete(hazards, h.Name)
	}
	if len(hazards) > 0 || len(seen) < 60 {
		t.Errorf("%d probes; hazards without a title: %v", len(seen), slices.Collect(maps.Keys(hazards)))
	}
}

// Stopped in the middle, it says so and reports what it had found.
func TestAStoppedRunReportsWhatItFound(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFake(t, "hidden-elements")
	r, err := Run(ctx, Options{Base: f.url, Token: fakeToken, Known: fakeKnown(), Rate: 1e6, Progress: func(done, _ int, _ string) {
		if done == 3 {
			cancel()
		}
	}})
	if err != nil || !r.Interrupted || len(r.Results) != 3 {
		t.Errorf("%v, interrupted %v, %d results, want 3", err, r.Interrupted, len(r.Results))
	}
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), "Stopped after 3 of ") {
		t.Errorf("%v: %s", err, b.String())
	}
	var back Report
	b.Reset()
	if err := r.WriteJSON(&b); err != nil || json.Unmarshal(b.Bytes(), &back) != nil || len(back.Results) != 3 {
		t.Errorf("the report does not survive JSON: %v", err)
	}
}
