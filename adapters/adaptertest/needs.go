package adaptertest

import (
	"slices"
	"strings"

	"vestibule/adapters"
	"vestibule/fhir"
)

// need says what a row of the table lacks for a promise; "" where it lacks nothing.
type need func(adapters.Type) string

func does(kind fhir.InteractionKind) need {
	return func(t adapters.Type) string {
		if slices.Contains(t.Interactions, kind) {
			return ""
		}
		return "no " + string(kind)
	}
}

func versions(t adapters.Type) string {
	if t.Versions {
		return ""
	}
	return "no versions"
}

func conditionalCreate(t adapters.Type) string {
	if t.ConditionalCreate {
		return ""
	}
	return "no conditional create"
}

func stablePages(t adapters.Type) string {
	if t.StablePages {
		return ""
	}
	return "no stable pages"
}

// lacks are the reasons why p cannot be tried with that row.
func (p promise) lacks(t adapters.Type) string {
	var out []string
	for _, n := range p.needs {
		if why := n(t); why != "" {
			out = append(out, why)
		}
	}
	return strings.Join(out, ", ")
}
