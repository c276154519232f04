package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Secret is a reference to a secret, never the secret: env:NAME or file:/absolute/path. It may be stored and printed.
type Secret string

// maxSecret caps what is read for a secret: a private key is a few kilobytes.
const maxSecret = 64 << 10

// Resolve fetches the secret, without the line end that editors leave behind it. It is called when a connection is
// opened, so that a changed secret is picked up by opening it again. Errors name the reference, never the value.
func (s Secret) Resolve() ([]byte, error) {
	how, what, _ := strings.Cut(string(s), ":")
	switch how {
	case "env":
		v, ok := os.LookupEnv(what)
		if !ok || v == "" {
			return nil, fmt.Errorf("secret %s: the environment has no %s; set it for the gateway's process", s, what)
		}
		return []byte(v), nil
	case "file":
		return s.read(what)
	}
	return nil, errors.New("a secret has to be a reference: env:NAME or file:/absolute/path")
}

func (s Secret) read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", s, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecret {
		return nil, fmt.Errorf("secret %s: is not a file of at most %d bytes", s, maxSecret)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", s, err)
	}
	if b = bytes.TrimRight(b, "\r\n"); len(b) == 0 {
		return nil, fmt.Errorf("secret %s: the file is empty", s)
	}
	return b, nil
}

// check wants a reference. What is written instead may be the secret itself, so it is not repeated.
func (s Secret) check(f *findings, path, what string) {
	how, ref, ok := strings.Cut(string(s), ":")
	switch {
	case s == "":
		f.add(path, "is missing: a reference to %s, env:NAME or file:/absolute/path", what)
	case !ok || how != "env" && how != "file":
		f.add(path, "has to be a reference, env:NAME or file:/absolute/path; a secret itself must not stand here")
	case how == "env" && !isVariable(ref):
		f.add(path, "env: has to be followed by the name of an environment variable")
	case how == "file" && !filepath.IsAbs(ref):
		f.add(path, "file: has to be followed by an absolute path: the gateway's working folder is not yours")
	}
}

func isVariable(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
	}) < 0
}
