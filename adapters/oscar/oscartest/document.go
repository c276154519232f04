package oscartest

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// documentRow is DocumentTo1.
type documentRow struct {
	ID               int      `json:"id"`
	Type             string   `json:"type"`
	DocClass         string   `json:"docClass"`
	SubClass         string   `json:"subClass"`
	FileName         string   `json:"fileName"`
	Description      string   `json:"description"`
	XML              string   `json:"xml"`
	Creator          string   `json:"creator"`
	Responsible      string   `json:"responsible"`
	Source           string   `json:"source"`
	SourceFacility   string   `json:"sourceFacility"`
	ProgramID        int      `json:"programId"`
	UpdateDateTime   *int64   `json:"updateDateTime"`
	Status           string   `json:"status"`
	ContentType      string   `json:"contentType"`
	ContentDateTime  *int64   `json:"contentDateTime"`
	ReportMedia      *string  `json:"reportMedia"`
	SentDateTime     *int64   `json:"sentDateTime"`
	Public1          int      `json:"public1"`
	ObservationDate  *int64   `json:"observationDate"`
	NumberOfPages    int      `json:"numberOfPages"`
	AppointmentNo    int      `json:"appointmentNo"`
	Abnormal         bool     `json:"abnormal"`
	RestrictToProgam bool     `json:"restrictToProgram"`
	Queue            *int     `json:"queue"`
	ProviderNo       *string  `json:"providerNo"`
	DemographicNo    *int     `json:"demographicNo"`
	FileContents     *string  `json:"fileContents"`
	Reviews          []string `json:"reviews"`
}

// sentDocument is DocumentTo1 as callers send it.
type sentDocument struct {
	FileName, FileContents, ContentType string
	DemographicNo                       number
	ProviderNo, Responsible             string
	Description, Source, SourceFacility string
	Type, DocClass, SubClass            string
	ObservationDate                     *jsonDate
	AppointmentNo                       *number
	Queue                               number
}

// saveDocument files a document in a chart. That an unknown chart is not noticed is unverified.
func (c *call) saveDocument() answer {
	var n sentDocument
	if !c.read(&n) {
		return c.text(http.StatusBadRequest, "document is required")
	}
	switch {
	case n.FileName == "":
		return c.text(http.StatusBadRequest, "fileName is required")
	case n.FileContents == "":
		return c.text(http.StatusBadRequest, "fileContents is required")
	case n.DemographicNo == 0:
		return c.text(http.StatusBadRequest, "demographicNo is required")
	}
	d, ok := c.newDocument(n)
	if !ok {
		return c.crash()
	}
	c.data.Documents[d.No] = d
	return c.give(c.documentRow(d))
}

// newDocument is the row; ok is false where the file is not base64 or a text does not fit its column.
func (c *call) newDocument(n sentDocument) (Document, bool) {
	file, err := base64.StdEncoding.DecodeString(n.FileContents)
	d := Document{
		Type: n.Type, Class: n.DocClass, SubClass: n.SubClass, Description: n.Description, Creator: c.provider.No, Responsible: n.Responsible,
		FileName: storedName(c.at, n.FileName), Source: n.Source, SourceFacility: n.SourceFacility, ProgramID: -1, Updated: c.at, Status: "A",
		ContentType: n.ContentType, Observed: c.at, AppointmentNo: -1, DemographicNo: int(n.DemographicNo), Queue: int(n.Queue), Contents: file,
	}
	if n.ObservationDate != nil && !n.ObservationDate.IsZero() {
		d.Observed = n.ObservationDate.In(c.cfg.Zone)
	}
	if n.AppointmentNo != nil {
		d.AppointmentNo = int(*n.AppointmentNo)
	}
	if err != nil || !c.column(&d.Description, 255) || !c.column(&d.FileName, 255) || !c.column(&d.Type, 60) {
		return d, false
	}
	d.No = c.data.number("document", 0)
	return d, true
}

// storedName is the name a file gets: the time before it, without hyphens.
func storedName(at time.Time, name string) string {
	return at.Format("20060102150405") + "_" + strings.ReplaceAll(name, "-", "")
}

func (c *call) documentRow(d Document) documentRow {
	content := d.Updated.Truncate(time.Second)
	return documentRow{
		ID: d.No, Type: d.Type, DocClass: d.Class, SubClass: d.SubClass, FileName: d.FileName, Description: d.Description, Creator: d.Creator,
		Responsible: d.Responsible, Source: d.Source, SourceFacility: d.SourceFacility, ProgramID: d.ProgramID, UpdateDateTime: c.millis(d.Updated),
		Status: d.Status, ContentType: d.ContentType, ContentDateTime: c.millis(content), ObservationDate: c.millis(d.Observed.Truncate(time.Second)),
		NumberOfPages: d.Pages, AppointmentNo: d.AppointmentNo, Reviews: []string{},
	}
}

// pendingResult is the answer of uploadPendingDocuments.
type pendingResult struct {
	Status   string `json:"status"`
	Message  string `json:"message"`
	FileName string `json:"fileName"`
}

// uploadPending puts a file into the queue of documents that belong to nobody yet. The texts are unverified.
func (c *call) uploadPending() answer {
	var n sentDocument
	valid := c.read(&n)
	result := func(status int, text, message string) answer {
		a := c.give(pendingResult{text, message, n.FileName})
		a.status = status
		return a
	}
	switch {
	case c.switches.FailWrites != 0:
		return result(http.StatusInternalServerError, "error", "failed")
	case !c.provider.Privileges.allow("_edoc", 'w'):
		return result(http.StatusForbidden, "error", "missing required security object (_edoc)")
	case !valid || n.FileName == "" || n.FileContents == "" || n.Queue < 1:
		return result(http.StatusBadRequest, "error", "fileName, fileContents and queue are required")
	}
	n.DemographicNo = 0
	d, ok := c.newDocument(n)
	if !ok {
		return result(http.StatusInternalServerError, "error", "failed")
	}
	c.data.Documents[d.No] = d
	return result(http.StatusOK, "success", "")
}

// attachment is a line of getRequestAttachments. Its url opens in a browser's session only.
type attachment struct {
	DocumentNo   int    `json:"documentNo"`
	DocumentType string `json:"documentType"`
	TypeDisplay  string `json:"documentTypeDisplay"`
	Attached     bool   `json:"attached"`
	DisplayName  string `json:"displayName"`
	ShortName    string `json:"shortName"`
	URL          string `json:"url"`
}

// attachments is the only list of a patient's documents that REST has.
func (c *call) attachments() answer {
	demographic, ok := numbered(c.get("demographicId"))
	if _, given := numbered(c.get("requestId")); !ok || !given {
		return c.crash()
	}
	rows := []attachment{}
	for _, d := range c.papers(func(d Document) bool { return d.DemographicNo == demographic && d.Status != "D" }) {
		rows = append(rows, attachment{d.No, "D", "Document", false, d.Description, d.Description, "documentManager/ManageDocument.do?method=display&doc_no=" + itoa(d.No)})
	}
	for _, l := range c.data.Labs {
		if l.DemographicNo == demographic {
			rows = append(rows, attachment{l.ID, "L", "Lab Result", false, l.Name, l.Name, "lab/CA/ALL/labDisplay.jsp?segmentID=" + itoa(l.ID)})
		}
	}
	return c.give(rows)
}
