package oscar

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// writer builds one JSON object from beginning to end; empty values are left out. It is the allow-list of the translation:
// what no line writes does not leave the EMR.
type writer struct{ b []byte }

// sep puts a comma where one is needed.
func (w *writer) sep() {
	if n := len(w.b); n > 0 && w.b[n-1] != '{' && w.b[n-1] != '[' && w.b[n-1] != ':' {
		w.b = append(w.b, ',')
	}
}

func (w *writer) key(name string) {
	w.sep()
	w.b = append(append(append(w.b, '"'), name...), '"', ':')
}

// open begins an object or array, as a member called name or, without a name, as an item.
func (w *writer) open(name string, bracket byte) {
	if name == "" {
		w.sep()
	} else {
		w.key(name)
	}
	w.b = append(w.b, bracket)
}

func (w *writer) close(bracket byte) { w.b = append(w.b, bracket) }

func (w *writer) text(name, value string) {
	if value != "" {
		w.key(name)
		w.b = appendQuoted(w.b, value)
	}
}

func (w *writer) number(name string, n int64) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *writer) instant(name string, t time.Time, zone *time.Location) {
	if !t.IsZero() {
		w.key(name)
		w.b = append(appendInstant(append(w.b, '"'), t, zone), '"')
	}
}

// reference writes {"reference":"Type/id","display":…} as a member; nothing where there is no id.
func (w *writer) reference(name, typ, id, display string) {
	if id == "" {
		return
	}
	w.open(name, '{')
	w.text("reference", typ+"/"+id)
	w.text("display", display)
	w.close('}')
}

// concept writes a CodeableConcept as a member, or an item where name is empty; nothing where there is neither text nor code.
func (w *writer) concept(name, system, code, text string) {
	if code == "" && text == "" {
		return
	}
	w.open(name, '{')
	if code != "" {
		w.open("coding", '[')
		w.open("", '{')
		w.text("system", system)
		w.text("code", code)
		w.close('}')
		w.close(']')
	}
	w.text("text", text)
	w.close('}')
}

// identifier writes an Identifier as an item.
func (w *writer) identifier(system, value string) {
	if value == "" {
		return
	}
	w.open("", '{')
	w.text("system", system)
	w.text("value", value)
	w.close('}')
}

// appendQuoted writes s, which is UTF-8, as a JSON string.
func appendQuoted(b []byte, s string) []byte {
	const hexes = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexes[c>>4], hexes[c&15])
		}
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}

// longer reports whether s has more than most characters, as MySQL counts them.
func longer(s string, most int) bool { return len(s) > most && utf8.RuneCountInString(s) > most }
