package audit_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vestibule/audit"
	"vestibule/fhir"
)

// logOf is a log of n records, all signed.
func logOf(t testing.TB, n int) *house {
	t.Helper()
	return logIn(newHouse(t), n)
}

func logIn(h *house, n int) *house {
	for i := range n {
		h.append(read(i))
	}
	if _, err := h.Checkpoint(context.Background(), "maple"); err != nil {
		h.t.Fatal(err)
	}
	return h
}

// H27: whoever holds a receipt can prove, with one file and the public key, that this very record is in the log at that place.
func TestH27AReceiptBecomesAProofThatVerifiesOffline(t *testing.T) {
	for _, size := range []int{1, 2, 7, 8, 100} {
		h := logOf(t, size)
		stored := h.lines("maple")
		for index := range int64(size) {
			proof, err := h.Proof(context.Background(), "maple", index, true)
			if err != nil {
				t.Fatal(err)
			}
			p, err := audit.CheckProof(proof, testVKey(t), nil)
			if err != nil || p.Index != index || p.Size != int64(size) || string(p.Line) != stored[index] || p.Record.ID != access(int(index)) {
				t.Fatalf("proof of %d of %d: %v %+v", index, size, err, p)
			}
			bare, err := h.Proof(context.Background(), "maple", index, false)
			if err != nil || strings.Contains(string(bare), "extra") {
				t.Fatalf("a proof without its record: %v\n%s", err, bare)
			}
			if _, err := audit.CheckProof(bare, testVKey(t), nil); err == nil {
				t.Error("a proof of nobody knows which record passed")
			}
			if _, err := audit.CheckProof(bare, testVKey(t), []byte(stored[index])); err != nil {
				t.Error(err)
			}
			if _, err := audit.CheckProof(bare, testVKey(t), []byte(stored[index]+" ")); err == nil {
				t.Error("another record was proved")
			}
		}
	}
}

func TestEveryChangeOfAProofIsFound(t *testing.T) {
	h := logOf(t, 20)
	proof, err := h.Proof(context.Background(), "maple", 5, true)
	if err != nil {
		t.Fatal(err)
	}
	other, err := h.Proof(context.Background(), "maple", 6, true)
	if err != nil {
		t.Fatal(err)
	}
	lines, others := strings.SplitAfter(string(proof), "\n"), strings.SplitAfter(string(other), "\n")
	stranger, err := audit.VerifierKey(deployment, testKey(2).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.CheckProof(proof, stranger, nil); err == nil {
		t.Error("another key's proof passed")
	}
	for i := range lines {
		for what, text := range map[string]string{"lost": "", "another's": others[min(i, len(others)-1)], "twice": lines[i] + lines[i], "cut": lines[i][:len(lines[i])/2]} {
			if text == lines[i] || i == len(lines)-2 && what == "twice" { // a signature may stand there twice
				continue
			}
			changed := strings.Join(append(append(append([]string{}, lines[:i]...), text), lines[i+1:]...), "")
			if _, err := audit.CheckProof([]byte(changed), testVKey(t), nil); err == nil {
				t.Errorf("line %d %s: the proof passed:\n%s", i, what, changed)
			}
		}
	}
}

func TestAProofWaitsForTheSignature(t *testing.T) {
	h := logOf(t, 3)
	h.append(read(3))
	_, err := h.Proof(context.Background(), "maple", 3, true)
	if fhir.AsError(err).Reason() != "not-signed-yet" {
		t.Errorf("a record without a signed checkpoint: %v", err)
	}
	for _, index := range []int64{-1, 4} {
		if _, err := h.Proof(context.Background(), "maple", index, true); fhir.KindOf(err) != fhir.KindNotFound {
			t.Errorf("record %d: %v", index, err)
		}
	}
	if _, err := h.Proof(context.Background(), "birch", 0, true); fhir.AsError(err).Reason() != "no-log" {
		t.Errorf("a clinic without a log: %v", err)
	}
	h.clock.Advance(time.Second)
	h.append(read(4))
	if _, err := h.Proof(context.Background(), "maple", 3, true); err != nil {
		t.Error(err)
	}
}

func TestReceiptsAreReadStrictly(t *testing.T) {
	h := newHouse(t)
	receipt := h.append(read(0))
	log, index, err := audit.ParseReceipt(receipt.String())
	if err != nil || log != receipt.Log() || index != 0 {
		t.Errorf("%q became %q %d: %v", receipt, log, index, err)
	}
	if clinic, err := h.ClinicOf(context.Background(), log); err != nil || clinic != "maple" {
		t.Errorf("clinic %q, %v", clinic, err)
	}
	for _, wrong := range []string{"", "abc", "/1", "abc/", "abc/-1", "abc/01", "abc/1/2", "abc/x"} {
		if _, _, err := audit.ParseReceipt(wrong); err == nil {
			t.Errorf("%q was taken for a receipt", wrong)
		}
	}
}

// served lets x/mod's reader of tiles, which this project did not write, read ours.
type served struct {
	h     *house
	asked []string
}

func (s *served) Height() int                         { return 8 }
func (s *served) SaveTiles(t []tlog.Tile, b [][]byte) {}
func (s *served) ReadTiles(tiles []tlog.Tile) (out [][]byte, err error) {
	for _, t := range tiles {
		path := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
		s.asked = append(s.asked, path)
		tile, ok := audit.ParseTile(path)
		if !ok {
			return nil, fmt.Errorf("%s is no tile", path)
		}
		b, err := s.h.Tile(context.Background(), "maple", tile)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

func TestTilesProveEveryRecordToAReaderWeDidNotWrite(t *testing.T) {
	const size = 700
	h := logOf(t, size)
	stored := h.lines("maple")
	var tree tlog.Tree
	checkpoint, err := h.SignedCheckpoint(context.Background(), "maple")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(checkpoint), "\n")
	if tree.Hash, err = tlog.ParseHash(lines[2]); err != nil || lines[1] != fmt.Sprint(size) {
		t.Fatal(err, lines)
	}
	tree.N = size
	reader := tlog.TileHashReader(tree, &served{h: h})
	for _, index := range []int64{0, 255, 256, 511, 512, 699} {
		proof, err := tlog.ProveRecord(size, index, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, size, tree.Hash, index, tlog.RecordHash([]byte(stored[index]))); err != nil {
			t.Errorf("record %d: %v", index, err)
		}
	}
}

func TestBundlesHoldTheRecordsTheirTilesAreMadeOf(t *testing.T) {
	h := logOf(t, 300)
	stored := h.lines("maple")
	for path, first := range map[string]int{"tile/entries/000": 0, "tile/entries/001.p/44": 256} {
		tile, ok := audit.ParseTile(path)
		if !ok || !tile.Entries() {
			t.Fatalf("%s is no bundle", path)
		}
		b, err := h.Tile(context.Background(), "maple", tile)
		if err != nil {
			t.Fatal(err)
		}
		for i := first; len(b) > 0; i++ {
			n := int(binary.BigEndian.Uint16(b))
			if string(b[2:2+n]) != stored[i] {
				t.Fatalf("%s: record %d differs", path, i)
			}
			b = b[2+n:]
		}
	}
}

func TestOnlyTilesOfTheSignedTreeAreServed(t *testing.T) {
	for wrong, signed := []string(nil), false; !signed; { // again where the ten were signed meanwhile, as they are within a second
		h := logOf(t, 300)
		for range 10 {
			h.append(read(0))
		}
		wrong = nil
		for path, there := range map[string]bool{
			"tile/0/000": true, "tile/0/000.p/1": true, "tile/0/001.p/44": true, "tile/0/001.p/45": false, "tile/0/001": false,
			"tile/1/000.p/1": true, "tile/1/000.p/2": false, "tile/2/000.p/1": false, "tile/7/000.p/1": false, "tile/63/000.p/1": false,
			"tile/0/x999/x999/x999/x999/x999/999": false, "tile/entries/001.p/44": true, "tile/entries/001.p/45": false,
		} {
			tile, ok := audit.ParseTile(path)
			if !ok {
				t.Fatalf("%s is no tile", path)
			}
			if _, err := h.Tile(context.Background(), "maple", tile); (err == nil) != there || err != nil && fhir.KindOf(err) != fhir.KindNotFound {
				wrong = append(wrong, fmt.Sprintf("%s: %v", path, err))
			}
		}
		var size int
		if err := h.db.QueryRow(`SELECT MAX(size) FROM checkpoint`).Scan(&size); err != nil {
			t.Fatal(err)
		}
		if signed = size == 300; signed && wrong != nil {
			t.Error(wrong)
		}
	}
	for _, path := range []string{"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/00/000", "tile/64/000", "tile/0/000.p/0",
		"tile/0/000.p/256", "tile/0/000.p/", "tile/0/x000/000", "tile/data/000", "tile/8/0/000", "tile/-1/000", "tile/0/000/", "entries/000", "tile/0/001.p/044"} {
		if _, ok := audit.ParseTile(path); ok {
			t.Errorf("%q was taken for a tile", path)
		}
	}
}
