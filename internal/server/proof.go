package server

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"vestibule"
	"vestibule/fhir"
)

// proof answers what proves a clinic's trail: its checkpoint, the tiles of its tree (https://c2sp.org/tlog-tiles) and proofs
// of single records; false where the request is for something else.
func (s *server) proof(c *gin.Context) bool {
	path := strings.TrimPrefix(below(c), "/")
	if path != "checkpoint" && !strings.HasPrefix(path, "tile/") && !strings.HasPrefix(path, "proof/") {
		return false
	}
	c.Set(labelKey, "audit-proof")
	req := vestibule.ProofRequest{Request: s.identify(c), Path: path}
	switch {
	case req.Refused != nil:
	case c.Request.Method != http.MethodGet:
		c.Set(allowKey, http.MethodGet)
		req.Refused = fhir.E("server.proof", fhir.KindMethodNotAllowed, "trail-is-read-only", "What proves the trail can be read; nobody writes it.")
	case c.Request.URL.RawQuery != "":
		req.Refused = fhir.E("server.proof", fhir.KindInvalid, "malformed-query", "What proves the trail is asked for without parameters.")
	}
	req.Route = proofRoute(c.Request.Method, path)
	answer := s.Gateway.Proof(c.Request.Context(), req)
	if answer.Err() == nil && strings.HasPrefix(path, "tile/") && !strings.HasPrefix(path, "tile/entries/") {
		c.Header("Cache-Control", "private, max-age=31536000, immutable") // hashes never change, and say nothing about anybody
	}
	s.write(c, answer)
	return true
}

// proofRoute is the address without its values.
func proofRoute(method, path string) string {
	for _, below := range []string{"tile/entries/", "tile/", "proof/"} {
		if strings.HasPrefix(path, below) {
			return plainMethod(method) + " /audit/{clinic}/" + below + "{number}"
		}
	}
	return plainMethod(method) + " /audit/{clinic}/checkpoint"
}
