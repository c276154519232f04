package vestibule

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// Refusals that cost the sender nothing must not fill the ledger's disk: of many that are alike within a minute, the first
// ones are recorded one by one and the others by one record that counts them. It is durable when the minute is over; a gateway
// that is killed forgets the count of the minute it was in, never the first of a kind. What an EMR was asked for, and whatever
// released something, is always a record of its own.
const (
	floodSpan       = time.Minute
	apartOfNobody   = 10  // of one kind without a valid caller, recorded one by one
	apartOfAnybody  = 100 // of all kinds without a valid caller; beyond it the first of each kind only
	apartOfSomebody = 60  // of one kind by one caller
	mostKinds       = 100 // without a valid caller; beyond it all networks count as one
)

// refusal is what refusals have in common that are counted together. Nothing in it is what somebody without a valid token
// chose, but for their network.
type refusal struct {
	clinic, network     string
	person, client      string // of a valid caller
	interaction, typ    string // of a valid caller's request
	reason, moreReasons string
}

// flood is one kind of refusal in the minute since the first of it.
type flood struct {
	since  time.Time
	apart  int          // recorded one by one
	first  audit.Record // the counted record so far: Repeats is 0 while all were recorded one by one
	like   string       // id of the record that answers refer to
	proved audit.Receipt
}

// floods are the refusals of the last minute, by kind.
type floods struct {
	mu     sync.Mutex
	kinds  map[refusal]*flood
	nobody int // kinds without a valid caller
	apart  int // of them, recorded one by one
}

func newFloods() *floods { return &floods{kinds: map[refusal]*flood{}} }

// alike is the kind of refusal that r is; ok is false where it has to be a record of its own.
func (a *access) alike(r *audit.Record, err *fhir.Error) (kind refusal, ok bool) {
	asked := a.decided && a.decision.Permitted() && err.Kind != fhir.KindThrottled
	if r.Phase != audit.PhaseDenial || asked || r.Upstream != "" || r.Withheld > 0 || r.Intent != nil || len(r.Released) > 0 {
		return refusal{}, false
	}
	kind = refusal{clinic: r.Clinic, reason: r.Reasons[0], network: networkOf(r.Agent.Address)}
	if !a.req.Caller.ValidAt(a.start) {
		return kind, true
	}
	kind.person, kind.client, kind.interaction = a.req.Caller.ID(), a.req.Caller.ClientID, r.Interaction
	kind.moreReasons = plainText(joined(r.Reasons[1:]), maxRule)
	if fhir.IsType(r.Type) {
		kind.typ = r.Type
	}
	return kind, true
}

func joined(list []string) (out string) {
	for _, s := range list {
		out += s + " "
	}
	return out
}

// networkOf is the network that an address counts as: 256 neighbours, or one site of IPv6 (RFC 6177).
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// count takes in one more refusal of a kind: counted, where the answer refers to the record of an earlier one; or to be
// recorded on its own.
func (y *floods) count(kind refusal, r *audit.Record, now time.Time) (like string, proved audit.Receipt, counted bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	f := y.kinds[kind]
	if f == nil && kind.person == "" && y.nobody >= mostKinds {
		kind.network = ""
		f = y.kinds[kind]
	}
	if f == nil {
		f = &flood{since: now}
		y.kinds[kind] = f
		if kind.person == "" {
			y.nobody++
		}
	}
	if f.like == "" || f.apart < apartOfSomebody && kind.person != "" || f.apart < apartOfNobody && kind.person == "" && y.apart < apartOfAnybody {
		f.apart++
		if kind.person == "" {
			y.apart++
		}
		return "", audit.Receipt{}, false
	}
	if f.first.Repeats == 0 {
		f.first = countedOf(r, kind)
	}
	f.first.Repeats++
	f.first.Until = now
	return f.like, f.proved, true
}

// recorded says that a refusal of a kind is on record, so that others may refer to it.
func (y *floods) recorded(kind refusal, id string, receipt audit.Receipt) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, k := range []refusal{kind, {clinic: kind.clinic, reason: kind.reason}} {
		if f := y.kinds[k]; f != nil && f.like == "" {
			f.like, f.proved = id, receipt
		}
	}
}

// countedOf is the record that stands for many like r: without what differs from one to the next.
func countedOf(r *audit.Record, kind refusal) audit.Record {
	c := *r
	c.ID, c.Raw, c.Resource, c.Query, c.RequestID, c.Traceparent = NewID(), "", "", "", "", ""
	c.Agent.TokenID, c.Agent.Address = "", kind.network
	if kind.person == "" {
		c.Agent = audit.Agent{Role: audit.RoleUnverified, Address: kind.network}
		c.Interaction, c.Type, c.Route, c.Purposes, c.Scopes = "", "", "", nil, nil
	}
	return c
}

// due takes out what is to be recorded: the counts of minutes that are over, or with all every count.
func (y *floods) due(now time.Time, all bool) []audit.Record {
	y.mu.Lock()
	defer y.mu.Unlock()
	var out []audit.Record
	for kind, f := range y.kinds {
		if !all && now.Sub(f.since) < floodSpan {
			continue
		}
		if f.first.Repeats > 0 {
			out = append(out, f.first)
		}
		delete(y.kinds, kind)
		if kind.person == "" {
			y.nobody--
			y.apart -= f.apart
		}
	}
	return out
}

// putBack takes in again what could not be recorded.
func (y *floods) putBack(records []audit.Record) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, r := range records {
		kind := refusal{clinic: r.Clinic, network: r.Agent.Address, reason: r.ID} // a kind of its own, until it is due again
		y.kinds[kind] = &flood{since: r.Time, first: r, like: r.ID}
		y.nobody++
	}
}

// RecordCounted puts on record the refusals that were counted in minutes that are over; with all, those of the current one,
// too: before a stop. Whoever serves calls it several times a minute.
func (g *Gateway) RecordCounted(ctx context.Context, all bool) error {
	due := g.floods.due(g.now(), all)
	for i, r := range due {
		if _, err := g.ledger.Append(ctx, r); err != nil {
			g.floods.putBack(due[i:])
			return err
		}
	}
	return nil
}

// refuse records what was refused, or counts it, and answers it.
func (a *access) refuse(ctx context.Context, r audit.Record, err *fhir.Error, reasons []policy.Reason) Answer {
	r.Status = err.Kind.Status()
	r.Reasons = a.why([]string{err.Reason()}, reasons...)
	r.Grants = a.decision.Grants()
	r.Rules = a.rules(reasons)
	r.Raw = a.asSent()
	kind, alike := a.alike(&r, err)
	if alike {
		if lost := a.g.RecordCounted(context.WithoutCancel(ctx), false); lost != nil {
			return Answer{decision: a.id, err: fhir.AsError(lost)}
		}
		if like, receipt, counted := a.g.floods.count(kind, &r, a.start); counted {
			return Answer{decision: like, err: err, receipt: receipt}
		}
	}
	receipt, lost := a.write(ctx, r)
	if lost != nil {
		return Answer{decision: a.id, err: fhir.AsError(lost)}
	}
	if alike {
		a.g.floods.recorded(kind, a.id, receipt)
	}
	return Answer{decision: a.id, err: err, receipt: receipt}
}
