package audit

import (
	"bytes"
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"vestibule/fhir"
)

// patientNamer finds what names one patient of a clinic's EMR.
type patientNamer struct {
	id        string
	reference []byte // "patient/<id>", in lower case but for the id
}

// namerOf is for a patient written as "Patient/1" or "1".
func namerOf(patient string) (patientNamer, error) {
	id := strings.TrimPrefix(patient, "Patient/")
	if !fhir.ValidID(id) {
		return patientNamer{}, fhir.E("audit.Forget", fhir.KindInvalid, "invalid-patient", "Name the patient as the EMR does, such as Patient/17.")
	}
	return patientNamer{id: id, reference: []byte("/" + id)}, nil
}

// NamesPatient reports whether a text, such as a document's, names a patient ("Patient/1"): by a reference in any spelling that
// an address allows, or as the value of a parameter that takes patients.
func NamesPatient(text, patient string) bool {
	n, err := namerOf(patient)
	return err == nil && (n.refers([]byte(text)) || n.asked(text, "") || n.file(text))
}

// saysID reports whether a text for people names a patient ("Patient/1"): the id alone, as a word, does.
func saysID(text, patient string) bool {
	id := strings.TrimPrefix(patient, "Patient/")
	plain := string(decodePercent([]byte(text)))
	return slices.ContainsFunc(strings.FieldsFunc(plain, func(r rune) bool { return r != '.' && !fhir.ValidID(string(r)) }), func(word string) bool {
		return strings.EqualFold(strings.TrimRight(word, "."), id)
	})
}

// NamedElsewhere reports whether the trail of another clinic than this one names a patient of that id ("Patient/1").
func (r *Reader) NamedElsewhere(ctx context.Context, clinic, patient string) (bool, error) {
	const op = "audit.NamedElsewhere"
	n, err := namerOf(patient)
	if err != nil {
		return false, err
	}
	rows, err := r.db.QueryContext(ctx, `SELECT log.clinic, batch.records FROM log JOIN batch ON batch.log = log.id ORDER BY log.id, batch.first`)
	if err != nil {
		return false, readFailed(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var of string
		var records sql.RawBytes
		if err := rows.Scan(&of, &records); err != nil {
			return false, readFailed(op, err)
		}
		if clinicOf(of) != clinic && n.refers(records) {
			return true, nil
		}
	}
	if err := rows.Err(); err != nil {
		return false, readFailed(op, err)
	}
	return false, nil
}

// inRecord reports whether a record names the patient, by its bytes. One that cannot be read does where its bytes hold the id.
func (n *patientNamer) inRecord(line []byte) bool {
	plain := decodePercent(line)
	if !bytes.Contains(plain, []byte(n.id)) {
		return false
	}
	if n.refers(plain) {
		return true
	}
	r, err := DecodeRecord(line)
	if err != nil {
		return true
	}
	for _, text := range [...]string{r.Query, r.Raw, r.Admin.Subject} {
		if n.asked(text, r.Type) {
			return true
		}
	}
	return n.alone(r.Raw, r.Type) || n.file(r.Admin.Subject)
}

// word reports whether an id that is more than a number, which may count anything, stands at i of a text and is no part of a longer one.
func (n *patientNamer) word(text string, i int) bool {
	return strings.ContainsFunc(n.id, unicode.IsLetter) && (i == 0 || !continues([]byte(text[i-1:i]))) && !continues([]byte(text[i+len(n.id):]))
}

// alone reports whether the address of a refused request, which may be malformed, has the id where nothing says whose else it is: a
// type in front of it, or a parameter that takes something else.
func (n *patientNamer) alone(raw, typ string) bool {
	text := string(decodePercent([]byte(raw)))
	for at := 0; ; {
		i := strings.Index(text[at:], n.id)
		if i < 0 {
			return false
		}
		i += at
		at = i + len(n.id)
		if n.word(text, i) && !belongs(text[:i], typ) {
			return true
		}
	}
}

// belongs reports whether what stands in front of an id says that it is no patient's.
func belongs(before, typ string) bool {
	if rest, ok := strings.CutSuffix(before, "/"); ok {
		if i := strings.LastIndexAny(rest, "/=,?&"); fhir.ValidType(rest[i+1:]) {
			return true
		}
	}
	name, _, ok := strings.Cut(before[strings.LastIndexAny(before, "?&;")+1:], "=")
	base, _, _ := strings.Cut(name, ":")
	p, known := fhir.LookUpParam(typ, base)
	return ok && (base == "_id" || known && p.Target != "Patient" && !slices.Contains(p.Targets, "Patient"))
}

// file reports whether a text is the name of a file that is called as the patient, such as an export's.
func (n *patientNamer) file(text string) bool {
	name := strings.TrimSuffix(text, filepath.Ext(text))
	return name == n.id && n.word(name, 0)
}

// refers reports whether text holds a reference to the patient.
func (n *patientNamer) refers(text []byte) bool {
	const kind = "patient"
	text = decodePercent(text)
	for at := 0; ; {
		i := bytes.Index(text[at:], n.reference)
		if i < 0 {
			return false
		}
		i += at
		at = i + len(n.reference)
		if i >= len(kind) && strings.EqualFold(string(text[i-len(kind):i]), kind) && !continues(text[at:]) {
			return true
		}
	}
}

// continues reports whether an id goes on; a full stop behind it ends a sentence.
func continues(rest []byte) bool {
	if len(rest) > 0 && rest[0] == '.' {
		rest = rest[1:]
	}
	return len(rest) > 0 && (rest[0] == '-' || rest[0] == '.' || rest[0] >= '0' && rest[0] <= '9' || rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'z')
}

// patientParams are parameters of R4 that take patients, whatever the type that is searched.
var patientParams = [...]string{"patient", "subject", "for", "actor", "individual", "beneficiary", "entity", "source", "sender", "recipient"} // never written to

// asked reports whether a search, or the address of one, has the patient as the value of a parameter that takes patients.
func (n *patientNamer) asked(text, typ string) bool {
	path, query, address := strings.Cut(text, "?")
	if !address {
		path, query = "", text
	} else if i := strings.LastIndexByte(path, '/'); i >= 0 {
		path = path[i+1:]
	}
	for _, pair := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' || r == ' ' }) {
		name, value, ok := strings.Cut(string(decodePercent([]byte(pair))), "=")
		if ok && takesPatients(name, typ, path) && n.among(value) {
			return true
		}
	}
	return false
}

// takesPatients reports whether a parameter's values are patients.
func takesPatients(name, typ, path string) bool {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == ':' || r == '.' || r == '[' || r == ']' })
	if len(parts) == 0 {
		return false
	}
	base := parts[0]
	if base == "_id" {
		return typ == "Patient" || strings.EqualFold(path, "Patient")
	}
	// Any of them: _has:Task:patient:_id, patient.identifier, patient[].
	if slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(patientParams[:], strings.ToLower(part)) }) {
		return true
	}
	p, ok := fhir.LookUpParam(typ, base)
	return ok && (p.Target == "Patient" || slices.Contains(p.Targets, "Patient"))
}

// among reports whether one of the values is the patient.
func (n *patientNamer) among(values string) bool {
	for v := range strings.SplitSeq(values, ",") {
		if i := strings.LastIndexByte(v, '|'); i >= 0 {
			v = v[i+1:]
		}
		if kind, id, ok := strings.Cut(v, "/"); ok && strings.EqualFold(kind, "Patient") {
			v, _, _ = strings.Cut(id, "/")
		}
		if v == n.id {
			return true
		}
	}
	return false
}

// decodePercent undoes URL encoding, up to three times over, and leaves alone what is none.
func decodePercent(text []byte) []byte {
	for range 3 {
		if bytes.IndexByte(text, '%') < 0 {
			break
		}
		out := make([]byte, 0, len(text))
		for i := 0; i < len(text); i++ {
			if text[i] == '%' && i+2 < len(text) {
				if c, err := url.PathUnescape(string(text[i : i+3])); err == nil {
					out = append(out, c...)
					i += 2
					continue
				}
			}
			out = append(out, text[i])
		}
		text = out
	}
	return text
}
