package audit

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"vestibule/fhir"
)

// InteractionAuditProof is the interaction of who asks for what proves the trail: checkpoints, tiles, proofs.
const InteractionAuditProof = "audit-proof"

// proofHeader is the first line of a C2SP tlog-proof (https://c2sp.org/tlog-proof).
const proofHeader = "c2sp.org/tlog-proof@v1"

// deletedExtra begins the extra data of a proof of a record whose body was deleted; its leaf hash follows. No record begins so.
const deletedExtra = "body deleted, leaf hash "

// ParseReceipt reads the value of an Audit-Receipt header.
func ParseReceipt(receipt string) (log string, index int64, err error) {
	log, number, ok := strings.Cut(strings.TrimSpace(receipt), "/")
	index, perr := strconv.ParseInt(number, 10, 64)
	if !ok || log == "" || perr != nil || index < 0 || strconv.FormatInt(index, 10) != number {
		return "", 0, fmt.Errorf("%q is no receipt; one is LOG/INDEX, as the Audit-Receipt header has it", receipt)
	}
	return log, index, nil
}

// ClinicOf is the clinic that a log belongs to.
func (r *Reader) ClinicOf(ctx context.Context, log string) (string, error) {
	var clinic string
	err := r.db.QueryRowContext(ctx, `SELECT clinic FROM log WHERE name = $1`, log).Scan(&clinic)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fhir.E("audit.ClinicOf", fhir.KindNotFound, "no-log", "There is no log of this name here.")
	}
	if err != nil {
		return "", readFailed("audit.ClinicOf", err)
	}
	return clinic, nil
}

// Proof is the proof that a clinic's log holds a record at index, as a tlog-proof: the record's bytes as its extra data, the
// inclusion proof, and the newest signed checkpoint. whole false leaves the record out; whoever verifies has to have it then.
// Of a record whose body was deleted it has the leaf hash in its place: whoever kept the record's bytes can still prove them.
// A record that no checkpoint covers yet is a "not-signed-yet" error of KindUnavailable: that lasts for about a second.
func (r *Reader) Proof(ctx context.Context, clinic string, index int64, whole bool) ([]byte, error) {
	const op = "audit.Proof"
	var out []byte
	err := r.signed(ctx, op, clinic, func(l signedLog) error {
		s := &searcher{ctx: ctx, q: l.q}
		if err := s.open(clinic); err != nil {
			return err
		}
		if index < 0 || index >= s.size {
			return fhir.E(op, fhir.KindNotFound, "not-found", "The trail has no record with this index.")
		}
		if index >= l.head.size {
			return notSigned(op)
		}
		l.witnessed(ctx, index+1)
		body, err := s.body(index)
		if err != nil {
			return err
		}
		extra, ok := body.text()
		if !ok {
			leaf, err := hashReader(ctx, l.q, l.id).ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil {
				return err
			}
			extra = []byte(deletedExtra + leaf[0].String())
		}
		hashes, err := tlog.ProveRecord(l.head.size, index, hashReader(ctx, l.q, l.id))
		if err != nil {
			return err
		}
		if !whole {
			extra = nil
		}
		out = appendProof(nil, extra, index, hashes, l.note)
		return nil
	})
	return out, err
}

func appendProof(dst, extra []byte, index int64, hashes []tlog.Hash, checkpoint string) []byte {
	dst = append(dst, proofHeader+"\n"...)
	if len(extra) > 0 {
		dst = append(base64.StdEncoding.AppendEncode(append(dst, "extra "...), extra), '\n')
	}
	dst = append(strconv.AppendInt(append(dst, "index "...), index, 10), '\n')
	for _, h := range hashes {
		dst = append(append(dst, h.String()...), '\n')
	}
	return append(append(dst, '\n'), checkpoint...)
}

// signedLog is a log as its newest checkpoint has it.
type signedLog struct {
	q    querier
	id   int64
	head treeHead // its signatures are not looked at: it is the gateway's own
	note string
}

// signed calls use with the newest checkpoint of a clinic's log, in one transaction.
func (r *Reader) signed(ctx context.Context, op, clinic string, use func(signedLog) error) error {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return readFailed(op, err)
	}
	defer tx.Rollback()
	l := signedLog{q: tx}
	err = tx.QueryRowContext(ctx, `SELECT id FROM log WHERE clinic = $1`, clinic).Scan(&l.id)
	if errors.Is(err, sql.ErrNoRows) {
		return fhir.E(op, fhir.KindNotFound, "no-log", "This clinic has no log yet.")
	}
	if err != nil {
		return readFailed(op, err)
	}
	l.note, err = newestNote(ctx, tx, l.id)
	if errors.Is(err, sql.ErrNoRows) {
		return notSigned(op)
	}
	if err == nil {
		l.head, err = readHead(l.note)
	}
	if err == nil {
		err = use(l)
	}
	if own := (*fhir.Error)(nil); err == nil || errors.As(err, &own) {
		return err
	}
	return readFailed(op, err)
}

// witnessed takes the newest checkpoint that witnesses signed instead, where it covers the first size records.
func (l *signedLog) witnessed(ctx context.Context, size int64) {
	signed := cosignedNote(ctx, l.q, l.id)
	if head, err := readHead(signed); err == nil && head.size >= size && head.size <= l.head.size {
		l.head, l.note = head, signed
	}
}

func notSigned(op string) error {
	return fhir.E(op, fhir.KindUnavailable, "not-signed-yet", "No checkpoint covers this record yet. Try again in a second.")
}

// SignedCheckpoint is the newest signed checkpoint of a clinic's log, as it is stored.
func (r *Reader) SignedCheckpoint(ctx context.Context, clinic string) ([]byte, error) {
	var out []byte
	err := r.signed(ctx, "audit.SignedCheckpoint", clinic, func(l signedLog) error {
		l.witnessed(ctx, l.head.size)
		out = []byte(l.note)
		return nil
	})
	return out, err
}

// Proven is what a proof shows, once it has been checked.
type Proven struct {
	Origin string // the log, as its checkpoint names it
	Index  int64
	Size   int64  // how many records the checkpoint covers
	Line   []byte // the record's bytes; none where its body was deleted
	Record Record // the zero value where its body was deleted
	Leaf   string // its leaf hash, in base64
}

// Deleted reports whether the proof is of a record whose body was deleted: it shows that there was one with this hash.
func (p Proven) Deleted() bool { return len(p.Line) == 0 }

// CheckProof checks a tlog-proof with the deployment's public keys and nothing else. line is the record's bytes, nil to take
// those that the proof brings along. An error says what is wrong; without one the record is in the log at that index.
func CheckProof(proof []byte, keys string, line []byte) (Proven, error) {
	const op = "audit.CheckProof"
	ring, err := parseKeys(keys)
	if err != nil {
		return Proven{}, fmt.Errorf("%s: %w", op, err)
	}
	p, hashes, checkpoint, err := readProof(string(proof))
	if err != nil {
		return Proven{}, fmt.Errorf("%s: %w", op, err)
	}
	if line != nil {
		p.Line = line
	}
	leaf, gone, err := deletedLeaf(p.Line)
	switch {
	case err != nil:
		return Proven{}, fmt.Errorf("%s: %w", op, err)
	case gone:
		p.Line = nil
	case p.Line != nil:
		leaf = tlog.RecordHash(p.Line)
	default:
		return Proven{}, fmt.Errorf("%s: the proof does not bring the record along, and it was not given", op)
	}
	head, err := openCheckpoint(checkpoint, ring)
	if err != nil {
		return Proven{}, fmt.Errorf("%s: its checkpoint is not signed by this key: %w", op, err)
	}
	if p.Index >= head.size {
		return Proven{}, fmt.Errorf("%s: record %d is not among the %d that its checkpoint covers", op, p.Index, head.size)
	}
	if err := tlog.CheckRecord(hashes, head.size, head.root, p.Index, leaf); err != nil {
		return Proven{}, fmt.Errorf("%s: this record is not record %d of the log that was signed", op, p.Index)
	}
	p.Origin, p.Size, p.Leaf = head.origin, head.size, leaf.String()
	if p.Deleted() {
		return p, nil
	}
	if p.Record, err = DecodeRecord(p.Line); err != nil {
		return Proven{}, fmt.Errorf("%s: the record is in the log, but cannot be read: %w", op, err)
	}
	return p, nil
}

// deletedLeaf is the leaf hash that stands where the record would, and whether it does.
func deletedLeaf(extra []byte) (leaf tlog.Hash, gone bool, err error) {
	text, gone := strings.CutPrefix(string(extra), deletedExtra)
	if gone {
		if leaf, ok := exactHash(text); ok {
			return leaf, true, nil
		}
		err = errors.New("the hash of the deleted record cannot be read")
	}
	return leaf, gone, err
}

// readProof reads the form of a tlog-proof.
func readProof(text string) (p Proven, hashes []tlog.Hash, checkpoint string, err error) {
	malformed := errors.New("this is not a " + proofHeader + " file")
	top, checkpoint, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(top, "\n")
	if !ok || len(lines) < 2 || lines[0] != proofHeader {
		return p, nil, "", malformed
	}
	lines = lines[1:]
	if extra, ok := strings.CutPrefix(lines[0], "extra "); ok {
		p.Line, err = base64.StdEncoding.DecodeString(extra)
		if err != nil || len(lines) < 2 || base64.StdEncoding.EncodeToString(p.Line) != extra {
			return p, nil, "", malformed
		}
		lines = lines[1:]
	}
	number, ok := strings.CutPrefix(lines[0], "index ")
	p.Index, err = strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || p.Index < 0 || strconv.FormatInt(p.Index, 10) != number || len(lines) > 64 {
		return p, nil, "", malformed
	}
	for _, line := range lines[1:] {
		h, ok := exactHash(line)
		if !ok {
			return p, nil, "", malformed
		}
		hashes = append(hashes, h)
	}
	return p, hashes, checkpoint, nil
}
