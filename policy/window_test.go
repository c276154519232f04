package policy

import (
	"testing"
	"time"

	"vestibule/fhir"
)

func TestWindowsAreReadAsWrittenOrRefused(t *testing.T) {
	for text, want := range map[string]string{
		"-1d..+90d": "-1d..+90d", "0d..+90d": "0d..+90d", "-2w..0d": "-14d..0d", "3d..+2w": "+3d..+14d", "0d..0d": "0d..0d",
		"-3660d..+3660d": "-3660d..+3660d",
		"+90d..-1d":      "", "-1d": "", "..": "", "-1d..": "", "1..2": "", "-1m..+1m": "", "+-1d..1d": "", "-3661d..0d": "", "0d..+523w": "",
		"0d..+99999999999999999999d": "", "-1d...+1d": "", " 0d..1d": "", "0d..1 d": "", "d..w": "", "": "",
	} {
		w, err := parseWindow(text)
		got := ""
		if err == nil {
			got = w.String()
		}
		if got != want {
			t.Errorf("%q is %q (%v), want %q", text, got, err, want)
		}
	}
}

func TestAWindowIsWholeDaysOfTheClinicsCalendar(t *testing.T) {
	for _, c := range []struct {
		zone, now, window string
		inside, outside   []string
	}{
		{"America/Toronto", "2026-11-25T04:30:00Z", "0d..0d", // the evening of the 24th
			[]string{"2026-11-24T00:00:00-05:00", "2026-11-24T23:59:59.999-05:00", "2026-11-25T04:59:59Z"},
			[]string{"2026-11-23T23:59:59-05:00", "2026-11-23T23:59:59.999-05:00", "2026-11-25T00:00:00-05:00", "2026-11-25T05:00:00Z"}},
		{"America/Toronto", "2027-03-13T17:00:00Z", "+1d..+1d", // the day of 23 hours
			[]string{"2027-03-14T05:00:00Z", "2027-03-15T03:59:59Z"}, []string{"2027-03-14T04:59:59Z", "2027-03-15T04:00:00Z"}},
		{"America/Toronto", "2026-10-31T17:00:00Z", "+1d..+1d", // the day of 25 hours
			[]string{"2026-11-01T04:00:00Z", "2026-11-02T04:59:59Z"}, []string{"2026-11-01T03:59:59Z", "2026-11-02T05:00:00Z"}},
		{"America/St_Johns", "2026-11-25T12:00:00Z", "-1d..0d",
			[]string{"2026-11-24T03:30:00Z", "2026-11-26T03:29:59Z"}, []string{"2026-11-24T03:29:59Z", "2026-11-26T03:30:00Z"}},
		{"America/Regina", "2026-07-01T12:00:00Z", "0d..+1w",
			[]string{"2026-07-01T06:00:00Z", "2026-07-09T05:59:59Z"}, []string{"2026-07-01T05:59:59Z", "2026-07-09T06:00:00Z"}},
		{"America/Havana", "2026-03-08T12:00:00Z", "0d..0d", // clocks go from midnight to one
			[]string{"2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z"}, []string{"2026-03-08T04:59:59Z", "2026-03-09T04:00:00Z"}},
		{"America/Toronto", "2026-12-31T17:00:00Z", "0d..+1d",
			[]string{"2027-01-01T23:59:59-05:00"}, []string{"2027-01-02T00:00:00-05:00", "2026-12", "2027", "", "soon"}},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		w, err := parseWindow(c.window)
		if err != nil {
			t.Fatal(err)
		}
		today := dayOf(now, zoneOf(t, c.zone))
		days := w.on("Appointment", today)
		check := func(start string, want bool) {
			r := resource(t, `{"resourceType":"Appointment","id":"1","start":"%s"}`, start)
			if got := days.holds(r); got != want {
				t.Errorf("%s in %s at %s: %s inside is %v", c.window, c.zone, c.now, start, got)
			}
			if want && !matchAll(w.overlapping("Appointment", today), r) {
				t.Errorf("%s in %s at %s: the EMR would not be asked for %s", c.window, c.zone, c.now, start)
			}
		}
		for _, s := range c.inside {
			check(s, true)
		}
		for _, s := range c.outside {
			check(s, false)
		}
	}
}

func TestEachTypesWindowIsOnItsOwnDate(t *testing.T) {
	today := dayOf(wednesday(t), maple(t).Zone)
	for typ, element := range map[string]string{"Appointment": "start", "Task": "authoredOn", "DocumentReference": "date"} {
		days := (window{}).on(typ, today)
		in := resource(t, `{"resourceType":"%s","id":"1","%s":"2026-11-25T09:00:00-05:00"}`, typ, element)
		if !days.holds(in) {
			t.Errorf("%s.%s of today is outside", typ, element)
		}
		for _, r := range []fhir.Resource{
			resource(t, `{"resourceType":"%s","id":"1"}`, typ),
			resource(t, `{"resourceType":"%s","id":"1","%s":["2026-11-25T09:00:00-05:00","2031-01-01T09:00:00-05:00"]}`, typ, element),
			resource(t, `{"resourceType":"%s","id":"1","%s":{"start":"2026-11-25T09:00:00-05:00"}}`, typ, element),
		} {
			if days.holds(r) {
				t.Errorf("%s is inside", r.Bytes())
			}
		}
	}
	if days := (window{}).on("Patient", today); dateParam("Patient") != "" || days.holds(resource(t, `{"resourceType":"Patient","id":"1","":"2026-11-25"}`)) {
		t.Error("a type that is not supported has a window")
	}
}

func TestAWindowMovesWithTheDay(t *testing.T) {
	s := compiled(t, grantOf("today", Permission{Scope: "user/Appointment.r", Window: "0d..0d"}))
	r := appointment(t, "1", "42", "2026-11-26T09:00:00-05:00", "")
	req := ask(t, "GET Appointment/1")
	for _, step := range []struct {
		now  time.Time
		want bool
	}{{req.Now, false}, {req.Now.AddDate(0, 0, 1), true}, {req.Now, false}, {req.Now.AddDate(0, 0, 2), false}} {
		req.Now, req.Caller.Expires = step.now, step.now.Add(time.Minute)
		if released, _ := permitted(t, s, req).Release(r); released.IsZero() == step.want {
			t.Errorf("on %s: released is %v", step.now, !released.IsZero())
		}
	}
}
