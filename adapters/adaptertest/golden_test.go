package adaptertest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/fhir"
)

// row is a made-up EMR's row.
const row = `{"id":7,"patient":{"no":12,"name":"Tremblay"},"when":"2027-03-14","urgent":true,"notes":["œ","b"],"billing":{"code":"A007","fee":"1.50"},"empty":"","nothing":null}`

// translate uses id, patient.no, when and the notes.
func translate(in []byte) ([]byte, []adapters.Loss, error) {
	v, err := fhir.Parse(in, fhir.Limits{})
	if err != nil {
		return nil, nil, fhir.E("test", fhir.KindUpstream, "emr-answer-broken", "The row is no JSON.")
	}
	when := v.Get("when").Text()
	if len(when) != 10 {
		return nil, nil, fhir.E("test", fhir.KindUpstream, "emr-answer-broken", "That is no day.").At("when")
	}
	var notes []string
	for n := range v.Path("notes") {
		notes = append(notes, string(n.Raw()))
	}
	out := fmt.Sprintf(`{"id":%s,"for":%s,"on":%q,"fee":1.50,"notes":[%s]}`, v.Get("id").Raw(), v.Get("patient").Get("no").Raw(), when, strings.Join(notes, ","))
	return []byte(out), []adapters.Loss{{Path: "billing", Why: "belongs to the clinician"}, {Path: "patient.name", Why: "comes unasked"}}, nil
}

func TestAFieldIsUsedOrReportedAsLost(t *testing.T) {
	urgent := adapters.Loss{Path: "urgent", Why: "no home"}
	for name, c := range map[string]struct {
		native string
		more   []adapters.Loss
		want   string
	}{
		"all accounted for":           {row, []adapters.Loss{urgent}, ""},
		"a field in silence":          {row, nil, "urgent has no home"},
		"a field of an item":          {strings.Replace(row, `["œ","b"]`, `[{"by":"x"}]`, 1), []adapters.Loss{urgent}, ""},
		"a new field":                 {strings.Replace(row, `"id"`, `"secret":1,"id"`, 1), []adapters.Loss{urgent}, "secret has no home"},
		"a loss that is none":         {row, []adapters.Loss{urgent, {Path: "when"}}, "when is reported as lost"},
		"a prefix that is no part":    {strings.Replace(row, `"billing"`, `"billingDetail"`, 1), []adapters.Loss{urgent}, "billingDetail.code has no home"},
		"an empty payload":            {`{"when":null}`, nil, "cannot be translated"},
		"a payload that says nothing": {"", nil, "cannot be translated"},
	} {
		r := &recorder{TB: t}
		adaptertest.Accounted(r, []byte(c.native), translate, c.more...)
		got := strings.Join(r.findings, "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestGoldenFilesHoldATranslationToItsResult(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("row.txtar", "A made-up row.\n-- in.json --\n"+row+"\n")
	write("bad.txtar", "A made-up row whose day is none.\n-- in.json --\n{\"when\":\"soon\"}\n")
	pattern := filepath.Join(folder, "*.txtar")
	check := func() []string {
		r := &recorder{TB: t}
		r.Run("", func(sub adaptertest.T) { adaptertest.GoldenT(sub, pattern, false, translate) })
		return r.findings
	}
	if n := len(check()); n != 2 {
		t.Fatalf("without results %d files of 2 are found wrong", n)
	}
	adaptertest.Golden(t, pattern, true, translate)
	if found := check(); len(found) != 0 {
		t.Error(found)
	}
	b, err := os.ReadFile(filepath.Join(folder, "row.txtar"))
	want := "A made-up row.\n-- in.json --\n" + row + "\n-- out.json --\n{\n  \"id\": 7,\n  \"for\": 12,\n  \"on\": \"2027-03-14\",\n  \"fee\": 1.50,\n  \"notes\": [\n    \"œ\",\n    \"b\"\n  ]\n}\n" +
		"-- losses --\nbilling: belongs to the clinician\npatient.name: comes unasked\n"
	if err != nil || string(b) != want {
		t.Errorf("%v\n%s", err, b)
	}
	if b, err := os.ReadFile(filepath.Join(folder, "bad.txtar")); err != nil || !strings.HasSuffix(string(b), "-- error --\nupstream emr-answer-broken when\n") {
		t.Errorf("%v\n%s", err, b)
	}
	write("row.txtar", strings.Replace(want, "1.50", "1.5", 2))
	if n := len(check()); n != 1 {
		t.Errorf("a number that lost a digit: %d findings", n)
	}
	adaptertest.Golden(t, pattern, true, translate)
	write("row.txtar", strings.Replace(want, "billing: belongs to the clinician\n", "", 1))
	if n := len(check()); n != 1 {
		t.Errorf("a loss that is not in the file: %d findings", n)
	}
}
