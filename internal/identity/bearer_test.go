package identity

import (
	"strings"
	"testing"

	"vestibule/policy"
)

func TestParseBearer(t *testing.T) {
	for header, want := range map[string]string{
		"Bearer a.b.c":       "a.b.c",
		"bearer a.b.c":       "a.b.c",
		"BEARER   a-._~+/=Z": "a-._~+/=Z",
		"Bearer a ":          "a",
	} {
		if got, err := ParseBearer(header); err != nil || got != want {
			t.Errorf("%q: %q, %v", header, got, err)
		}
	}
	for header, code := range map[string]string{
		"":                  CodeMissing,
		"Bearer":            CodeMissing,
		"Bearer ":           CodeMissing,
		"Basic YTpi":        CodeMissing,
		"DPoP a.b.c":        CodeMissing,
		"a.b.c":             CodeMissing,
		" Bearer a":         CodeMissing,
		"Bearer\ta":         CodeMissing,
		"Bearer a b":        CodeMalformed,
		"Bearer a, Basic b": CodeMalformed,
		"Bearer a\x00":      CodeMalformed,
		"Bearer \u00e9":     CodeMalformed,
		"Bearer " + strings.Repeat("a", MaxToken+1): CodeMalformed,
	} {
		got, err := ParseBearer(header)
		wantCode(t, policy.Caller{}, err, code)
		if got != "" {
			t.Errorf("%q: a token came with the refusal", header)
		}
	}
}

func TestTheAlphabetOfABearerToken(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
	for c := range 256 {
		if got, want := isTokenChar(byte(c)), strings.IndexByte(alphabet, byte(c)) >= 0; got != want {
			t.Errorf("isTokenChar(%q) = %v", byte(c), got)
		}
	}
}

func TestPeopleAreNotTakenForSharedLogins(t *testing.T) {
	for _, name := range []string{
		"Amara Okafor", "Christopher Guest", "Sarah Doctor-Smith", "Grace Test Reid", "Mireille C\u00f4t\u00e9", "\u738b\u79c0\u82f1",
		"Will Young", "Ana Public Silva", "Nurse Joy", "Dr Anita Roy", "Bot Nguyen", "Li Na",
	} {
		if !isName(name) || sharedLogin(name, "assistco", "assistco-web") {
			t.Errorf("%s is taken for a shared log-in", name)
		}
	}
	for _, name := range []string{
		"admin", "Administrator", "front desk", "FrontDesk", "Front-Desk 3", "reception", "user", "User 12", "test", "Test User", "VMA", "vma_02",
		"shared", "Clinic Staff", "The Clinic", "Virtual Medical Assistant", "Accueil", "Secr\u00e9taire m\u00e9dicale", "\u00c9quipe", "Dr", "ASSISTCO", "assistco.web",
	} {
		if !sharedLogin(name, "assistco", "assistco-web") {
			t.Errorf("%s is not taken for a shared log-in", name)
		}
	}
}

func TestLoopbackIsDecidedByAddress(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true, "localhost": true, "LOCALHOST": true,
		"": false, "0.0.0.0": false, "10.0.0.1": false, "127.0.0.1.example": false, "localhost.example": false, "::": false,
	} {
		if got := loopback(host); got != want {
			t.Errorf("loopback(%q) = %v", host, got)
		}
	}
}
