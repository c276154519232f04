package replay_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vestibule"
	"vestibule/internal/replay"
	"vestibule/internal/replay/replaytest"
	"vestibule/policy"
)

// TestAReplayFindsWhatWouldHaveHappened holds replays to the gateway itself: the same requests are carried out at two clinics
// that differ in nothing but the grant, and what the replay of the one says about the other's grant is what happened there.
func TestAReplayFindsWhatWouldHaveHappened(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		old, candidate := anyReader(r, "old"), anyReader(r, "candidate")
		one, other := replaytest.New(t, replaytest.Only(old)), replaytest.New(t, replaytest.Only(candidate))
		happened := map[replay.Effect]int{}
		for range rapid.IntRange(1, 15).Draw(r, "requests") {
			who := rapid.SampledFrom([]string{"ann", "ben"}).Draw(r, "who")
			path := rapid.SampledFrom([]string{"/Appointment/a0", "/Appointment/a1", "/Appointment/a2", "/Appointment/a5", "/Appointment/nobody",
				replaytest.Search("status", "booked"), replaytest.Search("practitioner", "Practitioner/7"), replaytest.Search("_sort", "date"), "/Task/t1"}).Draw(r, "path")
			for effect := range compared(t, one.As(who, "GET", path, ""), other.As(who, "GET", path, "")) {
				happened[effect]++
			}
			pause := time.Duration(rapid.IntRange(0, 300).Draw(r, "minutes")) * time.Minute
			one.Clock, other.Clock = one.Clock.Add(pause), other.Clock.Add(pause)
		}
		report, err := replay.Run(t.Context(), one.Options(replaytest.Put(candidate)))
		if err != nil {
			r.Fatal(err)
		}
		for _, effect := range []replay.Effect{replay.Denied, replay.Less, replay.Allowed, replay.More} {
			if got := report.Of(effect).Accesses; got != happened[effect] {
				r.Fatalf("%s: %d replayed, %d happened\n%+v\n%+v", effect, got, happened[effect], report.Groups, report.Unjudged)
			}
		}
		if len(report.Unjudged) > 0 {
			r.Fatalf("not judged: %+v", report.Unjudged)
		}
	})
}

// anyReader is a grant to read. Limits are not drawn: what a refused access would have shown is not on record.
func anyReader(r *rapid.T, label string) policy.Grant {
	scope := rapid.SampledFrom([]string{"user/Appointment.rs", "user/Appointment.r", "user/Appointment.s?practitioner=Practitioner/42", "user/Appointment.rs?practitioner=Practitioner/42,Practitioner/7", "user/Task.rs"})
	var permissions []policy.Permission
	for range rapid.IntRange(1, 3).Draw(r, label+" permissions") {
		p := policy.Permission{Scope: scope.Draw(r, label+" scope")}
		if p.Scope != "user/Task.rs" {
			p.Window = rapid.SampledFrom([]string{"", "0d..+3d", "-5d..+2d"}).Draw(r, label+" window")
			p.Elements = rapid.SampledFrom([][]string{nil, {"status", "start", "participant"}, {"start", "end", "participant", "comment"}}).Draw(r, label+" elements")
		}
		permissions = append(permissions, p)
	}
	g := replaytest.Grant(1, permissions...)
	g.Hours = rapid.SampledFrom([]string{"", "Mon-Fri 08:00-14:00"}).Draw(r, label+" hours")
	return g
}

// compared says what the second answer is beside the first: what a replay could know of it. What a search kept back is not on
// record, so that more resources in an answer are no effect.
func compared(t *testing.T, first, second vestibule.Answer) map[replay.Effect]bool {
	out := map[replay.Effect]bool{}
	switch was, is := first.Err() == nil, second.Err() == nil; {
	case was && !is:
		out[replay.Denied] = true
	case !was && is:
		out[replay.Allowed] = true
	case was && is:
		before, after := members(t, first), members(t, second)
		for id, names := range before {
			shown, there := after[id]
			for _, name := range names {
				out[replay.Less] = out[replay.Less] || !there || !slices.Contains(shown, name)
			}
			for _, name := range shown {
				out[replay.More] = out[replay.More] || !slices.Contains(names, name)
			}
		}
		for _, e := range []replay.Effect{replay.Less, replay.More} {
			if !out[e] {
				delete(out, e)
			}
		}
	}
	return out
}

// members are the elements of each resource in an answer, by its id.
func members(t *testing.T, a vestibule.Answer) map[string][]string {
	t.Helper()
	var body map[string]json.RawMessage
	if err := json.Unmarshal(a.AppendBody(nil), &body); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	if string(body["resourceType"]) != `"Bundle"` {
		out[string(body["id"])] = names(body)
		return out
	}
	var entries []struct{ Resource map[string]json.RawMessage }
	if len(body["entry"]) > 0 {
		if err := json.Unmarshal(body["entry"], &entries); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range entries {
		out[string(e.Resource["id"])] = names(e.Resource)
	}
	return out
}

func names(members map[string]json.RawMessage) (out []string) {
	for name := range members {
		if name != "meta" {
			out = append(out, name)
		}
	}
	return out
}
