package identity

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// The bounds of fetching; see the package comment.
const (
	minKeyAge     = time.Minute
	maxKeyAge     = time.Hour
	defaultKeyAge = 10 * time.Minute
	staleFor      = time.Hour        // how long keys serve beyond their age while the issuer is down
	fetchInterval = 10 * time.Second // between two fetches from one issuer, whatever the reason
)

// issuerKeys are the keys of one issuer: fetched on demand, one fetch at a time, never more than one per interval.
type issuerKeys struct {
	issuer string
	client *http.Client
	now    func() time.Time

	mu        sync.Mutex
	set       *keySet       // nil before the first success
	fetched   time.Time     // when set was fetched
	age       time.Duration // how long it is fresh
	where     Endpoints     // zero when discovery has to be done (again)
	described time.Time     // when discovery was done
	tried     time.Time     // when the last fetch began
	failure   error         // of the last fetch; nil after a success
	flight    chan struct{} // closed when the fetch under way ends; nil when there is none
}

// current gives keys that are fresh, or, while the issuer is down, not too stale. Only the first caller after the keys grew
// old waits; once a fetch has failed, and ahead of time, fetching is left to the background.
func (k *issuerKeys) current(ctx context.Context) (*keySet, error) {
	k.mu.Lock()
	now := k.now()
	age := now.Sub(k.fetched)
	switch {
	case k.set != nil && age < k.age:
		if age > k.age*4/5 {
			k.begin(ctx, now)
		}
		defer k.mu.Unlock()
		return k.set, nil
	case k.set != nil && age < k.age+staleFor && k.failure != nil:
		k.begin(ctx, now)
		defer k.mu.Unlock()
		return k.set, nil
	}
	wait := k.begin(ctx, now)
	k.mu.Unlock()
	if err := await(ctx, wait); err != nil {
		return nil, unavailable(fetchInterval, err)
	}
	return k.afterFetch()
}

// afterFetch is what there is once a fetch has ended, or none was allowed: good keys, stale keys, or a refusal.
func (k *issuerKeys) afterFetch() (*keySet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.set != nil && k.now().Sub(k.fetched) < k.age+staleFor {
		return k.set, nil
	}
	return nil, unavailable(k.retryAfter(), k.failure)
}

// newer gives a set that was fetched after old, if the interval allows one, for a key id that old does not hold. When none
// is to be had it says why: the issuer is down (unavailable), or it simply has no such key (old itself, again).
func (k *issuerKeys) newer(ctx context.Context, old *keySet) (*keySet, error) {
	k.mu.Lock()
	if k.set != old {
		defer k.mu.Unlock()
		return k.set, nil
	}
	wait := k.begin(ctx, k.now())
	k.mu.Unlock()
	if err := await(ctx, wait); err != nil {
		return nil, unavailable(fetchInterval, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failure != nil {
		return nil, unavailable(k.retryAfter(), k.failure)
	}
	return k.set, nil
}

// retryAfter is when the next fetch is allowed. The lock is held.
func (k *issuerKeys) retryAfter() time.Duration {
	return max(time.Second, fetchInterval-k.now().Sub(k.tried))
}

// begin starts a fetch unless one is under way or the interval has not passed, and gives what to wait for: nil when there
// is nothing. The fetch outlives the caller that caused it, because others wait for it too. The lock is held.
func (k *issuerKeys) begin(ctx context.Context, now time.Time) <-chan struct{} {
	if k.flight != nil {
		return k.flight
	}
	if !k.tried.IsZero() && now.Sub(k.tried) < fetchInterval {
		return nil
	}
	done := make(chan struct{})
	k.flight, k.tried = done, now
	where := k.where
	if now.Sub(k.described) > maxKeyAge {
		where = Endpoints{}
	}
	go k.fetch(context.WithoutCancel(ctx), where, done)
	return done
}

// fetch gets the keys, discovery first where it is needed, and publishes the outcome.
func (k *issuerKeys) fetch(ctx context.Context, where Endpoints, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	discovered := where == Endpoints{}
	var set *keySet
	var age time.Duration
	var err error
	if discovered {
		where, err = discover(ctx, k.client, k.issuer)
	}
	if err == nil {
		set, age, err = fetchKeys(ctx, k.client, where.JWKS)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	defer close(done)
	k.flight = nil
	if k.failure = err; err != nil {
		k.failure = fmt.Errorf("keys of %s: %w", k.issuer, err)
		k.where = Endpoints{} // it may have moved
		return
	}
	now := k.now()
	k.set, k.fetched, k.age, k.where = set, now, age, where
	if discovered {
		k.described = now
	}
}

// await waits for a fetch, or for the caller to give up.
func await(ctx context.Context, done <-chan struct{}) error {
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
