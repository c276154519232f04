package adaptertest_test

import (
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/adapters/fhirr4"
	"vestibule/internal/demo/emr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a World over the demo's EMR whose adapter is broken by breakIt.
func world(breakIt func(adapters.EMR, adaptertest.Opening) adapters.EMR) adaptertest.Start {
	return func(t testing.TB, zone *time.Location) *adaptertest.World {
		t.Helper()
		ts := httptest.NewUnstartedServer(nil)
		e, err := emr.New(emr.Config{Base: "http://" + ts.Listener.Addr().String() + "/fhir", Zone: zone})
		if err != nil {
			t.Fatal(err)
		}
		ts.Config.Handler = e
		ts.Start()
		t.Cleanup(ts.Close)
		w := adaptertest.FHIRServer(e.URL())
		var patients atomic.Int32
		w.Patient = func(t testing.TB, family string) string {
			id := fmt.Sprintf("made-up-%d", patients.Add(1))
			if err := e.Load(fmt.Appendf(nil, `{"resourceType":"Patient","id":%q,"name":[{"family":%q}]}`, id, family)); err != nil {
				t.Fatal(err)
			}
			return id
		}
		w.Open = func(t testing.TB, o adaptertest.Opening) adapters.EMR {
			a, err := fhirr4.Open(fhirr4.Config{Base: o.Base, Aliases: []string{e.URL()}, Timeout: o.Timeout, MaxBody: o.MaxBody, Now: o.Now,
				Quirks: fhirr4.Quirks{StablePages: true}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(a.Close)
			return breakIt(a, o)
		}
		return w
	}
}
