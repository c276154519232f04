package identity

import (
	"context"
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestOneIssuerMayServeSeveralPlatforms(t *testing.T) {
	w := newWorld(t)
	if err := w.SetPlatforms([]Platform{
		{Name: "day", Issuer: issuerA, ClientIDs: []string{"assistco-web"}},
		{Name: "night", Issuer: issuerA, ClientIDs: []string{"assistco-agent"}},
	}); err != nil {
		t.Fatal(err)
	}
	for client, want := range map[string]string{"assistco-web": "day", "assistco-agent": "night"} {
		if got, err := w.ask(w.token(t, members{"client_id": client})); err != nil || got.Platform != want {
			t.Errorf("%s: platform %q, want %q (%v)", client, got.Platform, want, err)
		}
	}
}

func TestAnIssuerVouchesForItsOwnTokensOnly(t *testing.T) {
	w := newWorld(t)
	other := newES256(t, "k1") // the same key id on purpose
	b := newFakeIssuer(issuerB, other)
	w.client.Transport = network{w.issuer, b}
	b.reply = func(path string) (string, error) {
		if path == "/realm/.well-known/openid-configuration" {
			return `{"issuer":"` + issuerB + `","jwks_uri":"https://id.other.example/realm/keys"}`, nil
		}
		text, err := json.Marshal(jose.JSONWebKeySet{Keys: b.keys})
		return string(text), err
	}
	if err := w.SetPlatforms([]Platform{assistco(), {Name: "other", Issuer: issuerB, ClientIDs: []string{"assistco-web"}}}); err != nil {
		t.Fatal(err)
	}
	got, err := w.ask(other.sign(t, members{"typ": "at+jwt"}, w.claims(members{"iss": issuerB})))
	if err != nil || got.Platform != "other" {
		t.Fatalf("platform %q (%v)", got.Platform, err)
	}
	got, err = w.ask(other.sign(t, members{"typ": "at+jwt"}, w.claims(nil)))
	wantCode(t, got, err, CodeSignature)
}

func TestPlatformsThatCannotBeMeantAreRefusedAndChangeNothing(t *testing.T) {
	w := newWorld(t)
	good := assistco()
	for name, change := range map[string]func(*Platform){
		"no name":          func(p *Platform) { p.Name = "" },
		"no issuer":        func(p *Platform) { p.Issuer = "" },
		"clear text":       func(p *Platform) { p.Issuer = "http://id.example" },
		"no URL":           func(p *Platform) { p.Issuer = "https://[" },
		"a bar":            func(p *Platform) { p.Issuer = "https://id.example/a|b" },
		"a query":          func(p *Platform) { p.Issuer = "https://id.example/?x" },
		"a fragment":       func(p *Platform) { p.Issuer = "https://id.example/#" },
		"user information": func(p *Platform) { p.Issuer = "https://a:b@id.example" },
		"no client":        func(p *Platform) { p.ClientIDs = nil },
		"an empty client":  func(p *Platform) { p.ClientIDs = []string{""} },
		"an empty type":    func(p *Platform) { p.TokenTypes = []string{"application/"} },
		"a client twice":   func(p *Platform) { p.ClientIDs = []string{"a", "a"} },
	} {
		p := good
		change(&p)
		if err := w.SetPlatforms([]Platform{p}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Errorf("a refused change changed something: %v", err)
	}
	for _, audiences := range [][]string{nil, {""}} {
		if _, err := New(Config{Audiences: audiences}); err == nil {
			t.Errorf("New accepted audiences %q", audiences)
		}
	}
	if _, err := New(Config{Audiences: []string{audience}, Platforms: []Platform{{}}}); err == nil {
		t.Error("New accepted an empty platform")
	}
}

func TestAVerifierWithoutPlatformsTrustsNobody(t *testing.T) {
	w := newWorld(t)
	v, err := New(Config{Audiences: []string{audience}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(context.Background(), w.token(t, nil), netip.Addr{})
	wantCode(t, got, err, CodeUnknownIssuer)
}
