package main

import (
	"fmt"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"vestibule/fhir"
	"vestibule/policy"
)

// inProcess is what single steps of the path cost, without HTTP, disk and EMR.
type inProcess struct {
	bundle   time.Duration // CPU of parse, match and cut of a page of 1,000 entries
	in, out  int           // bytes of that page before and after
	entries  int           // of it that are released
	decision time.Duration // one search decided, 100 grants in force, 10 of them the caller's
	crowded  time.Duration // the same where all 100 are the caller's
}

// measureInProcess takes the minimum over several batches: other load on the machine only ever adds.
func measureInProcess(now time.Time, lim fhir.Limits) (inProcess, error) {
	w, err := newWorld("http://emr.example.test"+basePath, now)
	if err != nil {
		return inProcess{}, err
	}
	var r inProcess
	if err := r.measureBundle(w, lim); err != nil {
		return r, err
	}
	if r.decision, err = measureDecision(w, 10, 100); err != nil {
		return r, err
	}
	r.crowded, err = measureDecision(w, 100, 100)
	return r, err
}

func (r *inProcess) measureBundle(w world, lim fhir.Limits) error {
	page := w.page(1000)
	set, request, err := question(w, 1, 1)
	if err != nil {
		return err
	}
	decision := set.Decide(request)
	if !decision.Permitted() {
		return fmt.Errorf("in-process: denied: %w", decision.Err())
	}
	out, err := releasePage(page, decision, lim, nil)
	if err != nil {
		return err
	}
	if err := checkPage(page, out); err != nil {
		return fmt.Errorf("in-process: %w", err)
	}
	r.in, r.out = len(page), len(out)
	for i := range known {
		if inReach(i) {
			r.entries++
		}
	}
	r.bundle, err = leastCPU(8, 10, func() error {
		out, err = releasePage(page, decision, lim, out[:0])
		return err
	})
	return err
}

// releasePage is what the gateway does between an EMR's page and its own.
func releasePage(page []byte, d policy.Decision, lim fhir.Limits, dst []byte) ([]byte, error) {
	bundle, err := fhir.ParseBundle(page, lim)
	if err != nil {
		return nil, err
	}
	entries, err := bundle.Entries()
	if err != nil {
		return nil, err
	}
	set := fhir.Searchset{ID: "in-process", Base: "http://gateway.example.test", Self: "http://gateway.example.test/Appointment", Total: -1}
	for _, e := range entries {
		if released, _ := d.Release(e.Resource); !released.IsZero() {
			set.Entries = append(set.Entries, released.Cut())
		}
	}
	return set.AppendTo(dst), nil
}

// checkPage makes sure that nothing but the cut list is missing.
func checkPage(page, out []byte) error {
	from, err := entriesOf(page)
	if err != nil {
		return err
	}
	to, err := entriesOf(out)
	if err != nil {
		return err
	}
	return checkEntries(from, to)
}

// question is a clinic with so many grants, the first of which name the caller, and the caller's search.
func question(w world, his, all int) (*policy.Set, policy.Request, error) {
	caller := policy.Caller{
		Issuer: "http://id.example.test", Subject: subject(0), Name: personName(0), Platform: "assistco", ClientID: clientID,
		Scopes: []string{"user/Appointment.rs", "user/Task.rs"}, Purposes: []string{"PATADMIN"}, Expires: w.now.Add(time.Hour),
	}
	var grants []policy.Grant
	for i := range all {
		g := policy.Grant{
			Clinic: clinicName, Name: "desk-" + strconv.Itoa(i), To: policy.To{User: caller.Issuer + "|" + subject(i)},
			Because: "Covers a desk", Until: w.now.AddDate(0, 6, 0).Format(time.DateOnly), Purposes: []string{"PATADMIN"},
			Permissions: []policy.Permission{{
				Scope:  "user/Appointment.rs?practitioner=Practitioner/" + strconv.Itoa(42+i),
				Window: "-1d..+90d", Elements: strings.Split(grantedElements, ", "),
			}},
			Version: 1, Approved: w.now.Add(-time.Hour),
		}
		if i < his {
			g.To.User = caller.ID()
		}
		grants = append(grants, g)
	}
	set, err := policy.Compile(policy.Clinic{Name: clinicName, Zone: w.now.Location()}, policy.Rules{Grants: grants})
	if err != nil {
		return nil, policy.Request{}, err
	}
	query, err := fhir.ParseQuery("Appointment", url.Values{"date": {"ge" + w.now.Format(time.DateOnly)}}, w.now.Location())
	return set, policy.Request{
		Caller: caller, Clinic: clinicName, Now: w.now,
		Interaction: fhir.Interaction{Kind: fhir.InteractionSearch, Type: "Appointment", Query: query},
	}, err
}

func measureDecision(w world, his, all int) (time.Duration, error) {
	set, request, err := question(w, his, all)
	if err != nil {
		return 0, err
	}
	return leastCPU(8, 2000, func() error {
		if d := set.Decide(request); !d.Permitted() {
			return fmt.Errorf("in-process: denied: %w", d.Err())
		}
		return nil
	})
}

// leastCPU is the CPU time of this process for one call, garbage collection included: the minimum over batches.
func leastCPU(batches, calls int, f func() error) (time.Duration, error) {
	var least time.Duration
	for batch := range batches {
		runtime.GC()
		before := cpuOfSelf()
		for range calls {
			if err := f(); err != nil {
				return 0, err
			}
		}
		if took := (cpuOfSelf() - before) / time.Duration(calls); batch == 0 || took < least {
			least = took
		}
	}
	return least, nil
}

func cpuOfSelf() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
