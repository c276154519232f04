package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// LockFile is the file in a data folder that the serving process holds locked.
const LockFile = "vestibule.lock"

// ErrServed is wrapped by Lock when another process holds the folder.
var ErrServed = errors.New("already served by another process")

// Lock makes this process the only one that serves the data folder dir, until unlock is called or the process ends,
// however it ends: the lock is the kernel's (flock), the file's content only tells a person whom to ask. The folder is
// made where it is missing.
func Lock(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store.Lock: %w", err)
	}
	path := filepath.Join(dir, LockFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store.Lock: %w", err)
	}
	err = flock(f)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer f.Close()
		return nil, fmt.Errorf("%s: %w%s; stop that one first, or choose another folder with --data", dir, ErrServed, holder(f))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("store.Lock: %s: %w", path, err)
	}
	if err := sign(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("store.Lock: %s: %w", path, err)
	}
	return f.Close, nil // closing the only descriptor releases the lock
}

// flock takes the lock. A look by Served holds it for some microseconds; that is no reason not to start.
func flock(f *os.File) (err error) {
	for range 5 {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// Served reports whether a process serves the data folder dir, without getting in the way of one that starts.
func Served(dir string) (bool, error) {
	f, err := os.Open(filepath.Join(dir, LockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store.Served: %w", err)
	}
	defer f.Close() // and with it the lock, should it have been free
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("store.Served: %w", err)
	}
	return false, nil
}

// sign writes who holds the lock.
func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

// holder is " (process 123)", as far as the holder has written it.
func holder(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 20))
	pid := strings.TrimSpace(string(b))
	if err != nil || pid == "" {
		return ""
	}
	return " (process " + pid + ")"
}
