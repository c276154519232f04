package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"time"
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
	lost, err := namelessLogs(ctx, tx, keys, logs)
	if err != nil {
		return nil, fmt.Errorf("audit.VerifyDB: %w", err)
	}
	return slices.Concat(out, missingLogs(keys, logs, heads), lost), nil
}

// namelessLogs reports the logs of which there is something here, but not their names: whoever removed one left that behind.
func namelessLogs(ctx context.Context, q querier, keys keyring, logs []*logState) (out []*Report, err error) {
	known := map[int64]bool{}
	for _, s := range logs {
		known[s.id] = true
	}
	for _, table := range [...]string{"batch", "checkpoint"} {
		for at := int64(math.MinInt64); ; {
			var id sql.NullInt64
			if err := q.QueryRowContext(ctx, `SELECT MIN(log) FROM `+table+` WHERE log > $1`, at).Scan(&id); err != nil {
				return nil, err
			}
			if !id.Valid {
				break
			}
			if at = id.Int64; !known[at] {
				known[at] = true
				c := newChecker(keys, "unknown", "unknown", nil)
				c.problem(-1, "a log was removed: of number %d there are rows in the database, but not its name", at)
				out = append(out, c.finish())
			}
		}
	}
	return out, nil
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
	trees       int  // batches in a row whose stored trees are not theirs
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
		lv.checkpoint(c.size, c.note)
	}
	if lv.Records == 0 && lv.OK() {
		lv.problem(-1, "it holds no record, although a log begins with one: they were removed")
	}
	if err := lv.endOfSigned(); err != nil {
		return nil, err
	}
	if err := lv.endOfIndex(); err != nil {
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
	if b.first != lv.next() {
		lv.numbered(b.first, "the next batch begins at %d: records are missing or added")
	}
	if err := b.split(); err != nil {
		lv.problem(lv.next(), "its batch does not hold the records it counts")
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
	root := lv.edge.root()
	lv.tree(b.first, whole && at == len(b.hashes) && bytes.Equal(root[:], b.root))
	return nil
}

// tree takes whether the tree stored with a batch is that of its records. Behind records that are missing or were added none is.
func (lv *logVerifier) tree(first int64, same bool) {
	if same || lv.shift != 0 {
		if lv.trees > 1 {
			lv.problem(-1, "so it is with the next %d batches", lv.trees-1)
		}
		lv.trees = 0
		return
	}
	if lv.trees++; lv.trees == 1 {
		lv.problem(-1, "the tree stored with the records from %d is not theirs", first)
	}
}

// mayWait is for how long a record may be without a signature: a gateway signs a second after it.
const mayWait = int64(time.Minute / time.Millisecond)

// endOfSigned makes sure that nothing but the newest records is unsigned.
func (lv *logVerifier) endOfSigned() error {
	lv.tree(0, true)
	if lv.Records <= lv.Signed || lv.Checkpoints == 0 || !lv.OK() {
		return nil
	}
	var from, to int64
	err := lv.q.QueryRowContext(lv.ctx, `SELECT MIN(time), MAX(time) FROM batch WHERE log = $1 AND first >= $2`, lv.log, lv.Signed).Scan(&from, &to)
	if err == nil && to-from > mayWait {
		lv.problem(lv.Signed, "it and those up to record %d are not signed, although the gateway signs within a second: a checkpoint is missing, or they were added", lv.Records-1)
	}
	return err
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
	for len(lv.checkpoints) > 0 && lv.checkpoints[0].size <= lv.next() {
		lv.checkpoint(lv.checkpoints[0].size, lv.checkpoints[0].note)
		lv.checkpoints = lv.checkpoints[1:]
	}
}
