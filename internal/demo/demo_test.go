package demo_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
	"vestibule/internal/config"
	"vestibule/internal/demo"
)

var now = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

func resources(t *testing.T, raw [][]byte) []fhir.Resource {
	t.Helper()
	var out []fhir.Resource
	for _, b := range raw {
		r, err := fhir.ParseResource(b, fhir.Limits{})
		if err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		out = append(out, r)
	}
	return out
}

func TestEveryResourceIsValidAndSaysThatItIsMadeUp(t *testing.T) {
	for _, clinic := range demo.Clinics() {
		count, ids := map[string]int{}, map[string]bool{}
		for _, r := range resources(t, demo.World(clinic, now)) {
			count[r.Type()]++
			if ref := r.Ref().String(); ids[ref] || r.ID() == "" || !fhir.ValidID(r.ID()) {
				t.Errorf("%s: id of %s", clinic, ref)
			}
			ids[r.Ref().String()] = true
			if tag := r.Value().Get("meta").Get("tag"); !bytes.Contains(tag.Raw(), []byte(`"HTEST"`)) {
				t.Errorf("%s %s does not say that it is made up", clinic, r.Ref())
			}
			if !bytes.Equal(compact(t, r.Bytes()), r.Bytes()) {
				t.Errorf("%s %s is not compact", clinic, r.Ref())
			}
			references(t, clinic, r.Value(), ids)
		}
		if count["Patient"] != 40 || count["Practitioner"] != 3 || count["Task"] != 30 || count["DocumentReference"] != 40 || count["Appointment"] < 100 {
			t.Errorf("%s: %v", clinic, count)
		}
	}
	if demo.World("nowhere", now) != nil {
		t.Error("an unknown clinic has data")
	}
}

func compact(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// references checks that whatever a resource names came before it.
func references(t *testing.T, clinic string, v fhir.Value, ids map[string]bool) {
	t.Helper()
	for name, member := range v.Members() {
		if name == "reference" {
			ref, ok := fhir.ParseRef(member.Text())
			if found := slices.ContainsFunc(keys(ids), func(id string) bool { return strings.HasPrefix(id, ref.String()) }); !ok || !found {
				t.Errorf("%s: %s is not there", clinic, member.Text())
			}
		}
		for item := range member.Items() {
			references(t, clinic, item, ids)
		}
	}
}

func keys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

func TestTheSameMomentGivesTheSameWorld(t *testing.T) {
	first, second := demo.World(demo.Wascana, now), demo.World(demo.Wascana, now)
	if !slices.EqualFunc(first, second, bytes.Equal) {
		t.Error("two worlds differ")
	}
}

func TestTimesHaveTheClinicsOffset(t *testing.T) {
	tests := []struct {
		clinic, offset string
		now            time.Time
	}{
		{demo.SignalHill, "-03:30", now},
		{demo.SignalHill, "-02:30", time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)},
		{demo.Wascana, "-06:00", now},
		{demo.Wascana, "-06:00", time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)},
	}
	for _, test := range tests {
		for _, r := range resources(t, demo.World(test.clinic, test.now)) {
			if start := r.Value().Get("start").Text(); r.Type() == "Appointment" && !strings.HasSuffix(start, test.offset) {
				t.Errorf("%s: %s does not end in %s", test.clinic, start, test.offset)
			}
		}
	}
}

func TestTheWorldHoldsWhatAGatewayCanGetWrong(t *testing.T) {
	for _, clinic := range demo.Clinics() {
		all := bytes.Join(demo.World(clinic, now), nil)
		for _, want := range []string{"é", "Ç", "Œ", "ô", `1.50`, `"_start"`, `"comment"`, `"code":"R"`, "&Signature=", `"status":"cancelled"`, `"status":"noshow"`, `"status":"pending"`} {
			if want == "Ç" && clinic == demo.Wascana {
				want = "ç"
			}
			if !bytes.Contains(all, []byte(want)) {
				t.Errorf("%s has no %s", clinic, want)
			}
		}
	}
}

func TestATourCanBeWalkedOnAnyDay(t *testing.T) {
	for day := range 60 { // every weekday, the turn of the year, and hours of the day
		at := now.Add(time.Duration(day) * 25 * time.Hour)
		for _, clinic := range demo.Clinics() {
			w := demo.Walk(clinic, at)
			if w.Practitioner == "" || w.Appointment == "" || w.Start == "" || w.Other == "" || w.Referral == "" || w.Restricted == "" || w.Task == "" {
				t.Errorf("%s on %s: %+v", clinic, at.Format(time.DateOnly), w)
			}
		}
	}
}

func TestTheDocumentsCanBeApplied(t *testing.T) {
	text := demo.Documents(demo.Setting{
		Issuer: "http://127.0.0.1:1234", Now: now,
		EMR: map[string]string{demo.SignalHill: "http://127.0.0.1:2001/fhir", demo.Wascana: "http://127.0.0.1:2002/fhir"},
	})
	docs, err := config.Parse("demo.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := config.Check(docs, nil, now); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var kinds []string
	for _, d := range docs {
		kinds = append(kinds, d.Kind)
	}
	slices.Sort(kinds)
	if got := strings.Join(kinds, " "); got != "Clinic Clinic Connection Connection Grant Grant Grant Grant Platform Platform" {
		t.Error(got)
	}
}

func TestEverybodyIsSomebodyAtAPlatform(t *testing.T) {
	for _, key := range []string{demo.Assistant, demo.Stranger, demo.ClinicIT, demo.Auditor} {
		i := slices.IndexFunc(demo.People(), func(p demo.Person) bool { return p.Key == key })
		if i < 0 {
			t.Fatalf("nobody is %s", key)
		}
		if p := demo.People()[i]; p.Subject == "" || p.Name == "" || p.Platform == "" || p.Client == "" {
			t.Errorf("%+v", p)
		}
	}
}
