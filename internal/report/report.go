package report

import (
	"errors"
	"fmt"
	"time"
)

// Report is what was asked and its answer, in no language and no format yet.
type Report struct {
	Name     string // a word, for programs: "patient"
	Title    Text
	About    Value // whom or what it is about; zero: the whole clinic
	Head     Head
	Lead     []Text // the answer in a sentence or two
	Sections []Section
	Notes    []Text // how to read it, and what it does not say
}

// Head is who made a report, when, and of what.
type Head struct {
	Clinic      string // its name
	ClinicTitle string // for people
	Zone        *time.Location
	From, Until time.Time // the period; zero: from the beginning, until it was made
	Made        time.Time
	By          string
	Program     string // version of the program
	Logs        []Log
}

// Log is the state of one log when a report was made: whoever holds on to it can later show that nothing before was changed.
type Log struct {
	Origin  string // as its checkpoints name it
	Clinic  string // "maple#1" for one that ended in a loss
	Size    int64  // how many records its newest checkpoint covers
	Root    string // of the tree at that size
	Deleted int64  // how many records' bodies were deleted, by retention or by law

	DeletedOn time.Time // when the last of them was
}

// Section is a table with what is said about it.
type Section struct {
	ID      string // a word, for programs
	Title   Text
	Intro   []Text
	Columns []Column
	Rows    Rows
	None    Text // said in the place of an empty table
}

// Column is what a column of a table holds.
type Column struct {
	ID    string // a word, for programs
	Title Text
	Width int // on paper, in relation to the other columns; 0 is as 2
}

// Rows calls yield for each row, in order, and ends with the error that yield or reading returns. It may be called again.
type Rows func(yield func([]Value) error) error

// Fixed is rows that are in memory.
func Fixed(rows [][]Value) Rows {
	return func(yield func([]Value) error) error {
		for _, row := range rows {
			if err := yield(row); err != nil {
				return err
			}
		}
		return nil
	}
}

// each calls yield for each row of the section, having made sure that it has a value for each column.
func (s *Section) each(yield func([]Value) error) error {
	if s.Rows == nil {
		return nil
	}
	return s.Rows(func(row []Value) error {
		if len(row) != len(s.Columns) {
			return fmt.Errorf("report: a row of %s has %d values for %d columns", s.ID, len(row), len(s.Columns))
		}
		return yield(row)
	})
}

func (c Column) width() int {
	if c.Width <= 0 {
		return 2
	}
	return c.Width
}

// voice is the language with the clinic's zone.
func (r *Report) voice(l Language) Voice {
	if r.Head.Zone == nil {
		return Voice{l, time.UTC}
	}
	return Voice{l, r.Head.Zone}
}

// errStopped ends reading rows that nobody takes any more.
var errStopped = errors.New("report: the reader of the rows stopped")
