package daemon_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
	"vestibule/policy"
)

// locked is why a gateway holds back a task of Patient/17; "granted" where it does not.
func locked(t *testing.T, d *daemon.Daemon) policy.Code {
	t.Helper()
	q, err := fhir.ParseInteraction("GET", "/Task/9", "", "", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	r, err := fhir.ParseResource([]byte(`{"resourceType":"Task","id":"9","status":"requested","for":{"reference":"Patient/17"}}`), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	_, reasons := d.Gateway().Clinic("maple").Policy.Decide(policy.Request{Clinic: "maple", Interaction: q, Now: time.Now(), Caller: policy.Caller{
		Issuer: "http://127.0.0.1:1", Subject: "amara", Name: "Amara Okafor", Platform: "assistco", ClientID: "desk",
		Scopes: []string{"user/Task.rs"}, Purposes: []string{"PATADMIN"}, Expires: time.Now().Add(time.Hour)}}).Release(r)
	return reasons[0].Code
}

// A directive and a guardrail hold from when they are on record until they are withdrawn; the operator's guardrail holds at
// every clinic.
func TestDirectivesAndGuardrailsAreTakenUp(t *testing.T) {
	dir := t.TempDir()
	d, s := open(t, dir), beside(t, dir)
	apply(t, s, grants())
	refresh(t, d)
	for _, c := range []struct {
		kind, clinic, text string
		want               policy.Code
	}{
		{config.KindDirective, "maple", "kind: Directive\nclinic: maple\nname: x\npatient: Patient/17\nbecause: asked\n", policy.CodeLocked},
		{config.KindGuardrail, "maple", "kind: Guardrail\nclinic: maple\nname: x\nnever: [Task]\nbecause: a test\n", policy.CodeGuardrail},
		{config.KindGuardrail, "", "kind: Guardrail\nname: x\nnetworks: [203.0.113.0/24]\nbecause: a test\n", policy.CodeOutsideGuardrail},
	} {
		apply(t, s, c.text)
		if got := locked(t, d); got != policy.CodeGranted {
			t.Errorf("%s: %s before it is on record", c.kind, got)
		}
		refresh(t, d)
		if got := locked(t, d); got != c.want {
			t.Errorf("%s: %s, want %s", c.kind, got, c.want)
		}
		withdraw(t, s, c.kind, c.clinic, "x")
		refresh(t, d)
		if got := locked(t, d); got != policy.CodeGranted {
			t.Errorf("%s: %s after it was withdrawn", c.kind, got)
		}
	}
}

// A directive that cannot be taken up is never left out: without it the clinic is not served. And the log does not say whose
// it is.
func TestADirectiveThatCannotBeTakenUpIsNotLeftOut(t *testing.T) {
	for name, body := range map[string]string{
		"unreadable": "kind: Directive\nclinic: maple\nname: x\nfuture: Patient/4711\n",
		"invalid":    "kind: Directive\nclinic: maple\nname: x\npatient: Patient/17\nresources: [\"Task?patient=Patient/4711&colour=red\"]\nbecause: asked\n",
	} {
		var log bytes.Buffer
		dir := t.TempDir()
		o := options(dir)
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		d, err := daemon.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		s := beside(t, dir)
		apply(t, s, grants())
		if _, err := s.Apply(t.Context(), "ivan", time.Now(), []store.Document{{Kind: config.KindDirective, Clinic: "maple", Name: "x", Body: []byte(body)}}); err != nil {
			t.Fatal(err)
		}
		refresh(t, d)
		if d.Gateway().Clinic("maple") != nil {
			t.Errorf("%s: the clinic is served without its directive", name)
		}
		if got := log.String(); !strings.Contains(got, "clinic not served") || strings.Contains(got, "4711") || strings.Contains(got, "Patient/17") {
			t.Errorf("%s: the log says %s", name, got)
		}
	}
}
