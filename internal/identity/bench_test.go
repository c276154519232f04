package identity

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
)

func BenchmarkVerifyRemembered(b *testing.B) {
	w := newWorld(b)
	token := w.token(b, nil)
	from := netip.MustParseAddr("203.0.113.9")
	ctx := context.Background()
	if _, err := w.Verify(ctx, token, from); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(token)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Verify(ctx, token, from); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyFirstTime(b *testing.B) {
	w := newWorld(b)
	w.cacheSize = -1
	token := w.token(b, nil)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Verify(ctx, token, netip.Addr{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyForged(b *testing.B) {
	w := newWorld(b)
	thief := newES256(b, "k1")
	token := thief.sign(b, members{"typ": "at+jwt"}, w.claims(nil))
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Verify(ctx, token, netip.Addr{}); err == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkParseBearer(b *testing.B) {
	w := newWorld(b)
	header := fmt.Sprint("Bearer ", w.token(b, nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseBearer(header); err != nil {
			b.Fatal(err)
		}
	}
}
