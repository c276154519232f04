package audit

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// LoadKey reads the Ed25519 signing key at path, a PEM "PRIVATE KEY" (PKCS #8). A file that others may read is refused:
// whoever holds the key can write another history.
func LoadKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("audit.LoadKey: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("audit.LoadKey: %s has mode %04o; make it 0600", path, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("audit.LoadKey: %w", err)
	}
	block, rest := pem.Decode(b)
	if block == nil || block.Type != "PRIVATE KEY" || len(strings.TrimSpace(string(rest))) != 0 {
		return nil, fmt.Errorf("audit.LoadKey: %s is not one PEM block of type PRIVATE KEY", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("audit.LoadKey: %s: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("audit.LoadKey: %s holds a key that is not Ed25519", path)
	}
	return key, nil
}

// GenerateKey makes a key with random and writes it to path, mode 0600, synced. An existing file is never overwritten: the
// checkpoints it signed could not be continued.
func GenerateKey(path string, random io.Reader) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("audit.GenerateKey: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("audit.GenerateKey: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("audit.GenerateKey: %w", err)
	}
	err = errors.Join(pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), f.Sync(), f.Close())
	if err != nil {
		return nil, fmt.Errorf("audit.GenerateKey: %w", err)
	}
	return key, nil
}

// LoadOrGenerateKey is LoadKey, or GenerateKey where there is no file yet.
func LoadOrGenerateKey(path string, random io.Reader) (ed25519.PrivateKey, error) {
	key, err := LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return GenerateKey(path, random)
	}
	return key, err
}

// VerifierKey is the public key as auditors get it: a note verifier key "<deployment>+<hash>+<base64>"
// (https://c2sp.org/signed-note).
func VerifierKey(deployment string, key ed25519.PublicKey) (string, error) {
	if err := checkDeployment(deployment); err != nil {
		return "", err
	}
	return note.NewEd25519VerifierKey(deployment, key)
}

// newSigner makes the deployment's signer.
func newSigner(deployment string, key ed25519.PrivateKey) (*signer, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, errors.New("no Ed25519 key")
	}
	vkey, err := VerifierKey(deployment, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	return &signer{Verifier: verifier, key: key, public: vkey}, nil
}

func checkDeployment(name string) error {
	if name == "" || strings.ContainsAny(name, "+ \t\r\n") || strings.Contains(name, "/log/") {
		return fmt.Errorf("a deployment's name must not be empty or hold spaces, '+' or \"/log/\"")
	}
	return nil
}

// signer is a note.Signer over a key that is already in memory; name and key hash are its verifier's.
type signer struct {
	note.Verifier
	key    ed25519.PrivateKey
	public string // its verifier key
}

// Sign signs msg with Ed25519.
func (s *signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }
