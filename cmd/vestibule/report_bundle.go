package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// bundle is a folder of files, or a ZIP file of them, that is there whole or not at all.
type bundle struct {
	path    string
	tmp     string
	replace bool
	made    time.Time
	file    *os.File    // of a ZIP
	zip     *zip.Writer // nil for a folder
}

// newFolder makes sure, before anything is done, that a bundle may be written.
func newFolder(path string, force bool) error {
	if path == "" {
		return nil
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return parent(path)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("the folder %s is there already; name another one for the proofs", path)
	case !force:
		return fmt.Errorf("%s is there already; give another name, or --force to replace it", path)
	}
	return nil
}

// openBundle begins a bundle beside its place.
func openBundle(path string, replace bool, made time.Time) (*bundle, error) {
	b := &bundle{path: path, replace: replace, made: made}
	var err error
	if !strings.EqualFold(filepath.Ext(path), ".zip") {
		b.tmp, err = os.MkdirTemp(filepath.Dir(path), ".proofs-*") // 0700
		return b, err
	}
	if b.file, err = os.CreateTemp(filepath.Dir(path), ".proofs-*"); err != nil { // 0600
		return nil, err
	}
	b.tmp, b.zip = b.file.Name(), zip.NewWriter(b.file)
	return b, nil
}

// put adds a file.
func (b *bundle) put(name string, text []byte) error {
	if b.zip != nil {
		w, err := b.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: b.made.UTC()})
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	path := filepath.Join(b.tmp, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// close puts the bundle in its place; what is not whole is removed.
func (b *bundle) close(whole bool) error {
	var err error
	if b.zip != nil {
		err = errors.Join(b.zip.Close(), b.file.Sync(), b.file.Close())
	}
	if err == nil && whole {
		err = b.place()
	}
	return errors.Join(err, os.RemoveAll(b.tmp))
}

func (b *bundle) place() error {
	if b.zip == nil || b.replace {
		return os.Rename(b.tmp, b.path) // a folder replaces no folder that holds anything
	}
	return os.Link(b.tmp, b.path)
}
