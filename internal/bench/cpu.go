package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of the times in /proc/PID/stat: USER_HZ, 100 on every architecture that Go runs Linux on.
const clockTick = 10 * time.Millisecond

// procStat is what the bench reads of one process.
type procStat struct {
	parent int
	cpu    time.Duration // user and system time of all its threads, not of its children
}

// parseStat reads /proc/PID/stat (proc(5)). The second field is the command in parentheses, which may itself hold spaces
// and parentheses, so fields are counted from the last closing one.
func parseStat(line string) (procStat, error) {
	end := strings.LastIndexByte(line, ')')
	if end < 0 {
		return procStat{}, errors.New("no command in it")
	}
	f := strings.Fields(line[end+1:])
	if len(f) < 13 {
		return procStat{}, fmt.Errorf("%d fields after the command, want at least 13", len(f))
	}
	parent, err1 := strconv.Atoi(f[1])
	user, err2 := strconv.ParseInt(f[11], 10, 64)
	system, err3 := strconv.ParseInt(f[12], 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return procStat{}, err
	}
	return procStat{parent: parent, cpu: time.Duration(user+system) * clockTick}, nil
}

func readStat(proc string, pid int) (procStat, error) {
	path := filepath.Join(proc, strconv.Itoa(pid), "stat")
	b, err := os.ReadFile(path)
	if err != nil {
		return procStat{}, err
	}
	s, err := parseStat(string(b))
	if err != nil {
		return procStat{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// processTree lists root and every process below it: nginx works in its workers, not in the process that was started.
func processTree(proc string, root int) ([]int, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if s, err := readStat(proc, pid); err == nil { // a process may end while we look
			children[s.parent] = append(children[s.parent], pid)
		}
	}
	tree := []int{root}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i]]...)
	}
	return tree, nil
}

// cpuOf is the CPU time of the processes so far.
func cpuOf(proc string, pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		s, err := readStat(proc, pid)
		if err != nil {
			return 0, fmt.Errorf("a measured process is gone: %w", err)
		}
		sum += s.cpu
	}
	return sum, nil
}

// loadAverage is how many threads wanted a core during the last minute.
func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}
