package policy

import (
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

// movers is a grant to read, create and update tasks of one owner, with these transitions for the writes.
func movers(transitions ...string) Grant {
	return grantOf("movers",
		Permission{Scope: "user/Task.r", Elements: []string{"status", "owner", "priority"}},
		Permission{Scope: "user/Task.cu?owner=Organization/a", Write: []string{"status", "priority", "owner"}, Transitions: transitions},
	)
}

func TestAWriteMakesOnlyTheTransitionsThatAreGranted(t *testing.T) {
	some := []string{"requested->accepted", "accepted -> completed", "->requested"}
	for name, c := range map[string]struct {
		transitions   []string
		before, after string // members of the task; no before is a create
		want          Code
	}{
		"granted":                          {some, `"status":"requested"`, `"status":"accepted"`, CodeGranted},
		"granted, with spaces":             {some, `"status":"accepted"`, `"status":"completed"`, CodeGranted},
		"one step at a time":               {some, `"status":"requested"`, `"status":"completed"`, CodeStatusNotGranted},
		"not back":                         {some, `"status":"accepted"`, `"status":"requested"`, CodeStatusNotGranted},
		"not taken away":                   {some, `"status":"requested"`, `"priority":"stat"`, CodeStatusNotGranted},
		"not set where there is none":      {some, `"priority":"stat"`, `"status":"requested"`, CodeStatusNotGranted},
		"no status of another list":        {some, `"status":"requested"`, `"status":"booked"`, CodeStatusNotGranted},
		"no list of statuses":              {some, `"status":"requested"`, `"status":["accepted"]`, CodeMisshapen},
		"nothing beside the code":          {some, `"status":"requested"`, `"status":"requested","_status":{"id":"x"}`, CodeStatusNotGranted},
		"status left alone":                {some, `"status":"failed"`, `"status":"failed","priority":"stat"`, CodeGranted},
		"no transitions, any status":       {nil, `"status":"requested"`, `"status":"failed"`, CodeGranted},
		"no transitions, none":             {nil, `"status":"requested"`, `"priority":"stat"`, CodeGranted},
		"only creating is listed":          {[]string{"->draft"}, `"status":"draft"`, `"status":"requested"`, CodeStatusNotGranted},
		"created as listed":                {some, "", `"status":"requested"`, CodeGranted},
		"created otherwise":                {some, "", `"status":"accepted"`, CodeStatusNotGranted},
		"created without":                  {some, "", `"priority":"stat"`, CodeStatusNotGranted},
		"created without, no transitions":  {nil, "", `"priority":"stat"`, CodeGranted},
		"created as anything":              {nil, "", `"status":"entered-in-error"`, CodeGranted},
		"created with what is no code":     {some, "", `"status":"Mrs. Pike is angry"`, CodeStatusNotGranted},
		"element first, then transition":   {some, `"status":"requested"`, `"status":"failed","intent":"plan"`, CodeElementNotWritable},
		"transition first, then the reach": {some, `"status":"requested"`, `"status":"failed","owner":{"reference":"Organization/b"}`, CodeStatusNotGranted},
	} {
		t.Run(name, func(t *testing.T) {
			s := compiled(t, movers(c.transitions...))
			whole := func(members string) fhir.Resource {
				if !strings.Contains(members, "owner") {
					members += `,"owner":{"reference":"Organization/a"}`
				}
				return resource(t, `{"resourceType":"Task","id":"7",%s}`, members)
			}
			d, before := permitted(t, s, ask(t, "POST Task")), fhir.Resource{}
			if c.before != "" {
				d, before = permitted(t, s, ask(t, "PUT Task/7")), whole(c.before)
			}
			accepted, reasons := d.Accept(before, whole(c.after))
			wantCode(t, reasons, c.want)
			if accepted.IsZero() != (c.want != CodeGranted) {
				t.Errorf("accepted: %v", !accepted.IsZero())
			}
			if heard := d.Refusal(reasons).Text; strings.Contains(heard, "Pike") {
				t.Errorf("repeats what was sent: %s", heard)
			}
		})
	}
}

func TestACreateOfNothingSetsNoStatus(t *testing.T) {
	d := permitted(t, compiled(t, movers("->requested")), ask(t, "POST Task"))
	accepted, reasons := d.Accept(fhir.Resource{}, resource(t, `{"resourceType":"Task"}`))
	wantCode(t, reasons, CodeStatusNotGranted)
	if !accepted.IsZero() || !strings.Contains(d.Refusal(reasons).Text, "create this Task without a status. They let you make these changes of status: ->requested.") {
		t.Errorf("%v", d.Refusal(reasons))
	}
}

func TestARefusedTransitionSaysWhichAreGranted(t *testing.T) {
	s := compiled(t, movers("requested->accepted", "accepted->completed", "->requested"))
	d := permitted(t, s, ask(t, "PUT Task/7"))
	before := task(t, "7", "Organization/a", "")
	shown := resource(t, "%s", string(before.Cut(d.p.seen(before)).AppendTo(nil)))
	_, reasons := d.Accept(before, edited(t, shown, `"requested"`, `"failed"`))
	want := "Your grants do not let you change the status of this Task from requested to failed. They let you make these changes of status: accepted->completed, requested->accepted."
	if e := d.Refusal(reasons); e.Text != want || e.Kind != fhir.KindForbidden || reasons[0].Detail != "status requested->failed" {
		t.Errorf("%v (%s)", e, reasons[0].Detail)
	}
	d = permitted(t, s, ask(t, "POST Task"))
	_, reasons = d.Accept(fhir.Resource{}, resource(t, `{"resourceType":"Task","status":"draft"}`))
	want = "Your grants do not let you create this Task with the status draft. They let you make these changes of status: ->requested."
	if e := d.Refusal(reasons); e.Text != want {
		t.Errorf("%v", e)
	}
}

// Whether a transition from the status that stands in the EMR is granted would tell that status to a caller who is not shown
// it: so nothing that depends on it is granted to such a caller.
func TestH1AHiddenStatusCannotBeAskedThroughTransitions(t *testing.T) {
	update := Permission{Scope: "user/Task.u", Write: []string{"status"}, Transitions: []string{"requested->cancelled"}}
	s := compiled(t, grantOf("g", Permission{Scope: "user/Task.r", Elements: []string{"priority"}}, update))
	d := permitted(t, s, ask(t, "PUT Task/7"))
	var heard []string
	for _, status := range []string{"requested", "completed", "cancelled"} {
		before := resource(t, `{"resourceType":"Task","id":"7","status":"%s","priority":"stat"}`, status)
		accepted, reasons := d.Accept(before, resource(t, `{"resourceType":"Task","id":"7","status":"cancelled","priority":"stat"}`))
		wantCode(t, reasons, CodeStatusNotGranted)
		if !accepted.IsZero() {
			t.Errorf("%s: accepted", status)
		}
		heard = append(heard, d.Refusal(reasons).Error())
	}
	if len(slices.Compact(heard)) != 1 {
		t.Errorf("told apart: %q", heard)
	}
	if strings.Contains(heard[0], "completed") {
		t.Errorf("names the hidden status: %s", heard[0])
	}
}

// A permission with transitions is for a create that sets one of them, with all it writes; another permission may carry
// others, with what that one writes.
func TestTransitionsOfTwoPermissionsDoNotMix(t *testing.T) {
	s := compiled(t, grantOf("g",
		Permission{Scope: "user/Task.r"},
		Permission{Scope: "user/Task.cu?priority=stat", Write: []string{"status", "priority", "description"}, Transitions: []string{"->draft", "draft->requested"}},
		Permission{Scope: "user/Task.cu", Write: []string{"status", "priority"}, Transitions: []string{"->requested", "draft->cancelled"}},
		Permission{Scope: "user/Task.c?priority=asap", Write: []string{"description"}},
		Permission{Scope: "user/Task.u", Write: []string{"note"}}, // no transitions, and no status
	))
	for body, want := range map[string]Code{
		`"status":"draft","priority":"stat","description":"x"`:     CodeGranted,
		`"status":"requested","priority":"stat"`:                   CodeGranted,
		`"status":"requested","priority":"stat","description":"x"`: CodeWriteOutOfReach, // the one that matches and has both is for drafts
		`"status":"requested","priority":"asap","description":"x"`: CodeGranted,
		`"status":"draft","priority":"asap","description":"x"`:     CodeWriteOutOfReach,
		`"status":"accepted"`:                                      CodeStatusNotGranted,
	} {
		_, reasons := permitted(t, s, ask(t, "POST Task")).Accept(fhir.Resource{}, resource(t, `{"resourceType":"Task",%s}`, body))
		if len(reasons) == 0 || reasons[0].Code != want {
			t.Errorf("create %s: %v, want %s", body, codesOf(reasons), want)
		}
	}
	for _, c := range []struct {
		priority, to string
		want         Code
	}{
		{"stat", "requested", CodeGranted},
		{"stat", "cancelled", CodeGranted},
		{"asap", "cancelled", CodeGranted},
		{"asap", "requested", CodeStatusNotGranted}, // the permission that lists it does not match
	} {
		before := resource(t, `{"resourceType":"Task","id":"7","status":"draft","priority":"%s"}`, c.priority)
		_, reasons := permitted(t, s, ask(t, "PUT Task/7")).Accept(before, edited(t, before, "draft", c.to))
		wantCode(t, reasons, c.want)
	}
	before := resource(t, `{"resourceType":"Task","id":"7","status":"draft","priority":"stat"}`)
	_, reasons := permitted(t, s, ask(t, "PUT Task/7")).Accept(before, edited(t, before, "draft", "requested", `"stat"`, `"asap"`))
	wantCode(t, reasons, CodeWriteOutOfReach) // afterwards only the other permission matches
}

func TestASentenceSpeaksOfTransitions(t *testing.T) {
	text := movers("requested->accepted", "accepted->completed", "->requested", "->draft", "requested->rejected").Sentence(nil)
	want := "writes status, priority, owner; changes the status only from requested to accepted or rejected, from accepted to completed; a new one is requested or draft.\n"
	if !strings.Contains(text, want) {
		t.Errorf("%s", text)
	}
}
