package adaptertest_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/fhir"
)

// broken is a way in which an adapter can be wrong, the promise that it breaks, and the type that shows it.
type broken struct {
	name    string
	promise string // how the promise's name begins
	typ     string // "" is Appointment
	with    func(adapters.EMR, adaptertest.Opening) adapters.EMR
}

func all(f func(adapters.EMR) mutant) func(adapters.EMR, adaptertest.Opening) adapters.EMR {
	return func(a adapters.EMR, _ adaptertest.Opening) adapters.EMR { return f(a) }
}

func brokenAdapters(t *testing.T) []broken {
	until := make(chan struct{})
	t.Cleanup(func() { close(until) })
	return slices.Concat(brokenReads(), brokenSearches(), brokenWrites(), brokenOnce(), brokenTexts(), brokenFaults(until))
}

// replace is strings.ReplaceAll as a change.
func replace(old, with string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, old, with) }
}

// matching is a regular expression's ReplaceAllString as a change.
func matching(expr, with string) func(string) string {
	re := regexp.MustCompile(expr)
	return func(s string) string { return re.ReplaceAllString(s, with) }
}

// brokenReads are adapters of which each says of itself or reads what is not so.
func brokenReads() []broken {
	return []broken{
		{"does what it does not claim", "what the table does not offer", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, capability: func(row adapters.Type) adapters.Type {
				row.Interactions = []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch}
				return row
			}}
		})},
		{"claims updates without versions", "the table lists only", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, capability: func(row adapters.Type) adapters.Type { row.Versions = false; return row }}
		})},
		{"remembers what it read", "a read returns what stands", "", all(memory)},
		{"reads another row", "a read returns the row", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, read: func(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
				p, err := a.Search(ctx, fhir.NewQuery(ref.Type), "")
				if err != nil || len(p.Resources) == 0 {
					return fhir.Resource{}, err
				}
				return p.Resources[0], nil
			}}
		})},
		{"makes a list of what there is one of", "a read returns the row", "", all(func(a adapters.EMR) mutant {
			return reading(a, matching(`"description":("[^"]*")`, `"description":[$1]`))
		})},
		{"leaves the patient out", "a read returns the row", "", all(func(a adapters.EMR) mutant { return reading(a, replace(`"Patient/`, `"Person/`)) })},
		{"knows one version only", "a version changes", "", all(func(a adapters.EMR) mutant {
			return reading(a, matching(`"versionId":"[^"]*"`, `"versionId":"1"`))
		})},
		{"says forbidden where there is nothing", "what is not there", "", all(func(a adapters.EMR) mutant {
			return failing(a, changeError(func(e *fhir.Error) { e.Kind = fhir.KindForbidden }))
		})},
		{"wraps its errors", "what is not there", "", all(func(a adapters.EMR) mutant {
			return failing(a, func(err error) error { return fmt.Errorf("adapter: %w", err) })
		})},
		{"logs what it reads", "a read returns the row", "", func(a adapters.EMR, o adaptertest.Opening) adapters.EMR { return talkative(a, o.Log) }},
		{"has another table every time", "the table stays", "", all(func(a adapters.EMR) mutant {
			n := 0
			return mutant{EMR: a, capability: func(row adapters.Type) adapters.Type { n++; row.Sort = n%2 == 0; return row }}
		})},
		{"writes whatever it is told to do", "every interaction that is neither", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, write: func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
				c.Kind = fhir.InteractionUpdate
				return a.Write(ctx, c)
			}}
		})},
		{"lists a loss without its reason", "every field that a translation", "", func(a adapters.EMR, _ adaptertest.Opening) adapters.EMR {
			return translator{a, []adapters.Loss{{Path: "billing"}}}
		}},
	}
}

// brokenSearches are adapters of which each loses, repeats or finds too much.
func brokenSearches() []broken {
	return []broken{
		{"loses a page's last row", "a search finds what a full scan finds, for each", "", all(func(a adapters.EMR) mutant {
			return paging(a, func(_ fhir.Query, _ string, p adapters.Page) adapters.Page {
				p.Resources = p.Resources[:max(0, len(p.Resources)-1)]
				return p
			})
		})},
		{"ignores a parameter", "a search finds what a full scan finds, for each", "", all(func(a adapters.EMR) mutant {
			return asking(a, func(q fhir.Query) fhir.Query { return without(q, "slot") })
		})},
		{"ignores a parameter beside another", "a search finds what a full scan finds, for parameters", "", all(func(a adapters.EMR) mutant {
			return asking(a, func(q fhir.Query) fhir.Query {
				if len(q.Clauses()) > 1 {
					return without(q, "status")
				}
				return q
			})
		})},
		{"takes a wildcard for one", "a search finds what a full scan finds, for each", "DocumentReference", all(func(a adapters.EMR) mutant {
			return asking(a, func(q fhir.Query) fhir.Query {
				if strings.Contains(q.Encode(), "description=%25") {
					return without(q, "description")
				}
				return q
			})
		})},
		{"claims a parameter that it refuses", "a search finds what a full scan finds, for each", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, search: func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
				if strings.Contains(q.Encode(), "specialty") {
					return adapters.Page{}, fhir.E("x", fhir.KindNotSupported, "emr-not-supported", "No.").At("specialty")
				}
				return a.Search(ctx, q, cursor)
			}}
		})},
		{"claims a parameter that nobody can try", "a parameter is claimed only if", "Task", all(func(a adapters.EMR) mutant {
			return reading(a, replace(`"groupIdentifier"`, `"group"`))
		})},
		{"sorts the wrong way round", "a sorted search", "", all(func(a adapters.EMR) mutant {
			return paging(a, func(_ fhir.Query, _ string, p adapters.Page) adapters.Page {
				for i, j := 0, len(p.Resources)-1; i < j; i, j = i+1, j-1 {
					p.Resources[i], p.Resources[j] = p.Resources[j], p.Resources[i]
				}
				return p
			})
		})},
		{"finds other bytes than it reads", "what is found reads the same", "", all(func(a adapters.EMR) mutant {
			return paging(a, func(_ fhir.Query, _ string, p adapters.Page) adapters.Page {
				for i, r := range p.Resources {
					p.Resources[i] = edited(r, replace("accepted", "declined"))
				}
				return p
			})
		})},
		{"reads a cursor as the first page", "pages lose and repeat nothing", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, search: func(ctx context.Context, q fhir.Query, _ string) (adapters.Page, error) { return a.Search(ctx, q, "") }}
		})},
		{"gives larger pages than asked for", "pages lose and repeat nothing", "", all(func(a adapters.EMR) mutant {
			return asking(a, func(q fhir.Query) fhir.Query { return q.WithCount(min(q.Count()+1, 1000)) })
		})},
		{"counts pages out of what moves", "rows that stay", "", all(offsets)},
		{"follows a cursor anywhere", "a cursor that is not", "", all(lured)},
		{"turns to the next page by itself", "a page asked for twice", "", all(func(a adapters.EMR) mutant {
			last := ""
			return mutant{EMR: a, search: func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
				if cursor != "" && last != "" {
					cursor = last
				}
				p, err := a.Search(ctx, q, cursor)
				last = p.Next
				return p, err
			}}
		})},
	}
}

// brokenWrites are adapters of which each writes something else than it was told.
func brokenWrites() []broken {
	return []broken{
		{"drops an element", "an element that is written", "", all(func(a adapters.EMR) mutant {
			return writing(a, replace(`,"comment":"À jeun"`, ""))
		})},
		{"returns what was sent", "what was created is what reads", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, write: func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
				r, err := a.Write(ctx, c)
				return edited(r, replace(adapters.OperationSystem, "urn:sent")), err
			}}
		})},
		{"drops the rest of the row on an update", "what was updated is what reads", "", all(func(a adapters.EMR) mutant {
			return writing(a, matching(`"participant":\[.*?\]`, `"participant":[]`))
		})},
		{"overwrites newer versions", "an update of a version", "", all(overwriting)},
		{"takes an update without version", "an update names a version", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, write: func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
				if r, err := a.Read(ctx, c.Base); err == nil && c.Base.Version == "" {
					c.Base = r.Ref()
				}
				return a.Write(ctx, c)
			}}
		})},
		{"takes an id on a create", "a create has no id", "", all(func(a adapters.EMR) mutant {
			return writing(a, replace(`,"id":"1"`, ""))
		})},
		{"writes twice", "what was created is what reads", "", all(twice)},
		{"takes one status for another", "a status is kept", "", all(func(a adapters.EMR) mutant { return writing(a, replace(`"waitlist"`, `"pending"`)) })},
		{"drops an element that an update adds", "an element that an update", "Task", all(func(a adapters.EMR) mutant {
			return writing(a, matching(`,"note":\[[^\]]*\]`, ""))
		})},
	}
}

// brokenOnce are adapters of which each writes twice, or loses a write.
func brokenOnce() []broken {
	return []broken{
		{"overwrites newer versions, in a crowd", "of concurrent updates", "", all(overwriting)},
		{"does not know a retry", "H30: a create", "", all(forgetful)},
		{"does not know a retry, in a crowd", "H30: one operation written many", "", all(forgetful)},
		{"does not know another gateway's write", "H30: one operation written by two", "", all(forgetful)},
		{"says that nothing happened", "H30: a create", "", all(func(a adapters.EMR) mutant {
			return failing(a, changeError(func(e *fhir.Error) {
				if e.Code == "emr-write-unknown" {
					e.Kind, e.Code = fhir.KindUnavailable, "emr-unreachable"
				}
			}))
		})},
		{"says that nothing happened to an update", "H30: an update", "", all(func(a adapters.EMR) mutant {
			return failing(a, changeError(func(e *fhir.Error) {
				if e.Code == "emr-write-unknown" {
					e.Kind, e.Code = fhir.KindUnavailable, "emr-unreachable"
				}
			}))
		})},
		{"gives all creates one result", "concurrent creates", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, write: func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
				c.Operation = "always"
				return a.Write(ctx, c)
			}}
		})},
	}
}

// brokenTexts are adapters of which each changes texts and times.
func brokenTexts() []broken {
	return []broken{
		{"loses the offset of times", "H35", "", all(func(a adapters.EMR) mutant {
			return reading(a, matching(`("start":"[^"]{19})-0[45]:00"`, `${1}Z"`))
		})},
		{"takes a day for UTC's", "H35", "", all(func(a adapters.EMR) mutant { return asking(a, inUTC) })},
		{"cuts text", "text that is too long", "Task", all(func(a adapters.EMR) mutant {
			return writing(a, matching(`("description":"[^"]{0,1000})[^"]*`, "$1"))
		})},
		{"writes œ as oe", "French text", "", all(func(a adapters.EMR) mutant { return writing(a, replace("œ", "oe")) })},
		{"leaves emoji out", "text that the EMR cannot hold", "", all(func(a adapters.EMR) mutant { return writing(a, replace("🩺", "")) })},
		{"reads œ as oe", "text that was typed", "", all(func(a adapters.EMR) mutant { return reading(a, replace("œ", "oe")) })},
		{"reads by its own clock", "the gateway's clock", "", func(a adapters.EMR, o adaptertest.Opening) adapters.EMR {
			return reading(a, func(s string) string {
				if o.Now == nil {
					return s
				}
				return matching(`"versionId":"[^"]*"`, fmt.Sprintf(`"versionId":"%d"`, o.Now().Unix()))(s)
			})
		}},
		{"reads the EMR's time by its own clock", "when an EMR says", "", func(a adapters.EMR, o adaptertest.Opening) adapters.EMR {
			return failing(a, changeError(func(e *fhir.Error) {
				if o.Now != nil && e.RetryAfter > 0 {
					e.RetryAfter = max(0, time.Until(o.Now())+e.RetryAfter)
				}
			}))
		}},
	}
}

// brokenFaults are adapters of which each makes something else of a fault, or does not let go.
func brokenFaults(until chan struct{}) []broken {
	return []broken{
		{"relays the EMR's text", "an EMR's fault becomes the right kind of error on a read", "", all(func(a adapters.EMR) mutant {
			return failing(a, changeError(func(e *fhir.Error) { e.Text += " The EMR said: " + adaptertest.Canary }))
		})},
		{"keeps the EMR's text as the cause", "an EMR's fault becomes the right kind of error on a search", "", all(func(a adapters.EMR) mutant {
			return failing(a, changeError(func(e *fhir.Error) { e.Err = fmt.Errorf("body: %s", adaptertest.Canary) }))
		})},
		{"takes the EMR's refusal for the caller's", "an EMR's fault becomes the right kind of error on a read", "", all(func(a adapters.EMR) mutant {
			return failing(a, changeError(func(e *fhir.Error) {
				if e.Code == "emr-login-refused" {
					e.Kind = fhir.KindForbidden
				}
			}))
		})},
		{"says whose record it could not read", "an EMR's fault becomes the right kind of error on a read", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, read: func(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
				r, err := a.Read(ctx, ref)
				return r, changed(err, changeError(func(e *fhir.Error) { e.Path = ref.ID }))
			}}
		})},
		{"quotes the search that failed", "an EMR's fault becomes the right kind of error on a search", "", all(func(a adapters.EMR) mutant {
			return mutant{EMR: a, search: func(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
				p, err := a.Search(ctx, q, cursor)
				return p, changed(err, changeError(func(e *fhir.Error) { e.Err = fmt.Errorf("GET %s", q.Encode()) }))
			}}
		})},
		{"forgets when to come back", "an EMR's fault becomes the right kind of error on an update", "", all(func(a adapters.EMR) mutant {
			return failing(a, changeError(func(e *fhir.Error) { e.RetryAfter = 0 }))
		})},
		{"takes a log-in page for an empty result", "an EMR's fault becomes the right kind of error on a search", "", all(empty)},
		{"does not hear its caller leave", "a caller who leaves, or", "", all(deaf)},
		{"leaves something running", "nothing runs on", "", all(func(a adapters.EMR) mutant { return leaving(a, until) })},
		{"relays the EMR's text on a create", "an EMR's fault becomes the right kind of error on a create", "", all(func(a adapters.EMR) mutant {
			return failing(a, changeError(func(e *fhir.Error) { e.Path = adaptertest.Canary }))
		})},
		{"takes a revoked credential for an absent row", "credentials that are revoked", "", all(func(a adapters.EMR) mutant {
			return failing(a, changeError(func(e *fhir.Error) { e.Kind, e.Code = fhir.KindNotFound, "not-found" }))
		})},
		{"loses the last byte of a document", "a document's content comes", "DocumentReference", func(a adapters.EMR, _ adaptertest.Opening) adapters.EMR { return opens(a, short) }},
		{"makes an empty document of nothing", "content that is not there", "DocumentReference", func(a adapters.EMR, _ adaptertest.Opening) adapters.EMR { return opens(a, nothing) }},
		{"makes an empty document of a fault", "an EMR's fault never makes content", "DocumentReference", func(a adapters.EMR, _ adaptertest.Opening) adapters.EMR { return opens(a, nothing) }},
		{"does not hear the caller of a document leave", "a caller who leaves content", "DocumentReference", func(a adapters.EMR, _ adaptertest.Opening) adapters.EMR { return deafOpening(a) }},
		{"gives up on an EMR for good", "after a fault", "", all(func(a adapters.EMR) mutant {
			var last error
			return mutant{EMR: a, read: func(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
				r, err := a.Read(ctx, ref)
				if err != nil && fhir.KindOf(err) != fhir.KindNotFound {
					last = err
				}
				if last != nil {
					return fhir.Resource{}, last
				}
				return r, nil
			}}
		})},
	}
}
