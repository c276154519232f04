package identity

import "strings"

// MaxToken is the longest bearer token that is looked at, in bytes.
const MaxToken = 16 << 10

// ParseBearer takes the token out of an Authorization header: "Bearer", one or more spaces, a token of RFC 6750's b64token
// alphabet. The error is token-missing when there is no bearer token, token-malformed when there is something else in its
// place. It allocates nothing on success.
func ParseBearer(header string) (string, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", missing()
	}
	token = strings.Trim(token, " ")
	if token == "" {
		return "", missing()
	}
	if len(token) > MaxToken {
		return "", malformed("The access token is longer than the gateway accepts (16 KiB).")
	}
	for i := range len(token) {
		if !isTokenChar(token[i]) {
			return "", malformed("The Authorization header must hold 'Bearer', a space, one access token, and nothing else.")
		}
	}
	return token, nil
}

// isTokenChar is the alphabet of b64token (RFC 6750 section 2.1).
func isTokenChar(c byte) bool {
	switch c {
	case '-', '.', '_', '~', '+', '/', '=':
		return true
	}
	return c-'0' <= 9 || (c|0x20)-'a' <= 'z'-'a' // a byte below the first wraps around to a large one
}
