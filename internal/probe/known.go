package probe

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
)

// Known is what somebody who knows the server's data says of it: what is there and must not be visible to the token's
// holder. The zero value says nothing; every probe works without it, many work sharper with it.
type Known struct {
	Types     []string            `yaml:"types"`     // nothing of these types may be read, found or included
	Resources []string            `yaml:"resources"` // Type/id: are there, and have to look as if they were not
	Elements  map[string][]string `yaml:"elements"`  // by type: paths of elements that are hidden
	Values    []string            `yaml:"values"`    // canaries: in no answer, unless the request held them; at least 4 characters
	Searches  []string            `yaml:"searches"`  // Type?parameter=value: would find something if a hidden value counted
	Scratch   string              `yaml:"scratch"`   // Type/id of a resource that may be changed and spoilt; only with Options.Writes
}

// Mistake is something wrong in a Known: where, and what would be right. It repeats no value.
type Mistake struct{ Path, Text string }

// shortest is the least length of a canary; shorter ones occur by chance.
const shortest = 4

// Mistakes are what is wrong with k.
func (k Known) Mistakes() []Mistake {
	var out []Mistake
	add := func(path string, i int, text string) {
		out = append(out, Mistake{fmt.Sprintf("%s[%d]", path, i), text})
	}
	for i, typ := range k.Types {
		if !isTypeName(typ) {
			add("types", i, "has to be a resource type, such as Patient")
		}
	}
	for i, r := range k.Resources {
		if !isResource(r) {
			add("resources", i, "has to be Type/id, such as Appointment/123")
		}
	}
	for i, v := range k.Values {
		if len(v) < shortest {
			add("values", i, fmt.Sprintf("has to have at least %d characters; shorter texts occur by chance", shortest))
		}
	}
	for i, s := range k.Searches {
		if _, ok := parseSearch(s); !ok {
			add("searches", i, "has to be Type?parameter=value, with one parameter, not percent-encoded")
		}
	}
	if k.Scratch != "" && !isResource(k.Scratch) {
		out = append(out, Mistake{"scratch", "has to be Type/id"})
	}
	for typ, paths := range k.Elements {
		if !isTypeName(typ) || slices.Contains(paths, "") {
			out = append(out, Mistake{"elements", "has to list paths of elements by resource type, such as Appointment: [comment]"})
		}
	}
	return out
}

func isTypeName(s string) bool {
	return s != "" && s[0] >= 'A' && s[0] <= 'Z' && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

func isResource(s string) bool {
	ref, ok := fhir.ParseRef(s)
	return ok && ref.String() == s && ref.Version == ""
}

// search is one of Known.Searches.
type search struct{ typ, key, value string }

func parseSearch(s string) (search, bool) {
	typ, query, ok := strings.Cut(s, "?")
	key, value, more := strings.Cut(query, "=")
	return search{typ, key, value}, ok && more && isTypeName(typ) && key != "" && value != "" && !strings.ContainsAny(query, "&% ")
}

// searchesBy are the values that k knows for one parameter of a type, whatever its modifier.
func (k Known) searchesBy(typ, param string) []string {
	var out []string
	for _, s := range k.Searches {
		if found, ok := parseSearch(s); ok && found.typ == typ {
			if name, _, _ := strings.Cut(found.key, ":"); name == param {
				out = append(out, found.value)
			}
		}
	}
	return out
}

// twin is a text of the same shape as s that is not s: digits stay digits, letters letters, so that a server treats it alike.
// The digits of a date become the first of January of a year in which nobody was born.
func twin(s string) string {
	if isDate(s) {
		return "1801-01-01"
	}
	hex := strings.Trim(strings.ToLower(s), "0123456789abcdef-") == "" && len(s) >= 32
	out := []byte(s)
	for i, c := range out {
		switch {
		case hex && c >= 'a' && c <= 'f':
			out[i] = 'a' + ('f' - c)
		case c >= '0' && c <= '9':
			out[i] = '9' - (c-'0')%9
		case c >= 'a' && c <= 'z':
			out[i] = 'a' + (c-'a'+13)%26
		case c >= 'A' && c <= 'Z':
			out[i] = 'A' + (c-'A'+13)%26
		}
	}
	return string(out)
}

func isDate(s string) bool {
	return len(s) == 10 && s[4] == '-' && s[7] == '-' && strings.Trim(s, "0123456789-") == ""
}

// twinValue is twin of a search's value: the code system and the type of a reference stay as they are.
func twinValue(s string) string {
	if i := strings.LastIndexAny(s, "|/"); i >= 0 && i < len(s)-1 {
		return s[:i+1] + twin(s[i+1:])
	}
	return twin(s)
}
