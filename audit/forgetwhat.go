package audit

import (
	"maps"
	"slices"
	"time"

	"vestibule/fhir"
)

// Class is a sort of record that a clinic keeps for a time of its own.
type Class string

// The classes.
const (
	ClassAccess         Class = "accesses"       // to patients' data: what was permitted, and what failed
	ClassRefusal        Class = "refusals"       // of policy, of identity, of what cannot be understood
	ClassLook           Class = "looks"          // into the trail itself: searches, exports, proofs, reports
	ClassAdministration Class = "administration" // grants, directives and other documents, by whom
	ClassSystem         Class = "system"         // what the gateway says of itself: starts, stops, limits
)

// Classes are all there are.
func Classes() []Class {
	return []Class{ClassAccess, ClassRefusal, ClassLook, ClassAdministration, ClassSystem}
}

// classOf is the class of a record.
func classOf(r *Record) Class {
	look := r.eventType() == typeAuditLog
	switch {
	case r.Phase == PhaseDenial:
		return ClassRefusal
	case look:
		return ClassLook
	case r.Phase == PhaseAdmin:
		return ClassAdministration
	case r.Phase == PhaseSystem:
		return ClassSystem
	}
	return ClassAccess
}

// Forgetting says which bodies of a clinic's log are to be deleted, and what is to be on record about it.
type Forgetting struct {
	Clinic string
	Action string              // ActionRetention or ActionErasure
	Older  map[Class]time.Time // for a retention: before when records of each class are old; a class without a time is kept
	Naming string              // for an erasure: "Patient/1"
	Holds  []Hold              // what they cover is kept
	Why    string              // for the record: the rule, or the reason; it must not name the patient
	By     string              // for the record
	NewID  func() string       // makes the ids of the records
	Told   func(Forgotten)     // is told after each step how far it is; nil: nobody is
}

// Hold keeps what it covers from being deleted: records that meet all of its criteria, every record where it has none.
type Hold struct {
	Name    string
	Patient string    // "Patient/1"; empty: any
	Person  string    // "iss|sub" of who asked; empty: anybody
	From    time.Time // of the record; zero: any
	Until   time.Time // of the record, before; zero: any
}

// Forgotten is what was deleted, or would be.
type Forgotten struct {
	Size    int64            // records in the log
	Looked  int64            // how many of them have been looked at
	Bodies  int64            // deleted
	Classes map[Class]int64  // deleted, by class
	Held    map[string]int64 // kept, by the hold that keeps them; by the first where several do
	Open    []int64          // intents that would go but have no outcome yet
}

// HeldBodies is how many bodies holds keep.
func (f *Forgotten) HeldBodies() (n int64) {
	for _, held := range f.Held {
		n += held
	}
	return n
}

// check refuses what cannot be put on record.
func (f *Forgetting) check() error {
	const op = "audit.Forget"
	switch {
	case f.Why == "" || f.NewID == nil || !forgets(f.Action):
		return fhir.E(op, fhir.KindInternal, "record-incomplete", "Say what is to be deleted, and why.")
	case (f.Action == ActionErasure) != (f.Naming != ""):
		return fhir.E(op, fhir.KindInternal, "record-incomplete", "An erasure names a patient, and nothing else does.")
	case f.Naming != "" && (saysID(f.Why, f.Naming) || saysID(f.By, f.Naming)):
		return fhir.E(op, fhir.KindInvalid, "names-the-patient", "The reason goes on record for good, so it must not name the patient, nor hold their id.")
	}
	return nil
}

// chooser decides about bodies.
type chooser struct {
	older  map[Class]time.Time
	newest time.Time // of older: no record since can be old
	namer  *patientNamer
	holds  []heldBy
}

type heldBy struct {
	Hold
	namer *patientNamer
}

func (f *Forgetting) chooser() (*chooser, error) {
	c := &chooser{older: f.Older}
	for _, t := range f.Older {
		if t.After(c.newest) {
			c.newest = t
		}
	}
	if f.Naming != "" {
		n, err := namerOf(f.Naming)
		if err != nil {
			return nil, err
		}
		c.namer = &n
	}
	for _, h := range f.Holds {
		by := heldBy{Hold: h}
		if h.Patient != "" {
			n, err := namerOf(h.Patient)
			if err != nil {
				return nil, err
			}
			by.namer = &n
		}
		c.holds = append(c.holds, by)
	}
	return c, nil
}

// wants reports whether a record is one that should go, holds and intents aside. A record that lasts, or cannot be read, stays:
// the first is needed to verify the log, the second is for whoever verifies it to see.
func (c *chooser) wants(line []byte) (r Record, ok bool) {
	if c.namer != nil && !c.namer.inRecord(line) {
		return Record{}, false
	}
	r, err := DecodeRecord(line)
	if err != nil || lasting(r.Admin.Action) && r.Phase == PhaseSystem {
		return Record{}, false
	}
	if c.namer != nil {
		return r, true
	}
	before, limited := c.older[classOf(&r)]
	return r, limited && ends(&r).Before(before)
}

// ends is when the last of what a record tells happened.
func ends(r *Record) time.Time {
	if r.Until.After(r.Time) {
		return r.Until
	}
	return r.Time
}

// heldBy is the name of a hold that covers a record.
func (c *chooser) heldBy(r *Record, line []byte) (name string, held bool) {
	for i := range c.holds {
		h := &c.holds[i]
		switch {
		case h.namer != nil && !h.namer.inRecord(line),
			h.Person != "" && r.Agent.Key() != h.Person,
			!h.From.IsZero() && ends(r).Before(h.From),
			!h.Until.IsZero() && !r.Time.Before(h.Until):
			continue
		}
		return h.Name, true
	}
	return "", false
}

// add counts b to f.
func (f *Forgotten) add(b *Forgotten) {
	f.Bodies += b.Bodies
	for class, n := range b.Classes {
		f.Classes[class] += n
	}
}

// clone is f as it is now.
func (f *Forgotten) clone() Forgotten {
	out := *f
	out.Classes, out.Held, out.Open = maps.Clone(f.Classes), maps.Clone(f.Held), slices.Clone(f.Open)
	return out
}
