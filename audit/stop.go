package audit

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"vestibule/fhir"
)

// Stopped is why nothing can be recorded. It stands behind the errors of a stopped ledger; it names no path and no patient.
type Stopped struct {
	Because string    // one of the constants below
	Since   time.Time // when the first record was refused
}

// Why a ledger stops.
const (
	BecauseFull     = "the disk is full"
	BecauseReplaced = "the database was deleted, moved or replaced"
	BecauseReadOnly = "the database cannot be written to"
	BecauseFailing  = "the disk fails"
	BecauseSlow     = "the database does not answer"
)

// Error says so, for the operator.
func (s *Stopped) Error() string {
	return fmt.Sprintf("nothing can be recorded since %s: %s", s.Since.UTC().Format(time.RFC3339), s.Because)
}

// The Admin.Action of the records that say when recording ended and went on.
const (
	actionStopped = "audit-stopped"
	actionResumed = "audit-resumed"
)

// passing reports whether a stopped ledger takes r still: what says what becomes of the ledger itself.
func passing(r *Record) bool {
	return r.Phase == PhaseSystem && slices.Contains([]string{actionStopped, actionResumed, "start", "stop"}, r.Admin.Action)
}

// Stop has the ledger refuse every record but those that say what becomes of the ledger itself, until Resume. What is under
// way is decided by its commit.
func (l *Ledger) Stop(s Stopped) { l.stop.Store(&s) }

// Resume takes records again.
func (l *Ledger) Resume() { l.stop.Store(nil) }

// Stopped is what Stop was told; nil for a ledger that takes records.
func (l *Ledger) Stopped() *Stopped { return l.stop.Load() }

// Trouble says how commits go: why the last one failed, and since when they fail, nil where it succeeded; and how many have
// failed, or took longer than their callers waited, since Open.
func (l *Ledger) Trouble() (now *Stopped, failed int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	failed = l.failures + l.queue.givenUp.Load()
	if l.health == nil {
		return nil, failed
	}
	return &Stopped{Because: because(l.health), Since: l.failingAt}, failed
}

// ErrReplaced is wrapped by what Options.Intact returns where the file that is written to is not the one that will be found.
var ErrReplaced = errors.New("the database file is not the one that was opened")

// because puts what a database says into the words for it. The codes are SQLite's (https://www.sqlite.org/rescode.html):
// 13 full, 8 read-only, 14 cannot open, 10 input or output, 5 busy.
func because(err error) string {
	var coded interface{ Code() int }
	code := 0
	if errors.As(err, &coded) {
		code = coded.Code() & 0xff
	}
	switch {
	case errors.Is(err, ErrReplaced):
		return BecauseReplaced
	case code == 13:
		return BecauseFull
	case code == 8 || code == 14:
		return BecauseReadOnly
	case code == 10 || errors.Is(err, errFsync):
		return BecauseFailing
	}
	return BecauseSlow
}

// refused is what the caller of a stopped ledger hears.
func (s *Stopped) refused() error {
	e := fhir.E("audit.Append", fhir.KindUnavailable, "ledger-stopped",
		"The gateway cannot record what is done, so it lets nothing through; whoever runs it sees why. Send this again in a minute, a write with the same Idempotency-Key.")
	e.RetryAfter = 30 * time.Second
	return e.Because(s)
}

// sound asks whether the database is still the one that was opened.
func (l *Ledger) sound() error {
	if l.intact == nil {
		return nil
	}
	return l.intact()
}
