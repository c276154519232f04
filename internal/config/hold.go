package config

import (
	"maps"
	"strings"
	"time"

	"vestibule/audit"
)

// LegalHold keeps records of a clinic's trail from being deleted, whatever their age and whoever asks: those that meet all
// that it names, and every record where it names nothing.
type LegalHold struct {
	Clinic  string `yaml:"clinic"`
	Name    string `yaml:"name"`
	Because string `yaml:"because"` // why, such as the number of a file; on one line
	Until   string `yaml:"until"`   // the last day of the hold; none: until it is withdrawn
	Patient string `yaml:"patient"` // records that name this patient
	Person  string `yaml:"person"`  // records of what this person did: "iss|sub"
	From    string `yaml:"from"`    // records from this day on, by the clinic's calendar
	To      string `yaml:"to"`      // records up to this day, included
}

func (h *LegalHold) check() findings {
	var f findings
	label(&f, "clinic", h.Clinic)
	label(&f, "name", h.Name)
	if strings.TrimSpace(h.Because) == "" || strings.ContainsAny(h.Because, "\r\n") {
		f.add("because", "is missing: why, on one line, such as the number of a file")
	}
	if h.Patient != "" && !audit.NamesPatient(h.Patient, h.Patient) {
		f.add("patient", "Name the patient as the EMR does, such as Patient/17")
	}
	if h.Person != "" {
		var p findings
		people(&p, "person", []string{h.Person})
		for _, one := range p {
			f.add("person", "%s", one.text)
		}
	}
	for path, day := range map[string]string{"until": h.Until, "from": h.From, "to": h.To} {
		if day != "" && !isDay(day) {
			f.add(path, "%q is no day; write one such as 2027-02-28", day)
		}
	}
	if h.From != "" && h.To != "" && h.To < h.From {
		f.add("to", "is before from")
	}
	return f
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// Over reports whether the hold has come to its end by the clinic's calendar.
func (h *LegalHold) Over(now time.Time, zone *time.Location) bool {
	return h.Until != "" && h.Until < now.In(zone).Format(time.DateOnly)
}

// Covers is the hold as the ledger knows it.
func (h *LegalHold) Covers(zone *time.Location) (audit.Hold, error) {
	out := audit.Hold{Name: h.Name, Patient: h.Patient, Person: h.Person}
	var err error
	if h.From != "" {
		if out.From, err = time.ParseInLocation(time.DateOnly, h.From, zone); err != nil {
			return out, err
		}
	}
	if h.To != "" {
		if out.Until, err = time.ParseInLocation(time.DateOnly, h.To, zone); err != nil {
			return out, err
		}
		out.Until = out.Until.AddDate(0, 0, 1)
	}
	return out, nil
}

// checkHold holds a hold against the clinics there are: a mistyped one would keep nothing.
func (w *world) checkHold(d Document) (problems Problems) {
	if w.clinics[d.Clinic] == nil {
		problems = append(problems, d.problem("clinic", unknown("clinic", d.Clinic, maps.Keys(w.clinics))))
	}
	if d.OfHold.Until != "" && d.OfHold.Over(w.now, time.UTC) {
		problems = append(problems, d.problem("until", "is over already; leave it out for a hold that lasts until it is withdrawn"))
	}
	return problems
}
