package oscar

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"vestibule/adapters"
)

const operationSystem = adapters.OperationSystem

// OSCAR has no field for an operation's name, and tickler/add returns no id. So what the gateway creates carries a marker in
// its free text, "[gw:…]" at the end, or in a document's file name; by that a write whose answer was lost is found again
// (hazards H30, H31). Readers of FHIR get it as an identifier and not in the text.
const (
	markerOpen  = "[gw:"
	markerClose = "]"
	mostMark    = 32
)

// mark is an operation's name as it stands in a marker: itself where it is 8 to 32 letters and digits, else a hash of it.
func mark(operation string) string {
	if len(operation) >= 8 && len(operation) <= mostMark && alphanumeric(operation) {
		return operation
	}
	sum := sha256.Sum256([]byte(operation))
	return hex.EncodeToString(sum[:16])
}

func alphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return s != ""
}

// marked is text with the operation's marker.
func marked(text, operation string) string {
	if operation == "" {
		return text
	}
	if text != "" {
		text += " "
	}
	return text + markerOpen + mark(operation) + markerClose
}

// unmarked takes a marker off the end of a text; operation is empty where there is none.
func unmarked(s string) (text, operation string) {
	trimmed := strings.TrimRight(s, " \r\n")
	at := strings.LastIndex(trimmed, markerOpen)
	if at < 0 || !strings.HasSuffix(trimmed, markerClose) {
		return s, ""
	}
	op := trimmed[at+len(markerOpen) : len(trimmed)-len(markerClose)]
	if len(op) > mostMark || !alphanumeric(op) {
		return s, ""
	}
	return strings.TrimSuffix(trimmed[:at], " "), op
}

// version is a hash of what a row says, as OSCAR has no versions. Hashing instead of counting has one price: a row that is
// changed and changed back has its old version again.
func version(fields ...string) string {
	h := sha256.New()
	for _, f := range fields {
		h.Write([]byte(strconv.Itoa(len(f))))
		h.Write([]byte{':'})
		h.Write([]byte(f))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (row appointment) version() string {
	return version(row.provider, strconv.FormatInt(row.patient, 10), row.day.String(), row.start.String(), row.end.String(), row.status, row.name,
		row.notes, row.reason, row.location, row.resources, row.kind, row.urgency, strconv.FormatInt(row.reasonCode, 10),
		stamp(row.updated))
}
