package audit

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"vestibule/fhir"
)

// actionKeyRotated is the Admin.Action of the record that hands a log over to another key. Its Subject is the new key.
const actionKeyRotated = "key-rotated"

// Rotate hands every log over to another key: in one transaction each gets a record that names the new key, and a checkpoint
// over that record which both keys sign. What comes later the new key signs alone. newID makes the ids of the records. The
// caller keeps both private keys until Rotate has returned, see SignedBy.
func (l *Ledger) Rotate(ctx context.Context, key ed25519.PrivateKey, newID func() string) error {
	next, err := newSigner(l.signer.Load().Name(), key)
	if err != nil {
		return fhir.E("audit.Rotate", fhir.KindInternal, "ledger-key", "The new signing key cannot be used.").Because(err)
	}
	return l.do(ctx, func() error {
		if err := l.ensureLoaded(); err != nil {
			return unavailable("ledger-unavailable", err)
		}
		return l.handOver(next, newID)
	})
}

// handOver is Rotate in the committer's goroutine.
func (l *Ledger) handOver(next *signer, newID func() string) error {
	if next.public == l.signer.Load().public {
		return nil
	}
	f := &flight{done: make(chan struct{})}
	for _, s := range l.logs {
		if sealed(s.clinic) {
			continue
		}
		r := Record{ID: newID(), Phase: PhaseSystem, Clinic: s.clinic, Outcome: OutcomeSuccess, Admin: Admin{Action: actionKeyRotated, Subject: next.public}}
		it, err := l.encode(&r)
		if err != nil {
			return err
		}
		f.items = append(f.items, it)
	}
	slices.SortFunc(f.items, func(a, b item) int { return int(l.logs[a.clinic].id - l.logs[b.clinic].id) })
	l.next = next
	err := l.commit(f)
	l.next = nil
	l.noteCommit(err)
	if err != nil {
		return unavailable("ledger-unavailable", err)
	}
	l.signer.Store(next)
	l.keys = append(slices.Clone(l.keys), next)
	return nil
}

// SignedBy reports whether key signed the newest checkpoint of every log in db: after an end in the middle of a rotation it
// tells which of two keys is the ledger's. A ledger without checkpoints was signed by nobody.
func SignedBy(ctx context.Context, db *sql.DB, deployment string, key ed25519.PrivateKey) (bool, error) {
	s, err := newSigner(deployment, key)
	if err != nil {
		return false, err
	}
	signed, err := NewReader(db).Checkpoints(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range signed {
		if sealed(c.Clinic) {
			continue
		}
		_, err := openCheckpoint(string(c.Note), keyring{s})
		var unsigned *note.UnverifiedNoteError
		if errors.As(err, &unsigned) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return len(signed) > 0, nil
}
