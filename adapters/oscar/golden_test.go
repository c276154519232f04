package oscar

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/fhir"
)

var update = flag.Bool("update", false, "write golden files anew")

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// translator is an adapter without an EMR.
func translator(t testing.TB, answer roundTrip) *Adapter {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	if answer == nil {
		answer = func(*http.Request) (*http.Response, error) { t.Error("a translation asks the EMR"); return nil, io.EOF }
	}
	a, err := Open(Config{Base: "https://oscar.example.test/oscar", Dialect: OpenO, Client: Credential{"k", "s"}, Token: Credential{"t", "u"}, SOAP: SOAPLogin{"a", "b"},
		Zone: zone, Transport: answer, Attempts: 1, Now: func() time.Time { return time.Unix(1796900000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// below are the losses of a type's rows where they stand in an answer, and those of the answer around them.
func below(a *Adapter, typ string, prefixes []string, around ...string) []adapters.Loss {
	var out []adapters.Loss
	for _, l := range a.Losses(typ) {
		for _, p := range prefixes {
			out = append(out, adapters.Loss{Path: strings.TrimPrefix(p+"."+l.Path, "."), Why: l.Why})
		}
	}
	for _, path := range around {
		out = append(out, adapters.Loss{Path: path, Why: "not used of this answer"})
	}
	return out
}

func list(resources []fhir.Resource, err error) ([]byte, error) {
	out := []byte{'['}
	for i, r := range resources {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, r.Bytes()...)
	}
	return append(out, ']'), err
}

func each(v fhir.Value, f func(fhir.Value) (fhir.Resource, error)) ([]byte, error) {
	var all []fhir.Resource
	for m := range v.Items() {
		r, err := f(m)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return list(all, nil)
}

var envelopeOf = []string{"offset", "limit", "total", "timestamp"}

// reading are the translations of what an OSCAR sends, by the beginning of a golden file's name.
func reading(a *Adapter) map[string]adaptertest.Translation {
	doc := func(f func(fhir.Value) ([]byte, []adapters.Loss, error)) adaptertest.Translation {
		return func(in []byte) ([]byte, []adapters.Loss, error) {
			v, err := fhir.Parse(in, fhir.Limits{})
			if err != nil {
				return nil, nil, err
			}
			return f(v)
		}
	}
	visit := func(v fhir.Value) (fhir.Resource, error) { return a.appointmentResource(opRead, a.fullRow(v)) }
	task := func(v fhir.Value) (fhir.Resource, error) { return a.taskResource(opRead, a.ticklerRow(v)) }
	nothing := func(paths ...string) adaptertest.Translation {
		return doc(func(fhir.Value) ([]byte, []adapters.Loss, error) {
			return []byte("[]"), below(a, "", nil, paths...), nil
		})
	}
	return map[string]adaptertest.Translation{
		"full": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			r, err := visit(v.Get("appointment"))
			return r.Bytes(), below(a, "Appointment", []string{"appointment"}), err
		}),
		"history": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			out, err := each(v.Get("appointments"), visit)
			return out, below(a, "Appointment", []string{"appointments"}), err
		}),
		"range": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			out, err := each(v.Get("content"), func(m fhir.Value) (fhir.Resource, error) { return a.partial(a.candidate(m)) })
			return out, below(a, "Appointment", []string{"content"}, append(envelopeOf, "content.notes", "content.location", "content.resources", "content.status")...), err
		}),
		"sheet": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			rows, ok := sheetRows(v)
			if !ok {
				return nil, nil, wrong(opRead, typAppointment, "no sheet")
			}
			out, err := each(rows, func(m fhir.Value) (fhir.Resource, error) {
				row := a.sheetRow(m, "101", day{2026, 12, 14})
				return a.slotResource("taken-"+positiveID(row.id), "101", "busy", "", row.day, row.start, row.end)
			})
			var losses []adapters.Loss
			for _, name := range []string{"name", "reason", "type", "notes", "date", "demographicNo", "status"} {
				for _, p := range []string{"", "patients."} {
					losses = append(losses, adapters.Loss{Path: p + name, Why: "a busy Slot tells neither whose it is nor what for"})
				}
			}
			if v.Get("drug").Exists() {
				losses = below(a, "", nil, envelopeOf...)
			}
			return out, losses, err
		}),
		"statuses": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			t, err := statusTable(v)
			out, _ := json.Marshal(t)
			return out, below(a, "", nil, append(envelopeOf, "content.id", "content.color", "content.icon", "content.editable", "content.shortLetters", "content.shortLetterColour")...), err
		}),
		"reasons": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			t, err := reasonTable(v)
			out, _ := json.Marshal(t)
			return out, below(a, "", nil, "reasons.lookupListId", "reasons.value", "reasons.displayOrder", "reasons.createdBy", "reasons.dateCreated"), err
		}),
		"ticklers": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			out, err := each(v.Get("content"), task)
			return out, below(a, "Task", []string{"content"}, envelopeOf...), err
		}),
		"juno-task": func(in []byte) ([]byte, []adapters.Loss, error) {
			row, err := a.junoTickler(opRead, in)
			if err != nil {
				return nil, nil, err
			}
			r, err := a.taskResource(opRead, row)
			return r.Bytes(), below(a, "Task", []string{"body"}, "headers", "body.categoryId"), err
		},
		"stored": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			out, _ := json.Marshal(integer(v.Get("id")))
			var rest []string
			for name := range v.Members() {
				if name != "id" {
					rest = append(rest, name)
				}
			}
			return out, below(a, "", nil, rest...), nil
		}),
		"juno-document": nothing("headers", "body", "status"), "attachments": nothing("documentNo", "documentType", "documentTypeDisplay", "attached", "displayName", "shortName", "url"),
		"inbox": nothing("inboxResponse"),
		"patient": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			r, err := a.patientResource(v)
			return r.Bytes(), below(a, "Patient", []string{""}), err
		}),
		"providers": doc(func(v fhir.Value) ([]byte, []adapters.Loss, error) {
			out, err := each(v.Get("content"), func(m fhir.Value) (fhir.Resource, error) { return a.practitionerResource(a.providerRow(m)) })
			return out, below(a, "Practitioner", []string{"content"}, envelopeOf...), err
		}),
	}
}

func TestWhatAnOSCARSendsBecomesFHIROrIsListedAsLost(t *testing.T) {
	a := translator(t, nil)
	for kind, translate := range reading(a) {
		t.Run(kind, func(t *testing.T) {
			adaptertest.Golden(t, "testdata/"+kind+"-[0-9]*.txtar", *update, translate)
			names, _ := filepath.Glob("testdata/" + kind + "-[0-9]*.txtar")
			for _, name := range names {
				archive, err := txtar.ParseFile(name)
				if err != nil {
					t.Fatal(err)
				}
				t.Run(filepath.Base(name), func(t *testing.T) { adaptertest.Accounted(t, archive.Files[0].Data, translate) })
			}
		})
	}
}

// soapReading are the translations of SOAP answers.
func soapReading(a *Adapter) map[string]adaptertest.Translation {
	one := func(operation, typ string, f func(node) (fhir.Resource, error)) adaptertest.Translation {
		return func(in []byte) ([]byte, []adapters.Loss, error) {
			root, err := parseNode(in)
			if err != nil {
				return nil, nil, err
			}
			rows, ok := root.returned(operation)
			if !ok || len(rows) != 1 {
				return nil, nil, wrong(opRead, typ, "not one row")
			}
			r, err := f(rows[0])
			return r.Bytes(), a.Losses(typ), err
		}
	}
	return map[string]adaptertest.Translation{
		"soap-appointment": one("getAppointment2", typAppointment, func(n node) (fhir.Resource, error) { return a.appointmentResource(opRead, a.soapRow(n)) }),
		"soap-document":    one("getDocument", typDocument, func(n node) (fhir.Resource, error) { return a.documentResource(opRead, a.documentRow(n)) }),
	}
}

func TestWhatAnOSCARSendsBySOAPBecomesFHIROrIsListedAsLost(t *testing.T) {
	a := translator(t, nil)
	for kind, translate := range soapReading(a) {
		adaptertest.Golden(t, "testdata/"+kind+"-[0-9]*.txtar", *update, translate)
		names, _ := filepath.Glob("testdata/" + kind + "-[0-9]*.txtar")
		for _, name := range names {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			accountedXML(t, archive.Files[0].Data, translate)
		}
	}
}

// accountedXML is adaptertest.Accounted for the elements of a SOAP row.
func accountedXML(t *testing.T, in []byte, translate adaptertest.Translation) {
	t.Helper()
	before, losses, err := translate(in)
	if err != nil {
		t.Fatal(err)
	}
	_, row, _ := bytes.Cut(in, []byte("<return>"))
	row, _, _ = bytes.Cut(row, []byte("</return>"))
	root, err := parseNode([]byte("<r>" + string(row) + "</r>"))
	if err != nil || len(root.kids) < 10 {
		t.Fatal(err, len(root.kids))
	}
	for _, k := range root.kids {
		uses := false
		for _, other := range []string{"", "x", "7", "65", "2026-12-15T11:00:00-05:00"} {
			begin, end := []byte("<"+k.name+">"), []byte("</"+k.name+">")
			head, rest, _ := bytes.Cut(in, begin)
			_, tail, _ := bytes.Cut(rest, end)
			after, _, err := translate(slices.Concat(head, begin, []byte(other), end, tail))
			uses = uses || err != nil || !bytes.Equal(before, after)
		}
		lost := slices.ContainsFunc(losses, func(l adapters.Loss) bool { return l.Path == k.name })
		if uses == lost {
			t.Errorf("%s: used %v, lost %v", k.name, uses, lost)
		}
	}
}
