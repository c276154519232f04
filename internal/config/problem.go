package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a file, with its place.
type Problem struct {
	File string
	Line int    // from 1; 0: the file as a whole
	Path string // the element, as permissions[1].window; may be empty
	Text string // what is wrong, and what would be right
}

// String is "file:line: path: text".
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Path == "" {
		return where + ": " + p.Text
	}
	return where + ": " + p.Path + ": " + p.Text
}

// Problems is every mistake found, as one error: one line each.
type Problems []Problem

// Error lists the problems, one on each line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// err is ps in the order of the files' lines, nil when there are none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps.inOrder()
}

// inOrder sorts ps by the files' lines.
func (ps Problems) inOrder() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return ps
}

// finding is what a document's own check has to say: a path within the document and a text.
type finding struct{ path, text string }

// findings collects them.
type findings []finding

func (f *findings) add(path, format string, args ...any) {
	*f = append(*f, finding{path, fmt.Sprintf(format, args...)})
}
