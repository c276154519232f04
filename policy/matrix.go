package policy

import (
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// Row is one line of the matrix: what somebody may do with resources of one type, and by which grants.
type Row struct {
	Holder
	Type   string   `json:"type"`
	Read   []string `json:"read,omitempty"` // name@version, sorted; none: not granted
	Search []string `json:"search,omitempty"`
	Create []string `json:"create,omitempty"`
	Update []string `json:"update,omitempty"`
}

// Matrix is who may do what, by platform, person and type: everything that grants in force give, or will give before they
// end, under whatever conditions. platforms is as in WhoCan.
func (s *Set) Matrix(now time.Time, platforms map[string][]string) []Row {
	rows := map[Holder]map[string]*Row{}
	for _, typ := range fhir.Types() {
		for _, kind := range []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate} {
			for _, h := range s.WhoCan(Question{Interaction: fhir.Interaction{Kind: kind, Type: typ}, Now: now, Platforms: platforms}) {
				who := h.Holder
				who.Team = "" // a person is one line, however a grant names them
				if rows[who] == nil {
					rows[who] = map[string]*Row{}
				}
				if rows[who][typ] == nil {
					rows[who][typ] = &Row{Holder: who, Type: typ}
				}
				rows[who][typ].add(kind, h.Grant)
			}
		}
	}
	var out []Row
	for _, types := range rows {
		for _, r := range types {
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, func(a, b Row) int { return strings.Compare(a.order(), b.order()) })
	return out
}

func (r *Row) add(kind fhir.InteractionKind, cite string) {
	to := map[fhir.InteractionKind]*[]string{
		fhir.InteractionRead: &r.Read, fhir.InteractionSearch: &r.Search, fhir.InteractionCreate: &r.Create, fhir.InteractionUpdate: &r.Update,
	}[kind]
	if !slices.Contains(*to, cite) {
		*to = append(*to, cite)
		slices.Sort(*to)
	}
}

func (r *Row) order() string {
	kind := "person"
	if r.Automated {
		kind = "agent"
	}
	return strings.Join([]string{r.Platform, kind, r.Person, r.Type}, "\x00")
}
