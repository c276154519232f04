package adaptertest

import (
	"log/slog"
	"testing"
	"time"

	"vestibule/adapters"
)

// World is one EMR under test: a stand-in that runs, and an adapter for it. Every field is needed.
type World struct {
	Base string // where the stand-in listens; http on loopback

	// Open opens an adapter; its Cleanup closes it. The suite opens many, most of them through its own proxy: requests
	// then go to o.Base, keep the Host header of o.Base, and the EMR's own links may still name World.Base.
	Open func(t testing.TB, o Opening) adapters.EMR

	// Patient registers a made-up patient with that family name in the EMR and returns the id; Practitioners are the ids of
	// at least two practitioners who are there already.
	Patient       func(t testing.TB, family string) string
	Practitioners []string

	Types map[string]Holding // one for every row of the capability table
}

// Opening is what the suite asks of an adapter that it opens. Zero fields mean the adapter's defaults.
type Opening struct {
	Base    string           // instead of World.Base
	Zone    *time.Location   // the clinic's
	Timeout time.Duration    // of one call
	MaxBody int              // bytes of an answer that are accepted
	Now     func() time.Time // the gateway's clock
	Log     *slog.Logger     // for adapters that log
}

// Holding is what the EMR holds of one resource type, and how the suite gets at it behind the adapter's back.
type Holding struct {
	Seed   func(t testing.TB, d Draft) string          // puts a row in, returns its id as the adapter gives it
	Change func(t testing.TB, id string, d Draft)      // makes the row say d, as somebody at the clinic would
	IDs    func(t testing.TB) []string                 // every row there is, in any order: the full scan
	More   func(t testing.TB, d Draft, n int) []string // puts in rows for parameters that drafts do not fill; may be nil
	Make   func(d Draft) string                        // the resource that a caller would send to create d; nil without create

	// Remove takes a row away for good; nil where the EMR never does.
	Remove func(t testing.TB, id string)
	// Attach puts in a row whose document has that content; needed for DocumentReference where the adapter is an
	// adapters.Content.
	Attach func(t testing.TB, d Draft, contentType string, content []byte) string

	Statuses []string // codes that rows can have, two or more; a Draft without a status has the first
	Text     Text     // the free text that Draft.Text goes to
	Time     string   // path of the element that Draft.Start goes to, as an instant; "" where the EMR sets its times itself
	Within   string   // criteria that go with every search ("date=ge2026-01-01&date=lt2028-01-01") where the EMR needs them
}

// Text is an element of free text.
type Text struct {
	Path  string // "description"
	Max   int    // characters it holds, as the adapter checks them; 0 where the adapter knows no limit
	Fixed bool   // an update cannot change it, so that the suite changes the status instead
}

// Draft is what the suite wants a row, or a resource to be created, to say.
type Draft struct {
	Patient      string    // id
	Practitioner string    // id: who is booked, who owns the task, who wrote the document
	Start        time.Time // whole minutes, between 2026 and 2027
	Minutes      int       // how long, for what has a length
	Status       string    // one of Holding.Statuses; "" is the first
	Text         string    // holds the canary
}
