package oscar

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/fhir"
)

// writing are the translations of what callers send, by the beginning of a golden file's name.
func writing(t *testing.T, a *Adapter) map[string]adaptertest.Translation {
	base := func(name string) fhir.Value {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		v, err := fhir.Parse(archive.Files[0].Data, fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	const operation = "0123456789abcdef0123456789abcdef"
	of := func(f func(fhir.Resource) ([]byte, error)) adaptertest.Translation {
		return func(in []byte) ([]byte, []adapters.Loss, error) {
			r, err := fhir.ParseResource(in, fhir.Limits{})
			if err != nil {
				return nil, nil, err
			}
			out, err := f(r)
			return out, nil, err
		}
	}
	visit := func(base appointment, body func(appointment) []byte) adaptertest.Translation {
		return of(func(r fhir.Resource) ([]byte, error) {
			row, err := a.desired(r, base, operation)
			if err != nil {
				return nil, err
			}
			will := row
			will.id = max(will.id, 1)
			said, err := a.appointmentResource(opWrite, will)
			if err != nil {
				return nil, err
			}
			return body(row), kept(r, said, fhir.Resource{})
		})
	}
	task := func(base tickler, body func(tickler, []remark) []byte) adaptertest.Translation {
		return of(func(r fhir.Resource) ([]byte, error) {
			row, added, err := a.wanted(r, base, operation)
			if err != nil {
				return nil, err
			}
			return body(row, added), a.keptTask(t.Context(), r, row, added, nil)
		})
	}
	moved := a.fullRow(base("testdata/full-1-get.txtar").Get("appointment"))
	var active fhir.Value
	for m := range base("testdata/ticklers-1.txtar").Get("content").Items() {
		active = m
		break
	}
	none := appointment{start: noClock, end: noClock}
	return map[string]adaptertest.Translation{
		"book": visit(none, a.addBody), "move": visit(moved, func(row appointment) []byte { return a.replaceBody(row, false) }),
		"transfer":  visit(moved, func(row appointment) []byte { b, _ := json.Marshal(string(a.transfer(row))); return b }),
		"addtask":   task(tickler{}, func(row tickler, _ []remark) []byte { return a.addTicklerBody(row) }),
		"notetask":  task(a.ticklerRow(active), func(row tickler, added []remark) []byte { return a.updateTicklerBody(row, added, "101") }),
		"junowrite": task(a.ticklerRow(base("testdata/juno-task-1.txtar").Get("body")), func(row tickler, _ []remark) []byte { return a.junoBody(row) }),
		"file": of(func(r fhir.Resource) ([]byte, error) {
			row, err := a.wantDocument(r)
			if err != nil {
				return nil, err
			}
			return saveBody(row, operation), a.keptDocument(t.Context(), r, row)
		}),
	}
}

func TestWhatCallersSendBecomesWhatOSCARTakesOrIsRefusedByItsPath(t *testing.T) {
	a := translator(t, nil)
	for kind, translate := range writing(t, a) {
		t.Run(kind, func(t *testing.T) { adaptertest.Golden(t, "testdata/"+kind+"-*.txtar", *update, translate) })
	}
}

func TestFaultsBecomeTheirKindsAndKeepTheirTexts(t *testing.T) {
	adaptertest.Golden(t, "testdata/fault-*.txtar", *update, func(in []byte) ([]byte, []adapters.Loss, error) {
		a := translator(t, func(r *http.Request) (*http.Response, error) {
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(in)), r)
			if err == nil {
				resp.ContentLength = -1
			}
			return resp, err
		})
		err := a.told(t.Context(), "/ws/services/tickler/add", []byte("{}"))
		if err == nil {
			return []byte("true"), nil, nil
		}
		if plain := fhir.AsError(err); strings.Contains(plain.Error(), "GAGNON") {
			t.Errorf("the EMR's text is in %v", plain)
		} else {
			err = plain
		}
		return nil, nil, err
	})
}

// The shapes that the documents of the project describe lie outside the repository; whoever has them can try them all.
func TestPayloadsFromElsewhereTranslate(t *testing.T) {
	folder := os.Getenv("VESTIBULE_OSCAR_PAYLOADS")
	if folder == "" {
		return
	}
	a := translator(t, nil)
	kinds := map[string]string{"oscar-appointment-1.": "statuses", "oscar-appointment-11.": "reasons", "oscar-appointment-13.": "full", "oscar-appointment-2.": "full", "oscar-appointment-3.": "sheet",
		"oscar-appointment-4.": "sheet", "oscar-appointment-5.": "full", "oscar-appointment-6.": "range", "oscar-appointment-7.": "history", "oscar-appointment-9.": "sheet", "oscar-task-1.": "ticklers",
		"oscar-document-1.": "stored", "oscar-document-4.": "attachments", "oscar-inbox-1.": "inbox", "oscar-patient-1.": "patient", "oscar-provider-1.": "providers", "juno-task-1.": "juno-task", "juno-document-1.": "juno-document"}
	for name, kind := range kinds {
		body := payload(t, filepath.Join(folder, name+"json"))
		t.Run(name+kind, func(t *testing.T) {
			out, _, err := reading(a)[kind](body)
			t.Logf("%s %v", out, err)
			adaptertest.Accounted(t, body, reading(a)[kind])
		})
	}
	for name, kind := range map[string]string{"oscar-appointment-10.": "soap-appointment", "oscar-document-3.": "soap-document"} {
		var text string
		if err := json.Unmarshal(payload(t, filepath.Join(folder, name+"json")), &text); err != nil {
			t.Fatal(err)
		}
		out, _, err := soapReading(a)[kind]([]byte(text))
		t.Logf("%s %v", out, err)
		accountedXML(t, []byte(text), soapReading(a)[kind])
	}
}

func payload(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Response struct{ Body json.RawMessage }
	}
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p.Response.Body
}
