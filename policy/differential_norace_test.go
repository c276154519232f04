//go:build !race

package policy_test

// comparisons is how many the ordinary test makes.
const comparisons = 100_000
