package oscar

import (
	"strconv"
	"strings"

	"vestibule/fhir"
)

const loinc = "http://loinc.org"

// documentResource is a document as FHIR; its bytes are opened through Content.
func (a *Adapter) documentResource(op string, row document) (fhir.Resource, error) {
	w := writer{b: make([]byte, 0, 1024)}
	w.open("", '{')
	w.text("resourceType", typDocument)
	w.text("id", strconv.FormatInt(row.id, 10))
	w.open("meta", '{')
	w.text("versionId", row.version())
	w.instant("lastUpdated", row.updated, a.conf.Zone)
	w.close('}')
	w.open("masterIdentifier", '{')
	w.text("system", a.system("document"))
	w.text("value", strconv.FormatInt(row.id, 10))
	w.close('}')
	if operation := operationIn(row.fileName); operation != "" {
		w.open("identifier", '[')
		w.identifier(operationSystem, operation)
		w.close(']')
	}
	w.text("status", documentStatus(row.status))
	w.concept("type", loinc, a.conf.Settings.DocumentTypes[row.kind], row.kind)
	categories(&w, row)
	w.reference("subject", "Patient", positiveID(row.patient), "")
	w.instant("date", row.updated, a.conf.Zone)
	if id := idOrNone(row.creator); id != "" {
		w.open("author", '[')
		w.reference("", "Practitioner", id, "")
		w.close(']')
	}
	w.reference("authenticator", "Practitioner", idOrNone(row.responsible), "")
	if row.source != "" {
		w.open("custodian", '{')
		w.text("display", row.source)
		w.close('}')
	}
	w.text("description", row.description)
	w.open("content", '[')
	w.open("", '{')
	w.open("attachment", '{')
	w.text("contentType", row.contentType)
	w.text("url", fhir.BinaryLink(strconv.FormatInt(row.id, 10), 0))
	if row.size > 0 {
		w.number("size", int64(row.size))
		w.text("hash", row.hash)
	}
	w.text("title", row.description)
	w.close('}')
	w.close('}')
	w.close(']')
	a.documentContext(&w, row)
	w.close('}')
	return resource(op, typDocument, w.b)
}

func categories(w *writer, row document) {
	if row.class == "" && row.subclass == "" {
		return
	}
	w.open("category", '[')
	w.concept("", "", "", row.class)
	w.concept("", "", "", row.subclass)
	w.close(']')
}

func (a *Adapter) documentContext(w *writer, row document) {
	if row.observed.IsZero() && row.facility == "" && row.appointment <= 0 {
		return
	}
	w.open("context", '{')
	if !row.observed.IsZero() {
		w.open("period", '{')
		w.instant("start", row.observed, a.conf.Zone)
		w.close('}')
	}
	w.concept("facilityType", "", "", row.facility)
	if row.appointment > 0 {
		w.open("related", '[')
		w.reference("", "Appointment", strconv.FormatInt(row.appointment, 10), "")
		w.close(']')
	}
	w.close('}')
}

// filePrefix begins the name of a file that the gateway stores; the operation follows. OSCAR puts the time before it and drops
// hyphens: "20261123090000_gw7F3A…_letter.pdf".
const filePrefix = "gw"

func markedFile(name, operation string) string { return filePrefix + mark(operation) + "_" + name }

// operationIn is the operation in a stored file's name; "" where there is none.
func operationIn(fileName string) string {
	_, rest, _ := strings.Cut(fileName, "_")
	op, _, ok := strings.Cut(rest, "_")
	op, has := strings.CutPrefix(op, filePrefix)
	if !ok || !has || len(op) < 8 || len(op) > mostMark || !alphanumeric(op) {
		return ""
	}
	return op
}
