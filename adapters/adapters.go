package adapters

import (
	"context"

	"vestibule/fhir"
)

// EMR is one clinic's medical record system, as the gateway uses it. The package comment is its contract.
type EMR interface {
	// Capability is what this EMR can do. It may ask the EMR, and remembers the answer.
	Capability(ctx context.Context) (Capability, error)
	// Read returns the current version of the resource that ref names; ref.Version is ignored.
	Read(ctx context.Context, ref fhir.Ref) (fhir.Resource, error)
	// Search returns one page of what matches q. An empty cursor asks for the first page; any other is the Next of the page
	// before, and goes with the same q.
	Search(ctx context.Context, q fhir.Query, cursor string) (Page, error)
	// Write carries out one create or update and returns what stands in the EMR afterwards.
	Write(ctx context.Context, c fhir.Change) (fhir.Resource, error)
}

// Named is an EMR that knows what it is. Product is its name and version as it gives them, out of what is known already:
// nothing is asked for it, and it is empty until something is known.
type Named interface {
	Product() string
}

// Page is one page of a search. The zero Page is the last page, and empty.
type Page struct {
	Resources []fhir.Resource // of the searched type, in the EMR's order; perhaps fewer than were asked for
	Next      string          // cursor for the next page; empty on the last
}

// Trace names the gateway's own request, so that an EMR's log can be laid beside the gateway's. It holds no patient data.
type Trace struct {
	RequestID   string // sent as X-Request-Id; the EMR adapter drops what is not a plain token
	Traceparent string // sent as traceparent (https://www.w3.org/TR/trace-context/)
}

// traceKey is the key of the one value that adapters read from a context.
type traceKey struct{}

// WithTrace returns a context that carries t to the EMR.
func WithTrace(ctx context.Context, t Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// TraceFrom is the Trace that ctx carries; the zero Trace where it carries none.
func TraceFrom(ctx context.Context) Trace {
	t, _ := ctx.Value(traceKey{}).(Trace)
	return t
}

// OperationSystem is the system of the identifier by which a created resource names the write that created it: a retry and
// the settling of an unknown outcome find it by that (hazard H30).
const OperationSystem = "urn:vestibule:operation"
