package audit

import (
	"math/rand/v2"
	"testing"
)

// The line of a record that is read by where its bytes stand is never another record than the one that a JSON decoder sees: either
// they are the same, or what stands there is no record.
func TestALineIsReadInOneWay(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	whole, quick := 0, 0
	for range 200 {
		r := anyRecord(random)
		line := []byte(`{"index":17,"leaf":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","record":`)
		line = append(appendRecord(line, &r), "}\n"...)
		for i := range 300 {
			text := line
			if i > 0 {
				text = append(changed(random, line[:len(line)-1]), '\n')
			}
			var q quickLine
			if !q.read(text) {
				if i == 0 {
					t.Fatalf("what Export writes is not read quickly: %s", text)
				}
				continue
			}
			quick++
			parsed, err := parseLine(text, nil)
			if q.begin == 0 {
				if err != nil || parsed.Record != nil || parsed.Index == nil || *parsed.Index != q.index {
					t.Fatalf("read as a record without a body: %s (%v)", text, err)
				}
				continue
			}
			if _, bad := DecodeRecord(text[q.begin:q.end]); bad != nil {
				continue // whoever checks says so
			}
			if whole++; err != nil || string(parsed.Record) != string(text[q.begin:q.end]) || *parsed.Index != q.index {
				t.Fatalf("read as %s: %s (%v)", text[q.begin:q.end], text, err)
			}
		}
	}
	if whole < 1000 || quick == whole {
		t.Errorf("%d lines were read quickly, %d of them records", quick, whole)
	}
}
