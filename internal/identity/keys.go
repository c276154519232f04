package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// maxKeys is how many keys of one issuer are kept; an honest one has two or three.
const maxKeys = 64

// minRSA is the shortest RSA modulus that is accepted, in bits (RFC 7518 section 3.3).
const minRSA = 2048

// errSignature is a token whose signature does not verify, or whose key the issuer does not have.
var errSignature = errors.New("identity: no key of the issuer verifies the signature")

// attempt is the oidc.KeySet of one verification. go-oidc flattens a key set's error into text, so it is kept here.
type attempt struct {
	keys *issuerKeys
	err  error
}

// VerifySignature checks a compact JWS against the issuer's keys and gives its payload.
func (a *attempt) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(raw, joseAlgorithms())
	if err != nil {
		a.err = errSignature
		return nil, err
	}
	payload, err := a.keys.verify(ctx, jws)
	a.err = err
	return payload, err
}

// verify looks for the key that the header names, fetching at most once (hazard H34): when the keys are too old, or when
// the key id is unknown and the interval has passed. A signature that a known key does not verify ends here.
func (k *issuerKeys) verify(ctx context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	set, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	head := jws.Signatures[0].Header
	candidates := set.candidates(head.KeyID, head.Algorithm)
	if len(candidates) == 0 {
		if set, err = k.newer(ctx, set); err != nil {
			return nil, err
		}
		candidates = set.candidates(head.KeyID, head.Algorithm)
	}
	for _, key := range candidates {
		if payload, err := jws.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	return nil, errSignature
}

// keySet is one fetched set of keys; it is not changed after it was made.
type keySet struct{ keys []jose.JSONWebKey }

// candidates are the keys that may verify a signature. A token without a key id has one only when a single key fits: with
// several, the issuer must name it (OpenID Connect Core section 10.1).
func (s *keySet) candidates(kid, alg string) []jose.JSONWebKey {
	var out []jose.JSONWebKey
	for _, key := range s.keys {
		if (kid == "" || key.KeyID == kid) && fits(key, alg) {
			out = append(out, key)
		}
	}
	if kid == "" && len(out) > 1 {
		return nil
	}
	return out
}

// fits reports whether key is one for alg, so that a token cannot choose how a key is used (RFC 8725 section 3.1).
func fits(key jose.JSONWebKey, alg string) bool {
	if key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != alg {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		return (alg == string(jose.RS256) || alg == string(jose.RS384) || alg == string(jose.PS256)) && public.N.BitLen() >= minRSA
	case *ecdsa.PublicKey:
		return alg == string(jose.ES256) && public.Curve == elliptic.P256() || alg == string(jose.ES384) && public.Curve == elliptic.P384()
	case ed25519.PublicKey:
		return alg == string(jose.EdDSA)
	}
	return false
}

// parseKeys reads a JWK Set. Keys of a kind that is not understood are passed over (RFC 7517 section 5), and so are private
// and symmetric ones: whoever published them cannot be the only one who has them.
func parseKeys(document []byte) (*keySet, error) {
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &raw); err != nil {
		return nil, errors.New("identity: the key set is not a JWK Set")
	}
	var set keySet
	for _, one := range raw.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(one); err != nil || !key.Valid() || !key.IsPublic() {
			continue
		}
		if len(set.keys) == maxKeys {
			return nil, errors.New("identity: the key set holds more keys than are kept")
		}
		set.keys = append(set.keys, key)
	}
	if len(set.keys) == 0 {
		return nil, errors.New("identity: the key set holds no public key that can be used")
	}
	return &set, nil
}
