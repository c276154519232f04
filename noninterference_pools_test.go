package vestibule_test

import (
	"strings"
	"time"
)

// What the two worlds are drawn from, type by type. Everything in it is made up.

// pool is what of a type's grants, rules and searches worlds are drawn from.
type pool struct {
	elements    []string // what permissions show; what their criteria and windows look at has to be among them
	write       []string
	criteria    []string // of permissions
	transitions []string
	token       []string // scopes' letters and criteria, behind the type
	denied      []string // what directives and guardrails are about
	terms       []string // criteria of searches that are often granted
	rare        []string // those that seldom are, and mistakes
	sorts       []string
	asked       []string // by _elements
}

var pools = map[string]pool{
	"Task": {
		elements: []string{"status", "priority", "authoredOn", "owner", "owner.reference", "for.reference", "for", "code", "code.coding", "description", "note", "executionPeriod"},
		write:    []string{"status", "priority", "owner", "for", "code", "description", "note", "authoredOn", "executionPeriod", "focus"},
		criteria: []string{"", "", "", "", "?status=requested", "?owner=Organization/a", "?status:not=completed", "?patient=Patient/1", "?code=a", "?priority:missing=false", "?_security=R"},
		transitions: []string{"requested->accepted", "accepted->completed", "requested->completed", "requested->rejected", "completed->requested", "->requested", "->accepted",
			"->completed"},
		token:  []string{"cruds", "cruds?status=requested", "cruds?code=a", "cruds?priority=urgent", "cruds?owner=Organization/a"},
		denied: []string{"Task?priority=urgent", "Task/t1", "Task?status=requested", "Task?owner=Organization/b", "Task/t3", "Task?code=a"},
		terms: []string{"status=requested", "status:not=completed", "status=requested,accepted", "status:missing=true", "priority=urgent", "priority:missing=true",
			"priority:not=urgent", "owner=Organization/a", "owner:missing=true", "owner:Organization=a", "owner:identifier=9", "patient=Patient/1", "patient=2",
			"patient:missing=false", "subject=Patient/2", "subject:missing=true", "code=a", "code:not=a", "focus:missing=true", "code:text=t"},
		rare: []string{"code=urn:s|", "authored-on=ge2026-11-23", "authored-on=2026-11", "authored-on:missing=true", "period=lt2026-11-23",
			"modified:missing=true", "performer:missing=false", "part-of:missing=true", "identifier=1", "patient.birthdate=1970-01-01", "_has:Task:owner:status=x",
			"input=x", "_include=Task:patient"},
		sorts: []string{"authored-on", "-authored-on", "status", "-priority", "_id", "-_lastUpdated", "priority,-_id", "period", "modified", "description"},
		asked: []string{"status", "priority", "note", "description", "for", "input", "code", "contained"},
	},
	"Appointment": {
		elements: []string{"status", "start", "end", "participant", "participant", "participant.actor", "participant.actor.reference", "participant.status", "comment", "serviceType",
			"serviceType.coding", "priority", "schedule"},
		write: []string{"status", "start", "end", "participant", "comment", "serviceType", "priority", "slot"},
		criteria: []string{"", "", "", "", "?practitioner=Practitioner/1", "?status=booked", "?status:not=cancelled", "?patient=Patient/1", "?service-type=a", "?actor=Practitioner/1,Practitioner/2",
			"?_security=R"},
		transitions: []string{"booked->cancelled", "proposed->booked", "booked->noshow", "cancelled->booked", "->booked", "->proposed", "proposed->cancelled"},
		token:       []string{"cruds", "cruds?status=booked", "cruds?part-status=accepted", "cruds?practitioner=Practitioner/1", "cruds?service-type=a"},
		denied:      []string{"Appointment?status=booked", "Appointment/t1", "Appointment?service-type=a", "Appointment?practitioner=Practitioner/2", "Appointment/t3"},
		terms: []string{"status=booked", "status:not=cancelled", "status=booked,proposed", "practitioner=Practitioner/1", "practitioner=2", "patient=Patient/1", "patient=2",
			"patient:missing=true", "actor=Patient/2", "part-status=accepted", "service-type=a", "service-type:not=a", "service-type:missing=true", "patient:identifier=9", "service-type:text=check"},
		rare: []string{"date=ge2026-11-23", "date=2026-11", "date:missing=true", "slot:missing=true", "slot=1", "identifier=9", "location=Location/1",
			"patient.name=x", "_has:Task:focus:status=x", "comment=x", "_revinclude=Task:focus", "reason-code:missing=true", "supporting-info:missing=true"},
		sorts: []string{"date", "-date", "status", "_id", "-_lastUpdated", "part-status", "service-type", "status,-date", "-identifier"},
		asked: []string{"status", "start", "participant", "comment", "serviceType", "priority", "slot", "text"},
	},
	"DocumentReference": {
		elements: []string{"status", "date", "category", "category.coding", "type", "type.coding", "description", "subject", "subject.reference", "content", "content",
			"content.attachment.contentType", "content.attachment.title", "securityLabel", "context", "context.period", "author", "filing"},
		write: []string{"status", "date", "category", "type", "description", "subject", "content", "securityLabel", "author", "context"},
		criteria: []string{"", "", "", "", "?category=referral", "?status=current", "?type=a", "?patient=Patient/1", "?security-label=R", "?_security=PSY", "?category:not=lab",
			"?security-label=R,PSY"},
		transitions: []string{"current->superseded", "current->entered-in-error", "superseded->current", "->current", "->superseded"},
		token:       []string{"cruds", "cruds?status=current", "cruds?description=a", "cruds?category=referral", "cruds?type=a"},
		denied: []string{"DocumentReference?category=referral", "DocumentReference/t1", "DocumentReference?type=a", "DocumentReference?security-label=PSY", "DocumentReference/t3",
			"DocumentReference?status=superseded"},
		terms: []string{"status=current", "category=referral", "category:not=lab", "category=urn:s|referral", "type=a", "type:missing=true", "patient=Patient/1", "patient=2",
			"subject=Patient/2", "description=a", "description:contains=B", "security-label=R", "security-label:missing=true", "category:text=t", "type:text=t", "subject:missing=true"},
		rare: []string{"date=ge2026-11-23", "date=2026-11", "date:missing=true", "contenttype=text/plain", "location=https://emr.example/doc/a", "location:missing=true",
			"period=lt2026-11-23", "author=Practitioner/1", "identifier=9", "related:missing=true", "patient.birthdate=1970-01-01", "content=x",
			"_include=DocumentReference:subject", "relation:missing=true"},
		sorts: []string{"date", "-date", "status", "_id", "-_lastUpdated", "description", "type", "status,-date", "period", "location"},
		asked: []string{"status", "date", "category", "type", "description", "content", "subject", "securityLabel", "context"},
	},
}

// anyTerms are criteria of every type, granted and not.
var anyTerms = []string{"_id=t1,t2,unknown", "_id=t1", "_lastUpdated=2026-11-20", "_tag:missing=true", "_source:missing=true", "_security=R", "_security:not=R", "_source=urn:s",
	"_text=all", "_filter=status eq x", "_contained=true", "_content=all", "bogus=1", "_summary=count", "_summary=false", "_summary=true"}

// when is a moment around now, as EMRs write one.
func (w *twins) when() string {
	return now.AddDate(0, 0, w.rnd.IntN(5)-2).Format(w.pick(time.DateOnly, time.RFC3339, "2006-01"))
}

// hides are members of every type that nobody is shown.
var hides = []string{"", "", `"contained":[{"resourceType":"Patient","id":"p","birthDate":"1970-01-01"}]`, `"contained":[{"resourceType":"Device","id":"d"}]`}

// asides are those that are shown where everything is.
var asides = []string{"", "", `"text":{"status":"generated","div":"<div>all</div>"}`, `"text":{"status":"generated","div":"<div>more</div>"}`,
	`"extension":[{"url":"urn:e","valueString":"x"}]`}

// statusAt is where the status stands among a resource's parts.
const statusAt = 3

// within are changes of what stands within a member and is often the part of it that is hidden.
var within = []*strings.Replacer{
	strings.NewReplacer(`,"display":"X"`, ``, `,"display":"Y"`, `,"display":"X"`, `,"display":"Desk"`, `,"display":"Other"`),
	strings.NewReplacer(`/1"},"status"`, `/1","display":"Z"},"status"`, `"text":"t"`, `"text":"u"`, `"title":"t"`, `"title":"u"`),
	strings.NewReplacer(`"QQ=="`, `"Qg=="`, `/a"`, `/b"`, `,"_description":{"id":"d"}`, ``, `"text/plain"`, `"text/html"`, `"code":"b"`, `"code":"c"`),
	strings.NewReplacer(`"data":"QQ==",`, ``, `"format":{"code":"f"}`, `"format":{"code":"g"}`, `"status":"accepted"}`, `"status":"declined"}`),
}

// metas are what else stands in meta: labels, which hold a resource back, and what is not shown of it.
var metas = []string{"", "", "", "", "", "", "", "", "", "", "", `,"security":[{"code":"R"}]`, `,"security":[{"code":"PSY"}]`, `,"source":"urn:s"`, `,"extension":[{"url":"urn:e","valueString":"x"}]`}

// members are the alternatives for each member of a resource of the world's type, "" for none.
func (w *twins) members() [][]string {
	switch w.typ {
	case "Appointment":
		return w.appointmentMembers()
	case "DocumentReference":
		return w.documentMembers()
	}
	return [][]string{
		hides, asides,
		{`"status":"requested"`, `"status":"requested"`, `"status":"accepted"`, `"status":"completed"`},
		{"", `"priority":"urgent"`, `"priority":"routine"`},
		{"", `"authoredOn":"` + w.when() + `"`, `"authoredOn":"` + w.when() + `"`},
		{"", `"owner":{"reference":"Organization/a"}`, `"owner":{"reference":"Organization/a","display":"Desk"}`, `"owner":{"reference":"Organization/b"}`, `"owner":{"display":"Desk"}`},
		{"", `"for":{"reference":"Patient/1"}`, `"for":{"reference":"Patient/2","display":"X"}`, `"for":{"reference":"Patient/3"}`, `"for":{"display":"Y"}`,
			`"for":{"reference":"https://other.example/Patient/2"}`},
		{"", `"code":{"coding":[{"system":"urn:s","code":"a"}]}`, `"code":{"coding":[{"code":"b"},{"code":"a"}],"text":"t"}`, `"code":{"text":"a"}`},
		{"", `"description":"x"`, `"description":"y","_description":{"id":"d"}`},
		{"", `"note":[{"text":"a"}]`, `"note":[{"text":"b"},{"text":"a"}]`},
		{"", `"executionPeriod":{"start":"` + w.when() + `"}`},
		{"", "", "", `"focus":{"reference":"Patient/2"}`, `"focus":{"reference":"DocumentReference/1"}`},
		{"", "", `"input":[{"type":{"text":"t"},"valueAttachment":{"url":"https://emr.example/` + w.pick("a", "b") + `","title":"t"}}]`},
	}
}

func (w *twins) appointmentMembers() [][]string {
	with := func(refs ...string) string {
		var out []string
		for _, ref := range refs {
			out = append(out, `{"actor":{"reference":"`+ref+`"`+w.pick("", "", `,"display":"X"`, `,"display":"Y"`)+`},"status":"`+w.pick("accepted", "accepted", "declined")+`"}`)
		}
		return `"participant":[` + strings.Join(out, ",") + `]`
	}
	return [][]string{
		hides, asides,
		{`"status":"booked"`, `"status":"booked"`, `"status":"proposed"`, `"status":"cancelled"`},
		{"", `"start":"` + w.when() + `"`, `"start":"` + w.when() + `"`},
		{"", `"end":"` + w.when() + `"`},
		{with("Practitioner/1", "Patient/1"), with("Practitioner/1", "Patient/2"), with("Practitioner/2", "Patient/1", "Patient/3"), with("Patient/1", "Practitioner/1", "Patient/2"),
			with("Practitioner/1"), with("Practitioner/1", "https://other.example/Patient/2"), `"participant":[{"actor":{"display":"somebody"},"status":"accepted"}]`},
		{"", `"comment":"a"`, `"comment":"b"`},
		{"", `"serviceType":[{"coding":[{"system":"urn:s","code":"a"}]}]`, `"serviceType":[{"coding":[{"code":"b"},{"code":"a"}],"text":"check"}]`, `"serviceType":[{"text":"a"}]`},
		{"", `"priority":1`, `"priority":2`},
		{"", "", `"slot":[{"reference":"Slot/1"}]`, `"slot":[{"reference":"Slot/2"}]`},
	}
}

func (w *twins) documentMembers() [][]string {
	label := func(codes ...string) string {
		return `"securityLabel":[{"coding":[{"code":"` + strings.Join(codes, `"},{"code":"`) + `"}]}]`
	}
	return [][]string{
		hides, asides,
		{`"status":"current"`, `"status":"current"`, `"status":"superseded"`},
		{"", `"date":"` + w.when() + `"`, `"date":"` + w.when() + `"`},
		{"", `"category":[{"coding":[{"system":"urn:s","code":"referral"}]}]`, `"category":[{"coding":[{"code":"referral"}]},{"coding":[{"code":"lab"}],"text":"t"}]`,
			`"category":[{"text":"referral"}]`},
		{"", `"type":{"coding":[{"system":"urn:s","code":"a"}]}`, `"type":{"coding":[{"code":"a"},{"code":"b"}],"text":"t"}`},
		{"", `"description":"a"`, `"description":"ab"`},
		{"", `"subject":{"reference":"Patient/1"}`, `"subject":{"reference":"Patient/2","display":"X"}`, `"subject":{"reference":"Patient/1","display":"Y"}`, `"subject":{"display":"Z"}`},
		{"", `"content":[{"attachment":{"contentType":"text/plain","data":"` + w.pick("QQ==", "Qg==") + `","title":"t"}}]`,
			`"content":[{"attachment":{"contentType":"text/plain","url":"https://emr.example/doc/` + w.pick("a", "b") + `"},"format":{"code":"f"}}]`},
		{"", "", "", "", "", label("R"), label("PSY"), label("R", "PSY"), label("N"), label("N")},
		{"", "", `"author":[{"reference":"Practitioner/1"}]`, `"author":[{"reference":"Practitioner/2","display":"X"}]`},
		{"", "", `"context":{"period":{"start":"` + w.when() + `"}}`, `"context":{"sourcePatientInfo":{"reference":"Patient/2"}}`},
	}
}
