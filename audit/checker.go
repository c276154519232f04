package audit

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// checker recomputes one log's tree from its records and holds it against what was signed. Verify feeds it a file,
// VerifyDB a database.
type checker struct {
	Report
	keys    keyring
	turns   []turn // of keys, as the records tell them
	first   int    // the key that signed the first checkpoint, its place in keys; -1: none yet
	edge    edge
	shift   int64 // how far the records' numbers are from their places: not 0 behind some that are missing or were added
	unread  int64 // how many lines in a row were none
	cut     bool  // the end is missing, and that is said
	misfit  misfit
	misfits int              // checkpoints in a row that do not fit in the same way
	intents map[int64]string // open intents: index to access
	held    []treeHead       // checkpoints that the verifier got elsewhere
	wants   bool             // facts are needed
	facts   facts            // of the record taken last, where they are
	stored  []byte           // memory
	leaf    []byte           // memory
	sketch  sketch
	phase   Phase // of the records counted last
	outcome Outcome
	alike   int64                 // how many of them are not in the report yet
	last    [len(timeLayout)]byte // the latest time so far, as records have it; First and Last are read at the end
	begun   [len(timeLayout)]byte // the earliest
	missing indexSet              // records whose bodies are not there
	named   indexSet              // those that later records say were deleted
}

// misfit is a way in which a checkpoint does not fit; the zero value is that it does.
type misfit int

const (
	fits        misfit = iota
	unsigned           // by a key that the verifier believes
	foreign            // of another log
	mislabelled        // kept as one of another size
	unlike             // what was signed is not what is here
)

// next is the number of the next record.
func (c *checker) next() int64 { return c.edge.size + c.shift }

// numbered takes the number that the next record has where it stands. A jump is one problem: what follows is counted from there.
func (c *checker) numbered(index int64, format string) {
	if index < c.next() || index > c.next()+c.unread {
		c.problem(c.next(), format, index)
	}
	c.shift, c.unread = index-c.edge.size, 0
}

// turn is where a log's records say that another key signs from here on.
type turn struct {
	index   int64  // of the record
	key     string // the new one
	crossed bool   // a checkpoint signed by both was seen
}

func newChecker(keys keyring, origin, clinic string, held []treeHead) *checker {
	c := &checker{keys: keys, first: -1, intents: make(map[int64]string)}
	c.Origin, c.Clinic, c.Root = origin, clinic, "none"
	c.Phases, c.Outcomes = make(map[Phase]int64), make(map[Outcome]int64)
	for _, h := range held {
		if h.origin == origin {
			c.held = append(c.held, h)
		}
	}
	return c
}

// record takes the next record; leaf is the hash that was stored for it. It returns what the tree stores for it, good until
// the next one.
func (c *checker) record(line []byte, leaf []byte) (stored []byte) {
	c.leaf = append(append(c.leaf[:0], 0), line...)
	return c.recordOf(c.leaf, leaf)
}

// recordOf is record, where what is hashed is given: a zero byte and the line (RFC 6962 section 2.1).
func (c *checker) recordOf(data []byte, leaf []byte) (stored []byte) {
	index, line := c.next(), data[1:]
	hash := tlog.Hash(sha256.Sum256(data))
	if string(hash[:]) != string(leaf) {
		c.problem(index, "its bytes do not have the hash that was stored for it: one of the two was changed")
		if len(leaf) == tlog.HashSize { // which tells whether the others are what was signed
			hash = tlog.Hash(leaf)
		}
	}
	c.stored = c.edge.add(c.stored[:0], hash)
	c.Records++
	c.content(index, line)
	c.holdAgainst()
	return c.stored
}

// gone takes the next record where its body is not there: its hash stands for it. Whether a later record says why is seen at
// the end.
func (c *checker) gone(leaf []byte) (stored []byte) {
	index := c.next()
	if len(leaf) != tlog.HashSize {
		c.problem(index, "neither its body nor its hash is here")
		leaf = make([]byte, tlog.HashSize)
	}
	c.stored = c.edge.add(c.stored[:0], tlog.Hash(leaf))
	c.Records++
	c.missing.add(indexRange{index, index})
	c.holdAgainst()
	return c.stored
}

// holdAgainst holds the checkpoints that the verifier got elsewhere against the tree so far.
func (c *checker) holdAgainst() {
	for _, h := range c.held {
		if h.size == c.edge.size && h.root != c.edge.root() {
			c.problem(-1, "the checkpoint of %d records that you hold has another root: the log was rewritten", h.size)
		}
	}
}

// content checks what a record says of itself and of others.
func (c *checker) content(index int64, line []byte) {
	if !c.wants && c.sketch.read(line) {
		c.says(index, &c.sketch)
		return
	}
	r, err := DecodeRecord(line)
	c.facts = factsOf(&r)
	if err != nil {
		c.problem(index, "it cannot be read")
		return
	}
	if r.Phase == PhaseSystem && r.Admin.Action == actionKeyRotated {
		c.turns = append(c.turns, turn{index: index, key: r.Admin.Subject})
	}
	if r.Phase == PhaseSystem && forgets(r.Admin.Action) {
		c.deletion(index, r.Forgotten)
	}
	s := sketch{id: []byte(r.ID), phase: []byte(r.Phase), time: r.Time.UTC().AppendFormat(nil, timeLayout), clinic: []byte(r.Clinic),
		outcome: []byte(r.Outcome), intent: -1}
	if r.Intent != nil {
		s.intent = *r.Intent
	}
	c.says(index, &s)
}

// says counts a record and holds it against its log and the intents before it.
func (c *checker) says(index int64, s *sketch) {
	if string(s.clinic) != clinicOf(c.Clinic) {
		c.problem(index, "it belongs to another clinic: logs were swapped")
	}
	phase := knownPhase(s.phase)
	c.count(phase, knownOutcome(s.outcome))
	if len(s.time) == len(timeLayout) {
		if c.begun[0] == 0 || string(s.time) < string(c.begun[:]) {
			copy(c.begun[:], s.time)
		}
		if string(s.time) > string(c.last[:]) {
			copy(c.last[:], s.time)
		}
	}
	if phase == PhaseIntent {
		c.intents[index] = string(s.id)
	}
	if s.intent >= 0 && (phase == PhaseOutcome || phase == PhaseUnresolved) {
		c.settle(index, s.intent, s.id)
	}
}

// count counts a record; those like the one before it are added up first, because most are.
func (c *checker) count(phase Phase, outcome Outcome) {
	if c.alike > 0 && (phase != c.phase || outcome != c.outcome) {
		c.Phases[c.phase] += c.alike
		c.Outcomes[c.outcome] += c.alike
		c.alike = 0
	}
	c.phase, c.outcome = phase, outcome
	c.alike++
}

// knownPhase is Phase(b), without memory for those that there are.
func knownPhase(b []byte) Phase {
	for _, p := range [...]Phase{PhaseOutcome, PhaseDenial, PhaseIntent, PhaseAdmin, PhaseSystem, PhaseUnresolved} {
		if string(b) == string(p) {
			return p
		}
	}
	return Phase(b)
}

// knownOutcome is the same for outcomes.
func knownOutcome(b []byte) Outcome {
	for _, o := range [...]Outcome{OutcomeSuccess, OutcomeSerious, OutcomeMinor, OutcomeMajor, ""} {
		if string(b) == string(o) {
			return o
		}
	}
	return Outcome(b)
}

func (c *checker) settle(index, intent int64, id []byte) {
	access, ok := c.intents[intent]
	switch {
	case !ok && c.missing.has(intent): // its body was deleted: nobody can tell any more
	case !ok:
		c.problem(index, "it settles an intent at %d that is not there or already settled", intent)
	case access != string(id):
		c.problem(index, "it settles the intent of another access at %d", intent)
	default:
		delete(c.intents, intent)
	}
}

// checkpoint holds a signed checkpoint, kept as one of size records, against the records so far. Where one does not fit, those
// behind it mostly do not either, for the same reason: that is one problem.
func (c *checker) checkpoint(size int64, signed string) {
	head, err := openCheckpoint(signed, c.keys)
	how, why := fits, ""
	switch {
	case err != nil:
		how, why = unsigned, fmt.Sprintf("the checkpoint after %d records is not signed by this key", c.edge.size)
	case head.origin != c.Origin:
		how, why = foreign, fmt.Sprintf("the checkpoint after %d records belongs to another log", c.edge.size)
	case head.size != size:
		how, why = mislabelled, fmt.Sprintf("the checkpoint after %d records says that it is of %d and signs %d", c.edge.size, size, head.size)
	case head.size > c.edge.size:
		how, why = unlike, fmt.Sprintf("%d records were signed, but only %d are here: records are missing", head.size, c.edge.size)
	case head.size < c.edge.size:
		how, why = unlike, fmt.Sprintf("%d records were signed where %d are: records were added", head.size, c.edge.size)
	case head.root != c.edge.root():
		how, why = unlike, fmt.Sprintf("records %d to %d are not what was signed", c.Signed, c.edge.size-1)
	}
	if how != c.misfit {
		c.settled()
		c.misfit = how
		if how != fits {
			c.problem(-1, "%s", why)
		}
	}
	if how != fits {
		c.misfits++
		return
	}
	c.signers(head)
	c.Checkpoints++
	c.Signed, c.Root = head.size, head.root.String()
}

// settled says how many more checkpoints did not fit than the first of them.
func (c *checker) settled() {
	if c.misfits > 1 {
		c.problem(-1, "so it is with the next %d checkpoints", c.misfits-1)
	}
	c.misfits = 0
}

// signers holds who signed a checkpoint against what the records say of keys: the first one until a record hands over to
// another, the first checkpoint behind that record by both, and then the new one.
func (c *checker) signers(head treeHead) {
	if c.first < 0 {
		c.first = c.keys.find(head.by[0])
	}
	old, inForce := uint32(0), c.keys[c.first].KeyHash()
	for i := range c.turns {
		t := &c.turns[i]
		if t.index >= head.size {
			break
		}
		next, err := parseKeys(t.key)
		if err != nil || c.keys.find(next[0].KeyHash()) < 0 {
			c.problem(t.index, "it hands over to a key that is not on your list: ask for the list of keys, from another hand")
			return
		}
		old, inForce = inForce, next[0].KeyHash()
		if !t.crossed && !slices.Contains(head.by, old) {
			c.problem(t.index, "it hands over to another key, but the checkpoint of %d records was not signed by the one before", head.size)
		}
		t.crossed = true
	}
	if !slices.Contains(head.by, inForce) {
		c.problem(-1, "the checkpoint of %d records was signed by another key than the one in force then", head.size)
	}
	c.Key, c.Keys = c.keys.find(inForce)+1, len(c.keys)
}

// finish says what can be said only at the end.
func (c *checker) finish() *Report {
	for _, h := range c.held {
		if h.size > c.edge.size {
			c.problem(-1, "you hold a checkpoint of %d records, but only %d are here: the log was cut or an old copy put back", h.size, c.edge.size)
		}
	}
	none := c.misfit == fits && !c.cut // nor is it said why
	c.settled()
	if c.Records > 0 && c.Checkpoints == 0 && none {
		c.problem(-1, "no checkpoint of this key covers any of the %d records", c.Records)
	}
	c.account()
	if c.alike > 0 {
		c.Phases[c.phase] += c.alike
		c.Outcomes[c.outcome] += c.alike
	}
	c.First, _ = time.Parse(timeLayout, string(c.begun[:])) // none where there is no record
	c.Last, _ = time.Parse(timeLayout, string(c.last[:]))
	c.Open = slices.Sorted(maps.Keys(c.intents))
	return &c.Report
}
