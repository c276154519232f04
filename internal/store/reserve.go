package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ReserveFile is the file in a data folder that keeps space.
const ReserveFile = "vestibule.reserve"

// ReserveBytes is how much it keeps: enough for the records that say that recording ended and went on again, a write-ahead log
// of the usual size, and some more, so that a gateway that goes on does not stop at once.
const ReserveBytes = 8 << 20

// Reserve keeps space on the disk of a data folder that is given up when the disk is full (hazard H24).
type Reserve struct{ path string }

// NewReserve is the reserve of the data folder dir. It keeps nothing before Keep.
func NewReserve(dir string) Reserve { return Reserve{filepath.Join(dir, ReserveFile)} }

// Keep takes the space, if it is not taken already. An error says that there is not that much, and then none is taken.
func (r Reserve) Keep() error {
	if r.Kept() {
		return nil
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("store.Reserve: %w", err)
	}
	err = fill(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("store.Reserve: %w", err), r.Release())
	}
	return nil
}

// fill makes the file's blocks its own. Where the file system cannot set them aside, they are written.
func fill(f *os.File) error {
	err := syscall.Fallocate(int(f.Fd()), 0, 0, ReserveBytes)
	if errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS) {
		_, err = f.WriteAt(make([]byte, ReserveBytes), 0)
	}
	if err != nil {
		return err
	}
	return f.Sync()
}

// Kept reports whether the space is taken.
func (r Reserve) Kept() bool {
	info, err := os.Stat(r.path)
	if err != nil || info.Size() < ReserveBytes {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return !ok || st.Blocks*512 >= ReserveBytes
}

// Release gives the space back.
func (r Reserve) Release() error {
	if err := os.Remove(r.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store.Reserve: %w", err)
	}
	return nil
}
