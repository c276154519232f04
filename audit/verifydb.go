package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
)

// VerifyDB checks every log of a ledger's database, live or not, with the deployment's public key: each record against its
// stored hash, the tree against the signed checkpoints, the index against the records. It needs no Ledger and changes
// nothing. held is as for Verify.
func VerifyDB(ctx context.Context, db *sql.DB, vkey string, held ...[]byte) ([]*Report, error) {
	keys, heads, err := trust(vkey, held)
	if err != nil {
		return nil, fmt.Errorf("audit.VerifyDB: %w", err)
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("audit.VerifyDB: %w", err)
	}
	defer tx.Rollback()
	logs, err := readLogs(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("audit.VerifyDB: %w", err)
	}
	var out []*Report
	for _, s := range logs {
		report, err := verifyLog(ctx, tx, keys, s, heads)
		if err != nil {
			return nil, fmt.Errorf("audit.VerifyDB: log %s: %w", s.name, err)
		}
		out = append(out, report)
	}
	return append(out, missingLogs(keys, logs, heads)...), nil
}

// missingLogs reports the logs that the verifier holds a checkpoint of and the database does not know.
func missingLogs(keys keyring, logs []*logState, heads []treeHead) []*Report {
	var out []*Report
	for _, h := range heads {
		known := slices.ContainsFunc(logs, func(s *logState) bool { return origin(keys.name(), s.name) == h.origin })
		if !known {
			c := newChecker(keys, h.origin, "", nil)
			c.problem(-1, "you hold a checkpoint of %d records of this log, but it is not here", h.size)
			out = append(out, c.finish())
		}
	}
	return out
}

// logVerifier checks one log of a database.
type logVerifier struct {
	*checker
	ctx         context.Context
	q           querier
	log         int64
	checkpoints []kept
	segments    []segmentRow // as stored
	built       made         // as the records make the one under way
	seed        maphash.Seed
	open        map[int64]bool
	deleted     bool // the body of the record taken last was
}

func verifyLog(ctx context.Context, q querier, keys keyring, s *logState, heads []treeHead) (*Report, error) {
	checkpoints, err := keptCheckpoints(ctx, q, s.id)
	if err != nil {
		return nil, err
	}
	segments, err := storedSegments(ctx, q, s.id)
	if err != nil {
		return nil, err
	}
	lv := &logVerifier{
		checker: newChecker(keys, origin(keys.name(), s.name), s.clinic, heads), ctx: ctx, q: q, log: s.id,
		checkpoints: checkpoints, segments: segments, open: make(map[int64]bool), seed: maphash.MakeSeed(),
	}
	lv.wants = true // the index is made of them
	if err := lv.batches(); err != nil {
		return nil, err
	}
	for _, c := range lv.checkpoints {
		lv.checkpoint(c.note)
	}
	if len(lv.segments) > 0 {
		lv.problem(-1, "the index covers records that are not here; run a reindex")
	}
	if err := lv.openIntents(); err != nil {
		return nil, err
	}
	return lv.finish(), nil
}

// batches walks the log in order, one row at a time.
func (lv *logVerifier) batches() error {
	for first := int64(-1); ; {
		b := new(batch)
		err := lv.q.QueryRowContext(lv.ctx, selectBatch+`first > $2 ORDER BY first LIMIT 1`, lv.log, first).
			Scan(&b.first, &b.count, &b.records, &b.hashes, &b.root)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		first = b.first
		if err := lv.batch(b); err != nil {
			return err
		}
	}
}

func (lv *logVerifier) batch(b *batch) error {
	if b.first != lv.edge.size {
		lv.problem(lv.edge.size, "the next batch begins at %d: records are missing or added", b.first)
	}
	if err := b.split(); err != nil {
		lv.problem(lv.edge.size, "its batch does not hold the records it counts")
	}
	at := 0
	whole := true
	for i := range len(b.starts) - 1 {
		leaf := b.hashes[min(at, len(b.hashes)):min(at+32, len(b.hashes))]
		stored := lv.bodyOf(b.body(int64(i)), leaf)
		whole = whole && bytes.Equal(stored, b.hashes[min(at, len(b.hashes)):min(at+len(stored), len(b.hashes))])
		at += len(stored)
		lv.signedHere()
		if err := lv.index(); err != nil {
			return err
		}
	}
	if root := lv.edge.root(); !whole || at != len(b.hashes) || !bytes.Equal(root[:], b.root) {
		lv.problem(-1, "the tree stored with the records from %d is not theirs", b.first)
	}
	return nil
}

// bodyOf takes the next record of a database.
func (lv *logVerifier) bodyOf(b body, leaf []byte) (stored []byte) {
	line, ok := b.text()
	if lv.deleted = !ok; !ok {
		return lv.gone(leaf)
	}
	return lv.record(line, leaf)
}

// signedHere holds the checkpoints of the present size against the tree.
func (lv *logVerifier) signedHere() {
	for len(lv.checkpoints) > 0 && lv.checkpoints[0].size <= lv.edge.size {
		lv.checkpoint(lv.checkpoints[0].note)
		lv.checkpoints = lv.checkpoints[1:]
	}
}
