package identity

import (
	"strings"
	"testing"
	"unicode"
)

func TestARefusedTokensClaimIsReadAsFarAsItGoes(t *testing.T) {
	token := func(payload string) string { return b64(`{"alg":"none"}`) + "." + b64(payload) + "." }
	for name, c := range map[string]struct {
		token string
		want  Claim
	}{
		"nothing":                  {"", Claim{}},
		"opaque":                   {"abc", Claim{}},
		"no JSON":                  {token("x"), Claim{}},
		"no object":                {token(`["iss"]`), Claim{}},
		"not base64":               {"a.*.c", Claim{}},
		"too long":                 {token(`{"iss":"x"}`) + strings.Repeat("A", MaxToken), Claim{}},
		"all of it":                {token(`{"iss":"i","sub":"s","client_id":"c","name":"n"}`), Claim{"i", "s", "c"}},
		"azp":                      {token(`{"iss":"i","azp":"c"}`), Claim{"i", "", "c"}},
		"cut off":                  {token(`{"iss":"i","sub":"s","client_id":`), Claim{"i", "s", ""}},
		"cut off in a name":        {token(`{"iss":"i","sub`), Claim{"i", "", ""}},
		"a wrong type":             {token(`{"iss":7,"sub":"s"}`), Claim{"", "s", ""}},
		"duplicates":               {token(`{"iss":"i","iss":"j"}`), Claim{"i", "", ""}},
		"what does not print":      {token(`{"iss":"a\u0000\n\u202eb","sub":"` + "\xff" + `s"}`), Claim{"ab", "s", ""}},
		"endless":                  {token(`{"sub":"` + strings.Repeat("x", 1000) + `"}`), Claim{"", strings.Repeat("x", 255), ""}},
		"endless at a boundary":    {token(`{"sub":"` + strings.Repeat("x", 254) + "\u00e9" + `"}`), Claim{"", strings.Repeat("x", 254), ""}},
		"members nested elsewhere": {token(`{"x":{"iss":"evil"},"iss":"i"}`), Claim{"i", "", ""}},
	} {
		if got := Claimed(c.token); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if !(Claim{}).IsZero() || (Claim{Subject: "s"}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func FuzzClaimed(f *testing.F) {
	w := newWorld(f)
	f.Add(w.token(f, nil))
	f.Add("a." + b64(`{"iss":"i","iss":{"x":[1]},"sub":"\ud800"}`) + ".c")
	f.Fuzz(func(t *testing.T, bearer string) {
		got := Claimed(bearer)
		for _, part := range []string{got.Issuer, got.Subject, got.ClientID} {
			if len(part) > maxClaimed || strings.ContainsFunc(part, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q is not harmless", part)
			}
		}
	})
}

// FuzzVerify looks for a token that verifies although the issuer never signed it. What it changes is what a stranger can:
// header, claims and signature.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	good := w.token(f, nil)
	head, rest, _ := strings.Cut(good, ".")
	body, sig, _ := strings.Cut(rest, ".")
	f.Add(head, body, sig)
	f.Add(b64(`{"alg":"none"}`), body, "")
	f.Add(b64(`{"alg":"HS256","kid":"k1","typ":"at+jwt"}`), body, sig)
	f.Add(head, b64(`{"iss":"`+issuerA+`","iss":"x"}`), sig)
	f.Add(head+"\n", body, sig+"=")
	f.Fuzz(func(t *testing.T, h, b, s string) {
		token := h + "." + b + "." + s
		got, err := w.ask(token)
		if err == nil && token != good {
			t.Fatalf("accepted %q as %+v", token, got)
		}
		if err != nil && (got.Valid() || got.ID() != "") {
			t.Fatalf("refused with a caller: %+v", got)
		}
	})
}

// FuzzClaims reads signed claims of any form: never a panic, and a caller only ever complete.
func FuzzClaims(f *testing.F) {
	w := newWorld(f)
	f.Add(w.claims(nil))
	f.Add([]byte(`{"iss":null,"exp":1e999,"aud":[[]],"purpose_of_use":[{"code":"x"}],"extensions":{"hl7-b2b":null}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := readClaims(payload)
		if err != nil {
			return
		}
		got, err := w.admit(w.trusted.Load().issuers[issuerA], "at+jwt", c, w.clock.Now())
		if err == nil && (got.Subject == "" || got.Name == "" || got.Platform == "" || got.Expires.IsZero()) {
			t.Errorf("half a caller: %+v", got)
		}
	})
}
