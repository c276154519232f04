package audit

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"vestibule/fhir"
)

// Hour is how many records a clinic's log has of an hour.
type Hour struct {
	Begin   time.Time // in the zone asked for
	Records int64     // of every phase, intents too; those whose bodies were deleted count no more
}

// CountByHour counts the records of a clinic's log that are dated in [from, until) by the hours of a zone, in order; hours
// without a record are left out. Both ends lie on a quarter of an hour, as every zone's hours and days do. It reads no record
// but those that the index does not hold yet. A clinic without a log has no hours.
func (r *Reader) CountByHour(ctx context.Context, clinic string, from, until time.Time, zone *time.Location) ([]Hour, error) {
	const op = "audit.CountByHour"
	if zone == nil || !wholeQuarter(from) || !wholeQuarter(until) {
		return nil, fhir.E(op, fhir.KindInvalid, "parameter-invalid", "Hours are counted between two times on a quarter of an hour, in a time zone.")
	}
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, readFailed(op, err)
	}
	defer tx.Rollback()
	s := &searcher{ctx: ctx, q: tx, want: Search{From: from, Until: until}}
	counts, err := s.countQuarters(clinic)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, readFailed(op, err)
	}
	return byHour(counts, zone), nil
}

func wholeQuarter(t time.Time) bool {
	return !t.IsZero() && t.Nanosecond() == 0 && t.Unix()%int64(quarter.Seconds()) == 0
}

// countQuarters is how many records each quarter of an hour has, by its text in the index.
func (s *searcher) countQuarters(clinic string) (map[string]int64, error) {
	if err := s.open(clinic); err != nil {
		return nil, err
	}
	counts := make(map[string]int64)
	all, err := s.live()
	if err != nil {
		return nil, err
	}
	for i := range all {
		err := s.quarters(&all[i], max(s.fromMillis(), all[i].minTime), min(s.untilMillis()-1, all[i].maxTime), func(text []byte, r run) { counts[string(text)] += r.n })
		if err != nil {
			return nil, err
		}
	}
	for index := s.indexed; index < s.size; index++ {
		e, ok, err := s.entryAt(index)
		if err != nil {
			return nil, err
		}
		if ok {
			counts[quarterOf(e.Record.Time.UnixMilli())]++
		}
	}
	return counts, nil
}

// byHour sums quarters up by the hours of a zone.
func byHour(counts map[string]int64, zone *time.Location) []Hour {
	var out []Hour
	for _, text := range slices.Sorted(maps.Keys(counts)) {
		t := beginOf(text).In(zone)
		begin := t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second)
		if n := len(out); n > 0 && out[n-1].Begin.Equal(begin) {
			out[n-1].Records += counts[text]
			continue
		}
		out = append(out, Hour{begin, counts[text]})
	}
	return out
}
