package fhirr4

import (
	"sync"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/internal/nodetest"
)

func TestOverAFHIRServerThatIsNotOursItKeepsTheContract(t *testing.T) {
	var mu sync.Mutex
	servers := map[string]string{} // one for each zone: this server becomes slow with its rows
	adaptertest.Run(t, func(_ testing.TB, zone *time.Location) *adaptertest.World {
		mu.Lock()
		defer mu.Unlock()
		base := servers[zone.String()]
		if base == "" {
			base = nodetest.FHIRServer(t)
			servers[zone.String()] = base
		}
		w := adaptertest.FHIRServer(base)
		w.KeepBinaries()
		w.RemoveByDelete()
		w.Open = func(t testing.TB, o adaptertest.Opening) adapters.EMR {
			return open(t, Config{Base: o.Base, Aliases: []string{base}, Timeout: o.Timeout, MaxBody: o.MaxBody, Now: o.Now, Pause: time.Millisecond})
		}
		return w
	})
}
