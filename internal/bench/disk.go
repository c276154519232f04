package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// workFolder makes the temporary folder on a real disk: below want if that is given, else below the first of the system's
// temporary folder, /var/tmp and the user's cache that is one. fdatasync on tmpfs costs nothing, and a ledger that costs
// nothing is not what is measured.
func workFolder(want string) (string, error) {
	parents := []string{os.TempDir(), "/var/tmp"}
	if cache, err := os.UserCacheDir(); err == nil {
		parents = append(parents, cache)
	}
	if want != "" {
		parents = []string{want}
	}
	var errs []error
	for _, parent := range parents {
		kind, err := filesystem(parent)
		if err == nil && (kind == "tmpfs" || kind == "ramfs") {
			err = fmt.Errorf("%s is %s, not a disk", parent, kind)
		}
		if err == nil {
			return os.MkdirTemp(parent, "vestibule-bench-")
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("no folder on a real disk, name one with -dir: %w", errors.Join(errs...))
}

// filesystem is the type of the file system that holds path: its name, or its number where that is all there is to say.
func filesystem(path string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	names := map[int64]string{unix.TMPFS_MAGIC: "tmpfs", unix.RAMFS_MAGIC: "ramfs", unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs",
		unix.BTRFS_SUPER_MAGIC: "btrfs", unix.F2FS_SUPER_MAGIC: "f2fs", unix.NFS_SUPER_MAGIC: "nfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay"}
	return cmp.Or(names[int64(s.Type)], fmt.Sprintf("a file system of type %#x", s.Type)), nil
}

// disk is what the ledger's disk gives by itself.
type disk struct {
	kind string
	rate float64       // of 4 KiB and one fdatasync, per second, one writer
	p50  time.Duration // of one
}

// measureDisk writes pages and waits for each, for as long as said.
func measureDisk(dir string, limit time.Duration) (disk, error) {
	kind, err := filesystem(dir)
	if err != nil {
		return disk{}, err
	}
	f, err := os.Create(filepath.Join(dir, "fdatasync"))
	if err != nil {
		return disk{}, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var took []time.Duration
	page := make([]byte, 4096)
	start := time.Now()
	for begin := start; time.Since(start) < limit; begin = time.Now() {
		if _, err := f.Write(page); err != nil {
			return disk{}, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return disk{}, err
		}
		took = append(took, time.Since(begin))
	}
	return disk{kind: kind, rate: float64(len(took)) / time.Since(start).Seconds(), p50: median(took)}, nil
}
