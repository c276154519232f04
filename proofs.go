package vestibule

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// ProofRequest asks for what proves a clinic's trail.
type ProofRequest struct {
	Request        // as for TrailRequest
	Path    string // below the trail: "checkpoint", "tile/…" or "proof/{index}"
}

// lookFor is how long one record of a look at checkpoints and hashes stands for further ones.
const lookFor = 15 * time.Minute

// Proof answers an auditor of the clinic with a checkpoint, a tile or a proof, and nobody else. A bundle of records and a proof,
// which holds its record, are on record one by one. Checkpoints and hashes say nothing about anybody, and a tree is read in
// many pieces: the first look of a person is on record before it is answered, and stands for what that person looks at in the
// quarter of an hour after it.
func (g *Gateway) Proof(ctx context.Context, req ProofRequest) Answer {
	req.Interaction = fhir.Interaction{Kind: audit.InteractionAuditProof, Type: "AuditEvent"}
	if index, ok := strings.CutPrefix(req.Path, "proof/"); ok && fhir.ValidID(index) {
		req.Interaction.ID = index
	}
	a := g.begin(req.Request)
	a.record.Query = req.Path[:min(len(req.Path), audit.MaxRaw)]
	a.record.Agent.Role = audit.RoleAuditor
	if refused, ok := a.notAnAuditor(ctx, req.Request); ok {
		return refused
	}
	answer, about, err := a.proof(ctx, req.Path)
	if err != nil {
		return a.deny(ctx, fhir.AsError(err))
	}
	who := look{a.clinic.Name, req.Caller.ID()}
	if !about && g.looks.within(who, a.start) {
		answer.decision = a.id
		return answer
	}
	answer = a.succeed(ctx, http.StatusOK, nil, answer)
	if !about && answer.err == nil {
		g.looks.note(who, a.start)
	}
	return answer
}

// notAnAuditor is the refusal of whoever may not look into the clinic's trail; ok is false for an auditor.
func (a *access) notAnAuditor(ctx context.Context, req Request) (refused Answer, ok bool) {
	const op = "vestibule.Trail"
	switch {
	case a.clinic == nil:
		return a.deny(ctx, fhir.E(op, fhir.KindNotFound, "unknown-clinic", "There is no clinic of this name here, or it is not served at the moment. Check the name in the address.")), true
	case req.Refused != nil:
		a.record.Agent = agentOf(req)
		return a.deny(ctx, fhir.AsError(req.Refused)), true
	case !req.Caller.ValidAt(a.start) || !a.clinic.Auditors[req.Caller.ID()]:
		a.record.Agent = agentOf(req)
		return a.deny(ctx, fhir.E(op, fhir.KindForbidden, "not-an-auditor", "The trail is for this clinic's auditors. Ask the clinic to name you in its auditors.")), true
	}
	if reason, err := a.clinic.Policy.Bars(req.Caller); err != nil {
		return a.deny(ctx, err, reason), true
	}
	return Answer{}, false
}

// proof reads what was asked for; about reports whether it holds records.
func (a *access) proof(ctx context.Context, path string) (answer Answer, about bool, err error) {
	const text, binary = "text/plain; charset=utf-8", "application/octet-stream"
	if path == "checkpoint" {
		answer.document, err = a.g.ledger.SignedCheckpoint(ctx, a.clinic.Name)
		answer.media = text
		return answer, false, err
	}
	if number, ok := strings.CutPrefix(path, "proof/"); ok {
		index, perr := strconv.ParseInt(number, 10, 64)
		if perr != nil || index < 0 || strconv.FormatInt(index, 10) != number {
			return answer, true, noSuchProof()
		}
		answer.document, err = a.g.ledger.Proof(ctx, a.clinic.Name, index, true)
		answer.media = text
		return answer, true, err
	}
	tile, ok := audit.ParseTile(path)
	if !ok {
		return answer, false, noSuchProof()
	}
	answer.document, err = a.g.ledger.Tile(ctx, a.clinic.Name, tile)
	answer.media = binary
	return answer, tile.Entries(), err
}

func noSuchProof() error {
	return fhir.E("vestibule.Proof", fhir.KindNotFound, "no-such-address",
		"A trail is proved at checkpoint, tile/{level}/{number}, tile/entries/{number} and proof/{index}.")
}

// look is somebody who looks at a clinic's checkpoints and hashes.
type look struct{ clinic, person string }

// looks remembers which looks are on record lately. A restart forgets them, and they are recorded again.
type looks struct {
	mu  sync.Mutex
	was map[look]time.Time
}

func newLooks() *looks { return &looks{was: map[look]time.Time{}} }

// within reports whether a look of w's is on record since a quarter of an hour before now.
func (l *looks) within(w look, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.was[w]
	return ok && now.Sub(at) < lookFor && !now.Before(at)
}

func (l *looks) note(w look, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for old, at := range l.was {
		if now.Sub(at) >= lookFor {
			delete(l.was, old)
		}
	}
	l.was[w] = now
}
