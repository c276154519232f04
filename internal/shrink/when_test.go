package shrink

import (
	"testing"
	"time"

	"vestibule/policy"
)

// TestHoursAreTheHullOfUse: rounded out to half hours, day by day of the week, and never beyond those given.
func TestHoursAreTheHullOfUse(t *testing.T) {
	at := func(day, slot int) func(*[7][48]bool) { return func(s *[7][48]bool) { s[day][slot] = true } }
	const sun, mon, wed, fri, sat = 0, 1, 3, 5, 6
	for _, c := range []struct {
		given, want string
		used        []func(*[7][48]bool)
	}{
		{"", "Mon-Wed 08:00-16:30", []func(*[7][48]bool){at(mon, 16), at(wed, 32)}},
		{"", "Sun 00:00-24:00", []func(*[7][48]bool){at(sun, 0), at(sun, 47)}},
		{"", "", []func(*[7][48]bool){at(mon, 0), at(sun, 47)}}, // at all hours: nothing to say
		{"Mon-Fri 07:45-18:00", "Mon-Fri 07:45-16:30", []func(*[7][48]bool){at(mon, 15), at(fri, 32)}},
		{"Sat-Mon 06:00-20:10, Tue-Thu 00:00-24:00", "Sat-Sun 10:00-20:10", []func(*[7][48]bool){at(sat, 20), at(sun, 40)}},
		{"Fri-Mon 06:00-20:00", "Fri-Mon 10:00-10:30", []func(*[7][48]bool){at(fri, 20), at(mon, 20)}},
		{"Mon 08:00-12:00, Mon 13:00-17:00", "Mon 09:00-09:30, Mon 14:00-14:30", []func(*[7][48]bool){at(mon, 18), at(mon, 28)}},
	} {
		var slots [7][48]bool
		for _, use := range c.used {
			use(&slots)
		}
		var given []policy.HourSpan
		if c.given != "" {
			var err error
			if given, err = policy.HourSpans(c.given); err != nil {
				t.Fatal(err)
			}
		}
		if got := hoursOf(slots, given); got != c.want {
			t.Errorf("%q: %q, want %q", c.given, got, c.want)
		}
	}
}

func TestWindowsAreRoundedOutAndNeverWider(t *testing.T) {
	for _, c := range []struct {
		typ, given       string
		from, to, margin int
		want             string
	}{
		{"Appointment", "", 0, 3, 0, "0d..+3d"},
		{"Appointment", "", -1, 10, 7, "-8d..+21d"},
		{"Appointment", "", -20, -16, 0, "-21d..-14d"},
		{"Appointment", "", 30, 31, 0, "+28d..+35d"},
		{"Task", "", -20, -2, 7, "-28d..0d"},
		{"DocumentReference", "", -3, 1, 7, "-10d..+1d"},
		{"Appointment", "-1d..+2w", -5, 20, 3, "-1d..+2w"},
		{"Appointment", "-1w..+90d", 0, 4, 3, "-3d..+7d"},
	} {
		p := policy.Part{Permission: policy.Permission{Window: c.given}, Type: c.typ}
		if c.given != "" {
			parts, err := policy.Parts(clinic(), policy.Grant{Clinic: "maple", Name: "a", To: policy.To{Platform: "p"}, Because: "A test", Until: "2027-01-31",
				Permissions: []policy.Permission{{Scope: "user/" + c.typ + ".r", Window: c.given}}})
			if err != nil {
				t.Fatal(err)
			}
			p = parts[0]
		}
		if got := windowOf(c.from, c.to, c.margin, &p); got != c.want {
			t.Errorf("%d to %d within %q: %s, want %s", c.from, c.to, c.given, got, c.want)
		}
	}
}

func TestFewValuesCoverEverything(t *testing.T) {
	a := newAgreement()
	a.add([]string{"Practitioner/1", "Practitioner/2"})
	a.add([]string{"Practitioner/2", "Practitioner/3"})
	a.add([]string{"Practitioner/4"})
	if got := a.few(2); len(got) != 2 || got[0] != "Practitioner/2" || got[1] != "Practitioner/4" {
		t.Errorf("%v", got)
	}
	if got := a.few(1); got != nil {
		t.Errorf("one value covers it: %v", got)
	}
	a.add(nil)
	if got := a.few(9); got != nil {
		t.Errorf("a resource without a value is covered: %v", got)
	}
}

func TestLimitsHaveRoomAndAreNeverWider(t *testing.T) {
	for _, c := range []struct{ used, given, want int }{{0, 0, 0}, {0, 9, 9}, {1, 0, 5}, {7, 0, 15}, {40, 0, 60}, {40, 50, 50}, {40, 200, 60}} {
		if got := room(c.used, c.given); got != c.want || got < c.used {
			t.Errorf("used %d of %d: %d, want %d", c.used, c.given, got, c.want)
		}
	}
}

func clinic() policy.Clinic { return policy.Clinic{Name: "maple", Zone: time.UTC} }
