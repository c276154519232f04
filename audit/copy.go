package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Signed is the newest checkpoint of one log.
type Signed struct {
	Log    string // its name
	Clinic string
	Size   int64
	Note   []byte // the signed note
}

// Checkpoints are the newest signed checkpoint of each log.
func (r *Reader) Checkpoints(ctx context.Context) ([]Signed, error) {
	const op = "audit.Checkpoints"
	rows, err := r.db.QueryContext(ctx, `SELECT log.name, log.clinic, c.size, c.note FROM log JOIN checkpoint c ON c.log = log.id
		WHERE c.size = (SELECT MAX(size) FROM checkpoint WHERE log = log.id) ORDER BY log.id, c.slot`)
	if err != nil {
		return nil, readFailed(op, err)
	}
	defer rows.Close()
	var out []Signed
	for rows.Next() {
		var s Signed
		var text string
		if err := rows.Scan(&s.Log, &s.Clinic, &s.Size, &text); err != nil {
			return nil, readFailed(op, err)
		}
		s.Note = []byte(text)
		if n := len(out); n > 0 && out[n-1].Log == s.Log {
			out[n-1] = s
			continue
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, readFailed(op, err)
	}
	return out, nil
}

// Copy is a folder that holds the newest checkpoint of each log apart from the database, one file for each: "<log>.checkpoint".
// A database that is put back from a backup, whatever else comes back with it, does not fit them. Not safe for concurrent use.
type Copy struct {
	dir   string
	saved map[string]int64 // size by log
}

// The ends of the names of files in a Copy.
const (
	copyFile = ".checkpoint"
	lostFile = ".lost" // of a loss that is on record
)

// OpenCopy makes the folder where it is missing and makes sure that it can be written to.
func OpenCopy(dir string) (*Copy, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("audit.OpenCopy: %w", err)
	}
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return nil, fmt.Errorf("audit.OpenCopy: %w", err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return nil, fmt.Errorf("audit.OpenCopy: %w", err)
	}
	return &Copy{dir: dir, saved: make(map[string]int64)}, nil
}

// Held are the checkpoints in the folder, for Options.Held.
func (c *Copy) Held() ([][]byte, error) {
	paths, err := filepath.Glob(filepath.Join(c.dir, "*"+copyFile))
	if err != nil {
		return nil, fmt.Errorf("audit.Copy: %w", err)
	}
	var out [][]byte
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("audit.Copy: %w", err)
		}
		if _, err := readHead(string(b)); err != nil {
			return nil, fmt.Errorf("audit.Copy: %s was damaged; put the file back from elsewhere, or remove it and trust that nothing is lost: %w", path, err)
		}
		out = append(out, b)
	}
	return out, nil
}

// Save writes those checkpoints that are newer than what it wrote before. Each file is replaced as a whole and on the disk
// when Save returns.
func (c *Copy) Save(signed []Signed) error {
	wrote := false
	for _, s := range signed {
		if size, ok := c.saved[s.Log]; ok && size == s.Size {
			continue
		}
		if err := replaceFile(filepath.Join(c.dir, s.Log+copyFile), s.Note); err != nil {
			return fmt.Errorf("audit.Copy: %w", err)
		}
		c.saved[s.Log], wrote = s.Size, true
	}
	if !wrote {
		return nil
	}
	if err := syncDir(c.dir); err != nil {
		return fmt.Errorf("audit.Copy: %w", err)
	}
	return nil
}

// Lose puts the checkpoint of a log aside whose loss is on record; it stays in the folder as "<log>.lost".
func (c *Copy) Lose(log string) error {
	path := filepath.Join(c.dir, log)
	delete(c.saved, log)
	if err := os.Rename(path+copyFile, path+lostFile); err != nil {
		return fmt.Errorf("audit.Copy: %w", err)
	}
	return syncDir(c.dir)
}

// replaceFile writes a file so that whoever reads it after a crash finds the old text or the new one, whole.
func replaceFile(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// syncDir makes renames in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Loss is a checkpoint that was signed and that the database does not bear out.
type Loss struct {
	Log    string // its name
	Clinic string // empty where the database does not know the log
	Size   int64  // what was signed
	Root   string
	Here   int64 // what the database holds
	Top    string
	Why    string // one line
}

// compare refuses a ledger that lacks what the checkpoints held elsewhere sign.
func (l *Ledger) compare(ctx context.Context, held [][]byte) error {
	losses, err := lossesOf(ctx, l.db, l.keys, held)
	if err != nil || len(losses) == 0 {
		return err
	}
	var all []error
	for _, loss := range losses {
		all = append(all, fmt.Errorf("log %s: %s", loss.Log, loss.Why))
	}
	return errors.Join(all...)
}

// Losses holds checkpoints kept elsewhere against the ledger in db. keys are the deployment's, as log.pub lists them. A
// checkpoint that none of them signed is an error: it is another deployment's, or newer than the key itself.
func Losses(ctx context.Context, db *sql.DB, keys string, held [][]byte) ([]Loss, error) {
	ring, err := parseKeys(keys)
	if err != nil {
		return nil, err
	}
	return lossesOf(ctx, db, ring, held)
}

func lossesOf(ctx context.Context, db *sql.DB, ring keyring, held [][]byte) ([]Loss, error) {
	if len(held) == 0 {
		return nil, nil
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	logs, err := readLogs(ctx, tx)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*logState, len(logs))
	for _, s := range logs {
		byName[s.name] = s
	}
	var out []Loss
	for _, text := range held {
		head, err := openCheckpoint(string(text), ring)
		if err != nil {
			return nil, fmt.Errorf("the checkpoint of %q that is kept elsewhere was signed by no key known here; is it another gateway's, or were the keys put back with the data? %w", firstLine(text), err)
		}
		loss, err := lossOf(ctx, tx, head, byName[strings.TrimPrefix(head.origin, origin(ring.name(), ""))])
		if err != nil {
			return nil, err
		}
		if loss.Why != "" {
			out = append(out, loss)
		}
	}
	return out, nil
}

// firstLine is the origin of a checkpoint that nobody vouches for.
func firstLine(text []byte) string {
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// lossOf compares one checkpoint with the log it is of, which is nil where there is none.
func lossOf(ctx context.Context, q querier, head treeHead, s *logState) (Loss, error) {
	loss := Loss{Log: head.origin[strings.LastIndexByte(head.origin, '/')+1:], Size: head.size, Root: head.root.String(), Top: "none"}
	if s == nil {
		loss.Why = fmt.Sprintf("%d records were signed; the log is not here", head.size)
		return loss, nil
	}
	loss.Clinic = s.clinic
	size, root, err := lastBatch(ctx, q, s.id)
	if err != nil {
		return loss, err
	}
	loss.Here = size
	if size > 0 && len(root) == tlog.HashSize {
		loss.Top = tlog.Hash(root).String()
	}
	if size < head.size {
		loss.Why = fmt.Sprintf("%d records were signed, only %d are here", head.size, size)
		return loss, nil
	}
	if head.size == 0 {
		return loss, nil
	}
	at, err := tlog.TreeHash(head.size, hashReader(ctx, q, s.id))
	if err != nil || at != head.root {
		loss.Why = fmt.Sprintf("the first %d records are not those that were signed", head.size)
	}
	return loss, nil
}
