package server

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"vestibule/fhir"
)

//go:embed front.html
var pages embed.FS

// front answers people who open the gateway's address in a browser: what this is and where its APIs are.
func (s *server) front(c *gin.Context) {
	c.Set(labelKey, "front")
	page, err := template.ParseFS(pages, "front.html")
	if err != nil {
		s.Log.Error("front page", "error", err)
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Status(http.StatusOK)
	if err := page.Execute(c.Writer, map[string]any{"Base": s.PublicURL, "Clinics": s.Gateway.Clinics()}); err != nil {
		s.Log.Error("front page", "error", err)
	}
}

func (s *server) noRoute(c *gin.Context) {
	c.Set(labelKey, "no-route")
	s.outcome(c, fhir.E("server.route", fhir.KindNotFound, "no-such-address",
		"Nothing is served here. A clinic's FHIR base is /fhir/{clinic}, its trail /audit/{clinic}/AuditEvent."))
}

func (s *server) outcome(c *gin.Context, err *fhir.Error) {
	c.Data(err.Kind.Status(), "application/fhir+json; charset=utf-8", fhir.Outcome(err, ""))
}

// panicked answers a defect of ours. The stack goes to the operator; a panic's value may hold anything, so only its type
// is logged.
func (s *server) panicked(c *gin.Context, p any) {
	s.Metrics.panics.Inc()
	s.Log.Error("panic", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
	if !c.Writer.Written() {
		s.outcome(c, fhir.AsError(nil))
	}
	c.Abort()
}

// quiet lowers what net/http has to say about broken connections to debug and drops it there: it holds addresses only,
// but there is nothing to do about it.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level > slog.LevelDebug && q.Handler.Enabled(ctx, level)
}
