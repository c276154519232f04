package vestibule_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/fhirr4"
	"vestibule/adapters/oscar"
	"vestibule/adapters/oscar/oscartest"
	"vestibule/fhir"
	demoemr "vestibule/internal/demo/emr"
	"vestibule/policy"
)

// scan is a document of every byte.
func scan() []byte {
	b := make([]byte, 70_000)
	for i := range b {
		b[i] = byte(i*31 + i>>8)
	}
	return b
}

// filed are EMRs that hold scan, each behind its adapter, with the id of its DocumentReference.
func filed(t *testing.T) map[string]func(t *testing.T) (adapters.EMR, string) {
	return map[string]func(t *testing.T) (adapters.EMR, string){
		"FHIR, inline": func(t *testing.T) (adapters.EMR, string) {
			return fhirEMR(t, `"data":"`+base64.StdEncoding.EncodeToString(scan())+`","size":70000,"hash":"`+hashOf(string(scan()))+`"`), "scan"
		},
		"FHIR, a Binary of the EMR": func(t *testing.T) (adapters.EMR, string) { return fhirEMR(t, `"url":"Binary/b9","size":70000`), "scan" },
		"OSCAR":                     oscarEMR,
	}
}

func fhirEMR(t *testing.T, attachment string) adapters.EMR {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	e, err := demoemr.New(demoemr.Config{Base: "http://" + ts.Listener.Addr().String() + "/fhir"})
	if err != nil {
		t.Fatal(err)
	}
	doc := fmt.Sprintf(`{"resourceType":"DocumentReference","id":"scan","status":"current","category":[{"coding":[{"code":"letter"}]}],"type":{"text":"letter"},"subject":{"reference":"Patient/1"},`+
		`"content":[{"attachment":{"contentType":"application/pdf",%s}}]}`, attachment)
	if err := e.Load([]byte(doc), []byte(`{"resourceType":"Patient","id":"1"}`)); err != nil {
		t.Fatal(err)
	}
	binary := `{"resourceType":"Binary","id":"b9","contentType":"application/pdf","data":"` + base64.StdEncoding.EncodeToString(scan()) + `"}`
	ts.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fhir/Binary/b9" { // which the demo's EMR has none of
			w.Header().Set("Content-Type", "application/fhir+json")
			_, _ = w.Write([]byte(binary))
			return
		}
		e.ServeHTTP(w, r)
	})
	ts.Start()
	t.Cleanup(ts.Close)
	a, err := fhirr4.Open(fhirr4.Config{Base: e.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func oscarEMR(t *testing.T) (adapters.EMR, string) {
	t.Helper()
	s, err := oscartest.New(oscartest.Config{Dialect: oscartest.Dialect(oscar.OpenO), Zone: time.UTC, Clients: []oscartest.Client{{Key: "vestibule", Secret: "client-secret", Name: "Vestibule"}}, Burst: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	s.AddProviders(oscartest.Provider{No: "999998", LastName: "Okafor", FirstName: "Ngozi", User: "ngozi", Password: "made-up"})
	s.AddPatients(oscartest.Patient{LastName: "Madeup", FirstName: "Ines", HIN: "0000000000", ProviderNo: "999998"})
	id := s.AddDocuments(oscartest.Document{DemographicNo: s.Patients()[0].No, Type: "letter", Description: "A letter", Creator: "999998", Status: "A", Updated: now, ContentType: "application/pdf", Contents: scan()})[0]
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	token := s.Issue("vestibule", "999998", "document.write", "demographic.read", "provider.read")
	a, err := oscar.Open(oscar.Config{Base: ts.URL + "/oscar", Dialect: oscar.OpenO, Client: oscar.Credential{Key: "vestibule", Secret: "client-secret"},
		Token: oscar.Credential{Key: token.Key, Secret: token.Secret}, SOAP: oscar.SOAPLogin{User: "ngozi", Password: "made-up"}, Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a, strconv.Itoa(id)
}

// get is a GET over HTTP as the assistant.
func (d *door) get(t *testing.T, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequest("GET", "https://gw.test/fhir/maple"+path, nil)
	req.Header.Set("Authorization", "Bearer "+d.token(t, d.caller))
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, req)
	return rec
}

// A document that lies in an EMR of any kind is read back byte for byte, as it is or as a Binary, by the address that follows from
// its DocumentReference.
func TestDocumentsOfEveryKindOfEMRAreReadBack(t *testing.T) {
	for name, open := range filed(t) {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			var id string
			d.served, id = open(t)
			d.grant(t, 1, policy.Permission{Scope: "user/DocumentReference.rs?type:text=letter", Content: true})
			known := d.get(t, "/DocumentReference/"+id)
			link := fhir.BinaryLink(id, 0)
			if shows := strings.Contains(known.Body.String(), `"url":"`+link+`"`); known.Code != 200 || shows != (name == "OSCAR") || strings.Contains(known.Body.String(), "b9") {
				t.Errorf("%d %s", known.Code, known.Body)
			}
			got := d.get(t, "/"+link, "Accept", "application/pdf")
			if got.Code != 200 || !bytes.Equal(got.Body.Bytes(), scan()) {
				t.Fatalf("%d, %d bytes: %.300s", got.Code, got.Body.Len(), got.Body)
			}
			for header, want := range map[string]string{"Content-Type": "application/pdf", "Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
				"Content-Security-Policy": "sandbox; default-src 'none'", "Content-Length": "70000", "ETag": known.Header().Get("ETag")} {
				if got.Header().Get(header) != want {
					t.Errorf("%s: %q, want %q", header, got.Header().Get(header), want)
				}
			}
			if r := d.last(t); r.Query != "attachment=0" || r.Route != "GET /fhir/{clinic}/Binary/{id}" || got.Header().Get("Audit-Receipt") == "" || r.Released[0].Documents != 1 || len(r.Patients) != 1 {
				t.Errorf("recorded as %+v", r)
			}
			var b struct {
				ResourceType, ContentType string
				SecurityContext           struct{ Reference string }
				Data                      []byte
			}
			as := d.get(t, "/"+link, "Accept", "application/fhir+json")
			if err := json.Unmarshal(as.Body.Bytes(), &b); err != nil || b.ResourceType != "Binary" || b.ContentType != "application/pdf" || b.SecurityContext.Reference != "DocumentReference/"+id || !bytes.Equal(b.Data, scan()) {
				t.Errorf("%v: %.300s", err, as.Body)
			}
			if got := d.get(t, "/"+fhir.BinaryLink(id, 1)); got.Code != 404 {
				t.Errorf("another attachment: %d %s", got.Code, got.Body)
			}
			if got := d.get(t, "/metadata"); !strings.Contains(got.Body.String(), `{"type":"Binary","interaction":[{"code":"read"}]`) {
				t.Errorf("the statement says %s", got.Body)
			}
			d.grant(t, 2, policy.Permission{Scope: "user/DocumentReference.rs?type:text=letter"})
			if got := d.get(t, "/"+link); got.Code != 403 || !strings.Contains(got.Body.String(), "content-not-granted") {
				t.Errorf("without documents: %d %s", got.Code, got.Body)
			}
			if got := d.get(t, "/DocumentReference/"+id); strings.Contains(got.Body.String(), "url") || strings.Contains(got.Body.String(), `"data"`) {
				t.Errorf("without documents: %s", got.Body)
			}
		})
	}
}

// In which form a document comes is what Accept and _format say, and an error is an OperationOutcome whatever they say.
func TestADocumentComesInTheFormThatIsAskedFor(t *testing.T) {
	for _, c := range []struct{ contentType, query, accept, want string }{
		{"application/pdf", "", "", "application/pdf"},
		{"application/pdf", "", "*/*", "application/pdf"},
		{"application/pdf", "", "application/*", "application/pdf"},
		{"application/pdf", "", "image/*, */*;q=0.1", "application/pdf"},
		{"application/pdf", "", "application/fhir+json", "fhir"},
		{"application/pdf", "", "application/fhir+json; fhirVersion=4.0", "fhir"},
		{"application/pdf", "", "application/json", "fhir"},
		{"application/pdf", "", "application/fhir+json, */*", "fhir"},
		{"application/pdf", "", "application/pdf, application/fhir+json;q=0.5", "application/pdf"},
		{"application/pdf", "", "application/pdf;q=0.5, application/fhir+json", "fhir"},
		{"application/pdf", "", "application/pdf;q=0, */*", "fhir"},
		{"application/pdf", "", "image/png", "406"},
		{"application/pdf", "", "application/fhir+xml", "406"},
		{"application/pdf", "", "application/fhir+json;q=0", "406"},
		{"application/pdf", "", "application/fhir+json;q=nonsense", "fhir"},
		{"application/pdf", "", ",;,", "406"},
		{"application/pdf", "?_format=json", "", "fhir"},
		{"application/pdf", "?_format=application/fhir%2Bjson", "application/pdf", "fhir"},
		{"application/pdf", "?_format=xml", "", "406"},
		{"application/pdf", "?_elements=data", "", "400"},
		{"image/png", "", "application/*", "fhir"},
		{"application/json", "", "application/json", "application/json"},
		{"application/fhir+json", "", "application/fhir+json", "fhir"},
		{"application/fhir+json", "", "", "application/fhir+json"},
		{"text/html; charset=utf-8", "", "text/*", "text/html; charset=utf-8"},
		{"text/plain\\r\\nSet-Cookie: a=b", "", "", fhir.MediaOctets},
		{"text/plain\\nX: y", "", "text/plain", "406"},
		{"<script>", "", "", fhir.MediaOctets},
	} {
		d := newDoor(t)
		e := &archive{emr: d.emr}
		e.contents = map[string]io.Reader{"mine.0": strings.NewReader(letter)}
		e.put(t, strings.Replace(paper("mine", "letter", "1", "", ""), "application/pdf", c.contentType, 1))
		d.served = e
		d.archived(t, 1, papers...)
		header := []string{"Accept", c.accept}
		if c.accept == "" {
			header = nil
		}
		got := d.get(t, "/Binary/mine.0"+c.query, header...)
		what := got.Header().Get("Content-Type")
		switch {
		case got.Code != 200:
			if what != "application/fhir+json; charset=utf-8" || !strings.Contains(got.Body.String(), "OperationOutcome") || strings.Contains(got.Body.String(), marker) {
				t.Errorf("%+v: %s %s", c, what, got.Body)
			}
			what = strconv.Itoa(got.Code)
		case what == "application/fhir+json; charset=utf-8":
			what = "fhir"
			if !strings.Contains(got.Body.String(), `"resourceType":"Binary"`) {
				t.Errorf("%+v: %s", c, got.Body)
			}
		default:
			if got.Body.String() != letter || got.Header().Get("Content-Disposition") != "attachment" {
				t.Errorf("%+v: %s", c, got.Body)
			}
		}
		if what != c.want || got.Header().Get("X") != "" || got.Header().Get("Set-Cookie") != "" || len(got.Header().Values("Content-Type")) != 1 {
			t.Errorf("%+v: %s, %v", c, what, got.Header())
		}
	}
}

// Whatever an id looks like, it is answered with a reason, and on record.
func TestStrangeIDsOfDocumentsAreRefused(t *testing.T) {
	d := newDoor(t)
	e := &archive{emr: d.emr}
	d.served = e
	d.archived(t, 1, papers...)
	for id, want := range map[string]int{".": 400, "..": 400, "x": 400, "x.": 400, ".0": 400, "x.-1": 400, "x.00": 400, "x.1e3": 400, "x.1000": 400, strings.Repeat("x", 63) + ".0": 400, strings.Repeat("x", 300) + ".0": 400,
		"x.0%0d%0aX:y": 400, "x%2f..%2fy.0": 400, "x.0/": 400, "x.0/_history": 404, "": 400, "x.0": 404, strings.Repeat("x", 62) + ".0": 404} {
		got := d.get(t, "/Binary/"+id)
		if got.Code != want || got.Header().Get("Audit-Receipt") == "" || !strings.Contains(got.Body.String(), "OperationOutcome") {
			t.Errorf("%q: %d %s", id, got.Code, got.Body)
		}
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "HEAD"} {
		req := httptest.NewRequestWithContext(context.Background(), method, "https://gw.test/fhir/maple/Binary/x.0", strings.NewReader("x"))
		req.Header.Set("Authorization", "Bearer "+d.token(t, d.caller))
		rec := httptest.NewRecorder()
		d.ServeHTTP(rec, req)
		if rec.Code != 404 || !strings.Contains(rec.Body.String(), "type-not-supported") || len(e.calls) > 2 {
			t.Errorf("%s: %d %s", method, rec.Code, rec.Body)
		}
	}
}
