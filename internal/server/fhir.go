package server

import (
	"bytes"
	"io"
	"math"
	"mime"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"vestibule"
	"vestibule/fhir"
	"vestibule/internal/identity"
)

// fhir answers everything below a clinic's FHIR base.
func (s *server) fhir(c *gin.Context) {
	path := below(c)
	if c.Request.Method == http.MethodGet && s.public(c, path) {
		return
	}
	req := s.identify(c)
	req.Base = s.base(c)
	if req.Refused == nil {
		s.read(c, path, &req)
	}
	c.Set(allowKey, req.Interaction.Allow)
	req.Route = route(c.Request.Method, "/fhir/{clinic}", req.Interaction)
	c.Set(labelKey, label(req.Interaction))
	s.write(c, s.Gateway.Do(c.Request.Context(), req))
}

// public answers what needs no token, because a client must read it to find out where to get one. With a token, metadata
// is an access: the caller's own.
func (s *server) public(c *gin.Context, path string) bool {
	clinic := s.Gateway.Clinic(c.Param("clinic"))
	switch {
	case clinic == nil:
		return false
	case path == "/metadata" && c.Request.Header.Get("Authorization") == "":
		c.Set(labelKey, "capabilities")
		s.write(c, s.Gateway.Statement(c.Request.Context(), clinic, s.base(c)))
		return true
	case path == "/.well-known/smart-configuration":
		c.Set(labelKey, "smart-configuration")
		c.JSON(http.StatusOK, s.SMART())
		return true
	}
	return false
}

// identify begins the Request: who asks, from where, under which ids.
func (s *server) identify(c *gin.Context) vestibule.Request {
	h := c.Request.Header
	req := vestibule.Request{Clinic: c.Param("clinic"), RequestID: requestID(h), Traceparent: traceparent(h)}
	c.Header("X-Request-Id", req.RequestID)
	c.Header("Traceparent", req.Traceparent)
	remote := remoteAddress(c.Request)
	req.Address, req.Software = remote.String(), h.Get("User-Agent")
	req.Raw = sent(below(c), c.Request.URL.RawQuery)
	token, err := identity.ParseBearer(only(h, "Authorization"))
	if err != nil {
		req.Refused = err
		return req
	}
	if req.Caller, err = s.Verifier.Verify(c.Request.Context(), token, remote); err != nil {
		req.Claim, req.Refused = vestibule.Claim(identity.Claimed(token)), err
	}
	return req
}

func remoteAddress(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

// read understands the request. What cannot be understood is left in req.Refused, with as much of the interaction as is
// known, so that it is recorded.
func (s *server) read(c *gin.Context, path string, req *vestibule.Request) {
	form, err := s.form(c, path)
	if form != "" {
		req.Raw = sent(req.Raw, form)
	}
	if err == nil {
		req.Interaction, err = fhir.ParseInteraction(c.Request.Method, path, c.Request.URL.RawQuery, form, s.Gateway.Zone(req.Clinic))
	}
	accept := strings.Join(c.Request.Header.Values("Accept"), ",")
	if req.Interaction.Opens {
		req.Form = wanted(accept, req.Interaction.Formatted)
	} else if err == nil {
		err = acceptable(accept)
	}
	if err == nil {
		err = s.preconditions(c.Request, req)
	}
	if err == nil && (req.Interaction.Kind == fhir.InteractionCreate || req.Interaction.Kind == fhir.InteractionUpdate) {
		req.Body, err = s.body(c.Request, "application/fhir+json", "application/json")
	}
	req.Refused = err
}

// form is the body of a POST _search.
func (s *server) form(c *gin.Context, path string) (string, error) {
	if c.Request.Method != http.MethodPost || !strings.HasSuffix(path, "/_search") {
		return "", nil
	}
	b, err := s.body(c.Request, "application/x-www-form-urlencoded")
	return string(b), err
}

// body reads the whole body, capped, of one of the media types.
func (s *server) body(r *http.Request, types ...string) ([]byte, error) {
	const op = "server.body"
	got, params, err := mime.ParseMediaType(only(r.Header, "Content-Type"))
	if err != nil || !contains(types, got) || !is(params["charset"], "utf-8") || !is(params["fhirversion"], "4.0") {
		return nil, fhir.E(op, fhir.KindMediaType, "media-type", "Send Content-Type: "+types[0]+", in UTF-8 and of FHIR R4.")
	}
	if only(r.Header, "Content-Encoding") != "" {
		return nil, fhir.E(op, fhir.KindMediaType, "media-type", "Send the body without Content-Encoding.")
	}
	tooLarge := fhir.E(op, fhir.KindTooLarge, "body-too-large", "The body is longer than "+strconv.FormatInt(s.MaxBody, 10)+" bytes.")
	if r.ContentLength > s.MaxBody {
		return nil, tooLarge
	}
	var b bytes.Buffer
	if r.ContentLength > 0 {
		b.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(r.Body, s.MaxBody+1))
	switch {
	case n > s.MaxBody:
		return nil, tooLarge
	case err != nil:
		return nil, fhir.E(op, fhir.KindInvalid, "body-incomplete", "The body ended before its announced length.").Because(err)
	}
	return b.Bytes(), nil
}

// acceptable refuses a caller who wants no JSON.
func acceptable(accept string) error {
	if accept == "" || strings.Contains(accept, "json") || strings.Contains(accept, "*/*") || strings.Contains(accept, "application/*") {
		return nil
	}
	return fhir.E("server.accept", fhir.KindNotAcceptable, "not-acceptable", "This server answers in application/fhir+json only.")
}

// preconditions reads the headers that make a request conditional; the ones this server does not honour are refused, because
// ignoring them would do what the caller meant to prevent.
func (s *server) preconditions(r *http.Request, req *vestibule.Request) error {
	const op = "server.preconditions"
	for _, name := range []string{"If-None-Exist", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		if len(r.Header.Values(name)) > 0 {
			return fhir.E(op, fhir.KindNotSupported, "header-not-supported",
				name+" is not supported; use If-Match for updates and Idempotency-Key for creates.").At(name)
		}
	}
	if len(r.Header.Values("If-Match")) > 0 {
		quoted, opened := strings.CutPrefix(strings.TrimPrefix(only(r.Header, "If-Match"), "W/"), `"`)
		version, closed := strings.CutSuffix(quoted, `"`)
		if !opened || !closed || !fhir.ValidID(version) {
			return fhir.E(op, fhir.KindInvalid, "invalid-header", `If-Match carries one ETag, as W/"version".`).At("If-Match")
		}
		req.IfMatch = version
	}
	req.Key = only(r.Header, "Idempotency-Key")
	if len(req.Key) > 128 || !printable(req.Key) {
		return fhir.E(op, fhir.KindInvalid, "invalid-header", "Idempotency-Key is 1 to 128 printable ASCII characters.").At("Idempotency-Key")
	}
	return nil
}

// write turns an Answer into a response.
func (s *server) write(c *gin.Context, a vestibule.Answer) {
	h := c.Writer.Header()
	if receipt := a.Receipt(); receipt.Valid() {
		h.Set("Audit-Receipt", receipt.String())
	}
	status := http.StatusOK
	if err := a.Err(); err != nil {
		status = err.Kind.Status()
		s.errorHeaders(c, err)
		s.logFailure(c, a)
	}
	if v := a.Version(); v != "" {
		h.Set("ETag", `W/"`+v+`"`)
	}
	if ref := a.Location(); !ref.IsZero() {
		status = http.StatusCreated
		h.Set("Location", s.base(c)+"/"+ref.String())
	}
	buf, ok := s.buffers.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	if a.IsBare() {
		documentHeaders(h)
	}
	body := a.AppendBody((*buf)[:0])
	h.Set("Content-Type", a.Media())
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.Writer.WriteHeader(status)
	_, _ = c.Writer.Write(body) // a caller who has hung up is recorded all the same
	if cap(body) <= 4<<20 {
		*buf = body
		s.buffers.Put(buf)
	}
}

func (s *server) errorHeaders(c *gin.Context, err *fhir.Error) {
	h := c.Writer.Header()
	switch err.Kind {
	case fhir.KindUnauthenticated:
		challenge := `Bearer realm="vestibule"`
		if c.Request.Header.Get("Authorization") != "" {
			challenge += `, error="invalid_token", error_description="` + err.Reason() + `"`
		}
		h.Set("WWW-Authenticate", challenge)
	case fhir.KindMethodNotAllowed:
		h.Set("Allow", c.GetString(allowKey)) // also where it is empty: no method does (RFC 9110 section 10.2.1)
	case fhir.KindThrottled, fhir.KindUnavailable:
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(err.RetryAfter.Seconds())))))
	}
}

// logFailure tells the operator of what is ours to mend. It names what the gateway itself chose: no URL, no header.
func (s *server) logFailure(c *gin.Context, a vestibule.Answer) {
	switch err := a.Err(); err.Kind {
	case fhir.KindInternal, fhir.KindUpstream, fhir.KindUnavailable, fhir.KindTimeout:
		clinic := ""
		if known := s.Gateway.Clinic(c.Param("clinic")); known != nil {
			clinic = known.Name
		}
		args := []any{"clinic", clinic, "code", err.Reason(), "op", err.Op, "decision", a.Decision()}
		if strings.HasPrefix(err.Op, "audit.") && err.Err != nil { // why a disk refuses; an EMR's reasons may hold anything
			args = append(args, "cause", err.Err.Error())
		}
		s.Log.Error("access failed", args...)
	}
}

// only is the value of a header that may stand once. Several are joined as RFC 9110 section 5.3 has it, which makes none that is
// accepted of them: of two tokens, or two versions, whatever stands before the gateway may have looked at the other one.
func only(h http.Header, name string) string { return strings.Join(h.Values(name), ", ") }

// is reports whether a parameter, if it is given, has the one value that is served.
func is(got, want string) bool { return got == "" || strings.EqualFold(got, want) }

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
