package audit_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vestibule/audit"
)

func TestAKeyIsKeptSecretAndFoundAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.key")
	made, err := audit.LoadOrGenerateKey(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file's mode is %v", info.Mode())
	}
	found, err := audit.LoadOrGenerateKey(path, rand.Reader)
	if err != nil || !bytes.Equal(made, found) {
		t.Errorf("another key was found: %v", err)
	}
	if _, err := audit.GenerateKey(path, rand.Reader); err == nil {
		t.Error("a key was overwritten")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.LoadKey(path); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Errorf("a key that others may read was loaded: %v", err)
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	dir := t.TempDir()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty":    nil,
		"text":     []byte("secret"),
		"broken":   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1, 2}}),
		"public":   pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"elliptic": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		"two":      bytes.Repeat(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 2),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := audit.LoadKey(path); err == nil {
			t.Errorf("%s was loaded as a key", name)
		}
	}
	if _, err := audit.LoadKey(filepath.Join(dir, "absent")); err == nil {
		t.Error("an absent file was loaded as a key")
	}
	if _, err := audit.LoadOrGenerateKey(filepath.Join(dir, "no", "dir"), rand.Reader); err == nil {
		t.Error("a key was written where there is no folder")
	}
	if _, err := audit.GenerateKey(filepath.Join(dir, "k"), strings.NewReader("short")); err == nil {
		t.Error("a key was made of too little randomness")
	}
	if _, err := audit.VerifierKey("a+b", testKey(1).Public().(ed25519.PublicKey)); err == nil {
		t.Error("a deployment's name with a '+' was accepted")
	}
}
