package server

import (
	"net/http"
	"strings"

	"vestibule"
	"vestibule/fhir"
)

// route is the template of a request's address with its method, for the record: what was asked for as the screen reference
// that Alberta's regulation wants (AR 118/2010 section 6(h)). Every part is out of a closed list.
func route(method, base string, q fhir.Interaction) string {
	switch q.Kind {
	case fhir.InteractionCapabilities:
		return plainMethod(method) + " " + base + "/metadata"
	case fhir.InteractionSearch:
		if method == http.MethodPost {
			return "POST " + base + "/{type}/_search"
		}
		return plainMethod(method) + " " + base + "/{type}"
	case fhir.InteractionRead:
		if q.Opens {
			return plainMethod(method) + " " + base + vestibule.BinaryRoute
		}
		return plainMethod(method) + " " + base + "/{type}/{id}"
	case fhir.InteractionUpdate, fhir.InteractionPatch, fhir.InteractionDelete:
		return plainMethod(method) + " " + base + "/{type}/{id}"
	case fhir.InteractionVRead:
		return plainMethod(method) + " " + base + "/{type}/{id}/_history/{version}"
	case fhir.InteractionCreate:
		return plainMethod(method) + " " + base + "/{type}"
	case fhir.InteractionBatch:
		return plainMethod(method) + " " + base
	}
	return plainMethod(method) + " " + base + "/{path}"
}

// trailRoute is the same below a clinic's trail.
func trailRoute(method, path, id string) string {
	const base = " /audit/{clinic}"
	switch {
	case id != "":
		return plainMethod(method) + base + "/AuditEvent/{id}"
	case path == "/AuditEvent", path == "/AuditEvent/_search", path == "/metadata":
		return plainMethod(method) + base + path
	}
	return plainMethod(method) + base + "/{path}"
}

// plainMethod is an HTTP method that is registered (RFC 9110 section 9.3), "OTHER" for what a caller made up.
func plainMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
		http.MethodConnect:
		return method
	}
	return "OTHER"
}

// maxSent bounds what of an address is handed on for the record of a refusal, which cuts it further.
const maxSent = 4096

// sent is path, query and form as they came.
func sent(path, query string) string {
	if query != "" {
		path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + query
	}
	return path[:min(len(path), maxSent)]
}
