package shrink

import (
	"net/url"
	"slices"
	"strings"

	"vestibule/fhir"
	"vestibule/policy"
)

// paramsOf are the search parameters of a type by which permissions are narrowed: whose it is, and of what kind.
func paramsOf(typ string) []string {
	switch typ {
	case "Appointment":
		return []string{"practitioner", "location"}
	case "Task":
		return []string{"owner"}
	case "DocumentReference":
		return []string{"category"}
	}
	return nil
}

// agreement is which values of one parameter the resources have: each of them has one of each list.
type agreement struct {
	lists [][]string
	none  bool // one has no value, or there are too many different lists
}

// mostLists bounds what is held.
const mostLists = 200

func newAgreement() *agreement { return &agreement{} }

func (a *agreement) add(values []string) {
	if len(values) == 0 || len(a.lists) >= mostLists {
		a.none, a.lists = true, nil
	}
	if a.none {
		return
	}
	slices.Sort(values)
	values = slices.Compact(values)
	for _, known := range a.lists {
		if slices.Equal(known, values) {
			return
		}
	}
	a.lists = append(a.lists, values)
}

// few is a small set of values of which every resource has one; none where it takes more than most.
func (a *agreement) few(most int) []string {
	if a == nil || a.none || len(a.lists) == 0 {
		return nil
	}
	left := slices.Clone(a.lists)
	var out []string
	for len(left) > 0 && len(out) < most {
		best := mostCommon(left)
		out = append(out, best)
		left = slices.DeleteFunc(left, func(values []string) bool { return slices.Contains(values, best) })
	}
	if len(left) > 0 {
		return nil
	}
	slices.Sort(out)
	return out
}

// mostCommon is the value that is in most of lists; of several the first by name.
func mostCommon(lists [][]string) string {
	count := map[string]int{}
	best := ""
	for _, values := range lists {
		for _, v := range values {
			count[v]++
		}
	}
	for v, n := range count {
		if best == "" || n > count[best] || n == count[best] && narrower(v, best) {
			best = v
		}
	}
	return best
}

// narrower puts a code with its system before one without, and else what comes first by name.
func narrower(a, b string) bool {
	if x, y := strings.Contains(a, "|"), strings.Contains(b, "|"); x != y {
		return x
	}
	return a < b
}

// valuesOf is what a resource has of a parameter, as a criterion writes it; where the part has a criterion of that parameter,
// of its values only, so that it can only lose some.
func valuesOf(r fhir.Resource, param string, p *policy.Part) []string {
	var out []string
	known, _ := fhir.LookUpParam(r.Type(), param)
	for _, path := range known.Paths {
		for v := range r.Value().Path(path) {
			if known.Type == fhir.ParamReference {
				out = append(out, referenceOf(v, known)...)
			} else {
				out = append(out, codesOf(v)...)
			}
		}
	}
	given, restricted := criterionOf(p, param)
	if !restricted {
		return out
	}
	return slices.DeleteFunc(out, func(v string) bool { return !slices.Contains(given, v) })
}

func referenceOf(v fhir.Value, param fhir.SearchParam) []string {
	ref, ok := fhir.ParseRef(v.Get("reference").Text())
	if !ok || param.Target != "" && ref.Type != param.Target {
		return nil
	}
	if param.Target == "" && len(param.Targets) > 0 && !slices.Contains(param.Targets, ref.Type) {
		return nil
	}
	ref.Version = ""
	return []string{ref.String()}
}

// codesOf are the codings of a concept, with their systems where they have one.
func codesOf(v fhir.Value) []string {
	var out []string
	for c := range v.Get("coding").Items() {
		system, code := c.Get("system").Text(), c.Get("code").Text()
		if code == "" || strings.ContainsAny(system+code, `|,$\`) {
			continue
		}
		out = append(out, code)
		if system != "" {
			out = append(out, system+"|"+code)
		}
	}
	return out
}

// criterionOf are the values that a part's criteria give for a parameter, none where they say something else about it; ok is
// false where they say nothing.
func criterionOf(p *policy.Part, param string) (values []string, ok bool) {
	for _, c := range p.Criteria {
		if c.Param().Name == param {
			if c.Modifier() != "" {
				return nil, true
			}
			return strings.Split(c.Value(), ","), true
		}
	}
	return nil, false
}

// safe are the characters that mean nothing else in a scope's criteria.
var safe = strings.NewReplacer("%2F", "/", "%7C", "|", "%3A", ":", "%2C", ",", "+", "%20")

// criterion is a criterion as a scope writes it.
func criterion(param string, values []string) string {
	return param + "=" + safe.Replace(url.QueryEscape(strings.Join(values, ",")))
}
