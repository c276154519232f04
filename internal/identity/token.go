package identity

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
)

// algorithms are the signatures that are accepted. No "none", and no HMAC: with one, the public key would be the secret
// (RFC 8725 section 2.1).
func algorithms() []string {
	return []string{
		string(jose.RS256), string(jose.RS384), string(jose.PS256),
		string(jose.ES256), string(jose.ES384), string(jose.EdDSA),
	}
}

func joseAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.PS256, jose.ES256, jose.ES384, jose.EdDSA}
}

// token is a bearer token taken apart, nothing of it verified.
type token struct {
	raw     string
	header  header
	payload []byte
}

// header is what is read of the JOSE header. Whatever points to keys (jwk, jku, x5c, x5u) is left out on purpose.
type header struct {
	Alg  string         `json:"alg"`
	Kid  string         `json:"kid"`
	Typ  string         `json:"typ"`
	Crit optionalMember `json:"crit"`
}

// optionalMember records that a member is there, whatever its value.
type optionalMember struct{ present bool }

// UnmarshalJSON notes the presence of the member.
func (m *optionalMember) UnmarshalJSON([]byte) error {
	m.present = true
	return nil
}

// takeApart checks the form of a token: steps 1 and 2 of the package comment.
func takeApart(bearer string) (token, error) {
	if bearer == "" {
		return token{}, missing()
	}
	if len(bearer) > MaxToken {
		return token{}, malformed("The access token is longer than the gateway accepts (16 KiB).")
	}
	head, rest, _ := strings.Cut(bearer, ".")
	body, signature, _ := strings.Cut(rest, ".")
	headJSON, errHead := decodePart(head)
	bodyJSON, errBody := decodePart(body)
	_, errSig := decodePart(signature)
	if errHead != nil || errBody != nil || errSig != nil || len(headJSON) == 0 || len(bodyJSON) == 0 {
		return token{}, malformed("The access token is not a signed JWT: three base64url parts joined by dots. Opaque tokens are not accepted.")
	}
	t := token{raw: bearer, payload: bodyJSON}
	if err := json.Unmarshal(headJSON, &t.header); err != nil {
		return token{}, malformed("The header of the access token is not strict JSON (RFC 8259, no duplicate members) of a JWT.")
	}
	if t.header.Crit.present {
		return token{}, malformed("The header of the access token names critical extensions (crit); the gateway understands none.")
	}
	if !slices.Contains(algorithms(), t.header.Alg) {
		return token{}, refuse(CodeSignature, "The access token's signature algorithm is not accepted; use one of "+strings.Join(algorithms(), ", ")+".")
	}
	return t, nil
}

// decodePart is strict where go-jose is lenient: no line breaks, no padding, no stray bits. So a token has one spelling.
func decodePart(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}
