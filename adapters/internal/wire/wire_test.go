package wire

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vestibule/fhir"
)

func TestWhoWaitsForAnotherCallersTokenCanGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loading := make(chan struct{})
		f := NewFresh(time.Now, false, func(ctx context.Context) (int, time.Duration, error) {
			<-loading
			return 7, time.Minute, nil
		})
		got := make(chan int, 1)
		go func() {
			l, err := f.Get(t.Context())
			if err != nil {
				t.Error(err)
			}
			got <- l.Value
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.Get(ctx); fhir.KindOf(err) != fhir.KindTimeout {
			t.Error(err)
		}
		close(loading)
		if v := <-got; v != 7 {
			t.Error(v)
		}
	})
}

func TestJitterStaysBetweenHalfAndWhole(t *testing.T) {
	for _, b := range []string{"\x00", "\x80", "\xff", ""} {
		if d := Jitter(strings.NewReader(b), time.Second); d < time.Second/2 || d > time.Second {
			t.Errorf("%q: %v", b, d)
		}
	}
}

func TestALockIsWaitedForNoLongerThanTheCall(t *testing.T) {
	var l Locks
	unlock, err := l.Lock(t.Context(), "op")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Lock(ctx, "op"); fhir.KindOf(err) != fhir.KindTimeout {
		t.Errorf("%v", err)
	}
	unlock()
	if unlock, err = l.Lock(ctx, "op"); err != nil {
		t.Errorf("%v", err)
	}
	unlock()
	if len(l.held) != 0 {
		t.Errorf("%d locks left", len(l.held))
	}
}
