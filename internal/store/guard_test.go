package store

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"vestibule/audit"
)

// guardedFolder is a folder with something in its database, and its guard.
func guardedFolder(t *testing.T) (string, *sql.DB, *Guard) {
	t.Helper()
	dir := t.TempDir()
	db, err := CreateFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`CREATE TABLE told (what TEXT)`); err != nil {
		t.Fatal(err)
	}
	g, err := NewGuard(t.Context(), db, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return dir, db, g
}

// Hazard H24: a file that was moved, replaced or deleted is noticed, and one that is back is the one that it was.
func TestH24AGuardSeesThatAFileIsNotTheOneAnyMore(t *testing.T) {
	for _, name := range []string{DatabaseFile, walFile} {
		dir, _, g := guardedFolder(t)
		path := filepath.Join(dir, name)
		if err := g.Intact(); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if err := g.Intact(); !errors.Is(err, audit.ErrReplaced) {
			t.Errorf("%s is moved away: %v", name, err)
		}
		copied, err := os.ReadFile(path + ".away")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, copied, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := g.Intact(); !errors.Is(err, audit.ErrReplaced) {
			t.Errorf("%s is a copy: %v", name, err)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		if err := g.Intact(); err != nil {
			t.Errorf("%s is back: %v", name, err)
		}
	}
}

// A connection that was opened to another file would stay in the pool when the first is back, and what is written through it
// would be lost.
func TestH24NoConnectionIsOpenedToAnotherFile(t *testing.T) {
	dir, db, _ := guardedFolder(t)
	path := filepath.Join(dir, DatabaseFile)
	copied, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(path, path+".away"), os.WriteFile(path, copied, 0o600)); err != nil {
		t.Fatal(err)
	}
	held := 0
	for range 4 { // more than wait in the pool
		c, err := db.Conn(t.Context())
		if err == nil {
			held++
			defer c.Close()
		} else if !errors.Is(err, audit.ErrReplaced) {
			t.Errorf("refused with %v", err)
		}
	}
	if held > 2 {
		t.Errorf("%d connections, of which two at the most were opened before", held)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.ExecContext(t.Context(), `INSERT INTO told (what) VALUES ('after')`); err != nil {
			t.Error(err)
		}
	}
}

// The space of a reserve is taken, not only promised, and given back.
func TestAReserveKeepsItsSpace(t *testing.T) {
	r := NewReserve(t.TempDir())
	if r.Kept() {
		t.Fatal("kept before it was taken")
	}
	for range 2 {
		if err := r.Keep(); err != nil || !r.Kept() {
			t.Fatalf("not kept: %v", err)
		}
		if err := r.Release(); err != nil || r.Kept() {
			t.Fatalf("not given back: %v", err)
		}
	}
	if err := os.Truncate(touched(t, r.path), ReserveBytes); err != nil { // a file with a size and no blocks
		t.Fatal(err)
	}
	if r.Kept() {
		t.Error("a hole is no space")
	}
	if err := r.Keep(); err != nil || !r.Kept() {
		t.Errorf("over a hole: %v", err)
	}
	if err := NewReserve(filepath.Join(t.TempDir(), "nowhere")).Keep(); err == nil {
		t.Error("kept in a folder that is not there")
	}
}

func touched(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
