package replay

import (
	"context"
	"sync"

	"vestibule/fhir"
)

// EMR is what is asked for resources as they are today.
type EMR interface {
	Read(ctx context.Context, ref fhir.Ref) (fhir.Resource, error)
}

// The reasons for which a resource is not judged.
const (
	whyOffline = "the EMR was not asked"
	whyGone    = "the resource is not in the EMR any more"
	whyFailed  = "the EMR did not answer"
	whyCapped  = "there are more resources than are read"
)

// Resources are what was read of an EMR, each resource once.
type Resources struct {
	emr    EMR
	most   int
	known  map[string]state // by Type/id
	bytes  int              // of what is held
	failed int              // in a row
	Read   int              // how many were asked for
	Gone   int
	Failed int
}

// state is what is known of a resource.
type state struct {
	resource fhir.Resource
	why      string // why there is none
}

// NewResources asks emr for no more than most resources; nil is nobody to ask.
func NewResources(emr EMR, most int) *Resources {
	return &Resources{emr: emr, most: most, known: map[string]state{}}
}

// mostBytes bounds what is held of an EMR: documents can be large.
const mostBytes = 512 << 20

// readers is how many resources are asked for at a time, and patience after how many failures in a row nothing more is.
const readers, patience = 8, 16

// Get is the resource as it is today; why says why there is none.
func (s *Resources) Get(ref fhir.Ref) (r fhir.Resource, why string) {
	found, ok := s.known[key(ref)]
	switch {
	case ok:
		return found.resource, found.why
	case s.emr == nil:
		return fhir.Resource{}, whyOffline
	case s.failed >= patience:
		return fhir.Resource{}, whyFailed
	}
	return fhir.Resource{}, whyCapped
}

func key(ref fhir.Ref) string { return ref.Type + "/" + ref.ID }

// Fetch asks for those of refs that are not known, until ctx ends.
func (s *Resources) Fetch(ctx context.Context, refs []fhir.Ref) {
	if s.emr == nil {
		return
	}
	wanted := s.unknown(refs)
	for len(wanted) > 0 && s.failed < patience && s.bytes <= mostBytes && ctx.Err() == nil {
		n := min(len(wanted), readers)
		s.fetch(ctx, wanted[:n])
		wanted = wanted[n:]
	}
}

// unknown are the refs not asked for yet, each once, as many as may be.
func (s *Resources) unknown(refs []fhir.Ref) []fhir.Ref {
	var out []fhir.Ref
	asked := map[string]bool{}
	for _, ref := range refs {
		k := key(ref)
		if _, ok := s.known[k]; ok || asked[k] || s.Read+len(out) >= s.most || s.bytes > mostBytes {
			continue
		}
		asked[k] = true
		out = append(out, fhir.Ref{Type: ref.Type, ID: ref.ID})
	}
	return out
}

// fetch asks for all of refs at a time.
func (s *Resources) fetch(ctx context.Context, refs []fhir.Ref) {
	found := make([]state, len(refs))
	var wg sync.WaitGroup
	for i, ref := range refs {
		wg.Go(func() {
			r, err := s.emr.Read(ctx, ref)
			switch {
			case err == nil && r.Type() == ref.Type && r.ID() == ref.ID:
				found[i].resource = r
			case err == nil || fhir.KindOf(err) == fhir.KindNotFound:
				found[i].why = whyGone
			default:
				found[i].why = whyFailed
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return
	}
	for i, f := range found {
		s.known[key(refs[i])] = f
		s.bytes += len(f.resource.Bytes())
		s.Read++
		switch f.why {
		case whyGone:
			s.Gone++
			s.failed = 0
		case whyFailed:
			s.Failed++
			s.failed++
		default:
			s.failed = 0
		}
	}
}
