package main

import (
	"encoding/json"
	"errors"
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
	bundle  time.Duration // CPU of parse, match and cut of a page of 1,000 entries
	in, out int           // bytes of that page before and after
	entries int           // of it that are released
	crowded time.Duration // one search decided, 100 grants in force and all of them the caller's
	steps   []step
}

// step is one step beside what it is measured by.
type step struct {
	what   string
	cpu    time.Duration
	beside string  // what took 1
	ratio  float64 // of the two
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
	if err := r.measureSteps(w, lim); err != nil {
		return r, err
	}
	if err := r.measureDecisions(w); err != nil {
		return r, err
	}
	return r, r.measureDaySheet(now)
}

// measureSteps takes a page's way apart: what reading its bytes costs, and what each step costs beside that.
func (r *inProcess) measureSteps(w world, lim fhir.Limits) error {
	page := w.page(1000)
	copied := make([]byte, len(page))
	bundle, err := fhir.ParseBundle(page, lim)
	if err != nil {
		return err
	}
	entries, err := bundle.Entries()
	if err != nil {
		return err
	}
	one, three := []policy.Permission{bookings(42)}, overlapping()
	dst := make([]byte, 0, 2*len(page))
	steps := []struct {
		what string
		do   func() error
	}{
		{"copy the page's bytes", func() error { copy(copied, page); return nil }},
		{"read them with encoding/json (json.Valid)", func() error { return valid(page) }},
		{"read them strictly, with an index", func() error { _, err := fhir.ParseBundle(page, lim); return err }},
		{"release 1,000 under 1 permission", w.releasing(entries, one, &dst)},
		{"release 1,000 under 3 that overlap", w.releasing(entries, three, &dst)},
	}
	read := 1 // ratios are to reading the same bytes as the standard library reads them
	for _, s := range steps {
		took, err := leastCPU(8, 10, s.do)
		if err != nil {
			return fmt.Errorf("in-process: %s: %w", s.what, err)
		}
		r.steps = append(r.steps, step{what: s.what, cpu: took, beside: steps[read].what})
	}
	for i := range r.steps {
		r.steps[i].ratio = float64(r.steps[i].cpu) / float64(r.steps[read].cpu)
	}
	return nil
}

func valid(page []byte) error {
	if !json.Valid(page) {
		return errors.New("the page is no JSON")
	}
	return nil
}

// overlapping are three permissions that many of the page's appointments meet together, each showing something else.
func overlapping() []policy.Permission {
	return []policy.Permission{
		bookings(42),
		{Scope: "user/Appointment.rs?practitioner=Practitioner/42&status=booked", Elements: []string{"status", "start", "end", "participant", "comment"}},
		{Scope: "user/Appointment.rs?status=booked", Window: "-1d..+30d", Elements: []string{"status", "start", "participant.status", "reasonCode"}},
	}
}

// releasing releases entries under permissions, from Release to the last byte.
func (w world) releasing(entries []fhir.Entry, permissions []policy.Permission, dst *[]byte) func() error {
	set, request, err := w.question(1, 1, permissions...)
	return func() error {
		if err != nil {
			return err
		}
		decision, released := set.Decide(request), 0
		*dst = (*dst)[:0]
		for _, e := range entries {
			if out, _ := decision.Release(e.Resource); !out.IsZero() {
				*dst = out.AppendTo(*dst)
				released++
			}
		}
		if released == 0 {
			return fmt.Errorf("nothing was released: %v", decision.Reasons())
		}
		return nil
	}
}

// measureDecisions is what deciding costs with more and more grants in force.
func (r *inProcess) measureDecisions(w world) error {
	for _, n := range []int{10, 100, 1000} {
		took, err := w.measureDecision(n, n)
		if err != nil {
			return err
		}
		r.steps = append(r.steps, step{what: fmt.Sprintf("decide, %d grants in force, all the caller's", n), cpu: took})
		if n == 100 {
			r.crowded = took
		}
	}
	took, err := w.measureDecision(10, 1000)
	if err != nil {
		return err
	}
	r.steps = append(r.steps, step{what: "decide, 1000 grants in force, 10 the caller's", cpu: took})
	decisions := r.steps[len(r.steps)-4:]
	for i := range decisions {
		decisions[i].beside, decisions[i].ratio = decisions[0].what, float64(decisions[i].cpu)/float64(decisions[0].cpu)
	}
	return nil
}

func (r *inProcess) measureBundle(w world, lim fhir.Limits) error {
	page := w.page(1000)
	set, request, err := w.question(1, 1)
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

// question is a clinic with so many grants, the first of which name the caller, and the caller's search. Each grant has the
// permissions, or else one for a practitioner of its own.
func (w world) question(his, all int, permissions ...policy.Permission) (*policy.Set, policy.Request, error) {
	caller := policy.Caller{
		Issuer: "http://id.example.test", Subject: subject(0), Name: personName(0), Platform: "assistco", ClientID: clientID,
		Scopes: []string{"user/Appointment.rs", "user/Task.rs"}, Purposes: []string{"PATADMIN"}, Expires: w.now.Add(time.Hour),
	}
	var grants []policy.Grant
	for i := range all {
		g := policy.Grant{
			Clinic: clinicName, Name: "desk-" + strconv.Itoa(i), To: policy.To{User: caller.Issuer + "|" + subject(i)},
			Because: "Covers a desk", Until: w.now.AddDate(0, 6, 0).Format(time.DateOnly), Purposes: []string{"PATADMIN"},
			Permissions: permissions, Version: 1, Approved: w.now.Add(-time.Hour),
		}
		if len(permissions) == 0 {
			g.Permissions = []policy.Permission{bookings(42 + i)}
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

// bookings is the permission to see a practitioner's appointments.
func bookings(practitioner int) policy.Permission {
	return policy.Permission{
		Scope:  "user/Appointment.rs?practitioner=Practitioner/" + strconv.Itoa(practitioner),
		Window: "-1d..+90d", Elements: strings.Split(grantedElements, ", "),
	}
}

func (w world) measureDecision(his, all int) (time.Duration, error) {
	set, request, err := w.question(his, all)
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
