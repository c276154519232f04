package adaptertest

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/goleak"

	"vestibule/fhir"
)

func leavingPromises() []promise {
	return []promise{
		{name: "a caller who leaves, or whose time is up, is let go at once", keep: leavesAtOnce},
		{name: "nothing runs on when an adapter is closed", whole: true, keep: nothingRunsOn},
		{name: "credentials that are revoked are the gateway's failure, and good again when they are back", needs: []need{does(fhir.InteractionRead)}, keep: revoked},
	}
}

// callsOf are the calls that the type offers.
func (h subject) callsOf() []int {
	var out []int
	for call, kind := range []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate} {
		if does(kind)(h.Type) == "" {
			out = append(out, call)
		}
	}
	return out
}

func leavesAtOnce(t T, s *suite, h subject) {
	for _, call := range h.callsOf() {
		for _, f := range []fault{silence, drip} {
			p := s.proxy(t, s.world)
			a := s.open(t, Opening{Base: p.base(s.world), Timeout: time.Minute})
			ask := s.prepare(t, h, a, call)
			reached := make(chan struct{}, 100)
			p.always(func(w http.ResponseWriter, r *http.Request, pass http.Handler) { reached <- struct{}{}; f(w, r, pass) })
			ctx, leave := context.WithCancel(background())
			result := make(chan error, 1)
			go func() { result <- ask(ctx) }()
			<-reached
			leave()
			s.letGo(t, result)

			ctx, leave = context.WithTimeout(background(), 100*time.Millisecond)
			go func() { result <- ask(ctx) }()
			s.letGo(t, result)
			leave()

			over, end := context.WithCancel(background())
			end()
			go func() { result <- ask(over) }()
			s.letGo(t, result)
		}
	}
}

// letGo waits for the end of a call whose caller has left.
func (s *suite) letGo(t T, result chan error) {
	t.Helper()
	select {
	case err := <-result:
		wantError(t, "a call whose caller left", err, is(fhir.KindTimeout, "emr-timeout", "emr-write-unknown"))
	case <-time.After(patience):
		t.Fatalf("a call goes on %s after its caller left", patience)
	}
}

// nothingRunsOn opens adapters, has them do something, be refused and be left, closes them, and looks at what still runs.
func nothingRunsOn(t T, s *suite, _ subject) {
	before := goleak.IgnoreCurrent()
	t.Run("adapters that were used and left", func(t T) {
		for _, typ := range s.table.Types() {
			h := subject{s.table.Type(typ), s.world.Types[typ]}
			p := s.proxy(t, s.world)
			a := s.open(t, Opening{Base: p.base(s.world), Timeout: time.Minute})
			for _, call := range h.callsOf() {
				ask := s.prepare(t, h, a, call)
				if err := ask(background()); err != nil {
					t.Errorf("%v", err)
				}
				p.always(silence)
				ctx, leave := context.WithTimeout(background(), 50*time.Millisecond)
				_ = ask(ctx)
				leave()
				p.always(nil)
			}
		}
	})
	if err := goleak.Find(before); err != nil {
		t.Errorf("after all adapters were closed: %v", err)
	}
}

// revoked takes the credentials back in the middle. A log-in that was refused may be left alone for up to ten seconds of the
// gateway's clock, which is turned forward here.
func revoked(t T, s *suite, h subject) {
	for _, code := range []int{401, 403} {
		p := s.proxy(t, s.world)
		var later atomic.Int64
		a := s.open(t, Opening{Base: p.base(s.world), Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }})
		ask := s.prepare(t, h, a, readCall)
		p.always(status(code, "WWW-Authenticate", "Bearer"))
		for range 3 {
			wantError(t, "with revoked credentials", ask(background()), is(fhir.KindUpstream, "emr-login-refused"))
		}
		p.always(nil)
		later.Store(int64(10 * time.Second))
		if err := ask(background()); err != nil {
			t.Errorf("with credentials that are good again: %v", err)
		}
	}
}
