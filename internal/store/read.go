package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const columns = `d.kind, d.clinic, d.name, d.version, d.body, d.author, d.time, d.withdrawn`

// Current returns the newest version of every document that is not withdrawn, whether its event is on record or not:
// what an administrator has written down. Order: kind, clinic, name.
func (s *Store) Current(ctx context.Context) ([]Document, error) {
	return s.read(ctx, "store.Current", `SELECT `+columns+` FROM document d
		WHERE d.withdrawn = 0 AND d.version = (
			SELECT MAX(n.version) FROM document n WHERE n.kind = d.kind AND n.clinic = d.clinic AND n.name = d.name)
		ORDER BY d.kind, d.clinic, d.name`)
}

// Effective returns, of every document, the newest version whose event is on record, unless that is a withdrawal: what a
// serving process may act on. A change that is not on record yet has no effect yet.
func (s *Store) Effective(ctx context.Context) ([]Document, error) {
	return s.read(ctx, "store.Effective", `SELECT `+columns+` FROM document d
		WHERE d.withdrawn = 0 AND d.version = (
			SELECT MAX(n.version) FROM document n JOIN event e ON e.id = n.event
			WHERE n.kind = d.kind AND n.clinic = d.clinic AND n.name = d.name AND e.receipt IS NOT NULL)
		ORDER BY d.kind, d.clinic, d.name`)
}

// Versions returns every version of one document, oldest first, withdrawals among them. None is not an error.
func (s *Store) Versions(ctx context.Context, kind, clinic, name string) ([]Document, error) {
	return s.read(ctx, "store.Versions", `SELECT `+columns+` FROM document d
		WHERE d.kind = $1 AND d.clinic = $2 AND d.name = $3 ORDER BY d.version`, kind, clinic, name)
}

func (s *Store) read(ctx context.Context, op, query string, args ...any) ([]Document, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	defer rows.Close()
	var out []Document
	for rows.Next() {
		d, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", op, err)
		}
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return out, nil
}

// latest is the newest version of a document, withdrawn or not; Version 0 when there is none.
func latest(ctx context.Context, tx *sql.Tx, kind, clinic, name string) (Document, error) {
	row := tx.QueryRowContext(ctx, `SELECT `+columns+` FROM document d
		WHERE d.kind = $1 AND d.clinic = $2 AND d.name = $3 ORDER BY d.version DESC LIMIT 1`, kind, clinic, name)
	d, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return Document{Kind: kind, Clinic: clinic, Name: name}, nil
	}
	return d, err
}

// scan reads the columns of one row.
func scan(row interface{ Scan(...any) error }) (Document, error) {
	var d Document
	var body string
	var millis int64
	var withdrawn int
	if err := row.Scan(&d.Kind, &d.Clinic, &d.Name, &d.Version, &body, &d.By, &millis, &withdrawn); err != nil {
		return Document{}, err
	}
	d.Body, d.At, d.Withdrawn = []byte(body), time.UnixMilli(millis).UTC(), withdrawn == 1
	return d, nil
}
