package probe

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	certain     = 1e-6                   // probability by chance, of each of two runs
	leastGap    = 200 * time.Microsecond // smaller gaps drown in any network
	leastShare  = 0.10                   // of the faster median
	timingWarms = 5
)

// timing measures reads of an id that exists out of reach and of its twin, in turns, and reports a difference only if two
// runs agree in it.
func timing(t *trial) {
	tried := 0
	for _, typ := range t.hidingTypes() {
		refs := t.hidingOf(typ, 1)
		if len(refs) == 0 || tried == 2 || t.over() || !t.isOutOfReach(refs[0]) {
			continue
		}
		tried++
		id := refs[0][len(typ)+1:]
		there, nobody := get("/"+typ+"/{}", id), get("/"+typ+"/{}", twin(id))
		t.compareTimes(typ, there, nobody)
	}
}

func (t *trial) compareTimes(typ string, there, nobody ask) {
	first, second := 0, 0
	var gap time.Duration
	for run := range 2 {
		x, y, ok := t.samples(there, nobody)
		if !ok {
			return
		}
		sign := 0
		if sign, gap = clearly(x, y); sign == 0 {
			t.note(OK, "no clear difference in time")
			return
		}
		if run == 0 {
			first = sign
		} else {
			second = sign
		}
	}
	if first != second {
		t.note(OK, "no clear difference in time")
		return
	}
	slower := map[int]string{1: "slower", -1: "faster"}[first]
	t.note(Leak, fmt.Sprintf("an id of %s that exists is answered %s than one that nobody has, by %v in the median of %d samples each, twice", typ, slower, gap.Round(10*time.Microsecond), t.Samples),
		t.do(there), t.do(nobody))
}

// samples takes both sides in turns, in changing order, both within one place of the rate.
func (t *trial) samples(there, nobody ask) (x, y []time.Duration, ok bool) {
	for i := range t.Samples + timingWarms {
		if t.limit.Wait(t.ctx) != nil {
			return nil, nil, false
		}
		one, other := there, nobody
		if i%2 == 1 {
			one, other = nobody, there
		}
		a, b := t.once(one), t.once(other)
		if a.err != nil || b.err != nil || a.status == 429 || b.status == 429 {
			t.note(Warning, "some samples were not answered, or refused as too many; lower --rate", a, b)
			return nil, nil, false
		}
		if i%2 == 1 {
			a, b = b, a
		}
		if i >= timingWarms {
			x, y = append(x, a.took), append(y, b.took)
		}
	}
	return x, y, true
}

// clearly says which of two samples is slower (1: the first, -1: the second, 0: nobody can tell) and by how much: a
// Mann-Whitney test on the ranks, with the gap between the medians large enough to be used.
func clearly(x, y []time.Duration) (sign int, gap time.Duration) {
	mx, my := medianOf(x), medianOf(y)
	gap = (mx - my).Abs()
	if gap < leastGap || float64(gap) < leastShare*float64(min(mx, my)) || chance(x, y) > certain {
		return 0, gap
	}
	return cmp.Compare(mx, my), gap
}

func medianOf(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// chance is the two-sided probability, by the normal approximation of Mann-Whitney's U, that two samples of one distribution
// differ as much in rank.
func chance(x, y []time.Duration) float64 {
	if len(x) == 0 || len(y) == 0 {
		return 1
	}
	u := 0.0
	for _, a := range x {
		for _, b := range y {
			switch {
			case a > b:
				u++
			case a == b:
				u += 0.5
			}
		}
	}
	n, m := float64(len(x)), float64(len(y))
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}
