package signals

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"vestibule/audit"
)

// Sample is accesses picked by lot: those whose hashes with their salts are lowest. A salt is the random number that the ledger puts
// into each record, so that nobody can choose; and the same period gives the same lot, however often it is drawn.
type Sample struct {
	Most int

	drawn []ticket
}

// ticket is one access in the lot.
type ticket struct {
	lot   [sha256.Size]byte
	entry audit.Entry
}

// Add lets an entry take part in the lot, where it tells of an access of a person's.
func (s *Sample) Add(e audit.Entry) {
	if _, ok := accessOf(e, e.Record.Time.Location()); !ok || s.Most <= 0 {
		return
	}
	lot := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(e.Record.Salt), uint64(e.Index)))
	at, _ := slices.BinarySearchFunc(s.drawn, lot, func(t ticket, lot [sha256.Size]byte) int { return bytes.Compare(t.lot[:], lot[:]) })
	if at == s.Most {
		return
	}
	s.drawn = slices.Insert(s.drawn, at, ticket{lot, e})
	s.drawn = s.drawn[:min(len(s.drawn), s.Most)]
}

// Drawn is who was picked, in the order of the log.
func (s *Sample) Drawn() []audit.Entry {
	out := make([]audit.Entry, 0, len(s.drawn))
	for _, t := range s.drawn {
		out = append(out, t.entry)
	}
	slices.SortFunc(out, func(a, b audit.Entry) int { return cmp.Compare(a.Index, b.Index) })
	return out
}
