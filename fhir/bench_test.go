package fhir

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// searchsetOf is a made-up searchset of n entries as an EMR sends it: 60 % Appointment, 25 % Task, 15 % DocumentReference,
// about 2.4 kB each.
func searchsetOf(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle","id":"page","type":"searchset","total":` + strconv.Itoa(n) +
		`,"link":[{"relation":"self","url":"https://emr.example/fhir/Appointment?date=ge2026-11-01"}],"entry":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		make := appointmentJSON
		switch {
		case i%20 >= 17:
			make = documentJSON
		case i%20 >= 12:
			make = taskJSON
		}
		fmt.Fprintf(&b, `{"fullUrl":"https://emr.example/fhir/x/%d","resource":%s,"search":{"mode":"match"}}`, i, make(i))
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

func narrative(i int) string {
	return fmt.Sprintf(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p><b>Fiche n° %d</b></p>%s</div>"}`, i,
		strings.Repeat(`<table class=\"grid\"><tr><td>Patient</td><td>Élodie Tremblay-Gagné</td></tr><tr><td>Motif</td><td>Suivi de l'hypertension, renouvellement</td></tr></table>`, 3))
}

func metaJSON(i int) string {
	return fmt.Sprintf(`"meta":{"versionId":"%d","lastUpdated":"2026-11-%02dT08:30:00.000-05:00","source":"urn:emr:7","security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N"}]}`, i%9+1, i%28+1)
}

func appointmentJSON(i int) string {
	return fmt.Sprintf(`{"resourceType":"Appointment","id":"a%d",%s,%s,"extension":[{"url":"https://emr.example/ext/room","valueString":"Salle %d"}],`+
		`"identifier":[{"system":"https://emr.example/appointments","value":"%07d"}],"status":"%s",`+
		`"serviceCategory":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/service-category","code":"17","display":"General Practice"}]}],`+
		`"serviceType":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/service-type","code":"124"}],"text":"Consultation"}],`+
		`"reasonCode":[{"coding":[{"system":"http://snomed.info/sct","code":"38341003","display":"Hypertension"}],"text":"Suivi"}],"priority":5,`+
		`"description":"Suivi de l'hypertension artérielle","start":"2026-11-%02dT%02d:00:00-05:00","end":"2026-11-%02dT%02d:15:00-05:00","minutesDuration":15,`+
		`"created":"2026-10-01","comment":"Apporter la liste des médicaments; appeler au 555-0100 en cas de retard.",`+
		`"participant":[{"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"SBJ"}]}],"actor":{"reference":"Patient/p%d","display":"Élodie Tremblay"},"required":"required","status":"accepted"},`+
		`{"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"PPRF"}]}],"actor":{"reference":"Practitioner/%d","display":"Dr. Lee"},"required":"required","status":"accepted"},`+
		`{"actor":{"reference":"Location/%d","display":"Clinique de l'Érable"},"required":"required","status":"accepted"}]}`,
		i, metaJSON(i), narrative(i), i%12, i, []string{"booked", "arrived", "cancelled"}[i%3], i%28+1, 8+i%9, i%28+1, 8+i%9, i%300, 40+i%4, i%3)
}

func taskJSON(i int) string {
	return fmt.Sprintf(`{"resourceType":"Task","id":"t%d",%s,%s,"identifier":[{"system":"https://emr.example/ticklers","value":"%07d"}],"status":"requested",`+
		`"businessStatus":{"text":"En attente"},"intent":"order","priority":"routine","code":{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"fulfill"}]},`+
		`"description":"Rappeler la patiente au sujet de ses résultats","for":{"reference":"Patient/p%d","display":"Élodie Tremblay"},`+
		`"executionPeriod":{"start":"2026-11-%02d"},"authoredOn":"2026-11-%02dT09:00:00-05:00","lastModified":"2026-11-%02dT10:00:00-05:00",`+
		`"requester":{"reference":"Practitioner/%d"},"owner":{"reference":"Organization/front-desk","display":"Accueil"},`+
		`"note":[{"authorString":"Dr. Lee","time":"2026-11-01T09:00:00-05:00","text":"Le potassium est à 5.1; reprendre dans une semaine, à jeun si possible."}],`+
		`"restriction":{"period":{"end":"2026-12-%02d"}},"input":[{"type":{"text":"valeur"},"valueDecimal":1.50},{"type":{"text":"canal"},"valueString":"téléphone"}]}`,
		i, metaJSON(i), narrative(i), i, i%300, i%28+1, i%28+1, i%28+1, 40+i%4, i%28+1)
}

func documentJSON(i int) string {
	return fmt.Sprintf(`{"resourceType":"DocumentReference","id":"d%d",%s,%s,"masterIdentifier":{"system":"urn:ietf:rfc:3986","value":"urn:oid:1.2.3.%d"},"status":"current","docStatus":"final",`+
		`"type":{"coding":[{"system":"http://loinc.org","code":"57133-1","display":"Referral note"}]},"category":[{"coding":[{"system":"https://emr.example/cat","code":"referral"}]}],`+
		`"subject":{"reference":"Patient/p%d","display":"Élodie Tremblay"},"date":"2026-11-%02dT11:00:00-05:00","author":[{"reference":"Practitioner/%d","display":"Dr. Lee"}],`+
		`"description":"Demande de consultation en cardiologie","securityLabel":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N"}]}],`+
		`"content":[{"attachment":{"contentType":"application/pdf","language":"fr-CA","url":"https://emr.example/files/%d?sig=abc","size":48213,"hash":"2jmj7l5rSw0yVb/vlWAYkK/YBwk=","title":"Demande","creation":"2026-11-01T11:00:00-05:00"}}],`+
		`"context":{"encounter":[{"reference":"Encounter/%d"}],"period":{"start":"2026-11-01T10:00:00-05:00","end":"2026-11-01T10:15:00-05:00"}}}`,
		i, metaJSON(i), narrative(i), i, i%300, i%28+1, 40+i%4, i, i)
}

const pageSize = 1000

func BenchmarkParse(b *testing.B) {
	page := searchsetOf(pageSize)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(page, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseByJsontext is the oracle doing the same checks without an index.
func BenchmarkParseByJsontext(b *testing.B) {
	page := searchsetOf(pageSize)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		d := jsontext.NewDecoder(bytes.NewReader(page))
		for {
			if _, err := d.ReadToken(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkMemcpy(b *testing.B) {
	page := searchsetOf(pageSize)
	out := make([]byte, len(page))
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		copy(out, page)
	}
}

// seen is what a grant for the front desk shows of each type.
func seen(tb testing.TB) map[string]Elements {
	tb.Helper()
	paths := map[string][]string{
		"Appointment":       {"status", "start", "end", "serviceType", "participant.actor.reference", "participant.status", "comment"},
		"Task":              {"status", "intent", "description", "for", "owner", "restriction", "note"},
		"DocumentReference": {"status", "type", "category", "subject", "date", "content"},
	}
	out := map[string]Elements{}
	for typ, list := range paths {
		e, err := NewElements(typ, list...)
		if err != nil {
			tb.Fatal(err)
		}
		out[typ] = e
	}
	return out
}

func entriesOf(tb testing.TB, page []byte) []Entry {
	tb.Helper()
	bundle, err := ParseBundle(page, Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	entries, err := bundle.Entries()
	if err != nil {
		tb.Fatal(err)
	}
	return entries
}

func BenchmarkCutAndAppend(b *testing.B) {
	page := searchsetOf(pageSize)
	entries, elements := entriesOf(b, page), seen(b)
	out := make([]byte, 0, len(page))
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		out = out[:0]
		for _, e := range entries {
			out = e.Resource.Cut(elements[e.Resource.Type()]).AppendTo(out)
		}
	}
}

// narrowed are the queries that a front desk's grant adds, by type.
func narrowed(tb testing.TB) map[string]Query {
	tb.Helper()
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		tb.Fatal(err)
	}
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, toronto)
	clause := func(typ, key, value string) Clause {
		c, err := ParseClause(typ, key, value, toronto)
		if err != nil {
			tb.Fatal(err)
		}
		return c
	}
	window := func(typ, param string) []Clause { return DateBetween(typ, param, from, from.AddDate(0, 0, 26)) }
	return map[string]Query{
		"Appointment": NewQuery("Appointment", window("Appointment", "date")...).With(
			clause("Appointment", "practitioner", "Practitioner/40,Practitioner/41,Practitioner/42"), clause("Appointment", "status:not", "cancelled")),
		"Task": NewQuery("Task", window("Task", "authored-on")...).With(clause("Task", "owner", "Organization/front-desk")),
		"DocumentReference": NewQuery("DocumentReference", window("DocumentReference", "date")...).With(
			clause("DocumentReference", "category", "referral"), clause("DocumentReference", "_security:not", "R,V")),
	}
}

// BenchmarkRelease is a page's whole way through this package: parse, match, cut, splice. The budget is 10 ms of CPU.
func BenchmarkRelease(b *testing.B) {
	page := searchsetOf(pageSize)
	elements, queries := seen(b), narrowed(b)
	out := make([]byte, 0, len(page))
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		set := Searchset{ID: "s", Base: "https://gate.example/maple", Self: "https://gate.example/maple/Appointment", Total: -1}
		for _, e := range entriesOf(b, page) {
			if typ := e.Resource.Type(); queries[typ].Match(e.Resource) {
				set.Entries = append(set.Entries, e.Resource.Cut(elements[typ]))
			}
		}
		out = set.AppendTo(out[:0])
	}
	b.ReportMetric(float64(len(out))/float64(len(page)), "released/received")
}
