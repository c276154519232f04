package probe

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Hazard is one thing that goes wrong in systems of this kind.
type Hazard struct{ Name, Title string }

// Hazards are those that probes belong to, in order.
func Hazards() []Hazard {
	return []Hazard{
		{"H1", "Parameters that ask about what is not shown"},
		{"H2", "Resources that come along"},
		{"H3", "Page links"},
		{"H4", "Totals and counts"},
		{"H5", "Entrances that disagree"},
		{"H6", "Access without a grant"},
		{"H7", "Values that become part of a query"},
		{"H8", "Checks that a header turns off"},
		{"H9", "Answers that tell what exists"},
		{"H10", "Addresses that lead around"},
		{"H11", "Members that get past a cut"},
		{"H12", "Updates by who sees a part"},
		{"H13", "Paths, operations, histories"},
	}
}

// WriteList prints every probe by hazard.
func WriteList(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	all := All()
	for _, h := range Hazards() {
		fmt.Fprintf(t, "%s  %s\n", h.Name, h.Title)
		for _, p := range all {
			if p.Hazard == h.Name {
				fmt.Fprintf(t, "  %s\t%s\n", p.Name, p.Shows)
			}
		}
	}
	fmt.Fprintf(t, "%d probes\n", len(all))
	return t.Flush()
}

// WriteJSON prints the report as one JSON object.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteText prints the report for people: first what the token sees, then each hazard, then the totals. Leaks and warnings
// come with their evidence.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nThe token sees   %s\n", r.Base, strings.Join(r.Sees, "\n                 "))
	for _, h := range Hazards() {
		r.hazard(&b, h)
	}
	fmt.Fprintf(&b, "\n%s in %v, %d requests\n", r.sums(r.Results, true), r.Took.Round(100*time.Millisecond), r.Requests)
	if r.Interrupted {
		fmt.Fprintf(&b, "Stopped after %d of %d probes.\n", len(r.Results), len(All()))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Report) hazard(b *strings.Builder, h Hazard) {
	var mine []Result
	for _, x := range r.Results {
		if x.Hazard == h.Name {
			mine = append(mine, x)
		}
	}
	if len(mine) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%-4s %-46s %s\n", h.Name, h.Title, r.sums(mine, false))
	for _, x := range mine {
		fmt.Fprintf(b, "  %-8s %-30s %s\n", short(x.Verdict), x.Probe, x.Says)
		if x.Verdict == Leak || x.Verdict == Warning {
			fmt.Fprintf(b, "%43s%s\n", "", x.Shows)
		}
		for _, e := range x.Evidence {
			line := fmt.Sprintf("%s %s", e.Method, shortened(e.URL))
			if e.Send != "" {
				line += " (" + shortened(e.Send) + ")"
			}
			fmt.Fprintf(b, "%43s%s  %d  %s\n", "", line, e.Status, e.Got)
		}
	}
}

// shortened keeps a line readable.
func shortened(s string) string {
	if len(s) > 160 {
		return s[:100] + " … " + s[len(s)-50:]
	}
	return s
}

func short(v Verdict) string {
	switch v {
	case Leak:
		return "LEAK"
	case Warning:
		return "warning"
	case NotApplicable:
		return "n/a"
	}
	return string(v)
}

// sums are the numbers of verdicts, without those that are none.
func (r Report) sums(list []Result, all bool) string {
	part := Report{Results: list}
	var out []string
	for _, v := range []Verdict{OK, Leak, Warning, NotApplicable} {
		if n := part.Count(v); n > 0 || all {
			out = append(out, fmt.Sprintf("%d %s", n, map[Verdict]string{OK: "ok", Leak: "leak", Warning: "warning", NotApplicable: "not applicable"}[v]))
		}
	}
	return strings.Join(out, ", ")
}
