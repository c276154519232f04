package config

import "strings"

// nearest is the word among known that written was probably meant to be: at most half of its letters away, and at most
// two. ok is false when nothing is near.
func nearest(written string, known []string) (word string, ok bool) {
	best := min(2, len(written)/2) + 1
	for _, k := range known {
		d := distance(strings.ToLower(written), strings.ToLower(k))
		if d < best {
			best, word, ok = d, k, true
		}
	}
	return word, ok
}

// distance is the number of letters to insert, drop, replace or swap with their neighbour between a and b (optimal string
// alignment). Keys are short, so that the quadratic table does not matter; a long one is cut.
func distance(a, b string) int {
	const longest = 64
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
