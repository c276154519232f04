package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// columns are those of a document d and its event e.
const columns = `d.kind, d.clinic, d.name, d.version, d.body, d.author, d.time, d.withdrawn, d.draft, d.erased, d.event, e.receipt IS NOT NULL`

// inForce selects, of every document, the version in force, unless that is a withdrawal: the newest whose event, and for a
// draft the event of an approval too, holds. It is the one place that answers which version that is; %[1]s and %[2]s say of
// the events ne and ae what "holds" means.
const inForce = `SELECT ` + columns + ` FROM document d JOIN event e ON e.id = d.event
	WHERE d.withdrawn = 0 AND d.version = (
		SELECT MAX(n.version) FROM document n JOIN event ne ON ne.id = n.event
		WHERE n.kind = d.kind AND n.clinic = d.clinic AND n.name = d.name AND %[1]s AND (n.draft = 0 OR EXISTS (
			SELECT 1 FROM approval a JOIN event ae ON ae.id = a.event
			WHERE a.kind = n.kind AND a.clinic = n.clinic AND a.name = n.name AND a.version = n.version
				AND a.verdict = 'approve' AND %[2]s)))
	ORDER BY d.kind, d.clinic, d.name`

// The other questions asked of the documents.
const (
	ofOne    = `SELECT ` + columns + ` FROM document d JOIN event e ON e.id = d.event WHERE d.kind = $1 AND d.clinic = $2 AND d.name = $3 ORDER BY d.version`
	ofKind   = `SELECT ` + columns + ` FROM document d JOIN event e ON e.id = d.event WHERE d.kind = $1 ORDER BY d.clinic, d.name, d.version`
	ofDrafts = `SELECT ` + columns + ` FROM document d JOIN event e ON e.id = d.event
		WHERE d.draft = 1 AND NOT EXISTS (
			SELECT 1 FROM approval a WHERE a.kind = d.kind AND a.clinic = d.clinic AND a.name = d.name AND a.version = d.version)
		AND NOT EXISTS (
			SELECT 1 FROM document n WHERE n.kind = d.kind AND n.clinic = d.clinic AND n.name = d.name AND n.version > d.version
				AND (n.draft = 0 OR EXISTS (
					SELECT 1 FROM approval a WHERE a.kind = n.kind AND a.clinic = n.clinic AND a.name = n.name AND a.version = n.version
						AND a.verdict = 'approve')))
		ORDER BY d.kind, d.clinic, d.name, d.version`
)

// Current returns the version of every document that is in force or will be once its event is on record: what an
// administrator has put in force, without drafts that wait for approval. Order: kind, clinic, name.
func (s *Store) Current(ctx context.Context) ([]Document, error) {
	return s.read(ctx, "store.Current", fmt.Sprintf(inForce, `TRUE`, `TRUE`))
}

// Effective returns, of every document, the version in force by what is on record: what a serving process may act on. A
// change that is not on record yet has no effect yet.
func (s *Store) Effective(ctx context.Context) ([]Document, error) {
	return s.read(ctx, "store.Effective", fmt.Sprintf(inForce, `ne.receipt IS NOT NULL`, `ae.receipt IS NOT NULL`))
}

// AsOf returns the version of every document that the serving process acted on at t: what decisions at that moment were
// made under. Its Approvals are all there are, later ones too.
func (s *Store) AsOf(ctx context.Context, t time.Time) ([]Document, error) {
	return s.read(ctx, "store.AsOf", fmt.Sprintf(inForce, `ne.effective <= $1`, `ae.effective <= $1`), t.UnixMilli())
}

// Drafts returns the drafts that wait for approval and would have an effect: none of an older version than what is in force.
func (s *Store) Drafts(ctx context.Context) ([]Document, error) {
	return s.read(ctx, "store.Drafts", ofDrafts)
}

// Versions returns every version of one document, oldest first, withdrawals and drafts among them. None is not an error.
func (s *Store) Versions(ctx context.Context, kind, clinic, name string) ([]Document, error) {
	return s.read(ctx, "store.Versions", ofOne, kind, clinic, name)
}

// History returns every version of every document of a kind, in the order of clinic, name and version.
func (s *Store) History(ctx context.Context, kind string) ([]Document, error) {
	return s.read(ctx, "store.History", ofKind, kind)
}

func (s *Store) read(ctx context.Context, op, query string, args ...any) ([]Document, error) {
	docs, err := read(ctx, s.db, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return docs, nil
}

// querier is a database or a transaction on it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// read runs a query for documents and adds what was decided about them.
func read(ctx context.Context, q querier, query string, args ...any) ([]Document, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Document
	for rows.Next() {
		var d Document
		var body string
		var millis int64
		var erased sql.NullInt64
		if err := rows.Scan(&d.Kind, &d.Clinic, &d.Name, &d.Version, &body, &d.By, &millis, &d.Withdrawn, &d.Draft, &erased, &d.Event, &d.OnRecord); err != nil {
			return nil, err
		}
		if erased.Valid {
			d.Erased = time.UnixMilli(erased.Int64).UTC()
		}
		d.Body, d.At = []byte(body), time.UnixMilli(millis).UTC()
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, attach(ctx, q, out)
}

// version names one version of a document.
type version struct {
	kind, clinic, name string
	number             int
}

// attach gives docs their approvals. There are few of them at a clinic, so they are read in one go.
func attach(ctx context.Context, q querier, docs []Document) error {
	if len(docs) == 0 {
		return nil
	}
	at := make(map[version]*Document, len(docs))
	for i, d := range docs {
		at[version{d.Kind, d.Clinic, d.Name, d.Version}] = &docs[i]
	}
	rows, err := q.QueryContext(ctx, `SELECT a.kind, a.clinic, a.name, a.version, a.verdict, e.author, e.time, e.receipt IS NOT NULL
		FROM approval a JOIN event e ON e.id = a.event ORDER BY a.event`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var v version
		var a Approval
		var millis int64
		if err := rows.Scan(&v.kind, &v.clinic, &v.name, &v.number, &a.Verdict, &a.By, &millis, &a.OnRecord); err != nil {
			return err
		}
		if d := at[v]; d != nil {
			a.At = time.UnixMilli(millis).UTC()
			d.Approvals = append(d.Approvals, a)
		}
	}
	return rows.Err()
}
