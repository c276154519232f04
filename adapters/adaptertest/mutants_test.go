package adaptertest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/fhir"
)

// mutant is a good adapter with one of its methods broken; a nil method is the good one's.
type mutant struct {
	adapters.EMR
	capability func(adapters.Type) adapters.Type
	read       func(context.Context, fhir.Ref) (fhir.Resource, error)
	search     func(context.Context, fhir.Query, string) (adapters.Page, error)
	write      func(context.Context, fhir.Change) (fhir.Resource, error)
}

func (m mutant) Capability(ctx context.Context) (adapters.Capability, error) {
	c, err := m.EMR.Capability(ctx)
	if m.capability == nil || err != nil {
		return c, err
	}
	var rows []adapters.Type
	for _, typ := range c.Types() {
		rows = append(rows, m.capability(c.Type(typ)))
	}
	return adapters.NewCapability(rows...), nil
}

func (m mutant) Read(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
	if m.read == nil {
		return m.EMR.Read(ctx, ref)
	}
	return m.read(ctx, ref)
}

func (m mutant) Search(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
	if m.search == nil {
		return m.EMR.Search(ctx, q, cursor)
	}
	return m.search(ctx, q, cursor)
}

func (m mutant) Write(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
	if m.write == nil {
		return m.EMR.Write(ctx, c)
	}
	return m.write(ctx, c)
}

// failing changes every error.
func failing(a adapters.EMR, change func(error) error) mutant {
	m := mutant{EMR: a}
	m.read = func(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
		r, err := a.Read(ctx, ref)
		return r, changed(err, change)
	}
	m.search = func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
		p, err := a.Search(ctx, q, cursor)
		return p, changed(err, change)
	}
	m.write = func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
		r, err := a.Write(ctx, c)
		return r, changed(err, change)
	}
	return m
}

func changed(err error, change func(error) error) error {
	if err == nil {
		return nil
	}
	return change(err)
}

// reading changes every resource that comes out, as text.
func reading(a adapters.EMR, change func(string) string) mutant {
	m := mutant{EMR: a}
	m.read = func(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
		r, err := a.Read(ctx, ref)
		return edited(r, change), err
	}
	m.search = func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
		p, err := a.Search(ctx, q, cursor)
		for i, r := range p.Resources {
			p.Resources[i] = edited(r, change)
		}
		return p, err
	}
	m.write = func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
		r, err := a.Write(ctx, c)
		return edited(r, change), err
	}
	return m
}

// writing changes every resource that goes in, as text.
func writing(a adapters.EMR, change func(string) string) mutant {
	return mutant{EMR: a, write: func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
		c.Resource = edited(c.Resource, change)
		return a.Write(ctx, c)
	}}
}

// edited is r as text, changed, and read again; r where that is no resource any more.
func edited(r fhir.Resource, change func(string) string) fhir.Resource {
	if r.IsZero() {
		return r
	}
	out, err := fhir.ParseResource([]byte(change(string(r.Bytes()))), fhir.Limits{})
	if err != nil {
		return r
	}
	return out
}

// paging changes every page.
func paging(a adapters.EMR, change func(q fhir.Query, cursor string, p adapters.Page) adapters.Page) mutant {
	return mutant{EMR: a, search: func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
		p, err := a.Search(ctx, q, cursor)
		if err != nil {
			return p, err
		}
		return change(q, cursor, p), nil
	}}
}

// asking changes what is searched for.
func asking(a adapters.EMR, change func(fhir.Query) fhir.Query) mutant {
	return mutant{EMR: a, search: func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
		return a.Search(ctx, change(q), cursor)
	}}
}

// without is q without its criteria by that parameter.
func without(q fhir.Query, param string) fhir.Query {
	kept := slices.DeleteFunc(slices.Clone(q.Clauses()), func(c fhir.Clause) bool { return c.Param().Name == param })
	return fhir.NewQuery(q.Type(), kept...).WithCount(max(q.Count(), 1))
}

// inUTC is q with its days read in UTC.
func inUTC(q fhir.Query) fhir.Query {
	var clauses []fhir.Clause
	for _, c := range q.Clauses() {
		if utc, err := fhir.ParseClause(q.Type(), c.Key(), c.Value(), time.UTC); err == nil {
			c = utc
		}
		clauses = append(clauses, c)
	}
	return fhir.NewQuery(q.Type(), clauses...).WithCount(max(q.Count(), 50))
}

// memory is an adapter that remembers what it read for good.
func memory(a adapters.EMR) mutant {
	var known sync.Map
	return mutant{EMR: a, read: func(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
		key := ref.Type + "/" + ref.ID
		if r, ok := known.Load(key); ok {
			return r.(fhir.Resource), nil
		}
		r, err := a.Read(ctx, ref)
		if err == nil {
			known.Store(key, r)
		}
		return r, err
	}}
}

// offsets is an adapter that cuts pages out of the whole result by counting.
func offsets(a adapters.EMR) mutant {
	return mutant{EMR: a,
		capability: func(t adapters.Type) adapters.Type { t.StablePages = true; return t },
		search: func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
			p, err := a.Search(ctx, q.WithCount(1000), "")
			from := len(cursor)
			if err != nil || from >= len(p.Resources) {
				return adapters.Page{}, err
			}
			to := min(from+max(q.Count(), 1), len(p.Resources))
			next := adapters.Page{Resources: p.Resources[from:to]}
			if to < len(p.Resources) {
				next.Next = strings.Repeat("x", to)
			}
			return next, nil
		}}
}

// lured follows a cursor that is an address.
func lured(a adapters.EMR) mutant {
	return mutant{EMR: a, search: func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
		if strings.HasPrefix(cursor, "http://") {
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, cursor, nil)
			req.Close = true
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		}
		return a.Search(ctx, q, cursor)
	}}
}

// overwriting takes whatever version is current for the one that an update replaces, until it has its way.
func overwriting(a adapters.EMR) mutant {
	return mutant{EMR: a, write: func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
		for {
			r, err := a.Write(ctx, c)
			if fhir.KindOf(err) != fhir.KindStale {
				return r, err
			}
			now, err := a.Read(ctx, c.Base)
			if err != nil {
				return fhir.Resource{}, err
			}
			c.Base = now.Ref()
		}
	}}
}

// twice writes once more under another operation.
func twice(a adapters.EMR) mutant {
	return mutant{EMR: a, write: func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
		r, err := a.Write(ctx, c)
		if c.Operation += "-2"; err == nil && c.Kind == fhir.InteractionCreate {
			_, err = a.Write(ctx, c)
		}
		return r, err
	}}
}

// forgetful gives every write a new operation.
func forgetful(a adapters.EMR) mutant {
	n := 0
	var mu sync.Mutex
	return mutant{EMR: a, write: func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
		mu.Lock()
		n++
		c.Operation = fmt.Sprintf("op-%p-%d", &n, n)
		mu.Unlock()
		return a.Write(ctx, c)
	}}
}

// talkative logs what it reads.
func talkative(a adapters.EMR, log *slog.Logger) mutant {
	return mutant{EMR: a, read: func(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
		r, err := a.Read(ctx, ref)
		log.DebugContext(ctx, "read", "resource", string(r.Bytes()))
		return r, err
	}}
}

// deaf does not hear that its caller leaves.
func deaf(a adapters.EMR) mutant {
	return mutant{EMR: a, read: func(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
		return a.Read(context.WithoutCancel(ctx), ref)
	}}
}

// leaving leaves something running until the channel is closed.
func leaving(a adapters.EMR, until chan struct{}) mutant {
	return mutant{EMR: a, read: func(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
		go func() { <-until }()
		return a.Read(ctx, ref)
	}}
}

// empty takes an answer that cannot be used for an empty one (hazard H25).
func empty(a adapters.EMR) mutant {
	return mutant{EMR: a, search: func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
		p, err := a.Search(ctx, q, cursor)
		if err != nil && fhir.AsError(err).Code == "emr-answer-not-fhir" {
			return adapters.Page{}, nil
		}
		return p, err
	}}
}

// changeError is a copy of err with something else about it.
func changeError(change func(*fhir.Error)) func(error) error {
	return func(err error) error {
		e := *fhir.AsError(err)
		change(&e)
		return &e
	}
}

var _ adaptertest.T = (*recorder)(nil)
