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
		if f := values.Get(name); name != "_format" || f != "json" && !strings.HasSuffix(f, "/json") && !strings.HasSuffix(f, "+json") {
			return fhir.E("server.audit", fhir.KindNotSupported, "parameter-not-supported", "An AuditEvent is read without parameters but _format=json.").At(name)
		}
	}
	return nil
}

func (s *server) readTrail(c *gin.Context, req *vestibule.TrailRequest) error {
	const op = "server.audit"
	if err := acceptable(c.Request.Header.Get("Accept")); err != nil {
		return err
	}
	path, method, query := below(c), c.Request.Method, c.Request.URL.RawQuery
	id, reads := strings.CutPrefix(path, "/AuditEvent/")
	switch {
	case method == http.MethodPost && path == "/AuditEvent/_search":
		form, err := s.body(c.Request, "application/x-www-form-urlencoded")
		if err != nil {
			return err
		}
		query += "&" + string(form)
		req.Raw = sent(req.Raw, string(form))
	case method != http.MethodGet:
		return fhir.E(op, fhir.KindMethodNotAllowed, "trail-is-read-only", "The trail can be searched and read; nobody writes it from outside.")
	case path == "/AuditEvent":
	case reads && fhir.ValidID(id):
		req.ID = id
		return onlyFormat(query)
	default:
		return fhir.E(op, fhir.KindNotFound, "no-such-address", "A clinic's trail is searched at AuditEvent and read at AuditEvent/{id}.")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return fhir.E(op, fhir.KindInvalid, "malformed-query", "The query is not properly percent-encoded.")
	}
	req.Search = values
	return nil
}
