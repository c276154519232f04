package fhir

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

func clause(tb testing.TB, typ, key, value string) Clause {
	tb.Helper()
	c, err := ParseClause(typ, key, value, zone(tb, "America/Toronto"))
	if err != nil {
		tb.Fatalf("%s %s=%s: %v", typ, key, value, err)
	}
	return c
}

func TestADateCoversWhatItsPrecisionSays(t *testing.T) {
	const layout = "2006-01-02T15:04:05.999999999Z"
	for _, c := range []struct{ zone, date, from, to string }{
		{"UTC", "2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"UTC", "2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"UTC", "2028-02-29", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"UTC", "2026-11-02T09:30Z", "2026-11-02T09:30:00Z", "2026-11-02T09:31:00Z"},
		{"UTC", "2026-11-02T09:30:15Z", "2026-11-02T09:30:15Z", "2026-11-02T09:30:16Z"},
		{"UTC", "2026-11-02T09:30:15.25Z", "2026-11-02T09:30:15.25Z", "2026-11-02T09:30:15.26Z"},
		{"UTC", "2026-11-02T09:30:15.1234567891Z", "2026-11-02T09:30:15.123456789Z", "2026-11-02T09:30:15.12345679Z"},
		{"America/Toronto", "2026-11-02T09:30:15+05:30", "2026-11-02T04:00:15Z", "2026-11-02T04:00:16Z"},
		{"America/Toronto", "2026-11-02", "2026-11-02T05:00:00Z", "2026-11-03T05:00:00Z"},
		{"America/Toronto", "2026-07-02T09:30", "2026-07-02T13:30:00Z", "2026-07-02T13:31:00Z"},
		{"America/St_Johns", "2026-07-02", "2026-07-02T02:30:00Z", "2026-07-03T02:30:00Z"},
	} {
		d, err := parseDate([]byte(c.date))
		if err != nil {
			t.Errorf("%s: %v", c.date, err)
			continue
		}
		span, skipped := d.interval(zone(t, c.zone))
		from, to := span.from.UTC().Format(layout), span.to.UTC().Format(layout)
		if from != c.from || to != c.to || skipped {
			t.Errorf("%s in %s is %s to %s, want %s to %s", c.date, c.zone, from, to, c.from, c.to)
		}
	}
}

func TestWhatIsNoDateIsRefused(t *testing.T) {
	for _, s := range []string{"", "26", "2026-", "2026-1", "2026-00", "2026-13", "2026-02-29", "2026-04-31", "2026-11-00", "0000", "2026-11-02T", "2026-11-02T09", "2026-11-02T9:30",
		"2026-11-02T24:00Z", "2026-11-02T09:60Z", "2026-11-02T09:30:60Z", "2026-11-02T09:30:00.Z", "2026-11-02T09:30:00+5", "2026-11-02T09:30:00+15:00", "2026-11-02T09:30:00+14:30",
		"2026-11-02T09:30:00Zx", "2026-11-02 09:30", "2026-11-02t09:30Z", "2026-11-02T09:30z", "2026-11-02Z", "2026/11/02", "20261102", "-2026", "２０２６", "1900-02-29", "2026-11-02T09:30:00-05"} {
		if _, err := parseDate([]byte(s)); err == nil {
			t.Errorf("%q is read as a date", s)
		}
		if _, err := ParseClause("Appointment", "date", s, nil); err == nil || KindOf(err) != KindInvalid || AsError(err).Path != "date" || s != "" && strings.Contains(err.Error(), s+" ") {
			t.Errorf("%q: %v, want KindInvalid at date without the value", s, err)
		}
	}
}

// The table of http://hl7.org/fhir/R4/search.html#prefix, with the ranges on both sides.
func TestPrefixesCompareRanges(t *testing.T) {
	for _, c := range []struct{ is, matching, not string }{
		{"2026-11-02T09:30:00-05:00",
			"2026-11-02 eq2026-11 2026 2026-11-02T09:30 2026-11-02T14:30Z ne2026-11-03 ne2026-11-02T09:30:00.0Z gt2026-11-01 ge2026-11-02 ge2026-11-02T09:30 lt2026-11-03 le2026-11-02 le2026 sa2026-11-01 sa2026-11-02T09:29 eb2026-11-03 eb2026-11-02T09:31 ap2026-11-02 ap2026-11-03 ap2026-11-01",
			"2026-11-03 2025 ne2026-11-02 gt2026-11-02 gt2026 ge2026-11-03 lt2026-11-02 le2026-11-01 sa2026-11-02 sa2026-11 eb2026-11-02 ap2026-11-04 2026-11-02T09:30:00.0-05:00"},
		{"2026-11-02",
			"2026-11-02 2026-11 ge2026-11-02 le2026-11-02 gt2026-11-02T12:00 lt2026-11-02T12:00 ge2026-11-02T12:00 sa2026-11-01 eb2026-11-03 ne2026-11-02T12:00 ap2026-11-02T12:00",
			"2026-11-02T12:00 gt2026-11-02 lt2026-11-02 sa2026-11-02T12:00 eb2026-11-02T12:00 sa2026-11-02 eb2026-11-02"},
		{"2026", "2026 gt2026-06 lt2026-06 ne2026-06 ge2026-06 le2026-06 ap2026-06", "2026-06 sa2026-06 eb2026-06 gt2026 lt2026 sa2026"},
	} {
		r := resource(t, fmt.Sprintf(`{"resourceType":"Task","authoredOn":%q}`, c.is))
		for value := range strings.FieldsSeq(c.matching) {
			if !clause(t, "Task", "authored-on", value).Match(r) {
				t.Errorf("%s does not match %s", c.is, value)
			}
		}
		for value := range strings.FieldsSeq(c.not) {
			if clause(t, "Task", "authored-on", value).Match(r) {
				t.Errorf("%s matches %s", c.is, value)
			}
		}
	}
}

func TestAPeriodIsARangeThatMayBeOpen(t *testing.T) {
	for _, c := range []struct{ period, matching, not string }{
		{`{"start":"2026-11-02","end":"2026-11-05"}`,
			"2026-11 ge2026-11-03 le2026-11-03 gt2026-11-04 lt2026-11-03 sa2026-11-01 eb2026-11-06 ap2026-11-05 ne2026-11-03", "2026-11-03 gt2026-11-05 lt2026-11-02 sa2026-11-02 eb2026-11-05"},
		{`{"start":"2026-11-02"}`, "ge2030 gt2026 sa2026-11-01 lt2026-11-03 ne2026", "2026 eb2090 lt2026-11-02 2026-11"},
		{`{"end":"2026-11-05"}`, "le1990 lt1990 eb2026-11-06 gt2026-11-04", "2026 sa1990 gt2026-11-05"},
		{`{}`, "", "2026 ne2026 ge1990 le2090 ap2026"},
		{`{"start":"soon"}`, "", "ne2026 ge1990 le2090"},
		{`{"start":"2026-11-02","end":"later"}`, "", "ne2026 ge1990 le2090"},
		{`{"start":"2026-11-05","end":"2026-11-02"}`, "", "ne2026 ge1990 le2090"},
		{`[{"start":null,"end":null}]`, "", "ne2026 ge1990"},
		{`7`, "", "ne2026 ge1990"},
		{`"soon"`, "", "ne2026 ge1990"},
	} {
		r := resource(t, `{"resourceType":"Task","executionPeriod":`+c.period+`}`)
		for value := range strings.FieldsSeq(c.matching) {
			if !clause(t, "Task", "period", value).Match(r) {
				t.Errorf("%s does not match %s", c.period, value)
			}
		}
		for value := range strings.FieldsSeq(c.not) {
			if clause(t, "Task", "period", value).Match(r) {
				t.Errorf("%s matches %s", c.period, value)
			}
		}
	}
}

func TestH35LocalTimesFollowTheClinicsClock(t *testing.T) {
	for _, c := range []struct{ name, zone, value, says, from, to string }{
		{"before the gap", "America/Toronto", "2026-03-08T01:59", "2026-03-08T01:59-05:00", "2026-03-08T06:59:00Z", "2026-03-08T07:00:00Z"},
		{"after the gap", "America/Toronto", "2026-03-08T03:00", "2026-03-08T03:00-04:00", "2026-03-08T07:00:00Z", "2026-03-08T07:01:00Z"},
		{"an ambiguous time is its first occurrence", "America/Toronto", "2026-11-01T01:30", "2026-11-01T01:30-04:00", "2026-11-01T05:30:00Z", "2026-11-01T05:31:00Z"},
		{"its second needs the zone", "America/Toronto", "2026-11-01T01:30-05:00", "2026-11-01T01:30-05:00", "2026-11-01T06:30:00Z", "2026-11-01T06:31:00Z"},
		{"a day of 23 hours", "America/Toronto", "2026-03-08", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
		{"a day of 25 hours", "America/Toronto", "2026-11-01", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		{"Newfoundland's half hour", "America/St_Johns", "2026-01-05T08:00", "2026-01-05T08:00-03:30", "2026-01-05T11:30:00Z", "2026-01-05T11:31:00Z"},
		{"Newfoundland's ambiguous hour", "America/St_Johns", "2026-11-01T01:15", "2026-11-01T01:15-02:30", "2026-11-01T03:45:00Z", "2026-11-01T03:46:00Z"},
		{"Regina keeps its clock", "America/Regina", "2026-03-08T02:30", "2026-03-08T02:30-06:00", "2026-03-08T08:30:00Z", "2026-03-08T08:31:00Z"},
		{"a day whose midnight is skipped", "America/Sao_Paulo", "2018-11-04", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		{"the day before it", "America/Sao_Paulo", "2018-11-03", "2018-11-03", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z"},
		{"a day whose midnight comes twice", "America/Havana", "2026-11-01", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},
		{"a day that never was", "Pacific/Apia", "2011-12-31", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"},
		{"an ambiguous time in the east", "Europe/Paris", "2026-10-25T02:30", "2026-10-25T02:30+02:00", "2026-10-25T00:30:00Z", "2026-10-25T00:31:00Z"},
		{"a change of half an hour", "Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:45+11:00", "2026-04-04T14:45:00Z", "2026-04-04T14:46:00Z"},
		{"no zone is UTC's", "UTC", "2026-03-08T02:30", "2026-03-08T02:30Z", "2026-03-08T02:30:00Z", "2026-03-08T02:31:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseClause("Appointment", "date", c.value, zone(t, c.zone))
			if err != nil {
				t.Fatal(err)
			}
			from, to := got.Span()
			if f, u := from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339); f != c.from || u != c.to || got.Value() != c.says {
				t.Errorf("%s is %s, %s to %s; want %s, %s to %s", c.value, got.Value(), f, u, c.says, c.from, c.to)
			}
		})
	}
	for z, values := range map[string][]string{
		"America/Toronto":     {"2026-03-08T02:00", "2026-03-08T02:30", "ge2026-03-08T02:59:59", "2026-03-08T02:30:00.5"},
		"America/St_Johns":    {"2026-03-08T02:15"},
		"Europe/Paris":        {"2026-03-29T02:30"},
		"Pacific/Apia":        {"2011-12-30T12:00"},
		"Australia/Lord_Howe": {"2026-10-04T02:15"},
		"America/Sao_Paulo":   {"2018-11-04T00:30"},
	} {
		for _, v := range values {
			_, err := ParseClause("Appointment", "date", v, zone(t, z))
			if err == nil || KindOf(err) != KindUnprocessable || AsError(err).Reason() != "nonexistent-local-time" || AsError(err).Path != "date" {
				t.Errorf("%s in %s: %v, want nonexistent-local-time", v, z, err)
			}
		}
	}
}

func TestAResourcesOwnDateIsReadInTheClinicsZone(t *testing.T) {
	evening := resource(t, `{"resourceType":"Appointment","start":"2026-11-03T01:00:00Z"}`) // 20:00 on the 2nd in Toronto
	if !clause(t, "Appointment", "date", "2026-11-02").Match(evening) || clause(t, "Appointment", "date", "2026-11-03").Match(evening) {
		t.Error("a day is not the clinic's day")
	}
	day := resource(t, `{"resourceType":"Task","authoredOn":"2026-11-02"}`)
	if !clause(t, "Task", "authored-on", "ge2026-11-02T05:00:00Z").Match(day) || clause(t, "Task", "authored-on", "lt2026-11-02T05:00:00Z").Match(day) {
		t.Error("a date without zone is not the clinic's")
	}
	skipped := resource(t, `{"resourceType":"Task","authoredOn":"2026-03-08T02:30:00"}`) // an EMR that does not mind the gap
	if !clause(t, "Task", "authored-on", "2026-03-08T03:00").Match(skipped) {
		t.Error("a skipped time in a resource is not where the clock goes on")
	}
}

func TestDateBetweenIsAWindow(t *testing.T) {
	toronto := zone(t, "America/Toronto")
	from, to := time.Date(2026, 11, 1, 0, 0, 0, 0, toronto), time.Date(2026, 11, 3, 0, 0, 0, 0, toronto)
	in := NewQuery("Appointment", DateBetween("Appointment", "date", from, to)...)
	if got := in.Encode(); got != "date=ge2026-11-01T04%3A00%3A00Z&date=lt2026-11-03T05%3A00%3A00Z" {
		t.Errorf("window is %s", got)
	}
	for start, want := range map[string]bool{
		"2026-10-31T23:59:59-04:00":     false,
		"2026-10-31T23:59:59.999-04:00": false,
		"2026-11-01T00:00:00-04:00":     true,
		"2026-11-01T00:00:00.001-04:00": true,
		"2026-11-02T23:59:59-05:00":     true,
		"2026-11-03T00:00:00-05:00":     false,
		"2026-11-01":                    true,
		"2026-11-03":                    false,
		"2026-10-31":                    false,
		"":                              false,
	} {
		if got := in.Match(resource(t, fmt.Sprintf(`{"resourceType":"Appointment","start":%q}`, start))); got != want {
			t.Errorf("%s: %v, want %v", start, got, want)
		}
	}
	for name, window := range map[string][]Clause{
		"of no time":         DateBetween("Appointment", "date", time.Time{}, time.Time{}),
		"empty":              DateBetween("Appointment", "date", from, from),
		"back to front":      DateBetween("Appointment", "date", to, from),
		"of no date":         DateBetween("Appointment", "status", from, to),
		"of no type":         DateBetween("Patient", "birthdate", from, to),
		"beyond the years":   DateBetween("Appointment", "date", time.Date(12026, 1, 1, 0, 0, 0, 0, toronto), time.Time{}),
		"of an unknown name": DateBetween("Appointment", "end", from, to),
	} {
		if NewQuery("Appointment", window...).Match(resource(t, appointmentJSON(1))) || len(window) == 0 {
			t.Errorf("a window %s lets something through", name)
		}
	}
	open := NewQuery("Appointment", DateBetween("Appointment", "date", time.Time{}, to)...)
	if got := open.Encode(); got != "date=lt2026-11-03T05%3A00%3A00Z" {
		t.Errorf("an open window is %s", got)
	}
	if _, end := open.Clauses()[0].Span(); !end.Equal(to) {
		t.Errorf("it ends %v", end)
	}
}

func TestASpanHoldsWhateverMatches(t *testing.T) {
	for value, want := range map[string]string{
		"2026-11-02":              "2026-11-02T05 2026-11-03T05",
		"ge2026-11-02":            "2026-11-02T05 open",
		"gt2026-11-02":            "2026-11-03T05 open",
		"sa2026-11-02":            "2026-11-03T05 open",
		"lt2026-11-02":            "open 2026-11-02T05",
		"eb2026-11-02":            "open 2026-11-02T05",
		"le2026-11-02":            "open 2026-11-03T05",
		"ne2026-11-02":            "open open",
		"ap2026-11-02":            "2026-11-01T05 2026-11-04T05",
		"2026-11-02,2026-11-05":   "2026-11-02T05 2026-11-06T05",
		"2026-11-02,ge2026-11-05": "2026-11-02T05 open",
	} {
		c := clause(t, "Appointment", "date", value)
		from, to := c.Span()
		show := func(x time.Time) string {
			if x.IsZero() {
				return "open"
			}
			return x.UTC().Format("2006-01-02T15")
		}
		if got := show(from) + " " + show(to); got != want {
			t.Errorf("%s spans %s, want %s", value, got, want)
		}
	}
	for _, c := range []Clause{{}, clause(t, "Appointment", "date:missing", "false"), clause(t, "Appointment", "status", "booked")} {
		if from, to := c.Span(); !from.IsZero() || !to.IsZero() {
			t.Errorf("%s=%s spans %v to %v", c.Key(), c.Value(), from, to)
		}
	}
}
