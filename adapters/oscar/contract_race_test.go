//go:build race

package oscar_test

// underRace leaves the dialects that differ least to a run without the race detector, which makes each ten times as slow.
const underRace = true
