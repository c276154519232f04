package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DatabaseFile is the name of the SQLite file in a data folder. The ledger and the documents live in the same file, so
// that one transaction can cover both.
const DatabaseFile = "vestibule.db"

// ErrNoData is wrapped by OpenFolder for a folder that no gateway has been started in.
var ErrNoData = errors.New("no gateway's data here")

// CreateFolder opens the database of a data folder and makes both where they are missing, readable by their owner only:
// what lies in it is about patients.
func CreateFolder(dir string) (*sql.DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store.CreateFolder: %w", err)
	}
	path := filepath.Join(dir, DatabaseFile)
	// SQLite gives its -wal and -shm files the mode of the database file, so the mode is settled before it opens it.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store.CreateFolder: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("store.CreateFolder: %w", err)
	}
	return OpenSQLite(path)
}

// OpenFolder opens the database of a data folder that exists. A folder without one is an error that wraps ErrNoData:
// a mistyped name must not look like an empty trail.
func OpenFolder(dir string) (*sql.DB, error) {
	path := filepath.Join(dir, DatabaseFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w (there is no %s); name the folder that `vestibule serve` or `vestibule demo` uses", dir, ErrNoData, DatabaseFile)
	} else if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%s: %w; do this as the user that the gateway runs as", dir, fs.ErrPermission)
	} else if err != nil {
		return nil, fmt.Errorf("store.OpenFolder: %w", err)
	}
	return OpenSQLite(path)
}
