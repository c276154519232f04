package oscartest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// SeedDay fills a provider's day with so many rows of the patients there are, one a minute and round again, and returns
// their numbers.
func (s *Server) SeedDay(provider, date string, rows int) []int {
	patients := s.Patients()
	day := make([]Appointment, rows)
	for i := range day {
		day[i] = Appointment{ProviderNo: provider, Date: date, Start: fmt.Sprintf("%02d:%02d", 8+i/60%10, i%60), Reason: fmt.Sprint("Made-up reason ", i)}
		if len(patients) > 0 {
			day[i].DemographicNo = patients[i%len(patients)].No
		}
	}
	return s.AddAppointments(day...)
}

// SeedOddities puts the rows on a provider's day that real tables have and nobody expects: null texts, a state that no
// table knows, signed and verified rows, markup, a block, a row that ends before it begins, one past midnight, one of the
// year 1. It returns their numbers in this order.
func (s *Server) SeedOddities(provider, date string, patient int) []int {
	row := func(start string, change func(*Appointment)) Appointment {
		a := Appointment{ProviderNo: provider, Date: date, Start: start, DemographicNo: patient}
		change(&a)
		return a
	}
	return s.AddAppointments(
		row("08:00", func(a *Appointment) { a.NullName = true }),
		row("08:15", func(a *Appointment) { a.Status = "q" }),
		row("08:30", func(a *Appointment) { a.Status = "tS" }),
		row("08:45", func(a *Appointment) { a.Status = "BV" }),
		row("09:00", func(a *Appointment) {
			a.Reason, a.Notes = `<b onclick="x()">Ear</b> &amp; <script>alert(1)</script>`, "l\u0153il, \u00e9t\u00e9\r\nline 2"
		}),
		row("12:00", func(a *Appointment) { a.DemographicNo, a.Name, a.Minutes = 0, ".LUNCH", 60 }),
		row("14:00", func(a *Appointment) { a.End = "13:59:00" }),
		row("23:50", func(a *Appointment) { a.Minutes = 30 }),
		row("09:00", func(a *Appointment) { a.Date = yearOneDate }),
	)
}

// saved is everything that survives a restart of the machine.
type saved struct {
	Data   data
	Tokens []Token
}

// Save is the tables and the access tokens as JSON, for a demonstration that goes on another day.
func (s *Server) Save() ([]byte, error) {
	tokens := s.Tokens()
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(saved{s.data, tokens})
}

// Load replaces the tables and the access tokens by those that were saved.
func (s *Server) Load(from []byte) error {
	in := saved{Data: newData()}
	if err := json.Unmarshal(from, &in); err != nil {
		return fmt.Errorf("oscartest: these are not saved tables: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = in.Data
	s.oauth.access = map[string]Token{}
	for _, t := range in.Tokens {
		s.oauth.access[t.Key] = t
	}
	return nil
}

// Providers lists the people of the clinic by number.
func (s *Server) Providers() []Provider {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Provider
	for _, no := range slices.SortedFunc(maps.Keys(s.data.Providers), strings.Compare) {
		out = append(out, s.data.Providers[no])
	}
	return out
}
