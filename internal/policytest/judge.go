package policytest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
	"vestibule/policy"
)

// Wrong is how an answer differs from what is expected, one line each; none if it does not.
func (q *Question) Wrong(a Answer) []string {
	if outcome := q.outcome(a); len(outcome) > 0 || a.Denied {
		return outcome
	}
	var out []string
	for _, list := range []struct {
		name      string
		want, got []string
	}{
		{"visible", q.want.Visible, refsOf(a.Shown)}, {"changed", q.want.Changed, a.Changed}, {"grants", q.want.Grants, a.Grants},
	} {
		if list.want != nil && !slices.Equal(sorted(list.want), sorted(list.got)) {
			out = append(out, fmt.Sprintf("%s: expected %s, got %s", list.name, inWords(list.want), inWords(list.got)))
		}
	}
	if want := q.want.Limits; want != nil && *want != a.Limits {
		out = append(out, fmt.Sprintf("limits: expected %s, got %s", limitsInWords(*want), limitsInWords(a.Limits)))
	}
	for _, path := range q.want.Shows {
		out = append(out, q.shows(a, path)...)
	}
	for _, path := range q.want.Hides {
		out = append(out, hides(a, path)...)
	}
	return out
}

// outcome is what is wrong about permitted, denied and why.
func (q *Question) outcome(a Answer) []string {
	switch {
	case q.want.Expect == permitted && a.Denied:
		return append([]string{"expected permitted, got denied:"}, reasonLines(a.Reasons)...)
	case q.want.Expect == denied && !a.Denied:
		return append([]string{fmt.Sprintf("expected denied (%s), got permitted:", q.want.Reason)}, reasonLines(a.Reasons)...)
	case a.Denied && (len(a.Reasons) == 0 || string(a.Reasons[0].Code) != q.want.Reason):
		return append([]string{fmt.Sprintf("expected denied (%s), got denied:", q.want.Reason)}, reasonLines(a.Reasons)...)
	}
	return nil
}

// reasonLines are reasons for people of the clinic: code, text, and the grant and the clause of it.
func reasonLines(reasons []policy.Reason) []string {
	var out []string
	for _, r := range reasons {
		line := "  " + string(r.Code) + ": " + r.Text
		if r.Code == policy.CodeGranted {
			line = "  " + string(r.Code)
		}
		if by := strings.TrimSpace(strings.TrimSuffix(r.Grant, "@0") + " " + r.Detail); by != "" {
			line += " [" + by + "]"
		}
		out = append(out, line)
	}
	return out
}

// shows is what is wrong where path, or each element of the set of that name, should be shown as it stands. A set is there
// where one of its elements is.
func (q *Question) shows(a Answer, path string) []string {
	paths := setOf(q.Request.Interaction.Type, path)
	if len(paths) == 0 {
		paths = []string{path}
	}
	var out []string
	found := false
	for _, s := range a.Shown {
		for _, p := range paths {
			stands := valuesAt(s.Whole, p)
			if len(stands) == 0 {
				continue
			}
			found = true
			switch shown := valuesAt(s.Cut, p); {
			case len(shown) == 0:
				out = append(out, fmt.Sprintf("shows: expected %s of %s, which is hidden", p, refOf(s.Whole)))
			case !slices.EqualFunc(stands, shown, bytes.Equal):
				out = append(out, fmt.Sprintf("shows: expected all of %s of %s, of which a part is hidden", p, refOf(s.Whole)))
			}
		}
	}
	if !found {
		out = append(out, fmt.Sprintf("shows: nothing that comes back has %s in the EMR, so that this shows nothing", path))
	}
	return out
}

// hides is what is wrong where nothing at path should be shown.
func hides(a Answer, path string) []string {
	var out []string
	found := false
	for _, s := range a.Shown {
		found = found || len(valuesAt(s.Whole, path)) > 0
		if len(valuesAt(s.Cut, path)) > 0 {
			out = append(out, fmt.Sprintf("hides: expected nothing of %s of %s, of which something is shown", path, refOf(s.Whole)))
		}
	}
	if !found {
		out = append(out, fmt.Sprintf("hides: nothing that comes back has %s in the EMR, so that there is nothing to hide", path))
	}
	return out
}

// valuesAt are the raw values at a path; a primitive's extensions stand beside it.
func valuesAt(r fhir.Resource, path string) [][]byte {
	var out [][]byte
	for v := range r.Value().Path(path) {
		out = append(out, v.Raw())
	}
	return out
}

func refsOf(shown []Shown) []string {
	var out []string
	for _, s := range shown {
		out = append(out, refOf(s.Whole))
	}
	return out
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

func inWords(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(sorted(list), ", ")
}

func limitsInWords(l policy.Limits) string {
	var out []string
	for _, row := range []struct {
		name string
		n    int
	}{{"requestsPerMinute", l.RequestsPerMinute}, {"patientsPerDay", l.PatientsPerDay}, {"documentsPerHour", l.DocumentsPerHour}, {"pagesPerSearch", l.PagesPerSearch}} {
		if row.n > 0 {
			out = append(out, fmt.Sprintf("%s %d", row.name, row.n))
		}
	}
	return inWords(out)
}
