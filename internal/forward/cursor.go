package forward

import (
	"context"
	"time"

	"vestibule/audit"
)

// cursor is where one log stands at a sink.
type cursor struct {
	log, clinic string
	row         placeRow // what has settled
	ahead       Place    // what was taken; it may not have settled
	window      []*item  // what comes next
	marks       int      // how many of the lane's marks are this log's
	until       time.Time
	run         int  // events left out in a row
	stopped     bool // and that no more are is on record
}

// item is an event, or a record that has none, and the place behind it.
type item struct {
	Event
	after   Place
	skipped int64 // records before it without a body
	taken   bool
	parked  bool
	tries   int
}

// cursor is that of a log, with the place that the last run left.
func (l *lane) cursor(ctx context.Context, h audit.Head) (*cursor, error) {
	if c := l.cursors[h.Log]; c != nil {
		return c, nil
	}
	rows, err := l.f.places.of(ctx, l.Name)
	if err != nil {
		return nil, ours(err)
	}
	c := &cursor{log: h.Log, clinic: h.Clinic}
	row, found := rows[h.Log]
	if !found && l.FromNow && h.Size > 0 {
		began, err := l.f.reader.Began(ctx, h.Clinic)
		if err != nil {
			return nil, ours(err)
		}
		if began.Before(l.row.began) {
			row.Next = h.Size
		}
	}
	if !found {
		l.dirty[h.Log] = true
	}
	c.row, c.ahead = row, row.Place
	l.cursors[h.Log] = c
	return c, nil
}

// How much of a log is read at a time.
const (
	windowRecords = 64
	windowLooks   = 4096 // records, also those without a body
)

// fill reads what comes next, unless something is waiting already; a little of it while the sink fails.
func (c *cursor) fill(ctx context.Context, r *audit.Reader, h audit.Head, little bool) error {
	if len(c.window) > 0 || c.ahead.Next >= h.Size {
		return nil
	}
	count := windowRecords
	if little {
		count = 1
	}
	found, err := r.Search(ctx, c.clinic, audit.Search{Ascending: true, Since: c.ahead.Next, Count: count, Looks: windowLooks})
	if err != nil {
		return err
	}
	at := c.ahead.Next
	for _, e := range found.Entries {
		if e.Index > at {
			c.gap(at, e.Index)
		}
		if err := c.add(e); err != nil {
			return err
		}
		at = e.Index + 1
	}
	end := found.Next
	if end == 0 { // everything that there was
		end = h.Size
	}
	if end > at {
		c.gap(at, end)
	}
	return nil
}

// gap passes over records that a search does not find, because their bodies were deleted.
func (c *cursor) gap(from, to int64) {
	c.window = append(c.window, &item{after: Place{Next: to}, skipped: to - from, taken: true})
}

// add puts an entry's events that have not been taken behind the window.
func (c *cursor) add(e audit.Entry) error {
	all, err := events(e, c.clinic)
	if err != nil {
		return err
	}
	behind := Place{Next: e.Index + 1}
	if len(all) == 0 {
		c.window = append(c.window, &item{Event: Event{Time: e.Record.Time}, after: behind, taken: true})
		return nil
	}
	for i, event := range all {
		if e.Index == c.ahead.Next && i < c.ahead.Part {
			continue
		}
		it := &item{Event: event, after: Place{e.Index, i + 1}}
		if i == len(all)-1 {
			it.after = behind
		}
		c.window = append(c.window, it)
	}
	return nil
}

// How much is handed over at a time.
const (
	chunkEvents = 50
	chunkBytes  = 1 << 20
)

// chunk is what is handed over next; one event while the sink fails.
func (c *cursor) chunk(one bool) (items []*item, events []Event) {
	size := 0
	for _, it := range c.window {
		if it.taken {
			continue
		}
		size += len(it.Body)
		if len(items) > 0 && (one || len(items) == chunkEvents || size > chunkBytes) {
			break
		}
		items, events = append(items, it), append(events, it.Event)
	}
	return items, events
}
