package identity

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"vestibule/policy"
)

// TestH37APlatformTakenAwayHasNoAccessFromThatCallOn is the gateway's half of revocation: what it decided to trust.
func TestH37APlatformTakenAwayHasNoAccessFromThatCallOn(t *testing.T) {
	w := newWorld(t)
	token := w.token(t, nil)
	if _, err := w.ask(token); err != nil {
		t.Fatal(err)
	}
	if err := w.SetPlatforms(nil); err != nil {
		t.Fatal(err)
	}
	got, err := w.ask(token)
	wantCode(t, got, err, CodeUnknownIssuer)
	p := assistco()
	p.ClientIDs = []string{"assistco-agent"}
	if err := w.SetPlatforms([]Platform{p}); err != nil {
		t.Fatal(err)
	}
	got, err = w.ask(token)
	wantCode(t, got, err, CodeClient)
}

func TestReplacingPlatformsKeepsTheKeysOfIssuersThatStay(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		if _, err := w.ask(w.token(t, nil)); err != nil {
			t.Fatal(err)
		}
		if err := w.SetPlatforms([]Platform{assistco()}); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.issuer.fetches(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func TestARememberedTokenIsForgottenWithinAMinuteAndAtItsExpiry(t *testing.T) {
	w := newWorld(t)
	token := w.token(t, nil)
	short := w.token(t, members{"exp": w.clock.Now().Unix() + 30, "jti": "j2"})
	for _, tok := range []string{token, short} {
		if _, err := w.ask(tok); err != nil {
			t.Fatal(err)
		}
	}
	w.issuer.publish(newES256(t, "k2")) // the issuer withdraws the key
	w.trusted.Load().issuers[issuerA].keys.fetched = time.Time{}
	w.clock.advance(29 * time.Second)
	for _, tok := range []string{token, short} {
		if _, err := w.ask(tok); err != nil {
			t.Errorf("not remembered: %v", err)
		}
	}
	w.clock.advance(time.Second)
	if got, err := w.ask(short); err == nil {
		t.Errorf("remembered beyond its expiry: %+v", got)
	}
	w.clock.advance(30 * time.Second)
	got, err := w.ask(token)
	wantCode(t, got, err, CodeSignature)
}

func TestTheAddressIsEachRequestsOwn(t *testing.T) {
	w := newWorld(t)
	token := w.token(t, nil)
	for _, a := range []string{"203.0.113.9", "2001:db8::1", "203.0.113.9"} {
		got, err := w.Verify(context.Background(), token, netip.MustParseAddr(a))
		if err != nil || got.Address.String() != a {
			t.Errorf("address %v, want %s (%v)", got.Address, a, err)
		}
	}
	if got, _ := w.Verify(context.Background(), token, netip.Addr{}); got.Address.IsValid() {
		t.Errorf("an unknown address became %v", got.Address)
	}
}

func TestTheCacheIsBoundedAndForgetsTheOldest(t *testing.T) {
	c := newTokenCache(8)
	now := time.Unix(1000, 0)
	caller := policy.Caller{Subject: "amara", Expires: now.Add(time.Hour)}
	for n := range 100 {
		c.put(digest{byte(n)}, caller, now)
		if size := len(c.young) + len(c.old); size > 8 {
			t.Fatalf("%d tokens are remembered", size)
		}
		if _, ok := c.get(digest{byte(n)}, now); !ok {
			t.Fatalf("the newest token is not remembered")
		}
	}
	if _, ok := c.get(digest{0}, now); ok {
		t.Error("the oldest token is still remembered")
	}
}

func TestARefusedTokenIsNotRemembered(t *testing.T) {
	w := newWorld(t)
	if _, err := w.ask(w.token(t, members{"aud": "x"})); err == nil {
		t.Fatal("accepted")
	}
	if n := len(w.trusted.Load().cache.young); n != 0 {
		t.Errorf("%d tokens remembered", n)
	}
	w.cacheSize = -1
	if _, err := w.ask(w.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	if n := len(w.trusted.Load().cache.young); n != 0 {
		t.Errorf("%d tokens remembered although none should be", n)
	}
}
