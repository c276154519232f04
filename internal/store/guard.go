package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vestibule/audit"
)

// walFile is SQLite's write-ahead log of DatabaseFile.
const walFile = "vestibule.db-wal"

// Guard notices that the database files of a folder are not those any more that this process has open: deleted, moved away or
// replaced, which SQLite does not see, so that it goes on writing into a file that nobody will find (hazard H24).
type Guard struct {
	pin   *sql.Conn // keeps the write-ahead log in being: SQLite removes it when the last connection closes
	files []watched
}

// watched is one file and what it was when it was opened.
type watched struct {
	path string
	was  fs.FileInfo
}

// NewGuard guards the database of the data folder dir, open as db. From then on db opens no connection to any other file.
func NewGuard(ctx context.Context, db *sql.DB, dir string) (*Guard, error) {
	pin, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("store.NewGuard: %w", err)
	}
	g := &Guard{pin: pin}
	if err := g.look(ctx, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("store.NewGuard: %w", err), pin.Close())
	}
	if d, ok := db.Driver().(guarded); ok {
		d.connector.guard.Store(g)
	}
	return g, nil
}

func (g *Guard) look(ctx context.Context, dir string) error {
	var tables int // reading opens the write-ahead log
	if err := g.pin.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return err
	}
	for _, name := range []string{DatabaseFile, walFile} {
		path := filepath.Join(dir, name)
		was, err := os.Stat(path)
		if err != nil {
			return err
		}
		g.files = append(g.files, watched{path, was})
	}
	return nil
}

// Intact is nil while the files are the ones that were opened, and wraps audit.ErrReplaced otherwise. It costs two looks at the
// file system. What comes back, as it was, is intact again.
func (g *Guard) Intact() error {
	for _, f := range g.files {
		now, err := os.Stat(f.path)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is gone: %w", f.path, audit.ErrReplaced)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", audit.ErrReplaced, err)
		}
		if !os.SameFile(now, f.was) {
			return fmt.Errorf("%s is another file: %w", f.path, audit.ErrReplaced)
		}
	}
	return nil
}

// Close lets go of the database.
func (g *Guard) Close() error { return g.pin.Close() }
