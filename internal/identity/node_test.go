package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule/internal/demo/issuer"
	"vestibule/internal/nodetest"
)

// runNode runs a script and reads the one line of JSON it prints.
func runNode[T any](t *testing.T, stdin []byte, keep bool, args ...string) (result T) {
	t.Helper()
	if err := json.Unmarshal(nodetest.Run(t, "testdata/node", stdin, keep, args...), &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func TestTokensOfAnIssuerThatIsNotOurs(t *testing.T) {
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
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private := jose.JSONWebKey{Key: own, KeyID: "a1", Algorithm: string(jose.ES256)}
	if agentKey, err = json.Marshal(private); err != nil {
		t.Fatal(err)
	}
	iss, server, err := issuer.Start(issuer.Config{
		Audiences: []string{audience},
		People:    []issuer.Person{{Subject: "amara", Name: "Amara Okafor", Title: "assistant", Purposes: []string{"PATADMIN"}}},
		Clients: []issuer.Client{
			{ID: "assistco-web", Name: "AssistCo", RedirectURIs: []string{"http://127.0.0.1:1/back"}, Scopes: []string{"openid", "user/Appointment.rs"}},
			{ID: "signer", Name: "Signing agent", Automated: true, Scopes: []string{"system/Task.r"}, Keys: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}}},
			{ID: "secret", Name: "Secret agent", Automated: true, Scopes: []string{"system/Task.r"}, Secret: "made up: 100%"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
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
