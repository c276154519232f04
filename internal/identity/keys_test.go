package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"

	"vestibule/fhir"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// forge is a token with the key id of the issuer and the signature of someone else; every one is different.
func (w *world) forge(t *testing.T, thief signingKey, n int) string {
	return thief.sign(t, members{"typ": "at+jwt"}, w.claims(members{"jti": fmt.Sprint(n)}))
}

func TestH34ForgedTokensDoNotHammerTheIssuer(t *testing.T) {
	w := newWorld(t)
	thief := newES256(t, "k1")
	for n := range 50 {
		got, err := w.ask(w.forge(t, thief, n))
		wantCode(t, got, err, CodeSignature)
		w.clock.advance(time.Second)
	}
	if n := w.issuer.fetches(); n != 1 {
		t.Errorf("50 forged tokens with a known key id caused %d fetches, want the first one only", n)
	}
}

func TestH34UnknownKeyIdsCauseOneFetchPerInterval(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	for interval := range 3 {
		w.clock.advance(fetchInterval)
		for n := range 50 {
			thief := w.key
			thief.kid = fmt.Sprintf("unknown-%d-%d", interval, n)
			got, err := w.ask(thief.sign(t, members{"typ": "at+jwt"}, w.claims(nil)))
			wantCode(t, got, err, CodeSignature)
		}
		if n, want := w.issuer.fetches(), 2+interval; n != want {
			t.Fatalf("after %d intervals: %d fetches, want %d", interval+1, n, want)
		}
	}
	if n := w.issuer.count("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("discovery was done %d times", n)
	}
}

func TestH34ManyCallersAtOnceCauseOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{})
		keys, _ := json.Marshal(jose.JSONWebKeySet{Keys: w.issuer.keys})
		w.issuer.breakWith(func(path string) (string, error) {
			if path == "/jwks" {
				return string(keys), nil
			}
			<-release
			return `{"issuer":"` + issuerA + `","jwks_uri":"https://keys.example/jwks"}`, nil
		})
		var all sync.WaitGroup
		gone, cancel := context.WithCancel(t.Context())
		first := w.token(t, nil)
		all.Go(func() { // the one that begins the fetch hangs up
			_, err := w.Verify(gone, first, netip.Addr{})
			if fhir.KindOf(err) != fhir.KindUnavailable {
				t.Errorf("hung up: %v", err)
			}
		})
		synctest.Wait()
		for n := range 50 {
			token := w.token(t, members{"jti": fmt.Sprint(n)})
			all.Go(func() {
				if _, err := w.ask(token); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(release)
		all.Wait()
		if n := w.issuer.fetches(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestANewKeyIsFoundOnceTheIntervalHasPassed(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	old := w.key
	w.key = newES256(t, "k2")
	w.issuer.publish(old, w.key)
	got, err := w.ask(w.token(t, nil))
	wantCode(t, got, err, CodeSignature)
	w.clock.advance(fetchInterval)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if _, err := w.ask(old.sign(t, members{"typ": "at+jwt"}, w.claims(nil))); err != nil {
		t.Errorf("the old key, still published: %v", err)
	}
}

// settle waits for a fetch in the background.
func (w *world) settle() {
	k := w.trusted.Load().issuers[issuerA].keys
	k.mu.Lock()
	flight := k.flight
	k.mu.Unlock()
	if flight != nil {
		<-flight
	}
}

func TestAWithdrawnKeyStopsWorkingWhenTheSetIsTooOld(t *testing.T) {
	for name, c := range map[string]struct {
		cache string
		age   time.Duration
	}{
		"not said":      {"", defaultKeyAge},
		"said":          {"public, max-age=120", 2 * time.Minute},
		"too short":     {"max-age=0", minKeyAge},
		"not to cache":  {"no-store", minKeyAge},
		"too long":      {`max-age="31536000"`, maxKeyAge},
		"not a number":  {"max-age=soon", defaultKeyAge},
		"another word":  {"public", defaultKeyAge},
		"beyond uint32": {"max-age=99999999999", defaultKeyAge},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.issuer.cache = c.cache
			if _, err := w.ask(w.token(t, nil)); err != nil {
				t.Fatal(err)
			}
			withdrawn := w.key
			w.issuer.publish(newES256(t, "k2"))
			w.clock.advance(c.age*4/5 - time.Second)
			if _, err := w.ask(w.token(t, nil)); err != nil {
				t.Errorf("fresh keys: %v", err)
			}
			if n := w.issuer.fetches(); n != 1 {
				t.Errorf("%d fetches while the keys were fresh", n)
			}
			w.clock.advance(c.age/5 + time.Second)
			got, err := w.ask(withdrawn.sign(t, members{"typ": "at+jwt"}, w.claims(nil)))
			wantCode(t, got, err, CodeSignature)
		})
	}
}

func TestKeysAreRenewedAheadOfTimeWithoutAnybodyWaiting(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	for range 20 { // 20 times nine minutes, at an age of ten
		w.clock.advance(defaultKeyAge * 9 / 10)
		if _, err := w.ask(w.token(t, nil)); err != nil {
			t.Fatal(err)
		}
		w.settle()
	}
	if n := w.issuer.fetches(); n != 21 {
		t.Errorf("%d fetches, want 21", n)
	}
	if n := w.issuer.count("/.well-known/openid-configuration"); n != 3 {
		t.Errorf("discovery was done %d times in three hours, want 3", n)
	}
}

func TestAnIssuerThatIsDownIsBridgedForAnHour(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	w.issuer.breakWith(func(string) (string, error) { return "", errors.New("connection refused") })
	w.clock.advance(defaultKeyAge)
	for range 60 {
		if _, err := w.ask(w.token(t, nil)); err != nil {
			t.Fatal(err)
		}
		w.settle()
		w.clock.advance(time.Minute)
	}
	got, err := w.ask(w.token(t, nil))
	wantCode(t, got, err, CodeUnavailable)
	if e := fhir.AsError(err); e.RetryAfter <= 0 || e.RetryAfter > fetchInterval {
		t.Errorf("RetryAfter %v", e.RetryAfter)
	}
	w.settle()
	w.issuer.breakWith(nil)
	w.clock.advance(fetchInterval)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Errorf("the issuer is back: %v", err)
	}
}

func TestAnIssuerThatWasNeverReachedIsAskedOncePerInterval(t *testing.T) {
	w := newWorld(t)
	w.issuer.breakWith(func(string) (string, error) { return "", errors.New("connection refused") })
	for range 50 {
		got, err := w.ask(w.token(t, nil))
		wantCode(t, got, err, CodeUnavailable)
	}
	if n := w.issuer.count("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.issuer.breakWith(nil)
	w.clock.advance(fetchInterval)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Error(err)
	}
}

func TestAnUnknownKeyWhileTheIssuerIsDownIsNotTheCallersFault(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	w.issuer.breakWith(func(string) (string, error) { return "", errors.New("connection refused") })
	w.clock.advance(fetchInterval)
	known := w.token(t, nil)
	w.key = newES256(t, "k2")
	for range 3 {
		got, err := w.ask(w.token(t, nil))
		wantCode(t, got, err, CodeUnavailable)
	}
	if _, err := w.ask(known); err != nil {
		t.Errorf("the known key: %v", err)
	}
}

func TestAnIssuerThatHangsIsLeftAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.client.Transport = hanging{}
		start := time.Now()
		got, err := w.ask(w.token(t, nil))
		wantCode(t, got, err, CodeUnavailable)
		if took := time.Since(start); took != fetchTimeout {
			t.Errorf("waited %v", took)
		}
	})
}

type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}
