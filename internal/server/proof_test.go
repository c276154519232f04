package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/audit"
	"vestibule/internal/demo"
)

// H27: an auditor gets, over HTTP, what proves one record of the trail offline; nobody else gets any of it.
func TestH27AnAuditorGetsProofsThatVerifyOffline(t *testing.T) {
	g := open(t)
	trail := "/audit/" + demo.SignalHill
	auditor := map[string]string{"Authorization": "Bearer " + g.Ready.Tokens[demo.Auditor]}
	read := g.ask(t, asked{"GET", clinic + "/Appointment/" + g.Tours[demo.SignalHill].Appointment, "", nil})
	_, index, ok := strings.Cut(read.header.Get("Audit-Receipt"), "/")
	if !ok {
		t.Fatalf("no receipt: %d %s", read.status, read.body)
	}
	var proof answer
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // the signature takes a second
		if proof = g.ask(t, asked{"GET", trail + "/proof/" + index, "", auditor}); proof.status != 503 || time.Now().After(deadline) {
			break
		}
	}
	if proof.status != 200 || !strings.HasPrefix(proof.header.Get("Content-Type"), "text/plain") || proof.header.Get("Audit-Receipt") == "" {
		t.Fatalf("proof: %d %s %v", proof.status, proof.body, proof.header)
	}
	keys, err := os.ReadFile(filepath.Join(g.Folder, "log.pub"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := audit.CheckProof([]byte(proof.body), string(keys), nil)
	if err != nil || p.Record.Interaction != "read" || p.Record.Clinic != demo.SignalHill {
		t.Errorf("the proof: %v %+v", err, p)
	}

	recorded := 0
	for path, media := range map[string]string{"/checkpoint": "text/plain", "/tile/0/000.p/1": "application/octet-stream", "/tile/entries/000.p/1": "application/octet-stream"} {
		a := g.ask(t, asked{"GET", trail + path, "", auditor})
		if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), media) || a.body == "" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		// C2SP tlog-tiles wants tiles cached for long and checkpoints hardly; records are nobody's to keep.
		if kept := strings.Contains(a.header.Get("Cache-Control"), "immutable"); kept != strings.HasPrefix(path, "/tile/0/") {
			t.Errorf("%s: Cache-Control %s", path, a.header.Get("Cache-Control"))
		}
		if a.header.Get("Audit-Receipt") != "" {
			recorded++
		}
		for who, header := range map[string]map[string]string{"an assistant": nil, "nobody": {"Authorization": ""}} {
			if a := g.ask(t, asked{"GET", trail + path, "", header}); a.status != 403 && a.status != 401 || a.header.Get("Audit-Receipt") == "" {
				t.Errorf("%s for %s: %d %s", path, who, a.status, a.code)
			}
		}
	}
	if recorded != 2 {
		t.Errorf("%d looks at a bundle, a checkpoint and hashes are on record, want the bundle's and one for the others", recorded)
	}
	for path, status := range map[string]int{"/proof/99999": 404, "/proof/x": 404, "/proof/01": 404, "/tile/0/999": 404, "/tile/x": 404, "/checkpoint?x=1": 400} {
		if a := g.ask(t, asked{"GET", trail + path, "", auditor}); a.status != status || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s, want %d", path, a.status, a.code, status)
		}
	}
	if a := g.ask(t, asked{"PUT", trail + "/checkpoint", "{}", auditor}); a.status != 405 {
		t.Errorf("writing a checkpoint: %d", a.status)
	}
}
