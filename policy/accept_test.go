package policy

import (
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

// edited is a resource with pieces of its JSON replaced: old, new, old, new, …
func edited(t testing.TB, r fhir.Resource, pairs ...string) fhir.Resource {
	t.Helper()
	after := strings.NewReplacer(pairs...).Replace(string(r.Bytes()))
	if after == string(r.Bytes()) {
		t.Fatalf("%v changes nothing of %s", pairs, after)
	}
	return resource(t, "%s", after)
}

func TestAnUpdateChangesWhatItMayAndKeepsTheRest(t *testing.T) {
	d := permitted(t, compiled(t, frontDesk()), ask(t, "PUT Appointment/1"))
	before := appointment(t, "1", "42", "2026-11-26T09:00:00-05:00", `,"extension":[{"url":"x","valueDecimal":1.50}]`)
	accepted, reasons := d.Accept(before, edited(t, before, "2026-11-26T09:00", "2026-11-27T10:00", "brings an interpreter", "moved"))
	if accepted.IsZero() {
		t.Fatal(reasons)
	}
	want := strings.NewReplacer("2026-11-26T09:00", "2026-11-27T10:00", "brings an interpreter", "moved").Replace(string(before.Bytes()))
	if got := string(accepted.Resource().Bytes()); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if !slices.Equal(accepted.Changed(), []string{"comment", "start"}) || !slices.Equal(accepted.Grants(), []string{"front-desk-amara@3"}) {
		t.Errorf("%v %v", accepted.Changed(), accepted.Grants())
	}
	change := accepted.Change("op-1")
	if change.Kind != fhir.InteractionUpdate || change.Base != before.Ref() || change.Operation != "op-1" || change.Resource.IsZero() {
		t.Errorf("%+v", change)
	}
	wantCode(t, reasons, CodeGranted)
	if reasons[0].Detail != "user/Appointment.u?practitioner=Practitioner/42 window 0d..+90d" {
		t.Errorf("%+v", reasons[0])
	}
}

func TestAnUpdateThatChangesNothingIsAcceptedAsSuch(t *testing.T) {
	d := permitted(t, compiled(t, frontDesk()), ask(t, "PUT Appointment/1"))
	accepted, _ := d.Accept(inReach(t), inReach(t))
	if accepted.IsZero() || len(accepted.Changed()) > 0 || string(accepted.Resource().Bytes()) != string(inReach(t).Bytes()) {
		t.Errorf("%v", accepted.Changed())
	}
}

func TestH12NothingIsMovedIntoOrOutOfReach(t *testing.T) {
	s := compiled(t, grantOf("g",
		Permission{Scope: "user/Task.rus?owner=Organization/a", Window: "-30d..0d", Write: []string{"owner", "status", "authoredOn", "intent"}},
		Permission{Scope: "user/Task.u?status=requested", Write: []string{"status", "priority"}},
		Permission{Scope: "user/Task.u?owner=Organization/c", Write: []string{"owner"}},
		Permission{Scope: "user/DocumentReference.ru", Write: []string{"securityLabel", "status"}},
	))
	const dated, sealed = `,"authoredOn":"2026-11-20T10:00:00Z"`, `"securityLabel":[{"coding":[{"code":"R"}]}]`
	mine, theirs := task(t, "7", "Organization/a", dated), task(t, "7", "Organization/b", dated)
	done := edited(t, mine, "requested", "completed")
	open := resource(t, `{"resourceType":"DocumentReference","id":"1","status":"current"}`)
	for name, c := range map[string]struct {
		line          string
		before, after fhir.Resource
		want          Code
	}{
		"within reach":                    {"PUT Task/7", mine, done, CodeGranted},
		"owner given away":                {"PUT Task/7", done, edited(t, done, "Organization/a", "Organization/b"), CodeWriteOutOfReach},
		"date moved out of the window":    {"PUT Task/7", done, edited(t, done, "2026-11-20", "2026-01-20"), CodeWriteOutOfReach},
		"date made ambiguous":             {"PUT Task/7", done, edited(t, done, `"2026-11-20T10:00:00Z"`, `["2026-11-20T10:00:00Z","2031-01-01T10:00:00Z"]`), CodeMisshapen},
		"taken from somebody else":        {"PUT Task/7", edited(t, theirs, "requested", "completed"), mine, CodeOutOfReach},
		"in reach by another permission":  {"PUT Task/7", theirs, resource(t, `{"resourceType":"Task","id":"7","priority":"routine"}`), CodeGranted},
		"element of another permission":   {"PUT Task/7", theirs, resource(t, `{"resourceType":"Task","id":"7","intent":"plan"}`), CodeElementNotWritable},
		"out of the one that may":         {"PUT Task/7", mine, edited(t, mine, "requested", "completed", "urgent", "routine"), CodeWriteOutOfReach},
		"from one permission to another":  {"PUT Task/8", edited(t, mine, `"id":"7"`, `"id":"8"`, "urgent", "stat"), edited(t, mine, `"id":"7"`, `"id":"8"`, "urgent", "stat", "Organization/a", "Organization/c"), CodeWriteOutOfReach},
		"label added":                     {"PUT DocumentReference/1", open, edited(t, open, `"current"`, `"current",`+sealed), CodeWriteOutOfReach},
		"label taken away":                {"PUT DocumentReference/1", document(t, "1", "x", ","+sealed), document(t, "1", "x", ""), CodeRestrictedLabel},
		"other type under the same id":    {"PUT Task/7", document(t, "7", "x", ""), mine, CodeNotFound},
		"other resource in the EMR":       {"PUT Task/7", task(t, "8", "Organization/a", dated), mine, CodeNotFound},
		"other type in the body":          {"PUT Task/7", mine, document(t, "7", "x", ""), CodeWrongResource},
		"no body":                         {"PUT Task/7", mine, fhir.Resource{}, CodeWrongResource},
		"nothing there, and nothing sent": {"PUT Task/7", fhir.Resource{}, fhir.Resource{}, CodeWrongResource},
	} {
		t.Run(name, func(t *testing.T) {
			accepted, reasons := permitted(t, s, ask(t, c.line)).Accept(c.before, c.after)
			wantCode(t, reasons, c.want)
			if accepted.IsZero() != (c.want != CodeGranted) {
				t.Errorf("accepted: %v", !accepted.IsZero())
			}
		})
	}
}

func TestH12WhatTheCallerWasNotShownSurvives(t *testing.T) {
	s := compiled(t, frontDesk())
	before := task(t, "7", "Organization/front-desk", `,"note":[{"text":"a"}],"input":[{"type":{"text":"secret"},"valueString":"x"}]`)
	read, _ := permitted(t, s, ask(t, "GET Task/7")).Release(before)
	shown := resource(t, "%s", text(read))
	if shown.Value().Get("input").Exists() || shown.Value().Get("priority").Exists() {
		t.Fatalf("shown %s", shown.Bytes())
	}
	accepted, reasons := permitted(t, s, ask(t, "PUT Task/7")).Accept(before, edited(t, shown, "requested", "accepted"))
	if accepted.IsZero() {
		t.Fatal(reasons)
	}
	if got, want := string(accepted.Resource().Bytes()), strings.Replace(string(before.Bytes()), "requested", "accepted", 1); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestARefusedWriteNamesElementsAndNothingElse(t *testing.T) {
	d := permitted(t, compiled(t, frontDesk()), ask(t, "PUT Task/7"))
	before := task(t, "7", "Organization/front-desk", "")
	_, reasons := d.Accept(before, edited(t, before, "Patient/p3", "Patient/p9", "urgent", "stat", `"intent":"order"`, `"intent":"plan","contained":[]`))
	e := d.Refusal(reasons)
	if e.Code != string(CodeElementNotWritable) || !strings.Contains(e.Text, "write contained, intent, priority of this Task") {
		t.Errorf("%v", e)
	}
	for _, secret := range []string{"p3", "p9", "stat,", "urgent", "order"} {
		if strings.Contains(e.Text, secret) {
			t.Errorf("%q is in %s", secret, e.Text)
		}
	}
}

// Two worlds that differ only in what the caller cannot see: whatever is proposed, the answers are the same.
func TestARefusalDoesNotDependOnWhatIsHidden(t *testing.T) {
	s := compiled(t, grantOf("g",
		Permission{Scope: "user/Task.r", Elements: []string{"status", "restriction.period", "owner.reference"}},
		Permission{Scope: "user/Task.u", Write: []string{"status", "restriction", "priority", "owner"}},
	))
	plain := resource(t, `{"resourceType":"Task","id":"7","status":"requested","restriction":{"period":{"start":"2026"}},"owner":{"reference":"Organization/a"}}`)
	rich := edited(t, plain, `"restriction":{`, `"restriction":{"repetitions":3,`, `"owner":{`, `"owner":{"display":"x",`, `"id":"7"`, `"id":"7","priority":"stat","text":{"status":"generated"}`)
	for _, proposal := range []string{
		`"status":"accepted","restriction":{"period":{"start":"2026"}},"owner":{"reference":"Organization/a"}`,
		`"status":"accepted","restriction":{"period":{"start":"2027"}},"owner":{"reference":"Organization/a"}`,
		`"status":"accepted","owner":{"reference":"Organization/a"}`,
		`"status":"accepted","restriction":{"period":{"start":"2026"}},"owner":{"reference":"Organization/b"},"intent":"order"`,
		`"priority":"stat","restriction":{"period":{"start":"2026"},"repetitions":3},"owner":{"reference":"Organization/a"}`,
		`"priority":"stat","restriction":{"period":{"start":"2026"}},"owner":{"reference":"Organization/a"}`,
		`"code":{"text":"x"}`, `"text":{"status":"generated"}`, ``,
	} {
		var heard []string
		for _, before := range []fhir.Resource{plain, rich} {
			d := permitted(t, s, ask(t, "PUT Task/7"))
			after := resource(t, `{"resourceType":"Task","id":"7"%s}`, strings.TrimSuffix(","+proposal, ","))
			accepted, reasons := d.Accept(before, after)
			if accepted.IsZero() {
				heard = append(heard, d.Refusal(reasons).Error())
				continue
			}
			heard = append(heard, "accepted "+strings.Join(accepted.Changed(), ","))
			if before.Value().Get("priority").Exists() && !accepted.Resource().Value().Get("restriction").Get("repetitions").Exists() {
				t.Errorf("%s erased what was hidden", proposal)
			}
		}
		if heard[0] != heard[1] {
			t.Errorf("%s: told apart\n%s\n%s", proposal, heard[0], heard[1])
		}
	}
}

func TestAnUpdateWithoutReadingWritesBlind(t *testing.T) {
	s := compiled(t, grantOf("g", Permission{Scope: "user/Task.u?owner=Organization/a", Write: []string{"status"}}))
	d := permitted(t, s, ask(t, "PUT Task/7"))
	before := task(t, "7", "Organization/a", "")
	accepted, _ := d.Accept(before, resource(t, `{"resourceType":"Task","id":"7","status":"rejected"}`))
	if accepted.IsZero() || !accepted.Resource().Value().Get("description").Exists() {
		t.Errorf("%s", accepted.Resource().Bytes())
	}
	released, _ := d.Release(accepted.Resource())
	if got := members(resource(t, "%s", text(released))); !slices.Equal(got, []string{"id", "meta", "resourceType"}) {
		t.Errorf("a blind writer is shown %v", got)
	}
}

func TestWhoFindsBySearchOnlyIsShownThatOnAWrite(t *testing.T) {
	s := compiled(t, grantOf("g", Permission{Scope: "user/Task.us", Elements: []string{"status", "intent"}}))
	d := permitted(t, s, ask(t, "PUT Task/7"))
	before := task(t, "7", "Organization/a", "")
	accepted, reasons := d.Accept(before, resource(t, `{"resourceType":"Task","id":"7","status":"rejected"}`))
	if !slices.Equal(accepted.Changed(), []string{"intent", "status"}) {
		t.Fatalf("%v %v", accepted.Changed(), reasons)
	}
	released, _ := d.Release(accepted.Resource())
	if got := members(resource(t, "%s", text(released))); !slices.Equal(got, []string{"id", "meta", "resourceType", "status"}) {
		t.Errorf("shown %v", got)
	}
}

func TestWhoMayReadIsTakenToHaveRead(t *testing.T) {
	s := compiled(t, grantOf("g",
		Permission{Scope: "user/Task.r", Elements: []string{"status"}},
		Permission{Scope: "user/Task.s", Elements: []string{"status", "intent"}},
		Permission{Scope: "user/Task.u", Write: []string{"status", "intent"}}))
	accepted, _ := permitted(t, s, ask(t, "PUT Task/7")).Accept(task(t, "7", "Organization/a", ""), resource(t, `{"resourceType":"Task","id":"7","status":"rejected"}`))
	if !slices.Equal(accepted.Changed(), []string{"status"}) {
		t.Errorf("%v: what a read does not show is missing from what was sent back, and is not removed", accepted.Changed())
	}
}

// A permission that only writes shows nothing. If the token's criteria could look at what reading hides, whether the write is
// accepted would tell.
func TestH1ATokensCriteriaCannotAskThroughWrites(t *testing.T) {
	for _, c := range []struct {
		read   Permission
		scopes []string
		want   bool
	}{
		{Permission{Scope: "user/Task.r", Elements: []string{"status"}}, []string{"user/Task.ru?priority=urgent", "user/Task.r"}, false},
		{Permission{Scope: "user/Task.r", Elements: []string{"status", "priority"}}, []string{"user/Task.ru?priority=urgent", "user/Task.r"}, true},
		{Permission{Scope: "user/Task.r", Elements: []string{"status", "priority"}}, []string{"user/Task.u?priority=stat", "user/Task.r"}, false},
		{Permission{Scope: "user/Task.r", Elements: []string{"status", "priority"}}, []string{"user/Task.u?priority=urgent"}, false}, // sees nothing
		{Permission{Scope: "user/Task.r?owner=Organization/b"}, []string{"user/Task.u?priority=urgent", "user/Task.r"}, false},       // not of this one
		{Permission{Scope: "user/Task.r", Elements: []string{"status"}}, []string{"user/Task.cruds"}, true},
	} {
		s := compiled(t, grantOf("g", c.read, Permission{Scope: "user/Task.u?owner=Organization/a", Write: []string{"status"}}))
		d := permitted(t, s, request(t, "PUT Task/7", c.scopes))
		before := task(t, "7", "Organization/a", "")
		shown := resource(t, "%s", string(before.Cut(d.p.seen(before)).AppendTo(nil)))
		after := resource(t, `{"resourceType":"Task","id":"7","status":"rejected"}`)
		if shown.Value().Get("status").Exists() {
			after = edited(t, shown, "requested", "rejected")
		}
		accepted, reasons := d.Accept(before, after)
		if accepted.IsZero() == c.want {
			t.Errorf("%v with %v: %v", c.read, c.scopes, codesOf(reasons))
		}
		if !c.want {
			wantCode(t, reasons, CodeOutsideScope)
		}
	}
}

func TestACreateHasToLieWithinThePermission(t *testing.T) {
	s := compiled(t, grantOf("file", Permission{
		Scope: "user/DocumentReference.c?category=incoming", Write: []string{"status", "category", "subject", "content"},
	}), grantOf("labels", Permission{Scope: "user/DocumentReference.c?type=x", Write: []string{"type", "securityLabel"}}))
	for more, want := range map[string]Code{
		``:                                       CodeGranted,
		`,"meta":{"versionId":"1"}`:              CodeGranted, // the EMR's to set
		`,"meta":{"profile":["https://p.test"]}`: CodeGranted,
		`,"meta":{"tag":[{"code":"x"}]}`:         CodeElementNotWritable,
		`,"meta":{"source":"https://x.test"}`:    CodeElementNotWritable,
		`,"meta":{"_tag":[null]}`:                CodeElementNotWritable,
		`,"_status":{"id":"a"}`:                  CodeGranted,
		`,"description":"x"`:                     CodeElementNotWritable,
		`,"contained":[]`:                        CodeElementNotWritable,
		`,"meta":{"security":[{"code":"R"}]}`:    CodeElementNotWritable,
		`,"securityLabel":[{"text":"x"}]`:        CodeWriteOutOfReach, // writable, but not by a permission that it lies within
		`,"text":{"status":"generated"}`:         CodeElementNotWritable,
		`,"modifierExtension":[{"url":"x"}]`:     CodeElementNotWritable,
		`,"implicitRules":"https://x.example"`:   CodeElementNotWritable,
		`,"\u0064escription":"spelt otherwise"`:  CodeElementNotWritable,
		`,"unknownMember":{"a":"description"}`:   CodeElementNotWritable,
		`,"extension":[{"url":"x","valueId":1}]`: CodeElementNotWritable,
	} {
		d := permitted(t, s, ask(t, "POST DocumentReference"))
		proposed := document(t, "given-by-the-caller", "incoming", more)
		accepted, reasons := d.Accept(fhir.Resource{}, proposed)
		wantCode(t, reasons, want)
		if accepted.IsZero() != (want != CodeGranted) {
			t.Errorf("%s: accepted %v", more, !accepted.IsZero())
		}
		if want == CodeGranted && (accepted.Resource().ID() != "" || accepted.Change("x").Kind != fhir.InteractionCreate || len(accepted.Patients()) != 1) {
			t.Errorf("%s", accepted.Resource().Bytes())
		}
	}
	d := permitted(t, s, ask(t, "POST DocumentReference"))
	_, reasons := d.Accept(fhir.Resource{}, document(t, "1", "outgoing", ""))
	wantCode(t, reasons, CodeWriteOutOfReach)
	if e := d.Refusal(reasons); !strings.Contains(e.Text, "category=incoming") {
		t.Errorf("%v", e)
	}
	_, reasons = d.Accept(document(t, "1", "incoming", ""), document(t, "1", "incoming", ""))
	wantCode(t, reasons, CodeWrongResource)
	_, reasons = permitted(t, compiled(t, frontDesk()), ask(t, "GET Task/7")).Accept(task(t, "7", "a", ""), task(t, "7", "a", ""))
	wantCode(t, reasons, CodeIncomplete)
}

func TestACreateMayCarryTheTagsThatItsPermissionAsksFor(t *testing.T) {
	s := compiled(t, grantOf("tags", Permission{Scope: "user/Task.c?_tag=https://t.test|made", Write: []string{"status", "intent", "owner"}}))
	for meta, want := range map[string]Code{
		`{"tag":[{"system":"https://t.test","code":"made"}]}`:                                   CodeGranted,
		`{"tag":[{"system":"https://t.test","code":"made"}],"security":[{"code":"N"}]}`:         CodeElementNotWritable,
		`{"tag":[{"system":"https://t.test","code":"else"}]}`:                                   CodeWriteOutOfReach,
		`{"tag":[{"system":"https://t.test","code":"made"}],"extension":[{"url":"https://x"}]}`: CodeElementNotWritable,
	} {
		_, reasons := permitted(t, s, ask(t, "POST Task")).Accept(fhir.Resource{}, resource(t, `{"resourceType":"Task","meta":%s,"status":"requested"}`, meta))
		wantCode(t, reasons, want)
	}
}

func TestTheAnswerToACreateShowsWhatMayBeRead(t *testing.T) {
	s := compiled(t, grantOf("g", Permission{Scope: "user/Task.cr?owner=Organization/a", Elements: []string{"status", "owner", "intent"}}))
	d := permitted(t, s, ask(t, "POST Task"))
	released, reasons := d.Release(task(t, "77", "Organization/a", ""))
	if got := members(resource(t, "%s", text(released))); !slices.Equal(got, []string{"id", "intent", "meta", "owner", "resourceType", "status"}) {
		t.Errorf("%v", got)
	}
	wantCode(t, reasons, CodeGranted)
	released, _ = d.Release(task(t, "77", "Organization/elsewhere", "")) // the EMR made something else of it
	if got := members(resource(t, "%s", text(released))); !slices.Equal(got, []string{"id", "meta", "resourceType"}) {
		t.Errorf("%v", got)
	}
}

func TestPatientsOfAWriteAreThoseBeforeAndAfter(t *testing.T) {
	s := compiled(t, grantOf("g", Permission{Scope: "user/Task.ru", Write: []string{"for"}}))
	before := task(t, "7", "Organization/a", "")
	accepted, _ := permitted(t, s, ask(t, "PUT Task/7")).Accept(before, edited(t, before, "Patient/p3", "Patient/p4"))
	if got := accepted.Patients(); !slices.Equal(got, []fhir.Ref{{Type: "Patient", ID: "p3"}, {Type: "Patient", ID: "p4"}}) {
		t.Errorf("%v", got)
	}
}

// A read that the token's criteria make impossible is nothing to read: then what a search finds is what the caller is shown.
func TestWhoMayReadNothingIsShownWhatTheyFind(t *testing.T) {
	s := compiled(t, grantOf("g",
		Permission{Scope: "user/Task.r", Elements: []string{"priority"}},
		Permission{Scope: "user/Task.us", Write: []string{"priority"}},
	))
	before := task(t, "7", "Organization/a", "")
	req := ask(t, "PUT Task/7")
	req.Caller.Scopes = []string{"user/Task.cruds?status=requested"}
	found := before // by a search, whole
	accepted, reasons := permitted(t, s, req).Accept(before, edited(t, found, `"urgent"`, `"routine"`))
	if accepted.IsZero() || !slices.Equal(accepted.Changed(), []string{"priority"}) {
		t.Errorf("%v %v", accepted.Changed(), reasons)
	}
}
