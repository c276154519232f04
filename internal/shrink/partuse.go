package shrink

import (
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
	"vestibule/policy"
)

// partUse is what one permission was used for.
type partUse struct {
	letters   map[byte]int
	resources int
	unjudged  int // what left and may have come through it, and is not known
	undated   int
	from, to  int             // days from the access to the date of what left
	present   map[string]bool // elements, by path, that something which left has
	beyond    bool            // something has what no list of elements can name, such as a narrative
	values    map[string]*agreement
	changed   map[byte]map[string]bool
	names     map[string]bool // of whatever was changed, for what its answers show
	ends      map[byte]map[string]bool
	unended   map[byte]int // writes that changed the status and are not the last word about it
	documents int
}

func newPartUse() partUse {
	return partUse{letters: map[byte]int{}, present: map[string]bool{}, values: map[string]*agreement{}, names: map[string]bool{},
		changed: map[byte]map[string]bool{'c': {}, 'u': {}}, ends: map[byte]map[string]bool{'c': {}, 'u': {}}, unended: map[byte]int{}}
}

// took takes up a resource that left.
func (u *partUse) took(letter byte, p *policy.Part, r fhir.Resource, now time.Time, zone *time.Location) {
	u.letters[letter]++
	u.look(p, r)
	from, to, dated := policy.DaysFrom(r, now, zone)
	switch {
	case !dated:
		u.undated++
	case u.resources == u.undated:
		u.from, u.to = from, to
	default:
		u.from, u.to = min(u.from, from), max(u.to, to)
	}
	u.resources++
	for _, param := range paramsOf(p.Type) {
		if u.values[param] == nil {
			u.values[param] = newAgreement()
		}
		u.values[param].add(valuesOf(r, param, p))
	}
}

// look notes which elements a resource has, of those that the part shows.
func (u *partUse) look(p *policy.Part, r fhir.Resource) {
	if len(p.Elements) > 0 {
		for _, path := range policy.Expand(p.Type, p.Elements) {
			if !u.present[path] && hasPath(r, path) {
				u.present[path] = true
			}
		}
		return
	}
	for name, v := range r.Value().Members() {
		switch name = strings.TrimPrefix(name, "_"); name {
		case "resourceType", "id", "contained":
		case "meta":
			for member := range v.Members() {
				u.beyond = u.beyond || !slices.Contains([]string{"versionId", "lastUpdated", "profile", "security", "tag"}, member)
			}
		default:
			if _, err := fhir.NewElements(p.Type, name); err != nil {
				u.beyond = true
			}
			u.present[name] = true
		}
	}
}

// hasPath reports whether something stands at a path, or beside it as the extension of a primitive.
func hasPath(r fhir.Resource, path string) bool {
	for range r.Value().Path(path) {
		return true
	}
	at := strings.LastIndexByte(path, '.') + 1
	for range r.Value().Path(path[:at] + "_" + path[at:]) {
		return true
	}
	return false
}

// wrote takes up what a write changed and, if nothing came after it, the status in which it ended.
func (u *partUse) wrote(letter byte, changed []string, r fhir.Resource, last bool) {
	if letter != 'c' && letter != 'u' {
		return
	}
	for _, name := range changed {
		u.changed[letter][name] = true
	}
	if !slices.Contains(changed, "status") {
		return
	}
	if !last {
		u.unended[letter]++
		return
	}
	u.ends[letter][r.Value().Get("status").Text()] = true
}

// wroteUnknown is wrote where what was left is not known.
func (u *partUse) wroteUnknown(letter byte, changed []string) {
	u.wrote(letter, changed, fhir.Resource{}, false)
}

func (u *partUse) changedNames(changed []string) {
	for _, name := range changed {
		u.names[name] = true
	}
}
