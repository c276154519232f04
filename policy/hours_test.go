package policy

import (
	"testing"
	"time"
)

func TestHoursAreReadAsWrittenOrRefused(t *testing.T) {
	for text, want := range map[string]hours{
		"Mon-Fri 07:30-18:00":              {{0b0111110, 450, 1080}},
		"Sat 09:00-12:00":                  {{0b1000000, 540, 720}},
		"Sat-Mon 00:00-24:00":              {{0b1000011, 0, 1440}},
		"Mon-Fri 08:00-12:00, Sun  9:00":   nil,
		"Mon 08:00-12:00, Wed 13:00-17:00": {{0b10, 480, 720}, {0b1000, 780, 1020}},
		"Mon-Mon 08:00-12:00":              nil,
		"Mon 12:00-08:00":                  nil,
		"Mon 08:00-08:00":                  nil,
		"Mon 08:00-24:01":                  nil,
		"Mon 08:60-09:00":                  nil,
		"Mon 8:00-9:00":                    nil,
		"mon 08:00-09:00":                  nil,
		"Monday 08:00-09:00":               nil,
		"Mon":                              nil,
		"Mon 08:00":                        nil,
		"08:00-09:00":                      nil,
		"Mon-Foo 08:00-09:00":              nil,
		"Mon 0a:00-09:00":                  nil,
		"Mon 08:00-09:00,":                 nil,
		"":                                 nil,
	} {
		got, err := parseHours(text)
		if (err != nil) != (want == nil) || len(got) != len(want) {
			t.Errorf("%q: %v, %v", text, got, err)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q[%d] = %+v, want %+v", text, i, got[i], want[i])
			}
		}
	}
}

func TestHoursHoldByTheClinicsWallClock(t *testing.T) {
	// The clocks of Canada go forward on 14 March 2027 at 02:00 and back on 1 November 2026 at 02:00; Regina's never do.
	for _, c := range []struct {
		zone, hours, utc string
		want             bool
	}{
		{"America/Toronto", "Mon-Fri 07:30-18:00", "2026-11-25T12:29:59Z", false},
		{"America/Toronto", "Mon-Fri 07:30-18:00", "2026-11-25T12:30:00Z", true},
		{"America/Toronto", "Mon-Fri 07:30-18:00", "2026-11-25T22:59:59Z", true},
		{"America/Toronto", "Mon-Fri 07:30-18:00", "2026-11-25T23:00:00Z", false},
		{"America/Toronto", "Mon-Fri 07:30-18:00", "2026-11-28T15:00:00Z", false}, // a Saturday
		{"America/Toronto", "Mon-Fri 07:30-18:00", "2026-07-01T11:30:00Z", true},  // an hour earlier in summer
		{"America/St_Johns", "Mon-Fri 07:30-18:00", "2026-11-25T10:59:59Z", false},
		{"America/St_Johns", "Mon-Fri 07:30-18:00", "2026-11-25T11:00:00Z", true},
		{"America/Regina", "Mon-Fri 07:30-18:00", "2026-11-25T13:30:00Z", true},
		{"America/Regina", "Mon-Fri 07:30-18:00", "2026-07-01T13:29:59Z", false},
		{"America/Toronto", "Sun 02:00-03:00", "2027-03-14T06:59:59Z", false}, // 01:59:59; the hour from two is skipped
		{"America/Toronto", "Sun 02:00-03:00", "2027-03-14T07:00:00Z", false}, // 03:00
		{"America/Toronto", "Sun 01:00-02:00", "2026-11-01T05:30:00Z", true},  // 01:30 for the first time
		{"America/Toronto", "Sun 01:00-02:00", "2026-11-01T06:30:00Z", true},  // 01:30 again
		{"America/Toronto", "Sun 01:00-02:00", "2026-11-01T07:00:00Z", false}, // 02:00
		{"America/Toronto", "Tue 20:00-24:00", "2026-11-25T04:59:59Z", true},  // still Tuesday there
		{"America/Toronto", "Tue 20:00-24:00", "2026-11-25T05:00:00Z", false},
	} {
		h, err := parseHours(c.hours)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.include(wallClockAt(at.In(zoneOf(t, c.zone)))); got != c.want {
			t.Errorf("%s at %s in %s: %v", c.hours, c.utc, c.zone, got)
		}
	}
}
