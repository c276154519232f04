package fhirr4

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// line is a transport without a network, so that time can be the test's.
type line func(*http.Request) (*http.Response, error)

func (w line) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/metadata") {
		return reply(200, statement), nil
	}
	return w(r)
}

func reply(status int, text string) *http.Response {
	return &http.Response{
		StatusCode: status, ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text)),
		Header: http.Header{"Content-Type": {"application/fhir+json"}},
	}
}

func readOne(a *Adapter) error {
	_, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"})
	return err
}

func TestTheBreakerOpensLeavesTheEMRAloneAndLetsOneTryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		status, text := 500, marker
		a := open(t, Config{Base: "https://emr.example.test", Transport: line(func(*http.Request) (*http.Response, error) {
			asked++
			return reply(status, text), nil
		})})
		for range wire.BreakerFailures {
			wantError(t, readOne(a), fhir.KindUpstream, "emr-failed")
		}
		for range 20 {
			err := readOne(a)
			wantError(t, err, fhir.KindUnavailable, "emr-circuit-open")
			if fhir.AsError(err).RetryAfter != wire.BreakerPause {
				t.Errorf("RetryAfter %v", fhir.AsError(err).RetryAfter)
			}
		}
		if asked != wire.BreakerFailures {
			t.Errorf("%d requests reached the EMR", asked)
		}
		time.Sleep(wire.BreakerPause + time.Second) // the bubble's clock
		wantError(t, readOne(a), fhir.KindUpstream, "emr-failed")
		wantError(t, readOne(a), fhir.KindUnavailable, "emr-circuit-open")
		time.Sleep(wire.BreakerPause + time.Second)
		status, text = 200, appointment("a1", "1")
		for range 3 {
			if err := readOne(a); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWhatAnEMRMayWellSayDoesNotOpenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{400, 401, 403, 404, 409, 410, 412, 423} {
			a := open(t, Config{Base: "https://emr.example.test", Transport: line(func(*http.Request) (*http.Response, error) { return reply(status, "{}"), nil })})
			for range 3 * wire.BreakerFailures {
				if e := fhir.AsError(readOne(a)); e.Code == "emr-circuit-open" {
					t.Fatalf("open after %d", status)
				}
			}
		}
		a := open(t, Config{Base: "https://emr.example.test", Transport: line(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		for range 3 * wire.BreakerFailures { // callers who hang up
			ctx, cancel := context.WithCancel(background)
			time.AfterFunc(time.Second, cancel)
			_, err := a.Read(ctx, fhir.Ref{Type: "Appointment", ID: "a1"})
			wantError(t, err, fhir.KindTimeout, "emr-timeout")
		}
	})
}

func TestRetryAfterIsKeptToWithinTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		var after string
		transport := line(func(*http.Request) (*http.Response, error) {
			if asked.Add(1) == 1 {
				r := reply(429, "")
				r.Header.Set("Retry-After", after)
				return r, nil
			}
			return reply(200, appointment("a1", "1")), nil
		})
		for _, c := range []struct {
			after string
			takes time.Duration // 0 is refused at once
		}{{time.Now().Add(4 * time.Second).UTC().Format(http.TimeFormat), 4 * time.Second}, {"3", 3 * time.Second}, {"9", 0}} {
			asked.Store(0)
			after = c.after
			a := open(t, Config{Base: "https://emr.example.test", Transport: transport})
			began := time.Now()
			err := readOne(a)
			if c.takes == 0 {
				wantError(t, err, fhir.KindUnavailable, "emr-busy")
				if fhir.AsError(err).RetryAfter != 9*time.Second || asked.Load() != 1 {
					t.Errorf("%v after %d", fhir.AsError(err).RetryAfter, asked.Load())
				}
			} else if took := time.Since(began); err != nil || took > c.takes || took < c.takes-time.Second {
				t.Errorf("Retry-After %s: %v after %v", c.after, err, took)
			}
		}
	})
}

func TestTheStatementIsKeptAnHourAndAnOldOneIsBetterThanNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		down := false
		a := open(t, Config{Base: "https://emr.example.test", Attempts: 1, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			asked++
			if down {
				return nil, errors.New(marker)
			}
			return reply(200, statement), nil
		})})
		ask := func() {
			if c, err := a.Capability(background); err != nil || !c.Supports("Appointment", fhir.InteractionRead) {
				t.Error(err)
			}
		}
		ask()
		time.Sleep(statementAge - time.Second)
		ask()
		if asked != 1 {
			t.Errorf("%d requests within the hour", asked)
		}
		time.Sleep(2 * time.Second)
		ask()
		if asked != 2 {
			t.Errorf("%d requests after the hour", asked)
		}
		down = true
		time.Sleep(statementAge + time.Second)
		for range 5 {
			ask()
		}
		if asked != 3 {
			t.Errorf("%d requests of an EMR that is down, within %v", asked, wire.Hold)
		}
		down = false
		time.Sleep(wire.Hold)
		ask()
		if asked != 4 {
			t.Errorf("%d requests after it is up again", asked)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
