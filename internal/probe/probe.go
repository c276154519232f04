package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// Probe is one question to a server.
type Probe struct {
	Name   string // stable
	Hazard string // H1 to H13, as in Hazards
	Shows  string // one sentence: what a leak would mean

	try  func(*trial)
	none string // why there was nothing to try it on, where it notes nothing; empty: nothingVisible
	late bool   // it looks at the answers of all others, and is run after them
}

// Verdict is what came of a probe.
type Verdict string

// The verdicts.
const (
	OK            Verdict = "ok"
	Leak          Verdict = "leak"
	Warning       Verdict = "warning"
	NotApplicable Verdict = "not applicable"
)

// weight puts verdicts in order: the heaviest of a probe's findings is its verdict.
func (v Verdict) weight() int {
	return slices.Index([]Verdict{NotApplicable, OK, Warning, Leak}, v)
}

// Result is a probe with its verdict. Its texts hold nothing that came out of data.
type Result struct {
	Probe    string     `json:"probe"`
	Hazard   string     `json:"hazard"`
	Shows    string     `json:"shows"`
	Verdict  Verdict    `json:"verdict"`
	Says     string     `json:"says"`
	Evidence []Exchange `json:"evidence,omitempty"` // of a leak or a warning
}

// Exchange is one request and its answer, with {} for values from data.
type Exchange struct {
	Method string `json:"method"`
	URL    string `json:"url"` // below the base
	Send   string `json:"send,omitempty"`
	Status int    `json:"status"`
	Got    string `json:"got"`
}

// Report is what a run found.
type Report struct {
	Base        string        `json:"base"`
	Started     time.Time     `json:"started"`
	Took        time.Duration `json:"tookNanoseconds"`
	Requests    int           `json:"requests"`
	Sees        []string      `json:"sees"`        // what the token sees in plain requests, a line for each type
	Interrupted bool          `json:"interrupted"` // it was stopped; Results hold what was found so far
	Results     []Result      `json:"results"`
}

// Count is how many results have a verdict.
func (r Report) Count(v Verdict) int {
	n := 0
	for _, x := range r.Results {
		if x.Verdict == v {
			n++
		}
	}
	return n
}

// Options say whom to ask and how.
type Options struct {
	Base      string            // of the FHIR server
	Token     string            // the caller's bearer token; sent to the base's origin only
	Known     Known             // may be zero
	Writes    bool              // also try writes on Known.Scratch
	Only      []string          // names of probes to run; empty: all
	Transport http.RoundTripper // nil: http.DefaultTransport
	Timeout   time.Duration     // of one request; 0: 15 s
	Rate      float64           // requests in a second; 0: 20
	Samples   int               // of each side in the probe of timing; 0: 60
	Now       func() time.Time  // nil: time.Now
	Progress  func(done, all int, name string)
}

func (o Options) withDefaults() Options {
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Rate == 0 {
		o.Rate = 20
	}
	if o.Samples == 0 {
		o.Samples = 60
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(int, int, string) {}
	}
	return o
}

// All lists every probe, by hazard.
func All() []Probe {
	out := slices.Concat(chainProbes(), hasProbes(), textProbes(), hiddenProbes(), includeProbes(), pageProbes(), totalProbes(), entranceProbes(),
		doorProbes(), spliceProbes(), headerProbes(), existProbes(), errorProbes(), addressProbes(), memberProbes(), writeProbes(), pathProbes(),
		typeProbes(), operationProbes())
	slices.SortStableFunc(out, func(a, b Probe) int { return hazardNumber(a.Hazard) - hazardNumber(b.Hazard) })
	return out
}

func hazardNumber(h string) int {
	var n int
	_, _ = fmt.Sscanf(h, "H%d", &n)
	return n
}

// ErrNotRun is wrapped by every error of Run: the server could not be asked.
var ErrNotRun = errors.New("the probes could not be run")

// Run asks the server everything. When ctx ends it returns what was found so far, marked as interrupted.
func Run(ctx context.Context, o Options) (Report, error) {
	o = o.withDefaults()
	probes, err := chosen(o.Only)
	if err != nil {
		return Report{}, err
	}
	s, err := newSession(ctx, o)
	if err != nil {
		return Report{}, err
	}
	r := Report{Base: s.base, Started: o.Now()}
	if err := s.learn(); err != nil {
		return r, err
	}
	r.Results = s.runAll(probes)
	r.Sees, r.Requests, r.Took = s.sees(), s.requests, o.Now().Sub(r.Started)
	r.Interrupted = ctx.Err() != nil
	return r, nil
}

// runAll runs the probes, those that look at the answers of others last, and returns the results in the order of the probes.
func (s *session) runAll(probes []Probe) []Result {
	results, done := map[string]Result{}, 0
	for _, late := range []bool{false, true} {
		for _, p := range probes {
			if p.late != late || s.ctx.Err() != nil {
				continue
			}
			s.Progress(done, len(probes), p.Name)
			if result := s.run(p); s.ctx.Err() == nil {
				results[p.Name] = result
				done++
			}
		}
	}
	var out []Result
	for _, p := range probes {
		if r, ok := results[p.Name]; ok {
			out = append(out, r)
		}
	}
	return out
}

func chosen(only []string) ([]Probe, error) {
	all := All()
	if len(only) == 0 {
		return all, nil
	}
	var out []Probe
	for _, name := range only {
		i := slices.IndexFunc(all, func(p Probe) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: there is no probe %q", ErrNotRun, name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// session is one run against one server.
type session struct {
	Options
	ctx      context.Context
	base     string // without trailing slash
	origin   string
	limit    *rate.Limiter
	requests int
	kinds    map[string]*kind // what the token sees, by type
	hiding   []string         // Type/id that are there, as far as anybody can tell, and cannot be read
	watch    watched
}

func newSession(ctx context.Context, o Options) (*session, error) {
	u, err := url.Parse(o.Base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("%w: the base is an http or https URL without user, query and fragment", ErrNotRun)
	}
	if m := o.Known.Mistakes(); len(m) > 0 {
		return nil, fmt.Errorf("%w: known-file: %s: %s", ErrNotRun, m[0].Path, m[0].Text)
	}
	return &session{Options: o, ctx: ctx, base: strings.TrimRight(o.Base, "/"), origin: originOf(u), kinds: map[string]*kind{},
		limit: rate.NewLimiter(rate.Limit(o.Rate), 1)}, nil
}

func originOf(u *url.URL) string { return strings.ToLower(u.Scheme + "://" + u.Host) }

// run is one probe from its first request to its verdict.
func (s *session) run(p Probe) Result {
	t := &trial{session: s, name: p.Name}
	p.try(t)
	r := Result{Probe: p.Name, Hazard: p.Hazard, Shows: p.Shows, Verdict: NotApplicable, Says: cmp.Or(p.none, nothingVisible)}
	heaviest := -1
	more := 0
	for _, n := range t.notes {
		switch w := n.verdict.weight(); {
		case w > heaviest:
			heaviest, more = w, 0
			r.Verdict, r.Says, r.Evidence = n.verdict, n.says, n.evidence
		case w == heaviest && n.says != r.Says:
			more++
			if w == OK.weight() && more == 1 {
				r.Says += "; " + n.says
			}
		}
	}
	if more > 0 && r.Verdict.weight() >= Warning.weight() {
		r.Says += fmt.Sprintf(" (and %d more)", more)
	}
	if r.Verdict.weight() < Warning.weight() {
		r.Evidence = nil
	}
	return r
}

// trial is a probe at work: what it asked and what it noted.
type trial struct {
	*session
	name  string
	notes []note
}

type note struct {
	verdict  Verdict
	says     string
	evidence []Exchange
}

// note adds a finding; the answers are its evidence.
func (t *trial) note(v Verdict, says string, answers ...*answer) {
	n := note{verdict: v, says: says}
	for _, a := range answers {
		if a != nil {
			n.evidence = append(n.evidence, a.exchange())
		}
	}
	t.notes = append(t.notes, n)
}

// over reports whether the run was stopped.
func (t *trial) over() bool { return t.ctx.Err() != nil }
