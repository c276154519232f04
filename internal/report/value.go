package report

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Value is one cell, or what stands for a placeholder of a Text. The zero value says that there is nothing.
type Value struct {
	kind   kind
	text   Text
	data   string
	at     time.Time
	number int
	list   []Value
}

type kind uint8

const (
	nothing kind = iota
	said
	data
	code
	minute
	second
	clock
	day
	number
	several
	enumerated
	unknown
)

// Say is a text of the program's own.
func Say(t Text) Value { return Value{kind: said, text: t} }

// Data is text out of a record or a document, made harmless.
func Data(s string) Value { return Value{kind: data, data: Clean(s)} }

// Code is an identifier out of a record or a document, made harmless.
func Code(s string) Value { return Value{kind: code, data: Clean(s)} }

// At is a time, shown to the minute.
func At(t time.Time) Value { return Value{kind: minute, at: t} }

// Moment is a time, shown to the second.
func Moment(t time.Time) Value { return Value{kind: second, at: t} }

// Clock is the time of day of a time, to the second.
func Clock(t time.Time) Value { return Value{kind: clock, at: t} }

// Day is the day of a time.
func Day(t time.Time) Value { return Value{kind: day, at: t} }

// Number is a whole number.
func Number(n int) Value { return Value{kind: number, number: n} }

// List is several values; of one it is that one.
func List(values ...Value) Value {
	switch len(values) {
	case 0:
		return Value{}
	case 1:
		return values[0]
	}
	return Value{kind: several, list: values}
}

// Enumerate is several values in one line, each different one once: "a, b".
func Enumerate(values ...Value) Value {
	if len(values) < 2 {
		return List(values...)
	}
	return Value{kind: enumerated, list: values}
}

// Unknown is what the trail does not hold, and why.
func Unknown(why Text) Value { return Value{kind: unknown, text: why} }

// IsZero reports whether there is nothing.
func (v Value) IsZero() bool { return v.kind == nothing }

var ( // constants but for the language
	textNothing = T("none", "aucun")
	textUnknown = T("unknown: {1}", "inconnu : {1}")
)

// In is the value in a voice, several by "; ".
func (v Value) In(voice Voice) string { return strings.Join(v.lines(voice), "; ") }

// lines is the value in a voice, several one by one.
func (v Value) lines(voice Voice) []string {
	switch v.kind {
	case said:
		return []string{v.text.In(voice)}
	case data, code:
		return []string{v.data}
	case minute, second:
		return []string{voice.clock(v.at, v.kind == second)}
	case clock:
		return []string{voice.ofDay(v.at, true)}
	case day:
		return []string{voice.day(v.at)}
	case number:
		return []string{voice.number(v.number)}
	case unknown:
		return []string{textUnknown.With(Say(v.text)).In(voice)}
	case several:
		var out []string
		for _, one := range v.list {
			out = append(out, one.lines(voice)...)
		}
		return out
	case enumerated:
		var out []string
		for _, one := range v.list {
			if text := one.In(voice); !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
		return []string{strings.Join(out, ", ")}
	}
	return []string{textNothing.In(voice)}
}

// plain is the value for a program that reads CSV: numbers and times without a language.
func (v Value) plain(voice Voice) string {
	switch v.kind {
	case nothing:
		return ""
	case minute, second:
		return v.at.In(voice.Zone).Format("2006-01-02T15:04:05.000Z07:00")
	case clock:
		return v.at.In(voice.Zone).Format("15:04:05.000Z07:00")
	case day:
		return v.at.In(voice.Zone).Format(time.DateOnly)
	case number:
		return strconv.Itoa(v.number)
	case several:
		var out []string
		for _, one := range v.list {
			out = append(out, one.plain(voice))
		}
		return strings.Join(out, "; ")
	}
	return v.In(voice)
}

// isNumber reports whether the value is set to the right.
func (v Value) isNumber() bool { return v.kind == number }
