package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// ErrErased is wrapped by whatever would have to read the text of a version that was erased.
var ErrErased = errors.New("its text was erased, because it named a patient whose data was to be erased")

// Readable is nil, or an error that wraps ErrErased.
func (d Document) Readable() error {
	if d.Erased.IsZero() {
		return nil
	}
	return fmt.Errorf("%s %s version %d cannot be read: on %s %w", d.Kind, d.Name, d.Version, d.Erased.Format(time.DateOnly), ErrErased)
}

// ErasedSubject stands in an event in place of a subject that named a patient.
const ErasedSubject = "(erased)"

// Naming are the versions of a clinic's documents, and of those that hold at every clinic, whose texts name somebody: standing
// are those in force or waiting for approval, past the others. events are the events that do and are on record.
func (s *Store) Naming(ctx context.Context, clinic string, names func(text string) bool) (standing, past []Document, events []int64, err error) {
	err = s.within(ctx, func(tx *sql.Tx) (err error) {
		standing, past, events, err = naming(ctx, tx, clinic, names)
		return err
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("store.Naming: %w", err)
	}
	return standing, past, events, nil
}

func naming(ctx context.Context, tx *sql.Tx, clinic string, names func(text string) bool) (standing, past []Document, events []int64, err error) {
	current, err := currentIn(ctx, tx)
	if err != nil {
		return nil, nil, nil, err
	}
	effective, err := read(ctx, tx, fmt.Sprintf(inForce, `ne.receipt IS NOT NULL`, `ae.receipt IS NOT NULL`))
	if err != nil {
		return nil, nil, nil, err
	}
	drafts, err := read(ctx, tx, ofDrafts)
	if err != nil {
		return nil, nil, nil, err
	}
	stands := map[version]bool{}
	for _, list := range [][]Document{current, effective, drafts} {
		for _, d := range list {
			stands[version{d.Kind, d.Clinic, d.Name, d.Version}] = true
		}
	}
	all, err := read(ctx, tx, `SELECT `+columns+` FROM document d JOIN event e ON e.id = d.event WHERE d.clinic = $1 OR d.clinic = '' ORDER BY d.kind, d.name, d.version`, clinic)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, d := range all {
		switch {
		case !names(string(d.Body)):
		case stands[version{d.Kind, d.Clinic, d.Name, d.Version}]:
			standing = append(standing, d)
		default:
			past = append(past, d)
		}
	}
	events, err = eventsNaming(ctx, tx, clinic, names)
	return standing, past, events, err
}

func eventsNaming(ctx context.Context, tx *sql.Tx, clinic string, names func(text string) bool) (out []int64, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, subject FROM event WHERE (clinic = $1 OR clinic = '') AND receipt IS NOT NULL ORDER BY id`, clinic)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var subject string
		if err := rows.Scan(&id, &subject); err != nil {
			return nil, err
		}
		if names(subject) {
			out = append(out, id)
		}
	}
	return out, rows.Err()
}

// ErrStanding is wrapped by Erase where a document that is in force, or waits for approval, names whom everything is to forget.
var ErrStanding = errors.New("it is in force, or waits for approval")

// NamedElsewhere reports whether what erasing at a clinic leaves alone names somebody: documents and events of other clinics,
// and erasures that wait.
func (s *Store) NamedElsewhere(ctx context.Context, clinic string, names func(text string) bool) (found bool, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT body FROM document WHERE clinic <> $1 AND clinic <> ''
		UNION ALL SELECT subject FROM event WHERE clinic <> $1 AND clinic <> '' UNION ALL SELECT patient FROM errand`, clinic)
	if err != nil {
		return false, fmt.Errorf("store.NamedElsewhere: %w", err)
	}
	defer rows.Close()
	for rows.Next() && !found {
		var text string
		if err := rows.Scan(&text); err != nil {
			return false, fmt.Errorf("store.NamedElsewhere: %w", err)
		}
		found = names(text)
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("store.NamedElsewhere: %w", err)
	}
	return found, nil
}

// Erase blanks the texts of versions that are no longer in force and the subjects of events that name somebody. The rows stay,
// with a mark. It does nothing while a standing document names them.
func (s *Store) Erase(ctx context.Context, now time.Time, clinic string, names func(text string) bool) (texts, events int, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		standing, past, subjects, err := naming(ctx, tx, clinic, names)
		if err != nil {
			return err
		}
		if len(standing) > 0 {
			return fmt.Errorf("%s %s names the patient: %w", standing[0].Kind, standing[0].Name, ErrStanding)
		}
		for _, d := range past {
			_, err := tx.ExecContext(ctx, `UPDATE document SET body = '', erased = $1 WHERE kind = $2 AND clinic = $3 AND name = $4 AND version = $5`,
				now.UnixMilli(), d.Kind, d.Clinic, d.Name, d.Version)
			if err != nil {
				return err
			}
		}
		for _, id := range subjects {
			if _, err := tx.ExecContext(ctx, `UPDATE event SET subject = $1 WHERE id = $2`, ErasedSubject, id); err != nil {
				return err
			}
		}
		texts, events = len(past), len(subjects)
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("store.Erase: %w", err)
	}
	return texts, events, nil
}

// ErrRemains says that the database's files still hold what was to be gone, although they were written anew from what is left.
var ErrRemains = errors.New("a file of the database still holds the patient; nobody can find it through the gateway, but the file is not clean")

// Scrub makes sure that what was deleted is not left in the database's files: what SQLite wrote ahead is moved into the database
// and cut off, and every file is searched for texts that no id goes on behind; where one is found, the database is written anew.
// Others may read and write meanwhile.
func (s *Store) Scrub(ctx context.Context, texts ...string) error {
	var path string
	if err := s.db.QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		return fmt.Errorf("store.Scrub: %w", err)
	}
	for try := range 2 {
		if err := s.truncate(ctx); err != nil {
			return fmt.Errorf("store.Scrub: %w", err)
		}
		dirty, err := anyHolds([]string{path, filepath.Join(filepath.Dir(path), walFile)}, texts)
		if err != nil || !dirty {
			return err
		}
		if try == 0 {
			if _, err := s.db.ExecContext(ctx, `VACUUM`); err != nil {
				return fmt.Errorf("store.Scrub: %w", err)
			}
		}
	}
	return fmt.Errorf("store.Scrub: %w", ErrRemains)
}

// truncate moves the write-ahead log into the database and cuts it off. Whoever reads an old state at the moment is waited for.
func (s *Store) truncate(ctx context.Context) error {
	for {
		var busy, frames, moved int
		if err := s.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
			return err
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ErrRemains, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// anyHolds reports whether one of the files holds one of the texts.
func anyHolds(paths, texts []string) (bool, error) {
	for _, path := range paths {
		f, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		holds, err := holdsText(f, texts)
		if err = errors.Join(err, f.Close()); err != nil || holds {
			return holds, err
		}
	}
	return false, nil
}

// holdsText looks for the texts in r, a megabyte at a time, with what a text may need from the one before.
func holdsText(r io.Reader, texts []string) (bool, error) {
	longest := 0
	for _, text := range texts {
		longest = max(longest, len(text)+2)
	}
	buf := make([]byte, 0, 1<<20+longest)
	for {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		for _, text := range texts {
			if holdsWithin(buf, text, end) {
				return true, nil
			}
		}
		if end {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		rest := copy(buf, buf[len(buf)-longest:])
		buf = buf[:rest]
	}
}

// holdsWithin looks for text in a part of a file; what stands at the edge of a part that is not the end is found in the next.
func holdsWithin(buf []byte, text string, end bool) bool {
	for at := 0; ; {
		i := bytes.Index(buf[at:], []byte(text))
		if i < 0 {
			return false
		}
		at += i + len(text)
		if (end || len(buf)-at >= 2) && !goesOn(buf[at:]) {
			return true
		}
	}
}

// goesOn reports whether an id goes on; a full stop behind it ends a sentence.
func goesOn(rest []byte) bool {
	if len(rest) > 0 && rest[0] == '.' {
		rest = rest[1:]
	}
	return len(rest) > 0 && (rest[0] == '-' || rest[0] == '.' || rest[0] >= '0' && rest[0] <= '9' || rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'z')
}
