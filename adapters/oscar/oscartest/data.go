package oscartest

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// data are the clinic's tables.
type data struct {
	Providers    map[string]Provider
	Patients     map[int]Patient
	Appointments map[int]Appointment
	Archive      []Appointment // deleted rows
	Ticklers     map[int]Tickler
	Documents    map[int]Document
	Labs         []Lab
	Next         map[string]int // next number of each table
}

func newData() data {
	return data{
		Providers: map[string]Provider{}, Patients: map[int]Patient{}, Appointments: map[int]Appointment{},
		Ticklers: map[int]Tickler{}, Documents: map[int]Document{}, Next: map[string]int{"security": 128},
	}
}

// number is the given number of a row, or the table's next; later rows come after it.
func (d *data) number(table string, given int) int {
	if given == 0 {
		given = max(d.Next[table], 1)
	}
	d.Next[table] = max(d.Next[table], given+1)
	return given
}

// AddProviders puts people of the clinic in, or replaces them.
func (s *Server) AddProviders(rows ...Provider) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range rows {
		p.SecurityID = s.data.number("security", p.SecurityID)
		p.Type, p.Team = cmp.Or(p.Type, "doctor"), cmp.Or(p.Team, "Doctors")
		s.data.Providers[p.No] = p
	}
}

// AddPatients puts charts in, or replaces them.
func (s *Server) AddPatients(rows ...Patient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range rows {
		p.No = s.data.number("demographic", p.No)
		p.PatientStatus = cmp.Or(p.PatientStatus, "AC")
		s.data.Patients[p.No] = p
	}
}

// AddAppointments puts rows on the schedule, or replaces them, and returns their numbers.
func (s *Server) AddAppointments(rows ...Appointment) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []int
	for _, a := range rows {
		a.ID = s.data.number("appointment", a.ID)
		a.Start = seconds(a.Start)
		if a.End == "" {
			a.End = plusMinutes(a.Start, cmp.Or(a.Minutes, 15)-1)
		}
		a.End = seconds(a.End)
		if p, ok := s.data.Patients[a.DemographicNo]; ok && a.Name == "" {
			a.Name = chartName(p)
		}
		a.Status = cmp.Or(a.Status, "t")
		if a.Created.IsZero() {
			a.Created = s.now()
		}
		if a.Updated.IsZero() {
			a.Updated = a.Created
		}
		a.LastUpdateUser = cmp.Or(a.LastUpdateUser, a.ProviderNo)
		s.data.Appointments[a.ID] = a
		ids = append(ids, a.ID)
	}
	return ids
}

// AddTicklers puts ticklers in, or replaces them, and returns their numbers.
func (s *Server) AddTicklers(rows ...Tickler) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []int
	for _, t := range rows {
		t.ID = s.data.number("tickler", t.ID)
		t.Status, t.Priority = cmp.Or(t.Status, "A"), cmp.Or(t.Priority, "Normal")
		if t.Updated.IsZero() {
			t.Updated = s.now()
		}
		s.data.Ticklers[t.ID] = t
		ids = append(ids, t.ID)
	}
	return ids
}

// AddDocuments puts documents in, or replaces them, and returns their numbers.
func (s *Server) AddDocuments(rows ...Document) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []int
	for _, d := range rows {
		d.No = s.data.number("document", d.No)
		d.Status = cmp.Or(d.Status, "A")
		if d.Updated.IsZero() {
			d.Updated = s.now()
		}
		s.data.Documents[d.No] = d
		ids = append(ids, d.No)
	}
	return ids
}

// AddLabs puts laboratory reports in.
func (s *Server) AddLabs(rows ...Lab) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data.Labs = append(s.data.Labs, rows...)
}

// Edit changes one appointment as somebody of the clinic would at the screen.
func (s *Server) Edit(id int, by string, change func(*Appointment)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.data.Appointments[id]
	if ok {
		change(&a)
		a.Updated, a.LastUpdateUser = s.now(), by
		s.data.Appointments[id] = a
	}
	return ok
}

// Appointments lists the rows of the schedule by number.
func (s *Server) Appointments() []Appointment { return sorted(s, s.data.Appointments) }

// Archived lists the appointments that were deleted, oldest deletion first.
func (s *Server) Archived() []Appointment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.data.Archive)
}

// Ticklers lists the ticklers by number.
func (s *Server) Ticklers() []Tickler { return sorted(s, s.data.Ticklers) }

// Documents lists the documents by number.
func (s *Server) Documents() []Document { return sorted(s, s.data.Documents) }

// Patients lists the charts by number.
func (s *Server) Patients() []Patient { return sorted(s, s.data.Patients) }

func sorted[T any](s *Server, rows map[int]T) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []T
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, rows[id])
	}
	return out
}

// chartName is a patient as an appointment names them.
func chartName(p Patient) string { return p.LastName + ", " + p.FirstName }

// archive takes a row off the schedule and keeps it aside.
func (d *data) archive(a Appointment, at time.Time, by string) {
	a.Updated, a.LastUpdateUser = at, by
	d.Archive = append(d.Archive, a)
	delete(d.Appointments, a.ID)
}
