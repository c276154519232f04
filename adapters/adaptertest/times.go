package adaptertest

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"vestibule/adapters"
	"vestibule/fhir"
)

func timePromises() []promise {
	return []promise{
		{name: "H35: instants come back equal, and a day is the clinic's day, in every zone", needs: []need{does(fhir.InteractionRead)}, keep: timesHold},
		{name: "the gateway's clock does not change what is read", needs: []need{does(fhir.InteractionRead)}, keep: clocksDoNotMatter},
		{name: "when an EMR says at which time to come back, its own clock counts", needs: []need{does(fhir.InteractionRead)}, keep: retryByTheirClock},
	}
}

// zones are clinics' zones and days on which their clocks do something: the day before, of and after it are tried.
func zones() map[string][]string {
	return map[string][]string{
		"America/Toronto":   {"2027-03-14", "2027-11-07", "2027-07-01"}, // the gap at 02:00, the overlap at 01:00, summer
		"America/St_Johns":  {"2027-03-14", "2027-11-07"},               // UTC-3:30 and -2:30
		"America/Regina":    {"2027-03-14", "2027-11-07"},               // no daylight saving time
		"America/Winnipeg":  {"2027-03-14", "2027-11-07"},
		"America/Vancouver": {"2027-03-14", "2027-02-28"},
	}
}

// wallClock are the times of day that are tried on a day, shift days after the one when the clock does something.
func wallClock(shift int) []string {
	if shift != 0 {
		return []string{"00:00", "12:00", "23:59"}
	}
	return []string{"00:00", "01:00", "01:30", "01:59", "03:00", "03:30", "23:30", "23:59"}
}

func timesHold(t T, s *suite, h subject) {
	if h.Time == "" {
		return // the EMR sets its times itself, as World.Types says; nothing is written that could come back otherwise
	}
	for name, days := range zones() {
		t.Run(name, func(t T) {
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			z := *s
			z.zone, z.world = zone, s.start(t, zone)
			if z.world.Types[h.Name].IDs == nil {
				t.Fatalf("the World in %s has no %s", name, h.Name)
			}
			h := subject{h.Type, z.world.Types[h.Name]}
			for _, day := range days {
				z.timesOfDay(t, h, day)
			}
			z.overlap(t, h)
		})
	}
}

// timesOfDay has rows on a day and its neighbours, written by the clinic and through the adapter, and asks for each of the
// three days.
func (s *suite) timesOfDay(t T, h subject, day string) {
	t.Helper()
	a := s.direct(t)
	d := s.draft(t)
	at := map[string]time.Time{}
	noon, err := time.ParseInLocation("2006-01-02", day, s.zone)
	if err != nil {
		t.Fatal(err)
	}
	creates := slices.Contains(h.Interactions, fhir.InteractionCreate)
	for _, shift := range []int{-1, 0, 1} {
		for _, clock := range wallClock(shift) {
			d.Start, err = time.ParseInLocation("2006-01-02 15:04", noon.AddDate(0, 0, shift).Format("2006-01-02")+" "+clock, s.zone)
			if err != nil {
				t.Fatal(err)
			}
			d.Start = firstOccurrence(d.Start)
			id := h.Seed(t, d)
			at[id] = d.Start
			if creates && shift == 0 {
				r, err := a.Write(background(), s.creation(t, h, d))
				if err != nil {
					t.Errorf("%s %s: %v", day, clock, err)
					continue
				}
				at[r.ID()] = d.Start
			}
		}
	}
	for id, want := range at {
		if got := instant(s.read(t, a, h, id), h.Time); !got.Equal(want) {
			t.Errorf("%s is %s, want %s", h.Time, got.In(s.zone), want)
		}
	}
	s.days(t, a, h, d.Patient, noon, at)
}

// days asks for each day by itself, as a caller does who knows no zones.
func (s *suite) days(t T, a adapters.EMR, h subject, patient string, noon time.Time, at map[string]time.Time) {
	t.Helper()
	param := h.timeParam()
	if param == "" || !slices.Contains(h.Interactions, fhir.InteractionSearch) {
		return
	}
	for _, shift := range []int{-1, 0, 1} {
		day := noon.AddDate(0, 0, shift).Format("2006-01-02")
		var want []string
		for id, start := range at {
			if start.In(s.zone).Format("2006-01-02") == day {
				want = append(want, id)
			}
		}
		found, err := collect(a, s.query(t, h, param+"="+day+"&patient=Patient/"+patient))
		if err != nil {
			t.Errorf("%s=%s: %v", param, day, err)
			continue
		}
		s.sameIDs(t, param+"="+day, found, want)
	}
}

// timeParam is the search parameter that looks at the type's instant itself; "" where none does.
func (h subject) timeParam() string {
	for _, p := range fhir.SearchParams(h.Name) {
		if p.Type == fhir.ParamDate && slices.Contains(p.Paths, h.Time) {
			return p.Name
		}
	}
	return ""
}

// overlap writes the hour that happens twice, the second time. An EMR that keeps wall clock time cannot hold it: then it is
// refused by its path, and not moved by an hour.
func (s *suite) overlap(t T, h subject) {
	t.Helper()
	if !slices.Contains(h.Interactions, fhir.InteractionCreate) {
		return
	}
	second := time.Date(2027, 11, 7, 1, 30, 0, 0, s.zone)
	if first := firstOccurrence(second); first.Equal(second) {
		second = second.Add(time.Hour)
	}
	d := s.draft(t)
	d.Start = second
	r, err := s.direct(t).Write(background(), s.creation(t, h, d))
	if err != nil {
		if e := wantError(t, "the second 01:30", err, is(fhir.KindUnprocessable)); e.Path != h.Time {
			t.Errorf("the refusal names %q, not %q", e.Path, h.Time)
		}
		return
	}
	if got := instant(s.read(t, s.direct(t), h, r.ID()), h.Time); !got.Equal(second) {
		t.Errorf("%s was taken and is %s", second, got.In(s.zone))
	}
}

// firstOccurrence is the first of the instants that a wall clock shows at as: in the overlap, an hour earlier.
func firstOccurrence(at time.Time) time.Time {
	const wall = "2006-01-02 15:04"
	if before := at.Add(-time.Hour); before.Format(wall) == at.Format(wall) {
		return before
	}
	return at
}

// clocksDoNotMatter opens adapters with clocks that are wrong: by seconds, as clocks are, which changes nothing; and by more. Then an
// EMR whose log-in looks at the time may refuse them; what is read is the same, or nothing.
func clocksDoNotMatter(t T, s *suite, h subject) {
	d := s.draft(t)
	id := h.Seed(t, d)
	want := s.read(t, s.direct(t), h, id)
	for _, skew := range []time.Duration{-20 * time.Second, 20 * time.Second, -26 * time.Hour, -6 * time.Minute, 6 * time.Minute, 26 * time.Hour, 20 * 365 * 24 * time.Hour} {
		a := s.open(t, Opening{Now: func() time.Time { return time.Now().Add(skew) }})
		r, err := a.Read(background(), fhir.Ref{Type: h.Name, ID: id})
		if err != nil && skew.Abs() > time.Minute {
			wantError(t, skew.String(), err, is(fhir.KindUpstream, "emr-login-refused"))
			continue
		}
		if err != nil || string(r.Bytes()) != string(want.Bytes()) {
			t.Errorf("with a clock that is wrong by %s another resource is read, or none: %v", skew, err)
		}
	}
}

// retryByTheirClock has the EMR say when to come back as a date, to gateways whose clocks are wrong.
func retryByTheirClock(t T, s *suite, h subject) {
	for _, skew := range []time.Duration{-26 * time.Hour, 0, 26 * time.Hour} {
		p := s.proxy(t, s.world)
		var wrong atomic.Bool
		a := s.open(t, Opening{Base: p.base(s.world), Now: func() time.Time {
			if wrong.Load() {
				return time.Now().Add(skew)
			}
			return time.Now()
		}})
		ask := s.prepare(t, h, a, readCall)
		wrong.Store(true)
		p.always(func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			at := time.Now().UTC().Add(2 * time.Minute).Format(http.TimeFormat)
			status(http.StatusTooManyRequests, "Retry-After", at, "Date", time.Now().UTC().Format(http.TimeFormat))(w, r, pass)
		})
		err := ask(background())
		if fhir.KindOf(err) == fhir.KindUpstream && skew != 0 {
			continue // the log-in looks at the time, see clocksDoNotMatter
		}
		e := wantError(t, "too many requests", err, is(fhir.KindUnavailable, "emr-busy"))
		if e.RetryAfter < time.Minute || e.RetryAfter > 3*time.Minute {
			t.Errorf("with a clock that is wrong by %s the EMR's two minutes became %s", skew, e.RetryAfter)
		}
	}
}
