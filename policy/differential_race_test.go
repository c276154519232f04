//go:build race

package policy_test

// comparisons is how many the test makes when each is ten times as slow.
const comparisons = 10_000
