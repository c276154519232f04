package audit

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"vestibule/fhir"
)

// DecodeRecord reads a record's line back. It is strict: an unknown or duplicate member, invalid UTF-8, an unknown format
// or trailing data is an error, because a line that could be read in two ways is no evidence (H11).
func DecodeRecord(line []byte) (Record, error) {
	var r Record
	if new(quick).decode(line, &r) {
		return r, nil
	}
	return decodeStrictly(line)
}

// decodeStrictly is DecodeRecord for a line in any order.
func decodeStrictly(line []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(line, &r, json.RejectUnknownMembers(true)); err != nil {
		return Record{}, fmt.Errorf("audit.DecodeRecord: %w", err)
	}
	if r.Format != recordFormat {
		return Record{}, fmt.Errorf("audit.DecodeRecord: format %d is not known to this version", r.Format)
	}
	return r, nil
}

// check refuses a record that could not be found again or would not decode.
func (r *Record) check() error {
	const op = "audit.Append"
	switch {
	case r.Clinic == "":
		return fhir.E(op, fhir.KindInternal, "record-incomplete", "A record needs a clinic.")
	case !validUUID(r.ID):
		return fhir.E(op, fhir.KindInternal, "record-incomplete", "A record needs the id of its access, a UUID.")
	case r.Phase == "":
		return fhir.E(op, fhir.KindInternal, "record-incomplete", "A record needs a phase.")
	case r.Time.Year() < 1 || r.Time.Year() > 9999 || r.Until.Year() < 1 || r.Until.Year() > 9999:
		return fhir.E(op, fhir.KindInternal, "record-incomplete", "A record's time is out of range.")
	}
	return nil
}

// validUUID reports whether s is a UUID in lower-case hex: the index relies on ids of equal form.
func validUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}
