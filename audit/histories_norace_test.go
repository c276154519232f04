//go:build !race

package audit_test

// mostHistories is how many the index is held to; each is hundreds of commits.
const mostHistories = 30
