package wire

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/sony/gobreaker/v2"

	"vestibule/fhir"
)

// A breaker opens after BreakerFailures failures in a row and lets one request try again after BreakerPause.
const (
	BreakerFailures = 5
	BreakerPause    = 10 * time.Second
)

// Breaker is the circuit breaker of one EMR, shared by all that is asked of it.
type Breaker[T any] struct {
	circuit *gobreaker.CircuitBreaker[T]
}

// NewBreaker makes a closed one.
func NewBreaker[T any]() *Breaker[T] {
	return &Breaker[T]{gobreaker.NewCircuitBreaker[T](gobreaker.Settings{
		Timeout:      BreakerPause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= BreakerFailures },
		IsSuccessful: func(err error) bool { return !ails(err) },
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) }, // the caller went away
	})}
}

// Do lets send through unless the breaker is open.
func (b *Breaker[T]) Do(op, typ string, send func() (T, *Fault)) (T, *Fault) {
	var none T
	v, err := b.circuit.Execute(func() (T, error) {
		v, f := send()
		if f != nil { // a nil *Fault in an error would not be nil
			return v, f
		}
		return v, nil
	})
	if err == nil {
		return v, nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return none, f
	}
	e := fhir.E(op, fhir.KindUnavailable, "emr-circuit-open", "The EMR has failed repeatedly and is left alone for a moment. Try again later.")
	e.RetryAfter, e.Ref.Type = BreakerPause, typ
	return none, &Fault{Err: e}
}

// ails reports whether an error says that the EMR is out of order, not that it said no.
func ails(err error) bool {
	return err != nil && slices.Contains(
		[]string{"emr-failed", "emr-timeout", "emr-unreachable", "emr-answer-broken", "emr-answer-not-fhir"}, fhir.AsError(err).Code)
}

// FirstPause is how long adapters wait at most before a request is sent a second time, unless they are told otherwise.
const FirstPause = 100 * time.Millisecond

// Pause waits before attempt number attempt is repeated: as long as the EMR asks for, or a random time up to first that
// doubles. It reports whether to go on: not if the call's time would run out.
func Pause(ctx context.Context, random io.Reader, first time.Duration, attempt int, asked time.Duration) bool {
	wait := asked
	if wait == 0 {
		wait = Jitter(random, first<<min(attempt-1, 5))
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Jitter is a random time between half of d and d, so that callers who failed together do not come back together.
func Jitter(random io.Reader, d time.Duration) time.Duration {
	var b [1]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return d
	}
	return d/2 + d/2*time.Duration(b[0])/255
}

// Within bounds a call by the adapter's own time limit, unless the caller's is nearer already.
func Within(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= most {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, most)
}

// Budget is how long a write's requests may take of a call of at most that long, so that time is left to find out what
// became of them.
func Budget(ctx context.Context, most time.Duration) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(deadline))
	}
	return most * 2 / 3
}
