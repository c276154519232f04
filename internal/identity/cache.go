package identity

import (
	"crypto/sha256"
	"sync"
	"time"

	"vestibule/policy"
)

// maxRemembered is how long a verified token is taken on trust.
const maxRemembered = time.Minute

// digest is the SHA-256 of a token; tokens themselves are not kept.
type digest = [sha256.Size]byte

// digestOf hashes a token of usual length without putting a copy on the heap.
func digestOf(bearer string) digest {
	var room [1024]byte
	return sha256.Sum256(append(room[:0], bearer...))
}

type remembered struct {
	caller policy.Caller // without Address, which is each request's own
	until  time.Time
}

// tokenCache remembers verified tokens in two generations: when the young one is full it becomes the old one, and the old
// one goes. So the size is bounded, nothing is scanned, and only tokens that verified take up room.
type tokenCache struct {
	limit int // of one generation
	mu    sync.RWMutex
	young map[digest]remembered
	old   map[digest]remembered
}

func newTokenCache(size int) *tokenCache {
	return &tokenCache{limit: max(1, size/2), young: map[digest]remembered{}}
}

func (c *tokenCache) get(key digest, now time.Time) (policy.Caller, bool) {
	c.mu.RLock()
	r, ok := c.young[key]
	if !ok {
		r, ok = c.old[key]
	}
	c.mu.RUnlock()
	if !ok || !now.Before(r.until) {
		return policy.Caller{}, false
	}
	return r.caller, true
}

func (c *tokenCache) put(key digest, caller policy.Caller, now time.Time) {
	until := now.Add(maxRemembered)
	if caller.Expires.Before(until) {
		until = caller.Expires
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.limit {
		c.old, c.young = c.young, make(map[digest]remembered, c.limit)
	}
	c.young[key] = remembered{caller: caller, until: until}
}
