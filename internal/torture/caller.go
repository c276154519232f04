package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// caller is one assistant's program. It has one request under way at a time, and repeats a write until it hears of it.
type caller struct {
	n       int
	url     string // of the clinic's FHIR base
	token   string
	diary   *diary
	rand    *rand.Rand
	count   int
	pending *wish
	known   map[string]string // the newest version that it heard of, by id
}

// wish is a write that somebody wants done once.
type wish struct {
	kind string
	text string // the comment it writes, and its idempotency key
	id   string // of an update
	base string // the version it replaces
	body string
}

// callers is how many there are.
const callers = 6

// work asks until ctx ends or the gateway does not answer any more.
func (c *caller) work(ctx context.Context) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	for ctx.Err() == nil {
		if !c.once(ctx, client) {
			return
		}
	}
}

// once carries out one request, and reports whether the gateway lives.
func (c *caller) once(ctx context.Context, client *http.Client) bool {
	if c.pending != nil {
		return c.write(ctx, client)
	}
	switch n := c.rand.IntN(10); {
	case n < 4:
		_, alive := c.read(ctx, client, c.mine())
		return alive
	case n < 6:
		a, _ := c.ask(ctx, client, doSearch, "", http.MethodGet, "/Appointment?practitioner=Practitioner/42&_count=5", nil, "")
		return a.answered && a.whole
	case n < 8:
		c.pending = &wish{kind: doCreate, text: c.name("new")}
		c.pending.body = draft(c.pending.text, c.n)
	default:
		return c.wishUpdate(ctx, client)
	}
	return c.write(ctx, client)
}

// mine is one of the appointments that this caller alone changes.
func (c *caller) mine() string {
	return fmt.Sprintf("apt-%02d", c.n+callers*c.rand.IntN(appointments/callers))
}

func (c *caller) name(what string) string {
	c.count++
	return fmt.Sprintf("%s-%d-%d", what, c.n, c.count)
}

func draft(comment string, n int) string {
	start := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	return fmt.Sprintf(`{"resourceType":"Appointment","status":"booked","start":"%s","end":"%s","comment":"%s","participant":[`+
		`{"actor":{"reference":"Patient/pat-%d"},"status":"accepted"},{"actor":{"reference":"Practitioner/42"},"status":"accepted"}]}`,
		start.Format(time.RFC3339), start.Add(15*time.Minute).Format(time.RFC3339), comment, n)
}

// wishUpdate reads what is to be changed and makes the change.
func (c *caller) wishUpdate(ctx context.Context, client *http.Client) bool {
	id := c.mine()
	body, alive := c.read(ctx, client, id)
	if !alive || body == nil {
		return alive
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return true // an answer that is none is found by the check
	}
	w := &wish{kind: doUpdate, text: c.name("moved"), id: id, base: c.known[id]}
	members["comment"] = json.RawMessage(`"` + w.text + `"`)
	changed, err := json.Marshal(members)
	if err != nil {
		return true
	}
	w.body, c.pending = string(changed), w
	return c.write(ctx, client)
}

func (c *caller) read(ctx context.Context, client *http.Client, id string) (body []byte, alive bool) {
	a, body := c.ask(ctx, client, doRead, "", http.MethodGet, "/Appointment/"+id, nil, "")
	if !a.answered || !a.whole {
		return nil, false
	}
	if a.status != http.StatusOK {
		return nil, true
	}
	c.known[id] = a.version
	return body, true
}

// write sends the write that is wished for, as often as it is called, until it is answered.
func (c *caller) write(ctx context.Context, client *http.Client) bool {
	w := c.pending
	method, path := http.MethodPost, "/Appointment"
	if w.kind == doUpdate {
		method, path = http.MethodPut, "/Appointment/"+w.id
	}
	a, _ := c.ask(ctx, client, w.kind, w.text, method, path, w, w.base)
	if !a.answered || !a.whole {
		return false
	}
	if a.status != http.StatusServiceUnavailable {
		c.pending = nil
	}
	return true
}

// ask sends one request and writes down what came back.
func (c *caller) ask(ctx context.Context, client *http.Client, kind, wished, method, path string, w *wish, base string) (attempt, []byte) {
	a := attempt{request: c.name("req"), kind: kind, wish: wished}
	var body io.Reader
	if w != nil {
		body = strings.NewReader(w.body)
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), method, c.url+path, body)
	if err != nil {
		panic(err) // an address of our own making
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("X-Request-Id", a.request)
	if w != nil {
		req.Header.Set("Content-Type", "application/fhir+json")
		req.Header.Set("Idempotency-Key", w.text)
	}
	if base != "" {
		req.Header.Set("If-Match", `W/"`+base+`"`)
	}
	res, err := client.Do(req)
	var got []byte
	if err == nil {
		got, err = io.ReadAll(res.Body)
		res.Body.Close()
		a.answered, a.whole, a.status = true, err == nil, res.StatusCode
		a.receipt, a.version = res.Header.Get("Audit-Receipt"), first(versionOf, []byte(res.Header.Get("ETag")))
		a.refs, a.patients = within(got)
	}
	c.diary.add(a)
	return a, got
}

var (
	resourceOf = regexp.MustCompile(`"id":"([^"]+)","meta":\{[^}]*?(?:\}[^}]*?)*?"versionId":"([^"]+)"|"versionId":"([^"]+)"[^}]*\},"resourceType":"Appointment","id":"([^"]+)"`)
	patientOf  = regexp.MustCompile(`"reference":"(Patient/[^"]+)"`)
)

// within finds the resources and patients in an answer, also in the beginning of one.
func within(body []byte) (refs, patients []string) {
	for _, m := range resourceOf.FindAllSubmatch(body, -1) {
		refs = append(refs, "Appointment/"+string(m[1])+string(m[4])+"/_history/"+string(m[2])+string(m[3]))
	}
	for _, m := range patientOf.FindAllSubmatch(body, -1) {
		patients = append(patients, string(m[1]))
	}
	return refs, patients
}
