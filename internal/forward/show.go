package forward

import (
	"context"
	"time"

	"vestibule/audit"
)

// shown is a sink's state as others may see it, while its goroutine may be waiting for the sink.
type shown struct {
	sinkRow
	failed int64
	logs   map[string]shownLog
}

type shownLog struct {
	placeRow
	oldest time.Time // of what was read and has not arrived
}

// show lets others see how it stands.
func (l *lane) show() {
	logs := make(map[string]shownLog, len(l.cursors))
	unsettled := 0 // logs with marks
	for name, c := range l.cursors {
		at := shownLog{placeRow: c.row}
		if len(c.window) > 0 {
			at.oldest = c.window[0].Time
		}
		if c.marks > 0 {
			unsettled++
			at.oldest = time.Time{}
		}
		logs[name] = at
	}
	for i := 0; unsettled > 0; i++ {
		m := l.marks[i]
		if at := logs[m.c.log]; at.oldest.IsZero() {
			at.oldest = m.time
			logs[m.c.log] = at
			unsettled--
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shown = shown{sinkRow: l.row, failed: l.failed, logs: logs}
}

// see takes in how far the logs have come, and wakes the goroutine.
func (l *lane) see(heads []audit.Head, now time.Time) {
	l.mu.Lock()
	l.heads = l.heads[:0:0]
	for _, h := range heads {
		if !l.wants(h.Clinic) {
			continue
		}
		l.heads = append(l.heads, h)
		if l.shown.logs[h.Log].Next >= h.Size {
			delete(l.grew, h.Log)
		} else if l.grew[h.Log].IsZero() {
			l.grew[h.Log] = now
		}
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// state is how it stands with the sink, as far as others can see.
func (l *lane) state(now time.Time) State {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := State{Name: l.Name, Kind: l.Kind, Failed: l.shown.failed, Success: l.shown.success, Failing: !l.shown.failing.IsZero()}
	for _, at := range l.shown.logs {
		s.Sent, s.Skipped, s.Parked = s.Sent+at.sent, s.Skipped+at.skipped, s.Parked+at.parked
	}
	if l.shown.began.IsZero() {
		return s // it has not begun
	}
	for _, h := range l.heads {
		at := l.shown.logs[h.Log]
		if at.Next >= h.Size {
			continue
		}
		s.LagRecords += h.Size - at.Next
		since := at.oldest
		if since.IsZero() {
			since = l.grew[h.Log]
		}
		if since.Before(l.shown.began) {
			since = l.shown.began
		}
		s.Lag = max(s.Lag, now.Sub(since))
	}
	return s
}

// alarm puts on record that a sink is late, and that it no longer is.
func (l *lane) alarm(ctx context.Context, now time.Time) {
	s := l.state(now)
	late := s.Lag >= l.AlarmAfter
	l.mu.Lock()
	before := l.late
	l.mu.Unlock()
	if late == before {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	action := ActionBack
	if late {
		action = ActionLate
	}
	if l.f.opts.Record(ctx, Note{Action: action, Subject: l.Name}) != nil {
		return // tried again at the next look
	}
	if late {
		l.f.opts.Log.Error("a sink is late", "sink", l.Name, "records", s.LagRecords, "behind", s.Lag.Round(time.Second))
	}
	l.mu.Lock()
	l.late = late
	l.mu.Unlock()
	if err := l.f.places.late(ctx, l.Name, late); err != nil {
		l.f.opts.Log.Error("that a sink is late is on record, but not kept; after a restart it is put on record again", "sink", l.Name, "error", err)
	}
}

// grant sends again what somebody wants to be sent again, once that is on record.
func (l *lane) grant(ctx context.Context) error {
	wishes, err := l.f.places.wishes(ctx, l.Name)
	if err != nil {
		return ours(err)
	}
	for _, a := range wishes {
		note := Note{Action: ActionAgain, Subject: a.subject(), By: a.by}
		if err := l.f.opts.Record(ctx, note); err != nil {
			return ours(err)
		}
		if err := l.save(ctx, true); err != nil {
			return ours(err)
		}
		if err := l.f.places.granted(ctx, a); err != nil {
			return ours(err)
		}
		l.drop()
		delete(l.cursors, a.log) // read anew
		l.row.began, l.changed = l.f.opts.Now(), true
		l.show()
	}
	return nil
}
