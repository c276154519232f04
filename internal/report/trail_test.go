package report_test

import (
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/reporttest"
)

func TestWhatIsRecordedMeanwhileIsNotInAReport(t *testing.T) {
	l, reader, _ := reporttest.Ledger(t)
	reporttest.Append(t, l, audit.Record{Agent: reporttest.Amara(), Interaction: "read"}, audit.Record{Phase: audit.PhaseDenial, Agent: reporttest.Amara(), Interaction: "read"})
	trail, err := report.Open(t.Context(), reader, "maple", time.Time{}, time.Time{})
	if err == nil {
		err = trail.Bound(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	reporttest.Append(t, l, audit.Record{Agent: reporttest.Amara(), Interaction: "read"})
	n := 0
	count := func(audit.Entry) error { n++; return nil }
	for name, read := range map[string]func() error{
		"walking": func() error { return trail.Walk(t.Context(), count) },
		"searching": func() error {
			return trail.Search(t.Context(), audit.Search{Agents: []string{reporttest.Amara().Key()}}, count)
		},
		"picking": func() error {
			picked, err := trail.Pick(t.Context(), nil, func(audit.Entry) (bool, error) { return true, nil })
			if err != nil {
				return err
			}
			return picked.Each(t.Context(), count)
		},
	} {
		if n = 0; read() != nil || n != 2 {
			t.Errorf("%s finds %d records", name, n)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
