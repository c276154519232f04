package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheMountThatHoldsAFolderDecides(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"tmp/x", "tmpfiles", "a b/c"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	table := filepath.Join(root, "mountinfo")
	lines := "22 1 8:1 / / rw - ext4 /dev/root rw\n" +
		"30 22 0:30 / " + real + "/tmp rw shared:1 - tmpfs tmpfs rw\n" +
		"31 22 0:31 / " + real + "/a\\040b rw - xfs /dev/b rw\n" +
		"32 22 0:32 / " + real + "/a\\040b rw - btrfs /dev/c rw\nnot a mount\n"
	if err := os.WriteFile(table, []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{"tmp": "tmpfs", "tmp/x": "tmpfs", "tmpfiles": "ext4", "a b/c": "btrfs"} {
		if got, err := filesystem(table, filepath.Join(root, dir)); got != want || err != nil {
			t.Errorf("%s is on %q, %v, want %q", dir, got, err, want)
		}
	}
	if _, err := filesystem(table, filepath.Join(root, "missing")); err == nil {
		t.Error("a folder that is not there is on a file system")
	}
}
