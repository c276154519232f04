package policy_test

import (
	"fmt"
	"net/url"
	"strings"
)

// What the worlds of the comparison are drawn from.

var elementPools = map[string][]string{
	"Appointment": {"status", "start", "participant", "participant.status", "participant.actor.reference", "participant.actor", "comment",
		"serviceType", "serviceType.coding", "identifier", "slot", "text", "priority", "extension"},
	"Task": {"status", "authoredOn", "owner", "owner.reference", "for", "for.reference", "code", "executionPeriod", "executionPeriod.start",
		"priority", "note", "restriction.period", "input", "focus", "description", "identifier"},
	"DocumentReference": {"status", "date", "category", "type", "type.coding", "description", "subject", "subject.reference", "content",
		"content.attachment.contentType", "content.format", "securityLabel", "author", "context", "context.period", "identifier", "masterIdentifier"},
}

var writePools = map[string][]string{
	"Appointment":       {"status", "start", "participant", "comment", "serviceType", "slot", "priority", "identifier"},
	"Task":              {"status", "authoredOn", "owner", "for", "code", "priority", "note", "restriction", "description", "executionPeriod"},
	"DocumentReference": {"status", "date", "category", "type", "description", "subject", "content", "securityLabel", "context", "content"},
}

// setPools are names of sets of elements.
var setPools = map[string][]string{
	"Appointment": {"schedule", "contact", "notes"}, "Task": {"worklist", "contact", "reason"}, "DocumentReference": {"filing", "contact", "reason"},
}

// askedPools are what _elements asks for.
var askedPools = map[string][]string{
	"Appointment":       {"status", "start", "participant", "comment", "serviceType", "priority", "id"},
	"Task":              {"status", "owner", "for", "code", "note", "restriction", "input", "executionPeriod", "meta", "text"},
	"DocumentReference": {"status", "date", "category", "type", "subject", "securityLabel", "context"},
}

var sortPools = map[string][]string{
	"Appointment":       {"date", "-date", "status,-date", "_lastUpdated", "part-status"},
	"Task":              {"authored-on", "-period", "priority,status", "_id"},
	"DocumentReference": {"date", "-description", "status", "period"},
}

// terms are criteria for a type, as they stand in a URL.
func (w *drawn) terms(typ string) []string {
	date := func() string {
		m := w.moment()
		if i := strings.Index(m, "."); i > 0 && w.oneIn(2) { // a search to the second as well as to the millisecond
			m = m[:i]
		}
		if len(m) > 10 && len(m) < 20 && w.oneIn(2) {
			m = m[:16] // to the minute, by the clinic's clock
		}
		return url.QueryEscape(w.pick("", "", "ge", "le", "gt", "lt", "sa", "eb", "ne", "ap", "eq") + m)
	}
	terms := []string{
		"_security=R", "_security=R,V", "_security=" + confidentiality + "|R", "_security=N", "_security:not=R", "_security=PSY,R", "_security=SPI", "_security:missing=true",
		"_id=" + w.pick("1", "2", "0,1,2", "1,nobody"), "_tag=a", "_tag=urn:t|", "_lastUpdated=" + date(), "_profile=urn:p", "_source=urn:s",
	}
	terms = w.some(2, terms)
	return append(terms, map[string]func() []string{
		"Appointment": func() []string {
			return []string{
				"practitioner=Practitioner/1", "practitioner=Practitioner/2", "practitioner=1,3", "patient=Patient/1", "patient=1,2", "actor=Patient/1",
				"patient:missing=false", "patient:missing=true", "practitioner:missing=true", "patient:identifier=urn:i|9", "actor:Practitioner=1",
				"status=booked", "status=booked,pending", "status:not=cancelled", "status:not=booked,pending", "status:missing=true",
				"status=http://hl7.org/fhir/appointmentstatus|booked", "status=urn:x|booked",
				"part-status=accepted", "part-status:not=declined", "date=" + date(), "date=" + date() + "&date=" + date(), "date=" + date() + "," + date(), "date:missing=false",
				"service-type=a", "service-type=urn:s|a", "service-type=|a", "service-type=urn:s|", "service-type:not=a", "service-type:text=check",
				"identifier=9", "identifier=urn:i|9", "identifier=|9", "slot=Slot/1", "slot=1", "slot:missing=true",
			}
		},
		"Task": func() []string {
			return []string{
				"owner=Organization/a", "owner=Organization/b,Practitioner/1", "owner:missing=true", "owner:Organization=a", "patient=Patient/1", "patient=2", "subject=Patient/1",
				"subject=" + url.QueryEscape("https://emr.example/Patient/1"), "patient:missing=false", "status=requested", "status:not=completed", "status=requested,accepted",
				"authored-on=" + date(), "authored-on=" + date(), "period=" + date(), "period=" + date(), "period=" + date() + "," + date(), "period:missing=true",
				"code=a", "code:not=a", "code=urn:s|a", "code=|a", "priority=urgent", "priority:missing=true", "focus=DocumentReference/1", "identifier=urn:i|9", "focus:missing=false",
			}
		},
		"DocumentReference": func() []string {
			return []string{
				"category=referral", "category=urn:s|referral", "category=|referral", "category=referral,lab", "category:not=lab", "category:missing=true", "category:text=ref",
				"type=a", "type=urn:s|a", "type:not=a", "status=current", "date=" + date(), "date=" + date(), "date=" + date(), "period=" + date(), "description=" + url.QueryEscape("élo"),
				"description=elo", "description:exact=" + url.QueryEscape("Élodie"), "description:contains=DIE", "patient=Patient/1", "patient=1", "author=Practitioner/1",
				"security-label=R", "security-label=" + confidentiality + "|R", "security-label=R,V", "security-label=" + actCode + "|PSY,R", "security-label=N", "security-label:not=R",
				"format=urn:f", "format=a", "location=https://emr.example/doc", "identifier=9", "identifier=urn:i|9",
			}
		},
	}[typ]()...)
}

// document is a resource of the world's type.
func (w *drawn) document(id string) string {
	out := `{"resourceType":"` + w.typ + `","id":"` + id + `"`
	for _, m := range w.members() {
		if v := w.pick(m...); v != "" {
			out += "," + v
		}
	}
	return out + "}"
}

// members are the alternatives for each member of a resource of the world's type, "" for none.
func (w *drawn) members() [][]string {
	common := [][]string{
		{"", "", "", "", `"meta":{"security":[{"code":"PSY"}]}`, `"meta":{"versionId":"3","lastUpdated":"` + w.moment() + `"}`, `"meta":{"versionId":"1","security":[{"code":"R"}]}`,
			`"meta":{"security":[{"system":"` + confidentiality + `","code":"R"},{"code":"V"}],"tag":[{"system":"urn:t","code":"a"}]}`,
			`"meta":{"security":[{"code":"N"},{"system":"` + confidentiality + `","code":"N"}],"source":"urn:s","profile":["urn:p","urn:q"]}`,
			`"meta":{"tag":[{"code":"a"}],"_lastUpdated":{"id":"x"},"extension":[{"url":"urn:e","valueString":"hidden"}]}`},
		{"", "", `"text":{"status":"generated","div":"<div>all of it</div>"}`},
		{"", "", "", `"extension":[{"url":"urn:e","valueDecimal":1.50}]`},
		{"", "", "", "", `"contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Device","id":"d"}]`},
		{"", "", "", `"_status":{"extension":[{"url":"urn:e","valueCode":"x"}]}`},
		{"", "", "", `"identifier":[{"system":"urn:i","value":"9"},{"value":"9"}]`, `"identifier":[{"value":"9"}]`, `"identifier":[{"system":"urn:i","value":"8"}]`, `"identifier":[{"system":"urn:i"}]`},
	}
	switch w.typ {
	case "Task":
		return append(common, w.taskMembers()...)
	case "DocumentReference":
		return append(common, w.documentMembers()...)
	}
	return append(common, w.appointmentMembers()...)
}

func (w *drawn) appointmentMembers() [][]string {
	who := func(refs ...string) string {
		var out []string
		for _, ref := range refs {
			out = append(out, `{"actor":{"reference":"`+ref+`","display":"X"},"status":"`+w.pick("accepted", "declined")+`"}`)
		}
		return `"participant":[` + strings.Join(out, ",") + `]`
	}
	return [][]string{
		{"", `"status":"booked"`, `"status":"booked"`, `"status":"pending"`, `"status":"cancelled"`, `"status":"b\u006foked"`, `"status":"Booked "`},
		{"", `"start":"` + w.moment() + `"`, `"start":"` + w.moment() + `"`, `"start":"` + w.moment() + `"`, `"start":"tomorrow"`},
		{"", who("Practitioner/1", "Patient/1"), who("Practitioner/1", "Patient/2"), who("Practitioner/2", "Patient/1"), who("Practitioner/3", "Practitioner/2", "Patient/2"),
			who("Practitioner/1/_history/2"), who("https://emr.example/Patient/1", "Practitioner/1"), `"participant":[{"status":"declined"}]`,
			`"participant":[{"actor":{"type":"Patient","identifier":{"system":"urn:i","value":"9"}},"status":"accepted"},{"actor":{"reference":"Practitioner/1"}}]`,
			`"participant":[{"actor":{"reference":"#p"}},{"actor":{"reference":"#d"}}]`, `"participant":[{"actor":{"reference":"urn:uuid:1","type":"` + w.pick("Patient", "Device") + `"}}]`,
			`"participant":[{"actor":{"display":"somebody"}},{"status":"accepted"}]`},
		{"", `"comment":"a"`, `"comment":"b"`},
		{"", `"priority":1`, `"priority":2`},
		{"", `"serviceType":[{"coding":[{"system":"urn:s","code":"a","display":"Check-up"}]}]`, `"serviceType":[{"coding":[{"code":"a"},{"system":"urn:s","code":"b"}],"text":"checks"}]`,
			`"serviceType":[{"text":"a"},{"coding":[{"system":"urn:t","code":"a"},{"system":"urn:s","code":"a"}]}]`,
			`"serviceType":[{"text":"a"}]`, `"serviceType":[{"coding":[{"system":"urn:s"}]}]`, `"serviceType":[{"coding":[{"system":"URN:S","code":" A"}]}]`},
		{"", "", `"slot":[{"reference":"Slot/1"}]`, `"slot":[{"reference":"Slot/2"},{"reference":"Slot/1"}]`, `"slot":[]`},
	}
}

func (w *drawn) taskMembers() [][]string {
	period := func() string {
		return fmt.Sprintf(`"executionPeriod":{"start":"%s","end":"%s"}`, w.moment(), w.moment())
	}
	return [][]string{
		{`"status":"requested"`, `"status":"accepted"`, `"status":"completed"`, ""},
		{"", `"authoredOn":"` + w.moment() + `"`, `"authoredOn":"` + w.moment() + `"`, `"authoredOn":"` + w.moment() + `"`},
		{"", `"owner":{"reference":"Organization/a","display":"Desk"}`, `"owner":{"reference":"Organization/b"}`, `"owner":{"reference":"Practitioner/1"}`, `"owner":{"display":"Desk"}`},
		{"", `"for":{"reference":"Patient/1"}`, `"for":{"reference":"Patient/2","display":"X"}`, `"for":{"reference":"https://emr.example/Patient/1"}`, `"for":{"reference":"Group/1"}`, `"for":{"reference":"#` + w.pick("p", "d", "q") + `"}`,
			`"for":{"display":"X"}`, `"for":{"display":"X","type":"Group"}`, `"for":{"identifier":{"system":"urn:i","value":"9"}}`, `"for":{"reference":"https://emr.example/Group/1"}`},
		{"", `"code":{"coding":[{"system":"urn:s","code":"a"}]}`, `"code":{"coding":[{"code":"a"},{"system":"urn:s","code":"b"}]}`, `"code":{"text":"a"}`, `"code":{"coding":[{"system":"urn:t","code":"A"}]}`, `"code":{}`},
		{"", period(), period(), `"executionPeriod":{"start":"` + w.moment() + `"}`, `"executionPeriod":{"end":"` + w.moment() + `"}`},
		{"", `"priority":"urgent"`, `"priority":"routine"`}, {"", `"note":[{"text":"a"}]`, `"note":[{"text":"b"},{"text":"a"}]`},
		{"", `"description":"x"`, `"description":"y","_description":{"id":"d"}`}, {"", `"intent":"order"`},
		{"", "", `"restriction":{"period":{"start":"2026"}}`, `"restriction":{"repetitions":3,"period":{"end":"2026"}}`, `"restriction":{"repetitions":3}`},
		{"", "", `"input":[{"type":{"text":"t"},"valueAttachment":{"url":"https://emr.example/a","data":"QQ==","title":"t"}}]`, `"input":[{"valueAttachment":{"url":"https://emr.example/a"}},{"valueString":"s"}]`,
			`"input":[{"type":{"text":"t"},"valueUrl":"https://emr.example/a"},{"valueBase64Binary":"QQ==","id":"b"}]`},
		{"", "", `"focus":{"reference":"DocumentReference/1"}`, `"focus":{"reference":"Patient/2"}`, `"focus":{"display":"X"}`, `"focus":{"identifier":{"value":"9"}}`},
	}
}

func (w *drawn) documentMembers() [][]string {
	attachment := `"content":[{"attachment":{"contentType":"text/plain","data":"QQ==","url":"https://emr.example/doc"},"format":{"system":"urn:x","code":"a"}}]`
	label := func(system, code string) string {
		return `"securityLabel":[{"coding":[{"system":"` + system + `","code":"` + code + `"}]}]`
	}
	return [][]string{
		{`"status":"current"`, `"status":"superseded"`, ""},
		{"", `"date":"` + w.moment() + `"`, `"date":"` + w.moment() + `"`, `"date":"` + w.moment() + `"`},
		{"", `"category":[{"coding":[{"code":"referral"}]}]`, `"category":[{"coding":[{"system":"urn:s","code":"referral","display":"Referral"}]},{"coding":[{"code":"lab"}]}]`,
			`"category":[{"coding":[{"system":"urn:s","code":"lab"}],"text":"referral"}]`, `"category":[{"text":"referral"}]`,
			`"category":[{"coding":[{"code":" Referral"}]}]`, `"category":[{"coding":[{"system":"urn:s","display":"Referral"}]}]`, `"category":[{"coding":[{"system":"urn:t","code":"referral"}]}]`},
		{"", `"type":{"coding":[{"system":"urn:s","code":"a"}]}`, `"type":{"coding":[{"code":"a"},{"code":"b"}],"text":"t"}`, `"type":{"text":"t"}`, `"type":{"coding":[{"system":"urn:s","code":"A"}]}`},
		{"", `"description":"Élodie"`, `"description":"elodie"`, `"description":" ÉLODIE"`, `"description":"Chlo\u00e9"`},
		{"", `"subject":{"reference":"Patient/1","display":"X"}`, `"subject":{"reference":"Patient/2"}`, `"subject":{"reference":"Group/1"}`, `"subject":{"display":"X"}`, `"subject":{"reference":"urn:uuid:1"}`},
		{"", "", "", "", `"securityLabel":[{"coding":[{"code":"R"}]}]`, label(confidentiality, "R"), label(confidentiality, "V"), label(actCode, "PSY"), label("urn:other", "R"), label(confidentiality, "N"), `"securityLabel":[{"text":"R"}]`},
		{"", attachment, attachment, `"content":[{"attachment":{"url":"https://emr.example/doc"}},{"attachment":{"contentType":"text/plain"}}]`},
		{"", "", `"author":[{"reference":"Practitioner/1"}]`, `"author":[{"reference":"Practitioner/2"},{"reference":"Practitioner/1"}]`},
		{"", "", `"context":{"period":{"start":"` + w.moment() + `"},"sourcePatientInfo":{"reference":"Patient/1"}}`, `"context":{"period":{"start":"` + w.moment() + `","end":"` + w.moment() + `"}}`},
		{"", "", `"masterIdentifier":{"system":"urn:i","value":"9"}`},
	}
}
