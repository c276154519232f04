package fhir

import "bytes"

// manyMembers is the size from which an object's names are kept in a set, so that a hostile object with a hundred
// thousand members costs no more than its length.
const manyMembers = 24

// names remembers the member names of one object: a sketch of 256 bits answers "never seen" for nearly every name, siblings
// are compared where it cannot, and a set takes over in a large object.
type names struct {
	sketch [4]uint64
	count  int
	set    map[string]struct{}
}

func (m *names) again(s *scanner, parent int, l label) bool {
	name := s.src[l.at : l.at+uint32(l.size)]
	if l.flags&flagNameEscaped != 0 {
		name = unescape(name)
	}
	m.count++
	if m.count > manyMembers {
		return m.inSet(s, parent, name)
	}
	h := sketchOf(name)
	word, bit := &m.sketch[h>>6&3], uint64(1)<<(h&63)
	if *word&bit == 0 {
		*word |= bit
		return false
	}
	for c := uint32(parent + 1); c < uint32(len(s.nodes)); c = s.nodes[c].next {
		if is := &s.nodes[c]; is.flags&flagNameEscaped != 0 || int(is.nameLen) == len(name) {
			if bytes.Equal(memberName(s.src, is), name) {
				return true
			}
		}
	}
	return false
}

func (m *names) inSet(s *scanner, parent int, name []byte) bool {
	if m.set == nil {
		m.set = make(map[string]struct{}, 4*manyMembers)
		for c := uint32(parent + 1); c < uint32(len(s.nodes)); c = s.nodes[c].next {
			m.set[string(memberName(s.src, &s.nodes[c]))] = struct{}{}
		}
	}
	if _, dup := m.set[string(name)]; dup {
		return true
	}
	m.set[string(name)] = struct{}{}
	return false
}

func sketchOf(name []byte) uint32 {
	if len(name) == 0 {
		return 0
	}
	h := uint32(len(name)) ^ uint32(name[0])<<8 ^ uint32(name[len(name)-1])<<16 ^ uint32(name[len(name)/2])<<24
	return h * 0x9E3779B1 >> 24
}
