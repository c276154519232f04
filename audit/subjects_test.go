package audit_test

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
)

// BALP's PatientQuery is for a search that names a patient as for one that finds something of one (its Given), so that who asked for a
// patient is found under that patient, whatever came of it.
func TestWhoAskedForAPatientIsFoundUnderThePatient(t *testing.T) {
	refused := search(1)
	refused.Phase, refused.Outcome, refused.Reasons, refused.Released, refused.Patients = audit.PhaseDenial, audit.OutcomeSerious, []string{"no-grant"}, nil, nil
	refused.Query = "actor=Patient%2F8%2CPractitioner%2F1"
	withheld := search(2)
	withheld.Query, withheld.Patients, withheld.Released = "patient=Patient%2F1%2CPatient%2F9", []string{"Patient/1"}, withheld.Released[:1]
	other := search(3)
	other.Query, other.Patients, other.Released = "patient%3Anot=Patient%2F9", nil, nil
	h := newHouse(t)
	h.small = true
	h.reopen()
	for i, r := range []audit.Record{samples()["search-nothing"].Record, refused, withheld, other} {
		r.ID, r.Clinic, r.Time = access(10+i), "maple", time.Time{}
		h.append(r)
	}
	for i := range 40 { // so that the index has them
		h.append(denial(100 + i))
	}
	for query, want := range map[string][]string{
		"patient=Patient/9":                               {"2-2 PatientQuery", "0 PatientQuery"},
		"patient.identifier=urn:vestibule:patient|8":      {"1 "},
		"patient=8&patient=9":                             nil,
		"patient=1":                                       {"2-1 PatientQuery"},
		"entity=Patient/9&entity=Appointment/1":           nil,
		"entity=Patient/1&entity=Appointment/1&patient=1": {"2-1 PatientQuery"},
	} {
		q := parsed(t, query)
		found, err := h.Search(context.Background(), "maple", q)
		if err != nil {
			t.Fatal(err)
		}
		events, _, _ := found.Page(q)
		var got []string
		for _, b := range events {
			e := parse(t, b)
			profile := ""
			if len(e.Meta.Profile) > 0 {
				profile = e.Meta.Profile[0][strings.LastIndexByte(e.Meta.Profile[0], '.')+1:]
			}
			got = append(got, e.ID+" "+profile)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s finds %q, want %q", query, got, want)
		}
	}
	if n := h.count(`SELECT COUNT(*) FROM segment WHERE log <> 0`); n == 0 {
		t.Error("the index has none of it")
	}
	if found, err := h.Search(context.Background(), "maple", audit.Search{Patients: []string{"Patient/9"}}); err != nil || len(found.Entries) != 0 {
		t.Errorf("%d entries showed something of a patient of whom nothing was shown, %v", len(found.Entries), err)
	}
}

// BALP 3:5.7.3: the query is the search as it was sent, its description the one that was understood.
func TestAQueryIsShownAsSentAndAsUnderstood(t *testing.T) {
	refused := samples()["malformed"]
	refused.Record.Interaction, refused.Record.Type, refused.Record.Raw = "search-type", "Appointment", "/Appointment?bogus=1%00"
	look := samples()["audit-search"]
	for name, c := range map[string]struct {
		entry           audit.Entry
		sent, described string
	}{
		"as sent":        {samples()["search-nothing"], "Appointment/_search?status=booked&patient:Patient=9", "Appointment?patient=Patient%2F9&status=booked"},
		"a page":         {samples()["search"], "Appointment?date=ge2026-11-23&practitioner=Practitioner%2F42", "Appointment?date=ge2026-11-23&practitioner=Practitioner%2F42"},
		"not understood": {refused, "Appointment?bogus=1%00", ""},
		"of the trail":   {look, "AuditEvent?patient=Patient%2F1", "AuditEvent?patient=Patient%2F1"},
	} {
		for _, en := range parse(t, c.entry.AuditEvents()[0]).Entity {
			if en.Role.Code != "24" {
				continue
			}
			if sent, err := base64.StdEncoding.DecodeString(en.Query); err != nil || string(sent) != c.sent || en.Description != c.described {
				t.Errorf("%s: %q, %q", name, sent, en.Description)
			}
			c.sent = ""
		}
		if c.sent != "" {
			t.Errorf("%s: no query", name)
		}
	}
}
