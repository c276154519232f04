package audit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// A line that is read quickly is one that decodes, with the same content: on every record that the encoder can write, and on
// whatever a line can be changed into.
func TestASketchNeverSaysWhatDecodingDoesNot(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	quick, all := 0, 0
	for range 300 {
		r := anyRecord(random)
		line := appendRecord(nil, &r)
		var s sketch
		all++
		if s.read(line) {
			quick++
		}
		sameAsDecoded(t, line)
		for range 200 {
			sameAsDecoded(t, changed(random, line))
		}
	}
	ordinary := Record{Salt: "00", ID: "0193e5a0-0000-7000-8000-000000000001", Phase: PhaseOutcome, Clinic: "maple", Outcome: OutcomeSuccess,
		Agent: Agent{Name: "Zoë \"Z\" Tremblay"}, Released: []ReleasedItem{{Ref: "Task/1", Patients: []string{"Patient/1"}, Kinds: []string{"a|b"}, Labels: []string{"c|d"}}}}
	if line := appendRecord(nil, &ordinary); !new(sketch).read(line) {
		t.Errorf("an ordinary record is not read quickly: %s", line)
	}
	if quick < all/3 {
		t.Errorf("%d of %d records are read quickly", quick, all)
	}
}

func sameAsDecoded(t *testing.T, line []byte) {
	t.Helper()
	var s sketch
	if !s.read(line) {
		return
	}
	r, err := DecodeRecord(line)
	if err != nil {
		t.Fatalf("read quickly, but does not decode: %v\n%s", err, line)
	}
	intent := int64(-1)
	if r.Intent != nil {
		intent = *r.Intent
	}
	text := func(b []byte) string { // as JSON has it
		var out string
		if err := json.Unmarshal(append(append([]byte{'"'}, b...), '"'), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if text(s.id) != r.ID || text(s.phase) != string(r.Phase) || text(s.clinic) != r.Clinic || text(s.outcome) != string(r.Outcome) ||
		text(s.action) != r.Admin.Action || s.intent != intent || string(s.time) != r.Time.Format(timeLayout) {
		t.Fatalf("another content: %s\nof %s", fmt.Sprint(s), line)
	}
}

// anyRecord has any of its members set, to anything.
func anyRecord(random *rand.Rand) Record {
	words := []string{"", "amara", "Zoë Tremblay", `a "quoted" \ one`, "line\nbreak", "Patient/1", "0", "\x01", "é", strings.Repeat("long ", 30)}
	word := func() string { return words[random.IntN(len(words))] }
	intent := int64(random.IntN(1000))
	r := Record{Salt: "00", ID: "0193e5a0-0000-7000-8000-000000000001", Phase: PhaseOutcome, Clinic: "maple",
		Time: time.Date(2026, 2, 28, 23, 59, 59, random.IntN(1e9), time.UTC).Truncate(time.Millisecond)}
	for i, set := range []func(){
		func() { r.Agent = Agent{Subject: word(), Name: word(), Automated: random.IntN(2) == 0} },
		func() { r.Purposes, r.Reasons = []string{word(), word()}, []string{word()} },
		func() { r.Query, r.Raw, r.Outcome = word(), word(), OutcomeSuccess },
		func() { r.Status, r.Withheld = random.IntN(600), random.IntN(3) },
		func() {
			r.Released = []ReleasedItem{{Ref: word(), Patients: []string{word()}, Removed: 1}, {Ref: "x", Documents: 2}}
		},
		func() { r.Intent, r.Until = &intent, r.Time },
		func() { r.Admin = Admin{Action: word(), Subject: word()} },
		func() { r.System, r.Zone = System{Adapter: word()}, word() },
	} {
		if random.IntN(2) == 0 || i == 0 {
			set()
		}
	}
	return r
}

// changed is a line with something in it cut, doubled, or replaced.
func changed(random *rand.Rand, line []byte) []byte {
	bits := []string{"", `"`, `\`, ",", "{", "}", "[", "]", "null", "true", "0", "-1", `\u0041`, "\xff", " ", "\x00", `"x":1`, `,"v":1`, "Z", "9", "e1"}
	at := random.IntN(len(line))
	to := min(len(line), at+random.IntN(4))
	return bytes.Join([][]byte{line[:at], []byte(bits[random.IntN(len(bits))]), line[to:]}, nil)
}

func TestTimesAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]bool{
		"2026-11-23T14:00:00.000Z": true, "2024-02-29T00:00:00.000Z": true, "2026-02-29T00:00:00.000Z": false, "2026-04-31T00:00:00.000Z": false,
		"2026-13-01T00:00:00.000Z": false, "2026-00-01T00:00:00.000Z": false, "2026-01-00T00:00:00.000Z": false, "2026-01-01T24:00:00.000Z": false,
		"2026-01-01T00:60:00.000Z": false, "2026-01-01T00:00:60.000Z": false, "2026-01-01T00:00:00.000z": false, "2026-01-01 00:00:00.000Z": false, "": false,
	} {
		if validTime([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
