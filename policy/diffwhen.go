package policy

import (
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// circumstances are when, from where and what for, in words.
func (b box) circumstances(p *Piece, zone *time.Location, now time.Time) string {
	var parts []string
	if p.Hours = b.sides[byHour].(week).String(); p.Hours != "" {
		parts = append(parts, p.Hours)
	}
	if n := b.sides[byAddress].(nets); !n.anywhere || len(n.out) > 0 {
		p.Networks, p.NotNetworks = prefixTexts(n.in), prefixTexts(n.out)
		parts = append(parts, n.words())
	}
	if p.Purposes = b.sides[byPurpose].(stated).words(); p.Purposes != "" {
		parts = append(parts, p.Purposes)
	}
	t := b.sides[byTime].(period)
	if t.from.After(now) {
		p.From = &t.from
		parts = append(parts, "from "+momentInWords(t.from, zone)+" on")
	}
	if !t.until.IsZero() {
		p.Until = &t.until
		parts = append(parts, "until "+untilInWords(t.until, zone))
	}
	return strings.Join(append([]string{""}, parts...), ", ")
}

func momentInWords(t time.Time, zone *time.Location) string {
	if t = t.In(zone); t.Equal(dayOf(t, zone).start(0)) {
		return t.Format("2 January 2006")
	}
	return t.Format("2 January 2006 15:04:05")
}

func untilInWords(t time.Time, zone *time.Location) string {
	if t = t.In(zone); t.Equal(dayOf(t, zone).start(0)) {
		return "the end of " + t.Add(-time.Minute).Format("2 January 2006")
	}
	return t.Format("2 January 2006 15:04:05")
}

func (n nets) words() string {
	in, out := strings.Join(prefixTexts(n.in), " or "), strings.Join(prefixTexts(n.out), " or ")
	switch {
	case n.anywhere:
		return "from anywhere but " + out + ", also where the address is not known"
	case out != "":
		return "from " + in + " but not from " + out
	}
	return "from " + in
}

func prefixTexts(list []netip.Prefix) []string {
	var out []string
	for _, p := range list {
		text := p.String()
		if p.IsSingleIP() {
			text = p.Addr().String()
		}
		out = append(out, text)
	}
	return out
}

// String is the hours as a grant writes them; "" for the whole week.
func (w week) String() string {
	type row struct {
		days  []int // by time.Weekday, in the order of the week
		spans string
	}
	var rows []row
	for i := range 7 {
		day := (i + 1) % 7 // from Monday
		spans := w.spans(day)
		if last := len(rows) - 1; last >= 0 && rows[last].spans == spans {
			rows[last].days = append(rows[last].days, day)
			continue
		}
		rows = append(rows, row{[]int{day}, spans})
	}
	if len(rows) == 1 && rows[0].spans == "00:00-24:00" {
		return ""
	}
	var out []string
	for _, r := range rows {
		for span := range strings.FieldsSeq(r.spans) {
			name := dayNames[r.days[0]]
			if len(r.days) > 1 {
				name += "-" + dayNames[r.days[len(r.days)-1]]
			}
			out = append(out, name+" "+span)
		}
	}
	return strings.Join(out, ", ")
}

// spans are the stretches of one day, as "07:30-12:00 13:00-18:00".
func (w week) spans(day int) string {
	var out []string
	clock := func(at int) string { return fmt.Sprintf("%02d:%02d", at/60-day*24, at%60) }
	end := (day + 1) * minutesOfDay
	for at := day * minutesOfDay; ; {
		from := w.next(at, end, true)
		if from == end {
			return strings.Join(out, " ")
		}
		at = w.next(from, end, false)
		out = append(out, clock(from)+"-"+clock(at))
	}
}

// next is the first minute of the week from at on that w has or, with has false, has not; end where none is before it.
func (w *week) next(at, end int, has bool) int {
	for at < end {
		word := w[at/64]
		if !has {
			word = ^word
		}
		if word >>= at % 64; word != 0 {
			return min(at+bits.TrailingZeros64(word), end)
		}
		at += 64 - at%64
	}
	return end
}

// words is what a caller has to state, "" where it does not matter. A difference of two grants' purposes is said as such.
func (s stated) words() string {
	if s == anyPurposes() || s == statedFor(0) {
		return ""
	}
	var granted [1 << len(purposeCodes)]stated
	for p := range granted {
		if granted[p] = statedFor(purposes(p)); s == granted[p] {
			return "for " + purposeList(purposes(p)) + " only"
		}
	}
	for whole := range purposes(1 << len(purposeCodes)) {
		for part := range purposes(1 << len(purposeCodes)) {
			if part == 0 || granted[whole].but(granted[part]) != s {
				continue
			}
			if whole == 0 {
				return "for no stated purpose, or for one beside " + purposeList(part)
			}
			return "for " + purposeList(whole&^part) + ", whatever else of " + purposeList(whole) + " is stated"
		}
	}
	return "for " + s.each()
}

// each lists what can be stated, one by one.
func (s stated) each() string {
	var out []string
	for mask := range 256 {
		if !s.holds(purposes(mask)) {
			continue
		}
		var codes []string
		for i, p := range purposeCodes {
			if mask&(1<<i) != 0 {
				codes = append(codes, p.code)
			}
		}
		if purposes(mask)&otherPurpose != 0 {
			codes = append(codes, "another purpose")
		}
		if len(codes) == 0 {
			codes = []string{"no stated purpose"}
		}
		if text := strings.Join(codes, " with "); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, "; or ")
}

func purposeList(p purposes) string {
	var codes []string
	for i, known := range purposeCodes {
		if p&(1<<i) != 0 {
			codes = append(codes, known.code)
		}
	}
	return list(codes, purposeInWords, " or ")
}
