package oscartest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	clockStamp  = "15:04:05"
	isoStamp    = "2006-01-02T15:04:05.000-0700"
	yearOneUTC  = -62135769600000 // Java's 0001-01-01 00:00 UTC: its calendar is the Julian one that far back
	yearOneDate = "0001-01-01"
)

// seconds is a wall-clock time with seconds.
func seconds(clock string) string {
	if strings.Count(clock, ":") == 1 {
		return clock + ":00"
	}
	return clock
}

// plusMinutes moves a wall-clock time; past midnight it wraps, as a TIME column does.
func plusMinutes(clock string, minutes int) string {
	t, err := time.Parse(clockStamp, clock)
	if err != nil {
		return clock
	}
	return t.Add(time.Duration(minutes) * time.Minute).Format(clockStamp)
}

// moment is the day and wall-clock time in the clinic's zone.
func (s *Server) moment(date, clock string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly+" "+clockStamp, date+" "+clock, s.cfg.Zone)
	if err != nil {
		return time.Time{}
	}
	return t
}

// millis is a date-time as Jackson writes one: ms since 1970; nil where there is none.
func (s *Server) millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

// dayMillis is a DATE column in JSON: midnight in the clinic's zone.
func (s *Server) dayMillis(date string) int64 {
	if date == yearOneDate {
		return s.yearOne()
	}
	return s.moment(date, "00:00:00").UnixMilli()
}

// yearOne is how OSCAR says that there is no date.
func (s *Server) yearOne() int64 {
	_, offset := time.Date(2001, 1, 1, 0, 0, 0, 0, s.cfg.Zone).Zone()
	return yearOneUTC - int64(offset)*1000
}

// clock is a TIME column in JSON, in the shape that is switched on.
func (s *Server) clock(date, clock string) json.RawMessage {
	switch s.switches.Times {
	case TimeTwelve:
		return quoted(twelve(clock))
	case TimeEpoch:
		return json.RawMessage(strconv.FormatInt(s.moment("1970-01-01", clock).UnixMilli(), 10))
	case TimeEpochDated:
		return json.RawMessage(strconv.FormatInt(s.moment(date, clock).UnixMilli(), 10))
	case TimeISO:
		return quoted(s.moment(date, clock).Format(isoStamp))
	}
	return quoted(clock[:min(len(clock), len(clockStamp))])
}

func quoted(s string) json.RawMessage { return json.RawMessage(strconv.Quote(s)) }

// twelve is a time as day sheets show it: "09:00 AM".
func twelve(clock string) string {
	t, err := time.Parse(clockStamp, clock)
	if err != nil {
		return clock
	}
	return t.Format("03:04 PM")
}

// length is a day sheet's duration, counted to the inclusive end: "14m ", "1H 14m ".
func length(start, end string) string {
	a, err1 := time.Parse(clockStamp, start)
	b, err2 := time.Parse(clockStamp, end)
	if err1 != nil || err2 != nil {
		return ""
	}
	minutes := int(b.Sub(a) / time.Minute)
	if minutes >= 60 {
		return fmt.Sprintf("%dH %dm ", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%dm ", minutes)
}

// jsonDate reads a date as Jackson does: ms since 1970, or ISO with an offset, or a day alone, which is midnight UTC.
type jsonDate struct{ time.Time }

func (d *jsonDate) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" || text == "" {
		return nil
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		d.Time = time.UnixMilli(ms)
		return nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999Z07:00", "2006-01-02T15:04:05.999-0700", "2006-01-02T15:04:05.999", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			d.Time = t
			return nil
		}
	}
	return fmt.Errorf("%q is not a date", text)
}
