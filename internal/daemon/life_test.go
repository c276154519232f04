package daemon_test

import (
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
	"vestibule/policy"
)

// code is how the gateway decides about a search of tasks by somebody at the platform, "" where the clinic is not served.
func code(t *testing.T, d *daemon.Daemon) policy.Code {
	t.Helper()
	c := d.Gateway().Clinic("maple")
	if c == nil {
		return ""
	}
	q, err := fhir.ParseInteraction("GET", "/Task", "", "", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	got := c.Policy.Decide(policy.Request{Clinic: "maple", Interaction: q, Now: time.Now(), Caller: policy.Caller{
		Issuer: "http://127.0.0.1:1", Subject: "amara", Name: "Amara Okafor", Platform: "assistco", ClientID: "desk",
		Scopes: []string{"user/Task.rs"}, Purposes: []string{"PATADMIN"}, Expires: time.Now().Add(time.Hour)}})
	return got.Reasons()[0].Code
}

func refresh(t *testing.T, d *daemon.Daemon) {
	t.Helper()
	if err := d.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func withdraw(t *testing.T, s *store.Store, kind, clinic, name string) {
	t.Helper()
	if err := s.Withdraw(t.Context(), "ivan", time.Now(), kind, clinic, name); err != nil {
		t.Fatal(err)
	}
}

// A stop holds up what it names and nothing is lost by it; one without a clinic holds at every clinic.
func TestAStopHoldsUntilItIsWithdrawn(t *testing.T) {
	for want, what := range map[policy.Code]string{
		policy.CodeGrantPaused:     "clinic: maple\ngrant: front-desk",
		policy.CodePersonStopped:   `person: "http://127.0.0.1:1|amara"`,
		policy.CodePlatformStopped: "platform: assistco",
		policy.CodeClinicStopped:   "everything: true",
	} {
		dir := t.TempDir()
		d, s := open(t, dir), beside(t, dir)
		apply(t, s, grants())
		refresh(t, d)
		clinic := ""
		if strings.HasPrefix(what, "clinic:") {
			clinic = "maple"
		}
		apply(t, s, "kind: Stop\nname: pause\nbecause: A laptop was stolen\n"+what+"\n")
		if got := code(t, d); got != policy.CodeGranted {
			t.Errorf("%s: %s before it is on record", what, got)
		}
		refresh(t, d)
		if got := code(t, d); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
		withdraw(t, s, config.KindStop, clinic, "pause")
		refresh(t, d)
		if got := code(t, d); got != policy.CodeGranted {
			t.Errorf("%s: %s after it was withdrawn", what, got)
		}
	}
}

// A draft changes nothing until somebody else's approval is on record; then it begins, and no earlier.
func TestADraftTakesEffectWithItsApproval(t *testing.T) {
	dir := t.TempDir()
	d, s := open(t, dir), beside(t, dir)
	apply(t, s, grants())
	refresh(t, d)
	narrow := strings.Replace(grantOf(t, grants()), "user/Task.rs", "user/DocumentReference.rs", 1)
	if _, err := s.Apply(t.Context(), "ivan", time.Now(), []store.Document{{Kind: "Grant", Clinic: "maple", Name: "front-desk", Body: []byte(narrow), Draft: true}}); err != nil {
		t.Fatal(err)
	}
	refresh(t, d)
	if got := code(t, d); got != policy.CodeGranted {
		t.Errorf("with a draft that takes it away: %s", got)
	}
	if _, err := s.Approve(t.Context(), "Dr. Lee", time.Now(), "Grant", "maple", "front-desk", 0); err != nil {
		t.Fatal(err)
	}
	if got := code(t, d); got != policy.CodeGranted {
		t.Errorf("approved, not on record: %s", got)
	}
	refresh(t, d)
	if got := code(t, d); got != policy.CodeTypeNotGranted {
		t.Errorf("approved, on record: %s", got)
	}
}

func grantOf(t *testing.T, all string) string {
	t.Helper()
	i := strings.Index(all, "kind: Grant")
	if i < 0 {
		t.Fatal("no grant")
	}
	return all[i:]
}

// What was stopped, drafted and revoked is so after a restart, also where the process ended between the document and its
// record, or between the record and its effect.
func TestARestartKeepsWhatWasStopped(t *testing.T) {
	for _, ended := range []string{"orderly", "before the record", "after the record"} {
		t.Run(ended, func(t *testing.T) {
			dir := t.TempDir()
			d, err := daemon.Open(t.Context(), options(dir))
			if err != nil {
				t.Fatal(err)
			}
			s := beside(t, dir)
			apply(t, s, grants())
			refresh(t, d)
			apply(t, s, "kind: Stop\nname: everything\neverything: true\nbecause: A drill\n")
			switch ended {
			case "orderly":
				refresh(t, d)
			case "after the record":
				events, err := s.Unrecorded(t.Context())
				if err != nil || len(events) != 1 {
					t.Fatalf("%v, %v", events, err)
				}
				if err := s.Recorded(t.Context(), events[0].ID, "log/7"); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if got := code(t, open(t, dir)); got != policy.CodeClinicStopped {
				t.Errorf("after the restart: %s", got)
			}
			docs, err := s.Effective(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, doc := range docs {
				if e, err := s.Event(t.Context(), doc.Event); err != nil || e.Receipt == "" || e.Effective.IsZero() {
					t.Errorf("%s %s: %+v, %v", doc.Kind, doc.Name, e, err)
				}
			}
		})
	}
}

// A rule that denies is never left out: a clinic with one that cannot be read is not served.
func TestAStopThatCannotBeReadStopsTheClinic(t *testing.T) {
	for _, clinic := range []string{"maple", ""} {
		dir := t.TempDir()
		d, s := open(t, dir), beside(t, dir)
		apply(t, s, grants())
		refresh(t, d)
		bad := store.Document{Kind: "Stop", Clinic: clinic, Name: "pause", Body: []byte("kind: Stop\nfrom: a newer program\n")}
		if _, err := s.Apply(t.Context(), "ivan", time.Now(), []store.Document{bad}); err != nil {
			t.Fatal(err)
		}
		refresh(t, d)
		if got := code(t, d); got != "" {
			t.Errorf("clinic %q: %s", clinic, got)
		}
		withdraw(t, s, "Stop", clinic, "pause")
		refresh(t, d)
		if got := code(t, d); got != policy.CodeGranted {
			t.Errorf("clinic %q: %s once it is gone", clinic, got)
		}
	}
}

// What does not concern a clinic leaves it as it is served.
func TestOnlyTheClinicConcernedIsBuiltAnew(t *testing.T) {
	dir := t.TempDir()
	d, s := open(t, dir), beside(t, dir)
	apply(t, s, grants())
	refresh(t, d)
	before := d.Gateway().Clinic("maple")
	if err := s.Report(t.Context(), store.Event{At: time.Now(), By: "ann", Action: "audit-search", Clinic: "maple"}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, "kind: Clinic\nname: oak\ntitle: Oak\nzone: America/Regina\n")
	refresh(t, d)
	if d.Gateway().Clinic("maple") != before {
		t.Error("maple was built anew for a look into the trail and for oak's document")
	}
	apply(t, s, "kind: Stop\nname: everything\neverything: true\nbecause: A drill\n")
	refresh(t, d)
	if after := d.Gateway().Clinic("maple"); after == before || after.EMR != before.EMR {
		t.Error("maple was not built anew for a stop, or its EMR was opened again")
	}
}
