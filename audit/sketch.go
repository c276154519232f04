package audit

import (
	"encoding/binary"
	"math/bits"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// sketch is what verifying needs to know of a record beside its hash. It is read in one pass over the record's line, a tenth of
// the cost of decoding it. It takes only lines as the encoder writes them: members of the right kinds in the order of the
// struct, which rules out unknown ones and duplicates, plain strings. Whatever else a line holds, read leaves to DecodeRecord,
// so that a line which a sketch accepts is one that decodes, with the same content.
type sketch struct {
	id, phase, time, clinic, outcome, action []byte
	intent                                   int64 // -1: none
}

// The members that a sketch keeps.
const (
	keepNothing = iota
	keepID
	keepPhase
	keepTime
	keepClinic
	keepOutcome
	keepAction
	keepIntent
)

// shapeKind is what a member's value has to be.
type shapeKind uint8

const (
	wantString shapeKind = iota
	wantInt
	wantBool
	wantTime
	wantStrings
	wantObject
	wantObjects
)

// memberShape is one member of the form that a line has.
type memberShape struct {
	key  string // `"name":`
	kind shapeKind
	keep int
	sub  []memberShape
}

// recordForm is Record's form, read off the struct, so that it cannot fall behind it.
var recordForm = sync.OnceValue(func() []memberShape { return formOf(reflect.TypeFor[Record](), "") })

func formOf(t reflect.Type, within string) []memberShape {
	kept := map[string]int{"id": keepID, "phase": keepPhase, "time": keepTime, "clinic": keepClinic, "outcome": keepOutcome,
		"intent": keepIntent, "admin.action": keepAction}
	var out []memberShape
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		m := memberShape{key: `"` + name + `":`, keep: kept[within+name]}
		typ := f.Type
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		switch {
		case typ == reflect.TypeFor[time.Time]():
			m.kind = wantTime
		case typ.Kind() == reflect.Int || typ.Kind() == reflect.Int64:
			m.kind = wantInt
		case typ.Kind() == reflect.Bool:
			m.kind = wantBool
		case typ.Kind() == reflect.Struct:
			m.kind, m.sub = wantObject, formOf(typ, name+".")
		case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
			m.kind, m.sub = wantObjects, formOf(typ.Elem(), name+".")
		case typ.Kind() == reflect.Slice:
			m.kind = wantStrings
		}
		out = append(out, m)
	}
	return out
}

// read takes a line; false where the line has to be decoded.
func (s *sketch) read(line []byte) bool {
	*s = sketch{intent: -1}
	const begin = `{"v":1,`
	if len(line) < len(begin) || string(line[:len(begin)]) != begin || !utf8.Valid(line) {
		return false
	}
	end := s.object(line, 0, recordForm())
	return end == len(line) && s.id != nil && s.phase != nil && s.time != nil && s.clinic != nil && string(s.action) != actionKeyRotated && !forgets(string(s.action))
}

// object reads the object that begins at i and returns where it ends, -1 where it is not of the form. Its members stand in
// order, each at most once.
func (s *sketch) object(line []byte, i int, form []memberShape) int {
	if i >= len(line) || line[i] != '{' {
		return -1
	}
	i++
	for m := range form {
		key := form[m].key
		if len(line)-i < len(key) || string(line[i:i+len(key)]) != key {
			continue
		}
		if i = s.value(line, i+len(key), &form[m]); i < 0 || i >= len(line) {
			return -1
		}
		switch line[i] {
		case '}':
			return i + 1
		case ',':
			i++
		default:
			return -1
		}
	}
	return -1
}

func (s *sketch) value(line []byte, i int, m *memberShape) int {
	start := i
	switch m.kind {
	case wantString, wantTime:
		i = plainString(line, i)
		if m.kind == wantTime && (i < 0 || !validTime(line[start+1:i-1])) {
			return -1
		}
	case wantInt:
		i = s.number(line, i, m.keep)
	case wantBool:
		const yes = "true"
		if len(line)-i < len(yes) || string(line[i:i+len(yes)]) != yes {
			return -1
		}
		i += len(yes)
	case wantStrings:
		i = list(line, i, func(i int) int { return plainString(line, i) })
	case wantObject:
		i = s.object(line, i, m.sub)
	case wantObjects:
		i = list(line, i, func(i int) int { return s.object(line, i, m.sub) })
	}
	if i > 0 && m.keep != keepNothing && m.kind != wantInt {
		s.keep(m.keep, line[start+1:i-1])
	}
	return i
}

func (s *sketch) keep(what int, text []byte) {
	switch what {
	case keepID:
		s.id = text
	case keepPhase:
		s.phase = text
	case keepTime:
		s.time = text
	case keepClinic:
		s.clinic = text
	case keepOutcome:
		s.outcome = text
	case keepAction:
		s.action = text
	}
}

// number reads a number as the encoder writes it, of at most 18 digits.
func (s *sketch) number(line []byte, i, keep int) int {
	var n int64
	start := i
	for ; i < len(line) && line[i] >= '0' && line[i] <= '9'; i++ {
		n = n*10 + int64(line[i]-'0')
	}
	if digits := i - start; digits == 0 || digits > 18 || digits > 1 && line[start] == '0' {
		return -1
	}
	if keep == keepIntent {
		s.intent = n
	}
	return i
}

// list reads an array of at least one value.
func list(line []byte, i int, value func(i int) int) int {
	if i >= len(line) || line[i] != '[' {
		return -1
	}
	for {
		if i = value(i + 1); i < 0 || i >= len(line) {
			return -1
		}
		switch line[i] {
		case ']':
			return i + 1
		case ',':
		default:
			return -1
		}
	}
}

// The bytes that end a plain run in a string, eight at a time: see stops.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stops marks, with its high bit, the first of eight bytes that is '"', '\' or a control character, and perhaps later ones.
func stops(x uint64) uint64 {
	quote, slash := x^ones*'"', x^ones*'\\'
	return ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*' ')&^x) & highs
}

// escaped is what an escape of two characters stands for; 0 for those that are left to a JSON decoder.
func escaped(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

// plainString reads a string without long escapes and returns where it ends. The line is valid UTF-8.
func plainString(line []byte, i int) int {
	if i >= len(line) || line[i] != '"' {
		return -1
	}
	for i++; ; {
		if len(line)-i >= 8 {
			at := stops(binary.LittleEndian.Uint64(line[i:]))
			if at == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(at) / 8
		}
		switch {
		case i >= len(line) || line[i] < ' ':
			return -1
		case line[i] == '"':
			return i + 1
		case line[i] != '\\':
			i++
		case i+1 < len(line) && escaped(line[i+1]) != 0:
			i += 2
		default:
			return -1
		}
	}
}

// validTime reports whether t is a time as records have it, 2006-01-02T15:04:05.000Z.
func validTime(t []byte) bool {
	if len(t) != len(timeLayout) {
		return false
	}
	for i, c := range []byte("0000-00-00T00:00:00.000Z") {
		if c == '0' && (t[i] < '0' || t[i] > '9') || c != '0' && t[i] != c {
			return false
		}
	}
	two := func(i int) int { return int(t[i]-'0')*10 + int(t[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	if month < 1 || month > 12 || day < 1 || two(11) > 23 || two(14) > 59 || two(17) > 59 {
		return false
	}
	return day <= 28 || day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
