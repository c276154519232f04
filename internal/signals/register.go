package signals

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"vestibule/fhir"
)

// Register is what a clinic says of its patients, by "Patient/1".
type Register map[string]Registered

// Registered is one patient.
type Registered struct {
	Family string
	Staff  bool   // works at the clinic
	Person string // "iss|sub", where the patient is somebody who works through the gateway
}

// The columns of a register; the others may be left out.
const (
	columnID, columnFamily, columnStaff, columnPerson = "id", "family", "staff", "person"
)

// ReadRegister reads a register: CSV (RFC 4180) in UTF-8 whose first line names its columns: id, the patient's id in the EMR
// ("1" or "Patient/1"); family, the family name; staff, "yes" or "no"; person, "iss|sub". Only id has to be there; columns of other
// names are passed over. An error names the line and never what stands in it.
func ReadRegister(r io.Reader) (Register, error) {
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if err != nil {
		return nil, registerError(err)
	}
	column := make(map[string]int, len(header))
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if _, twice := column[name]; twice && slices.Contains([]string{columnID, columnFamily, columnStaff, columnPerson}, name) {
			return nil, fmt.Errorf("the register of patients: its first line names the column %s twice", name)
		}
		column[name] = i
	}
	if _, ok := column[columnID]; !ok {
		return nil, errors.New("the register of patients: its first line has to name the columns; one has to be id, others may be family, staff, person")
	}
	out := make(Register)
	for {
		row, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, registerError(err)
		}
		line, _ := lines.FieldPos(0)
		if err := out.add(row, column); err != nil {
			return nil, fmt.Errorf("the register of patients, line %d: %w", line, err)
		}
	}
}

func (g Register) add(row []string, column map[string]int) error {
	value := func(name string) string {
		if i, ok := column[name]; ok {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	id := strings.TrimPrefix(value(columnID), "Patient/")
	if !fhir.ValidID(id) {
		return errors.New("the id is not one of FHIR: 1 to 64 letters, digits, dashes and dots")
	}
	if _, twice := g["Patient/"+id]; twice {
		return errors.New("this id stood in a line before")
	}
	entry := Registered{Family: value(columnFamily), Person: value(columnPerson)}
	switch strings.ToLower(value(columnStaff)) {
	case "yes", "true", "1", "oui":
		entry.Staff = true
	case "", "no", "false", "0", "non":
	default:
		return errors.New("staff has to be yes or no")
	}
	g["Patient/"+id] = entry
	return nil
}

// registerError keeps the line and the kind of a mistake, not the text around it.
func registerError(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		return fmt.Errorf("the register of patients, line %d: %w", parse.Line, parse.Err)
	case errors.Is(err, io.EOF):
		return errors.New("the register of patients is empty; its first line has to name the columns: id,family,staff,person")
	}
	return fmt.Errorf("the register of patients: %w", err)
}

// shares reports whether the family name, or one of its parts of three letters and more, is one of somebody's names.
func (e Registered) shares(name string) bool {
	names := words(name)
	for _, part := range words(e.Family) {
		if len([]rune(part)) >= 3 && slices.Contains(names, part) {
			return true
		}
	}
	return false
}

// words are the parts of a name in lower case and without accents: "Côté-Roy" is cote and roy.
func words(name string) []string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(name))
	return strings.FieldsFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' })
}
