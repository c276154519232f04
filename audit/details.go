package audit

import (
	"strconv"
	"strings"
)

// detailList gathers details; what is empty is left out.
type detailList []detail

func (d *detailList) text(name, text string) {
	if text != "" {
		*d = append(*d, detail{name, text})
	}
}

func (d *detailList) number(name string, n int) {
	if n != 0 {
		d.text(name, strconv.Itoa(n))
	}
}

func (d *detailList) list(name string, texts []string) {
	for _, t := range texts {
		d.text(name, t)
	}
}

// details are the fields that AuditEvent has no element for, in an entity of our own: BALP's query entity has no details
// (trap e). Counts are those of the whole access, also where an event tells of one of its patients only.
func (e Entry) details() []detail {
	r := &e.Record
	var d detailList
	d.text("access", r.ID)
	d.text("phase", string(r.Phase))
	d.text("receipt", e.Place())
	d.text("clinic", r.Title)
	d.text("zone", r.Zone)
	d.text("emr", r.System.Product)
	d.text("adapter", r.System.Adapter)
	d.text("connection", r.System.Connection)
	d.text("software", r.Agent.Software)
	d.text("assurance", r.Agent.Assurance)
	d.text("route", r.Route)
	if !r.searches() { // whose query is that
		d.text("as-sent", r.Raw)
	}
	d.number("status", r.Status)
	d.text("upstream", r.Upstream)
	d.list("reason", r.Reasons)
	d.list("rule", r.Rules)
	d.list("grant", r.Grants)
	d.list("scope", r.Scopes)
	d.text("policy", r.Policy)
	d.counts(r)
	d.text("changed", strings.Join(r.Changed, " "))
	d.text("sha256-before", r.Before)
	d.text("sha256-after", r.After)
	d.text("operation", r.Operation)
	d.text("action", r.Admin.Action)
	d.text("version", r.Admin.Version)
	d.text("forgotten", strings.Join(r.Forgotten, " "))
	if r.Intent != nil {
		d.text("intent", e.Log+"/"+strconv.FormatInt(*r.Intent, 10))
	}
	if r.Repeats > 0 {
		d.number("repeats", r.Repeats)
		d.text("until", r.Until.UTC().Format(timeLayout))
	}
	for _, u := range r.Unknown() {
		d.text("unknown", u.Name+": "+u.Why)
	}
	return d
}

// counts are how much there was and how much of it left.
func (d *detailList) counts(r *Record) {
	documents := 0
	for i := range r.Released {
		documents += r.Released[i].Documents
	}
	d.number("matched", len(r.Released)+r.Withheld)
	d.number("released", len(r.Released))
	d.number("withheld", r.Withheld)
	d.number("shown", r.Shown)
	d.number("patients", len(r.Patients))
	d.number("documents", documents)
}
