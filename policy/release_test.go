package policy

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"vestibule/fhir"
)

func TestARead(t *testing.T) {
	d := permitted(t, compiled(t, frontDesk()), ask(t, "GET Appointment/1"))
	r := inReach(t)
	released, reasons := d.Release(r)
	if text(released) != string(r.Bytes()) {
		t.Errorf("not byte for byte:\n%s\n%s", text(released), r.Bytes())
	}
	if released.Ref() != (fhir.Ref{Type: "Appointment", ID: "1", Version: "1"}) || !released.Cut().IsWhole() || len(released.Removed()) > 0 {
		t.Errorf("%v %v", released.Ref(), released.Removed())
	}
	if got := released.Patients(); !slices.Equal(got, []fhir.Ref{{Type: "Patient", ID: "p1"}}) {
		t.Errorf("patients %v", got)
	}
	want := Reason{
		Code: CodeGranted, Text: "front-desk-amara allows Appointment.rs.", Grant: "front-desk-amara@3",
		Detail: "user/Appointment.rs?practitioner=Practitioner/42 window -1d..+90d",
	}
	if !slices.Equal(reasons, []Reason{want}) || !slices.Equal(released.Grants(), []string{"front-desk-amara@3"}) {
		t.Errorf("%+v %v", reasons, released.Grants())
	}
}

func TestAResourceIsCutToTheUnionOfWhatItsPermissionsShow(t *testing.T) {
	s := compiled(t,
		grantOf("a", Permission{Scope: "user/Task.rs?status=requested", Elements: []string{"status", "for"}}),
		grantOf("b", Permission{Scope: "user/Task.rs?owner=Organization/front-desk", Elements: []string{"owner", "description"}}),
		grantOf("c", Permission{Scope: "user/Task.rs?owner=Organization/other", Elements: []string{"owner", "priority"}}),
		grantOf("d", Permission{Scope: "user/Task.s", Elements: []string{"intent"}}),
	)
	r := task(t, "7", "Organization/front-desk", "")
	for line, want := range map[string]string{
		"GET Task/7":                                 "description for id meta owner resourceType status",
		"GET Task":                                   "description for id intent meta owner resourceType status",
		"GET Task?_elements=owner,priority":          "id meta owner resourceType",
		"GET Task?owner=Organization/front-desk":     "description for id intent meta owner resourceType status",
		"GET Task?status=requested&_elements=for":    "for id meta resourceType",
		"GET Task?_elements=priority,businessStatus": "id meta resourceType",
	} {
		released, reasons := permitted(t, s, ask(t, line)).Release(r)
		got := strings.Join(members(resource(t, "%s", text(released))), " ")
		if got != want {
			t.Errorf("%s: %s, want %s (%v)", line, got, want, codesOf(reasons))
		}
		if !slices.Contains(released.Removed(), "priority") {
			t.Errorf("%s: removed %v", line, released.Removed())
		}
	}
}

func TestContentIsARightOfItsOwn(t *testing.T) {
	for _, c := range []struct {
		p         Permission
		data, url bool
	}{
		{Permission{Scope: "user/DocumentReference.r"}, false, false},
		{Permission{Scope: "user/DocumentReference.r", Content: true}, true, false},
		{Permission{Scope: "user/DocumentReference.r", Elements: []string{"content"}}, false, false},
		{Permission{Scope: "user/DocumentReference.r", Elements: []string{"status"}, Content: true}, true, false},
	} {
		d := permitted(t, compiled(t, grantOf("g", c.p)), ask(t, "GET DocumentReference/1"))
		released, _ := d.Release(document(t, "1", "referral", ""))
		if strings.Contains(text(released), "QQ==") != c.data || strings.Contains(text(released), "emr.example") != c.url {
			t.Errorf("%+v: %s", c.p, text(released))
		}
	}
}

func TestRestrictedLabelsNeedToBeNamed(t *testing.T) {
	const system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
	meta := func(code string) string {
		return `,"meta":{"security":[{"system":"` + system + `","code":"` + code + `"}]}`
	}
	label := func(code string) string {
		return `,"securityLabel":[{"text":"x"},{"coding":[{"system":"` + system + `","code":"` + code + `"}]}]`
	}
	for _, c := range []struct {
		scope, more string
		want        bool
	}{
		{"user/DocumentReference.r", "", true},
		{"user/DocumentReference.r", meta("N"), true},
		{"user/DocumentReference.r", meta("R"), false},
		{"user/DocumentReference.r", meta("V"), false},
		{"user/DocumentReference.r", label("R"), false},
		{"user/DocumentReference.r", label("V"), false},
		{"user/DocumentReference.r", `,"meta":{"security":[{"code":"R"}]}`, false},
		{"user/DocumentReference.r", `,"meta":{"security":{"code":"r "}}`, false},
		{"user/DocumentReference.r", `,"meta":{"\u0073ecurity":[{"\u0063ode":"\u0052"}]}`, false},
		{"user/DocumentReference.r", `,"meta":{"security":[{"system":"https://other.example","code":"R"}]}`, true},
		{"user/DocumentReference.r?security-label=R", label("R"), true},
		{"user/DocumentReference.r?security-label=N,R", label("R"), true},
		{"user/DocumentReference.r?security-label=" + system + "|R", label("R"), true},
		{"user/DocumentReference.r?security-label=R", label("R") + meta("V"), false},
		{"user/DocumentReference.r?security-label=R&_security=V", label("R") + meta("V"), true},
		{"user/DocumentReference.r?_security=R", meta("R"), true},
		{"user/DocumentReference.r?_security:not=R", meta("V"), false},
		{"user/DocumentReference.r?_security:not=V", meta("R"), false},
		{"user/DocumentReference.r?_security:not=R", label("R"), false},
		{"user/DocumentReference.r?category=R", meta("R"), false},
	} {
		d := permitted(t, compiled(t, grantOf("g", Permission{Scope: c.scope})), ask(t, "GET DocumentReference/1"))
		released, reasons := d.Release(document(t, "1", "R", c.more))
		if released.IsZero() == c.want {
			t.Errorf("%s with %s: %v", c.scope, c.more, codesOf(reasons))
		}
	}
}

func TestAPermissionWithoutTheLabelDoesNotShowThroughOneWithIt(t *testing.T) {
	s := compiled(t,
		grantOf("open", Permission{Scope: "user/DocumentReference.r"}),
		grantOf("sealed", Permission{Scope: "user/DocumentReference.r?security-label=R", Elements: []string{"status", "securityLabel"}}),
	)
	released, _ := permitted(t, s, ask(t, "GET DocumentReference/1")).Release(document(t, "1", "x", `,"securityLabel":[{"coding":[{"code":"R"}]}]`))
	if got := members(resource(t, "%s", text(released))); slices.Contains(got, "subject") || !slices.Equal(released.Grants(), []string{"sealed@1"}) {
		t.Errorf("%v by %v", got, released.Grants())
	}
}

func TestH9UnknownLabelledAndOutOfReachAnswerAlike(t *testing.T) {
	s := compiled(t, frontDesk(), grantOf("of-patient", Permission{Scope: "user/Appointment.r?patient=Patient/secret&status=booked"}))
	d := permitted(t, s, ask(t, "GET Appointment/1"))
	var heard []string
	for _, r := range []fhir.Resource{
		{},
		appointment(t, "1", "43", "2026-11-26T09:00:00-05:00", ""),
		appointment(t, "1", "42", "2030-11-26T09:00:00-05:00", ""),
		resource(t, "%s", strings.Replace(string(inReach(t).Bytes()), `"versionId":"1"`, `"security":[{"code":"V"}]`, 1)),
		inOther(t),
	} {
		released, reasons := d.Release(r)
		if !released.IsZero() {
			t.Fatal("released")
		}
		e := d.Refusal(reasons)
		heard = append(heard, e.Error())
		if e.Kind != fhir.KindNotFound || e.Code != string(CodeNotFound) {
			t.Errorf("%v", e)
		}
	}
	other := permitted(t, s, ask(t, "GET Appointment/nosuch")).NotFound().Error()
	for _, h := range append(heard, other) {
		if h != heard[0] {
			t.Errorf("told apart:\n%s\n%s", heard[0], h)
		}
	}
	for _, want := range []string{"practitioner=Practitioner/42", "-1d..+90d", "patient=(as granted)"} {
		if !strings.Contains(heard[0], want) {
			t.Errorf("%q is not in %s", want, heard[0])
		}
	}
	if strings.Contains(heard[0], "secret") || strings.Contains(heard[0], "Task") {
		t.Errorf("says too much: %s", heard[0])
	}
}

func inOther(t *testing.T) fhir.Resource { return task(t, "1", "Organization/front-desk", "") }

func TestH33WhatTheEMRReturnsBesidesTheSearchIsDropped(t *testing.T) {
	d := permitted(t, compiled(t, frontDesk()), ask(t, "GET Appointment?status=booked"))
	released, reasons := d.Release(resource(t, "%s", strings.Replace(string(inReach(t).Bytes()), "booked", "cancelled", 1)))
	if !released.IsZero() {
		t.Error("released")
	}
	wantCode(t, reasons, CodeQueryMismatch)
	if released, _ = d.Release(edited(t, inReach(t), `"id":"1",`, "")); !released.IsZero() {
		t.Error("a resource without an id is released")
	}
}

func TestADroppedResourceCitesTheNearestPermissionForTheTrail(t *testing.T) {
	d := permitted(t, compiled(t, frontDesk(), grantOf("other", Permission{Scope: "user/Appointment.r?practitioner=Practitioner/7"})), ask(t, "GET Appointment/1"))
	_, reasons := d.Release(appointment(t, "1", "42", "2030-11-26T09:00:00-05:00", ""))
	want := Reason{Code: CodeOutsideWindow, Grant: "front-desk-amara@3", Detail: "user/Appointment.rs?practitioner=Practitioner/42 window -1d..+90d"}
	want.Text = because(CodeOutsideWindow).Text
	if !slices.Equal(reasons, []Reason{want}) {
		t.Errorf("%+v", reasons)
	}
}

func TestADropCitesOnlyPermissionsThatServeTheSearch(t *testing.T) {
	d := permitted(t, compiled(t,
		grantOf("serves", Permission{Scope: "user/Appointment.s?practitioner=Practitioner/7"}),
		grantOf("hides", Permission{Scope: "user/Appointment.s?practitioner=Practitioner/42", Window: "0d..0d", Elements: []string{"participant", "start"}}),
	), ask(t, "GET Appointment?status=booked"))
	_, reasons := d.Release(inReach(t))
	if wantCode(t, reasons, CodeOutOfReach); reasons[0].Grant != "serves@1" {
		t.Errorf("%+v", reasons)
	}
}

func TestADecisionServesManyGoroutines(t *testing.T) {
	s := compiled(t, frontDesk(), grantOf("all", Permission{Scope: "user/Appointment.s", Elements: []string{"status", "start"}}))
	d := permitted(t, s, ask(t, "GET Appointment?status=booked"))
	mine, other := inReach(t), appointment(t, "2", "43", "2026-11-26T09:00:00-05:00", "")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				a, _ := d.Release(mine)
				b, _ := d.Release(other)
				_, reasons := d.Release(fhir.Resource{})
				if len(a.Removed()) > 0 || len(b.Removed()) == 0 || len(reasons) != 1 {
					t.Errorf("removed %v and %v", a.Removed(), b.Removed())
				}
			}
		})
	}
	wait.Wait()
}

func TestMoreThan256PermissionsStillJoin(t *testing.T) {
	g := grantOf("many")
	for i := range bitsetSize {
		g.Permissions = append(g.Permissions, Permission{Scope: "user/Task.ru?owner=Organization/o" + string(rune('a'+i%26)), Elements: []string{"owner"}})
	}
	g.Permissions = append(g.Permissions,
		Permission{Scope: "user/Task.ru?owner=Organization/front-desk", Elements: []string{"owner", "status"}},
		Permission{Scope: "user/Task.ru?owner=Organization/front-desk", Elements: []string{"owner", "intent"}})
	s := compiled(t, g)
	r := task(t, "7", "Organization/front-desk", "")
	released, _ := permitted(t, s, ask(t, "GET Task/7")).Release(r)
	if got := members(resource(t, "%s", text(released))); !slices.Equal(got, []string{"id", "intent", "meta", "owner", "resourceType", "status"}) {
		t.Errorf("%v", got)
	}
	after := resource(t, `{"resourceType":"Task","id":"7","status":"completed","intent":"order","owner":{"reference":"Organization/front-desk"}}`)
	accepted, reasons := permitted(t, s, ask(t, "PUT Task/7")).Accept(r, after)
	if !slices.Equal(accepted.Changed(), []string{"status"}) {
		t.Errorf("%v %v", accepted.Changed(), reasons)
	}
}
