package report

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// Trail is everything on record about a clinic: the log in use, and those before it that ended in a loss.
type Trail struct {
	Reader   *audit.Reader
	Clinic   string
	Logs     []string  // as audit.Reader knows them, oldest first: "maple#1", "maple"
	From     time.Time // zero: no bound
	Until    time.Time // zero: no bound
	Progress func(records int)

	sizes map[string]int64 // of the logs: what is recorded meanwhile is not read
}

// Open finds the logs of a clinic.
func Open(ctx context.Context, r *audit.Reader, clinic string, from, until time.Time) (Trail, error) {
	t := Trail{Reader: r, Clinic: clinic, From: from, Until: until}
	all, err := r.Clinics(ctx)
	if err != nil {
		return t, err
	}
	for _, name := range all {
		if name == clinic || strings.HasPrefix(name, clinic+"#") {
			t.Logs = append(t.Logs, name)
		}
	}
	return t, nil
}

// Bound keeps what is recorded from now on out of the trail, so that every part of a report is made of the same records.
func (t *Trail) Bound(ctx context.Context) error {
	t.sizes = make(map[string]int64, len(t.Logs))
	for _, log := range t.Logs {
		size, _, err := t.Reader.Size(ctx, log)
		if err != nil {
			return err
		}
		t.sizes[log] = size
	}
	return nil
}

// holds reports whether a record was there when the trail was bounded.
func (t Trail) holds(log string, index int64) bool {
	size, bounded := t.sizes[log]
	return !bounded || index < size
}

// Walk calls each for every record of the period, in the order of the logs.
func (t Trail) Walk(ctx context.Context, each func(audit.Entry) error) error {
	seen := 0
	for _, log := range t.Logs {
		err := t.Reader.Walk(ctx, log, t.From, t.Until, func(e audit.Entry) error {
			if !t.holds(log, e.Index) {
				return nil
			}
			if seen++; t.Progress != nil && seen%1000 == 0 {
				t.Progress(seen)
			}
			return each(e)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Search calls each for every record that q finds in the period, oldest first; it asks the index.
func (t Trail) Search(ctx context.Context, q audit.Search, each func(audit.Entry) error) error {
	q.From, q.Until, q.Ascending, q.Count = t.From, t.Until, true, audit.MaxCount
	seen := 0
	for _, log := range t.Logs {
		for q.Since = 0; ; {
			found, err := t.Reader.Search(ctx, log, q)
			if err != nil {
				return err
			}
			for _, e := range found.Entries {
				if !t.holds(log, e.Index) {
					continue
				}
				if err := each(e); err != nil {
					return err
				}
			}
			if seen += len(found.Entries); t.Progress != nil {
				t.Progress(seen)
			}
			if q.Since = found.Next; q.Since == 0 {
				break
			}
		}
	}
	return nil
}

// Picked is records that a pass over the trail picked, to be read again: only their places are in memory.
type Picked struct {
	trail Trail
	at    [][]int64 // for each log
}

// Pick walks the period, or asks the index where q is given, and remembers the records that keep says.
func (t Trail) Pick(ctx context.Context, q *audit.Search, keep func(audit.Entry) (bool, error)) (Picked, error) {
	p := Picked{trail: t, at: make([][]int64, len(t.Logs))}
	for i, log := range t.Logs {
		one := t
		one.Logs = []string{log}
		each := func(e audit.Entry) error {
			ok, err := keep(e)
			if ok {
				p.at[i] = append(p.at[i], e.Index)
			}
			return err
		}
		var err error
		if q == nil {
			err = one.Walk(ctx, each)
		} else {
			err = one.Search(ctx, *q, each)
		}
		if err != nil {
			return p, err
		}
	}
	return p, nil
}

// Each calls f for every record that was picked and is still there.
func (p Picked) Each(ctx context.Context, f func(audit.Entry) error) error {
	for i, log := range p.trail.Logs {
		for chunk := range slices.Chunk(p.at[i], audit.MaxCount) {
			found, err := p.trail.Reader.Search(ctx, log, audit.Search{Indexes: chunk, Ascending: true, Count: audit.MaxCount})
			if err != nil {
				return err
			}
			for _, e := range found.Entries {
				if err := f(e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// State is the proof line of each log.
func (t Trail) State(ctx context.Context) ([]Log, error) {
	var out []Log
	for _, name := range t.Logs {
		l := Log{Clinic: name}
		note, err := t.Reader.SignedCheckpoint(ctx, name)
		if err != nil && fhir.AsError(err).Reason() == "not-signed-yet" {
			continue
		}
		if err != nil {
			return nil, err
		}
		l.Origin, l.Size, l.Root = checkpoint(note)
		deleted, err := t.Reader.Deletions(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, d := range deleted {
			l.Deleted += d.Bodies
			l.DeletedOn = d.Time
		}
		out = append(out, l)
	}
	return out, nil
}

// checkpoint reads the three lines of a C2SP tlog-checkpoint: origin, size, root.
func checkpoint(note []byte) (origin string, size int64, root string) {
	lines := strings.SplitN(string(note), "\n", 4)
	if len(lines) < 4 {
		return "", 0, ""
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return "", 0, ""
	}
	return lines[0], size, lines[2]
}
