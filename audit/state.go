package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// logState is what the committer knows of one log.
type logState struct {
	id       int64
	name     string
	clinic   string
	edge     edge
	signed   int64     // size of the newest checkpoint
	signedAt time.Time // when it was signed; zero: never
	index    builder
	records  []byte // memory of the last commit, for the next
	hashes   []byte
	rows     []partRow
}

// load reads the state of every log and checks it, as Open does and as the committer does after a failure.
func (l *Ledger) load(ctx context.Context) error {
	tx, err := l.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	states, err := readLogs(ctx, tx)
	if err != nil {
		return err
	}
	logs := make(map[string]*logState, len(states))
	for _, s := range states {
		if err := l.loadLog(ctx, tx, s); err != nil {
			return fmt.Errorf("log %s: %w", s.name, err)
		}
		logs[s.clinic] = s
	}
	l.logs = logs
	return nil
}

// ensureLoaded is load where a failure made the state in memory doubtful.
func (l *Ledger) ensureLoaded() error {
	if l.broken != nil {
		return l.broken
	}
	if l.logs == nil {
		if err := l.load(context.Background()); err != nil {
			return err
		}
	}
	return l.prepareInsert(context.Background())
}

func readLogs(ctx context.Context, q querier) ([]*logState, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, name, clinic FROM log ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*logState
	for rows.Next() {
		s := new(logState)
		if err := rows.Scan(&s.id, &s.name, &s.clinic); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// loadLog fills in the right edge, compares it with the root stored beside the newest batch and with the newest signed
// checkpoint (H26), and finds how far the index reaches.
func (l *Ledger) loadLog(ctx context.Context, q querier, s *logState) error {
	size, stored, err := lastBatch(ctx, q, s.id)
	if err != nil {
		return err
	}
	hashes := hashReader(ctx, q, s.id)
	if s.edge, err = loadEdge(size, hashes); err != nil {
		return err
	}
	if root := s.edge.root(); size > 0 && !bytes.Equal(root[:], stored) {
		return fmt.Errorf("the stored hashes of %d records do not give the stored root", size)
	}
	if err := l.checkSigned(ctx, q, s, hashes); err != nil {
		return err
	}
	indexed, err := indexedTo(ctx, q, s.id)
	if err != nil {
		return err
	}
	s.index.reset(min(indexed, size))
	return nil
}

// lastBatch is the size and the stored root of a log; an empty log has size 0.
func lastBatch(ctx context.Context, q querier, log int64) (size int64, root []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT first + count, root FROM batch WHERE log = $1 ORDER BY first DESC LIMIT 1`, log).Scan(&size, &root)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	return size, root, err
}

// checkSigned recomputes the root at the newest checkpoint.
func (l *Ledger) checkSigned(ctx context.Context, q querier, s *logState, hashes tlog.HashReader) error {
	var signed string
	var at int64
	err := q.QueryRowContext(ctx, `SELECT note, time FROM checkpoint WHERE log = $1 ORDER BY size DESC, slot DESC LIMIT 1`, s.id).Scan(&signed, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	signer := l.signer.Load()
	by := keyring{signer}
	if sealed(s.clinic) {
		by = l.keys
	}
	head, err := openCheckpoint(signed, by)
	if err != nil {
		return fmt.Errorf("the newest checkpoint was not signed by this deployment's key: %w", err)
	}
	if head.origin != origin(signer.Name(), s.name) {
		return fmt.Errorf("the newest checkpoint belongs to %q", head.origin)
	}
	if head.size > s.edge.size {
		return fmt.Errorf("a checkpoint of %d records was signed, but only %d are here", head.size, s.edge.size)
	}
	root, err := tlog.TreeHash(head.size, hashes)
	if err != nil {
		return err
	}
	if root != head.root {
		return fmt.Errorf("the first %d records do not give the root that was signed", head.size)
	}
	s.signed, s.signedAt = head.size, time.UnixMilli(at)
	return nil
}
