package forward

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"vestibule/audit"
)

// Status is how it stands with a sink by what is kept of it, for whoever looks at the data folder from outside. What the
// serving process did in the last second may not be in it.
type Status struct {
	Name    string
	Kind    string
	Success time.Time // when it last took something; zero: never
	Failing time.Time // since when it takes nothing; zero: it does not fail
	Fault   string    // why
	Late    bool      // its lag is on record
	Logs    []LogStatus
	Parked  []Parked // the newest of the events that were left out
}

// LogStatus is how far one log has got.
type LogStatus struct {
	Log, Clinic   string
	Next, Records int64     // what has arrived, and what there is
	Waiting       time.Time // of the oldest record that has not arrived; zero: all have
	Sent, Skipped int64
	Parked        int64
}

// Parked is an event that a sink refused and that was left out.
type Parked struct {
	Event string
	Why   string
	Time  time.Time
}

// parkedShown is how many of the events left out a Status names.
const parkedShown = 5

// Read is the status of every sink that was ever sent to, in the order of their names.
func Read(ctx context.Context, db *sql.DB) ([]Status, error) {
	p, r := places{db}, audit.NewReader(db)
	heads, err := r.Heads(ctx)
	if err != nil {
		return nil, err
	}
	names, err := p.names(ctx)
	if err != nil {
		return nil, err
	}
	var out []Status
	for _, name := range names {
		row, _, err := p.sink(ctx, name)
		if err != nil {
			return nil, err
		}
		s := Status{Name: name, Kind: row.kind, Success: row.success, Failing: row.failing, Fault: row.fault, Late: row.late}
		rows, err := p.of(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, h := range heads {
			at, ok := rows[h.Log]
			if !ok {
				continue
			}
			log := LogStatus{Log: h.Log, Clinic: h.Clinic, Next: at.Next, Records: h.Size, Sent: at.sent, Skipped: at.skipped, Parked: at.parked}
			if log.Waiting, err = waiting(ctx, r, h, at.Next); err != nil {
				return nil, err
			}
			s.Logs = append(s.Logs, log)
		}
		if s.Parked, err = p.parked(ctx, name); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// waiting is the time of the oldest record that has not arrived.
func waiting(ctx context.Context, r *audit.Reader, h audit.Head, next int64) (time.Time, error) {
	if next >= h.Size {
		return time.Time{}, nil
	}
	found, err := r.Search(ctx, h.Clinic, audit.Search{Ascending: true, Since: next, Count: 1, Looks: windowLooks})
	if err != nil || len(found.Entries) == 0 {
		return time.Time{}, err
	}
	return found.Entries[0].Record.Time, nil
}

// Again asks for a clinic's log to be sent to a sink from a record on, once more. It takes effect when the serving process
// has put it on record.
func Again(ctx context.Context, db *sql.DB, sink, clinic string, from int64, by string) error {
	p := places{db}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	if _, found, err := p.sink(ctx, sink); err != nil {
		return err
	} else if !found && len(names) == 0 {
		return fmt.Errorf("there is no sink %s: nothing was ever sent on from here", sink)
	} else if !found {
		return fmt.Errorf("there is no sink %s; known are %s", sink, strings.Join(names, ", "))
	}
	heads, err := audit.NewReader(db).Heads(ctx)
	if err != nil {
		return err
	}
	rows, err := p.of(ctx, sink)
	if err != nil {
		return err
	}
	for _, h := range heads {
		if h.Clinic != clinic {
			continue
		}
		at, sent := rows[h.Log]
		switch {
		case !sent:
			return fmt.Errorf("%s's trail does not go to %s", clinic, sink)
		case from < 0 || from > at.Next:
			return fmt.Errorf("the trail of %s has %d records, %s has those before %d: what it has not got yet is sent anyway", clinic, h.Size, sink, at.Next)
		}
		return p.wish(ctx, again{sink: sink, log: h.Log, by: by, next: from})
	}
	return fmt.Errorf("there is no clinic %q with a trail here", clinic)
}

// Pending reports whether a wish of Again has not been taken up yet.
func Pending(ctx context.Context, db *sql.DB) (bool, error) {
	wishes, err := places{db}.wishes(ctx, "")
	return len(wishes) > 0, err
}

// names are the sinks that something is kept of.
func (p places) names(ctx context.Context) (out []string, err error) {
	rows, err := p.db.QueryContext(ctx, `SELECT name FROM forward_sink ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

// parked are the newest events that were left out at a sink.
func (p places) parked(ctx context.Context, sink string) (out []Parked, err error) {
	rows, err := p.db.QueryContext(ctx, `SELECT event, why, time FROM forward_parked WHERE sink = $1 ORDER BY time DESC, idx DESC LIMIT $2`, sink, parkedShown)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e Parked
		var at int64
		if err := rows.Scan(&e.Event, &e.Why, &at); err != nil {
			return nil, err
		}
		e.Time = moment(at)
		out = append(out, e)
	}
	return out, rows.Err()
}
