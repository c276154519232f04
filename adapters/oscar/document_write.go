package oscar

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Columns of OSCAR's table document, in characters (oscarinit.sql); those of source and class are taken to be as long as type's.
const (
	mostDescription = 255
	mostDocType     = 60
)

// file puts a document into a patient's chart, once: it is looked for by the operation in its file's name first.
func (a *Adapter) file(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
	row, err := a.wantDocument(c.Resource)
	if err != nil {
		return fhir.Resource{}, documentError(err)
	}
	if err := a.keptDocument(ctx, c.Resource, row); err != nil {
		return fhir.Resource{}, err
	}
	look := func(ctx context.Context) (fhir.Resource, bool, error) { return a.filed(ctx, row.patient, c.Operation) }
	if r, found, err := look(ctx); found || err != nil {
		return r, err
	}
	var id int64
	send := func(ctx context.Context) (err error) { id, err = a.save(ctx, row, c.Operation); return err }
	r, err := a.attempts(ctx, typDocument, send, look)
	if err != nil || !r.IsZero() {
		return r, err
	}
	if id > 0 {
		back, err := a.document(ctx, opWrite, id)
		if err == nil && back.patient == row.patient && operationIn(back.fileName) == mark(c.Operation) {
			return a.documentResource(opWrite, back)
		}
	}
	r, found, err := look(ctx)
	if !found {
		return fhir.Resource{}, unknown(typDocument, err)
	}
	return r, nil
}

func documentError(err error) error {
	e := fhir.AsError(err)
	e.Ref.Type = typDocument
	return e
}

func (a *Adapter) filed(ctx context.Context, patient int64, operation string) (fhir.Resource, bool, error) {
	rows, err := a.documentsOf(ctx, opWrite, patient)
	if err != nil {
		return fhir.Resource{}, false, err
	}
	for _, row := range rows {
		if operationIn(row.fileName) == mark(operation) {
			r, err := a.documentResource(opWrite, row)
			return r, err == nil, err
		}
	}
	return fhir.Resource{}, false, nil
}

// wantDocument is the document that a caller's DocumentReference asks for.
func (a *Adapter) wantDocument(r fhir.Resource) (document, error) {
	v := r.Value()
	row := document{status: "A", description: v.Get("description").Text(), kind: a.conf.Settings.DocumentType, source: a.conf.Settings.Source}
	patient, ok := referredTo(v.Get("subject"), "Patient")
	id, isID := rowID(patient)
	if !ok || !isID {
		return row, refused("A document is filed in the chart of one patient of this EMR.").At("subject")
	}
	row.patient = id
	if s := v.Get("status").Text(); s != "current" {
		return row, refused("A new document is current.").At("status")
	}
	if err := a.wantContent(v, &row); err != nil {
		return row, err
	}
	if t := v.Get("type"); t.Exists() {
		row.kind = a.kindOf(t)
	}
	i := 0
	for c := range v.Get("category").Items() {
		if i++; i == 1 {
			row.class = c.Get("text").Text()
		} else {
			row.subclass = c.Get("text").Text()
		}
	}
	if custodian := v.Get("custodian"); custodian.Exists() {
		row.source = custodian.Get("display").Text()
	}
	row.responsible, _ = referredTo(v.Get("authenticator"), "Practitioner")
	for _, f := range []struct {
		text string
		most int
		path string
	}{{row.description, mostDescription, "description"}, {row.kind, mostDocType, "type.text"}, {row.class, mostDocType, "category.text"},
		{row.subclass, mostDocType, "category.text"}, {row.source, mostDocType, "custodian.display"}} {
		if err := fits(f.text, f.most, f.path); err != nil {
			return row, err
		}
	}
	return row, a.wantContext(v.Get("context"), &row)
}

// kindOf is the clinic's name of a document's type: its text, or the type that has the LOINC code.
func (a *Adapter) kindOf(concept fhir.Value) string {
	if text := concept.Get("text").Text(); text != "" {
		return text
	}
	for c := range concept.Path("coding") {
		for kind, code := range a.conf.Settings.DocumentTypes {
			if c.Get("system").Text() == loinc && c.Get("code").Text() == code {
				return kind
			}
		}
	}
	return ""
}

// contentTypes are the kinds of file that are filed.
func contentTypes() []string {
	return []string{"application/pdf", "image/jpeg", "image/png", "image/tiff", "text/plain"}
}

func (a *Adapter) wantContent(v fhir.Value, row *document) error {
	count := 0
	for c := range v.Get("content").Items() {
		count++
		file := c.Get("attachment")
		row.contentType, row.contents = file.Get("contentType").Text(), file.Get("data").Text()
		if t := file.Get("title"); t.Exists() && row.description == "" {
			row.description = t.Text()
		}
	}
	b, err := base64.StdEncoding.DecodeString(row.contents)
	switch {
	case count != 1:
		return refused("A document in this EMR has one content.").At("content")
	case !slices.Contains(contentTypes(), row.contentType):
		return refused("This kind of file is not filed; PDF, JPEG, PNG, TIFF and plain text are.").At("content.attachment.contentType")
	case err != nil || len(b) == 0:
		return refused("A document is sent along, in base64.").At("content.attachment.data")
	case len(b) > a.conf.MaxDocument/2:
		return refused("This document is larger than the gateway files.").At("content.attachment.data")
	}
	return nil
}

func (a *Adapter) wantContext(v fhir.Value, row *document) error {
	if start := v.Get("period").Get("start"); start.Exists() {
		t, err := time.Parse(time.RFC3339Nano, start.Text())
		if local := t.In(a.conf.Zone); err != nil || clockOf(local) != 0 || local.Nanosecond() != 0 {
			return refused("This EMR keeps the day of observation: an instant at the clinic's midnight is wanted.").At("context.period.start")
		}
		row.observed = t
	}
	row.facility = v.Get("facilityType").Get("text").Text()
	for r := range v.Get("related").Items() {
		id, ok := referredTo(r, typAppointment)
		if row.appointment, ok = rowIDOf(id, ok); !ok {
			return refused("A document of this EMR is related to an appointment, or to nothing.").At("context.related")
		}
	}
	return fits(row.facility, mostDocType, "context.facilityType.text")
}

func rowIDOf(id string, ok bool) (int64, bool) {
	n, isID := rowID(id)
	return n, ok && isID
}

// keptDocument holds a DocumentReference against the row that it becomes.
func (a *Adapter) keptDocument(ctx context.Context, sent fhir.Resource, row document) error {
	row.id = 1
	row = row.measured()
	if sent.Value().Get("author").Exists() {
		me, err := a.myself(ctx, opWrite)
		if err != nil {
			return err
		}
		row.creator = me
	}
	will, err := a.documentResource(opWrite, row)
	if err != nil {
		return err
	}
	return kept(sent, will, fhir.Resource{})
}

// save sends the document and returns its number, where the answer tells.
func (a *Adapter) save(ctx context.Context, row document, operation string) (int64, error) {
	b, err := a.link.write(ctx, exchange{typ: typDocument, method: post, path: "/ws/services/document/saveDocumentToDemographic", body: saveBody(row, operation)})
	if f := wire.AsFault(err); err != nil && f.Status == http.StatusNotFound {
		return 0, notSupported(opWrite, typDocument, "This clinic's EMR is of an age that takes no documents from outside.")
	}
	if err != nil {
		return 0, err
	}
	v, err := a.parse(opWrite, typDocument, b)
	if err != nil {
		return 0, err
	}
	if integer(v.Get("id")) == 0 {
		return 0, &wire.Fault{Err: wrong(opWrite, typDocument, "The EMR answered something else than what was asked for."), Fate: wire.Finished}
	}
	return integer(v.Get("id")), nil
}

// saveBody is DocumentTo1.
func saveBody(row document, operation string) []byte {
	w := writer{b: make([]byte, 0, len(row.contents)+1024)}
	w.open("", '{')
	w.text("fileName", markedFile("document"+extension(row.contentType), operation))
	w.text("fileContents", row.contents)
	w.text("contentType", row.contentType)
	w.number("demographicNo", row.patient)
	w.text("description", row.description)
	w.text("source", row.source)
	w.text("sourceFacility", row.facility)
	w.text("type", row.kind)
	w.text("docClass", row.class)
	w.text("subClass", row.subclass)
	w.text("responsible", row.responsible)
	if !row.observed.IsZero() {
		w.number("observationDate", row.observed.UnixMilli())
	}
	if row.appointment > 0 {
		w.number("appointmentNo", row.appointment)
	}
	w.close('}')
	return w.b
}

func extension(contentType string) string {
	_, kind, _ := strings.Cut(contentType, "/")
	if kind == "plain" {
		kind = "txt"
	}
	return "." + kind
}
