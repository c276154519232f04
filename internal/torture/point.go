package main

import (
	"math/rand/v2"
	"time"
)

// point is where a gateway is killed.
type point struct {
	What string `json:"what,omitempty"` // which transaction, or which part of an exchange; see points
	When string `json:"when,omitempty"` // before, inside or after it
}

func (p point) String() string {
	if p.When == "" {
		return p.What
	}
	return p.When + " " + p.What
}

// The parts of a campaign's points.
const (
	atRandom = "a random moment"
	atAsked  = "the EMR has the write, not carried out"
	atDone   = "the EMR has carried out the write, no answer"
	atAnswer = "the EMR has answered the write"
	atFirst  = "the first byte of an answer"
	atHalf   = "half of an answer"

	onIntent     = "intent"
	onOutcome    = "outcome"
	onUnresolved = "settling"
	onIndex      = "index"
	onCheckpoint = "checkpoint"
	onRotation   = "key rotation"
	onStart      = "start"
	onTables     = "tables"
	onEvent      = "event"
)

// points are all there are, each once.
func points() []point {
	out := []point{{What: atAsked}, {What: atDone}, {What: atAnswer}, {What: atFirst, When: "before"}, {What: atHalf}}
	for _, what := range []string{onIntent, onOutcome, onUnresolved, onIndex, onCheckpoint, onRotation, onStart, onTables} {
		for _, when := range []string{"before", "inside", "after"} {
			out = append(out, point{what, when})
		}
	}
	return append(out, point{onEvent, "before"}, point{onEvent, "after"}, point{What: atRandom}, point{What: atRandom, When: "starting,"})
}

// emrs reports whether it is the EMR that kills.
func (p point) emrs() bool { return p.What == atAsked || p.What == atDone || p.What == atAnswer }

// early reports whether the point lies before a gateway serves, or where it serves nobody yet.
func (p point) early() bool {
	return p.What == onStart || p.What == onTables || p.What == onUnresolved || p.When == "starting,"
}

// plan is the points of a campaign of n kills, in the order in which they come: rounds of all of them, shuffled, with random
// moments between. What needs a write left open comes after a kill that leaves one.
func plan(n int, r *rand.Rand) []point {
	var out []point
	for len(out) < n {
		round := points()
		for range len(round) / 2 {
			round = append(round, point{What: atRandom})
		}
		r.Shuffle(len(round), func(i, j int) { round[i], round[j] = round[j], round[i] })
		for _, p := range round {
			if p.What == onUnresolved {
				out = append(out, []point{{What: atAsked}, {What: atDone}, {What: atAnswer}}[r.IntN(3)])
			}
			out = append(out, p)
		}
	}
	return out[:n]
}

// order is what the child is told.
type order struct {
	Data    string        `json:"data"`
	Address string        `json:"address"`
	Metrics string        `json:"metrics"` // where metrics are served; empty: nowhere
	Point   point         `json:"point"`
	Nth     int           `json:"nth"`   // the how manieth time the point is reached
	Delay   time.Duration `json:"delay"` // of "inside": how long after the commit began
	Armed   bool          `json:"armed"` // from the start; else when the parent says so
	Lie     int           `json:"lie"`   // seeded fault: from this many batches on, commits are rolled back and said to have happened; 0: never
}
