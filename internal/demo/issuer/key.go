package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const pemType = "EC PRIVATE KEY"

// LoadKey reads the signing key on curve at path, or makes one there with mode 0600. A file that others may read, or that is not
// such a key in PEM, is an error: it is not replaced, because tokens that are out would stop working.
func LoadKey(path string, curve elliptic.Curve) (*ecdsa.PrivateKey, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path, curve)
	}
	if err != nil {
		return nil, fmt.Errorf("issuer: key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("issuer: key %s may be read by others (mode %o); it must be 0600", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("issuer: key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return nil, fmt.Errorf("issuer: key %s is not an %s in PEM", path, pemType)
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil || key.Curve != curve {
		return nil, fmt.Errorf("issuer: key %s is not a %s key", path, curve.Params().Name)
	}
	return key, nil
}

// makeKey writes the whole key under another name first, so that a crash leaves no half of one.
func makeKey(path string, curve elliptic.Curve) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("issuer: key: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("issuer: key: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("issuer: key: %w", err)
	}
	defer os.Remove(f.Name())
	err = pem.Encode(f, &pem.Block{Type: pemType, Bytes: der})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("issuer: key: %w", err)
	}
	// A link, unlike a rename, fails when another process was quicker; then its key is the one.
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return LoadKey(path, curve)
	} else if err != nil {
		return nil, fmt.Errorf("issuer: key: %w", err)
	}
	return key, nil
}
