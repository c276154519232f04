package audit

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vestibule/fhir"
)

// checkpointEvery is how long a log's newest state may stay unsigned.
const checkpointEvery = time.Second

// treeHead is what a checkpoint says: this log had this many records with this root.
type treeHead struct {
	origin string
	size   int64
	root   tlog.Hash
	by     []uint32 // hashes of the keys whose signatures were checked
}

// origin is the first line of a log's checkpoints.
func origin(deployment, log string) string { return deployment + "/log/" + log }

// sign writes h as a C2SP tlog-checkpoint.
func (h treeHead) sign(by ...note.Signer) (string, error) {
	signed, err := note.Sign(&note.Note{Text: h.origin + "\n" + strconv.FormatInt(h.size, 10) + "\n" + h.root.String() + "\n"}, by...)
	return string(signed), err
}

// openCheckpoint checks that one of keys signed a checkpoint, and reads it. Signatures of others, such as witnesses, are
// allowed and ignored, and so are extension lines after the root.
func openCheckpoint(signed string, keys keyring) (treeHead, error) {
	n, err := note.Open([]byte(signed), note.VerifierList(keys...))
	if err != nil {
		return treeHead{}, fmt.Errorf("checkpoint: %w", err)
	}
	head, err := readHead(n.Text)
	for _, s := range n.Sigs {
		if raw, err := base64.StdEncoding.DecodeString(s.Base64); err != nil || base64.StdEncoding.EncodeToString(raw) != s.Base64 {
			return treeHead{}, errors.New("checkpoint: a signature is not written in the one way there is")
		}
		head.by = append(head.by, s.Hash)
	}
	return head, err
}

// readHead reads the text of a checkpoint, signed or not.
func readHead(text string) (treeHead, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 {
		return treeHead{}, errors.New("checkpoint: fewer than three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return treeHead{}, errors.New("checkpoint: malformed size")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return treeHead{}, errors.New("checkpoint: malformed root")
	}
	return treeHead{origin: lines[0], size: size, root: tlog.Hash(root)}, nil
}

// sign writes a checkpoint of s's state into tx; s.signed is moved on by the caller, after the commit. Where one key hands
// over to another both sign, and the checkpoint is kept for good: its slot is no hour.
func (l *Ledger) sign(ctx context.Context, tx *sql.Tx, s *logState, now time.Time) (string, error) {
	by := l.signer.Load()
	head := treeHead{origin: origin(by.Name(), s.name), size: s.edge.size, root: s.edge.root()}
	signers, slot := []note.Signer{by}, now.Unix()/3600
	if l.next != nil {
		signers, slot = append(signers, l.next), -head.size
	}
	signed, err := head.sign(signers...)
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO checkpoint (log, slot, size, root, time, note) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (log, slot) DO UPDATE SET size = excluded.size, root = excluded.root, time = excluded.time, note = excluded.note`,
		s.id, slot, head.size, head.root[:], now.UnixMilli(), signed)
	return signed, err
}

// signPending signs every log whose newest state no checkpoint covers, in one transaction.
func (l *Ledger) signPending() error {
	var pending []*logState
	for _, s := range l.logs {
		if s.edge.size > s.signed && !sealed(s.clinic) {
			pending = append(pending, s)
		}
	}
	if len(pending) == 0 || l.broken != nil {
		return l.broken
	}
	ctx, now := context.Background(), l.now()
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, s := range pending {
		if _, err := l.sign(ctx, tx, s, now); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		l.noteFailure(err)
		return err
	}
	for _, s := range pending {
		s.signed, s.signedAt = s.edge.size, now
	}
	return nil
}

// Checkpoint is a signed checkpoint of the newest durable state of a clinic's log.
func (l *Ledger) Checkpoint(ctx context.Context, clinic string) ([]byte, error) {
	var signed string
	err := l.do(ctx, func() error {
		if err := l.ensureLoaded(); err != nil {
			return unavailable("ledger-unavailable", err)
		}
		s := l.logs[clinic]
		if s == nil {
			return fhir.E("audit.Checkpoint", fhir.KindNotFound, "no-log", "This clinic has no log yet.")
		}
		if err := l.signPending(); err != nil {
			return unavailable("ledger-unavailable", err)
		}
		var err error
		signed, err = newestNote(context.Background(), l.db, s.id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return []byte(signed), nil
}

// newestNote is the signed checkpoint of the largest tree of a log.
func newestNote(ctx context.Context, q querier, log int64) (string, error) {
	var signed string
	err := q.QueryRowContext(ctx, `SELECT note FROM checkpoint WHERE log = $1 ORDER BY size DESC, slot DESC LIMIT 1`, log).Scan(&signed)
	return signed, err
}
