package config_test

import (
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/config"
)

const goodHold = `kind: LegalHold
clinic: maple
name: file-31
because: Complaint, file 31
until: 2031-01-31
patient: Patient/17
person: "https://id.assistco.example|amara"
from: 2026-01-01
to: 2026-06-30
`

func TestAMistakeInAHoldIsNamed(t *testing.T) {
	if _, err := checkedText(t, goodHold); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"no reason":          {"because: Complaint, file 31\n", "", "because: is missing"},
		"no such clinic":     {"clinic: maple", "clinic: mapel", "did you mean maple?"},
		"a bare id":          {"Patient/17", `"17"`, "6: patient: Name the patient as the EMR does"},
		"another type":       {"Patient/17", "Person/17", "6: patient: Name the patient as the EMR does"},
		"no person":          {`"https://id.assistco.example|amara"`, "amara", `person: has to be "issuer|subject"`},
		"no day":             {"2026-06-30", "2026-06-31", `to: "2026-06-31" is no day`},
		"the wrong way":      {"2026-06-30", "2025-06-30", "to: is before from"},
		"over":               {"2031-01-31", "2026-01-31", "until: is over already"},
		"a key that is none": {"person:", "who:", "unknown key"},
	} {
		if _, err := checkedText(t, strings.Replace(goodHold, c.old, c.new, 1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAHoldIsForDaysOfTheClinicsCalendar(t *testing.T) {
	docs, err := checkedText(t, goodHold)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	h, err := docs[0].OfHold.Covers(zone)
	want := audit.Hold{Name: "file-31", Patient: "Patient/17", Person: "https://id.assistco.example|amara",
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, zone), Until: time.Date(2026, 7, 1, 0, 0, 0, 0, zone)}
	if err != nil || h != want {
		t.Errorf("%+v, %v", h, err)
	}
	for at, over := range map[time.Time]bool{
		time.Date(2031, 1, 31, 23, 59, 0, 0, zone): false, time.Date(2031, 2, 1, 0, 0, 0, 0, zone): true,
	} {
		if docs[0].OfHold.Over(at, zone) != over {
			t.Errorf("%s: over %v", at, !over)
		}
	}
}

func TestRetentionIsAtLeastFiveYears(t *testing.T) {
	clinic := "kind: Clinic\nname: maple\ntitle: Maple\nzone: America/Toronto\nretention: {accesses: %, looks: 7y}\n"
	for text, ok := range map[string]bool{"10y": true, "5y": true, "100y": true, "4y": false, "101y": false, "10": false, "05y": false, "60m": false, "-6y": false} {
		docs, err := config.Parse("c", []byte(strings.Replace(clinic, "%", text, 1)))
		if (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil && !strings.Contains(err.Error(), "c:5: retention.accesses: ") {
			t.Errorf("%s: %v", text, err)
		}
		if text != "5y" || err != nil {
			continue
		}
		r := docs[0].OfClinic.Retention
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		older := r.Older(now)
		if !older[audit.ClassAccess].Equal(now.AddDate(-5, 0, 0)) || !older[audit.ClassLook].Equal(now.AddDate(-7, 0, 0)) || !older[audit.ClassSystem].Equal(now.AddDate(-10, 0, 0)) || len(older) != 5 {
			t.Errorf("older: %v", older)
		}
		if r.String() != "kept are accesses 5y, refusals 10y, looks 7y, administration 10y, system 10y" {
			t.Error(r)
		}
	}
}
