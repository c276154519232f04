package policy

import (
	"math/bits"
	"slices"
)

// hits are the candidates of a reach that match a resource.
type hits struct {
	set  bitset
	more []int // those beyond the bitset, ascending
	any  bool  // one of them serves the request
}

// bitset is a set of small numbers that can be a map's key. Hardly anybody holds more permissions for one interaction.
type bitset [4]uint64

const bitsetSize = 256

func (h *hits) add(i int, serves bool) {
	h.any = h.any || serves
	if i < bitsetSize {
		h.set[i/64] |= 1 << (i % 64)
		return
	}
	h.more = append(h.more, i)
}

// and are the candidates in both; for writes, where every candidate that matches serves.
func (h hits) and(o hits) hits {
	var out hits
	for i := range h.set {
		out.set[i] = h.set[i] & o.set[i]
	}
	for _, i := range h.more {
		if slices.Contains(o.more, i) {
			out.more = append(out.more, i)
		}
	}
	out.any = out.set != bitset{} || len(out.more) > 0
	return out
}

// list is the candidates' numbers, ascending.
func (h hits) list() []int {
	var out []int
	for w, word := range h.set {
		for ; word != 0; word &= word - 1 {
			out = append(out, w*64+bits.TrailingZeros64(word))
		}
	}
	return append(out, h.more...)
}

// every is all candidates.
func (a *reach) every() hits {
	var out hits
	for i := range a.candidates {
		out.add(i, true)
	}
	return out
}
