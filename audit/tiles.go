package audit

import (
	"context"
	"encoding/binary"
	"math"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"vestibule/fhir"
)

// tileHeight is C2SP's (https://c2sp.org/tlog-tiles): 256 hashes in a tile.
const tileHeight = 8

// ParseTile reads the path of a tile, "tile/<L>/<N>[.p/<W>]", or of a bundle of records, "tile/entries/<N>[.p/<W>]".
func ParseTile(path string) (t Tile, ok bool) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || strings.HasPrefix(rest, "data/") {
		return Tile{}, false
	}
	if n, entries := strings.CutPrefix(rest, "entries/"); entries {
		rest = "data/" + n
	}
	tile, err := tlog.ParseTilePath("tile/8/" + rest)
	return Tile{tile}, err == nil && tile.L < 64
}

// Tile names a part of a log's tree, or of its records.
type Tile struct{ at tlog.Tile }

// Entries reports whether it is a bundle of records, which is about patients, and not of hashes, which is not.
func (t Tile) Entries() bool { return t.at.L < 0 }

// Tile is a tile of a clinic's log, as far as its newest checkpoint covers it: hashes one after the other, or records each
// with its length before it in 16 bits.
func (r *Reader) Tile(ctx context.Context, clinic string, t Tile) ([]byte, error) {
	const op = "audit.Tile"
	var out []byte
	err := r.signed(ctx, op, clinic, func(l signedLog) (err error) {
		level := max(t.at.L, 0)
		if level > 7 || t.at.N >= math.MaxInt64>>tileHeight || t.at.N<<tileHeight+int64(t.at.W) > l.head.size>>(tileHeight*level) {
			return fhir.E(op, fhir.KindNotFound, "not-found", "The tree has no such tile, or not yet.")
		}
		if t.Entries() {
			out, err = bundle(ctx, l, clinic, t.at)
			return err
		}
		out, err = tlog.ReadTileData(t.at, hashReader(ctx, l.q, l.id))
		return err
	})
	return out, err
}

// bundle is the records of a tile.
func bundle(ctx context.Context, l signedLog, clinic string, t tlog.Tile) ([]byte, error) {
	s := &searcher{ctx: ctx, q: l.q}
	if err := s.open(clinic); err != nil {
		return nil, err
	}
	var out []byte
	for i := range int64(t.W) {
		body, err := s.body(t.N<<tileHeight + i)
		if err != nil {
			return nil, err
		}
		line, ok := body.text()
		if !ok {
			return nil, fhir.E("audit.Tile", fhir.KindNotFound, "body-deleted",
				"The bodies of some records of this bundle were deleted. Export the trail: it has the others, and the hashes of all.")
		}
		if len(line) > math.MaxUint16 {
			return nil, fhir.E("audit.Tile", fhir.KindNotSupported, "record-too-long", "A record of this bundle is longer than the form of a bundle allows. Export the trail instead.")
		}
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(line))), line...)
	}
	return out, nil
}
