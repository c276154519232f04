package identity

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule/internal/demo/issuer"
)

const nodeFolder = "testdata/node"

// needNode makes sure of Node and its packages. Where they are promised (VESTIBULE_REQUIRE_NODE=1, as make test sets it) their
// absence is a failure, so that the skip cannot hide a hole.
func needNode(t *testing.T) {
	t.Helper()
	absent := t.Skipf
	if os.Getenv("VESTIBULE_REQUIRE_NODE") == "1" {
		absent = t.Fatalf
	}
	if _, err := exec.LookPath("node"); err != nil {
		absent("node is not installed (Debian: apt install nodejs npm)")
	}
	if _, err := os.Stat(filepath.Join(nodeFolder, "node_modules")); errors.Is(err, fs.ErrNotExist) {
		absent("run: npm ci --prefix internal/identity/testdata/node")
	}
}

// runNode starts a script, gives it stdin and reads the one line of JSON it prints. With keep it goes on until the test ends.
func runNode[T any](t *testing.T, stdin []byte, keep bool, script string, args ...string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "node", append([]string{script}, args...)...)
	cmd.Dir = nodeFolder
	cmd.WaitDelay = time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	in.Write(stdin) // a script that died says so by printing nothing
	if !keep {
		in.Close()
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		in.Close()
		cmd.Wait()
		t.Fatalf("%s printed no result (%v): %s", script, err, &stderr)
	}
	var result T
	if err := json.Unmarshal(line, &result); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return result
}

func TestTokensOfAnIssuerThatIsNotOurs(t *testing.T) {
	needNode(t)
	tokens := runNode[struct{ Issuer, Person, ID, Agent string }](t, nil, true, "provider.mjs", audience)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	p := assistco()
	p.Issuer = tokens.Issuer
	v, err := New(Config{Audiences: []string{audience}, Platforms: []Platform{p}, HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	from := netip.MustParseAddr("203.0.113.9")
	got, err := v.Verify(t.Context(), tokens.Person, from)
	if err != nil || got.Name != "Amara Okafor" || got.Subject != "amara" || got.Platform != "assistco" || len(got.Purposes) != 1 || len(got.Scopes) != 1 {
		t.Errorf("person: %v, %+v", err, got)
	}
	got, err = v.Verify(t.Context(), tokens.Agent, from)
	if err != nil || !got.Automated || got.Name != "Night agent" {
		t.Errorf("agent: %v, %+v", err, got)
	}
	got, err = v.Verify(t.Context(), tokens.ID, from)
	if err == nil {
		t.Errorf("an ID token was accepted: %+v", got)
	}
	wantCode(t, got, err, CodeType)
}

// startDemo serves the demo's issuer on loopback with one person and two agents.
func startDemo(t *testing.T) (iss *issuer.Issuer, agentKey []byte) {
	t.Helper()
	l, err := issuer.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	key, err := issuer.LoadKey(filepath.Join(t.TempDir(), "issuer.key"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private := jose.JSONWebKey{Key: own, KeyID: "a1", Algorithm: string(jose.ES256)}
	if agentKey, err = json.Marshal(private); err != nil {
		t.Fatal(err)
	}
	iss, err = issuer.New(issuer.Config{
		Issuer: "http://" + l.Addr().String(), Key: key, Audiences: []string{audience},
		People: []issuer.Person{{Subject: "amara", Name: "Amara Okafor", Title: "assistant", Purposes: []string{"PATADMIN"}}},
		Clients: []issuer.Client{
			{ID: "assistco-web", Name: "AssistCo", RedirectURIs: []string{"http://127.0.0.1:1/back"}, Scopes: []string{"openid", "user/Appointment.rs"}},
			{ID: "signer", Name: "Signing agent", Automated: true, Scopes: []string{"system/Task.r"}, Keys: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}}},
			{ID: "secret", Name: "Secret agent", Automated: true, Scopes: []string{"system/Task.r"}, Secret: "made up: 100%"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: iss}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return iss, agentKey
}

// demoVerifier trusts the demo's issuer.
func demoVerifier(t *testing.T, iss *issuer.Issuer) *Verifier {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	v, err := New(Config{Audiences: []string{audience}, HTTP: client, Platforms: []Platform{
		{Name: "assistco", Issuer: iss.URL(), ClientIDs: []string{"assistco-web", "signer", "secret"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAStandardClientLogsInAtTheDemosIssuer(t *testing.T) {
	needNode(t)
	iss, agentKey := startDemo(t)
	tokens := runNode[struct {
		Person, ID string
		Agents     map[string]string
	}](t, agentKey, false, "client.mjs", iss.URL(), audience)
	v := demoVerifier(t, iss)
	got, err := v.Verify(t.Context(), tokens.Person, netip.Addr{})
	if err != nil || !got.Named() || got.ID() != iss.URL()+"|amara" {
		t.Errorf("person: %v, %+v", err, got)
	}
	got, err = v.Verify(t.Context(), tokens.ID, netip.Addr{})
	wantCode(t, got, err, CodeType)
	if len(tokens.Agents) != 3 {
		t.Errorf("%d ways to log in, want 3", len(tokens.Agents))
	}
	for way, token := range tokens.Agents {
		if got, err := v.Verify(t.Context(), token, netip.Addr{}); err != nil || !got.Automated {
			t.Errorf("%s: %v, %+v", way, err, got)
		}
	}
}

func TestAMintedTokenOfTheDemoIsAccepted(t *testing.T) {
	iss, _ := startDemo(t)
	v := demoVerifier(t, iss)
	token, err := iss.Mint("amara", "assistco-web", []string{"user/Appointment.rs?practitioner=Practitioner/42"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(t.Context(), token, netip.Addr{})
	if err != nil || !got.ValidAt(time.Now()) || got.Scopes[0] != "user/Appointment.rs?practitioner=Practitioner/42" {
		t.Errorf("%v, %+v", err, got)
	}
}
