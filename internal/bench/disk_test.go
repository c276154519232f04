package main

import "testing"

func TestALedgerIsNotMeasuredInMemory(t *testing.T) {
	if kind, err := filesystem("/dev/shm"); err != nil || kind != "tmpfs" {
		t.Errorf("/dev/shm is on %q, %v", kind, err)
	}
	if dir, err := workFolder("/dev/shm"); err == nil {
		t.Errorf("%s is taken for a folder on a disk", dir)
	}
	if _, err := filesystem("/missing"); err == nil {
		t.Error("a folder that is not there is on a file system")
	}
}
