package server

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"

	"vestibule/fhir"
)

// requestID is the caller's X-Request-Id where it is 1 to 64 of A-Z a-z 0-9 . - _, a new one otherwise.
func requestID(h http.Header) string {
	id := h.Get("X-Request-Id")
	if id == "" || len(id) > 64 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") != "" {
		return rand.Text()
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c >= 0x7f {
			return rand.Text()
		}
	}
	return id
}

// traceparent is the caller's trace with a span of our own, or a new trace
// (https://www.w3.org/TR/trace-context/#traceparent-header).
func traceparent(h http.Header) string {
	var span, trace [16]byte
	rand.Read(span[:])
	flags := "00"
	if in := h.Get("Traceparent"); len(in) == 55 && in[:3] == "00-" && in[35] == '-' && in[52] == '-' {
		_, err1 := hex.Decode(trace[:], []byte(in[3:35]))
		_, err2 := hex.DecodeString(in[36:52])
		f, err3 := hex.DecodeString(in[53:])
		if err1 == nil && err2 == nil && err3 == nil && trace != [16]byte{} {
			flags = hex.EncodeToString(f)
			return "00-" + hex.EncodeToString(trace[:]) + "-" + hex.EncodeToString(span[:8]) + "-" + flags
		}
	}
	rand.Read(trace[:])
	return "00-" + hex.EncodeToString(trace[:]) + "-" + hex.EncodeToString(span[:8]) + "-" + flags
}

// label is a request's metric label: interaction and type, both out of closed lists.
func label(q fhir.Interaction) string {
	kind := string(q.Kind)
	if kind == "" {
		kind = "unknown"
	}
	switch {
	case q.Opens:
		return kind + " Binary"
	case q.Type == "":
		return kind
	}
	return kind + " " + q.Type
}
