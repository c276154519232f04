package audit

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vestibule/fhir"
)

// Cosignatures of witnesses are C2SP's cosignature/v1 (https://c2sp.org/tlog-cosignature): an Ed25519 signature over the text
// of a checkpoint and the time at which it was seen to be consistent with those before it. A witness's key is written as a note
// verifier key of type 4, so that it cannot be taken for a log's.

// cosignatureType is the type of a witness's key (https://c2sp.org/signed-note).
const cosignatureType = 4

// WitnessKey is a witness's public key as those who rely on it get it: "<name>+<hash>+<base64>".
func WitnessKey(name string, key ed25519.PublicKey) (string, error) {
	if err := checkDeployment(name); err != nil {
		return "", errors.New("a witness's name must not be empty or hold spaces, '+' or \"/log/\"")
	}
	typed := append([]byte{cosignatureType}, key...)
	return fmt.Sprintf("%s+%08x+%s", name, cosignerHash(name, typed), base64.StdEncoding.EncodeToString(typed)), nil
}

// cosignerHash is a key's id: the first four bytes of SHA-256 over name, newline, type and key.
func cosignerHash(name string, typed []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	return binary.BigEndian.Uint32(sum[:])
}

// cosigner is a witness's public key; it is a note.Verifier.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// parseWitness reads a WitnessKey.
func parseWitness(text string) (*cosigner, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), "+")
	id, encoded, _ := strings.Cut(rest, "+")
	hash, err := strconv.ParseUint(id, 16, 32)
	typed, derr := base64.StdEncoding.DecodeString(encoded)
	if err != nil || derr != nil || len(id) != 8 || len(typed) != 1+ed25519.PublicKeySize || typed[0] != cosignatureType ||
		checkDeployment(name) != nil || cosignerHash(name, typed) != uint32(hash) {
		return nil, errors.New("this is no witness's key; one is NAME+HASH+KEY, as `vestibule witness` prints it")
	}
	return &cosigner{name: name, hash: uint32(hash), key: ed25519.PublicKey(typed[1:])}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

// Verify checks a cosignature: eight bytes of time and sixty-four of signature.
func (c *cosigner) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	seconds := binary.BigEndian.Uint64(sig)
	return seconds < 1<<63 && ed25519.Verify(c.key, cosigned(seconds, text), sig[8:])
}

// cosigned is what a witness signs.
func cosigned(seconds uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", seconds), text...)
}

// cosignature is the signature line of a witness for the text of a checkpoint.
func cosignature(name string, hash uint32, key ed25519.PrivateKey, text string, now time.Time) []byte {
	seconds := uint64(max(0, now.Unix()))
	sig := binary.BigEndian.AppendUint32(nil, hash)
	sig = binary.BigEndian.AppendUint64(sig, seconds)
	sig = append(sig, ed25519.Sign(key, cosigned(seconds, []byte(text)))...)
	return []byte("— " + name + " " + base64.StdEncoding.EncodeToString(sig) + "\n")
}

// CheckCosignature finds the newest cosignature by the witness of this key on a checkpoint and says when it was given. Without a
// good one it is an error.
func CheckCosignature(checkpoint []byte, witness string) (time.Time, error) {
	c, err := parseWitness(witness)
	if err != nil {
		return time.Time{}, fmt.Errorf("audit.CheckCosignature: %w", err)
	}
	n, err := note.Open(checkpoint, note.VerifierList(c))
	if err != nil {
		return time.Time{}, fmt.Errorf("audit.CheckCosignature: no cosignature of %s: %w", c.name, err)
	}
	sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil || len(sig) < 12 {
		return time.Time{}, fmt.Errorf("audit.CheckCosignature: no cosignature of %s", c.name)
	}
	return time.Unix(int64(binary.BigEndian.Uint64(sig[4:])), 0).UTC(), nil
}

// Addition is the body of a request that a witness cosign a clinic's newest checkpoint (https://c2sp.org/tlog-witness,
// add-checkpoint), given the size that it has seen; 0 for none.
func (r *Reader) Addition(ctx context.Context, clinic string, seen int64) ([]byte, error) {
	const op = "audit.Addition"
	var out []byte
	err := r.signed(ctx, op, clinic, func(l signedLog) error {
		var proof tlog.TreeProof
		if seen < 0 || seen > l.head.size {
			return fhir.E(op, fhir.KindNotFound, "not-found", "The witness has seen more records than are here.")
		}
		if seen > 0 && seen < l.head.size {
			var err error
			if proof, err = tlog.ProveTree(l.head.size, seen, hashReader(ctx, l.q, l.id)); err != nil {
				return err
			}
		}
		out = fmt.Appendf(nil, "old %d\n", seen)
		for _, h := range proof {
			out = append(append(out, h.String()...), '\n')
		}
		out = append(append(out, '\n'), l.note...)
		return nil
	})
	return out, err
}
