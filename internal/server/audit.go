package server

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"vestibule"
	"vestibule/fhir"
)

// audit answers everything below a clinic's trail: AuditEvent search by GET and by POST _search, read, and what proves it.
func (s *server) audit(c *gin.Context) {
	c.Set(labelKey, "audit")
	if s.proof(c) || s.trailMetadata(c) {
		return
	}
	req := vestibule.TrailRequest{Request: s.identify(c)}
	req.Base = s.PublicURL + "/audit/" + c.Param("clinic")
	if req.Refused == nil {
		req.Refused = s.readTrail(c, &req)
	}
	req.Route = trailRoute(c.Request.Method, below(c), req.ID)
	s.write(c, s.Gateway.Trail(c.Request.Context(), req))
}

// trailMetadata answers what the trail is searched by, for anyone: it is no look into the trail.
func (s *server) trailMetadata(c *gin.Context) bool {
	clinic := s.Gateway.Clinic(c.Param("clinic"))
	if clinic == nil || c.Request.Method != http.MethodGet || below(c) != "/metadata" {
		return false
	}
	s.write(c, s.Gateway.TrailStatement(clinic, s.PublicURL+"/audit/"+clinic.Name))
	return true
}

// onlyFormat refuses every parameter of a read but _format, and that for what is no JSON.
func onlyFormat(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return fhir.E("server.audit", fhir.KindInvalid, "malformed-query", "The query is not properly percent-encoded.")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name != "_format" {
			return fhir.E("server.audit", fhir.KindNotSupported, "parameter-not-supported", "An AuditEvent is read without parameters but _format=json.").At(name)
		}
		for _, format := range values[name] {
			if err := fhir.CheckFormat(format); err != nil {
				return err
			}
		}
	}
	return nil
}

// trailMethod is the one method that an address of the trail takes; empty where there is no such address.
func trailMethod(path string) string {
	id, reads := strings.CutPrefix(path, "/AuditEvent/")
	switch {
	case id == "_search":
		return http.MethodPost
	case path == "/AuditEvent", path == "/metadata", reads && fhir.ValidID(id):
		return http.MethodGet
	}
	return ""
}

// readTrail reads what of the trail is asked for.
func (s *server) readTrail(c *gin.Context, req *vestibule.TrailRequest) error {
	const op = "server.audit"
	if err := acceptable(strings.Join(c.Request.Header.Values("Accept"), ",")); err != nil {
		return err
	}
	path, query := below(c), c.Request.URL.RawQuery
	switch method := trailMethod(path); {
	case method == "":
		return fhir.E(op, fhir.KindNotFound, "no-such-address", "A clinic's trail is searched at AuditEvent and read at AuditEvent/{id}.")
	case method != c.Request.Method:
		c.Set(allowKey, method)
		return fhir.E(op, fhir.KindMethodNotAllowed, "trail-is-read-only", "The trail can be searched and read; nobody writes it from outside. This address takes "+method+".")
	case method == http.MethodPost:
		form, err := s.body(c.Request, "application/x-www-form-urlencoded")
		if err != nil {
			return err
		}
		query += "&" + string(form)
		req.Raw = sent(req.Raw, string(form))
	}
	if id, reads := strings.CutPrefix(path, "/AuditEvent/"); reads && id != "_search" {
		req.ID = id
		return onlyFormat(query)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return fhir.E(op, fhir.KindInvalid, "malformed-query", "The query is not properly percent-encoded.")
	}
	req.Search = values
	return nil
}
