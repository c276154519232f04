package policy

import (
	"testing"

	"vestibule/fhir"
)

// FuzzGrant reads hostile text in every field that has a syntax. A grant without mistakes compiles, decides and reads as
// sentences; one with mistakes does not compile unless only its length is wrong.
func FuzzGrant(f *testing.F) {
	f.Add("user/Appointment.rs?practitioner=Practitioner/42", "-1d..+90d", "Mon-Fri 07:30-18:00", "203.0.113.0/24", "2027-02-28", "status", "https://id.example|amara", "")
	f.Add("user/DocumentReference.cu?security-label=http%3A%2F%2Fx%7CR", "", "Sat-Mon 00:00-24:00", "2001:db8::/32", "2026-11-25", "content", "a|b|c", "->current")
	f.Add("system/Task.cruds?_id=1&status:not=a,b\\,c", "-2w..0d", "", "::1", "2028-02-29", "for.reference", "|", "draft -> draft")
	f.Add("user/Task.write?status=booked", "-1w..0d", "", "::1", "2027-01-01", "worklist", "x|y", "requested->completed")
	f.Add("user/DocumentReference.*", "0d..0d", "", "::1", "2027-01-01", "filing", "x|y", "->current")
	f.Add("user/*.read", "0d..0d", "Mon", "0.0.0.0/0", "9999-12-31", "contained", "x", "->")
	f.Fuzz(func(t *testing.T, scope, window, hours, network, until, element, user, transition string) {
		g := grantOf("fuzzed", Permission{Scope: scope, Window: window, Elements: []string{element}})
		if transition != "" {
			g.Permissions[0].Write, g.Permissions[0].Transitions = []string{"status"}, []string{transition}
		}
		g.To.User, g.Hours, g.Networks, g.Until = user, hours, []string{network}, until
		mistakes := Check(g, contextOf(t))
		advice := Advise(g, contextOf(t))
		if len(mistakes) > 0 && len(advice) > 0 {
			t.Fatalf("advice about a grant with mistakes: %v", advice)
		}
		for _, m := range append(mistakes, advice...) {
			if m.Path == "" || m.Text == "" {
				t.Fatalf("a mistake without place or text: %+v", m)
			}
		}
		_ = g.Sentence(maple(t).Zone)
		s, err := Compile(maple(t), Rules{Grants: []Grant{g}})
		if len(mistakes) == 0 && err != nil {
			t.Fatalf("checks but does not compile: %v", err)
		}
		if err != nil {
			return
		}
		req := ask(t, "GET Appointment/1")
		req.Caller.Issuer, req.Caller.Subject = "", ""
		if s.Decide(req).Permitted() {
			t.Fatal("nobody is permitted")
		}
		p := s.all[0].permissions[0]
		if again, err := parseWindow(p.window.String()); err != nil || again != p.window {
			t.Fatalf("window %q reads back as %v, %v", p.window, again, err)
		}
		if again, ok := parseLetters(p.scope.letters.String()); !ok || again != p.scope.letters || again&letterDelete != 0 {
			t.Fatalf("letters %q read back as %v", p.scope.letters, again)
		}
		if !fhir.IsType(p.scope.typ) || s.all[0].until.IsZero() {
			t.Fatalf("%+v", p.scope)
		}
	})
}

// FuzzTokenScope reads scopes as a platform may send them: whatever they are, they give no more than a free token.
func FuzzTokenScope(f *testing.F) {
	for _, s := range []string{"user/Appointment.rs", "user/*.*", "user/Appointment.r?status=booked", "openid", "user/Appointment.r?priority=1", "user/.", "user/*.?&"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, scope string) {
		s := compiled(t, grantOf("g", Permission{Scope: "user/Appointment.r?practitioner=Practitioner/42", Elements: []string{"participant", "status"}}))
		r := inReach(t)
		released, _ := s.Decide(request(t, "GET Appointment/1", []string{scope})).Release(r)
		if released.IsZero() {
			return
		}
		free, _ := s.Decide(ask(t, "GET Appointment/1")).Release(r)
		if text(released) != text(free) {
			t.Fatalf("%q shows %s", scope, text(released))
		}
	})
}
