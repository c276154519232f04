package server

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vestibule/internal/forward"
)

func TestTheMetricsSayHowItStandsWithEachSink(t *testing.T) {
	m := NewMetrics()
	m.Forwarding(func() []forward.State {
		return []forward.State{
			{Name: "siem", Kind: "syslog", LagRecords: 3, Lag: 90 * time.Second, Sent: 7, Skipped: 2, Parked: 1, Failed: 5, Success: time.UnixMilli(1500), Failing: true},
			{Name: "archive", Kind: "file"},
		}
	})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`lag_records{kind="syslog",sink="siem"} 3`, `lag_seconds{kind="syslog",sink="siem"} 90`, `sent_total{kind="syslog",sink="siem"} 7`,
		`skipped_total{kind="syslog",sink="siem"} 2`, `parked_total{kind="syslog",sink="siem"} 1`, `failed_total{kind="syslog",sink="siem"} 5`,
		`last_success_timestamp_seconds{kind="syslog",sink="siem"} 1.5`, `failing{kind="syslog",sink="siem"} 1`, `failing{kind="file",sink="archive"} 0`,
	} {
		if !strings.Contains(w.Body.String(), "\nvestibule_forward_"+want+"\n") {
			t.Errorf("no %s in\n%s", want, w.Body)
		}
	}
}
