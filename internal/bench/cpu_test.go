package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// stat is a line of /proc/PID/stat; utime and stime are its 14th and 15th field.
func stat(pid int, command string, parent int, utime, stime int) string {
	return fmt.Sprintf("%d (%s) S %d 1 1 0 -1 4194304 100 0 0 0 %d %d 900 900 20 0 3 0 100 1000 10\n", pid, command, parent, utime, stime)
}

func TestCPUTimeIsReadBehindTheCommand(t *testing.T) {
	tests := []struct {
		name, line string
		want       procStat
		fails      bool
	}{
		{"plain", stat(7, "nginx", 1, 120, 3), procStat{parent: 1, cpu: 1230 * time.Millisecond}, false},
		{"a command that looks like fields", stat(7, "a) R 99 (b", 4, 1, 1), procStat{parent: 4, cpu: 20 * time.Millisecond}, false},
		{"cut off", "7 (nginx) S 1 1", procStat{}, true},
		{"empty", "", procStat{}, true},
		{"not numbers", strings.Replace(stat(7, "nginx", 1, 1, 1), " 1 1 900", " x y 900", 1), procStat{}, true},
	}
	for _, test := range tests {
		got, err := parseStat(test.line)
		if got != test.want || (err != nil) != test.fails {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
	}
}

func TestWorkersCountWithTheProcessThatStartedThem(t *testing.T) {
	proc := t.TempDir()
	for _, line := range []string{stat(10, "nginx", 1, 5, 5), stat(11, "nginx", 10, 100, 0), stat(12, "nginx", 10, 0, 50), stat(13, "helper", 12, 1, 0), stat(20, "other", 1, 9, 9)} {
		pid, _, _ := strings.Cut(line, " ")
		if err := os.Mkdir(filepath.Join(proc, pid), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, pid, "stat"), []byte(line), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(proc, "self"), 0o755); err != nil {
		t.Fatal(err)
	}
	pids, err := processTree(proc, 10)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(pids)
	if want := []int{10, 11, 12, 13}; !slices.Equal(pids, want) {
		t.Errorf("tree is %v, want %v", pids, want)
	}
	cpu, err := cpuOf(proc, pids)
	if want := 1610 * time.Millisecond; err != nil || cpu != want {
		t.Errorf("CPU is %v, %v, want %v", cpu, err, want)
	}
	if _, err := cpuOf(proc, []int{99}); err == nil {
		t.Error("a process that is gone has a CPU time")
	}
}

func TestTheKernelsOwnFormatIsRead(t *testing.T) {
	s, err := readStat("/proc", os.Getpid())
	if err != nil || s.parent != os.Getppid() {
		t.Errorf("%+v, %v; the parent is %d", s, err, os.Getppid())
	}
}
