package fhir

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// InteractionKind is a FHIR interaction by its code (http://hl7.org/fhir/R4/valueset-restful-interaction.html). The zero
// value is a request that was not understood; it is recorded, never carried out.
type InteractionKind string

// The interactions the gateway carries out.
const (
	InteractionCapabilities InteractionKind = "capabilities"
	InteractionRead         InteractionKind = "read"
	InteractionSearch       InteractionKind = "search-type"
	InteractionCreate       InteractionKind = "create"
	InteractionUpdate       InteractionKind = "update"
)

// The interactions the gateway recognises in order to refuse and record them: ParseInteraction returns them only beside an
// error.
const (
	InteractionVRead     InteractionKind = "vread"
	InteractionPatch     InteractionKind = "patch"
	InteractionDelete    InteractionKind = "delete"
	InteractionHistory   InteractionKind = "history"
	InteractionBatch     InteractionKind = "batch"
	InteractionOperation InteractionKind = "operation"
)

// Interaction is what a request asks for. ParseInteraction makes it, and nothing else of the program reads URLs.
type Interaction struct {
	Kind  InteractionKind
	Type  string // one of Types; on a refused request whatever type was named, if it is spelt like one
	ID    string // for read and update; always valid
	Query Query  // for search

	// A read of Binary/{ID}.{Attachment} is one of the DocumentReference with that ID, for the document itself that it carries at
	// content[Attachment] instead of what is known about it. Formatted says that FHIR JSON was asked for by _format.
	Opens      bool
	Attachment int
	Formatted  bool

	Allow string // beside a KindMethodNotAllowed: the methods the path takes, as the Allow header lists them
}

// ParseInteraction reads a request. path is the escaped path below the clinic's FHIR base ("/Appointment/123"), rawQuery the
// query string as sent, form the body of a POST _search. Times without a zone are in zone, the clinic's (nil means UTC). On
// an error the Interaction holds what was understood, so that the attempt can be recorded.
//
// A path is a list of segments of A-Z a-z 0-9 . _ - and a leading $; anything else, percent-encoding included, is refused, as
// are empty segments and a trailing slash (hazard H13).
func ParseInteraction(method, path, rawQuery, form string, zone *time.Location) (Interaction, error) {
	segments, err := splitPath(path)
	if err != nil {
		return Interaction{}, err
	}
	in, err := route(method, segments)
	if err != nil {
		return in, err
	}
	if in.Kind != InteractionSearch || method != http.MethodPost {
		form = ""
	}
	values, err := parseForms(rawQuery, form)
	if err != nil {
		return in, err
	}
	if in.Kind != InteractionSearch {
		in.Formatted = len(values) > 0
		return in, onlyFormat(values)
	}
	in.Query, err = ParseQuery(in.Type, values, zone)
	return in, err
}

const opInteraction = "fhir.ParseInteraction"

// splitPath takes an escaped path apart; the base itself has no segments.
func splitPath(path string) ([]string, error) {
	if path == "" || path == "/" {
		return nil, nil
	}
	malformed := E(opInteraction, KindInvalid, "malformed-path",
		"The path is /Type or /Type/id, without percent-encoding, empty segments or a trailing slash.")
	if path[0] != '/' || len(path) > 256 {
		return nil, malformed
	}
	segments := strings.Split(path[1:], "/")
	for _, s := range segments {
		if !validSegment(s) {
			return nil, malformed
		}
	}
	return segments, nil
}

func validSegment(s string) bool {
	if s == "" || s == "." || s == ".." {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && c != '-' && c != '.' && c != '_' && !(c == '$' && i == 0) {
			return false
		}
	}
	return true
}

// parseForms reads query string and form, which count as one (http://hl7.org/fhir/R4/http.html#search).
func parseForms(rawQuery, form string) (url.Values, error) {
	if len(rawQuery)+len(form) > maxSearch {
		return nil, E(opInteraction, KindTooLarge, "search-too-large", "The search's parameters are too long; split it.")
	}
	values := url.Values{}
	for _, raw := range []string{rawQuery, form} {
		part, err := url.ParseQuery(raw)
		if err != nil { // the cause would repeat a value
			return nil, E(opInteraction, KindInvalid, "malformed-query",
				"The parameters are not application/x-www-form-urlencoded: a percent sign needs two hexadecimal digits after it, and ';' separates nothing.")
		}
		for key, list := range part {
			values[key] = append(values[key], list...)
		}
	}
	return values, nil
}

// onlyFormat refuses every parameter but _format on what is no search.
func onlyFormat(values url.Values) error {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if key != "_format" {
			return E(opInteraction, KindNotSupported, "parameter-not-supported",
				"Only a search takes parameters; this request takes none but _format.").At(showName(key))
		}
		for _, v := range values[key] {
			if err := CheckFormat(v); err != nil {
				return err
			}
		}
	}
	return nil
}
