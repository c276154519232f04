package audit

import (
	"crypto/sha256"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// edge is the right edge of a log's tree: the roots of its complete subtrees. It is all that appending and the tree's root
// need, so that neither reads the database. nodes[i] holds a subtree of 2^i records where bit i of size is set.
type edge struct {
	size  int64
	nodes [63]tlog.Hash
}

// add puts one more leaf on the tree and appends the hashes that tlog stores for it: the leaf, then each subtree that it
// completes (the same as tlog.StoredHashesForRecordHash, without reading back what is in memory anyway).
func (e *edge) add(dst []byte, leaf tlog.Hash) []byte {
	h := leaf
	dst = append(dst, h[:]...)
	level := 0
	for ; e.size>>level&1 == 1; level++ {
		h = nodeHash(&e.nodes[level], &h)
		dst = append(dst, h[:]...)
	}
	e.nodes[level] = h
	e.size++
	return dst
}

// nodeHash is tlog.NodeHash without its allocations.
func nodeHash(left, right *tlog.Hash) tlog.Hash {
	var node [1 + 2*tlog.HashSize]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[1+tlog.HashSize:], right[:])
	return sha256.Sum256(node[:])
}

// root is the RFC 6962 tree hash of the records added so far.
func (e *edge) root() tlog.Hash {
	if e.size == 0 {
		empty, _ := tlog.TreeHash(0, nil) // cannot fail: it reads nothing
		return empty
	}
	level := bits.TrailingZeros64(uint64(e.size))
	h := e.nodes[level]
	for level++; e.size>>level != 0; level++ {
		if e.size>>level&1 == 1 {
			h = nodeHash(&e.nodes[level], &h)
		}
	}
	return h
}

// loadEdge reads the right edge of a tree of the given size.
func loadEdge(size int64, r tlog.HashReader) (edge, error) {
	e := edge{size: size}
	var levels []int
	var indexes []int64
	low := int64(0)
	for level := 62; level >= 0; level-- {
		if size>>level&1 == 1 {
			levels = append(levels, level)
			indexes = append(indexes, tlog.StoredHashIndex(level, low>>level))
			low += 1 << level
		}
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return edge{}, err
	}
	for i, level := range levels {
		e.nodes[level] = hashes[i]
	}
	return e, nil
}

// storedIn is the record with which the stored hash at index was written.
func storedIn(index int64) int64 {
	level, n := tlog.SplitStoredHashIndex(index)
	return (n+1)<<level - 1
}
