//go:build !race

package oscar_test

// underRace is whether the race detector watches.
const underRace = false
