package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"vestibule/adapters"
	"vestibule/fhir"
)

// watched is an adapter whose every answer is held to what is promised of every answer.
type watched struct {
	adapters.EMR
	t testing.TB
}

// Capability passes on the table.
func (w *watched) Capability(ctx context.Context) (adapters.Capability, error) {
	c, err := w.EMR.Capability(ctx)
	checkError(w.t, "Capability", err)
	return c, err
}

// Read passes on what was read: the type and the id asked for, or an error.
func (w *watched) Read(ctx context.Context, ref fhir.Ref) (fhir.Resource, error) {
	r, err := w.EMR.Read(ctx, ref)
	checkError(w.t, "Read", err)
	checkIDs(w.t, "Read", err, ref)
	switch {
	case err != nil && !r.IsZero():
		w.t.Errorf("Read returned a resource and an error")
	case err == nil && (r.Type() != ref.Type || r.ID() != ref.ID):
		w.t.Errorf("Read of %s returned %s", ref, r.Ref())
	}
	checkShape(w.t, r)
	return r, err
}

// Search passes on a page: resources of the type searched for, each with an id, none twice (hazard H2).
func (w *watched) Search(ctx context.Context, q fhir.Query, cursor string) (adapters.Page, error) {
	p, err := w.EMR.Search(ctx, q, cursor)
	checkError(w.t, "Search", err)
	for _, c := range q.Clauses() {
		refs, _ := c.Refs()
		checkIDs(w.t, "Search", err, refs...)
	}
	if err != nil && (len(p.Resources) > 0 || p.Next != "") {
		w.t.Errorf("Search returned a page and an error")
	}
	seen := map[string]bool{}
	for _, r := range p.Resources {
		if r.Type() != q.Type() || !fhir.ValidID(r.ID()) || seen[r.ID()] {
			w.t.Errorf("a search for %s found %s (again: %v)", q.Type(), r.Ref(), seen[r.ID()])
		}
		seen[r.ID()] = true
		checkShape(w.t, r)
	}
	return p, err
}

// Write passes on what stands in the EMR: of the type written and, after an update, with its id.
func (w *watched) Write(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
	r, err := w.EMR.Write(ctx, c)
	checkError(w.t, "Write", err)
	checkIDs(w.t, "Write", err, append(c.Resource.Patients(), c.Base)...)
	switch {
	case err != nil && !r.IsZero():
		w.t.Errorf("Write returned a resource and an error")
	case err == nil && (r.Type() != c.Resource.Type() || !fhir.ValidID(r.ID())):
		w.t.Errorf("Write of a %s returned %s", c.Resource.Type(), r.Ref())
	case err == nil && c.Kind == fhir.InteractionUpdate && r.ID() != c.Base.ID:
		w.t.Errorf("the update of %s returned %s", c.Base, r.Ref())
	}
	checkShape(w.t, r)
	return r, err
}

// checkShape fails where a resource has a list for what R4 has one of, or the other way round: whoever reads it next, the
// policy first, may look at another value than the EMR meant.
func checkShape(t testing.TB, r fhir.Resource) {
	t.Helper()
	if at := r.Misshapen(fhir.ElementNames(r.Type())); at != "" {
		t.Errorf("%s of a %s is not of the shape that R4 has", at, r.Type())
	}
}

// checkError holds an error to what is promised of every error: a plain *fhir.Error, none of ours, with a text for the
// caller, and nothing of a patient or of the EMR's text in any form in which it could get out (hazard H32).
func checkError(t testing.TB, call string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	e, plain := err.(*fhir.Error)
	if !plain {
		t.Errorf("%s: the error is a %T, not a *fhir.Error: %v", call, err, err)
		e = fhir.AsError(err)
	}
	if e.Kind == fhir.KindInternal || e.Text == "" || e.Op == "" {
		t.Errorf("%s: an error of kind %s, operation %q, text %q", call, e.Kind, e.Op, e.Text)
	}
	if e.RetryAfter < 0 {
		t.Errorf("%s: come back %s ago", call, -e.RetryAfter)
	}
	all := fmt.Sprintf("%v %+v %#v %s", err, e, e, fhir.Outcome(err, ""))
	for cause := error(e); cause != nil; cause = errors.Unwrap(cause) {
		all += fmt.Sprintf(" %v %+v", cause, cause)
	}
	if strings.Contains(all, canary) {
		t.Errorf("%s: patients' data or the EMR's text are in the error: %s", call, all)
	}
}

// tellingID is how long an id is that cannot stand in a text by chance.
const tellingID = 8

// checkIDs fails where an error prints the id of a patient or of a patient's record.
func checkIDs(t testing.TB, call string, err error, refs ...fhir.Ref) {
	t.Helper()
	if err == nil {
		return
	}
	printed := err.Error() + string(fhir.Outcome(err, ""))
	for _, r := range refs {
		if len(r.ID) >= tellingID && strings.Contains(printed, r.ID) {
			t.Errorf("%s: the error says whose record it is about: %s", call, printed)
		}
	}
}

// outcome is what a fault may become: a kind and its codes.
type outcome struct {
	kind  fhir.Kind
	codes []string
}

func is(kind fhir.Kind, codes ...string) outcome { return outcome{kind, codes} }

// wantError fails unless err is one of the outcomes.
func wantError(t testing.TB, what string, err error, wanted ...outcome) *fhir.Error {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %v", what, wanted)
		return fhir.E("", fhir.KindInternal, "", "")
	}
	e := fhir.AsError(err)
	for _, o := range wanted {
		for _, code := range o.codes {
			if e.Kind == o.kind && e.Reason() == code {
				return e
			}
		}
		if e.Kind == o.kind && len(o.codes) == 0 {
			return e
		}
	}
	t.Errorf("%s: %s %s, want %v (%v)", what, e.Kind, e.Reason(), wanted, err)
	return e
}

// String is for failure messages.
func (o outcome) String() string { return fmt.Sprint(o.kind, o.codes) }

// Open passes on content, whose errors are held to the same.
func (w *watched) Open(ctx context.Context, doc fhir.Resource, index int) (io.ReadCloser, error) {
	c, ok := w.EMR.(adapters.Content)
	if !ok {
		return nil, fhir.E("adaptertest", fhir.KindNotSupported, "emr-not-supported", "This adapter opens no content.")
	}
	r, err := c.Open(ctx, doc, index)
	checkError(w.t, "Open", err)
	checkIDs(w.t, "Open", err, append(doc.Patients(), doc.Ref())...)
	if err != nil && r != nil {
		w.t.Errorf("Open returned content and an error")
	}
	return r, err
}
