package issuer

import (
	"sync"
	"time"
)

// maxOnce bounds how much a store holds; a demo does not come near it.
const maxOnce = 4096

// onceStore keeps things that are good once, until a moment.
type onceStore[T any] struct {
	mu    sync.Mutex
	items map[string]onceItem[T]
}

type onceItem[T any] struct {
	value T
	until time.Time
}

func newOnceStore[T any]() *onceStore[T] { return &onceStore[T]{items: map[string]onceItem[T]{}} }

// put keeps value under key; it reports false when key is there already or there is no room.
func (s *onceStore[T]) put(key string, value T, until, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, item := range s.items {
		if !now.Before(item.until) {
			delete(s.items, k)
		}
	}
	if _, taken := s.items[key]; taken || len(s.items) >= maxOnce {
		return false
	}
	s.items[key] = onceItem[T]{value, until}
	return true
}

// take gives what is under key and removes it; false when there is nothing or it is too late.
func (s *onceStore[T]) take(key string, now time.Time) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	item, ok := s.items[key]
	delete(s.items, key)
	if !ok || !now.Before(item.until) {
		var none T
		return none, false
	}
	return item.value, true
}
