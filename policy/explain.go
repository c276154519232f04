package policy

import (
	"fmt"
	"strings"

	"vestibule/fhir"
)

// Explain says, line by line and for people of the clinic, what Decide answers to req and why: the outcome, the permissions
// that apply or the nearest misses, and for every grant of the caller how far it gets.
func (s *Set) Explain(req Request) []string {
	d := s.Decide(req)
	in := req.Interaction
	what := in.Type + "." + string(in.Kind)
	if !d.Permitted() {
		lines := []string{"Denied: " + what}
		for _, r := range d.Reasons() {
			lines = append(lines, withDetail(fmt.Sprintf("- %s: %s", r.Code, r.Text), r))
			if info, _ := r.Code.Info(); !strings.Contains(r.Text, info.Next) {
				lines = append(lines, "  "+info.Next)
			}
		}
		return append(lines, d.p.standing()...)
	}
	lines := []string{"Permitted: " + what}
	for _, r := range d.Reasons() {
		lines = append(lines, fmt.Sprintf("- by %s: %s", r.Grant, r.Detail))
	}
	next := "What comes back is checked and cut: a resource leaves only if one of these permissions matches it."
	if in.Kind == fhir.InteractionCreate || in.Kind == fhir.InteractionUpdate {
		next = "What is written is checked: one of these permissions has to match the resource, and to allow what changes."
	}
	lines = append(lines, next)
	return append(lines, d.p.standing()...)
}

func withDetail(line string, r Reason) string {
	if r.Grant != "" || r.Detail != "" {
		line += " [" + strings.TrimSpace(r.Grant+" "+r.Detail) + "]"
	}
	return line
}

// standing says of each grant that names the caller whether its conditions are met.
func (p *plan) standing() []string {
	if p.incomplete() != "" {
		return nil
	}
	var lines []string
	in := p.circumstances()
	for g := range p.set.naming(p.req.Caller) {
		state := "in force"
		if code := g.unmet(&in); code != "" {
			state = string(code)
		}
		lines = append(lines, fmt.Sprintf("Grant %s: %s", g.cite, state))
	}
	return lines
}
