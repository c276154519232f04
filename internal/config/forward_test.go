package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSinksAreReadWithTheirDefaults(t *testing.T) {
	got, err := ParseServe("/etc/vestibule/serve.yaml", []byte(`listen: 127.0.0.1:8080
data: /d
forward:
  - name: repository
    clinics: all
    fhir:
      url: https://audit.example/fhir
      batch: true
      way: update
      login: {mode: client-secret, clientId: gate, secret: "env:SECRET"}
      tls: {ca: ca.pem, cert: /c.pem, key: "file:/k.pem"}
  - name: archive
    clinics: [maple, _gateway]
    file: {path: trail.ndjson}
    from: now
    alarmAfter: 10m
  - name: siem
    clinics: [maple]
    syslog: {address: logs.example, maxMessage: 8192}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Forward{
		{Name: "repository", Clinics: Clinics{"all"}, FHIR: &ForwardFHIR{URL: "https://audit.example/fhir", Way: "update", Batch: true,
			Login: Login{Mode: "client-secret", ClientID: "gate", Secret: "env:SECRET"},
			TLS:   &ForwardTLS{CA: "/etc/vestibule/ca.pem", Cert: "/c.pem", Key: "file:/k.pem"}}},
		{Name: "archive", Clinics: Clinics{"maple", "_gateway"}, File: &ForwardFile{Path: "/etc/vestibule/trail.ndjson"}, From: "now", AlarmAfter: 10 * time.Minute},
		{Name: "siem", Clinics: Clinics{"maple"}, Syslog: &ForwardSyslog{Address: "logs.example:6514", MaxMessage: 8192}},
	}
	if diff := cmp.Diff(want, got.Forward); diff != "" {
		t.Error(diff)
	}
}

func TestSinksAreHeldToTheRules(t *testing.T) {
	const good = "listen: 127.0.0.1:8080\ndata: /d\nforward:\n"
	tests := []struct{ name, text, want string }{
		{"unknown key", "  - {name: a, clinics: all, file: {path: /x, paht: /y}}\n", "s:4: forward[0].file.paht: unknown key; did you mean path?"},
		{"no kind", "  - {name: a, clinics: all}\n", "s:4: forward[0]: has to say where to: exactly one of fhir, file and syslog, not 0"},
		{"two kinds", "  - {name: a, clinics: all, file: {path: /x}, syslog: {address: h}}\n", "s:4: forward[0]: has to say where to: exactly one of fhir, file and syslog, not 2"},
		{"no clinics", "  - {name: a, file: {path: /x}}\n", "s:4: forward[0].clinics: is missing"},
		{"a word for clinics", "  - {name: a, clinics: maple, file: {path: /x}}\n", "s:4: forward[0].clinics: has to be a list"},
		{"all and more", "  - {name: a, clinics: [all, maple], file: {path: /x}}\n", "s:4: forward[0].clinics[0]: all stands alone"},
		{"the same name", "  - {name: a, clinics: all, file: {path: /x}}\n  - {name: a, clinics: all, file: {path: /y}}\n", `s:5: forward[1].name: "a" is the name of another sink`},
		{"the same file", "  - {name: a, clinics: all, file: {path: /x}}\n  - {name: b, clinics: all, file: {path: /x}}\n", "s:5: forward[1].file.path: is the file of another sink"},
		{"a file in the data folder", "  - {name: a, clinics: all, file: {path: /d/x}}\n", "s:4: forward[0].file.path: has to be outside of the data folder"},
		{"clear text", "  - name: a\n    clinics: all\n    fhir:\n      url: http://audit.example/fhir\n", "s:7: forward[0].fhir.url: has to begin with https://"},
		{"TLS without", "  - {name: a, clinics: all, fhir: {url: \"http://127.0.0.1:1/fhir\", tls: {ca: x}}}\n", "s:4: forward[0].fhir.tls: has no meaning for an http:// address"},
		{"a secret itself", "  - {name: a, clinics: all, fhir: {url: \"https://a.example\", login: {mode: bearer, token: abc}}}\n", "s:4: forward[0].fhir.login.token: has to be a reference"},
		{"a key without a certificate", "  - {name: a, clinics: all, syslog: {address: h, tls: {key: \"env:K\"}}}\n", "s:4: forward[0].syslog.tls.cert: is missing"},
		{"an odd way", "  - {name: a, clinics: all, fhir: {url: \"https://a.example\", way: creat}}\n", `s:4: forward[0].fhir.way: "creat" is not known; did you mean create?`},
		{"an odd port", "  - {name: a, clinics: all, syslog: {address: \"h:0\"}}\n", `s:4: forward[0].syslog.address: "h:0" is no address`},
		{"tiny messages", "  - {name: a, clinics: all, syslog: {address: h, maxMessage: 100}}\n", "s:4: forward[0].syslog.maxMessage: has to be from 2048"},
		{"from when", "  - {name: a, clinics: all, from: yesterday, file: {path: /x}}\n", `s:4: forward[0].from: "yesterday" is not known`},
		{"no time", "  - {name: a, clinics: all, alarmAfter: 1ms, file: {path: /x}}\n", "s:4: forward[0].alarmAfter: has to be a second or more"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseServe("s", []byte(good+test.text))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got\n%v\nwant %s", err, test.want)
			}
		})
	}
}

func TestTheExamplesOfForwardingAreRight(t *testing.T) {
	b, err := os.ReadFile("../../docs/forwarding.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for i, part := range strings.Split(string(b), "```") {
		if text, ok := strings.CutPrefix(part, "yaml\n"); ok && i%2 == 1 {
			examples++
			if s, err := ParseServe("forwarding.md", []byte(text)); err != nil || len(s.Forward) == 0 {
				t.Error(err)
			}
		}
	}
	if examples < 2 {
		t.Errorf("%d examples", examples)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[Forward](), reflect.TypeFor[ForwardFHIR](), reflect.TypeFor[ForwardSyslog]()} {
		for key := range fieldsOf(typ) {
			if !strings.Contains(string(b), "| `"+key+"` |") {
				t.Errorf("no table of the page has a row for %s of %s", key, typ)
			}
		}
	}
}
