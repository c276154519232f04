package report

import (
	"bytes"
	"encoding/json"
	"io"
	"time"
)

// writeNDJSON writes everything, one JSON object in each line; members stand in the order of the columns.
func writeNDJSON(w io.Writer, r *Report, v Voice) error {
	h := &r.Head
	head := object{}
	head.text("name", r.Name)
	head.text("title", r.Title.In(v))
	head.text("language", v.Language.tag())
	for _, l := range r.frame() {
		if l.ID == "about" {
			head.text("about", l.Value.In(v))
		}
	}
	head.text("clinic", Clean(h.Clinic))
	head.text("clinicTitle", Clean(h.ClinicTitle))
	head.text("zone", v.Zone.String())
	head.time("from", h.From, v)
	head.time("until", h.End(), v)
	head.time("made", h.Made, v)
	head.text("by", Clean(h.By))
	head.text("program", Clean(h.Program))
	head.texts("summary", r.Lead, v)
	if err := head.writeAs(w, "report"); err != nil {
		return err
	}
	for i := range r.Sections {
		if err := writeRows(w, &r.Sections[i], v); err != nil {
			return err
		}
	}
	for _, note := range r.Notes {
		var o object
		o.text("note", note.In(v))
		if err := o.write(w); err != nil {
			return err
		}
	}
	for _, l := range h.Logs {
		var o object
		o.text("clinic", l.Clinic)
		o.text("origin", l.Origin)
		o.raw("size", l.Size)
		o.text("root", l.Root)
		o.raw("deleted", l.Deleted)
		if l.Deleted > 0 {
			o.text("deletedOn", Day(l.DeletedOn).plain(v))
		}
		if err := o.writeAs(w, "log"); err != nil {
			return err
		}
	}
	return nil
}

func writeRows(w io.Writer, s *Section, v Voice) error {
	return s.each(func(row []Value) error {
		var cells object
		for i, value := range row {
			cells.member(s.Columns[i].ID, value.json(v))
		}
		var o object
		o.text("section", s.ID)
		o.member("row", cells.bytes())
		return o.write(w)
	})
}

// json is the value as JSON: numbers as numbers, times in RFC 3339, several as an array, what is unknown as an object.
func (v Value) json(voice Voice) []byte {
	switch v.kind {
	case nothing:
		return []byte("null")
	case number:
		return encoded(v.number)
	case several:
		var out []json.RawMessage
		for _, one := range v.list {
			out = append(out, one.json(voice))
		}
		return encoded(out)
	case unknown:
		var o object
		o.text("unknown", v.text.In(voice))
		return o.bytes()
	}
	return encoded(v.plain(voice))
}

// object is a JSON object under construction: its members in order.
type object struct{ b bytes.Buffer }

func (o *object) member(name string, value []byte) {
	if o.b.Len() > 0 {
		o.b.WriteByte(',')
	}
	o.b.Write(encoded(name))
	o.b.WriteByte(':')
	o.b.Write(value)
}

func (o *object) text(name, text string) { o.member(name, encoded(text)) }

func (o *object) raw(name string, n int64) { o.member(name, encoded(n)) }

func (o *object) time(name string, t time.Time, v Voice) {
	if !t.IsZero() {
		o.text(name, At(t).plain(v))
	}
}

func (o *object) texts(name string, texts []Text, v Voice) {
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		out = append(out, t.In(v))
	}
	o.member(name, encoded(out))
}

func (o *object) bytes() []byte { return append(append([]byte{'{'}, o.b.Bytes()...), '}') }

func (o *object) write(w io.Writer) error {
	_, err := w.Write(append(o.bytes(), '\n'))
	return err
}

func (o *object) writeAs(w io.Writer, name string) error {
	var outer object
	outer.member(name, o.bytes())
	return outer.write(w)
}

// encoded is JSON of what cannot fail to be encoded.
func encoded[T string | int | int64 | []string | []json.RawMessage](x T) []byte {
	b, err := json.Marshal(x)
	if err != nil {
		return []byte("null")
	}
	return b
}
