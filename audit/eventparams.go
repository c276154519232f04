package audit

import (
	"slices"
	"strings"

	"vestibule/fhir"
)

// Param is one parameter that AuditEvents are searched by.
type Param struct{ Name, Type string }

// Params are the parameters of R4 (http://hl7.org/fhir/R4/auditevent.html#search) and of ITI-81, less those of every
// resource: _id, _lastUpdated, _count, _sort, _total.
func Params() []Param {
	out := []Param{{"date", "date"}}
	for i := range eventParams {
		out = append(out, Param{eventParams[i].name, eventParams[i].typ})
	}
	slices.SortFunc(out, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// ParamNames are the names of all parameters of a search.
func ParamNames() []string {
	names := []string{"_id", "_lastUpdated", "_count", "_sort", "_total"}
	for _, p := range Params() {
		names = append(names, p.Name)
	}
	return names
}

// term is one value of a parameter, or what an event has for it. For a token without a system any system will do, for one
// without a code any of its system's.
type term struct {
	system, text string
	anySystem    bool
	raw          string // as it was given, without escapes
}

// clause is one parameter of a search: the event has to have one of the terms.
type clause struct {
	param *eventParamKind
	terms []term
}

// eventParamKind is a row of the table of parameters.
type eventParamKind struct {
	name, typ string
	of        func(*auditEvent) []term
	only      []string // the codes there are, where they are few
}

// eventParams is the table; never written to.
var eventParams = [...]eventParamKind{
	{"action", "token", func(e *auditEvent) []term { return []term{{text: e.Action}} }, []string{"C", "R", "U", "D", "E"}},
	{"address", "string", ofAgents(func(a *agent) []term {
		if a.Network == nil {
			return nil
		}
		return []term{{text: a.Network.Address}}
	}), nil},
	{"agent", "reference", ofAgents(func(a *agent) []term {
		if !a.Requestor {
			return nil
		}
		return identified(&a.Who)
	}), nil},
	{"agent.identifier", "token", ofAgents(func(a *agent) []term { return identified(&a.Who) }), nil},
	{"agent-name", "string", ofAgents(func(a *agent) []term { return []term{{text: a.Name}} }), nil},
	{"agent-role", "token", ofAgents(func(a *agent) (out []term) {
		for _, role := range a.Role {
			out = append(out, coded(role.Coding...)...)
		}
		return out
	}), nil},
	{"altid", "token", func(*auditEvent) []term { return nil }, nil},
	{"entity", "reference", ofEntities(func(en *entity) []term {
		if en.What == nil {
			return nil
		}
		return []term{{text: en.What.Reference}}
	}), nil},
	{"entity.identifier", "token", ofEntities(func(en *entity) []term { return identified(en.What) }), nil},
	{"entity-name", "string", ofEntities(func(en *entity) []term { return []term{{text: en.Name}} }), nil},
	{"entity-role", "token", ofEntities(func(en *entity) []term {
		if en.Role == nil {
			return nil
		}
		return coded(*en.Role)
	}), nil},
	{"entity-type", "token", ofEntities(func(en *entity) []term { return coded(en.Type) }), nil},
	{"outcome", "token", func(e *auditEvent) []term { return []term{{text: e.Outcome}} },
		[]string{string(OutcomeSuccess), string(OutcomeMinor), string(OutcomeSerious), string(OutcomeMajor)}},
	{"patient", "reference", ofEntities(func(en *entity) []term {
		if en.What == nil || !strings.HasPrefix(en.What.Reference, "Patient/") {
			return nil
		}
		return []term{{text: en.What.Reference}}
	}), nil},
	{"patient.identifier", "token", ofEntities(func(en *entity) []term {
		if en.What == nil || !strings.HasPrefix(en.What.Reference, "Patient/") {
			return nil
		}
		return identified(en.What)
	}), nil},
	{"policy", "uri", ofAgents(func(a *agent) (out []term) {
		for _, p := range a.Policy {
			out = append(out, term{text: p})
		}
		return out
	}), nil},
	{"site", "token", func(e *auditEvent) []term { return []term{{text: e.Source.Site}} }, nil},
	{"source", "reference", func(e *auditEvent) []term { return identified(&e.Source.Observer) }, nil},
	{"source.identifier", "token", func(e *auditEvent) []term { return identified(&e.Source.Observer) }, nil},
	{"subtype", "token", func(e *auditEvent) []term { return coded(e.Subtype...) }, nil},
	{"type", "token", func(e *auditEvent) []term { return coded(e.Type) }, nil},
}

func eventParam(name string) (*eventParamKind, bool) {
	for i := range eventParams {
		if eventParams[i].name == name {
			return &eventParams[i], true
		}
	}
	return nil, false
}

func ofAgents(of func(*agent) []term) func(*auditEvent) []term {
	return func(e *auditEvent) (out []term) {
		for i := range e.Agent {
			out = append(out, of(&e.Agent[i])...)
		}
		return out
	}
}

func ofEntities(of func(*entity) []term) func(*auditEvent) []term {
	return func(e *auditEvent) (out []term) {
		for i := range e.Entity {
			out = append(out, of(&e.Entity[i])...)
		}
		return out
	}
}

func identified(r *reference) []term {
	if r == nil || r.Identifier == nil {
		return nil
	}
	return []term{{system: r.Identifier.System, text: r.Identifier.Value}}
}

func coded(codings ...coding) (out []term) {
	for _, c := range codings {
		out = append(out, term{system: c.system, text: c.code})
	}
	return out
}

// read is one value of the parameter.
func (p *eventParamKind) read(text string) (term, error) {
	t := term{text: text, anySystem: true, raw: text}
	switch p.typ {
	case "string":
		t.text = fold(text)
	case "token":
		return p.token(t)
	case "reference":
		return p.reference(t)
	}
	return t, nil
}

// token is "code", "system|code", "|code" or "system|". The codes of action and outcome have one system each, which is not
// looked at.
func (p *eventParamKind) token(t term) (term, error) {
	if system, code, ok := strings.Cut(t.raw, "|"); ok {
		t.system, t.text, t.anySystem = system, code, p.only != nil
	}
	switch {
	case t.text == "" && t.system == "":
		return t, invalid(p.name, "A value is given as code, system|code, |code or system|.")
	case p.only != nil && !slices.Contains(p.only, t.text):
		return t, invalid(p.name, "The parameter is one of "+strings.Join(p.only, ", ")+".")
	case p.name == "patient.identifier" && t.system != systemPatient:
		return t, unsupported(p.name, "The trail knows patients by their id in the clinic's EMR only: "+systemPatient+"|id. It holds no health numbers.")
	}
	return t, nil
}

// reference is Type/id, for patients also the id alone; for whoever is named by an identifier, that.
func (p *eventParamKind) reference(t term) (term, error) {
	switch p.name {
	case "agent", "source":
		return p.token(t)
	case "patient":
		ref, ok := fhir.ParseRef("Patient/" + strings.TrimPrefix(t.raw, "Patient/"))
		if !ok || ref.Version != "" {
			return t, invalid(p.name, "A patient is given as Patient/id or id.")
		}
		t.text = ref.String()
		return t, nil
	}
	ref, ok := fhir.ParseRef(t.raw)
	if !ok {
		return t, invalid(p.name, "A resource is given as Type/id or Type/id/_history/version.")
	}
	t.text = ref.String()
	return t, nil
}

// accepts reports whether an event meets every clause.
func (q *Search) accepts(e *auditEvent) bool {
	for i := range q.clauses {
		if !q.clauses[i].met(e) {
			return false
		}
	}
	return true
}

func (c *clause) met(e *auditEvent) bool {
	for _, has := range c.param.of(e) {
		for _, want := range c.terms {
			if want.fits(has, c.param.typ) {
				return true
			}
		}
	}
	return false
}

// fits compares by the type of the parameter (http://hl7.org/fhir/R4/search.html#ptypes).
func (t term) fits(has term, typ string) bool {
	switch {
	case has.text == "":
		return false
	case t.text == "":
		return has.system == t.system
	case typ == "string":
		return strings.HasPrefix(fold(has.text), t.text)
	case typ == "reference" && has.text != t.text: // a reference without a version means any
		rest, ok := strings.CutPrefix(has.text, t.text)
		return ok && strings.HasPrefix(rest, "/_history/") && t.anySystem
	}
	return has.text == t.text && (t.anySystem || has.system == t.system)
}

// alternatives splits at commas; "\," is a comma and "\|" a bar (http://hl7.org/fhir/R4/search.html#escaping).
func alternatives(text string) []string {
	var out []string
	var one strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			one.WriteByte(text[i])
		case text[i] == ',':
			out = append(out, one.String())
			one.Reset()
		default:
			one.WriteByte(text[i])
		}
	}
	return append(out, one.String())
}
