package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Document is one version of something a clinic has written down: a clinic, a connection, a platform, a grant. Versions
// are never changed, but for a text that has to be erased; a withdrawal is a version of its own that repeats the text it takes back.
type Document struct {
	Kind      string // "Clinic", "Connection", "Platform", "Grant", …
	Clinic    string // whose it is; empty for what belongs to no clinic
	Name      string // unique within kind and clinic
	Version   int    // from 1, without gaps; set by Apply
	Body      []byte // its YAML text as applied
	By        string // who applied it, set by Apply
	At        time.Time
	Withdrawn bool       // this version takes the document back
	Draft     bool       // this version has no effect before an approval of it; kept by Apply
	Erased    time.Time  // when its text was blanked, see Erase; zero: it was not
	Event     int64      // that has to be on record before this version takes effect, or is approved; set by Apply
	OnRecord  bool       // whether the event of this version is
	Approvals []Approval // what was decided about this version, oldest first
	Change    Change     // what Apply did with it; not stored
}

// Change says what Apply did with a document.
type Change string

// What Apply can do with a document. The zero value is found on documents that were read, not applied.
const (
	Created   Change = "created"   // there was none, or it had been withdrawn
	Changed   Change = "changed"   // there was one with another text, or a draft that this puts in force
	Unchanged Change = "unchanged" // there is one with this text; it keeps its version
)

// ErrNotApplied is wrapped by Withdraw for a document that is not there.
var ErrNotApplied = errors.New("is not applied")

// Store is the documents and events in a database. It is safe for concurrent use, by several processes too.
type Store struct {
	db *sql.DB
}

// New brings the tables in db up to date and returns the store on them. The database stays the caller's to close.
func New(db *sql.DB) (*Store, error) {
	if err := migrate(context.Background(), db); err != nil {
		return nil, fmt.Errorf("store.New: %w", err)
	}
	return &Store{db: db}, nil
}

// Apply writes docs, all or none of them. A document whose text is new gets the next version, together with the event
// that has to be on record before that version takes effect; one whose text is the current one keeps its version. A draft
// has no effect before it is approved: the version before it stays in force. The result is in the order of docs, with
// Version, By, At, Event and Change set.
func (s *Store) Apply(ctx context.Context, by string, now time.Time, docs []Document) ([]Document, error) {
	out := make([]Document, 0, len(docs))
	err := s.within(ctx, func(tx *sql.Tx) error {
		for _, d := range docs {
			applied, err := applyOne(ctx, tx, by, now, d)
			if err != nil {
				return fmt.Errorf("%s %s: %w", d.Kind, d.Name, err)
			}
			out = append(out, applied)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("store.Apply: %w", err)
	}
	return out, nil
}

func applyOne(ctx context.Context, tx *sql.Tx, by string, now time.Time, d Document) (Document, error) {
	old, err := latest(ctx, tx, d.Kind, d.Clinic, d.Name)
	if err != nil {
		return Document{}, err
	}
	holds := !old.Waits() || d.Draft // a draft that waits is not what was asked for, unless a draft was
	if old.Version > 0 && !old.Withdrawn && !old.Rejected() && holds && string(old.Body) == string(d.Body) {
		old.Change = Unchanged
		return old, nil
	}
	d.Change = Changed
	if old.Version == 0 || old.Withdrawn {
		d.Change = Created
	}
	action := strings.ToLower(d.Kind) + "-apply"
	if d.Draft {
		action = strings.ToLower(d.Kind) + "-draft"
	}
	d.Version, d.By, d.At, d.Withdrawn, d.OnRecord, d.Approvals = old.Version+1, by, wholeMillis(now), false, false, nil
	return insert(ctx, tx, d, action)
}

// Withdraw takes a document back: its next version says so, and holds from the moment its event is on record. Drafts of it
// that wait are gone with it. A document that is not there, or has been withdrawn before, is an error that wraps
// ErrNotApplied.
func (s *Store) Withdraw(ctx context.Context, by string, now time.Time, kind, clinic, name string) error {
	err := s.within(ctx, func(tx *sql.Tx) error {
		d, err := latest(ctx, tx, kind, clinic, name)
		if err != nil {
			return err
		}
		if d.Version == 0 || d.Withdrawn {
			return fmt.Errorf("%s %q of clinic %q %w", kind, name, clinic, ErrNotApplied)
		}
		d.Version, d.By, d.At, d.Withdrawn, d.Draft, d.Erased = d.Version+1, by, wholeMillis(now), true, false, time.Time{}
		_, err = insert(ctx, tx, d, withdrawal(kind))
		return err
	})
	if err != nil {
		return fmt.Errorf("store.Withdraw: %w", err)
	}
	return nil
}

// withdrawal is the action of taking back a document: a grant is revoked, everything else is withdrawn.
func withdrawal(kind string) string {
	if kind == "Grant" {
		return "grant-revoke"
	}
	return strings.ToLower(kind) + "-withdraw"
}

// insert writes a version and its event, whose id the result carries.
func insert(ctx context.Context, tx *sql.Tx, d Document, action string) (Document, error) {
	var err error
	d.Event, err = report(ctx, tx, Event{At: d.At, By: d.By, Action: action, Clinic: d.Clinic, Subject: d.Name, Version: d.Version})
	if err != nil {
		return Document{}, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO document (kind, clinic, name, version, body, author, time, withdrawn, draft, event)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		d.Kind, d.Clinic, d.Name, d.Version, string(d.Body), d.By, d.At.UnixMilli(), number(d.Withdrawn), number(d.Draft), d.Event)
	return d, err
}

// latest is the newest version of a document, withdrawn, draft or neither; Version 0 when there is none.
func latest(ctx context.Context, tx *sql.Tx, kind, clinic, name string) (Document, error) {
	versions, err := read(ctx, tx, ofOne, kind, clinic, name)
	if err != nil || len(versions) == 0 {
		return Document{Kind: kind, Clinic: clinic, Name: name}, err
	}
	return versions[len(versions)-1], nil
}

// number is b as the tables keep it.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// within runs f in one transaction.
func (s *Store) within(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// wholeMillis is t as the tables keep it.
func wholeMillis(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }
