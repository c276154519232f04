package policy

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
)

const op = "policy.Decide"

// Refusal is the one way from the reasons of Decide, Release or Accept to what the caller hears. Everything that would tell
// whether a resource exists comes out as NotFound, whatever the trail has to say about it (hazard H9).
func (d Decision) Refusal(reasons []Reason) *fhir.Error {
	if len(reasons) == 0 {
		return d.NotFound()
	}
	r := reasons[0]
	info, known := r.Code.Info()
	switch {
	case !known || info.Stage == StageRelease || r.Code == CodeNotFound || r.Code == CodeGranted:
		return d.NotFound()
	case r.Code == CodeParameterHidden:
		return fhir.E(op, info.Kind, string(r.Code), r.Text).At(r.Detail)
	}
	return fhir.E(op, info.Kind, string(r.Code), r.Text)
}

// NotFound is what a caller hears of a resource that is unknown, locked or out of reach. It depends on the request's
// type and the caller's grants only, never on the resource. For a denied request it is the denial: then no resource is
// looked for.
func (d Decision) NotFound() *fhir.Error {
	if !d.Permitted() {
		r := d.Reasons()[0]
		info, _ := r.Code.Info()
		return fhir.E(op, info.Kind, string(r.Code), r.Text)
	}
	return fhir.E(op, fhir.KindNotFound, string(CodeNotFound),
		fmt.Sprintf("There is no %s with that id within your reach. %s If you need more than that, ask the clinic for it.", d.p.named(), d.p.reachText()))
}

// named is what the request asks for, as its address names it.
func (p *plan) named() string {
	if p.req.Interaction.Opens {
		return "Binary"
	}
	return p.req.Interaction.Type
}

// reachText says what the caller's permissions for the interaction reach.
func (p *plan) reachText() string {
	var lines []string
	for i := range p.use.candidates {
		if c := &p.use.candidates[i]; c.serves && (!p.req.Interaction.Opens || c.opens()) {
			lines = append(lines, c.perm.forCaller())
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if len(lines) > mostNamed {
		lines = append(lines[:mostNamed], "and more")
	}
	return "Your grants reach " + strings.Join(lines, "; ") + "."
}

// mostNamed bounds what an error text lists.
const mostNamed = 5

// forCaller is the permission in the words of its scope, without naming a patient: error texts end up in logs.
func (p *permission) forCaller() string {
	text := p.scope.level + "/" + p.scope.typ + "." + p.scope.letters.String()
	for i, c := range p.scope.criteria {
		value := c.Value()
		if namesPatient(c) {
			value = "(as granted)"
		}
		text += []string{"?", "&"}[min(i, 1)] + c.Key() + "=" + value
	}
	if p.windowed {
		text += " dated " + p.window.String() + " from today"
	}
	return text
}

// namesPatient reports whether a criterion's values may name a patient: by reference, by an identifier, by id.
func namesPatient(c fhir.Clause) bool {
	param := c.Param()
	switch {
	case param.Type == fhir.ParamReference:
		return param.Target == "Patient" || c.Modifier() == "Patient" || c.Modifier() == "identifier" || strings.Contains(c.Value(), "Patient/")
	case param.Type == fhir.ParamToken:
		return param.Name == "identifier" || param.Name == "group-identifier" || param.Name == "_id"
	}
	return param.Type != fhir.ParamDate
}

func (p *plan) notWritable(names []string) Reason {
	r := because(CodeElementNotWritable)
	in := p.req.Interaction
	named := strings.Join(elementNames(in.Type, names), ", ")
	r.Text = fmt.Sprintf("Your grants do not let you write %s of this %s. Send back what you received there%s.",
		named, in.Type, p.writableText())
	r.Detail = named
	return r
}

// elementNames are those of names that texts may repeat: the elements of typ. What else a body holds can be anything, a
// patient's name in the wrong place too, and of any length.
func elementNames(typ string, names []string) []string {
	elements := append(fhir.ElementNames(typ), "contained")
	out := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(elements, name) })
	if len(out) < len(names) {
		out = append(out, "what is no element")
	}
	return out
}

// writableText lists what the caller's permissions let them write at all.
func (p *plan) writableText() string {
	var all []string
	for i := range p.use.candidates {
		all = union(all, p.use.candidates[i].perm.write)
	}
	return "; they let you write " + strings.Join(all, ", ")
}

// misshapen refuses a write for the shape of what stands at path, an element's.
func (p *plan) misshapen(path string) Reason {
	r := because(CodeMisshapen)
	r.Text = fmt.Sprintf("%s.%s has not the shape that FHIR gives it: one value where there is one, a list where there are several, an object where it has members.",
		p.req.Interaction.Type, path)
	r.Detail = path
	return r
}

func (p *plan) writeOutOfReach() Reason {
	r := because(CodeWriteOutOfReach)
	r.Text = fmt.Sprintf("The write would put the %s, or leave it, outside what you may write. %s", p.req.Interaction.Type, p.reachText())
	return r
}
