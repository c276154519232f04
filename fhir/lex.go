package fhir

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

func (s *scanner) word(i int, w string) (int, error) {
	if len(s.src)-i < len(w) || string(s.src[i:i+len(w)]) != w {
		return i, s.bad(i, "expected "+w)
	}
	return i + len(w), nil
}

// number scans RFC 8259 §6: no plus sign, no leading zero, digits on both sides of the point.
func (s *scanner) number(i int) (int, error) {
	if s.src[i] == '-' {
		i++
	}
	first := i
	i = s.digits(i)
	if i == first || s.src[first] == '0' && i > first+1 {
		return i, s.bad(first, "a number is malformed")
	}
	if i < len(s.src) && s.src[i] == '.' {
		frac := i + 1
		if i = s.digits(frac); i == frac {
			return i, s.bad(i, "digits should follow the decimal point")
		}
	}
	if i < len(s.src) && s.src[i]|0x20 == 'e' {
		i++
		if i < len(s.src) && (s.src[i] == '+' || s.src[i] == '-') {
			i++
		}
		exp := i
		if i = s.digits(exp); i == exp {
			return i, s.bad(i, "digits should follow the exponent sign")
		}
	}
	return i, nil
}

func (s *scanner) digits(i int) int {
	for i < len(s.src) && s.src[i] >= '0' && s.src[i] <= '9' {
		i++
	}
	return i
}

// text scans a string's inside from i and returns the offset of its closing quote. Eight bytes are looked at together:
// the lowest byte of m with its high bit set is the first that needs a closer look (what stands above it means nothing: a
// subtraction borrows).
func (s *scanner) text(i int) (end int, escaped bool, err error) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	src := s.src
	for {
		for i+8 <= len(src) {
			w := binary.LittleEndian.Uint64(src[i:])
			m := (((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones) | (w - ones*0x20) | w) & high
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i >= len(src) {
			return i, escaped, s.bad(i, "the document ends inside a string")
		}
		switch c := src[i]; {
		case c == '"':
			return i, escaped, nil
		case c == '\\':
			escaped = true
			if i, err = s.escape(i + 1); err != nil {
				return i, escaped, err
			}
		case c < 0x20:
			return i, escaped, s.bad(i, "a control character stands in a string")
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && n <= 1 {
				return i, escaped, s.bad(i, "the text is not UTF-8")
			}
			i += n
		}
	}
}

// escape scans what follows a backslash and returns the offset after it.
func (s *scanner) escape(i int) (int, error) {
	if i >= len(s.src) {
		return i, s.bad(i, "the document ends inside a string")
	}
	switch s.src[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1, nil
	case 'u':
	default:
		return i, s.bad(i, "an unknown escape stands in a string")
	}
	hi, ok := hex4(s.src[i+1:])
	if !ok {
		return i, s.bad(i, "four hexadecimal digits should follow \\u")
	}
	i += 5
	switch {
	case hi >= 0xDC00 && hi <= 0xDFFF:
		return i, s.bad(i, "half of a surrogate pair stands alone")
	case hi >= 0xD800 && hi <= 0xDBFF:
		if len(s.src)-i < 6 || s.src[i] != '\\' || s.src[i+1] != 'u' {
			return i, s.bad(i, "half of a surrogate pair stands alone")
		}
		lo, ok := hex4(s.src[i+2:])
		if !ok || lo < 0xDC00 || lo > 0xDFFF {
			return i, s.bad(i, "half of a surrogate pair stands alone")
		}
		i += 6
	}
	return i, nil
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
