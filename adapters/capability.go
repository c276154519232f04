package adapters

import (
	"maps"
	"slices"

	"vestibule/fhir"
)

// Capability is the table of what one EMR can do: one row per resource type. From it follow the refusals and the gateway's
// own CapabilityStatement, so it must not promise what the EMR does not keep. The zero Capability supports nothing.
type Capability struct {
	types map[string]Type
}

// Type is one row of the table. The zero Type supports nothing.
type Type struct {
	Name              string                 // the resource type
	Interactions      []fhir.InteractionKind // what may be asked of it
	Search            []string               // parameters the EMR evaluates itself; others are filtered in the adapter
	Sort              bool                   // whether _sort is honoured; if not, a sorted search is refused
	Count             bool                   // whether _count is honoured; if not, the adapter divides the EMR's pages
	Versions          bool                   // whether resources carry versions, without which there are no updates
	ConditionalCreate bool                   // whether If-None-Exist is honoured
	StablePages       bool                   // whether a row that stays is on exactly one page, while others come and go
}

// NewCapability builds the table. Of two rows for one type the last counts.
func NewCapability(rows ...Type) Capability {
	c := Capability{types: make(map[string]Type, len(rows))}
	for _, t := range rows {
		c.types[t.Name] = t
	}
	return c
}

// Types lists the types that have a row, sorted.
func (c Capability) Types() []string { return slices.Sorted(maps.Keys(c.types)) }

// Type is the row of that type; the zero Type where there is none. Its slices are shared and must not be changed.
func (c Capability) Type(name string) Type { return c.types[name] }

// Supports reports whether the EMR does that interaction on that type.
func (c Capability) Supports(typ string, kind fhir.InteractionKind) bool {
	return slices.Contains(c.types[typ].Interactions, kind)
}

// Searches reports whether the EMR evaluates that search parameter itself.
func (c Capability) Searches(typ, param string) bool {
	return slices.Contains(c.types[typ].Search, param)
}
