package daemon

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"vestibule/adapters/fhirr4"
	"vestibule/internal/config"
)

// fhirr4Login resolves a connection's secrets. They live in the adapter from here on, nowhere else.
func fhirr4Login(l config.Login) (fhirr4.Login, error) {
	out := fhirr4.Login{ClientID: l.ClientID, KeyID: l.KeyID, TokenURL: l.TokenURL, Scopes: strings.Fields(l.Scope)}
	switch l.Mode {
	case config.LoginBackendServices:
		text, err := l.Key.Resolve()
		if err != nil {
			return fhirr4.Login{}, err
		}
		out.Key, err = privateKey(text)
		if err != nil {
			return fhirr4.Login{}, fmt.Errorf("secret %s: %w", l.Key, err)
		}
		if _, isRSA := out.Key.(*rsa.PrivateKey); isRSA != (l.Algorithm == "RS384") {
			return fhirr4.Login{}, fmt.Errorf("secret %s: the key is not one for algorithm %s", l.Key, l.Algorithm)
		}
	case config.LoginClientSecret:
		text, err := l.Secret.Resolve()
		if err != nil {
			return fhirr4.Login{}, err
		}
		out.Secret = string(text)
	case config.LoginBearer:
		text, err := l.Token.Resolve()
		if err != nil {
			return fhirr4.Login{}, err
		}
		out.Bearer = string(text)
	}
	return out, nil
}

// privateKey reads a key in PEM: PKCS #8, or the older forms for EC and RSA. Errors hold nothing of the text.
func privateKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("is not a private key in PEM")
	}
	var key any
	var err error
	switch block.Type {
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, fmt.Errorf("is not an RSA or ECDSA private key")
	}
	return signer, nil
}
