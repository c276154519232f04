package identity

import (
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Claim is who a token says it is from, with nothing proved: for the record of an attempt that was refused. It has no
// method that leads to a policy.Caller.
type Claim struct {
	Issuer   string // iss
	Subject  string // sub
	ClientID string // client_id, else azp
}

// maxClaimed caps each part of a Claim, in bytes: a stranger decides what is in it, and it goes into the trail.
const maxClaimed = 255

// IsZero reports whether nothing could be read.
func (c Claim) IsZero() bool { return c == Claim{} }

// Claimed reads what can be read of a token that need not be valid: what does not print is taken out, each part is capped
// at 255 bytes, and a token that cannot be read at all gives the zero Claim.
func Claimed(bearer string) Claim {
	_, rest, _ := strings.Cut(bearer, ".")
	body, _, _ := strings.Cut(rest, ".")
	if body == "" || len(bearer) > MaxToken {
		return Claim{}
	}
	payload, err := decodePart(body)
	if err != nil {
		return Claim{}
	}
	return readClaim(payload)
}

// readClaim reads member by member, so that a defect further on, or a member of the wrong type, does not hide the rest. Of
// duplicates the first counts.
func readClaim(payload []byte) Claim {
	dec := jsontext.NewDecoder(strings.NewReader(string(payload)), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	found := map[string]string{}
	if open, err := dec.ReadToken(); err != nil || open.Kind() != '{' {
		return Claim{}
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			break
		}
		key := name.String()
		value, err := dec.ReadValue()
		if err != nil {
			break
		}
		var text string
		if _, seen := found[key]; !seen && json.Unmarshal(value, &text, jsontext.AllowInvalidUTF8(true)) == nil {
			found[key] = text
		}
	}
	client := found["client_id"]
	if client == "" {
		client = found["azp"]
	}
	return Claim{Issuer: harmless(found["iss"]), Subject: harmless(found["sub"]), ClientID: harmless(client)}
}

// harmless takes out what does not print and cuts at a character's boundary.
func harmless(s string) string {
	var b strings.Builder
	for _, r := range s {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			continue
		}
		if b.Len()+len(string(r)) > maxClaimed {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
