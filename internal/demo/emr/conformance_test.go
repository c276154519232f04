package emr_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/adapters/fhirr4"
	"vestibule/internal/demo/emr"
)

func TestTheAdapterOverThisEMRKeepsTheContract(t *testing.T) {
	adaptertest.Run(t, startWorld)
}

// startWorld starts an EMR without log-in.
func startWorld(t testing.TB, zone *time.Location) *adaptertest.World {
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
	patients := 0
	w.Patient = func(t testing.TB, family string) string { // patients come with the demo and are not created over HTTP
		t.Helper()
		patients++
		id := fmt.Sprintf("made-up-%d", patients)
		if err := e.Load(fmt.Appendf(nil, `{"resourceType":"Patient","id":%q,"name":[{"family":%q}]}`, id, family)); err != nil {
			t.Fatal(err)
		}
		return id
	}
	w.Open = func(t testing.TB, o adaptertest.Opening) adapters.EMR {
		t.Helper()
		a, err := fhirr4.Open(fhirr4.Config{
			Base: o.Base, Aliases: []string{e.URL()}, Timeout: o.Timeout, MaxBody: o.MaxBody, Now: o.Now, Quirks: fhirr4.Quirks{StablePages: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Close)
		return a
	}
	return w
}
