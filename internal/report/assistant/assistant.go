// Package assistant is the report of what one person, or one program, did: in sessions of work, and each access.
//
// A session ends where nothing follows for longer than the gap that was asked for. It is made of the accesses alone: who signed in
// and did nothing has none.
package assistant

import (
	"context"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

// Options say what is asked.
type Options struct {
	Agent   string // "iss|sub"
	Gap     time.Duration
	Because map[string]plain.Because
}

// session is a stretch of work.
type session struct {
	first, last                   time.Time
	accesses, refusals, documents int
	patients                      map[string]bool
}

// maker gathers what the report says.
type maker struct {
	o        Options
	accesses report.Picked
	sessions []*session
	patients map[string]int
	all      session
	who      report.Value
}

// Make makes the report. It counts what the index has of the person; the list reads it again while it is written.
func Make(ctx context.Context, trail report.Trail, o Options) (report.Report, error) {
	m := &maker{o: o, patients: map[string]int{}, who: report.Code(o.Agent)}
	var err error
	if m.accesses, err = trail.Pick(ctx, &audit.Search{Agents: []string{o.Agent}}, m.count); err != nil {
		return report.Report{}, err
	}
	r := report.Report{Title: title, About: report.Say(about.With(m.who, report.Code(o.Agent))), Lead: m.lead(),
		Notes: []report.Text{noteSession.With(report.Number(int(o.Gap.Minutes()))), noteUnverified, noteGateway}}
	r.Sections = []report.Section{m.sessionTable(), m.timeline(ctx), m.patientTable()}
	return r, nil
}

// count takes in an access of the person. What refused tokens only claimed to be is not the person's, and an intent is told by the
// record that settles it.
func (m *maker) count(e audit.Entry) (bool, error) {
	r := &e.Record
	if r.Agent.Role == audit.RoleUnverified || r.Phase == audit.PhaseIntent {
		return false, nil
	}
	m.who = plain.Who(r)
	s := m.current(r.Time)
	for _, s := range [...]*session{s, &m.all} {
		s.add(r)
	}
	if r.Phase == audit.PhaseOutcome && r.Outcome == audit.OutcomeSuccess {
		for _, p := range r.Patients {
			m.patients[p]++
		}
	}
	return true, nil
}

// current is the session that a time belongs to. Records are dated when their access began, so that neighbours may change places.
func (m *maker) current(at time.Time) *session {
	if n := len(m.sessions); n > 0 && at.Sub(m.sessions[n-1].last) <= m.o.Gap {
		return m.sessions[n-1]
	}
	s := &session{}
	m.sessions = append(m.sessions, s)
	return s
}

func (s *session) add(r *audit.Record) {
	last := r.Time
	if r.Until.After(last) {
		last = r.Until
	}
	if s.first.IsZero() || r.Time.Before(s.first) {
		s.first = r.Time
	}
	if last.After(s.last) {
		s.last = last
	}
	if r.Phase == audit.PhaseDenial {
		s.refusals += max(1, r.Repeats)
	} else {
		s.accesses++
	}
	for i := range r.Released {
		s.documents += r.Released[i].Documents
	}
	if s.patients == nil {
		s.patients = map[string]bool{}
	}
	for _, p := range r.Patients {
		s.patients[p] = true
	}
}
