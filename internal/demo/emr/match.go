package emr

import (
	"net/url"
	"slices"
	"strings"

	"vestibule/fhir"
)

// matcher is what all criteria of a search ask of one resource. _has and chains look at other resources: an EMR answers
// them for whoever asks, which is how a patient's birth date can be found out through an appointment.
func (e *EMR) matcher(typ string, values url.Values) (func(fhir.Resource) bool, error) {
	var all []func(fhir.Resource) bool
	for key, list := range values {
		for _, value := range list {
			m, err := e.criterion(typ, key, value)
			if err != nil {
				return nil, err
			}
			all = append(all, m)
		}
	}
	return func(r fhir.Resource) bool {
		for _, m := range all {
			if !m(r) {
				return false
			}
		}
		return true
	}, nil
}

func (e *EMR) criterion(typ, key, value string) (func(fhir.Resource) bool, error) {
	if rest, ok := strings.CutPrefix(key, "_has:"); ok {
		return e.has(typ, rest, value)
	}
	if through, rest, ok := strings.Cut(key, "."); ok {
		return e.chain(typ, through, rest, value)
	}
	if fhir.IsType(typ) {
		c, err := fhir.ParseClause(typ, key, value, e.cfg.Zone)
		return c.Match, err
	}
	return person(key, value)
}

// chain is "patient.birthdate=…": the referenced resource has to meet the rest.
func (e *EMR) chain(typ, through, rest, value string) (func(fhir.Resource) bool, error) {
	name, target, _ := strings.Cut(through, ":")
	p, ok := fhir.LookUpParam(typ, name)
	if !ok || p.Type != fhir.ParamReference {
		return nil, unknown(through)
	}
	byType := map[string]func(fhir.Resource) bool{}
	for _, t := range allTypes() {
		if m, err := e.criterion(t, rest, value); err == nil {
			byType[t] = m
		}
	}
	if len(byType) == 0 {
		return nil, unknown(rest)
	}
	return func(r fhir.Resource) bool {
		return slices.ContainsFunc(references(r, p), func(ref fhir.Ref) bool {
			m := byType[ref.Type]
			if m == nil || target != "" && ref.Type != target {
				return false
			}
			other, ok := e.store.get(ref.Type, ref.ID)
			return ok && m(other)
		})
	}, nil
}

// has is "_has:Appointment:patient:status=booked": some Appointment with that status refers here through patient.
func (e *EMR) has(typ, rest, value string) (func(fhir.Resource) bool, error) {
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) != 3 {
		return nil, unknown("_has:" + rest)
	}
	p, ok := fhir.LookUpParam(parts[0], parts[1])
	if !ok || p.Type != fhir.ParamReference {
		return nil, unknown("_has:" + rest)
	}
	m, err := e.criterion(parts[0], parts[2], value)
	if err != nil {
		return nil, err
	}
	pointed := map[fhir.Ref]bool{}
	for _, r := range e.store.all(parts[0]) {
		if m(r) {
			for _, ref := range references(r, p) {
				pointed[ref] = true
			}
		}
	}
	return func(r fhir.Resource) bool { return pointed[fhir.Ref{Type: typ, ID: r.ID()}] }, nil
}

// included are the resources that an _include adds to a page.
func (e *EMR) included(typ, include string, page []fhir.Resource) ([]fhir.Resource, error) {
	parts := strings.Split(include, ":")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != typ {
		return nil, unknown("_include")
	}
	p, ok := fhir.LookUpParam(typ, parts[1])
	if !ok || p.Type != fhir.ParamReference {
		return nil, unknown("_include")
	}
	var out []fhir.Resource
	for _, r := range page {
		for _, ref := range references(r, p) {
			if other, ok := e.store.get(ref.Type, ref.ID); ok && (len(parts) == 2 || ref.Type == parts[2]) {
				out = append(out, other)
			}
		}
	}
	return out, nil
}

// references are the local resources that r names through a parameter.
func references(r fhir.Resource, p fhir.SearchParam) []fhir.Ref {
	var out []fhir.Ref
	for _, path := range p.Paths {
		for v := range r.Value().Path(path + ".reference") {
			if ref, ok := fhir.ParseRef(v.Text()); ok && (p.Target == "" || ref.Type == p.Target) {
				out = append(out, fhir.Ref{Type: ref.Type, ID: ref.ID})
			}
		}
	}
	return out
}

func unknown(name string) *fhir.Error {
	return problem(fhir.KindNotSupported, "unknown-parameter", "Not a search parameter here.").At(name)
}

// person matches the few parameters of Patient, Practitioner, Organization and Location.
func person(key, value string) (func(fhir.Resource) bool, error) {
	var one func(r fhir.Resource, want string) bool
	switch key {
	case "_id":
		one = func(r fhir.Resource, want string) bool { return r.ID() == want }
	case "identifier":
		one = identified
	case "name":
		one = func(r fhir.Resource, want string) bool {
			return begins(r, want, "name", "name.family", "name.given", "name.text")
		}
	case "family", "given":
		one = func(r fhir.Resource, want string) bool { return begins(r, want, "name."+key) }
	case "birthdate":
		one = born
	default:
		return nil, unknown(key)
	}
	wanted := strings.Split(value, ",")
	return func(r fhir.Resource) bool {
		return slices.ContainsFunc(wanted, func(want string) bool { return one(r, want) })
	}, nil
}

func identified(r fhir.Resource, want string) bool {
	system, code, both := strings.Cut(want, "|")
	for id := range r.Value().Path("identifier") {
		value := id.Get("value").Text()
		if !both && value == want || both && value == code && id.Get("system").Text() == system {
			return true
		}
	}
	return false
}

// begins reports whether a name begins with want, whatever the case.
func begins(r fhir.Resource, want string, paths ...string) bool {
	for _, p := range paths {
		for v := range r.Value().Path(p) {
			if t := v.Text(); want != "" && len(t) >= len(want) && strings.EqualFold(t[:len(want)], want) {
				return true
			}
		}
	}
	return false
}

// born compares birth dates, which are written so that text order is time order.
func born(r fhir.Resource, want string) bool {
	date := r.Value().Get("birthDate").Text()
	if date == "" || len(want) < 4 {
		return false
	}
	switch day := want[2:]; want[:2] {
	case "ge":
		return date >= day
	case "gt":
		return date > day && !strings.HasPrefix(date, day)
	case "le":
		return date <= day || strings.HasPrefix(date, day)
	case "lt":
		return date < day
	}
	return strings.HasPrefix(date, strings.TrimPrefix(want, "eq"))
}
