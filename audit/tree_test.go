package audit

import (
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func TestTheEdgeGrowsTheSameTreeAsTlog(t *testing.T) {
	var e edge
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		for _, i := range indexes {
			out = append(out, hashes[i])
		}
		return out, nil
	})
	for n := range int64(300) {
		root, err := tlog.TreeHash(n, reader)
		if err != nil {
			t.Fatal(err)
		}
		if e.root() != root {
			t.Fatalf("the root of %d records is %v, want %v", n, e.root(), root)
		}
		loaded, err := loadEdge(n, reader)
		if err != nil || loaded.root() != root || loaded.size != n {
			t.Fatalf("the edge of %d records was not read back: %v", n, err)
		}
		leaf := tlog.RecordHash([]byte(strconv.FormatInt(n, 10)))
		stored, err := tlog.StoredHashesForRecordHash(n, leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		got := e.add(nil, leaf)
		if len(got) != len(stored)*tlog.HashSize {
			t.Fatalf("record %d stores %d bytes, want %d hashes", n, len(got), len(stored))
		}
		for i, h := range stored {
			if tlog.Hash(got[i*tlog.HashSize:][:tlog.HashSize]) != h {
				t.Fatalf("stored hash %d of record %d differs", i, n)
			}
			if at := tlog.StoredHashIndex(0, n) + int64(i); storedIn(at) != n {
				t.Fatalf("stored hash %d is looked for with record %d, want %d", at, storedIn(at), n)
			}
		}
		hashes = append(hashes, stored...)
	}
}
