package policy

import (
	"context"
	"encoding/binary"
	"slices"
	"strconv"
)

// neighbours finds boxes by whom they are for, so that a box is not held against those of other persons.
type neighbours struct {
	boxes []box
	named map[worldOf][]int // those that list persons, by each of them
	open  map[world][]int   // those that are for all but some
	all   map[world][]int
}

type worldOf struct {
	world
	person string
}

func near(boxes []box) neighbours {
	n := neighbours{boxes, map[worldOf][]int{}, map[world][]int{}, map[world][]int{}}
	for i, b := range boxes {
		n.all[b.world] = append(n.all[b.world], i)
		persons := b.sides[byPerson].(names)
		if persons.except {
			n.open[b.world] = append(n.open[b.world], i)
			continue
		}
		for _, person := range persons.list {
			n.named[worldOf{b.world, person}] = append(n.named[worldOf{b.world, person}], i)
		}
	}
	return n
}

// to are the boxes that may be for somebody whom b is for, in their order.
func (n neighbours) to(b box) []box {
	persons := b.sides[byPerson].(names)
	at := n.all[b.world]
	if !persons.except {
		at = slices.Clone(n.open[b.world])
		for _, person := range persons.list {
			at = append(at, n.named[worldOf{b.world, person}]...)
		}
		slices.Sort(at)
		at = slices.Compact(at)
	}
	out := make([]box, 0, len(at))
	for _, i := range at {
		out = append(out, n.boxes[i])
	}
	return out
}

// around are the places of the boxes that may be for everybody whom b is for.
func (n neighbours) around(b box) [2][]int {
	persons := b.sides[byPerson].(names)
	if persons.except || len(persons.list) == 0 {
		return [2][]int{n.open[b.world]}
	}
	return [2][]int{n.open[b.world], n.named[worldOf{b.world, persons.list[0]}]}
}

// pruned drops boxes that lie within others; of those that are the same, it keeps the first.
func pruned(ctx context.Context, boxes []box) ([]box, error) {
	if len(boxes) < 2 {
		return boxes, ctx.Err()
	}
	var out []box
	n := near(boxes)
	for i, b := range boxes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		drop := false
		for _, places := range n.around(b) {
			drop = drop || slices.ContainsFunc(places, func(j int) bool {
				return i != j && b.within(boxes[j]) && (j < i || !boxes[j].within(b))
			})
		}
		if !drop {
			out = append(out, b)
		}
	}
	return out, nil
}

// key is the same for boxes that are the same, whatever rule they come from.
func (b box) key() string {
	key := append(make([]byte, 0, 2048), b.typ...)
	key = strconv.AppendBool(key, b.writes)
	for _, s := range b.sides {
		key = s.appendKey(append(key, '|'))
	}
	return string(key)
}

func (n names) appendKey(key []byte) []byte {
	return appendTexts(strconv.AppendBool(key, n.except), n.list)
}

func (b few) appendKey(key []byte) []byte { return append(key, byte(b)) }

func (c criteria) appendKey(key []byte) []byte {
	for _, atoms := range append(slices.Clone(c.yes), c.no) {
		key = append(key, '[')
		for _, a := range atoms {
			key = appendTexts(key, []string{a.about, a.value})
		}
	}
	return key
}

func (d datedSide) appendKey(key []byte) []byte {
	ws := d.out
	if key = strconv.AppendBool(key, d.in != nil); d.in != nil {
		ws = append([]window{*d.in}, ws...)
	}
	for _, w := range ws {
		key = binary.AppendVarint(binary.AppendVarint(key, int64(w.from)), int64(w.to))
	}
	return key
}

func (l labelled) appendKey(key []byte) []byte {
	for _, some := range append([]labels{l.none}, l.some...) {
		key = binary.AppendUvarint(key, uint64(some))
	}
	return key
}

func (w week) appendKey(key []byte) []byte { return appendBits(key, w[:]) }

func (s stated) appendKey(key []byte) []byte { return appendBits(key, s[:]) }

func (p period) appendKey(key []byte) []byte {
	for _, t := range []int64{p.from.Unix(), int64(p.from.Nanosecond()), p.until.Unix(), int64(p.until.Nanosecond())} {
		key = binary.AppendVarint(key, t)
	}
	return key
}

func (s sight) appendKey(key []byte) []byte {
	return appendTexts(strconv.AppendBool(key, s.existence), s.shown.Paths())
}

func (n nets) appendKey(key []byte) []byte {
	return appendTexts(appendTexts(strconv.AppendBool(key, n.anywhere), prefixTexts(n.in)), prefixTexts(n.out))
}

func appendTexts(key []byte, list []string) []byte {
	key = binary.AppendUvarint(key, uint64(len(list)))
	for _, s := range list {
		key = append(binary.AppendUvarint(key, uint64(len(s))), s...)
	}
	return key
}

func appendBits(key []byte, words []uint64) []byte {
	for _, w := range words {
		key = binary.LittleEndian.AppendUint64(key, w)
	}
	return key
}
