package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
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
		kind, err := filesystem("/proc/self/mountinfo", parent)
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

// filesystem is the type of the file system that holds path, as the mount table (proc(5), mountinfo) names it.
func filesystem(table, path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(table)
	if err != nil {
		return "", err
	}
	kind, longest := "", -1
	for line := range strings.Lines(string(b)) {
		mount, fs, ok := parseMount(line)
		if ok && len(mount) >= longest && holds(mount, path) { // a later mount on the same point hides the earlier
			kind, longest = fs, len(mount)
		}
	}
	if longest < 0 {
		return "", fmt.Errorf("%s is on no mounted file system", path)
	}
	return kind, nil
}

// parseMount reads mount point and type out of "36 35 98:0 / /mnt rw shared:1 - ext4 /dev/root rw"; spaces in a mount
// point are written \040.
func parseMount(line string) (mount, kind string, ok bool) {
	before, after, ok := strings.Cut(line, " - ")
	f, g := strings.Fields(before), strings.Fields(after)
	if !ok || len(f) < 5 || len(g) < 1 {
		return "", "", false
	}
	return strings.ReplaceAll(f[4], `\040`, " "), g[0], true
}

func holds(mount, path string) bool {
	return mount == "/" || path == mount || strings.HasPrefix(path, mount+"/")
}

// disk is what the ledger's disk gives by itself.
type disk struct {
	kind string
	rate float64       // of 4 KiB and one fdatasync, per second, one writer
	p50  time.Duration // of one
}

// measureDisk writes pages and waits for each, for as long as said.
func measureDisk(dir string, limit time.Duration) (disk, error) {
	kind, err := filesystem("/proc/self/mountinfo", dir)
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
