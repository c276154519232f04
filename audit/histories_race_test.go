//go:build race

package audit_test

// mostHistories is how many the index is held to where each is ten times as slow.
const mostHistories = 6
