package server

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/identity"
)

// Config is what the front door needs.
type Config struct {
	Gateway   *vestibule.Gateway
	Verifier  *identity.Verifier
	PublicURL string       // how callers reach the gateway, without trailing slash; links and Locations begin with it
	Log       *slog.Logger // for the operator: failures and panics, never values
	Metrics   *Metrics
	MaxBody   int64 // bytes of a caller's body; 0: 1 MiB
	SMART     func() SMARTConfiguration
}

// server holds the handlers.
type server struct {
	Config
	buffers sync.Pool // of *[]byte: the memory answers are written into
}

// New is the handler for the public listener.
func New(cfg Config) http.Handler {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 1 << 20
	}
	s := &server{Config: cfg}
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.RedirectTrailingSlash, e.RedirectFixedPath, e.RemoveExtraSlash = false, false, false
	e.Use(s.guard)
	for path, answer := range map[string]gin.HandlerFunc{"/": s.front, "/healthz": s.health, "/readyz": s.ready} {
		e.GET(path, answer)
		e.HEAD(path, answer) // what watches a server often asks no more
	}
	e.NoRoute(s.clinics)
	return e
}

// clinics answers what lies below a clinic's addresses, whatever the method: gin routes only those that are registered, and
// every attempt at a clinic is on record (hazards H20, H23), also one by PROPFIND.
func (s *server) clinics(c *gin.Context) {
	parts := strings.SplitN(c.Request.URL.EscapedPath(), "/", 4)
	if len(parts) < 3 || len(parts) == 3 && parts[2] == "" {
		s.noRoute(c)
		return
	}
	c.Params = gin.Params{{Key: "clinic", Value: parts[2]}}
	switch parts[1] {
	case "fhir":
		s.fhir(c)
	case "audit":
		s.audit(c)
	default:
		s.noRoute(c)
	}
}

// HTTPServer is a server with the timeouts and caps that a listener beyond loopback needs.
func HTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(quiet{log.Handler()}, slog.LevelDebug),
	}
}

// guard counts every request, answers a panic as our own fault, and sets what every answer carries.
func (s *server) guard(c *gin.Context) {
	start := time.Now()
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	defer func() {
		if p := recover(); p != nil {
			s.panicked(c, p)
		}
		s.Metrics.request(c.GetString(labelKey), c.Writer.Status(), time.Since(start))
	}()
	c.Next()
}

// labelKey is where a handler leaves the request's metric label: a template, never a value.
const labelKey = "label"

// allowKey is where a handler leaves the methods that the request's address takes.
const allowKey = "allow"

func (s *server) health(c *gin.Context) {
	c.Set(labelKey, "healthz")
	c.String(http.StatusOK, "ok\n")
}

func (s *server) ready(c *gin.Context) {
	c.Set(labelKey, "readyz")
	err := s.Gateway.Ready(c.Request.Context())
	if stopped, ok := errors.AsType[*audit.Stopped](err); ok {
		c.String(http.StatusServiceUnavailable, "not ready: "+stopped.Error()+"\n")
		return
	}
	if err != nil {
		c.String(http.StatusServiceUnavailable, "not ready: the ledger cannot write\n")
		return
	}
	c.String(http.StatusOK, "ready\n")
}

// below is the request's escaped path after the clinic: "/Appointment/1" of "/fhir/maple/Appointment/1".
func below(c *gin.Context) string {
	parts := strings.SplitN(c.Request.URL.EscapedPath(), "/", 4)
	if len(parts) < 4 {
		return "/"
	}
	return "/" + parts[3]
}

func (s *server) base(c *gin.Context) string { return s.PublicURL + "/fhir/" + c.Param("clinic") }
