package policy

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"
)

// less is what is in any of boxes and in none of others, as the widest boxes that there are for each group of persons. It
// takes from a box only what meets it, and persons apart only where others are for some of them. It ends with ctx.
func less(ctx context.Context, boxes, others []box) ([]box, error) {
	near, twins := near(others), map[string]bool{}
	for _, o := range others {
		twins[o.key()] = true
	}
	var out []box
	for _, b := range boxes {
		if twins[b.key()] {
			continue
		}
		rest, err := b.less(ctx, b.meeting(near.to(b)))
		if err != nil {
			return nil, err
		}
		out = append(out, rest...)
	}
	return out, nil
}

// less is what is in b and in none of others. Those of its own grant come first, then those that are for all of its persons:
// what they leave meets fewer of those that are for some.
func (b box) less(ctx context.Context, others []box) ([]box, error) {
	var own, all, some []box
	for _, o := range others {
		switch {
		case len(b.sides[byPerson].minus(o.sides[byPerson])) > 0:
			some = append(some, o)
		case o.grant() == b.grant():
			own = append(own, o)
		default:
			all = append(all, o)
		}
	}
	rest, err := b.lessForAll(ctx, own)
	if err != nil {
		return nil, err
	}
	var out []box
	for _, r := range rest {
		pieces, err := r.lessForAll(ctx, r.meeting(all))
		if err != nil {
			return nil, err
		}
		for _, p := range pieces {
			apart, err := p.lessForSome(ctx, p.meeting(some))
			if err != nil {
				return nil, err
			}
			out = append(out, apart...)
		}
	}
	return pruned(ctx, out)
}

// grant is the name of the grant that b comes from, whatever its version.
func (b box) grant() string {
	name, _, _ := strings.Cut(b.cite, "@")
	return name
}

// lessForAll is b without others that are for all of its persons. The order changes nothing but the time that it takes: what
// leaves least of b comes first.
func (b box) lessForAll(ctx context.Context, others []box) ([]box, error) {
	type cut struct {
		by   box
		left int
	}
	var cuts []cut
	for _, o := range others {
		left := len(b.minus(o))
		if left == 0 {
			return nil, nil
		}
		cuts = append(cuts, cut{o, left})
	}
	slices.SortStableFunc(cuts, func(x, y cut) int { return cmp.Compare(x.left, y.left) })
	rest := []box{b}
	for _, c := range cuts {
		var kept, cut []box
		for _, r := range rest {
			if r.meets(c.by) {
				cut = append(cut, r.minus(c.by)...)
			} else {
				kept = append(kept, r)
			}
		}
		if len(cut) == 0 && len(kept) == len(rest) {
			continue
		}
		var err error
		if rest, err = pruned(ctx, append(kept, cut...)); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// lessForSome is b without others that are for some of its persons each: for those of whom the same of others hold, together,
// and what is then left of several such groups alike, as one.
func (b box) lessForSome(ctx context.Context, others []box) ([]box, error) {
	if len(others) == 0 {
		return []box{b}, nil
	}
	var out []box
	at := map[string]int{}
	for _, g := range b.crowds(others) {
		one := b
		one.sides[byPerson] = g.persons
		rest, err := one.lessForAll(ctx, g.others)
		if err != nil {
			return nil, err
		}
		for _, r := range rest {
			r.sides[byPerson] = anyName()
			key := r.key()
			i, known := at[key]
			if !known {
				i, at[key] = len(out), len(out)
				r.sides[byPerson] = names{}
				out = append(out, r)
			}
			out[i].sides[byPerson] = out[i].sides[byPerson].(names).and(g.persons)
		}
	}
	return out, nil
}

// crowd is persons for all of whom the same boxes hold.
type crowd struct {
	persons names
	others  []box
}

// crowds are the persons of b by which of others are for them.
func (b box) crowds(others []box) []crowd {
	named := map[string][]int{} // by person, which of others name them: to be for them, or for all but them
	for i, o := range others {
		for _, person := range o.sides[byPerson].(names).list {
			named[person] = append(named[person], i)
		}
	}
	var out []crowd
	at := map[string]int{}
	add := func(persons names, naming []int) {
		var key []byte
		for _, i := range naming {
			key = binary.AppendUvarint(key, uint64(i))
		}
		if i, known := at[string(key)]; known {
			out[i].persons = out[i].persons.and(persons)
			return
		}
		at[string(key)] = len(out)
		c := crowd{persons: persons}
		for i, o := range others {
			if _, isNamed := slices.BinarySearch(naming, i); isNamed != o.sides[byPerson].(names).except {
				c.others = append(c.others, o)
			}
		}
		out = append(out, c)
	}
	persons := b.sides[byPerson].(names)
	var known []string
	for person := range named {
		known = append(known, person)
	}
	slices.Sort(known)
	for _, rest := range persons.minus(names{list: known}) {
		add(rest.(names), nil)
	}
	for _, person := range known {
		if one := (names{list: []string{person}}); persons.meets(one) {
			add(one, named[person])
		}
	}
	return out
}

// and is who is in either.
func (n names) and(o names) names {
	switch {
	case n.except && o.except:
		return names{true, slices.DeleteFunc(slices.Clone(n.list), func(s string) bool { return !contains(o.list, s) })}
	case o.except:
		return o.and(n)
	case n.except:
		return names{true, slices.DeleteFunc(slices.Clone(n.list), func(s string) bool { return contains(o.list, s) })}
	}
	return theNames(slices.Concat(n.list, o.list)...)
}

// meets is false where certainly nothing is in both.
func (b box) meets(o box) bool {
	if b.world != o.world {
		return false
	}
	for i := range b.sides {
		if !b.sides[i].meets(o.sides[i]) {
			return false
		}
	}
	return true
}

// meeting are those of others that meet b.
func (b box) meeting(others []box) []box {
	var out []box
	for _, o := range others {
		if b.meets(o) {
			out = append(out, o)
		}
	}
	return out
}
