package oscartest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// world is an OSCAR with a few made-up people, and a client that signs for itself.
type world struct {
	*Server
	t      *testing.T
	ts     *httptest.Server
	token  Token
	now    time.Time
	nonce  atomic.Int64
	client Client
	accept string
}

func toronto(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// newWorld starts a server of that dialect, with what change makes of its configuration.
func newWorld(t *testing.T, dialect Dialect, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, now: time.Unix(1795420800, 0), client: Client{Key: "gateway", Secret: "s3cret&", Name: "The gateway"}, accept: kindJSON}
	cfg := Config{Dialect: dialect, Zone: toronto(t), Now: func() time.Time { return w.now }, Clients: []Client{w.client, {Key: "other", Secret: "x", Name: "Another"}}}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if w.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	w.ts = httptest.NewServer(w.Server)
	t.Cleanup(w.ts.Close)
	w.AddProviders(
		Provider{No: "900101", LastName: "Marchand", FirstName: "Odile", User: "odile", Password: "made up", Specialty: "FAMILY", PractitionerNo: "1234", PractitionerNoType: "CPSO"},
		Provider{No: "12", LastName: "Vide", FirstName: "Rémi", User: "remi", Password: "p", Privileges: Privileges{}})
	w.AddPatients(
		Patient{No: 31, FirstName: "INÈS", LastName: "BÉLIVEAU", HIN: "0000000031", Ver: "AB", HCType: "ON", Born: "1979-05-04", Sex: "F", Address: "12 Nowhere Road", City: "Gatineau",
			Province: "ON", Postal: "X0X0X0", Phone: "819-555-0141", ProviderNo: "900101", RosterStatus: "RO", Language: "French", ChartNo: "77"},
		Patient{No: 32, FirstName: "ZOÉ", LastName: "ŒUVRARD", Born: "1990-12-31", Address: "2 Elm", ProviderNo: "12"})
	w.token = w.Issue("gateway", "900101", "schedule.write", "tickler.write", "demographic.read", "provider.read", "document.write")
	return w
}

// reply is an answer read whole.
type reply struct {
	status int
	kind   string
	body   string
	header http.Header
}

// request builds a request for the path below the context; body may be "".
func (w *world) request(method, path, body string) *http.Request {
	w.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, w.ts.URL+w.cfg.Context+path, in)
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", kindJSON)
	}
	switch {
	case strings.HasPrefix(path, "/ws/oauth/"):
		r.Header.Set("Accept", kindForm)
	case w.accept != "":
		r.Header.Set("Accept", w.accept)
	}
	return r
}

// credentials is the Authorization header for a request, built from the RFC and not by the server's verifier.
func (w *world) credentials(r *http.Request, client Client, token Token, extra ...string) {
	params := map[string]string{
		"oauth_consumer_key": client.Key, "oauth_nonce": fmt.Sprint("n", w.nonce.Add(1)), "oauth_signature_method": "HMAC-SHA1",
		"oauth_timestamp": strconv.FormatInt(w.now.Unix(), 10), "oauth_version": "1.0",
	}
	if token.Key != "" {
		params["oauth_token"] = token.Key
	}
	for i := 0; i+1 < len(extra); i += 2 {
		params[extra[i]] = extra[i+1]
	}
	base := w.cfg.InternalBase
	if base == "" {
		base = w.ts.URL
	}
	values := r.URL.Query()
	for name, value := range params {
		values.Set(name, value)
	}
	sorted := strings.ReplaceAll(values.Encode(), "+", "%20") // sorts by name, which is enough without repeated names
	text := r.Method + "&" + url.QueryEscape(base+r.URL.EscapedPath()) + "&" + url.QueryEscape(sorted)
	params["oauth_signature"] = sign(text, client.Secret, token.Secret)
	header := "OAuth realm=\"x\""
	for name, value := range params {
		header += ", " + name + "=\"" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20") + "\""
	}
	r.Header.Set("Authorization", header)
}

func (w *world) do(r *http.Request) reply {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header.Get("Content-Type"), string(body), resp.Header}
}

// ask sends a signed REST call and returns its answer.
func (w *world) ask(method, path, body string) reply {
	w.t.Helper()
	r := w.request(method, "/ws/services"+path, body)
	w.credentials(r, w.client, w.token)
	return w.do(r)
}

// get is ask for an answer of status 200, decoded.
func get[T any](w *world, method, path, body string) T {
	w.t.Helper()
	var out T
	got := w.ask(method, path, body)
	d := json.NewDecoder(bytes.NewReader([]byte(got.body)))
	if err := d.Decode(&out); got.status != http.StatusOK || got.kind != kindJSON || err != nil {
		w.t.Fatalf("%s %s: %d %s %v %s", method, path, got.status, got.kind, err, got.body)
	}
	return out
}

const booking = `{"providerNo":"900101","appointmentDate":"2026-12-01","startTime":"09:00","demographicNo":31,"name":"SOMEBODY ELSE","duration":15,"status":"t","type":"","reason":"Ear check","reasonCode":17,"notes":"Bring the blue form","location":"","resources":"","urgency":""}`

// book makes one appointment and returns its number.
func (w *world) book() int {
	w.t.Helper()
	return get[scheduling](w, "POST", "/schedule/add", booking).Appointment.ID
}
