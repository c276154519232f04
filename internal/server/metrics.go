package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the front door does. A label is a template or a status, never a value out of a request.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	panics   prometheus.Counter
}

// NewMetrics registers the front door's metrics and the Go runtime's.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vestibule_requests_total", Help: "Requests answered, by interaction and HTTP status.",
		}, []string{"interaction", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vestibule_request_seconds", Help: "Time from a request's headers to its answer's last byte.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"interaction"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vestibule_panics_total", Help: "Requests that ended in a defect of the gateway.",
		}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.panics,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Registry takes further collectors.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Recording adds whether accesses can be recorded at present, and how many commits of records have failed.
func (m *Metrics) Recording(goes func() bool, failed func() int64) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "vestibule_recording", Help: "1 while accesses can be recorded; 0 while nothing can, and every access is refused.",
		}, func() float64 {
			if goes() {
				return 1
			}
			return 0
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "vestibule_recording_failures_total", Help: "Commits of records that failed or took too long.",
		}, func() float64 { return float64(failed()) }))
}

// Handler serves /metrics; it belongs on a listener that only the operator reaches.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

func (m *Metrics) request(label string, status int, took time.Duration) {
	if label == "" {
		label = "other"
	}
	m.requests.WithLabelValues(label, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(label).Observe(took.Seconds())
}
