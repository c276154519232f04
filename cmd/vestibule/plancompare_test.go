package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/internal/store"
	"vestibule/policy"
)

// TestComparingInPartsIsComparing holds what a plan says of a clinic, taken apart by its people, against one comparison of
// everything, for grants to persons and teams with and without one for a platform, and every sort of change.
func TestComparingInPartsIsComparing(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	doc := func(kind, name, body string) store.Document {
		return store.Document{Kind: kind, Clinic: "maple", Name: name, Version: 1, At: now.AddDate(0, 0, -1), OnRecord: true,
			Body: fmt.Appendf(nil, "kind: %s\n%s", kind, body)}
	}
	clinic := func(team string) store.Document {
		return doc("Clinic", "maple", "name: maple\ntitle: Maple\nzone: America/Toronto\nteams: {assistco/desk: ["+team+"]}\n")
	}
	grant := func(name, to, scope string) store.Document {
		return doc("Grant", name, "clinic: maple\nname: "+name+"\nto: {"+to+"}\nbecause: b\nuntil: 2027-02-01\npermissions: [{scope: "+scope+"}]\n")
	}
	const amara, noor, mina = `"https://id.example|amara"`, `"https://id.example|noor"`, `"https://id.example|mina"`
	base := []store.Document{clinic(amara), grant("a", "user: "+amara, "user/Task.r"), grant("n", "user: "+noor, "user/Task.rs"),
		grant("n2", "user: "+noor, "user/Appointment.rs"), grant("t", "team: assistco/desk", "user/Appointment.rs")}
	platform := grant("p", "platform: assistco", "user/DocumentReference.rs")
	changes := map[string]func(docs []store.Document) []store.Document{
		"nothing": func(docs []store.Document) []store.Document { return docs },
		"a grant": func(docs []store.Document) []store.Document {
			docs[1] = grant("a", "user: "+amara, "user/Task.rs")
			return docs
		},
		"to somebody else": func(docs []store.Document) []store.Document {
			docs[1] = grant("a", "user: "+noor, "user/Task.rs")
			return docs
		},
		"a team": func(docs []store.Document) []store.Document {
			docs[0] = clinic(mina + ", " + noor)
			return docs
		},
		"a directive": func(docs []store.Document) []store.Document {
			return append(docs, doc("Directive", "d", "clinic: maple\nname: d\npatient: Patient/17\nto: [{user: "+noor+"}]\nbecause: b\n"))
		},
		"a stop": func(docs []store.Document) []store.Document {
			return append(docs, doc("Stop", "s", "clinic: maple\nname: s\nperson: "+noor+"\nbecause: b\n"))
		},
		"a guardrail": func(docs []store.Document) []store.Document {
			return append(docs, doc("Guardrail", "g", "clinic: maple\nname: g\nnever: [Task?status=rejected]\nbecause: b\n"))
		},
		"all gone": func(docs []store.Document) []store.Document { return docs[:1] },
	}
	for name, change := range changes {
		for _, before := range [][]store.Document{base, append([]store.Document{}, append(base, platform)...)} {
			after := change(append([]store.Document{}, before...))
			got, err := compare(t.Context(), "maple", before, after, now)
			if err != nil {
				t.Fatal(name, err)
			}
			a, err := rulesOf(before, "maple")
			if err != nil {
				t.Fatal(name, err)
			}
			b, err := rulesOf(after, "maple")
			if err != nil {
				t.Fatal(name, err)
			}
			want, err := policy.Diff(a.set, b.set, now)
			if err != nil {
				t.Fatal(name, err)
			}
			if diff := cmp.Diff(want.Lines(), got.Lines()); diff != "" {
				t.Errorf("%s, %d documents:\n%s", name, len(before), diff)
			}
		}
	}
}
