package stage_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vestibule/internal/demo"
	"vestibule/internal/demo/stage"
	"vestibule/internal/demo/stage/stagetest"
)

// up puts a demo up on folder and takes it down at the end, or when down is called. With onOSCAR a new folder's second clinic
// runs on an OSCAR.
func up(t *testing.T, folder string, onOSCAR bool) (s *stage.Stage, down func()) {
	t.Helper()
	t.Cleanup(func() { events.TakeFolder(t, folder) }) // once it is down
	return stagetest.Up(t, stage.Options{Data: folder, OSCAR: onOSCAR})
}

// program builds the command once for the test.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vestibule")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "nomsgpack", "-o", path, "vestibule/cmd/vestibule").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// The tour's lines work as printed, at both clinics: the assistant lists and moves, is refused what is restricted with a
// reason that can be acted on, a stranger gets nothing, the auditor sees all of it in order, and anybody can verify it.
func TestTheTourWorksAsPrinted(t *testing.T) {
	s, _ := up(t, t.TempDir(), false)
	binary := program(t)
	for _, clinic := range demo.Clinics() {
		steps, err := s.Walk(clinic, binary)
		if err != nil {
			t.Fatal(err)
		}
		want := []printed{
			{has: []string{`"type":"searchset"`, s.Tours[clinic].Practitioner, `"SUBSETTED"`}, hasNot: []string{"comment", "reasonCode", "OperationOutcome"}},
			{has: []string{`"versionId":"2"`, s.Tours[clinic].Appointment}, hasNot: []string{"OperationOutcome", "comment"}},
			{has: []string{"not-found-or-out-of-reach", "category=referral", "sk the clinic"}, hasNot: []string{"attachment"}},
			{has: []string{"no-grant", "Ask the clinic for a grant"}, hasNot: []string{"searchset"}},
			{has: []string{"AuditEvent", "Amara Okafor", "Noor Haddad", "denied: no-grant", "denied: not-found-or-out-of-reach"}},
			{has: []string{"VERIFIED"}, hasNot: []string{"records      0"}},
		}
		played(t, clinic, steps, want)
		if kinds := trail(t, s, clinic); strings.Join(kinds, " ") != "denied denied update read search-type" {
			t.Errorf("%s: the auditor sees, newest first, %v", clinic, kinds)
		}
	}
}

// printed is what the output of a step has to hold and must not.
type printed struct{ has, hasNot []string }

// played runs the lines of a tour as a reader would.
func played(t *testing.T, clinic string, steps []stage.Step, want []printed) {
	t.Helper()
	if len(steps) != len(want) {
		t.Fatalf("%s: %d steps, want %d", clinic, len(steps), len(want))
	}
	for i, step := range steps {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", step.Run).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: step %d: %v\n%s\n%s", clinic, i+1, err, step.Run, out)
		}
		for _, text := range want[i].has {
			if !strings.Contains(string(out), text) {
				t.Errorf("%s: step %d lacks %q:\n%s\n%s", clinic, i+1, text, step.Run, out)
			}
		}
		for _, text := range want[i].hasNot {
			if strings.Contains(string(out), text) {
				t.Errorf("%s: step %d holds %q:\n%s\n%s", clinic, i+1, text, step.Run, out)
			}
		}
	}
}

// trail is what the auditor sees of the assistant and the stranger, newest first: the interaction, or "denied".
func trail(t *testing.T, s *stage.Stage, clinic string) []string {
	t.Helper()
	var bundle struct {
		Entry []struct {
			Resource struct {
				Outcome string
				Subtype []struct{ Code string }
				Agent   []struct {
					Name      string
					Requestor bool
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(get(t, s, demo.Auditor, s.Ready.Audit[clinic]+"/AuditEvent?_count=100")), &bundle); err != nil {
		t.Fatal(err)
	}
	var out []string
	last := ""
	for _, e := range bundle.Entry {
		r := e.Resource
		who := ""
		for _, a := range r.Agent {
			if a.Requestor && a.Name != "" {
				who = a.Name
			}
		}
		if who != "Amara Okafor" && who != "Noor Haddad" {
			continue
		}
		kind := ""
		if len(r.Subtype) > 0 {
			kind = r.Subtype[0].Code
		}
		if r.Outcome != "0" {
			kind = "denied"
		}
		if kind == last && kind == "search-type" { // one event for each patient
			continue
		}
		last = kind
		out = append(out, kind)
	}
	return out
}

// said is an answer of the gateway.
type said struct {
	status     int
	body, etag string
}

// speak asks as somebody of the world.
func speak(t *testing.T, s *stage.Stage, who, method, url, body string, header ...string) said {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Ready.Tokens[who])
	r.Header.Set("Content-Type", "application/fhir+json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return said{resp.StatusCode, string(b), resp.Header.Get("ETag")}
}

func get(t *testing.T, s *stage.Stage, who, url string) string {
	t.Helper()
	got := speak(t, s, who, "GET", url, "")
	if got.status != http.StatusOK {
		t.Fatalf("%s: %d\n%s", url, got.status, got.body)
	}
	return got.body
}

// A second start on the same folder keeps what was there: the EMR's data, the grants, the trail, the issuer.
func TestASecondStartKeepsWhatWasThere(t *testing.T) {
	folder := t.TempDir()
	s, down := up(t, folder, false)
	clinic := demo.Wascana
	steps, err := s.Walk(clinic, "vestibule")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", steps[1].Run).CombinedOutput(); err != nil || !strings.Contains(string(out), `"versionId":"2"`) {
		t.Fatalf("%v\n%s", err, out)
	}
	before := s.Ready
	down()

	s, _ = up(t, folder, false)
	if s.Ready.Issuer != before.Issuer || s.Ready.EMR[clinic] != before.EMR[clinic] {
		t.Errorf("the world has moved: %v, was %v", s.Ready, before)
	}
	if tour := s.Tours[clinic]; tour.Version != "2" {
		t.Errorf("the appointment is back at version %s", tour.Version)
	}
	if kinds := trail(t, s, clinic); strings.Join(kinds, " ") != "update read" {
		t.Errorf("the trail holds %v", kinds)
	}
	if b := get(t, s, demo.Assistant, s.Ready.FHIR[clinic]+"/Appointment/"+s.Tours[clinic].Appointment); !strings.Contains(b, `"versionId":"2"`) {
		t.Errorf("the gateway reads %s", b)
	}
}

// The demo's issuer lets anyone be anyone, so nothing of the demo listens beyond this machine.
func TestTheDemoStaysOnLoopback(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", ":0", "[::]:0"} {
		s, err := stage.Open(t.Context(), stage.Options{Listen: listen, Metrics: "127.0.0.1:0", Data: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			s.Close()
			t.Errorf("it listens on %s", listen)
		}
	}
}
