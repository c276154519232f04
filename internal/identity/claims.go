package identity

import (
	"errors"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// claims are the members of a token's payload that are read; the table is in the package comment. The decoder refuses
// duplicate members at any depth and invalid UTF-8, and matches names with their case.
type claims struct {
	Issuer     string         `json:"iss"`
	Subject    string         `json:"sub"`
	ClientID   string         `json:"client_id"`
	AZP        string         `json:"azp"`
	Audience   stringList     `json:"aud"`
	Expires    numericDate    `json:"exp"`
	IssuedAt   numericDate    `json:"iat"`
	NotBefore  numericDate    `json:"nbf"`
	TokenID    string         `json:"jti"`
	Scope      stringList     `json:"scope"`
	Name       string         `json:"name"`
	GivenName  string         `json:"given_name"`
	FamilyName string         `json:"family_name"`
	Actor      string         `json:"vestibule_actor"`
	ACR        jsontext.Value `json:"acr"`
	AMR        jsontext.Value `json:"amr"`
	Purposes   purposeList    `json:"purpose_of_use"`
	Extensions extensions     `json:"extensions"`
	Nonce      optionalMember `json:"nonce"`
	ATHash     optionalMember `json:"at_hash"`
	CHash      optionalMember `json:"c_hash"`
	SHash      optionalMember `json:"s_hash"`
	Bound      optionalMember `json:"cnf"`
	Delegated  optionalMember `json:"act"`
}

// extensions is where HL7's UDAP security guide puts the context of a business-to-business request.
type extensions struct {
	B2B struct {
		Purposes purposeList `json:"purpose_of_use"`
	} `json:"hl7-b2b"`
}

// isIDToken reports whether c bears a mark that only ID tokens have (OpenID Connect Core sections 2 and 3.3.2.11).
func (c *claims) isIDToken() bool {
	return c.Nonce.present || c.ATHash.present || c.CHash.present || c.SHash.present
}

// client is the presenting program's id, or "" when there is none or the two claims for it disagree.
func (c *claims) client() string {
	if c.ClientID == "" {
		return c.AZP
	}
	if c.AZP != "" && c.AZP != c.ClientID {
		return ""
	}
	return c.ClientID
}

// scopes are the single scopes of both spellings: one string with spaces (RFC 9068), or an array.
func (c *claims) scopes() []string {
	var out []string
	for _, s := range c.Scope {
		out = append(out, strings.Fields(s)...)
	}
	return out
}

// purposes joins the two places where a purpose of use may stand, each code once.
func (c *claims) purposes() []string {
	var out []string
	seen := map[string]bool{}
	for _, code := range append(append(purposeList{}, c.Purposes...), c.Extensions.B2B.Purposes...) {
		if code != "" && !seen[code] {
			seen[code] = true
			out = append(out, code)
		}
	}
	return out
}

// maxAssurance bounds what of acr and amr goes on record.
const maxAssurance = 120

// assurance is how the issuer says that the caller signed in (OpenID Connect Core section 2, RFC 8176): acr, then amr. Nothing
// is decided by it, so that a form that is not known is left out rather than refused.
func (c *claims) assurance() string {
	var out []string
	for _, claim := range []jsontext.Value{c.ACR, c.AMR} {
		var list stringList
		if len(claim) == 0 || json.Unmarshal(claim, &list) != nil {
			continue
		}
		for _, s := range list {
			if plain(s, maxAssurance) {
				out = append(out, s)
			}
		}
	}
	text := strings.Join(out, " ")
	if len(text) > maxAssurance {
		text = strings.ToValidUTF8(text[:maxAssurance], "")
	}
	return text
}

// readClaims is step 5: it reads verified bytes, and refuses what has not the form it needs.
func readClaims(payload []byte) (*claims, error) {
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return nil, malformed("The claims of the access token are not strict JSON (RFC 8259, no duplicate members) with the types of RFC 9068.")
	}
	switch {
	case !plain(c.Subject, 255):
		return nil, malformed("The access token needs a sub claim of 1 to 255 printable characters.")
	case c.Expires.IsZero():
		return nil, malformed("The access token needs an exp claim.")
	case c.IssuedAt.IsZero():
		return nil, malformed("The access token needs an iat claim.")
	case c.TokenID != "" && !plain(c.TokenID, 255):
		return nil, malformed("The jti claim of the access token must be at most 255 printable characters.")
	case c.Actor != "" && c.Actor != actorPerson && c.Actor != actorAutomated:
		return nil, malformed("The vestibule_actor claim must be \"person\" or \"automated\".")
	}
	return &c, nil
}

// plain reports whether s has 1 to limit bytes and nothing in it that does not print.
func plain(s string, limit int) bool {
	if s == "" || len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// stringList is a claim that is written as a string or as an array of strings.
type stringList []string

// UnmarshalJSONFrom reads either spelling.
func (l *stringList) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '[' {
		return json.UnmarshalDecode(dec, (*[]string)(l))
	}
	var one string
	if err := json.UnmarshalDecode(dec, &one); err != nil {
		return err
	}
	*l = stringList{one}
	return nil
}

// purposeList is a list of purpose-of-use codes; see purposeCode for their spellings.
type purposeList []string

// UnmarshalJSONFrom reads a code, a coding, or an array of them.
func (l *purposeList) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '[' {
		var many []purpose
		if err := json.UnmarshalDecode(dec, &many); err != nil {
			return err
		}
		for _, p := range many {
			*l = append(*l, string(p))
		}
		return nil
	}
	var one purpose
	if err := json.UnmarshalDecode(dec, &one); err != nil {
		return err
	}
	*l = purposeList{string(one)}
	return nil
}

// purpose is one purpose-of-use code.
type purpose string

// UnmarshalJSONFrom reads "code", "system|code", "urn:oid:...#code" or {"system": ..., "code": ...}.
func (p *purpose) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var coding struct {
		Code string `json:"code"`
	}
	if dec.PeekKind() != '{' {
		if err := json.UnmarshalDecode(dec, &coding.Code); err != nil {
			return err
		}
	} else if err := json.UnmarshalDecode(dec, &coding); err != nil {
		return err
	}
	code := coding.Code
	if i := strings.LastIndexAny(code, "|#"); i >= 0 {
		code = code[i+1:]
	}
	if code != "" && !plain(code, 64) {
		return errors.New("identity: purpose of use is not a code")
	}
	*p = purpose(code)
	return nil
}

// numericDate is seconds since 1970, a fraction allowed (RFC 7519 section 2). The zero value is an absent claim.
type numericDate struct{ time.Time }

// UnmarshalJSONFrom reads a number between 1970 and 9999; a string, null or anything out of range is an error.
func (d *numericDate) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '0' {
		return errors.New("identity: a date is not a number")
	}
	var seconds float64
	if err := json.UnmarshalDecode(dec, &seconds); err != nil {
		return err
	}
	if !(seconds > 0 && seconds < 253402300800) {
		return errors.New("identity: a date is out of range")
	}
	whole, fraction := math.Modf(seconds)
	d.Time = time.Unix(int64(whole), int64(fraction*1e9)).UTC()
	return nil
}

// readIssuer reads iss alone, out of bytes that nobody has vouched for yet.
func readIssuer(payload []byte) (string, error) {
	var c struct {
		Issuer string `json:"iss"`
	}
	err := json.Unmarshal(payload, &c)
	return c.Issuer, err
}
