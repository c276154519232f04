package adaptertest

import (
	"fmt"
	"sync"

	"vestibule/adapters"
	"vestibule/fhir"
)

func oncePromises() []promise {
	create, update := []need{does(fhir.InteractionCreate)}, []need{does(fhir.InteractionUpdate)}
	return []promise{
		{name: "H30: a create is carried out once, whichever answer is lost", needs: create, keep: createsOnce},
		{name: "H30: an update is carried out once, whichever answer is lost", needs: update, keep: updatesOnce},
		{name: "H30: one operation written many times at once makes one row", needs: create, keep: oneOperationOneRow},
		{name: "H30: one operation written by two gateways at once makes one row, where the EMR claims conditional creates",
			needs: append(create, conditionalCreate), keep: twoGatewaysOneRow},
		{name: "of concurrent updates of one version one wins, and no other leaves a trace", needs: update, keep: oneWinner},
		{name: "concurrent creates under operations of their own all come to be", needs: create, keep: allCome},
	}
}

// lastingLoss is the one that lasts until the time limit.
const lastingLoss = "silence after the deed"

// losses are the ways to lose an answer. done says that the EMR carries out what it was asked.
func losses() map[string]fault {
	return map[string]fault{
		"lost request": reset, "lost answer": lost, "failure after the deed": doneButFailed, "half an answer": halfAnswer, lastingLoss: doneButSilent,
	}
}

// mostRequests is how many requests one write may take.
const mostRequests = 40

// eachRequest writes again and again, each time with a change of its own, and breaks one of the requests that the write
// takes: the first, the second and so on; alone, or with everything that follows it, as when the EMR goes away in the middle.
func (s *suite) eachRequest(t T, h subject, call int, try func(t T, p *proxy, a adapters.EMR)) {
	for name, f := range losses() {
		for _, all := range []bool{false, true} {
			n, asked := 1, 1
			for ; n <= asked && n <= mostRequests; n++ {
				t.Run(fmt.Sprintf("%s at request %d, for good: %v", name, n, all), func(t T) {
					p := s.proxy(t, s.world)
					limit := longTime
					if name == lastingLoss {
						limit = shortTime
					}
					a := s.open(t, Opening{Base: p.base(s.world), Timeout: limit})
					s.prepare(t, h, a, call)
					p.set(func(i int) fault {
						if i == n || all && i > n {
							return f
						}
						return nil
					})
					try(t, p, a)
					asked = max(asked, p.asked())
					p.always(nil)
				})
			}
			if n > mostRequests {
				t.Errorf("a write takes more than %d requests", mostRequests)
			}
		}
	}
}

func createsOnce(t T, s *suite, h subject) {
	s.eachRequest(t, h, createCall, func(t T, p *proxy, a adapters.EMR) {
		d := s.draft(t)
		c := s.creation(t, h, d)
		before := len(h.IDs(t))
		r, err := a.Write(background(), c)
		made := len(h.IDs(t)) - before
		switch {
		case err == nil && made != 1:
			t.Errorf("a create succeeded and made %d rows", made)
		case err != nil && made > 0 && fhir.AsError(err).Code != "emr-write-unknown":
			t.Errorf("the row is there, and the error says that nothing happened: %v", err)
		}
		again := s.write(t, c) // the caller's retry, through another gateway
		if made := len(h.IDs(t)) - before; made != 1 || err == nil && again.ID() != r.ID() {
			t.Errorf("%d rows after a retry under the same operation", made)
		}
		s.says(t, again, h, d)
	})
}

func updatesOnce(t T, s *suite, h subject) {
	s.eachRequest(t, h, updateCall, func(t T, p *proxy, a adapters.EMR) {
		id := h.Seed(t, s.draft(t))
		before := s.read(t, s.direct(t), h, id)
		c := s.edit(t, h, before, 1)
		_, err := a.Write(background(), c)
		now := s.read(t, s.direct(t), h, id)
		done := now.VersionID() != before.VersionID()
		switch {
		case err == nil && !done:
			t.Errorf("an update succeeded and changed nothing")
		case err != nil && done && fhir.AsError(err).Code != "emr-write-unknown":
			t.Errorf("the update is done, and the error says that nothing happened: %v", err)
		case done && h.written(now) != h.written(c.Resource):
			t.Errorf("it reads %q", h.written(now))
		}
		_, err = s.direct(t).Write(background(), c) // the caller's retry: done now, or found done
		if done && err != nil {
			wantError(t, "the retry of an update that is done", err, is(fhir.KindStale, "stale"))
		}
		after := s.read(t, s.direct(t), h, id)
		if h.written(after) != h.written(c.Resource) || !done && err != nil || done && after.VersionID() != now.VersionID() {
			t.Errorf("after a retry it reads %q; done twice: %v; %v", h.written(after), done && after.VersionID() != now.VersionID(), err)
		}
	})
}

// crowd is how many do something at once.
const crowd = 8

// together runs f crowd times at once.
func together(f func(i int)) {
	var all sync.WaitGroup
	gate := make(chan struct{})
	for i := range crowd {
		all.Go(func() { <-gate; f(i) })
	}
	close(gate)
	all.Wait()
}

func oneOperationOneRow(t T, s *suite, h subject) {
	a := s.direct(t)
	c := s.creation(t, h, s.draft(t))
	before := len(h.IDs(t))
	var ids [crowd]string
	together(func(i int) {
		r, err := a.Write(background(), c)
		if err != nil {
			t.Errorf("one of many: %v", err)
		}
		ids[i] = r.ID()
	})
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("one operation has the results %q and %q", ids[0], id)
		}
	}
	if made := len(h.IDs(t)) - before; made != 1 {
		t.Errorf("one operation made %d rows", made)
	}
}

// twoGatewaysOneRow has several gateways, which know nothing of each other, carry out one operation.
func twoGatewaysOneRow(t T, s *suite, h subject) {
	for range 5 {
		var gateways [crowd]adapters.EMR
		for i := range gateways {
			gateways[i] = s.direct(t)
			if _, err := gateways[i].Capability(background()); err != nil {
				t.Fatal(err)
			}
		}
		c := s.creation(t, h, s.draft(t))
		before := len(h.IDs(t))
		together(func(i int) {
			if _, err := gateways[i].Write(background(), c); err != nil {
				wantError(t, "one of several gateways", err, is(fhir.KindConflict), is(fhir.KindTimeout, "emr-write-unknown"))
			}
		})
		if made := len(h.IDs(t)) - before; made != 1 {
			t.Errorf("one operation made %d rows", made)
		}
	}
}

func oneWinner(t T, s *suite, h subject) {
	a := s.direct(t)
	for range 3 {
		id := h.Seed(t, s.draft(t))
		r := s.read(t, a, h, id)
		var errs [crowd]error
		var changes [crowd]fhir.Change
		for i := range changes {
			changes[i] = s.edit(t, h, r, i+1)
		}
		together(func(i int) { _, errs[i] = a.Write(background(), changes[i]) })
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner >= 0:
				t.Errorf("two updates of one version succeeded: one was lost")
			case err == nil:
				winner = i
			default:
				wantError(t, "an update that did not win", err, is(fhir.KindStale, "stale"), is(fhir.KindConflict))
			}
		}
		if winner < 0 {
			t.Fatalf("no update won: %v", errs)
		}
		if now := s.read(t, a, h, id); h.written(now) != h.written(changes[winner].Resource) {
			t.Errorf("it reads %q, and %q won", h.written(now), h.written(changes[winner].Resource))
		}
	}
}

func allCome(t T, s *suite, h subject) {
	a := s.direct(t)
	before := len(h.IDs(t))
	var changes [crowd]fhir.Change
	for i := range changes {
		changes[i] = s.creation(t, h, s.draft(t))
	}
	var ids sync.Map
	together(func(i int) {
		r, err := a.Write(background(), changes[i])
		if err != nil {
			t.Errorf("one of many: %v", err)
		}
		if other, there := ids.LoadOrStore(r.ID(), changes[i].Operation); there {
			t.Errorf("two operations (%s, %s) have one row", other, changes[i].Operation)
		}
	})
	if made := len(h.IDs(t)) - before; made != crowd {
		t.Errorf("%d operations made %d rows", crowd, made)
	}
}
