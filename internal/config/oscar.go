package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// OSCAR is what is particular to a clinic's OSCAR. Zero fields mean what docs/emr/oscar.md says of them.
type OSCAR struct {
	Dialect          string            `yaml:"dialect"`          // one of Dialects; empty: found by asking
	SignatureBaseURL string            `yaml:"signatureBaseURL"` // scheme, host and port that OSCAR takes for its own, behind a proxy
	System           string            `yaml:"system"`           // prefix of identifier and code systems; empty: "urn:vestibule:oscar:" and the clinic's name
	Statuses         map[string]string `yaml:"statuses"`         // the first character of a status code to the FHIR status it means here
	Writes           map[string]string `yaml:"writes"`           // FHIR status to the code that is written for it
	InProgress       bool              `yaml:"inProgress"`       // active ticklers with comments are in-progress
	DeletedAs        string            `yaml:"deletedAs"`        // status of deleted ticklers: cancelled or entered-in-error
	TaskCode         string            `yaml:"taskCode"`         // Task.code.text
	DocumentTypes    map[string]string `yaml:"documentTypes"`    // document type to LOINC code
	DocumentType     string            `yaml:"documentType"`     // type of a document that says none
	Source           string            `yaml:"source"`           // source of filed documents
	ReasonCode       int               `yaml:"reasonCode"`       // the reason that says nothing (17, Others)
	DoubleBooking    bool              `yaml:"doubleBooking"`    // book although the time is taken
	MaxDays          int               `yaml:"maxDays"`          // longest range of dates of one search
	MaxRows          int               `yaml:"maxRows"`          // most rows that one search looks at
}

// Dialects lists the dialects of OSCAR that a connection may name.
func Dialects() []string { return []string{"carlos", "juno", "openo", "oscar19"} }

// checkAdapter holds a connection to what its adapter understands.
func (c *Connection) checkAdapter(f *findings) {
	if c.Adapter != AdapterOSCAR {
		if !reflect.ValueOf(c.OSCAR).IsZero() {
			f.add("oscar", "has no meaning for adapter %s; leave it out", c.Adapter)
		}
		if c.Login.Mode == LoginOAuth1 {
			f.add("login.mode", "oauth1 is for adapter oscar")
		}
		return
	}
	if c.Login.Mode != "" && c.Login.Mode != LoginOAuth1 {
		f.add("login.mode", "adapter oscar signs in with oauth1")
	}
	for _, m := range []struct {
		name  string
		given bool
	}{{"aliases", len(c.Aliases) > 0}, {"search", c.Search != ""}, {"quirks", !reflect.ValueOf(c.Quirks).IsZero()}} {
		if m.given {
			f.add(m.name, "has no meaning for adapter oscar; leave it out")
		}
	}
	if (c.Login.SOAPUser == "") != (c.Login.SOAPPassword == "") {
		f.add("login.soapUser", "and soapPassword go together")
	}
	c.OSCAR.check(f)
}

func (o *OSCAR) check(f *findings) {
	if o.Dialect != "" && !slices.Contains(Dialects(), o.Dialect) {
		oneOf(f, "oscar.dialect", o.Dialect, Dialects()...)
	}
	if o.SignatureBaseURL != "" {
		why := badBase(o.SignatureBaseURL)
		if why != "" && !strings.HasPrefix(o.SignatureBaseURL, "http://") { // OSCAR behind a proxy signs for one in clear text; nothing is sent there
			f.add("oscar.signatureBaseURL", "%s", why)
		}
	}
	if o.DeletedAs != "" && o.DeletedAs != "cancelled" && o.DeletedAs != "entered-in-error" {
		oneOf(f, "oscar.deletedAs", o.DeletedAs, "cancelled", "entered-in-error")
	}
	statuses := []string{"arrived", "booked", "cancelled", "checked-in", "fulfilled", "noshow"}
	for _, code := range slices.Sorted(maps.Keys(o.Statuses)) {
		if len(code) != 1 {
			f.add("oscar.statuses", "%q is no state: a state is one character, and its case counts", code)
		}
		if !slices.Contains(statuses, o.Statuses[code]) {
			oneOf(f, "oscar.statuses."+code, o.Statuses[code], statuses...)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(o.Writes)) {
		if !slices.Contains(statuses, status) || status == "fulfilled" {
			f.add("oscar.writes", "%q is not written to an OSCAR; booked, arrived, checked-in, noshow and cancelled are", status)
		}
		if len(o.Writes[status]) != 1 {
			f.add("oscar.writes."+status, "has to be one character, the clinic's state")
		}
	}
	for _, m := range []struct {
		name string
		n    int
	}{{"reasonCode", o.ReasonCode}, {"maxDays", o.MaxDays}, {"maxRows", o.MaxRows}} {
		if m.n < 0 || m.n > 100_000 {
			f.add("oscar."+m.name, "has to be between 0 and 100000")
		}
	}
}
