package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Witness cosigns the checkpoints of logs whose keys it is told, each only where it is consistent with the one before: whoever
// relies on it can be shown no second history. It remembers the newest checkpoint of each log in a folder, one file for each,
// written before the cosignature is given away (https://c2sp.org/tlog-witness). One process serves a folder at a time.
type Witness struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
	now  func() time.Time
	dir  string
	logs []note.Verifier

	mu   sync.Mutex
	seen map[string]treeHead // by origin: the newest that was cosigned
}

// maxProofLines is how many hashes a consistency proof may have.
const maxProofLines = 63

// OpenWitness reads what the witness in the folder has seen. logs are the public keys of the logs that it cosigns, one in each
// line; a key named "gate.example" is good for the origin of that name and for those that begin with "gate.example/log/".
func OpenWitness(dir, name string, key ed25519.PrivateKey, logs string, now func() time.Time) (*Witness, error) {
	public, err := WitnessKey(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("audit.OpenWitness: %w", err)
	}
	self, err := parseWitness(public)
	if err != nil {
		return nil, fmt.Errorf("audit.OpenWitness: %w", err)
	}
	w := &Witness{name: name, hash: self.hash, key: key, now: now, dir: dir, seen: make(map[string]treeHead)}
	for line := range strings.Lines(logs) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		v, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("audit.OpenWitness: %q is no log's key: %w", line, err)
		}
		w.logs = append(w.logs, v)
	}
	return w, w.load()
}

// load reads the folder. A file that cannot be read stops everything: to forget what was seen is to cosign a second history.
func (w *Witness) load() error {
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return fmt.Errorf("audit.OpenWitness: %w", err)
	}
	paths, err := filepath.Glob(filepath.Join(w.dir, "*"+copyFile))
	if err != nil {
		return fmt.Errorf("audit.OpenWitness: %w", err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("audit.OpenWitness: %w", err)
		}
		head, err := readHead(string(b))
		if err != nil || w.file(head.origin) != path {
			return fmt.Errorf("audit.OpenWitness: %s is not what this witness wrote there (%v)", path, err)
		}
		w.seen[head.origin] = head
	}
	return nil
}

func (w *Witness) file(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return filepath.Join(w.dir, hex.EncodeToString(sum[:])+copyFile)
}

// refusal is an answer other than 200, with what the client is told.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

// SizeMedia is the media type of a conflict's body: the size that the witness has seen.
const SizeMedia = "text/x.tlog.size"

// AddCheckpoint answers an add-checkpoint request: an HTTP status, a media type and a body, which is a cosignature where the
// status is 200.
func (w *Witness) AddCheckpoint(body []byte) (status int, media string, answer []byte) {
	const text = "text/plain; charset=utf-8"
	line, err := w.add(string(body))
	if err == nil {
		return http.StatusOK, text, line
	}
	var r *refusal
	switch {
	case !errors.As(err, &r):
		return http.StatusInternalServerError, text, []byte("the checkpoint could not be kept\n")
	case r.status == http.StatusConflict:
		return r.status, SizeMedia, []byte(r.text + "\n")
	}
	return r.status, text, []byte(r.text + "\n")
}

func (w *Witness) add(body string) ([]byte, error) {
	old, proof, checkpoint, err := readAdd(body)
	if err != nil {
		return nil, err
	}
	head, text, err := w.trusted(checkpoint)
	if err != nil {
		return nil, err
	}
	if old > head.size {
		return nil, &refusal{http.StatusBadRequest, "the old size is larger than the checkpoint's"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen[head.origin]
	if old != seen.size {
		return nil, &refusal{http.StatusConflict, strconv.FormatInt(seen.size, 10)}
	}
	if old == head.size && old > 0 && head.root != seen.root {
		return nil, &refusal{http.StatusUnprocessableEntity, "another root was seen for this size"}
	}
	if !extends(seen, head, proof) {
		return nil, &refusal{http.StatusUnprocessableEntity, "the consistency proof does not hold"}
	}
	if err := errors.Join(replaceFile(w.file(head.origin), []byte(text)), syncDir(w.dir)); err != nil {
		return nil, err
	}
	w.seen[head.origin] = head
	return cosignature(w.name, w.hash, w.key, text, w.now()), nil
}

// extends reports whether the proof shows that next holds what seen holds, in its place, and more or nothing behind it.
func extends(seen, next treeHead, proof tlog.TreeProof) bool {
	switch {
	case next.size == 0:
		return len(proof) == 0 && next.root == (&edge{}).root()
	case seen.size == 0, seen.size == next.size:
		return len(proof) == 0
	}
	return tlog.CheckTree(proof, next.size, next.root, seen.size, seen.root) == nil
}

// trusted checks that a log which the witness knows signed a checkpoint, and returns its text.
func (w *Witness) trusted(checkpoint string) (head treeHead, text string, err error) {
	origin, _, _ := strings.Cut(checkpoint, "\n")
	var keys keyring
	for _, v := range w.logs {
		if origin == v.Name() || strings.HasPrefix(origin, v.Name()+"/log/") {
			keys = append(keys, v)
		}
	}
	if len(keys) == 0 {
		return head, "", &refusal{http.StatusNotFound, "this witness does not know the log"}
	}
	n, err := note.Open([]byte(checkpoint), note.VerifierList(keys...))
	if err != nil {
		return head, "", &refusal{http.StatusForbidden, "no key that this witness knows signed the checkpoint"}
	}
	if head, err = readHead(n.Text); err != nil {
		return head, "", &refusal{http.StatusBadRequest, "the checkpoint is malformed"}
	}
	return head, n.Text, nil
}

// readAdd reads the body of a request: the old size, the consistency proof, the checkpoint.
func readAdd(body string) (old int64, proof tlog.TreeProof, checkpoint string, err error) {
	malformed := &refusal{http.StatusBadRequest, "the request is malformed"}
	top, checkpoint, ok := strings.Cut(body, "\n\n")
	lines := strings.Split(top, "\n")
	number, sized := strings.CutPrefix(lines[0], "old ")
	old, perr := strconv.ParseInt(number, 10, 64)
	if !ok || !sized || perr != nil || old < 0 || strconv.FormatInt(old, 10) != number || len(lines)-1 > maxProofLines {
		return 0, nil, "", malformed
	}
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, "", malformed
		}
		proof = append(proof, h)
	}
	return old, proof, checkpoint, nil
}
