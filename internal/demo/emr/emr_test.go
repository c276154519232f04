package emr

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
)

// The people here are made up.
var world = [][]byte{
	[]byte(`{"resourceType":"Patient","id":"p1","name":[{"family":"Tremblay","given":["Anne"]}],"birthDate":"1980-05-01","identifier":[{"system":"urn:x","value":"111"}]}`),
	[]byte(`{"resourceType":"Patient","id":"p2","name":[{"family":"Okoye"}],"birthDate":"1999-12-31"}`),
	[]byte(`{"resourceType":"Practitioner","id":"d1","name":[{"family":"Lee"}]}`),
	[]byte(`{"resourceType":"Task","id":"t1","status":"requested","intent":"order","for":{"reference":"Patient/p2"},"focus":{"reference":"Appointment/a1"}}`),
	appointment("a1", "p1", "2026-12-01T09:00:00-05:00", "booked"),
	appointment("a2", "p2", "2026-12-01T10:00:00-05:00", "booked"),
	appointment("a3", "p1", "2026-12-02T23:30:00-05:00", "cancelled"),
}

func appointment(id, patient, start, status string) []byte {
	return fmt.Appendf(nil, `{"resourceType":"Appointment","id":%q,"status":%q,"start":%q,`+
		`"participant":[{"actor":{"reference":"Patient/%s"},"status":"accepted"},{"actor":{"reference":"Practitioner/d1"},"status":"accepted"}]}`,
		id, status, start, patient)
}

func serve(t *testing.T, cfg Config) (*EMR, *httptest.Server) {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	cfg.Base = "http://" + ts.Listener.Addr().String() + "/fhir"
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Load(world...); err != nil {
		t.Fatal(err)
	}
	ts.Config.Handler = e
	ts.Start()
	t.Cleanup(ts.Close)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, ts
}

type reply struct {
	status int
	header http.Header
	body   string
}

func ask(t *testing.T, e *EMR, method, path, body string, header ...string) reply {
	t.Helper()
	r := httptest.NewRequest(method, e.URL()+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1234"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

// ids are the resources on a page by search mode.
func ids(t *testing.T, body string) map[string]string {
	t.Helper()
	b, err := fhir.ParseBundle([]byte(body), fhir.Limits{})
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	entries, err := b.Entries()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		out[e.Mode()] = strings.TrimSpace(out[e.Mode()] + " " + e.Resource.ID())
	}
	return out
}

func TestSearchesFindWhatTheyName(t *testing.T) {
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	e, _ := serve(t, Config{Zone: zone})
	for _, c := range []struct{ query, match, include string }{
		{"/Appointment", "a1 a2 a3", ""},
		{"/Appointment?date=2026-12-02", "a3", ""},
		{"/Appointment?status=booked&patient=Patient/p1", "a1", ""},
		{"/Appointment?_sort=-date", "a3 a2 a1", ""},
		{"/Appointment?_count=1&_sort=date", "a1", ""},
		{"/Appointment?status=booked&_include=Appointment:patient", "a1 a2", "p1 p2"},
		{"/Appointment?_id=a1&_include=Appointment:actor:Practitioner", "a1", "d1"},
		{"/Appointment?patient.birthdate=1980", "a1 a3", ""},
		{"/Appointment?patient:Patient.birthdate=ge1990-01-01", "a2", ""},
		{"/Appointment?patient.birthdate=lt1980-05-01", "", ""},
		{"/Appointment?patient.birthdate=le1980-05-01", "a1 a3", ""},
		{"/Appointment?patient.birthdate=gt1999", "", ""},
		{"/Appointment?patient.name=trem", "a1 a3", ""},
		{"/Appointment?practitioner.family=Lee&status=cancelled", "a3", ""},
		{"/Appointment?_has:Task:focus:status=requested", "a1", ""},
		{"/Patient?_has:Appointment:patient:status=cancelled", "p1", ""},
		{"/Task?focus.status=booked", "t1", ""},
		{"/Patient?name=tremblay,okoye", "p1 p2", ""},
		{"/Patient?given=An", "p1", ""},
		{"/Patient?identifier=urn:x|111", "p1", ""},
		{"/Patient?identifier=111", "p1", ""},
		{"/Patient?identifier=urn:y|111", "", ""},
		{"/Practitioner?_id=d1", "d1", ""},
	} {
		got := ask(t, e, "GET", c.query, "")
		if found := ids(t, got.body); got.status != 200 || found["match"] != c.match || found["include"] != c.include {
			t.Errorf("%s: %d %v", c.query, got.status, found)
		}
	}
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	e, _ := serve(t, Config{})
	for path, status := range map[string]int{
		"/Appointment?bogus=1": 400, "/Appointment?patient.bogus=1": 400, "/Appointment?bogus.name=1": 400, "/Appointment?_has:x=1": 400,
		"/Appointment?_has:Task:bogus:status=x": 400, "/Appointment?_has:Task:focus:bogus=x": 400, "/Appointment?_include=Task:focus": 400,
		"/Appointment?_include=Appointment:status": 400, "/Appointment?_include=x": 400, "/Appointment?_count=0": 400,
		"/Appointment?_after=none": 400, "/Appointment?_sort=bogus": 400, "/Appointment?date=yesterday": 400, "/Appointment?%zz": 400,
		"/Patient?bogus=1": 400, "/Encounter": 404, "/Appointment/nope": 404, "/Appointment/a1/_history": 404, "/": 404,
	} {
		if got := ask(t, e, "GET", path, ""); got.status != status || !strings.Contains(got.body, "OperationOutcome") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := ask(t, e, "DELETE", "/Appointment/a1", ""); got.status != 405 {
		t.Errorf("DELETE: %d", got.status)
	}
	if got := ask(t, e, "POST", "/Patient", `{"resourceType":"Patient"}`); got.status != 405 {
		t.Errorf("POST Patient: %d", got.status)
	}
}

func TestPagesLoseAndRepeatNothing(t *testing.T) {
	e, _ := serve(t, Config{})
	for i := range 25 {
		if err := e.Load(appointment(fmt.Sprintf("n%02d", i), "p2", "2027-01-01T09:00:00Z", "pending")); err != nil {
			t.Fatal(err)
		}
	}
	path, seen, pages := "/Appointment?status=pending&_count=10", map[string]bool{}, 0
	for path != "" {
		got := ask(t, e, "GET", path, "")
		b, err := fhir.ParseBundle([]byte(got.body), fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if total, ok := b.Total(); !ok || total != 25 {
			t.Errorf("total %d %v", total, ok)
		}
		for id := range strings.FieldsSeq(ids(t, got.body)["match"]) {
			if seen[id] {
				t.Errorf("%s twice", id)
			}
			seen[id] = true
		}
		path = strings.TrimPrefix(b.Link("next"), e.URL())
		pages++
	}
	if len(seen) != 25 || pages != 3 {
		t.Errorf("%d resources on %d pages", len(seen), pages)
	}
	if got := ask(t, e, "POST", "/Appointment/_search?_count=2", "status=pending&_total=none"); strings.Contains(got.body, `"total"`) || len(strings.Fields(ids(t, got.body)["match"])) != 2 {
		t.Errorf("_search: %s", got.body)
	}
}

func TestWritesKeepEveryByteButTheStamp(t *testing.T) {
	e, _ := serve(t, Config{Now: func() time.Time { return time.Unix(0, 0) }})
	got := ask(t, e, "POST", "/Task", "{ \"resourceType\" : \"Task\",\n\"x\":1.50, \"meta\":{} }")
	id := strings.TrimSuffix(strings.TrimPrefix(got.header.Get("Location"), e.URL()+"/Task/"), "/_history/1")
	want := `{"id":"` + id + `", "resourceType" : "Task", "x":1.50, "meta":{"versionId":"1","lastUpdated":"1970-01-01T00:00:00.000Z"} }`
	if got.status != 201 || got.body != want || got.header.Get("ETag") != `W/"1"` {
		t.Fatalf("created %d %s %s", got.status, got.header, got.body)
	}
	body := `{"resourceType":"Task","id":"` + id + `","meta":{"tag":[],"versionId":"77"},"x":1.500}`
	if got := ask(t, e, "PUT", "/Task/"+id, body, "If-Match", `W/"9"`); got.status != 412 {
		t.Errorf("stale: %d", got.status)
	}
	if got := ask(t, e, "PUT", "/Task/"+id, body); got.status != 412 {
		t.Errorf("without If-Match: %d", got.status)
	}
	got = ask(t, e, "PUT", "/Task/"+id, body, "If-Match", `W/"1"`)
	want = `{"resourceType":"Task","id":"` + id + `","meta":{"lastUpdated":"1970-01-01T00:00:00.000Z","tag":[],"versionId":"2"},"x":1.500}`
	if got.status != 200 || got.body != want {
		t.Errorf("updated %d %s", got.status, got.body)
	}
	if read := ask(t, e, "GET", "/Task/"+id, ""); read.body != want || read.header.Get("ETag") != `W/"2"` {
		t.Errorf("read %s", read.body)
	}
	for path, body := range map[string]string{
		"/Task/other": body, "/Appointment/" + id: body, "/Task/" + id: `{"resourceType":"Task","resourceType":"Task"}`, "/Task/none": `{"resourceType":"Task","id":"none"}`,
	} {
		if got := ask(t, e, "PUT", path, body, "If-Match", `W/"2"`); got.status != 400 && got.status != 404 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := ask(t, e, "POST", "/Task", `{"resourceType":"Task","meta":1}`); got.status != 400 {
		t.Errorf("meta: %d", got.status)
	}
}

func TestAConditionalCreateHappensOnce(t *testing.T) {
	e, _ := serve(t, Config{})
	body := `{"resourceType":"Task","identifier":[{"system":"urn:op","value":"1"}]}`
	first := ask(t, e, "POST", "/Task", body, "If-None-Exist", "identifier=urn:op|1")
	second := ask(t, e, "POST", "/Task", body, "If-None-Exist", "identifier=urn:op%7C1")
	if first.status != 201 || second.status != 200 || first.body != second.body {
		t.Errorf("%d %s / %d %s", first.status, first.body, second.status, second.body)
	}
	ask(t, e, "POST", "/Task", body)
	if got := ask(t, e, "POST", "/Task", body, "If-None-Exist", "identifier=urn:op|1"); got.status != 412 {
		t.Errorf("two matches: %d", got.status)
	}
	if got := ask(t, e, "POST", "/Task", body, "If-None-Exist", "bogus=1"); got.status != 400 {
		t.Errorf("bogus: %d", got.status)
	}
}

func TestASecondStartKeepsWhatWasThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "emr.ndjson")
	first, ts := serve(t, Config{Path: path})
	changed := strings.Replace(string(world[4]), "booked", "arrived", 1)
	if got := ask(t, first, "PUT", "/Appointment/a1", changed, "If-Match", `W/"1"`); got.status != 200 {
		t.Fatal(got)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	ts.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, `{"resourceType":"Task","id":"cut`...), 0o600); err != nil { // a crash
		t.Fatal(err)
	}
	second, _ := serve(t, Config{Path: path}) // loads the same world again
	if got := ask(t, second, "GET", "/Appointment/a1", ""); !strings.Contains(got.body, "arrived") || got.header.Get("ETag") != `W/"2"` {
		t.Errorf("read %s", got.body)
	}
	if second.Len() != len(world) {
		t.Errorf("%d resources", second.Len())
	}
	if got := ask(t, first, "POST", "/Task", `{"resourceType":"Task"}`); got.status != 500 {
		t.Errorf("a closed EMR wrote: %d", got.status)
	}
	if err := os.WriteFile(path, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Base: "http://127.0.0.1:1/fhir", Path: path}); err == nil {
		t.Error("a broken file was accepted")
	}
}

func TestLoopbackOnly(t *testing.T) {
	for _, base := range []string{"http://10.0.0.1/fhir", "http://emr.example.test/fhir", "https://127.0.0.1/fhir", "http://u@127.0.0.1/", "::", "http://127.0.0.1/?x"} {
		if _, err := New(Config{Base: base}); err == nil {
			t.Errorf("%s was accepted", base)
		}
	}
	e, _ := serve(t, Config{})
	for _, c := range []struct{ peer, host string }{{"10.0.0.1:5", "127.0.0.1"}, {"127.0.0.1:5", "emr.example.test"}, {"", "127.0.0.1"}} {
		r := httptest.NewRequest("GET", e.URL()+"/Patient/p1", nil)
		r.RemoteAddr, r.Host = c.peer, c.host
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%v: %d", c, w.Code)
		}
	}
}

func TestOnlyWholeResourcesAreLoaded(t *testing.T) {
	e, _ := serve(t, Config{})
	for _, b := range []string{`{`, `{"resourceType":"Task"}`, `{"resourceType":"Encounter","id":"1"}`, `{"resourceType":"Task","id":"x","meta":[]}`} {
		if err := e.Load([]byte(b)); err == nil {
			t.Errorf("%s was accepted", b)
		}
	}
}

func TestTheStatementIsWhatItDoes(t *testing.T) {
	e, _ := serve(t, Config{Name: "Erable EMR"})
	v, err := fhir.Parse([]byte(ask(t, e, "GET", "/metadata", "").body), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for r := range v.Path("rest.resource") {
		for p := range r.Path("searchParam.name") {
			got := ask(t, e, "GET", "/"+r.Get("type").Text()+"?"+p.Text()+"=2020-01-01", "")
			if strings.Contains(got.body, "unknown-parameter") {
				t.Errorf("%s %s is declared and %d %s", r.Get("type").Text(), p.Text(), got.status, got.body)
			}
		}
	}
}
