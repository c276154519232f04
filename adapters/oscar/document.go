package oscar

import (
	"context"
	"crypto/sha1" // #nosec G505: what FHIR's Attachment.hash is
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

const typDocument = "DocumentReference"

// document is a row of document with its place in a chart.
type document struct {
	id, patient, appointment int64
	kind, class, subclass    string
	description, fileName    string
	creator, responsible     string
	source, facility         string
	status, contentType      string
	updated, observed        time.Time
	contents                 string // base64, where it came along
	size                     int    // of the contents, decoded; 0 where there are none
	hash                     string // SHA-1, as FHIR has it
}

// documentRow is DocumentTransfer. Its status is a Java char, which comes as its number: 65 is A, 68 is D.
func (a *Adapter) documentRow(n node) document {
	var row document
	texts := map[string]*string{
		"doctype": &row.kind, "docClass": &row.class, "docSubClass": &row.subclass, "docdesc": &row.description, "docfilename": &row.fileName,
		"doccreator": &row.creator, "responsible": &row.responsible, "source": &row.source, "sourceFacility": &row.facility,
		"status": &row.status, "contenttype": &row.contentType, "fileContents": &row.contents,
	}
	module := ""
	for _, k := range n.kids {
		if to, ok := texts[k.name]; ok {
			*to = k.text
			continue
		}
		switch k.name {
		case "documentNo":
			row.id, _ = strconv.ParseInt(strings.TrimSpace(k.text), 10, 64)
		case "ctlModule":
			module = strings.TrimSpace(k.text)
		case "ctlModuleId":
			row.patient, _ = strconv.ParseInt(strings.TrimSpace(k.text), 10, 64)
		case "appointmentNo":
			row.appointment, _ = strconv.ParseInt(strings.TrimSpace(k.text), 10, 64)
		case "updatedatetime":
			row.updated = a.instantAt(strings.TrimSpace(k.text))
		case "observationdate":
			row.observed = a.instantAt(strings.TrimSpace(k.text))
		default:
			a.notes.unlisted(typDocument, k.name, k.text != "")
		}
	}
	if module != "demographic" || row.patient < 0 {
		row.patient = 0
	}
	if n, err := strconv.Atoi(strings.TrimSpace(row.status)); err == nil && n > ' ' && n < 127 {
		row.status = string(rune(n))
	}
	return row.measured()
}

// measured is the row with its contents' size and hash, so that a document whose file was exchanged has another version, and
// whoever opens it can tell that it is the one that was described.
func (row document) measured() document {
	if b, err := row.bytes(); err == nil && len(b) > 0 {
		sum := sha1.Sum(b)
		row.size, row.hash = len(b), base64.StdEncoding.EncodeToString(sum[:])
	}
	return row
}

// bytes are the contents; base64 in XML may be broken into lines.
func (row document) bytes() ([]byte, error) {
	if strings.ContainsAny(row.contents, " \t\r\n") {
		row.contents = strings.Join(strings.Fields(row.contents), "")
	}
	return base64.StdEncoding.DecodeString(row.contents)
}

func (row document) version() string {
	return version(strconv.FormatInt(row.patient, 10), strconv.FormatInt(row.appointment, 10), row.kind, row.class, row.subclass, row.description,
		row.creator, row.responsible, row.source, row.facility, row.status, row.contentType, stamp(row.updated), stamp(row.observed),
		row.hash)
}

// document reads one document that is in a chart. Those that nobody has filed yet are nobody's to see here.
func (a *Adapter) document(ctx context.Context, op string, id int64) (document, error) {
	ask := func() (document, error) {
		rows, err := a.documents(ctx, op, "getDocument", true, argument{text: strconv.FormatInt(id, 10)})
		if err != nil || len(rows) == 0 {
			return document{}, err
		}
		return rows[0], nil
	}
	row, err := ask()
	if errors.Is(err, errPerhapsAbsent) {
		if _, err := a.changedDocuments(ctx, op, a.conf.Now(), 1); err != nil {
			return document{}, err
		}
		row, err = ask()
	}
	switch {
	case err != nil:
		return document{}, err
	case row.id == 0, row.patient == 0:
		return document{}, notFound(op, typDocument)
	case row.id != id:
		return document{}, wrong(op, typDocument, "The EMR answered with another row than the one asked for.")
	}
	return row, nil
}

func (a *Adapter) documents(ctx context.Context, op, method string, absent bool, args ...argument) ([]document, error) {
	nodes, err := a.soap.call(ctx, soapCall{op: op, typ: typDocument, service: "DocumentService", method: method, args: args, most: a.conf.MaxDocument, again: true, absent: absent})
	if err != nil {
		return nil, readFault(err, op)
	}
	rows := make([]document, 0, len(nodes))
	for _, n := range nodes {
		rows = append(rows, a.documentRow(n))
	}
	return rows, nil
}

// documentsOf are all documents in a patient's chart.
func (a *Adapter) documentsOf(ctx context.Context, op string, patient int64) ([]document, error) {
	long := time.Date(1900, 1, 2, 0, 0, 0, 0, time.UTC)
	rows, err := a.documents(ctx, op, "getDocumentsByDemographicIdAfter", false, argument{name: "lastUpdate", text: dateTime(long)}, argument{name: "demographicId", text: strconv.FormatInt(patient, 10)})
	kept := rows[:0]
	for _, row := range rows {
		if row.patient == patient { // what the EMR says of another patient is not this one's
			kept = append(kept, row)
		}
	}
	return kept, err
}

func (a *Adapter) changedDocuments(ctx context.Context, op string, after time.Time, most int) ([]document, error) {
	return a.documents(ctx, op, "getDocumentsUpdateAfterDate", false, argument{text: dateTime(after)}, argument{text: strconv.Itoa(most)})
}

// mostDocuments is how many documents a search by date looks at: OSCAR sends their contents along.
const mostDocuments = 500

func (a *Adapter) documentCandidates(ctx context.Context, q fhir.Query) ([]found, error) {
	var rows []document
	patients, ok := referred(q, "Patient", "patient", "subject")
	from, _ := span(q, "date", "_lastUpdated")
	switch {
	case ok && len(patients) <= mostPatients:
		for _, p := range patients {
			id, isID := rowID(p)
			if !isID {
				continue
			}
			more, err := a.documentsOf(ctx, opSearch, id)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	case !from.IsZero(), operationOf(q) != "":
		if from.IsZero() {
			from = a.conf.Now().Add(-feedAge)
		}
		var err error
		if rows, err = a.changedDocuments(ctx, opSearch, from.Add(-time.Second), mostDocuments+1); err != nil {
			return nil, err
		}
		if len(rows) > mostDocuments {
			return nil, unbounded("More documents were changed since then than the EMR is asked for at once. Search by patient, or from a later date.").At("date")
		}
	default:
		return nil, unbounded("This clinic's EMR finds documents by patient or by the date of their change: add patient=…, or date=ge….")
	}
	out := make([]found, 0, len(rows))
	for _, row := range rows {
		if row.id <= 0 || row.patient <= 0 {
			continue
		}
		r, err := a.documentResource(opSearch, row)
		if err != nil {
			return nil, err
		}
		out = append(out, found{r: r, id: row.id, whole: true})
	}
	return unique(out), nil
}

// documentStatus is FHIR's status: only what is deleted was in error.
func documentStatus(code string) string {
	if strings.EqualFold(code, "D") {
		return "entered-in-error"
	}
	return "current"
}
