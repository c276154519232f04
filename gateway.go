package vestibule

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"vestibule/adapters"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// Clinic is one clinic as the gateway serves it: who may do what, and where its EMR is.
type Clinic struct {
	Name     string // dns-label, as in /fhir/{name}
	Title    string
	Zone     *time.Location
	Policy   *policy.Set
	EMR      adapters.EMR
	Auditors map[string]bool // policy.Caller.ID() of the people who may read the trail

	// For the record only.
	System audit.System        // how EMR is reached; what it is, it says itself where it is an adapters.Named
	Rules  string              // names the documents in force, of which Policy was made
	Teams  map[string][]string // "platform/team", by policy.Caller.ID()
}

// system is the clinic's EMR as a record names it.
func (c *Clinic) system() audit.System {
	s := c.System
	if named, ok := c.EMR.(adapters.Named); ok && s.Product == "" {
		s.Product = named.Product()
	}
	return s
}

// Options are what a Gateway needs.
type Options struct {
	Ledger  *audit.Ledger
	Secret  []byte           // at least 32 bytes, the same after a restart: seals cursors and derives operation ids
	Now     func() time.Time // nil: time.Now
	Limits  fhir.Limits      // of a caller's body; zero: 1 MiB, 64 levels
	Version string           // of the program, for the CapabilityStatement
}

// Gateway carries out accesses. It is safe for concurrent use; SetClinics may be called at any time.
type Gateway struct {
	ledger  *audit.Ledger
	seal    sealer
	now     func() time.Time
	limits  fhir.Limits
	version string
	tally   *tally
	floods  *floods
	looks   *looks
	writing sync.Map // of the ids of accesses between their intent and its outcome
	clinics atomic.Pointer[map[string]*Clinic]
}

// New makes a gateway without clinics.
func New(o Options) (*Gateway, error) {
	seal, err := newSealer(o.Secret)
	if err != nil {
		return nil, err
	}
	g := &Gateway{ledger: o.Ledger, seal: seal, now: o.Now, limits: o.Limits, version: o.Version, tally: newTally(), floods: newFloods(), looks: newLooks()}
	if g.now == nil {
		g.now = time.Now
	}
	if g.limits.Bytes == 0 {
		g.limits = fhir.Limits{Bytes: 1 << 20, Nodes: 100_000}
	}
	g.clinics.Store(&map[string]*Clinic{})
	return g, nil
}

// SetClinics replaces the clinics. Accesses under way at a clinic that has another Policy than before are decided again
// before anything leaves or is written; those at a clinic whose Policy stayed go on.
func (g *Gateway) SetClinics(clinics ...*Clinic) {
	m := make(map[string]*Clinic, len(clinics))
	for _, c := range clinics {
		m[c.Name] = c
	}
	g.clinics.Store(&m)
}

// Clinic is the clinic of that name, nil when there is none.
func (g *Gateway) Clinic(name string) *Clinic { return (*g.clinics.Load())[name] }

// Clinics are the clinics served now, by name.
func (g *Gateway) Clinics() []*Clinic {
	return slices.SortedFunc(maps.Values(*g.clinics.Load()), func(a, b *Clinic) int { return cmp.Compare(a.Name, b.Name) })
}

// Zone is the clinic's time zone, UTC for an unknown clinic: what dates without an offset in its URLs mean.
func (g *Gateway) Zone(clinic string) *time.Location {
	if c := g.Clinic(clinic); c != nil && c.Zone != nil {
		return c.Zone
	}
	return time.UTC
}

// Ready reports whether the ledger can write, which everything waits for.
func (g *Gateway) Ready(ctx context.Context) error { return g.ledger.Ping(ctx) }

// Claim is who a refused token said it was from: recorded, never believed.
type Claim struct {
	Issuer   string
	Subject  string
	ClientID string
}

// Request is one access as it was asked for.
type Request struct {
	Clinic      string
	Base        string        // absolute URL that links in the answer begin with: the clinic's FHIR base, or its trail
	Caller      policy.Caller // the zero Caller when the token was refused or missing
	Claim       Claim         // what a refused token said
	Address     string        // network address of whoever asks, for the record of a refused token
	Interaction fhir.Interaction
	Refused     error                   // why the request could not be understood or its caller not be identified; recorded and answered
	Body        []byte                  // create and update
	IfMatch     string                  // the version an update replaces, without W/ and quotes
	Key         string                  // Idempotency-Key
	Form        func(media string) Form // of a Binary: as what its bytes, of that media type, are wanted; nil: FormResource
	Route       string                  // method and template of the address, without a value
	Raw         string                  // path below the clinic, query and form as sent: recorded of a search, and where the request is refused
	Software    string                  // the client's User-Agent
	RequestID   string                  // X-Request-Id, accepted or created at the door
	Traceparent string                  // W3C trace context
}

// GatewayLog is the clinic name of the ledger's log for what belongs to no clinic: requests for clinics that do not exist,
// start and stop, what the operator changed.
const GatewayLog = "_gateway"

// Do carries out one access: the only way to a clinic's data. It always returns an Answer; where that answer is an error,
// it holds no patient data.
func (g *Gateway) Do(ctx context.Context, req Request) Answer {
	a := g.begin(req)
	defer a.recordPanic(ctx)
	if a.clinic == nil {
		return a.deny(ctx, fhir.E("vestibule.Do", fhir.KindNotFound, "unknown-clinic",
			"There is no clinic of this name here, or it is not served at the moment. Check the name in the address."))
	}
	if req.Refused != nil {
		return a.deny(ctx, fhir.AsError(req.Refused))
	}
	if req.Interaction.Kind == fhir.InteractionCapabilities {
		return a.capabilities(ctx)
	}
	a.decide(req.Interaction)
	if !a.decision.Permitted() {
		return a.deny(ctx, a.decision.Err())
	}
	if err := a.within(ctx, taking{requests: 1}); err != nil {
		return a.stopped(ctx, err)
	}
	ctx = adapters.WithTrace(ctx, adapters.Trace{RequestID: req.RequestID, Traceparent: req.Traceparent})
	switch req.Interaction.Kind {
	case fhir.InteractionRead:
		if a.asked.Opens {
			return a.open(ctx)
		}
		return a.read(ctx)
	case fhir.InteractionSearch:
		return a.search(ctx)
	case fhir.InteractionCreate:
		return a.create(ctx)
	case fhir.InteractionUpdate:
		return a.update(ctx)
	}
	return a.deny(ctx, fhir.E("vestibule.Do", fhir.KindMethodNotAllowed, "interaction-not-supported",
		"This gateway does not carry out this interaction."))
}

// recordPanic puts an access on record that ends in a defect, an adapter's or our own, before whoever serves it answers the
// panic (hazard H23). Of a write whose intent is on record nobody knows what became of it: that is left to Settle.
func (a *access) recordPanic(ctx context.Context) {
	p := recover()
	if p == nil {
		return
	}
	if a.record.Intent == nil {
		a.fail(ctx, fhir.AsError(nil))
	}
	panic(p)
}

// access is one access on its way: what was asked, what was decided, and the record that grows with it.
type access struct {
	g        *Gateway
	req      Request
	clinic   *Clinic
	start    time.Time
	id       string // UUIDv7: the decision's id, and the id of every record of this access
	decision policy.Decision
	decided  bool             // whether decision is more than the zero Decision, which denies
	asked    fhir.Interaction // what decision is about: of a page link, the search it stands for
	renewed  bool             // whether it was decided again
	keptBack []policy.Reason  // why a search kept back what it did
	record   audit.Record
}

func (a *access) decide(q fhir.Interaction) {
	a.asked = q
	a.decision, a.decided = a.clinic.Policy.Decide(policy.Request{Caller: a.req.Caller, Clinic: a.clinic.Name, Interaction: q, Now: a.start}), true
}

func (g *Gateway) begin(req Request) *access {
	a := &access{g: g, req: req, clinic: g.Clinic(req.Clinic), start: g.now()}
	a.id = NewID()
	a.record = a.newRecord()
	return a
}

// NewID is a new id for an access, its decision and its records: a UUIDv7 (RFC 9562 section 5.7).
func NewID() string {
	id, err := uuid.NewV7()
	if err != nil { // crypto/rand does not fail
		panic(err)
	}
	return id.String()
}
