package emr_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/adapters/fhirr4"
)

func TestTheAdapterOverThisEMRKeepsTheContract(t *testing.T) {
	adaptertest.Run(t, startWorld)
}

// startWorld starts an EMR that wants a log-in. Its rows are put in with a token that no adapter has.
func startWorld(t testing.TB, zone *time.Location) *adaptertest.World {
	t.Helper()
	c := newClinic(t, true, zone)
	w := adaptertest.FHIRServerAs(c.URL(), authorization(c))
	var patients atomic.Int32
	w.Patient = func(t testing.TB, family string) string { // patients come with the demo and are not created over HTTP
		t.Helper()
		id := fmt.Sprintf("made-up-%d", patients.Add(1))
		if err := c.Load(fmt.Appendf(nil, `{"resourceType":"Patient","id":%q,"name":[{"family":%q}]}`, id, family)); err != nil {
			t.Fatal(err)
		}
		return id
	}
	w.Open = func(t testing.TB, o adaptertest.Opening) adapters.EMR {
		t.Helper()
		a, err := fhirr4.Open(fhirr4.Config{
			Base: o.Base, Aliases: []string{c.URL()}, Timeout: o.Timeout, MaxBody: o.MaxBody, Now: o.Now, Quirks: fhirr4.Quirks{StablePages: true},
			Login: c.login(),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Close)
		return a
	}
	return w
}

// authorization is good at any time, also where the suite takes longer than a token lives.
func authorization(c *clinic) func(testing.TB) string {
	var mu sync.Mutex
	var bearer string
	var renew time.Time
	return func(t testing.TB) string {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.After(renew) {
			bearer, renew = "Bearer "+token(t, c), now.Add(2*time.Minute)
		}
		return bearer
	}
}

// token logs in as SMART Backend Services has it.
func token(t testing.TB, c *clinic) string {
	t.Helper()
	w := c.ask(t, form(), jwt.Claims{
		Issuer: client, Subject: client, Audience: jwt.Audience{c.URL() + "/auth/token"}, ID: rand.Text(), Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute)),
	})
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("no token: %v %s", err, w.Body)
	}
	return answer.AccessToken
}
