package oscartest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestABookedAppointmentIsEverywhere(t *testing.T) {
	for _, dialect := range []Dialect{OSCAR19, OpenO, CARLOS} {
		w := newWorld(t, dialect)
		id := w.book()
		for path, method := range map[string]string{
			"/schedule/900101/day/2026-12-01": "GET", "/schedule/day/2026-12-01": "GET", "/schedule/fetchDays/2026-12-01/2026-12-05/12,900101": "GET",
			"/schedule/fetchProviderAppts/900101/2026-11-30/2026-12-01": "GET", "/schedule/fetchMonthly/900101/2026/11": "GET", "/schedule/31/appointmentHistory": "POST",
		} {
			got := w.ask(method, path, "")
			if !strings.Contains(got.body, fmt.Sprint(id)) || !strings.Contains(got.body, "Bring the blue form") {
				t.Errorf("%s %s: %d %s", dialect, path, got.status, got.body)
			}
		}
		if got := w.ask("POST", "/schedule/getAppointment", fmt.Sprintf(`{"id":%d}`, id)); got.status != http.StatusOK {
			t.Errorf("%s: %d", dialect, got.status)
		}
	}
}
