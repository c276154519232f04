package stage_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/demo"
	"vestibule/internal/demo/stage"
	"vestibule/internal/store"
)

// answer is one request as its caller saw it.
type answer struct {
	who        string
	sent, done time.Time // done: the last byte was there
	status     int
	text       string // of a refusal
}

// load is callers who read one appointment over and over: a hundred times a second each, as long as no more than their
// connections are in use.
type load struct {
	mu      sync.Mutex
	answers []answer
	flying  int
	most    int // in flight at once
	wait    sync.WaitGroup
}

// connections is how many requests of one caller are under way at once.
const connections = 20

// run sends a hundred requests a second as each of who, until ctx ends.
func (l *load) run(ctx context.Context, client *http.Client, s *stage.Stage, url string, who ...string) {
	for _, name := range who {
		l.wait.Go(func() {
			free := make(chan struct{}, connections)
			for next := time.Now(); ; next = next.Add(10 * time.Millisecond) {
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Until(next)):
				}
				free <- struct{}{}
				l.wait.Go(func() {
					l.ask(client, name, url, s.Ready.Tokens[name])
					<-free
				})
			}
		})
	}
}

func (l *load) ask(client *http.Client, who, url, token string) {
	l.mu.Lock()
	l.flying++
	l.most = max(l.most, l.flying)
	l.mu.Unlock()
	a := answer{who: who, sent: time.Now()}
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err == nil {
		req.Header.Set("Authorization", "Bearer "+token)
		a.status, a.text, err = fetch(client, req)
	}
	if err != nil {
		a.text = err.Error()
	}
	a.done = time.Now()
	l.mu.Lock()
	l.flying--
	l.answers = append(l.answers, a)
	l.mu.Unlock()
}

func fetch(client *http.Client, req *http.Request) (status int, text string, err error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if resp.StatusCode == http.StatusOK {
		b = nil
	}
	return resp.StatusCode, string(b), err
}

// between are the answers to who that were complete within a time.
func (l *load) between(who string, from, to time.Time) []answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.answers), func(a answer) bool { return a.who != who || a.done.Before(from) || a.done.After(to) })
}

// until waits for n answers of a status to requests that the assistant sent after from.
func (l *load) until(t *testing.T, n, status int, from time.Time) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		got := 0
		for _, a := range l.between(demo.Assistant, from, time.Now()) {
			if a.status == status && a.sent.After(from) {
				got++
			}
		}
		if got >= n {
			return
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("%d answers of status %d, want %d", got, status, n)
		}
	}
}

// acknowledged does something to the folder as the command line does it, and waits until the gateway acts on it.
func acknowledged(t *testing.T, s *store.Store, do func() error) (called, at time.Time, event store.Event) {
	t.Helper()
	called = time.Now()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	id, err := s.Changed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for event.Effective.IsZero() {
		if event, err = s.Event(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if time.Since(called) > 20*time.Second {
			t.Fatal("the gateway does not act on it")
		}
		time.Sleep(time.Millisecond)
	}
	return called, time.Now(), event
}

// Hazard H37, and a promise to every clinic: under two hundred requests a second, the last permitted answer has been received
// less than a second after a stop or a revocation was acknowledged, and everybody else is served as before.
func TestH37WhatIsStoppedHoldsWithinASecondUnderLoad(t *testing.T) {
	folder := t.TempDir()
	s, down := up(t, folder, false)
	db, err := store.OpenFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	docs, err := store.New(db)
	if err != nil {
		t.Fatal(err)
	}
	clinic := demo.SignalHill
	apply := func(kind, name, text string) func() error {
		return func() error {
			if _, err := config.Parse(name, []byte(text)); err != nil {
				return err
			}
			_, err := docs.Apply(t.Context(), "ivan", time.Now(), []store.Document{{Kind: kind, Clinic: clinic, Name: name, Body: []byte(text)}})
			return err
		}
	}
	withdraw := func(kind, name string) func() error {
		return func() error { return docs.Withdraw(t.Context(), "ivan", time.Now(), kind, clinic, name) }
	}
	acknowledged(t, docs, apply(config.KindGrant, "reads-noor", fmt.Sprintf("kind: Grant\nclinic: %s\nname: reads-noor\nto: {user: %q}\nbecause: Stays\nuntil: %s\npermissions: [{scope: user/Appointment.rs}]\n",
		clinic, s.Ready.Issuer+"|noor", time.Now().AddDate(0, 0, 30).Format(time.DateOnly))))

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	l, client := &load{}, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * connections}}
	began := time.Now()
	l.run(ctx, client, s, s.Ready.FHIR[clinic]+"/Appointment/"+s.Tours[clinic].Appointment, demo.Assistant, demo.Stranger)
	l.until(t, 60, http.StatusOK, began)
	stopped, stopAt, _ := acknowledged(t, docs, apply(config.KindStop, "pause", "kind: Stop\nclinic: "+clinic+"\nname: pause\ngrant: booking-amara\nbecause: A laptop was stolen\n"))
	l.until(t, 80, http.StatusForbidden, stopAt)
	resumed, resumeAt, _ := acknowledged(t, docs, withdraw(config.KindStop, "pause"))
	l.until(t, 60, http.StatusOK, resumeAt)
	revoked, revokeAt, event := acknowledged(t, docs, withdraw(config.KindGrant, "booking-amara"))
	l.until(t, 80, http.StatusForbidden, revokeAt)
	stop()
	l.wait.Wait()
	client.CloseIdleConnections()
	ended := time.Now()
	t.Logf("%d requests in %.1f s, %.0f in each, at most %d at once", len(l.answers), ended.Sub(began).Seconds(),
		float64(len(l.answers))/ended.Sub(began).Seconds(), l.most)

	l.holds(t, "stop", stopped, stopAt, resumed, began, "grant-paused")
	l.holds(t, "revocation", revoked, revokeAt, ended, resumeAt, "type-not-granted")
	for _, a := range l.between(demo.Stranger, began, ended) {
		if a.status != http.StatusOK {
			t.Errorf("somebody else was disturbed: %d %s", a.status, a.text)
		}
	}
	down()
	l.inOrder(t, audit.NewReader(db), clinic, event)
}

// holds checks one thing that was stopped: called then, acknowledged at, in force until; before from then it was permitted.
func (l *load) holds(t *testing.T, what string, called, at, until, from time.Time, code string) {
	t.Helper()
	var last time.Time
	before, refused := 0, 0
	for _, a := range l.between(demo.Assistant, from, until) {
		switch {
		case a.status == http.StatusOK && a.sent.Before(until):
			if a.done.After(last) {
				last = a.done
			}
			if a.done.Before(called) {
				before++
			}
		case a.sent.After(at) && a.status == http.StatusForbidden && strings.Contains(a.text, code):
			refused++
		case a.sent.After(at):
			t.Errorf("%s: answered %d %s, want %s", what, a.status, a.text, code)
		}
	}
	t.Logf("%s: acknowledged %d ms after the call; the last permitted answer %+d ms from the acknowledgement, %d permitted before, %d refused after",
		what, at.Sub(called).Milliseconds(), last.Sub(at).Milliseconds(), before, refused)
	if last.Sub(at) >= time.Second {
		t.Errorf("%s: the last permitted answer came %s after the acknowledgement", what, last.Sub(at))
	}
	if before == 0 || refused == 0 {
		t.Errorf("%s: %d permitted before it, %d refused after it; want some of both", what, before, refused)
	}
}

// inOrder checks the ledger: what rests on the revoked grant and stands behind the record of its revocation was under way.
func (l *load) inOrder(t *testing.T, r *audit.Reader, clinic string, revocation store.Event) {
	t.Helper()
	behind, found := 0, false
	for search := (audit.Search{Count: audit.MaxCount}); !found; {
		page, err := r.Search(context.Background(), clinic, search)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries { // newest first
			rec := e.Record
			if rec.Admin.Action == "grant-revoke" {
				found = true
				break
			}
			if rec.Outcome != audit.OutcomeSuccess || !slices.ContainsFunc(rec.Grants, func(g string) bool { return strings.HasPrefix(g, "booking-amara@") }) {
				continue
			}
			behind++
			if rec.Time.After(revocation.Effective) {
				t.Errorf("permitted at %s under a grant that was revoked at %s", rec.Time, revocation.Effective)
			}
		}
		if search.Before = page.Next; page.Next == 0 {
			break
		}
	}
	t.Logf("%d accesses were under way when the revocation went on record", behind)
	if !found || behind > l.most {
		t.Errorf("the revocation is on record: %v; %d permitted accesses behind it, and never more than %d at once", found, behind, l.most)
	}
}
