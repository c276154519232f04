package vestibule_test

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// Hazard H37: a grant that is stopped, or loses its documents, while one is on its way, lets none leave.
func TestH37ADocumentOnItsWayIsStopped(t *testing.T) {
	if len(changes) < 4 {
		t.Fatal("there are fewer changes than there were")
	}
	type change struct {
		do   func(t *testing.T, w *world)
		code string
	}
	all := map[string]change{"content taken away": {func(t *testing.T, w *world) {
		w.archived(t, 2, policy.Permission{Scope: "user/DocumentReference.rs"})
	}, "content-not-granted"}}
	for name, c := range changes {
		all[name] = change{c.do, c.code}
	}
	for name, c := range all {
		for _, m := range []struct {
			call   string
			record int
			phases int
		}{{"read", 0, 1}, {"open", 0, 1}, {"", 1, 2}} {
			w, e := newArchive(t, papers...)
			meanwhile(w, e.emr, m.call, m.record, func() { c.do(t, w) })
			a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes))
			if code(a) != c.code || strings.Contains(body(a), marker) || len(w.records(t)) != m.phases || len(w.last(t).Released) > 0 {
				t.Errorf("%s at %s %d: %v, %d records: %s", name, m.call, m.record, a.Err(), len(w.records(t)), body(a))
			}
			if m.call == "read" && slices.Contains(e.calls, "open") {
				t.Errorf("%s: the EMR was asked for the document all the same", name)
			}
			if r := w.last(t); r.Phase != audit.PhaseDenial || !slices.Contains(r.Reasons, vestibule.CodeRulesChanged) {
				t.Errorf("%s at %s %d: %+v", name, m.call, m.record, r)
			}
		}
	}
}

// Rules that change and show the same document do not disturb; of those that hide of which type it is, no header tells it.
func TestADocumentUnderOtherRulesIsWhatTheyShow(t *testing.T) {
	w, e := newArchive(t, papers...)
	meanwhile(w, e.emr, "open", 0, func() { w.archived(t, 2, papers...) })
	if a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes)); body(a) != letter || !slices.Equal(w.last(t).Grants, []string{"front-desk@2"}) {
		t.Errorf("%v %s", a.Err(), body(a))
	}
	bare := policy.Permission{Scope: "user/DocumentReference.rs?category=letter", Elements: []string{"category"}, Content: true}
	w, e = newArchive(t, papers...)
	meanwhile(w, e.emr, "open", 0, func() { w.archived(t, 2, bare) })
	if a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes)); body(a) != letter || a.Media() != fhir.MediaOctets {
		t.Errorf("%v %s of %s", a.Err(), body(a), a.Media())
	}
	w, e = newArchive(t, papers...)
	meanwhile(w, e.emr, "open", 0, func() { w.archived(t, 2, bare) }) // nobody wanted bytes of an unknown type
	if a := w.ask(t, "GET", "/Binary/mine.0", "", func(r *vestibule.Request) {
		r.Form = func(media string) vestibule.Form {
			return map[string]vestibule.Form{"application/pdf": vestibule.FormBytes}[media]
		}
	}); code(a) != vestibule.CodeRulesChanged || strings.Contains(body(a), marker) {
		t.Errorf("%v %s of %s", a.Err(), body(a), a.Media())
	}
	w, e = newArchive(t, papers...)
	meanwhile(w, e.emr, "", 1, func() { w.archived(t, 2, bare) }) // it is on record as what it was
	if a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes)); code(a) != vestibule.CodeRulesChanged {
		t.Errorf("%v %s of %s", a.Err(), body(a), a.Media())
	}
}

// A clinic that changes its EMR while a document is on its way: what the one EMR said of it opens nothing of the other.
func TestADocumentIsOpenedWhereItWasLookedAt(t *testing.T) {
	w, e := newArchive(t, papers...)
	other := &archive{emr: newEMR(t, 10), contents: map[string]io.Reader{"mine.0": strings.NewReader("another patient's")}}
	meanwhile(w, e.emr, "read", 0, func() {
		w.served = other
		w.archived(t, 2, papers...)
	})
	if a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes)); body(a) != letter || len(other.calls) > 0 {
		t.Errorf("%v %s, and the other EMR was asked %v", a.Err(), body(a), other.calls)
	}
}

// Promise 3: without a record no byte of a document leaves, whenever the ledger breaks.
func TestNoRecordNoDocument(t *testing.T) {
	for fault, strike := range faults() {
		for _, call := range []string{"", "read", "open"} {
			w, e := newArchive(t, papers...)
			if call == "" {
				strike(t, w)
			}
			e.onCall = func(c string) error {
				if c == call {
					strike(t, w)
				}
				return nil
			}
			a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes))
			if a.Err() == nil || a.Err().Kind.Status() != 503 || a.Receipt().Valid() || strings.Contains(body(a), marker) || a.IsBare() || strings.HasPrefix(a.Media(), "application/pdf") {
				t.Errorf("%s at %q: %v %s %s", fault, call, a.Err(), a.Media(), body(a))
			}
		}
	}
}

func hashOf(s string) string {
	sum := sha1.Sum([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// What the EMR hands over is what it says of it, whole and not too large, or nothing of it leaves (hazard H25).
func TestABrokenDocumentDoesNotLeave(t *testing.T) {
	endless := iotest.ErrReader(fhir.E("emr", fhir.KindTimeout, "emr-timeout", "late"))
	for name, c := range map[string]struct {
		attachment string
		content    io.Reader
		fails      error
		code       string
		status     int
	}{
		"as it says":       {fmt.Sprintf(`,"size":%d,"hash":%q`, len(letter), hashOf(letter)), strings.NewReader(letter), nil, "", 200},
		"another size":     {`,"size":7`, strings.NewReader(letter), nil, "emr-answer-broken", 502},
		"another hash":     {fmt.Sprintf(`,"hash":%q`, hashOf("x")), strings.NewReader(letter), nil, "emr-answer-broken", 502},
		"as large as may":  {"", io.LimitReader(zeros{}, 16<<20), nil, "", 200},
		"too large":        {"", io.LimitReader(zeros{}, 16<<20+1), nil, "emr-answer-too-large", 502},
		"without end":      {"", zeros{}, nil, "emr-answer-too-large", 502},
		"late":             {"", io.MultiReader(strings.NewReader(letter), endless), nil, "emr-timeout", 504},
		"cut off, somehow": {"", io.MultiReader(strings.NewReader(letter), iotest.ErrReader(errors.New(marker))), nil, "internal", 500},
		"unreachable":      {"", nil, fhir.E("emr", fhir.KindUnavailable, "emr-unreachable", "away"), "emr-unreachable", 503},
		"elsewhere":        {`,"url":"https://files.example/x"`, nil, fhir.E("emr", fhir.KindUpstream, "emr-link-foreign", "elsewhere"), "emr-link-foreign", 502},
		"in another age":   {"", nil, fhir.E("emr", fhir.KindNotSupported, "emr-not-supported", "no"), "emr-not-supported", 400},
		"gone":             {"", nil, fhir.E("emr", fhir.KindNotFound, "not-found", "gone"), "not-found-or-out-of-reach", 404},
	} {
		w, e := newArchive(t, papers...)
		e.put(t, paper("mine", "letter", "1", c.attachment, ""))
		e.contents["mine.0"] = c.content
		e.onCall = func(call string) error {
			if call == "open" {
				return c.fails
			}
			return nil
		}
		a := w.ask(t, "GET", "/Binary/mine.0", "", as(vestibule.FormBytes))
		got := 200
		if a.Err() != nil {
			got = a.Err().Kind.Status()
		}
		if code(a) != c.code || got != c.status || a.Err() != nil && (strings.Contains(body(a), marker) || len(w.last(t).Released) > 0) || !a.Receipt().Valid() {
			t.Errorf("%s: %d %v: %.300s", name, got, a.Err(), body(a))
		}
		if r := w.last(t); c.code != "" && (r.Outcome == audit.OutcomeSuccess || r.Upstream == "ok") {
			t.Errorf("%s: recorded as %+v", name, r)
		}
	}
}
