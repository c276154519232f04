package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
)

func contextOf(t testing.TB) Context { return Context{Clinic: maple(t), Now: wednesday(t)} }

func TestTheDesignGuidesGrantHasNoMistake(t *testing.T) {
	if mistakes := Check(frontDesk(), contextOf(t)); len(mistakes) > 0 {
		t.Errorf("%v", mistakes)
	}
}

// Each case is one mistake in an otherwise good grant, with where it is and what the text says.
func TestAGrantThatCannotMeanWhatItSaysIsRefusedWithWhatWouldBeRight(t *testing.T) {
	permission := func(p Permission) func(*Grant) { return func(g *Grant) { g.Permissions = []Permission{p} } }
	move := func(letters string, transitions ...string) func(*Grant) {
		return permission(Permission{Scope: "user/Task." + letters, Write: []string{"status"}, Transitions: append([]string{}, transitions...)})
	}
	scope := func(s string) func(*Grant) { return permission(Permission{Scope: s}) }
	for _, c := range []struct {
		change     func(*Grant)
		path, want string
	}{
		{func(g *Grant) { g.Clinic = "oak" }, "clinic", `for clinic "oak", not for "maple"`},
		{func(g *Grant) { g.Name = "Front Desk" }, "name", "a-z, 0-9"},
		{func(g *Grant) { g.Name = "-x" }, "name", "begins with"},
		{func(g *Grant) { g.Name = strings.Repeat("a", 65) }, "name", "1 to 64"},
		{func(g *Grant) { g.Because = " " }, "because", "why"},
		{func(g *Grant) { g.Because = "two\nlines" }, "because", "one line"},
		{func(g *Grant) { g.To = To{} }, "to", "exactly one"},
		{func(g *Grant) { g.To.Platform = "assistco" }, "to", "exactly one"},
		{func(g *Grant) { g.To.User = "amara" }, "to.user", "issuer|subject"},
		{func(g *Grant) { g.To = To{Team: "front-desk"} }, "to.team", "platform/team"},
		{func(g *Grant) { g.To = To{Team: "assistco/nobody"} }, "to.team", "no team"},
		{func(g *Grant) { g.Until = "" }, "until", "at most 366 days"},
		{func(g *Grant) { g.Until = "28 Feb 2027" }, "until", "like 2027-02-28"},
		{func(g *Grant) { g.Until = "2027-02-29" }, "until", "not a date"},
		{func(g *Grant) { g.Until = "2026-11-24" }, "until", "is over"},
		{func(g *Grant) { g.Until = "2027-11-27" }, "until", "the last possible day is 2027-11-26"},
		{func(g *Grant) { g.From = "soon" }, "from", "not a date"},
		{func(g *Grant) { g.From = "2027-03-01" }, "from", "before it begins"},
		{func(g *Grant) { g.Hours = "always" }, "hours", "Mon-Fri 07:30-18:00"},
		{func(g *Grant) { g.Networks = []string{"203.0.113.0/24", "office"} }, "networks[1]", "not a network"},
		{func(g *Grant) { g.Networks = []string{"203.0.113.5/24"} }, "networks[0]", "did you mean 203.0.113.0/24?"},
		{func(g *Grant) { g.Networks = []string{"0.0.0.0/0"} }, "networks[0]", "every network"},
		{func(g *Grant) { g.Networks = []string{"::ffff:203.0.113.0/120"} }, "networks[0]", "not a network"},
		{func(g *Grant) { g.Networks = []string{"fe80::1%eth0"} }, "networks[0]", "not a network"},
		{func(g *Grant) { g.Purposes = []string{"PATADMIN", "HMARKT"} }, "purposes[1]", `"HMARKT" cannot be granted`},
		{func(g *Grant) { g.Purposes = []string{"HRESCH"} }, "purposes[0]", "cannot be granted"},
		{func(g *Grant) { g.Purposes = []string{"TREAT", "TREAT"} }, "purposes[1]", "twice"},
		{func(g *Grant) { g.Networks = []string{} }, "networks", "empty"},
		{func(g *Grant) { g.Purposes = []string{} }, "purposes", "empty"},
		{permission(Permission{Scope: "user/Task.rs", Elements: []string{}}), "permissions[0].elements", "empty"},
		{permission(Permission{Scope: "user/Task.ru", Elements: []string{"status"}, Write: []string{}}), "permissions[0].write", "empty"},
		{func(g *Grant) { g.Limits.PatientsPerDay = -1 }, "limits.patientsPerDay", "above zero"},
		{func(g *Grant) { g.Limits.PagesPerSearch = -1 }, "limits.pagesPerSearch", "above zero"},
		{func(g *Grant) { g.Permissions = nil }, "permissions", "at least one"},
		{scope("Appointment.rs"), "permissions[0].scope", "not a scope"},
		{scope("patient/Appointment.rs"), "permissions[0].scope", "not a scope that can be granted"},
		{scope("system/Appointment.rs"), "permissions[0].scope", "automated: true"},
		{scope("user/*.rs"), "permissions[0].scope", "Name the type"},
		{scope("user/*.read"), "permissions[0].scope", "Name the type"},
		{scope("patient/Task.read"), "permissions[0].scope", "not a scope that can be granted"},
		{scope("user/Appointment.reads"), "permissions[0].scope", "not interactions"},
		{scope("user/Task.write"), "permissions[0].write", "Say which elements"},
		{scope("user/Appointment.rd"), "permissions[0].scope", "Deleting cannot be granted"},
		{scope("user/Appointment.rrs"), "permissions[0].scope", "write rs"},
		{scope("user/Patient.rs"), "permissions[0].scope", "not a type"},
		{scope("user/Appointment.rs?colour=red"), "permissions[0].scope", "colour"},
		{scope("user/Appointment.rs?status:not=canceled"), "permissions[0].scope", `no status "canceled"; it has proposed`},
		{scope("user/Appointment.rs?status=booked,%7Carived"), "permissions[0].scope", `no status "arived"`},
		{scope("user/Appointment.rs?status"), "permissions[0].scope", "not a criterion"},
		{scope("user/Appointment.rs?patient.name=x"), "permissions[0].scope", "cannot be chained"},
		{scope("user/Appointment.rs?_source=x"), "permissions[0].scope", "hides"},
		{scope("user/DocumentReference.rs?location=https://x.example"), "permissions[0].scope", "hides"},
		{permission(Permission{Scope: "user/Task.rs?owner=Organization/1", Elements: []string{"status"}}), "permissions[0].scope", "looks at owner"},
		{permission(Permission{Scope: "user/Task.rs", Window: "0d..+1d", Elements: []string{"status"}}), "permissions[0].window", "looks at authoredOn"},
		{permission(Permission{Scope: "user/Task.rs", Window: "next week"}), "permissions[0].window", "-1d..+90d"},
		{permission(Permission{Scope: "user/Task.rs", Window: "+2d..+1d"}), "permissions[0].window", "ends before"},
		{permission(Permission{Scope: "user/Task.rs", Elements: []string{"stauts"}}), "permissions[0].elements[0]", `no element "stauts"`},
		{permission(Permission{Scope: "user/Task.rs", Elements: []string{"status", "schedule"}}), "permissions[0].elements[1]", "Its sets are worklist, contact, reason, notes"},
		{permission(Permission{Scope: "user/Task.rs", Elements: []string{"code.schedule"}}), "permissions[0].elements[0]", `no element "code.schedule"`},
		{permission(Permission{Scope: "user/Task.rus", Elements: []string{"worklist"}}), "permissions[0].write", "a set is for elements only"},
		{permission(Permission{Scope: "user/Task.u", Write: []string{"status", "worklist"}}), "permissions[0].write[1]", "worklist is a set"},
		{permission(Permission{Scope: "user/Appointment.rs?practitioner:missing=false", Elements: []string{"schedule"}}), "permissions[0].scope", "looks at participant.actor,"},
		{permission(Permission{Scope: "user/Appointment.rs?reason-code=x", Elements: []string{"schedule", "contact", "notes"}}), "permissions[0].scope", "looks at reasonCode.coding"},
		{permission(Permission{Scope: "user/Task.rs", Elements: []string{"contained"}}), "permissions[0].elements[0]", "Contained"},
		{permission(Permission{Scope: "user/Task.rs", Content: true}), "permissions[0].content", "DocumentReferences"},
		{permission(Permission{Scope: "user/DocumentReference.c", Write: []string{"status"}, Content: true}), "permissions[0].content", "reading"},
		{permission(Permission{Scope: "user/Task.rs", Write: []string{"status"}}), "permissions[0].write", "c or u"},
		{permission(Permission{Scope: "user/Task.u"}), "permissions[0].write", "Say which elements may be written"},
		{permission(Permission{Scope: "user/Task.u", Write: []string{"restriction.period"}}), "permissions[0].write[0]", "name restriction"},
		{permission(Permission{Scope: "user/Task.u", Write: []string{"meta"}}), "permissions[0].write[0]", "meta"},
		{permission(Permission{Scope: "user/DocumentReference.ru", Write: []string{"content"}}), "permissions[0].write[0]", "shown in part"},
		{permission(Permission{Scope: "user/Task.ru", Elements: []string{"restriction.period"}}), "permissions[0].write", "shown in part"},
		{move("crus", "requested to accepted", "->draft"), "permissions[0].transitions[0]", `write it like "booked->cancelled"`},
		{move("crus", "->draft", "requested->"), "permissions[0].transitions[1]", "is not a transition"},
		{move("crus", "->draft", "requested->canceled"), "permissions[0].transitions[1]", `Task has no status "canceled"; it has draft, requested`},
		{move("crus", "->draft", "booked->completed"), "permissions[0].transitions[1]", `no status "booked"`},
		{move("crus", "->draft", "draft->draft"), "permissions[0].transitions[1]", "changes nothing"},
		{move("crus", "->draft", "->draft"), "permissions[0].transitions[1]", "stands twice"},
		{move("rus", "->draft"), "permissions[0].transitions[0]", "no c"},
		{move("crs", "->draft", "draft->requested"), "permissions[0].transitions[1]", "no u; what a create may set is written ->requested"},
		{move("crus", "draft->requested"), "permissions[0].transitions", "say what a create may set, such as ->draft"},
		{move("rus"), "permissions[0].transitions", "empty"},
		{permission(Permission{Scope: "user/Task.rs", Transitions: []string{"draft->requested"}}), "permissions[0].transitions", "c or u"},
		{permission(Permission{Scope: "user/Task.ru", Write: []string{"note"}, Transitions: []string{"draft->requested"}}), "permissions[0].transitions", "not in write"},
		{permission(Permission{Scope: "user/Task.ru", Elements: []string{"note"}, Write: []string{"status"}, Transitions: []string{"draft->requested"}}), "permissions[0].transitions", "which this permission hides"},
	} {
		g := frontDesk()
		c.change(&g)
		mistakes := Check(g, contextOf(t))
		if len(mistakes) != 1 || mistakes[0].Path != c.path || !strings.Contains(mistakes[0].Text, c.want) {
			t.Errorf("want %s: %s; got %v", c.path, c.want, mistakes)
			continue
		}
		if mistakes[0].Kind != fhir.KindInvalid || mistakes[0].Code != "invalid-grant" {
			t.Errorf("%s is %s %s", c.path, mistakes[0].Kind, mistakes[0].Code)
		}
	}
}

func TestAllMistakesOfAGrantAreReportedAtOnce(t *testing.T) {
	g := Grant{Permissions: []Permission{{Scope: "user/Task.u?colour=1"}, {Scope: "user/Task.rs", Window: "x", Elements: []string{"y"}}}}
	var paths []string
	for _, m := range Check(g, contextOf(t)) {
		paths = append(paths, m.Path)
	}
	want := []string{"clinic", "name", "because", "to", "until", "permissions[0].scope", "permissions[1].window", "permissions[1].elements[0]"}
	for _, w := range want {
		if !slices.Contains(paths, w) {
			t.Errorf("%s is not among %v", w, paths)
		}
	}
}

func TestAGrantLastsAtMostAYearAndADayFromItsApproval(t *testing.T) {
	g := frontDesk()
	g.Until = "2027-11-26"
	if mistakes := Check(g, contextOf(t)); len(mistakes) > 0 {
		t.Errorf("366 days: %v", mistakes)
	}
	g.Approved = wednesday(t).AddDate(0, 0, -1)
	if mistakes := Check(g, contextOf(t)); len(mistakes) != 1 || mistakes[0].Path != "until" {
		t.Errorf("367 days after approval: %v", mistakes)
	}
	g.Until, g.Approved = "2026-11-20", wednesday(t).AddDate(0, 0, -30)
	if mistakes := Check(g, contextOf(t)); len(mistakes) > 0 {
		t.Errorf("one that was approved and is over is no mistake: %v", mistakes)
	}
}

func TestAGrantHoldsToTheEndOfItsLastDayInTheClinicsZone(t *testing.T) {
	for zone, end := range map[string]string{
		"America/Toronto": "2027-03-15T04:00:00Z", "America/St_Johns": "2027-03-15T02:30:00Z", "America/Regina": "2027-03-15T06:00:00Z",
	} {
		clinic := maple(t)
		clinic.Zone = zoneOf(t, zone)
		g := grantOf("last-day", Permission{Scope: "user/Task.r"})
		g.Until = "2027-03-14" // the day on which most clocks go forward
		s, err := Compile(clinic, Rules{Grants: []Grant{g}})
		if err != nil {
			t.Fatal(err)
		}
		over, err := time.Parse(time.RFC3339, end)
		if err != nil {
			t.Fatal(err)
		}
		req := ask(t, "GET Task/1")
		req.Caller.Expires = over.Add(time.Hour)
		if req.Now = over.Add(-1); !s.Decide(req).Permitted() {
			t.Errorf("%s: over before the day is", zone)
		}
		if req.Now = over; s.Decide(req).Permitted() {
			t.Errorf("%s: still there the next day", zone)
		}
	}
}

func TestCheckNeedsToKnowTheClinic(t *testing.T) {
	if len(Check(frontDesk(), Context{Now: wednesday(t)})) == 0 {
		t.Error("a grant is fine for a clinic without name and zone")
	}
	if _, err := Compile(Clinic{Name: "maple"}, Rules{}); err == nil {
		t.Error("a clinic without a zone has a Set")
	}
}

func TestCompileTakesAllGrantsOrNone(t *testing.T) {
	bad := frontDesk()
	bad.Name, bad.Hours = "bad", "x"
	if s, err := Compile(maple(t), Rules{Grants: []Grant{frontDesk(), bad}}); s != nil || err == nil || !strings.Contains(err.Error(), "Grant bad: hours:") {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := Compile(maple(t), Rules{Grants: []Grant{frontDesk(), frontDesk()}}); s != nil || err == nil || !strings.Contains(err.Error(), "two grants") {
		t.Errorf("%v, %v", s, err)
	}
}
