package forward

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Place is how far a log has got to a sink: everything before the record Next, and of that record the first Part events.
type Place struct {
	Next int64
	Part int
}

// sinkRow is what is kept of a sink between two runs.
type sinkRow struct {
	kind    string
	began   time.Time // when it was first configured, or told to send again: it cannot have lagged for longer
	success time.Time // when it last took something
	failing time.Time // since when it takes nothing; zero: it does not fail
	fault   string    // why
	late    bool      // its lag is on record
}

// placeRow is what is kept of a log at a sink.
type placeRow struct {
	Place
	sent, skipped, parked int64 // events, records without a body, events
}

// again is somebody's wish that a log be sent from an earlier record.
type again struct {
	sink, log, by string
	next          int64
}

// subject is the wish in words, for the record.
func (a again) subject() string { return fmt.Sprintf("%s: %s from record %d", a.sink, a.log, a.next) }

// places are the tables forward_sink, forward_place, forward_parked and forward_again.
type places struct{ db *sql.DB }

// sink reads what is kept of a sink; found is false for a new one.
func (p places) sink(ctx context.Context, name string) (row sinkRow, found bool, err error) {
	var began, success, failing int64
	err = p.db.QueryRowContext(ctx, `SELECT kind, began, success, failing, fault, late FROM forward_sink WHERE name = $1`, name).
		Scan(&row.kind, &began, &success, &failing, &row.fault, &row.late)
	if errors.Is(err, sql.ErrNoRows) {
		return sinkRow{}, false, nil
	}
	row.began, row.success, row.failing = moment(began), moment(success), moment(failing)
	return row, err == nil, err
}

// of reads what is kept of a sink's logs, by the log's name.
func (p places) of(ctx context.Context, sink string) (map[string]placeRow, error) {
	rows, err := p.db.QueryContext(ctx, `SELECT log, next, part, sent, skipped, parked FROM forward_place WHERE sink = $1`, sink)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]placeRow{}
	for rows.Next() {
		var log string
		var r placeRow
		if err := rows.Scan(&log, &r.Next, &r.Part, &r.sent, &r.skipped, &r.parked); err != nil {
			return nil, err
		}
		out[log] = r
	}
	return out, rows.Err()
}

// save writes a sink and some of its logs in one short transaction. Whether it is late is only kept for a new one, see late.
func (p places) save(ctx context.Context, name string, row sinkRow, logs map[string]placeRow) error {
	return p.within(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO forward_sink (name, kind, began, success, failing, fault, late) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, began = excluded.began, success = excluded.success,
				failing = excluded.failing, fault = excluded.fault`,
			name, row.kind, millis(row.began), millis(row.success), millis(row.failing), row.fault, row.late)
		if err != nil {
			return err
		}
		for log, r := range logs {
			_, err := tx.ExecContext(ctx, `INSERT INTO forward_place (sink, log, next, part, sent, skipped, parked) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT (sink, log) DO UPDATE SET next = excluded.next, part = excluded.part, sent = excluded.sent,
					skipped = excluded.skipped, parked = excluded.parked`,
				name, log, r.Next, r.Part, r.sent, r.skipped, r.parked)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// park keeps that an event was left out at a sink.
func (p places) park(ctx context.Context, sink string, e Event, why string, now time.Time) error {
	_, err := p.db.ExecContext(ctx, `INSERT INTO forward_parked (sink, log, event, idx, why, time) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (sink, log, event) DO UPDATE SET why = excluded.why, time = excluded.time`, sink, e.Log, e.ID, e.Index, why, now.UnixMilli())
	return err
}

// late keeps whether a sink's lag is on record.
func (p places) late(ctx context.Context, sink string, late bool) error {
	_, err := p.db.ExecContext(ctx, `UPDATE forward_sink SET late = $1 WHERE name = $2`, late, sink)
	return err
}

// wish asks for a log to be sent again.
func (p places) wish(ctx context.Context, a again) error {
	_, err := p.db.ExecContext(ctx, `INSERT INTO forward_again (sink, log, next, author) VALUES ($1, $2, $3, $4)
		ON CONFLICT (sink, log) DO UPDATE SET next = excluded.next, author = excluded.author`, a.sink, a.log, a.next, a.by)
	return err
}

// wishes are what somebody wants a sink to be sent again; an empty name stands for every sink.
func (p places) wishes(ctx context.Context, sink string) ([]again, error) {
	rows, err := p.db.QueryContext(ctx, `SELECT sink, log, next, author FROM forward_again WHERE sink = $1 OR $1 = ''`, sink)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []again
	for rows.Next() {
		var a again
		if err := rows.Scan(&a.sink, &a.log, &a.next, &a.by); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// granted saves the place that a wish asks for, and takes the wish away.
func (p places) granted(ctx context.Context, a again) error {
	return p.within(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO forward_place (sink, log, next, part, sent, skipped, parked) VALUES ($1, $2, $3, 0, 0, 0, 0)
			ON CONFLICT (sink, log) DO UPDATE SET next = excluded.next, part = 0`, a.sink, a.log, a.next)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM forward_again WHERE sink = $1 AND log = $2 AND next = $3`, a.sink, a.log, a.next)
		return err
	})
}

func (p places) within(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// millis and moment turn times into Unix milliseconds and back; 0 is no time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
