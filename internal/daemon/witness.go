package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"vestibule/audit"
)

// Witness is who is asked to cosign the trails' checkpoints (https://c2sp.org/tlog-witness).
type Witness struct {
	URL string // what comes before /add-checkpoint
	Key string // its public key
}

// How often each witness is asked for what is new, and for how long a required one may be silent before that is an alarm.
const (
	witnessEvery    = 5 * time.Second
	witnessPatience = 15 * time.Minute
)

// asked is one witness and how it goes with it.
type asked struct {
	*audit.Gather
	url     string
	client  *http.Client
	since   time.Time // when it first did not cosign what there was; zero: it does
	failing string    // what was reported last
	alarmed bool      // its silence is on record
}

// askWitnesses asks each witness for cosignatures until ctx ends, one beside the other. No access waits for a witness: one that
// does not answer is reported, and, where witnesses are required, put on record.
func (d *Daemon) askWitnesses(ctx context.Context, every time.Duration) {
	var all sync.WaitGroup
	for _, w := range d.opts.Witnesses {
		g, err := audit.NewGather(d.db, w.Key, time.Now)
		if err != nil {
			d.opts.Log.Error("a witness cannot be asked", "url", w.URL, "error", err)
			continue
		}
		a := &asked{Gather: g, url: strings.TrimRight(w.URL, "/") + "/add-checkpoint", client: &http.Client{Timeout: 10 * time.Second}}
		all.Go(func() {
			defer a.client.CloseIdleConnections()
			tick := time.NewTicker(every)
			defer tick.Stop()
			for ctx.Err() == nil {
				d.noteWitness(ctx, a, d.askOne(ctx, a), time.Now())
				select {
				case <-ctx.Done():
				case <-tick.C:
				}
			}
		})
	}
	all.Wait()
}

// askOne asks a witness for every trail that grew since it cosigned it.
func (d *Daemon) askOne(ctx context.Context, a *asked) error {
	signed, err := d.ledger.Checkpoints(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range signed {
		if strings.Contains(s.Clinic, "#") { // sealed: nothing follows from it
			continue
		}
		seen, err := a.Seen(ctx, s.Log)
		if err == nil && s.Size > seen {
			err = d.cosign(ctx, a, s, seen)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("log %s: %w", s.Log, err))
		}
	}
	return errors.Join(errs...)
}

// cosign asks for one trail; a witness that has seen another size says so, and is asked again from there.
func (d *Daemon) cosign(ctx context.Context, a *asked, s audit.Signed, seen int64) error {
	for range 2 {
		body, err := d.ledger.Addition(ctx, s.Clinic, seen)
		if err != nil {
			return err
		}
		status, answer, err := a.post(ctx, body)
		switch {
		case err != nil:
			return err
		case status == http.StatusOK:
			return a.Keep(ctx, s.Log, body, answer)
		case status == http.StatusUnprocessableEntity: // no proof from here holds
			return errors.New("the witness has seen another history of this trail")
		case status != http.StatusConflict:
			return fmt.Errorf("the witness answered %d", status)
		}
		size, err := strconv.ParseInt(strings.TrimSuffix(string(answer), "\n"), 10, 64)
		if err != nil || size == seen {
			return errors.New("the witness has seen another history of this trail")
		}
		if size > s.Size {
			return fmt.Errorf("the witness has seen %d records, only %d are here: was an old database put back?", size, s.Size)
		}
		seen = size
	}
	return errors.New("the witness's size keeps changing: does another gateway use this ledger?")
}

// maxAnswer bounds what is read of a witness's answer.
const maxAnswer = 64 << 10

func (a *asked) post(ctx context.Context, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, answer, err
}

// noteWitness reports when a witness stops to cosign and when it does so again.
func (d *Daemon) noteWitness(ctx context.Context, a *asked, err error, now time.Time) {
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		if a.failing != "" {
			d.opts.Log.Info("a witness cosigns again", "witness", a.Name())
		}
		if a.alarmed && d.record(ctx, "witness-back", a.Name()) != nil {
			return // tried again at the next tick
		}
		a.since, a.failing, a.alarmed = time.Time{}, "", false
		return
	}
	if a.since.IsZero() {
		a.since = now
	}
	if text := err.Error(); text != a.failing {
		a.failing = text
		d.opts.Log.Error("a witness does not cosign; trying again", "witness", a.Name(), "error", err)
	}
	if d.opts.RequireWitness && !a.alarmed && now.Sub(a.since) >= witnessPatience {
		a.alarmed = d.record(ctx, "witness-missing", a.Name()) == nil
	}
}
