package vestibule

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"vestibule/fhir"
)

// cursorLife is how long a page link works.
const cursorLife = 15 * time.Minute

// cursorBlock is what a cursor's length is rounded up to: sealed, it still shows how long it is, and the places in the EMR's
// answers that it holds are longer the more was kept back before them (hazard H3).
const cursorBlock = 512

// sealer keeps what callers carry for us: page cursors, encrypted because they hold the query and the EMR's own cursor,
// and bound to who may use them; and it derives the ids under which writes happen once.
type sealer struct {
	aead      cipher.AEAD
	operation []byte
}

func newSealer(secret []byte) (sealer, error) {
	if len(secret) < 32 {
		return sealer{}, errors.New("vestibule: the gateway's secret must be at least 32 bytes")
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "vestibule cursor v1", 32)
	if err != nil {
		return sealer{}, err
	}
	operation, err := hkdf.Key(sha256.New, secret, nil, "vestibule operation v1", 32)
	if err != nil {
		return sealer{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead: aead, operation: operation}, err
}

// cursorState is what a cursor holds.
type cursorState struct {
	Query   string   `json:"q"` // URL-encoded
	Grants  []string `json:"g"` // name@version of those under which the page before was released
	Cursor  string   `json:"c"` // the EMR's
	Skip    int      `json:"s"`
	Page    int      `json:"p"` // how many pages were given out before
	Expires int64    `json:"e"` // Unix seconds
}

// binding is what a cursor belongs to: the clinic, the caller, the client and the type. With any of them changed it does
// not open.
func (a *access) binding() []byte {
	return []byte(strings.Join([]string{a.clinic.Name, a.req.Caller.ID(), a.req.Caller.ClientID, a.req.Interaction.Type}, "\x00"))
}

func (s sealer) cursor(binding []byte, c cursorState) string {
	plain, err := json.Marshal(c)
	if err != nil { // strings and integers always marshal
		return ""
	}
	padded := append(plain, bytes.Repeat([]byte(" "), cursorBlock-len(plain)%cursorBlock)...) // JSON does not mind
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, padded, binding))
}

func (s sealer) openCursor(token string, binding []byte, now time.Time) (cursorState, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return cursorState{}, cursorRefused()
	}
	plain, err := s.aead.Open(nil, nil, sealed, binding)
	if err != nil {
		return cursorState{}, cursorRefused()
	}
	var c cursorState
	if err := json.Unmarshal(plain, &c); err != nil || now.Unix() >= c.Expires || c.Skip < 0 || c.Page < 1 {
		return cursorState{}, cursorRefused()
	}
	return c, nil
}

func cursorRefused() *fhir.Error {
	return fhir.E("vestibule.search", fhir.KindInvalid, "cursor-refused",
		"This page link has expired, is not yours, or your grants have changed since; search again.").At("_cursor")
}

// operationID names one write. With an Idempotency-Key it is the same for the same caller, clinic and type, so that a
// retry finds what the first try made; without one it is new each time (hazard H30).
func (s sealer) operationID(a *access) string {
	if a.req.Key == "" {
		return rand.Text()
	}
	mac := hmac.New(sha256.New, s.operation)
	for _, part := range []string{a.clinic.Name, a.req.Caller.ID(), a.req.Caller.ClientID, a.req.Interaction.Type, a.req.Key} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
