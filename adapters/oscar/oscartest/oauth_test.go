package oscartest

import (
	"net/url"
	"testing"
)

// tokenOf reads a form answer with a token.
func tokenOf(t *testing.T, body string) Token {
	t.Helper()
	v, err := url.ParseQuery(body)
	if err != nil || v.Get("oauth_token") == "" || v.Get("oauth_token_secret") == "" {
		t.Fatalf("%v %q", err, body)
	}
	return Token{Key: v.Get("oauth_token"), Secret: v.Get("oauth_token_secret")}
}
