package oscartest

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"time"
)

// documentTransfer is a document with its file and its place in a chart. status is a Java char, which comes as its number:
// 65 is A and 68 is D.
func (c *call) documentTransfer(d Document) node {
	n := node{name: "return"}
	add := func(name, text string) { n.kids = append(n.kids, leaf(name, text)) }
	module, chart := "demographic", d.DemographicNo
	if chart == 0 {
		chart = -1
	}
	add("appointmentNo", strconv.Itoa(max(d.AppointmentNo, 0)))
	add("contenttype", d.ContentType)
	add("ctlModule", module)
	add("ctlModuleId", strconv.Itoa(chart))
	add("ctlStatus", d.Status)
	add("docClass", d.Class)
	add("docSubClass", d.SubClass)
	add("doccreator", d.Creator)
	add("docdesc", d.Description)
	add("docfilename", d.FileName)
	add("doctype", d.Type)
	add("documentNo", strconv.Itoa(d.No))
	add("docxml", c.covered("docxml", ""))
	add("fileContents", base64.StdEncoding.EncodeToString(d.Contents))
	add("numberofpages", strconv.Itoa(d.Pages))
	if !d.Observed.IsZero() {
		y, m, day := d.Observed.In(c.cfg.Zone).Date()
		add("observationdate", c.dateTime(time.Date(y, m, day, 0, 0, 0, 0, c.cfg.Zone), false))
	}
	add("programId", strconv.Itoa(max(d.ProgramID, 0)))
	add("public1", strconv.Itoa(d.Public))
	add("responsible", d.Responsible)
	if !d.Reviewed.IsZero() {
		add("reviewdatetime", c.dateTime(d.Reviewed, false))
		add("reviewer", d.Reviewer)
	}
	add("source", d.Source)
	add("sourceFacility", d.SourceFacility)
	add("status", strconv.Itoa(int(d.Status[0])))
	add("updatedatetime", c.dateTime(d.Updated.Truncate(time.Second), false))
	return n
}

// soapDocument has no return element for an unknown number (unverified).
func (c *call) soapDocument(a arguments) ([]node, error) {
	d, ok := c.data.Documents[a.int("documentId")]
	if !ok {
		return nil, nil
	}
	return []node{c.documentTransfer(d)}, nil
}

func (c *call) soapDocumentsOf(a arguments) ([]node, error) {
	since := a.time("lastUpdate")
	return c.documentTransfers(func(d Document) bool {
		return d.DemographicNo == a.int("demographicId") && d.Updated.After(since)
	}, len(c.data.Documents)), nil
}

func (c *call) soapDocumentsAfter(a arguments) ([]node, error) {
	since := a.time("updatedAfterThisDateExclusive")
	return c.documentTransfers(func(d Document) bool { return d.Updated.Truncate(time.Second).After(since) }, a.int("itemsToReturn")), nil
}

// documentTransfers lists the documents that fit, oldest change first, deleted ones too.
func (c *call) documentTransfers(fits func(Document) bool, most int) []node {
	all := c.papers(fits)
	slices.SortStableFunc(all, func(x, y Document) int { return cmp.Or(x.Updated.Compare(y.Updated), cmp.Compare(x.No, y.No)) })
	var out []node
	for _, d := range slice(all, 0, most) {
		out = append(out, c.documentTransfer(d))
	}
	return out
}
