package probe

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ask is one request to be made. path is a template below the base; each {} stands for the next of args, which are values
// from data: they are escaped on the wire and never shown.
type ask struct {
	method  string // empty: GET
	path    string
	args    []string
	link    string   // instead of path: an address out of an answer; shown as {link}
	headers []string // name, value, …
	body    string   // may hold {} as well, filled from bodyArgs as they are
	filled  []string // bodyArgs
	form    bool     // body is a search's form; its {} are escaped
	exist   string   // If-None-Exist, filled from args
	bare    bool     // without the token
	auth    string   // instead of the token's Authorization
}

// get is the usual ask.
func get(path string, args ...string) ask { return ask{path: path, args: args} }

// with adds a header.
func (a ask) with(name, value string) ask {
	a.headers = append(append([]string(nil), a.headers...), name, value)
	return a
}

// fill puts the args into the template: before the '?' as path segments, behind it as query values.
func fill(template string, args []string, escape func(string, bool) string) string {
	var b strings.Builder
	query := false
	for len(template) > 0 {
		i := strings.Index(template, "{}")
		part := template
		if i >= 0 {
			part = template[:i]
		}
		query = query || strings.Contains(part, "?")
		b.WriteString(part)
		if i < 0 {
			break
		}
		if len(args) > 0 {
			b.WriteString(escape(args[0], query))
			args = args[1:]
		}
		template = template[i+2:]
	}
	return b.String()
}

func escaped(s string, query bool) string {
	if query {
		return url.QueryEscape(s)
	}
	return strings.ReplaceAll(url.PathEscape(s), "%2F", "/") // "Type/id" is two segments
}

// url is the address on the wire.
func (s *session) url(a ask) (string, error) {
	if a.link != "" {
		base, err := url.Parse(s.base + "/")
		if err != nil {
			return "", err
		}
		u, err := base.Parse(a.link)
		if err != nil || originOf(u) != s.origin {
			return "", errForeign
		}
		return u.String(), nil
	}
	return s.base + fill(a.path, a.args, escaped), nil
}

// errForeign keeps the token at home.
var errForeign = errors.New("the address is at another origin than the base; nothing is sent there")

const (
	maxAnswer   = 32 << 20
	maxPatience = time.Minute // for a 429
	maxRetries  = 4
)

// do makes a request. What went wrong is in answer.err; a 429 is waited for.
func (s *session) do(a ask) *answer {
	for try := 0; ; try++ {
		if err := s.limit.Wait(s.ctx); err != nil {
			return &answer{ask: a, err: err}
		}
		out := s.once(a)
		if out.status != http.StatusTooManyRequests || try == maxRetries || !s.pause(out.header.Get("Retry-After")) {
			s.watch.look(s, out)
			return out
		}
	}
}

func (s *session) pause(after string) bool {
	wait := 5 * time.Second
	if n, err := strconv.Atoi(after); err == nil && n >= 0 {
		wait = min(time.Duration(n)*time.Second, maxPatience)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-s.ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// once makes a request without minding the rate.
func (s *session) once(a ask) *answer {
	out := &answer{ask: a}
	if out.err = s.ctx.Err(); out.err != nil {
		return out
	}
	req, err := s.request(a)
	if err != nil {
		out.err = err
		return out
	}
	s.requests++
	client := http.Client{Transport: s.Transport, Timeout: s.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		out.err = err
		return out
	}
	defer resp.Body.Close()
	out.body, out.err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	out.took = time.Since(start)
	out.status, out.header = resp.StatusCode, resp.Header
	out.parse()
	return out
}

func (s *session) request(a ask) (*http.Request, error) {
	target, err := s.url(a)
	if err != nil {
		return nil, err
	}
	method := a.method
	if method == "" {
		method = http.MethodGet
	}
	var body io.Reader
	if a.body != "" {
		body = strings.NewReader(fill(a.body, a.filled, func(v string, _ bool) string {
			if a.form {
				return url.QueryEscape(v)
			}
			return v
		}))
	}
	req, err := http.NewRequestWithContext(s.ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	s.dress(req, a)
	return req, nil
}

// dress sets the headers.
func (s *session) dress(req *http.Request, a ask) {
	req.Header.Set("Accept", "application/fhir+json")
	req.Header.Set("User-Agent", "vestibule-probe")
	switch {
	case a.form:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case a.body != "":
		req.Header.Set("Content-Type", "application/fhir+json")
	}
	switch {
	case a.auth != "":
		req.Header.Set("Authorization", a.auth)
	case !a.bare && s.Token != "":
		req.Header.Set("Authorization", "Bearer "+s.Token)
	}
	if a.exist != "" {
		req.Header.Set("If-None-Exist", fill("?"+a.exist, a.args, escaped)[1:])
	}
	for i := 0; i+1 < len(a.headers); i += 2 {
		req.Header.Set(a.headers[i], a.headers[i+1])
	}
}

// exchange is the request and its answer as a report shows them.
func (a *answer) exchange() Exchange {
	x := Exchange{Method: a.ask.method, URL: a.ask.path, Status: a.status, Got: a.got()}
	if x.Method == "" {
		x.Method = http.MethodGet
	}
	if a.ask.link != "" {
		x.URL = "{link}"
	}
	var send []string
	for i := 0; i+1 < len(a.ask.headers); i += 2 {
		value := a.ask.headers[i+1]
		if a.ask.headers[i] == "If-Match" && !strings.Contains(value, "zqx") {
			value = "{}" // the version of a resource
		}
		send = append(send, a.ask.headers[i]+": "+value)
	}
	if a.ask.exist != "" {
		send = append(send, "If-None-Exist: "+a.ask.exist)
	}
	switch {
	case a.ask.bare:
		send = append(send, "no token")
	case a.ask.auth != "":
		send = append(send, "another token")
	}
	if a.ask.form {
		send = append(send, "form "+a.ask.body)
	} else if a.ask.body != "" {
		send = append(send, "a body")
	}
	x.Send = strings.Join(send, ", ")
	return x
}

// got is the answer in a few words that hold no data.
func (a *answer) got() string {
	switch {
	case a.err != nil:
		return reason(a.err)
	case a.isSearchset():
		out := fmt.Sprintf("%d matches", len(a.matches()))
		if n := len(a.entries()) - len(a.matches()); n > 0 {
			out += fmt.Sprintf(" and %d others", n)
		}
		if total, ok := a.total(); ok {
			out += fmt.Sprintf(", total %d", total)
		}
		return out
	case a.doc.Exists():
		if typ := a.doc.Get("resourceType").Text(); isTypeName(typ) {
			return fmt.Sprintf("a %s, %d bytes", typ, len(a.body))
		}
	}
	return fmt.Sprintf("%d bytes", len(a.body))
}

// reason is a transport's error without the address that it happened at.
func reason(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Timeout() {
			return "no answer in time"
		}
		err = e.Err
	}
	if errors.Is(err, errForeign) {
		return err.Error()
	}
	return "no answer: " + err.Error()
}
