package main

import "sync"

// What callers do.
const (
	doRead   = "read"
	doSearch = "search-type"
	doCreate = "create"
	doUpdate = "update"
)

// attempt is one request and everything that its caller received of the answer.
type attempt struct {
	request  string // X-Request-Id: no two are alike
	kind     string
	wish     string // of a write: what is to be written, its comment; the same in each attempt at it
	answered bool   // the head of an answer came
	whole    bool   // and all of its body
	status   int
	receipt  string
	refs     []string // "Appointment/id/_history/version" in the bytes received
	patients []string // "Patient/id" in them
	version  string   // of a whole answer, from its ETag
}

// diary is what all callers of a folder did and received. It is safe for concurrent use.
type diary struct {
	mu       sync.Mutex
	attempts []attempt
}

func (d *diary) add(a attempt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.attempts = append(d.attempts, a)
}

func (d *diary) all() []attempt {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]attempt(nil), d.attempts...)
}
