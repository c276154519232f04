package report

import (
	"strings"
	"time"
)

// Language is one that reports are written in.
type Language string

// The languages.
const (
	English Language = "en"
	French  Language = "fr" // Canadian French
)

// tag is the language as HTML and PDF name it.
func (l Language) tag() string { return string(l) + "-CA" }

// Voice is a language, and the clinic's time zone.
type Voice struct {
	Language Language
	Zone     *time.Location
}

// Text is a text in both languages. Only T, Many and With make one; the zero value says nothing.
type Text struct {
	en, fr string
	args   []Value
	plural *plural
}

// plural is a text that depends on a number.
type plural struct {
	n         int
	one, many Text
}

// T is a text in English and in French. {1} to {9} stand for values, see With.
func T(en, fr string) Text { return Text{en: en, fr: fr} }

// With is the text with values for {1}, {2} and so on; for {2} and so on of one that Many made.
func (t Text) With(args ...Value) Text {
	if t.plural != nil {
		p := *t.plural
		args = append([]Value{Number(p.n)}, args...)
		p.one, p.many = p.one.With(args...), p.many.With(args...)
		return Text{plural: &p}
	}
	t.args = args
	return t
}

// Many is one or many, as n and the language demand: in French, none is a singular. {1} stands for n in both.
func Many(n int, one, many Text) Text {
	return Text{plural: &plural{n, one.With(Number(n)), many.With(Number(n))}}
}

// IsZero reports whether the text says nothing.
func (t Text) IsZero() bool { return t.en == "" && t.fr == "" && t.plural == nil }

// In is the text in a voice.
func (t Text) In(v Voice) string {
	if p := t.plural; p != nil {
		if p.n == 1 || v.Language == French && p.n == 0 {
			return p.one.In(v)
		}
		return p.many.In(v)
	}
	out := t.en
	if v.Language == French {
		out = t.fr
	}
	if len(t.args) == 0 {
		return out
	}
	return filled(out, t.args, v)
}

// filled is text with {1} to {9} replaced by the values; what the values say is not looked at again.
func filled(text string, args []Value, v Voice) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(text, '{')
		if open < 0 || open+2 >= len(text) {
			break
		}
		n := int(text[open+1] - '1')
		if text[open+2] != '}' || n < 0 || n >= len(args) {
			b.WriteString(text[:open+1])
			text = text[open+1:]
			continue
		}
		b.WriteString(text[:open])
		b.WriteString(args[n].In(v))
		text = text[open+3:]
	}
	b.WriteString(text)
	return b.String()
}
