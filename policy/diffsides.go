package policy

import (
	"net/netip"
	"slices"
	"time"

	"vestibule/fhir"
)

// side is a set of values of one dimension of a box.
type side interface {
	// minus is what is in it and not in o, as sets that together are that; none where there is certainly nothing.
	minus(o side) []side
	// meets is false where certainly nothing is in both.
	meets(o side) bool
	// appendKey appends what is the same for sets that are the same, and different for others of its type.
	appendKey(key []byte) []byte
}

// names is a set of names: those listed or, with except, all others.
type names struct {
	except bool
	list   []string // sorted, each once
}

func theNames(list ...string) names {
	return names{list: slices.Compact(slices.Sorted(slices.Values(list)))}
}

func anyName() names { return names{except: true} }

func (n names) minus(other side) []side {
	o := other.(names)
	in := func(list []string) func(string) bool { return func(s string) bool { return contains(list, s) } }
	without := func(list []string, drop func(string) bool) []string {
		return slices.DeleteFunc(slices.Clone(list), drop)
	}
	var out names
	switch {
	case n.except && o.except:
		out = names{list: without(o.list, in(n.list))}
	case n.except:
		out = names{true, theNames(slices.Concat(n.list, o.list)...).list}
	case o.except:
		out = names{list: without(n.list, func(s string) bool { return !contains(o.list, s) })}
	default:
		out = names{list: without(n.list, in(o.list))}
	}
	if !out.except && len(out.list) == 0 {
		return nil
	}
	return []side{out}
}

func (n names) meets(other side) bool {
	o := other.(names)
	switch {
	case n.except && o.except:
		return true
	case n.except:
		return len(o.minus(names{list: n.list})) > 0
	case o.except:
		return len(n.minus(names{list: o.list})) > 0
	}
	return slices.ContainsFunc(n.list, func(s string) bool { return contains(o.list, s) })
}

// contains reports whether s is in a sorted list.
func contains(list []string, s string) bool {
	_, found := slices.BinarySearch(list, s)
	return found
}

// The kinds of caller, as bits.
const people, agents few = 1, 2

// few is a set of few things: interactions, kinds of caller.
type few uint8

func (b few) minus(o side) []side {
	if b &^= o.(few); b == 0 {
		return nil
	}
	return []side{b}
}

func (b few) meets(o side) bool { return b&o.(few) != 0 }

// week is a set of minutes of the week by the clinic's wall clock, from Sunday 00:00.
type week [7*24*60/64 + 1]uint64

const minutesOfDay = 24 * 60

func weekOf(h hours) (w week) {
	if len(h) == 0 {
		for i := range w {
			w[i] = ^uint64(0)
		}
		w[len(w)-1] = 1<<(7*minutesOfDay%64) - 1
		return w
	}
	for _, span := range h {
		for day := range 7 {
			for at := day*minutesOfDay + span.from; span.days&(1<<day) != 0 && at < day*minutesOfDay+span.to; at++ {
				w[at/64] |= 1 << (at % 64)
			}
		}
	}
	return w
}

func (w week) holds(day, minute int) bool {
	at := day*minutesOfDay + minute
	return w[at/64]&(1<<(at%64)) != 0
}

func (w week) minus(other side) []side {
	o := other.(week)
	for i := range w {
		w[i] &^= o[i]
	}
	if w == (week{}) {
		return nil
	}
	return []side{w}
}

func (w week) meets(other side) bool {
	o := other.(week)
	for i := range w {
		if w[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// stated is a set of what a caller can state as purposes of use, each a set of purposes itself: one bit for each.
type stated [4]uint64

func statedFor(granted purposes) (s stated) {
	for mask := range 256 {
		if p := purposes(mask); granted.allow(p) && (granted == 0 || p != 0) {
			s[mask/64] |= 1 << (mask % 64)
		}
	}
	return s
}

// anyPurposes is all that can be stated, also what no grant allows.
func anyPurposes() stated { return stated{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)} }

func (s stated) holds(p purposes) bool { return s[p/64]&(1<<(p%64)) != 0 }

func (s stated) minus(other side) []side {
	if s = s.but(other.(stated)); s == (stated{}) {
		return nil
	}
	return []side{s}
}

func (s stated) but(o stated) stated {
	for i := range s {
		s[i] &^= o[i]
	}
	return s
}

func (s stated) meets(other side) bool {
	o := other.(stated)
	for i := range s {
		if s[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// period is a stretch of time, from inclusive, until exclusive; a zero until is open.
type period struct{ from, until time.Time }

func (p period) minus(other side) []side {
	o := other.(period)
	if !p.meets(o) {
		return []side{p}
	}
	var out []side
	if p.from.Before(o.from) {
		out = append(out, period{p.from, o.from})
	}
	if !o.until.IsZero() && (p.until.IsZero() || o.until.Before(p.until)) {
		out = append(out, period{o.until, p.until})
	}
	return out
}

func (p period) meets(other side) bool {
	o := other.(period)
	before := func(a, b period) bool { return !a.until.IsZero() && !b.from.Before(a.until) }
	return !before(p, o) && !before(o, p)
}

// sight is what of a resource is shown: that it is there at all, with its type, id and technical meta, and elements.
type sight struct {
	existence bool
	shown     fhir.Elements
}

// everythingOf is all that a permission can show of a resource of typ.
func everythingOf(typ string) sight { return sight{true, fhir.AllElements(typ).WithContent()} }

func (s sight) empty() bool { return !s.existence && len(s.shown.Paths()) == 0 }

func (s sight) minus(other side) []side {
	o := other.(sight)
	out := sight{s.existence && !o.existence, s.shown.Minus(o.shown)}
	if out.empty() {
		return nil
	}
	return []side{out}
}

func (s sight) meets(other side) bool {
	o := other.(sight)
	return !sight{s.existence && o.existence, s.shown.Intersect(o.shown)}.empty()
}

// nets is a set of addresses, an unknown one being one of them: those of in (of any, with anywhere) that are not of out.
type nets struct {
	anywhere bool
	in, out  []netip.Prefix
}

func (n nets) minus(other side) []side {
	o := other.(nets)
	var out []side
	add := func(n nets) {
		if n = n.tidy(); n.anywhere || len(n.in) > 0 {
			out = append(out, n)
		}
	}
	if !o.anywhere {
		add(nets{n.anywhere, n.in, slices.Concat(n.out, o.in)})
	}
	for _, p := range o.out {
		add(nets{in: n.under([]netip.Prefix{p}), out: n.out})
	}
	return out
}

func (n nets) meets(other side) bool {
	o := other.(nets)
	switch {
	case n.anywhere && o.anywhere:
		return true
	case n.anywhere:
		return len(nets{in: o.in, out: n.out}.tidy().in) > 0
	}
	return len(nets{in: n.under(o.in), out: slices.Concat(n.out, o.out)}.tidy().in) > 0 || o.anywhere && len(nets{in: n.in, out: o.out}.tidy().in) > 0
}

// under is what of the prefixes lies in n's; prefixes lie within each other or apart.
func (n nets) under(list []netip.Prefix) []netip.Prefix {
	if n.anywhere {
		return list
	}
	var out []netip.Prefix
	for _, a := range n.in {
		for _, b := range list {
			if a.Overlaps(b) {
				out = append(out, longerPrefix(a, b))
			}
		}
	}
	return out
}

func longerPrefix(a, b netip.Prefix) netip.Prefix {
	if a.Bits() > b.Bits() {
		return a
	}
	return b
}

// tidy is n without what changes nothing: prefixes within others, exceptions from what is not in it.
func (n nets) tidy() nets {
	n.out = joinedPrefixes(n.out)
	n.in = slices.DeleteFunc(joinedPrefixes(n.in), func(p netip.Prefix) bool { return covered(p, n.out) })
	if !n.anywhere {
		n.out = slices.DeleteFunc(n.out, func(o netip.Prefix) bool {
			return !slices.ContainsFunc(n.in, o.Overlaps)
		})
	}
	return n
}

func covered(p netip.Prefix, by []netip.Prefix) bool {
	return slices.ContainsFunc(by, func(o netip.Prefix) bool { return o.Bits() <= p.Bits() && o.Overlaps(p) })
}

// joinedPrefixes is the fewest prefixes that hold the same addresses, sorted.
func joinedPrefixes(list []netip.Prefix) []netip.Prefix {
	out := slices.Clone(list)
	for {
		slices.SortFunc(out, func(a, b netip.Prefix) int {
			if c := a.Addr().Compare(b.Addr()); c != 0 {
				return c
			}
			return a.Bits() - b.Bits()
		})
		next := out[:0:0]
		for _, p := range out {
			if covered(p, next) {
				continue
			}
			if last := len(next) - 1; last >= 0 && p.Bits() > 0 && next[last].Bits() == p.Bits() {
				if whole := netip.PrefixFrom(p.Addr(), p.Bits()-1).Masked(); whole.Overlaps(next[last]) {
					next[last] = whole
					continue
				}
			}
			next = append(next, p)
		}
		if len(next) == len(out) {
			return next
		}
		out = next
	}
}
