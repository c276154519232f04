package fhirr4

import (
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
)

func TestOverAFHIRServerThatIsNotOursItKeepsTheContract(t *testing.T) {
	base := startNode(t)
	adaptertest.Run(t, func(testing.TB, *time.Location) *adaptertest.World {
		w := adaptertest.FHIRServer(base)
		w.Open = func(t testing.TB, o adaptertest.Opening) adapters.EMR {
			return open(t, Config{Base: o.Base, Aliases: []string{base}, Timeout: o.Timeout, MaxBody: o.MaxBody, Now: o.Now})
		}
		return w
	})
}
