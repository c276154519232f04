package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

func TestAnOpenIntentIsKeptAndNamed(t *testing.T) {
	h := newHouse(t)
	start := about(1, secret)
	start.Phase, start.Outcome, start.Released = audit.PhaseIntent, "", nil
	at := h.append(start).Index()
	done := h.forget(erasure(secret))
	if done.Bodies != 0 || len(done.Open) != 1 || done.Open[0] != at {
		t.Fatalf("forgotten: %+v", done)
	}
	end := about(1, secret)
	end.Intent = &at
	h.append(end)
	if done := h.forget(erasure(secret)); done.Bodies != 2 || len(done.Open) != 0 {
		t.Errorf("after the outcome: %+v", done)
	}
	h.reported()
}

func TestAHoldKeepsWhatItCovers(t *testing.T) {
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		hold audit.Hold
		kept int64
	}{
		"everything":                 {audit.Hold{}, 3},
		"the patient":                {audit.Hold{Patient: secret}, 3},
		"another patient":            {audit.Hold{Patient: "Patient/1"}, 1},
		"the person":                 {audit.Hold{Person: "https://id.assistco.example|amara"}, 3},
		"another person":             {audit.Hold{Person: "https://id.assistco.example|zoe"}, 0},
		"the day":                    {audit.Hold{From: day, Until: day.AddDate(0, 0, 1)}, 2},
		"the day before":             {audit.Hold{Until: day}, 0},
		"the day after":              {audit.Hold{From: day.AddDate(0, 0, 1)}, 1},
		"the patient, the day after": {audit.Hold{Patient: "Patient/1", From: day.AddDate(0, 0, 1)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			both := about(1, secret)
			both.Patients = append(both.Patients, "Patient/1")
			h.append(both)
			h.append(about(2, secret))
			h.clock.Advance(24 * time.Hour)
			h.append(about(3, secret))
			f := erasure(secret)
			c.hold.Name = "h"
			f.Holds = []audit.Hold{c.hold}
			plan, err := h.PlanForgetting(context.Background(), f)
			if err != nil {
				t.Fatal(err)
			}
			done := h.forget(f)
			if done.HeldBodies() != c.kept || done.Held["h"] != c.kept || done.Bodies != 3-c.kept {
				t.Errorf("kept %d, deleted %d; want %d kept", done.HeldBodies(), done.Bodies, c.kept)
			}
			if plan.Bodies != done.Bodies || plan.HeldBodies() != done.HeldBodies() {
				t.Errorf("the plan said %+v, and what was done is %+v", plan, done)
			}
		})
	}
}

func TestEachClassIsKeptForItsOwnTime(t *testing.T) {
	h := newHouse(t)
	h.append(read(0))
	h.append(denial(1))
	look := read(2)
	look.Interaction, look.Type, look.Patients, look.Released = audit.InteractionAuditSearch, "AuditEvent", nil, nil
	h.append(look)
	admin := audit.Record{ID: access(3), Phase: audit.PhaseAdmin, Clinic: "maple", Outcome: audit.OutcomeSuccess, Admin: audit.Admin{Action: "grant-apply", Subject: "desk", By: "ann"}}
	h.append(admin)
	start := admin
	start.ID, start.Phase, start.Admin = access(4), audit.PhaseSystem, audit.Admin{Action: "limit-reached", Subject: "x"}
	h.append(start)
	at := h.append(intent(5)).Index()
	h.clock.Advance(time.Hour)
	limit := h.clock.Now()
	h.append(settle(5, at))
	h.append(read(6))
	for i, class := range audit.Classes() {
		f := audit.Forgetting{Clinic: "maple", Action: audit.ActionRetention, Older: map[audit.Class]time.Time{class: limit}, Why: "older than kept", NewID: ids()}
		if done := h.forget(f); done.Bodies != 1 || done.Classes[class] != 1 {
			t.Errorf("%s: %+v", class, done)
		}
		if lines := h.lines("maple"); lines[i] != "" {
			t.Errorf("%s: %s is still there", class, lines[i])
		}
	}
	f := audit.Forgetting{Clinic: "maple", Action: audit.ActionRetention, Older: map[audit.Class]time.Time{audit.ClassAccess: limit.Add(time.Millisecond)}, Why: "older than kept", NewID: ids()}
	if done := h.forget(f); done.Bodies != 3 { // the intent with its outcome, and the last read
		t.Errorf("later: %+v", done)
	}
	everything := map[audit.Class]time.Time{}
	for _, class := range audit.Classes() {
		everything[class] = limit.AddDate(1, 0, 0)
	}
	f.Older = everything
	if done := h.forget(f); done.Bodies != 0 { // what is left says what was deleted, and stays
		t.Errorf("everything: %+v", done)
	}
	if report := h.reported(); report.Records != 14 || report.Deleted != 8 {
		t.Errorf("report:\n%s", report)
	}
}

func TestASealedLogIsCountedAndKept(t *testing.T) {
	h := newHouse(t)
	h.append(about(1, secret))
	h.exec(`UPDATE log SET clinic = 'maple#1'`)
	f := erasure(secret)
	f.Clinic = "maple#1"
	if plan, err := h.PlanForgetting(context.Background(), f); err != nil || plan.Bodies != 1 {
		t.Errorf("%+v, %v", plan, err)
	}
	if _, err := h.Forget(context.Background(), f); fhir.AsError(err).Reason() != "log-sealed" {
		t.Errorf("%v", err)
	}
}

// Whoever exports at any moment, without signing anything first, has the reason for each body that is missing.
func TestNoExportComesBetweenADeletionAndItsReason(t *testing.T) {
	h := newHouse(t)
	for n := range 20 {
		h.append(about(n, secret))
		h.forget(erasure(secret))
		var b bytes.Buffer
		if err := h.Reader.Export(context.Background(), "maple", testVKey(t), &b); err != nil {
			t.Fatal(err)
		}
		report, err := audit.Verify(&b, testVKey(t))
		if err != nil || !report.OK() || report.Deleted != int64(n+1) {
			t.Fatalf("%v\n%s", err, report)
		}
	}
}

// indexed waits until the index reaches behind a record.
func (h *house) indexed(index int64) {
	h.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 4000 {
		if h.count(`SELECT COALESCE(MAX(first + count), 0) FROM segment`) > index {
			return
		}
		<-tick.C
	}
	h.t.Fatal("the index never got there")
}

// What the index is being made of when bodies are deleted does not bring them back.
func TestTheIndexUnderWayForgetsToo(t *testing.T) {
	h := newHouse(t)
	for n := range 600 {
		h.append(about(n, fmt.Sprintf("Patient/%d", n)))
	}
	h.indexed(500)
	start := about(600, secret)
	start.Phase, start.Outcome, start.Released = audit.PhaseIntent, "", nil
	at := h.append(start).Index()
	for n := range 600 { // the intent is indexed, and open
		h.append(about(700+n, fmt.Sprintf("Patient/%d", n)))
	}
	h.indexed(at)
	end := about(600, secret)
	end.Intent = &at
	h.append(end)
	h.append(about(1400, secret))
	if done := h.forget(erasure(secret)); done.Bodies != 3 {
		t.Fatalf("%+v", done)
	}
	for n := range 700 {
		h.append(about(1500+n, fmt.Sprintf("Patient/%d", n)))
	}
	h.indexed(1300)
	h.reported()
}

func TestADeletionNamesOnlyWhatCameBefore(t *testing.T) {
	for text, want := range map[string]bool{"1": true, "0-1": true, "2": false, "1-2": false, "7": false, "x": false, "1-0": false, "-1": false} {
		h := newHouse(t)
		h.append(read(0))
		h.append(read(1))
		h.append(audit.Record{ID: access(2), Phase: audit.PhaseSystem, Clinic: "maple", Outcome: audit.OutcomeSuccess,
			Admin: audit.Admin{Action: audit.ActionErasure, Subject: "file 7"}, Forgotten: []string{text}})
		report, err := audit.Verify(strings.NewReader(h.export("maple")), testVKey(t))
		if err != nil || report.OK() != want {
			t.Errorf("%q: %v\n%s", text, err, report)
		}
	}
}

func TestAReasonMustNotNameThePatient(t *testing.T) {
	h := newHouse(t)
	h.append(about(1, secret))
	for _, why := range []string{"asked by patient/q7x-4411.", "erase q7x-4411", "(Q7X-4411): asked", "id=q7x%2D4411"} {
		f := erasure(secret)
		f.Why = why
		if _, err := h.Forget(context.Background(), f); fhir.AsError(err).Reason() != "names-the-patient" {
			t.Errorf("%s: %v", why, err)
		}
	}
	f := erasure(secret)
	f.Why = "file q7x-44112, not 4411"
	if _, err := h.Forget(context.Background(), f); err != nil {
		t.Errorf("%s: %v", f.Why, err)
	}
	f = erasure("nobody at all")
	if _, err := h.Forget(context.Background(), f); fhir.KindOf(err) != fhir.KindInvalid {
		t.Errorf("%v", err)
	}
}

// A step that fails leaves nothing behind, and the next run does it.
func TestAStepIsDoneWholeOrNotAtAll(t *testing.T) {
	for name, c := range map[string]struct{ trigger string }{
		"while the bodies go":          {`CREATE TRIGGER broken BEFORE UPDATE ON batch WHEN NEW.first > 700 BEGIN SELECT RAISE(ABORT, 'disk'); END`},
		"while the index changes":      {`CREATE TRIGGER broken BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'disk'); END`},
		"while it is put on record":    {`CREATE TRIGGER broken BEFORE INSERT ON batch BEGIN SELECT RAISE(ABORT, 'disk'); END`},
		"while the checkpoint is kept": {`CREATE TRIGGER broken BEFORE INSERT ON checkpoint BEGIN SELECT RAISE(ABORT, 'disk'); END`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.crowd(800)
			before := h.lines("maple")
			h.exec(c.trigger)
			if _, err := h.Forget(context.Background(), erasure(secret)); err == nil {
				t.Fatal("it was said to be done")
			}
			h.exec(`DROP TRIGGER broken`)
			if after := h.lines("maple"); strings.Join(after, "\n") != strings.Join(before, "\n") {
				t.Error("something was changed")
			}
			h.reported()
			h.reopen()
			if done := h.forget(erasure(secret)); done.Bodies == 0 {
				t.Error("the next run deleted nothing")
			}
			h.reported()
		})
	}
}

// Accesses are recorded while bodies are deleted, and one that is cancelled stops between two steps.
func TestAccessesGoOnMeanwhile(t *testing.T) {
	h := newHouse(t)
	h.crowd(3000)
	ctx, cancel := context.WithCancel(context.Background())
	f := erasure(secret)
	steps := 0
	f.Told = func(audit.Forgotten) {
		h.append(about(9000+steps, "Patient/1"))
		if steps++; steps == 5 {
			cancel()
		}
	}
	done, err := h.Forget(ctx, f)
	if err == nil {
		t.Fatalf("it was not cancelled: %+v", done)
	}
	h.reported()
	f.Told = nil
	if rest := h.forget(f); rest.Bodies == 0 {
		t.Error("nothing was left to do")
	}
	for i, line := range h.lines("maple") {
		if strings.Contains(line, "q7x-4411") {
			t.Fatalf("record %d still names the patient", i)
		}
	}
	h.reported()
}
