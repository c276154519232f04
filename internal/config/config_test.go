package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/policy"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const clinic = `kind: Clinic
name: maple
title: Maple Family Practice
zone: America/Toronto
auditors: ["https://id.example|ann"]
administrators: ["https://id.example|ivan"]
teams:
  assistco/front-desk: ["https://id.assistco.example|amara"]
`

const connection = `kind: Connection
clinic: maple
adapter: fhirr4
base: https://emr.example/fhir
login:
  mode: backend-services
  clientId: vestibule
  key: file:/etc/vestibule/emr.pem
  algorithm: ES384
timeout: 10s
search: post
quirks: {noCount: true, ignored: {Task: [owner]}}
`

const platform = `kind: Platform
name: assistco
title: AssistCo
issuer: https://id.assistco.example
clients: [assistco-desktop]
`

const grant = `kind: Grant
clinic: maple
name: front-desk
to: {user: "https://id.assistco.example|amara"}
because: Covers the front desk on weekday mornings
until: 2027-02-28
hours: Mon-Fri 07:30-18:00
permissions:
  - scope: user/Appointment.rs?practitioner=Practitioner/42
    window: -1d..+90d
    elements: [status, start, end, participant]
`

const stop = `kind: Stop
clinic: maple
name: pause
grant: front-desk
because: A laptop was stolen
`

// all is one of each, as a stream.
var all = strings.Join([]string{clinic, connection, platform, grant}, "---\n")

func parseAll(t *testing.T, text string) []Document {
	t.Helper()
	docs, err := Parse("docs.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func TestAStreamIsReadAsWritten(t *testing.T) {
	docs := parseAll(t, "# the maple clinic\n"+all+"---\n# nothing more\n...\n")
	var got []string
	for _, d := range docs {
		got = append(got, strings.Join([]string{d.Kind, d.Clinic, d.Name}, " "))
	}
	if diff := cmp.Diff([]string{"Clinic maple maple", "Connection maple emr", "Platform  assistco", "Grant maple front-desk"}, got); diff != "" {
		t.Fatal(diff)
	}
	if string(docs[1].Body) != connection || docs[1].Line != 11 {
		t.Errorf("line %d, body:\n%s", docs[1].Line, docs[1].Body)
	}
	want := &Connection{
		Clinic: "maple", Name: "emr", Adapter: "fhirr4", Base: "https://emr.example/fhir", Timeout: 10 * time.Second, Search: "post",
		Login:  Login{Mode: LoginBackendServices, ClientID: "vestibule", Key: "file:/etc/vestibule/emr.pem", Algorithm: "ES384"},
		Quirks: Quirks{NoCount: true, Ignored: map[string][]string{"Task": {"owner"}}},
	}
	if diff := cmp.Diff(want, docs[1].OfConnection); diff != "" {
		t.Error(diff)
	}
	wantGrant := &policy.Grant{
		Clinic: "maple", Name: "front-desk", To: policy.To{User: "https://id.assistco.example|amara"},
		Because: "Covers the front desk on weekday mornings", Until: "2027-02-28", Hours: "Mon-Fri 07:30-18:00",
		Permissions: []policy.Permission{{Scope: "user/Appointment.rs?practitioner=Practitioner/42", Window: "-1d..+90d", Elements: []string{"status", "start", "end", "participant"}}},
	}
	if diff := cmp.Diff(wantGrant, docs[3].OfGrant); diff != "" {
		t.Error(diff)
	}
	if err := Check(docs, nil, now); err != nil {
		t.Error(err)
	}
}

func TestAStoredBodyReadsBackAsTheSameDocument(t *testing.T) {
	for _, d := range parseAll(t, all) {
		again := parseAll(t, string(d.Body))
		if len(again) != 1 || again[0].key() != d.key() || string(again[0].Body) != string(d.Body) {
			t.Errorf("%s %s reads back as %+v", d.Kind, d.Name, again)
		}
	}
}

// edit is text with one line replaced.
func edit(text, old, new string) string {
	if !strings.Contains(text, old) {
		panic("no such line: " + old)
	}
	return strings.Replace(text, old, new, 1)
}

func TestEveryMistakeIsNamedWithItsLineAndWhatWouldBeRight(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown key", edit(clinic, "zone:", "zonne:"), "d:4: zonne: unknown key; did you mean zone?"},
		{"unknown key, nothing near", edit(clinic, "zone:", "colour: red\nzone:"), "d:4: colour: unknown key; known are administrators, approvals, auditors, hours, kind, name, retention, reviewEvery, teams, title, zone"},
		{"unknown key inside", edit(grant, "window:", "widnow:"), "d:10: permissions[0].widnow: unknown key; did you mean window?"},
		{"key twice", edit(clinic, "zone:", "title: Other\nzone:"), "d:4: title: is written twice, first on line 3; keep one"},
		{"anchor", edit(clinic, `["https://id.example|ann"]`, `&a ["https://id.example|ann"]`), "d:5: auditors: anchors and aliases (& and *) are not accepted; write the value out"},
		{"merge key", edit(clinic, "zone:", "<<: {title: x}\nzone:"), "d:4: a key has to be a plain word"},
		{"tag", edit(clinic, "maple\n", "!!binary bWFwbGU=\n"), "d:2: name: tags (!binary) are not accepted; write the plain value"},
		{"no value", edit(clinic, "Maple Family Practice", ""), "d:3: title: has no value; give it one or leave the line out"},
		{"not a list", edit(platform, "[assistco-desktop]", "assistco-desktop"), "d:5: clients: has to be a list, not a single value; write it as [a, b] or with a dash for each entry"},
		{"not a value", edit(clinic, "maple\n", "[maple]\n"), "d:2: name: has to be a single value, not a list"},
		{"not a mapping", edit(connection, "{noCount: true, ignored: {Task: [owner]}}", "true"), "d:12: quirks: has to be lines of `key: value`, not a single value"},
		{"not true or false", edit(connection, "noCount: true", "noCount: yes"), "d:12: quirks.noCount: has to be true or false"},
		{"not a duration", edit(connection, "10s", "10"), "d:10: timeout: "},
		{"not a number", edit(grant, "hours:", "limits: {patientsPerDay: many}\nhours:"), "d:7: limits.patientsPerDay: has to be a whole number"},
		{"number out of range", edit(grant, "hours:", "limits: {patientsPerDay: 99999999999999999999}\nhours:"), "d:7: limits.patientsPerDay: "},
		{"kind missing", "name: x\n", "d:1: kind: is missing: one of Clinic, Connection, "},
		{"kind near", "kind: grant\n", `d:1: kind: "grant" is not known; did you mean Grant?`},
		{"kind far", "kind: Pod\n", `d:1: kind: "Pod" is not known; known are Clinic, Connection, `},
		{"not YAML", clinic + "a: [\n", "d:10: is not YAML: did not find expected node content"},
		{"not a mapping at all", "- a\n", "d:1: has to be lines of `key: value`"},
		{"text behind the dashes", "# a comment\n--- " + clinic, "d:2: the line that separates two documents has to stand alone; begin the document on the next line"},
		{"not UTF-8", "name: \xff\n", "d: is not UTF-8 text; save it as UTF-8"},
		{"too deep", clinic + "x: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n", "d:9: is not YAML: "},
		{"too large", strings.Repeat("#", maxBytes+1), "d: is larger than 1048576 bytes; split it into several files"},
		{"name", edit(clinic, "maple\n", "Maple\n"), `d:2: name: "Maple" may hold lower-case letters, digits and inner dashes only, at most 63 of them`},
		{"zone", edit(clinic, "America/Toronto", "EST"), `d:4: zone: "EST" is no IANA time zone; write one such as America/Regina`},
		{"zone missing", edit(clinic, "zone: America/Toronto\n", ""), "d:1: zone: is missing: the clinic's IANA time zone, such as America/Regina"},
		{"person", edit(clinic, "https://id.example|ann", "ann"), `d:5: auditors[0]: has to be "issuer|subject", such as "https://id.example|ann"`},
		{"team", edit(clinic, "assistco/front-desk", "front-desk"), "d:8: teams.front-desk: a team is named platform/team, such as assistco/front-desk"},
		{"approvals", edit(clinic, "zone:", "approvals: second person\nzone:"), `d:4: approvals: "second person" is not known; did you mean second-person?`},
		{"review of no days", edit(clinic, "zone:", "reviewEvery: 0\nzone:"), "d:4: reviewEvery: has to be a number of days from 1 to 366"},
		{"hours that are none", edit(clinic, "zone:", "hours: always\nzone:"), `d:4: hours: "always" is not hours: write them like "Mon-Fri 07:30-18:00" or "Mon-Thu 08:00-17:00, Sat 09:00-12:00"; a night is split at 24:00`},
		{"review after the longest grant", edit(clinic, "zone:", "reviewEvery: 367\nzone:"), "d:4: reviewEvery: has to be a number of days from 1 to 366"},
		{"adapter", edit(connection, "fhirr4", "fhir"), `d:3: adapter: "fhir" is not known; did you mean fhirr4?`},
		{"clear text EMR", edit(connection, "https://emr", "http://emr"), "d:4: base: has to begin with https:// (http:// is accepted on loopback only)"},
		{"dots in the EMR's path", edit(connection, "/fhir\n", "/fhir/../r4\n"), "d:4: base: must not have escapes, or empty, . or .. segments in its path"},
		{"token type", edit(platform, "clients:", "tokenTypes: [application/]\nclients:"), `d:5: tokenTypes[0]: "application/" is no token type`},
		{"login mode", edit(connection, "backend-services", "bakend-services"), `d:6: login.mode: "bakend-services" is not known; did you mean backend-services?`},
		{"login lacks", edit(connection, "  clientId: vestibule\n", ""), "d:5: login.clientId: is missing; mode backend-services needs it"},
		{"login has too much", edit(connection, "  algorithm: ES384\n", "  algorithm: ES384\n  token: env:T\n"), "d:10: login.token: has no meaning in mode backend-services; leave it out"},
		{"algorithm", edit(connection, "ES384", "RS256"), `d:9: login.algorithm: "RS256" is not known; known are ES384, RS384`},
		{"log-in none beyond loopback", edit(connection, "mode: backend-services\n  clientId: vestibule\n  key: file:/etc/vestibule/emr.pem\n  algorithm: ES384", "mode: none"), "d:6: login.mode: none is accepted for an EMR on loopback (http://127.0.0.1 …) only"},
		{"inline secret", edit(connection, "file:/etc/vestibule/emr.pem", "s3cret"), "d:8: login.key: has to be a reference, env:NAME or file:/absolute/path; a secret itself must not stand here"},
		{"relative secret", edit(connection, "file:/etc/vestibule/emr.pem", "file:emr.pem"), "d:8: login.key: file: has to be followed by an absolute path: the gateway's working folder is not yours"},
		{"timeout", edit(connection, "10s", "10m"), "d:10: timeout: has to be between 0s and 1m0s"},
		{"search", edit(connection, "search: post", "search: put"), `d:11: search: "put" is not known; known are get, post`},
		{"issuer", edit(platform, "https://id.assistco.example", "https://id.assistco.example?x=1"), "d:4: issuer: must not have a query or fragment"},
		{"no client", edit(platform, "[assistco-desktop]", "[]"), "d:5: clients: is missing: at least one client id; without one no token of this issuer is accepted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			docs, err := Parse("d", []byte(test.text))
			problems, ok := errors.AsType[Problems](err)
			if !ok {
				t.Fatalf("accepted: %+v, %v", docs, err)
			}
			if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), test.want) {
				t.Errorf("got:\n%v\nwant:\n%s", err, test.want)
			}
		})
	}
}

func TestAllMistakesOfAllFilesAreReportedAtOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.yaml", edit(edit(clinic, "zone: America/Toronto", "zonne: Mars/Olympus"), "maple\n", "Maple\n"))
	write(t, dir, "b.yml", edit(platform, "title", "titel")+"---\nkind: Pod\n")
	write(t, dir, "notes.txt", "not read")
	_, err := Load(dir, filepath.Join(dir, "c.yaml"))
	want := []string{
		`a.yaml:2: name: "Maple" may hold`,
		"a.yaml:4: zonne: unknown key; did you mean zone?",
		"b.yml:3: titel: unknown key; did you mean title?",
		`b.yml:7: kind: "Pod" is not known`,
		"c.yaml: no such file or directory",
	}
	lines := strings.Split(strings.ReplaceAll(err.Error(), dir+"/", ""), "\n")
	// The zone under the misspelt key is looked at as well.
	want = append(want[:2], append([]string{`a.yaml:4: zone: "Mars/Olympus" is no IANA time zone`}, want[2:]...)...)
	if len(lines) != len(want) {
		t.Fatalf("got:\n%v", err)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("line %d: got %s, want %s", i, lines[i], want[i])
		}
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNothingToApplyIsAMistake(t *testing.T) {
	path := write(t, t.TempDir(), "a.yaml", "# nothing\n---\n")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "holds no document") {
		t.Errorf("error %v", err)
	}
}

func TestWhatADocumentNamesHasToExist(t *testing.T) {
	tests := []struct{ name, docs, applied, want string }{
		{"all together", all, "", ""},
		{"grant to an applied clinic", grant, clinic, ""},
		{"no clinic", grant, "", `d:2: clinic: there is no clinic "maple"; apply it first, or together with this`},
		{"other clinic", edit(grant, "maple", "mapel"), clinic, `d:2: clinic: there is no clinic "mapel"; did you mean maple?`},
		{"connection of no clinic", connection, "", `d:2: clinic: there is no clinic "maple"`},
		{"platform", edit(grant, `user: "https://id.assistco.example|amara"`, "platform: asistco"), clinic + "---\n" + platform, `d:4: to.platform: there is no platform "asistco"; did you mean assistco?`},
		{"team", edit(grant, `user: "https://id.assistco.example|amara"`, "team: assistco/back-desk"), clinic + "---\n" + platform, "d:4: to.team: There is no team"},
		{"team is there", edit(grant, `user: "https://id.assistco.example|amara"`, "team: assistco/front-desk"), clinic + "---\n" + platform, ""},
		{"team taken away", edit(clinic, "  assistco/front-desk", "  assistco/night"), clinic + "---\n" + edit(grant, `user: "https://id.assistco.example|amara"`, "team: assistco/front-desk"), "d:7: teams: has no assistco/front-desk, and the grant front-desk is for that team"},
		{"window", edit(grant, "-1d..+90d", "next week"), clinic, "d:10: permissions[0].window: "},
		{"over", edit(grant, "2027-02-28", "2026-11-01"), clinic, "d:6: until: 2026-11-01 is over."},
		{"too long", edit(grant, "2027-02-28", "2028-02-28"), clinic, "d:6: until: A grant lasts at most 366 days"},
		{"second connection", edit(connection, "clinic: maple", "clinic: maple\nname: other"), clinic + "---\n" + connection, "d:3: name: the clinic has a connection already, emr; a clinic has one"},
		{"second connection replaces the first", edit(connection, "10s", "20s"), clinic + "---\n" + connection, ""},
		{"client of two platforms", edit(platform, "name: assistco", "name: other"), platform, `d:5: clients[0]: "assistco-desktop" of this issuer belongs to the platform assistco already`},
		{"client given away", edit(platform, "assistco-desktop", "new-desktop") + "---\n" + edit(platform, "name: assistco", "name: other"), platform, ""},
		{"stop of a grant", stop, all, ""},
		{"stop of no grant", edit(stop, "grant: front-desk", "grant: front-dask"), all, `d:4: grant: there is no grant "front-dask"; did you mean front-desk?`},
		{"stop at no clinic", edit(stop, "maple", "mapel"), all, `d:2: clinic: there is no clinic "mapel"; did you mean maple?`},
		{"stop of no platform", edit(stop, "grant: front-desk", "platform: asistco"), all, `d:4: platform: there is no platform "asistco"; did you mean assistco?`},
		{"stop of a grant at every clinic", edit(stop, "clinic: maple\n", ""), all, "d:1: clinic: A grant is one clinic's; say which."},
		{"stop of a platform at every clinic", edit(edit(stop, "clinic: maple\n", ""), "grant: front-desk", "platform: assistco"), all, ""},
		{"stop of nothing", edit(stop, "grant: front-desk\n", ""), all, "d:1: Say what to stop"},
		{"stop of everything", edit(stop, "grant: front-desk", "everything: true"), all, ""},
		{"stop without a reason", edit(stop, "because: A laptop was stolen\n", ""), all, "d:1: because: Say why on one line."},
		{"twice", clinic + "---\n" + platform + "---\n" + platform, "", "d:16: Platform assistco is written twice, first at d:10; keep one"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			docs, err := Parse("d", []byte(test.docs))
			if err != nil {
				t.Fatal(err)
			}
			err = Check(docs, parseAll(t, test.applied), now)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if problems, ok := errors.AsType[Problems](err); !ok || len(problems) != 1 || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got:\n%v\nwant:\n%s", err, test.want)
			}
		})
	}
}

func TestASecretIsFetchedWhenItIsWantedAndNeverPrinted(t *testing.T) {
	path := write(t, t.TempDir(), "secret", "hush\n")
	t.Setenv("VESTIBULE_TEST_SECRET", "hush")
	for _, s := range []Secret{Secret("file:" + path), "env:VESTIBULE_TEST_SECRET"} {
		if got, err := s.Resolve(); err != nil || string(got) != "hush" {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	for _, s := range []Secret{"", "hush", "env:VESTIBULE_TEST_NONE", "file:/nonexistent", "file:/", Secret("file:" + write(t, t.TempDir(), "empty", "\n"))} {
		got, err := s.Resolve()
		if err == nil || got != nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	_, err := Parse("d", []byte(edit(connection, "file:/etc/vestibule/emr.pem", "hush-hush")))
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("an inline secret is repeated: %v", err)
	}
}
