package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/internal/demo"
	"vestibule/internal/demo/stage"
	"vestibule/internal/demo/stage/stagetest"
)

// command runs the program in this process and gives what it printed.
func command(t *testing.T, args ...string) (out, wrong string, code int) {
	t.Helper()
	var o, e strings.Builder
	code = run(t.Context(), args, &terminal{In: strings.NewReader(""), Out: &o, Err: &e, Now: time.Now})
	return o.String(), e.String(), code
}

// played is a running demo in whose first clinic an assistant has worked for a while.
func played(t *testing.T) (folder, clinic string) {
	t.Helper()
	s, _ := stagetest.Up(t, stage.Options{})
	clinic = demo.Clinics()[0]
	tour := s.Tours[clinic]
	for _, path := range []string{
		"/Appointment?practitioner=" + tour.Practitioner + "&status=booked&_sort=date", "/Appointment/" + tour.Appointment, "/Appointment/" + tour.Other,
		"/Task?owner=" + demo.FrontDesk, "/DocumentReference?category=referral", "/DocumentReference/" + tour.Restricted,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Ready.FHIR[clinic]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.Ready.Tokens[demo.Assistant])
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	return s.Folder, clinic
}

// TestTheDemosGrantsShrinkToTheirUse goes the whole way on the demo's folder while the gateway serves it: the proposal is one
// that apply takes, refuses nothing that was used, and is what the next proposal says, too; and what it would take away can be
// seen beforehand.
func TestTheDemosGrantsShrinkToTheirUse(t *testing.T) {
	folder, clinic := played(t)
	for _, grant := range []string{"booking-amara", "front-desk-amara"} {
		out, wrong, code := command(t, "grants", "shrink", clinic+"/"+grant, "--since", "1d", "--data", folder, "--by", "ann")
		if code != 0 || !strings.Contains(wrong, "would have refused none") || strings.Contains(wrong, "ot judged") {
			t.Fatalf("%s: exit code %d\n%s%s", grant, code, wrong, out)
		}
		if strings.Contains(out, "Appointment.u") || strings.Contains(out, "Task.c") || !strings.Contains(out, "window:") || !strings.Contains(wrong, "can no longer create") {
			t.Errorf("%s is not shrunk:\n%s%s", grant, wrong, out)
		}
		file := filepath.Join(t.TempDir(), grant+".yaml")
		if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
		replayed, wrong, code := command(t, "grants", "replay", "--with", file, "--since", "1d", "--data", folder, "--by", "ann")
		if code != 0 || !strings.Contains(replayed, "Nothing would have been otherwise.") {
			t.Errorf("%s: exit code %d\n%s%s", grant, code, wrong, replayed)
		}
		if _, wrong, code := command(t, "apply", "-f", file, "--data", folder, "--by", "ann"); code != 0 {
			t.Errorf("%s: exit code %d\n%s", grant, code, wrong)
		}
	}
	wide := filepath.Join(t.TempDir(), "wide.yaml")
	if err := os.WriteFile(wide, []byte("kind: Grant\nclinic: "+clinic+"\nname: all-appointments\nto: {platform: assistco}\nbecause: A test\nuntil: "+
		time.Now().AddDate(0, 0, 30).Format(time.DateOnly)+"\npermissions:\n  - scope: user/Appointment.r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, wrong, code := command(t, "grants", "replay", "--with", wide, "--since", "1d", "--data", folder, "--by", "ann", "--format", "json")
	if code != 0 || !strings.Contains(out, `{"effect":"newly allowed","accesses":1,"people":1,"patients":1,"certain":0,"asToday":0,"asTodayChangedSince":1}`) ||
		!strings.Contains(out, `{"effect":"answered with more","accesses":1,`) {
		t.Errorf("exit code %d\n%s%s", code, wrong, out)
	}
}
