package oscartest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// answer is what goes back.
type answer struct {
	status  int
	kind    string // content type
	header  http.Header
	body    []byte
	service bool // a REST or SOAP answer, which faults may touch
}

const (
	kindJSON = "application/json"
	kindXML  = "application/xml"
	kindText = "text/plain"
	kindForm = "application/x-www-form-urlencoded"
	kindHTML = "text/html;charset=UTF-8"

	loginPage = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1>" +
		"<form method=\"post\" action=\"/login\"><input name=\"user\"><input name=\"password\" type=\"password\"></form></body></html>"
)

func (c *call) text(status int, text string) answer {
	if status == http.StatusInternalServerError && c.switches.HTMLErrors {
		return c.html(status, "<!doctype html><html lang=\"en\"><head><title>HTTP Status 500 - Internal Server Error</title></head><body><h1>HTTP Status 500</h1>"+
			"<p><b>Type</b> Exception Report</p><pre>java.lang.RuntimeException: "+text+"</pre></body></html>")
	}
	return answer{status: status, kind: kindText, body: []byte(text)}
}

func (c *call) html(status int, page string) answer {
	return answer{status: status, kind: kindHTML, body: []byte(page)}
}

// crash is how an exception in the server looks from outside.
func (c *call) crash() answer { return c.text(http.StatusInternalServerError, "Internal Server Error") }

// give answers with v: as JSON where the caller asks for it, otherwise as XML, which is what several endpoints do by
// default (adapters.md 1.2).
func (c *call) give(v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		return c.crash()
	}
	a := answer{status: http.StatusOK, kind: kindJSON, body: body, service: true}
	if !c.wantsJSON() {
		a.kind, a.body = kindXML, xmlFromJSON(body)
	}
	return a
}

func (c *call) wantsJSON() bool {
	accept := c.r.Header.Get("Accept")
	if accept == "" || strings.Contains(accept, "*/*") && !strings.Contains(accept, "json") {
		return c.switches.PlainJSONDefault
	}
	return strings.Contains(accept, "json") || !strings.Contains(accept, "xml") && c.switches.PlainJSONDefault
}

// send writes the answer, or what the switches leave of it.
func (a answer) send(w http.ResponseWriter, sw Switches) {
	if a.service && sw.LoseAnswers {
		panic(http.ErrAbortHandler)
	}
	body := a.body
	if a.service && sw.Latin1 {
		body = latin1(body)
	}
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	if a.service && sw.HalfBodies {
		_, _ = w.Write(body[:len(body)/2])
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) // whoever hung up needs no answer
}

// latin1 is the text in ISO-8859-1; what that cannot say becomes "?".
func latin1(utf []byte) []byte {
	var out bytes.Buffer
	for len(utf) > 0 {
		r, size := utf8.DecodeRune(utf)
		utf = utf[size:]
		if r > 0xFF {
			r = '?'
		}
		out.WriteByte(byte(r))
	}
	return out.Bytes()
}
