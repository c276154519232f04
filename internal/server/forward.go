package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vestibule/internal/forward"
)

// sinkGauges are the metrics of where the trail is sent on to, read when they are asked for.
type sinkGauges struct {
	states                                                        func() []forward.State
	lagRecords, lag, sent, skipped, parked, failed, last, failing *prometheus.Desc
}

// Forwarding adds the metrics of the sinks. Their label is the sink's name, as the operator gave it.
func (m *Metrics) Forwarding(states func() []forward.State) {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("vestibule_forward_"+name, help, []string{"sink", "kind"}, nil)
	}
	m.registry.MustRegister(&sinkGauges{
		states:     states,
		lagRecords: desc("lag_records", "Records that have not arrived at the sink."),
		lag:        desc("lag_seconds", "For how long the oldest record that has not arrived has been waiting."),
		sent:       desc("sent_total", "AuditEvents that the sink has taken, repeats too."),
		skipped:    desc("skipped_total", "Records passed over because their bodies were deleted."),
		parked:     desc("parked_total", "AuditEvents left out because the sink refuses them; each is on record."),
		failed:     desc("failed_total", "Times that the sink did not take something, since the start."),
		last:       desc("last_success_timestamp_seconds", "When the sink last took something; 0: never."),
		failing:    desc("failing", "1 while the sink takes nothing."),
	})
}

// Describe lists the metrics.
func (g *sinkGauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.lagRecords, g.lag, g.sent, g.skipped, g.parked, g.failed, g.last, g.failing} {
		out <- d
	}
}

// Collect reads them.
func (g *sinkGauges) Collect(out chan<- prometheus.Metric) {
	for _, s := range g.states() {
		metric := func(d *prometheus.Desc, kind prometheus.ValueType, v float64) {
			out <- prometheus.MustNewConstMetric(d, kind, v, s.Name, s.Kind)
		}
		last, failing := 0.0, 0.0
		if !s.Success.IsZero() {
			last = float64(s.Success.UnixMilli()) / float64(time.Second/time.Millisecond)
		}
		if s.Failing {
			failing = 1
		}
		metric(g.lagRecords, prometheus.GaugeValue, float64(s.LagRecords))
		metric(g.lag, prometheus.GaugeValue, s.Lag.Seconds())
		metric(g.sent, prometheus.CounterValue, float64(s.Sent))
		metric(g.skipped, prometheus.CounterValue, float64(s.Skipped))
		metric(g.parked, prometheus.CounterValue, float64(s.Parked))
		metric(g.failed, prometheus.CounterValue, float64(s.Failed))
		metric(g.last, prometheus.GaugeValue, last)
		metric(g.failing, prometheus.GaugeValue, failing)
	}
}
