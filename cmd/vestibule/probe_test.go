package main

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/internal/probe"
)

// shut is a FHIR server that gives nothing to anybody; open gives one made-up patient to everybody.
func shut(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/metadata" {
		_, _ = io.WriteString(w, `{"resourceType":"CapabilityStatement"}`)
		return
	}
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `{"resourceType":"OperationOutcome"}`)
}

func open(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"made-up"}}]}`)
}

// The exit code says whether something leaks, and the report goes to standard output in the form that was asked for.
func TestProbeExitsWithItsVerdict(t *testing.T) {
	dir := t.TempDir()
	token, known := filepath.Join(dir, "token"), filepath.Join(dir, "known.yaml")
	write(t, token, "a-token\n")
	write(t, known, "types: [Patient]\n")
	closed, wide := httptest.NewServer(http.HandlerFunc(shut)), httptest.NewServer(http.HandlerFunc(open))
	defer closed.Close()
	defer wide.Close()
	for _, test := range []struct {
		name string
		args []string
		code int
		out  string
		err  string
	}{
		{"nothing leaks", []string{"--base", closed.URL, "--token-file", token, "--known", known}, 0, "0 leak", ""},
		{"a leak", []string{"--base", wide.URL, "--token-file", token, "--known", known, "--only", "type-search"}, 1, "LEAK     type-search", "1 of 1 probes found a leak"},
		{"a leak in JSON", []string{"--base", wide.URL, "--token-file", token, "--known", known, "--only", "type-search", "--format", "json"}, 1, `"verdict": "leak"`, "found a leak"},
		{"no base", nil, 2, "", "--base URL is needed"},
		{"no token", []string{"--base", wide.URL}, 2, "", "a token is needed"},
		{"no such file", []string{"--base", wide.URL, "--token-file", filepath.Join(dir, "zqx")}, 2, "", "no such file"},
		{"no such probe", []string{"--base", wide.URL, "--token", "x", "--only", "zqx"}, 2, "", `there is no probe "zqx"`},
		{"nobody there", []string{"--base", "http://127.0.0.1:1/fhir", "--token", "x"}, 2, "", "no answer"},
		{"no certificates", []string{"--base", wide.URL, "--token", "x", "--ca", token}, 2, "", "holds no certificate"},
		{"an odd rate", []string{"--base", wide.URL, "--token", "x", "--rate", "0"}, 2, "", "more than nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out, wrong strings.Builder
			code := run(t.Context(), append([]string{"probe", "--rate", "1000000"}, test.args...), &terminal{Out: &out, Err: &wrong, Now: time.Now})
			if code != test.code || !strings.Contains(out.String(), test.out) || !strings.Contains(wrong.String(), test.err) {
				t.Errorf("exit code %d, want %d:\n%s\n%s", code, test.code, out.String(), wrong.String())
			}
			if strings.Contains(out.String()+wrong.String(), "a-token") {
				t.Error("the token is printed")
			}
			if strings.Contains(test.name, "JSON") {
				var r probe.Report
				if err := json.Unmarshal([]byte(out.String()), &r); err != nil || len(r.Results) != 1 {
					t.Errorf("%v, %d results", err, len(r.Results))
				}
			}
		})
	}
}

// A server's certificate is checked, with the authorities that were given.
func TestProbeChecksTheCertificate(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(shut))
	defer server.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	write(t, authority, pemOf(server))
	var out, wrong strings.Builder
	args := []string{"probe", "--base", server.URL, "--token", "x", "--rate", "1000000", "--only", "type-search"}
	if code := run(t.Context(), args, &terminal{Out: &out, Err: &wrong, Now: time.Now}); code != 2 || !strings.Contains(wrong.String(), "certificate") {
		t.Errorf("an unknown authority: exit code %d: %s", code, wrong.String())
	}
	if code := run(t.Context(), append(args, "--ca", authority), &terminal{Out: &out, Err: &wrong, Now: time.Now}); code != 0 {
		t.Errorf("its own authority: exit code %d: %s", code, wrong.String())
	}
}

// pemOf is the server's own certificate, which is its authority.
func pemOf(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
