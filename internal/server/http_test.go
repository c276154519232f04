package server_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vestibule/internal/demo"
)

func itoa(n int) string { return strconv.Itoa(n) }

func read(t *testing.T, r io.Reader, q asked) answer {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(r), &http.Request{Method: q.method})
	if err != nil {
		t.Fatalf("%s %s: %v", q.method, q.path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(text)}
	var outcome struct {
		ResourceType string
		Issue        []struct {
			Details struct{ Coding []struct{ Code string } }
		}
	}
	if json.Unmarshal(text, &outcome) == nil && outcome.ResourceType == "OperationOutcome" && len(outcome.Issue) == 1 {
		a.code = outcome.Issue[0].Details.Coding[0].Code
	}
	return a
}

const clinic = "/fhir/" + demo.SignalHill

// A caller's mistake is answered with a clear OperationOutcome of the right status, is on record where a caller was known or
// claimed, and is never a 5xx.
func TestMistakesAreAnsweredClearly(t *testing.T) {
	g := open(t)
	appointment := clinic + "/Appointment/" + g.Tours[demo.SignalHill].Appointment
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	nobody := map[string]string{"Authorization": ""}
	for name, c := range map[string]struct {
		asked
		status int
		code   string
	}{
		"malformed JSON":                   {asked{"POST", clinic + "/Task", `{"resourceType":`, nil}, 400, "malformed-json"},
		"duplicate members":                {asked{"POST", clinic + "/Task", `{"resourceType":"Task","resourceType":"Task"}`, nil}, 400, "duplicate-member"},
		"escaped duplicate members":        {asked{"POST", clinic + "/Task", `{"resourceType":"Task","text":1,"\u0074ext":2}`, nil}, 400, "duplicate-member"},
		"not UTF-8":                        {asked{"POST", clinic + "/Task", "{\"resourceType\":\"Task\",\"x\":\"\xff\"}", nil}, 400, "malformed-json"},
		"wrong type":                       {asked{"POST", clinic + "/Task", `{"resourceType":"Appointment"}`, nil}, 400, "wrong-type"},
		"a huge body":                      {asked{"POST", clinic + "/Task", strings.Repeat(" ", 1<<20+1), nil}, 413, "body-too-large"},
		"a deep body":                      {asked{"POST", clinic + "/Task", `{"resourceType":"Task","x":` + strings.Repeat("[", 1000), nil}, 413, "too-deep"},
		"XML":                              {asked{"POST", clinic + "/Task", "<Task/>", map[string]string{"Content-Type": "application/fhir+xml"}}, 415, "media-type"},
		"a compressed body":                {asked{"POST", clinic + "/Task", "x", map[string]string{"Content-Encoding": "gzip"}}, 415, "media-type"},
		"another character set":            {asked{"POST", clinic + "/Task", `{}`, map[string]string{"Content-Type": "application/fhir+json; charset=iso-8859-1"}}, 415, "media-type"},
		"a huge body in chunks":            {asked{"POST", clinic + "/Task", "100001\r\n" + strings.Repeat(" ", 1<<20+1) + "\r\n0\r\n\r\n", map[string]string{"Transfer-Encoding": "chunked"}}, 413, "body-too-large"},
		"a body in chunks that breaks off": {asked{"POST", clinic + "/Task", "2\r\n{}\r\nno chunk\r\n", map[string]string{"Transfer-Encoding": "chunked"}}, 400, "body-incomplete"},
		"only XML accepted":                {asked{"GET", appointment, "", map[string]string{"Accept": "application/fhir+xml"}}, 406, "not-acceptable"},
		"an unknown parameter":             {asked{"GET", clinic + "/Appointment?bogus=1", "", nil}, 400, "unknown-parameter"},
		"a chain":                          {asked{"GET", clinic + "/Appointment?patient.birthdate=1970", "", nil}, 400, "chained-parameter"},
		"_has":                             {asked{"GET", clinic + "/Appointment?_has:Task:focus:status=x", "", nil}, 400, "parameter-not-supported"},
		"_include":                         {asked{"GET", clinic + "/Appointment?_include=Appointment:patient", "", nil}, 400, "parameter-not-supported"},
		"an unknown clinic":                {asked{"GET", "/fhir/nowhere/Appointment", "", nil}, 404, "unknown-clinic"},
		"an unsupported type":              {asked{"GET", clinic + "/Patient/1", "", nil}, 404, "type-not-supported"},
		"a deletion":                       {asked{"DELETE", appointment, "", nil}, 405, "delete-not-supported"},
		"no If-Match":                      {asked{"PUT", appointment, `{"resourceType":"Appointment","id":"` + g.Tours[demo.SignalHill].Appointment + `"}`, nil}, 428, "if-match-required"},
		"a strange If-Match":               {asked{"PUT", appointment, `{}`, map[string]string{"If-Match": "*"}}, 400, "invalid-header"},
		"an If-Match without both quotes":  {asked{"PUT", appointment, `{}`, map[string]string{"If-Match": `1"`}}, 400, "invalid-header"},
		"an If-Match of nothing":           {asked{"PUT", appointment, `{}`, map[string]string{"If-Match": " "}}, 400, "invalid-header"},
		"two If-Match":                     {asked{"PUT", appointment, `{}`, map[string]string{"If-Match": `W/"1"`, "if-match": `W/"2"`}}, 400, "invalid-header"},
		"two Idempotency-Keys":             {asked{"POST", clinic + "/Task", `{}`, map[string]string{"Idempotency-Key": "a", "idempotency-key": "b"}}, 400, "invalid-header"},
		"two types of one body":            {asked{"POST", clinic + "/Task", `{}`, map[string]string{"content-type": "application/fhir+xml"}}, 415, "media-type"},
		"two tokens":                       {asked{"GET", appointment, "", map[string]string{"authorization": "Bearer x"}}, 401, "token-malformed"},
		"two tokens, one of them empty":    {asked{"GET", appointment, "", map[string]string{"authorization": " "}}, 401, "token-malformed"},
		"FHIR of another version":          {asked{"POST", clinic + "/Task", `{}`, map[string]string{"Content-Type": "application/fhir+json; fhirVersion=5.0"}}, 415, "media-type"},
		"a condition of nothing":           {asked{"POST", clinic + "/Task", `{}`, map[string]string{"If-None-Exist": " "}}, 400, "header-not-supported"},
		"a batch":                          {asked{"POST", clinic, `{"resourceType":"Bundle","type":"batch"}`, nil}, 400, "batch-not-supported"},
		"a transaction, with a slash":      {asked{"POST", clinic + "/", `{"resourceType":"Bundle","type":"transaction"}`, nil}, 400, "batch-not-supported"},
		"a search of all types":            {asked{"GET", clinic, "", nil}, 400, "search-all-not-supported"},
		"a method of WebDAV":               {asked{"PROPFIND", appointment, "", nil}, 405, "method-not-allowed"},
		"a method nobody knows":            {asked{"FOO", clinic + "/Appointment", "", nil}, 405, "method-not-allowed"},
		"a method in small letters":        {asked{"get", appointment, "", nil}, 405, "method-not-allowed"},
		"a method of WebDAV, at the trail": {asked{"PROPFIND", "/audit/" + demo.SignalHill + "/AuditEvent", "", map[string]string{"Authorization": "Bearer " + g.Ready.Tokens[demo.Auditor]}}, 405, "trail-is-read-only"},
		"the trail's base":                 {asked{"GET", "/audit/" + demo.SignalHill, "", map[string]string{"Authorization": "Bearer " + g.Ready.Tokens[demo.Auditor]}}, 404, "no-such-address"},
		"a conditional create":             {asked{"POST", clinic + "/Task", `{}`, map[string]string{"If-None-Exist": "identifier=1"}}, 400, "header-not-supported"},
		"up and out":                       {asked{"GET", clinic + "/../admin", "", nil}, 400, "malformed-path"},
		"up and out, escaped":              {asked{"GET", clinic + "/Appointment/%2e%2e", "", nil}, 400, "malformed-path"},
		"a slash in an id":                 {asked{"GET", clinic + "/Appointment/a%2fb", "", nil}, 400, "malformed-path"},
		"an empty segment":                 {asked{"GET", clinic + "//Appointment", "", nil}, 400, "malformed-path"},
		"a trailing slash":                 {asked{"GET", clinic + "/Appointment/", "", nil}, 400, "malformed-path"},
		"_search with JSON":                {asked{"POST", clinic + "/Appointment/_search", `{}`, nil}, 415, "media-type"},
		"_search, broken escape":           {asked{"POST", clinic + "/Appointment/_search", "status=%zz", form}, 400, "malformed-query"},
		"no token":                         {asked{"GET", appointment, "", nobody}, 401, "token-missing"},
		"a token that is none":             {asked{"GET", appointment, "", map[string]string{"Authorization": "Bearer x"}}, 401, "token-malformed"},
		"a password":                       {asked{"GET", appointment, "", map[string]string{"Authorization": "Basic eDp5"}}, 401, "token-missing"},
		"the trail, as assistant":          {asked{"GET", "/audit/" + demo.SignalHill + "/AuditEvent", "", nil}, 403, "not-an-auditor"},
		"the trail, to write":              {asked{"POST", "/audit/" + demo.SignalHill + "/AuditEvent", `{}`, map[string]string{"Authorization": "Bearer " + g.Ready.Tokens[demo.Auditor]}}, 405, "trail-is-read-only"},
	} {
		t.Run(name, func(t *testing.T) {
			a := g.ask(t, c.asked)
			if a.status != c.status || a.code != c.code {
				t.Errorf("answered %d %s, want %d %s:\n%s", a.status, a.code, c.status, c.code, a.body)
			}
			if a.header.Get("Audit-Receipt") == "" {
				t.Error("there is no record of it")
			}
			if !strings.Contains(a.body, `"diagnostics":"Decision `) {
				t.Errorf("the answer does not name the decision: %s", a.body)
			}
		})
	}
}

// RFC 9110 section 15.5.6: a 405 says which methods its address takes, and takes them.
func TestA405NamesTheMethodsOfItsAddress(t *testing.T) {
	g := open(t)
	trail := "/audit/" + demo.SignalHill
	auditor := map[string]string{"Authorization": "Bearer " + g.Ready.Tokens[demo.Auditor]}
	for path, allow := range map[string]string{
		clinic + "/metadata": "GET", clinic + "/Appointment": "GET, POST", clinic + "/Appointment/1": "GET, PUT", clinic + "/Appointment/_search": "POST",
		trail + "/metadata": "GET", trail + "/AuditEvent": "GET", trail + "/AuditEvent/1": "GET", trail + "/AuditEvent/_search": "POST",
		trail + "/checkpoint": "GET", trail + "/tile/0/000": "GET", trail + "/proof/1": "GET",
	} {
		var header map[string]string
		if strings.HasPrefix(path, trail) {
			header = auditor
		}
		taken := strings.Split(allow, ", ")
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
			a := g.ask(t, asked{method, path, "", header})
			if slices.Contains(taken, method) {
				if a.status == 405 {
					t.Errorf("%s %s is not allowed", method, path)
				}
			} else if a.status != 405 || a.header.Get("Allow") != allow {
				t.Errorf("%s %s: %d, Allow %q, want %q", method, path, a.status, a.header.Get("Allow"), allow)
			}
		}
	}
	for _, path := range []string{"/", "/healthz", "/readyz"} {
		if a := g.ask(t, asked{"HEAD", path, "", map[string]string{"Authorization": ""}}); a.status != 200 || a.body != "" {
			t.Errorf("HEAD %s: %d %q", path, a.status, a.body)
		}
	}
	if a := g.ask(t, asked{"PUT", trail + "/Patient", "{}", auditor}); a.status != 404 {
		t.Errorf("writing where nothing is: %d %s", a.status, a.code)
	}
}

// Nothing is served outside the known addresses, and what net/http refuses by itself is refused as well.
func TestNothingElseIsServed(t *testing.T) {
	g := open(t)
	for _, path := range []string{"/admin", "/fhir", "/fhir/", "/fhir/signal-hill", "/metrics", "/debug/pprof/", "/console", "/fhir/%2e%2e/metrics", "/../metrics"} {
		if a := g.ask(t, asked{method: "GET", path: path}); a.status < 300 || a.status >= 500 {
			t.Errorf("%s answers %d: %s", path, a.status, a.body)
		}
	}
}

// Every answer says that it may not be kept, what its record is, and under which ids the record knows it.
func TestHeaders(t *testing.T) {
	g := open(t)
	trace := "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	a := g.ask(t, asked{method: "GET", path: clinic + "/Appointment/" + g.Tours[demo.SignalHill].Appointment,
		header: map[string]string{"X-Request-Id": "call-7", "Traceparent": trace}})
	if a.status != 200 || a.header.Get("ETag") != `W/"1"` || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" ||
		a.header.Get("Content-Type") != "application/fhir+json; charset=utf-8" || a.header.Get("X-Request-Id") != "call-7" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if tp := a.header.Get("Traceparent"); len(tp) != 55 || tp[:36] != trace[:36] || tp == trace || tp[52:] != "-01" {
		t.Errorf("traceparent %q does not go on from %q", tp, trace)
	}
	for _, bad := range []string{"Patient Roe", "x\ty", strings.Repeat("x", 65), "a/b"} {
		a := g.ask(t, asked{method: "GET", path: clinic + "/metadata", header: map[string]string{"X-Request-Id": bad, "Traceparent": "00-zz"}})
		if id := a.header.Get("X-Request-Id"); id == bad || id == "" {
			t.Errorf("X-Request-Id %q was taken as %q", bad, id)
		}
	}
}

// Promise 7, hazard H20: operational logs and metrics hold no value out of a request, whatever goes wrong.
func TestH20LogsAndMetricsHoldNoValues(t *testing.T) {
	g := open(t)
	const secret = "ZebulonRoe1970"
	for _, path := range []string{"/Appointment?patient=" + secret, "/Appointment/" + secret, "/" + secret, "/../" + secret} {
		g.ask(t, asked{method: "GET", path: clinic + path, header: map[string]string{"X-Request-Id": secret}})
		g.ask(t, asked{method: "POST", path: clinic + path, body: `{"resourceType":"` + secret + `"}`})
		g.ask(t, asked{method: "GET", path: "/fhir/" + secret + path, header: map[string]string{"Authorization": "Bearer " + secret}})
	}
	resp, err := http.Get(g.Ready.Metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	metrics, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(metrics), `vestibule_requests_total{interaction="read Appointment",status="404"}`) {
		t.Errorf("the metrics do not count reads:\n%s", metrics)
	}
	if strings.Contains(string(metrics), secret) || strings.Contains(g.log.String(), secret) {
		t.Errorf("a value out of a request is in the metrics or in the log:\n%s", g.log)
	}
}

// Without a token there is what a client needs to get one, and whether the gateway lives, and a page for people.
func TestWhatNeedsNoToken(t *testing.T) {
	g := open(t)
	nobody := map[string]string{"Authorization": ""}
	for path, has := range map[string]string{
		clinic + "/metadata":                        `"CapabilityStatement"`,
		clinic + "/.well-known/smart-configuration": `"token_endpoint":"` + g.Ready.Issuer,
		"/healthz": "ok", "/readyz": "ready", "/": "Signal Hill Family Practice",
	} {
		if a := g.ask(t, asked{method: "GET", path: path, header: nobody}); a.status != 200 || !strings.Contains(a.body, has) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
