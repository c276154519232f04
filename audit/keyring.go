package audit

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// keyring is the public keys that whoever verifies believes, oldest first, all of one deployment.
type keyring []note.Verifier

// parseKeys reads a list of keys: a note verifier key in each line, oldest first, as log.pub has them. Empty lines and lines
// that begin with '#' do not count.
func parseKeys(text string) (keyring, error) {
	var keys keyring
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		v, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("the keys cannot be read, which are lines of a log.pub: %w", err)
		}
		if len(keys) > 0 && v.Name() != keys.name() {
			return nil, fmt.Errorf("the keys belong to two deployments, %q and %q", keys.name(), v.Name())
		}
		if keys.find(v.KeyHash()) < 0 {
			keys = append(keys, v)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key to verify with; a log.pub has them, one in each line")
	}
	return keys, nil
}

// name is the deployment.
func (k keyring) name() string { return k[0].Name() }

// find is the place of a key in the list, -1 where it is not there.
func (k keyring) find(hash uint32) int {
	for i, v := range k {
		if v.KeyHash() == hash {
			return i
		}
	}
	return -1
}

// AddKey is a list of keys, as log.pub holds it, with key as its newest; unchanged where that is its newest already.
func AddKey(list, key string) string {
	var lines []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); line != "" && line != key {
			lines = append(lines, line)
		}
	}
	return strings.Join(append(lines, key), "\n") + "\n"
}
