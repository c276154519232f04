package fhir

import (
	"fmt"
	"strconv"
)

// Bundle is a received Bundle: one parsed document, its entries' resources indexed in place.
type Bundle struct {
	root Value
}

// Entry is one entry of a received Bundle.
type Entry struct {
	Resource Resource
	entry    Value
}

// FullURL is the entry's fullUrl; empty where the server gives none.
func (e Entry) FullURL() string { return e.entry.Get("fullUrl").Text() }

// Mode is the entry's search.mode: match, include, outcome; empty where the server says none.
func (e Entry) Mode() string { return e.entry.Get("search").Get("mode").Text() }

// Matches reports whether the entry is what a search of that type looked for, and not what a server adds by itself: its
// search.mode is match or not given, its resource of the type.
func (e Entry) Matches(typ string) bool {
	mode := e.entry.Get("search").Get("mode").text()
	return (len(mode) == 0 || string(mode) == "match") && string(e.Resource.root.Get("resourceType").text()) == typ
}

// ParseBundle reads a Bundle. It checks what the gateway relies on: the resourceType, entries that are objects, resources
// that are resources. One that cannot be trusted makes the whole Bundle an error: an EMR's page is used whole or not at all.
func ParseBundle(b []byte, lim Limits) (Bundle, error) {
	r, err := ParseResource(b, lim)
	if err != nil {
		return Bundle{}, err
	}
	if r.Type() != "Bundle" {
		return Bundle{}, E("fhir.ParseBundle", KindInvalid, "not-a-bundle", "Expected a Bundle.")
	}
	return Bundle(r), nil
}

// Type is Bundle.type.
func (b Bundle) Type() string { return b.root.Get("type").Text() }

// Total is Bundle.total; ok is false where the server gives none that is a whole number.
func (b Bundle) Total() (total int, ok bool) {
	total, err := strconv.Atoi(string(b.root.Get("total").Raw()))
	if err != nil || total < 0 {
		return 0, false
	}
	return total, true
}

// Link is the URL of the link with that relation; empty where there is none.
func (b Bundle) Link(relation string) string {
	for l := range b.root.Get("link").Items() {
		if l.Get("relation").Text() == relation {
			return l.Get("url").Text()
		}
	}
	return ""
}

// Entries are the Bundle's entries, in order.
func (b Bundle) Entries() ([]Entry, error) {
	entries := b.root.Get("entry")
	if !entries.Exists() {
		return nil, nil
	}
	if entries.Kind() != Array {
		return nil, E("fhir.Entries", KindInvalid, "not-a-bundle", "Bundle.entry is an array.").At("entry")
	}
	out := make([]Entry, 0, entries.size())
	for v := range entries.Items() {
		r, err := resourceAt(v.Get("resource"))
		if err != nil {
			e := AsError(err).At(fmt.Sprintf("entry[%d].resource", len(out)))
			return nil, e
		}
		out = append(out, Entry{Resource: r, entry: v})
	}
	return out, nil
}

// Searchset is an answer to a search, written around resources whose bytes are copied as they are.
type Searchset struct {
	ID      string // of the Bundle; may be empty
	Base    string // the FHIR base that fullUrls begin with, without trailing slash
	Self    string // what was understood of the search, as an absolute URL
	Next    string // absolute URL of the next page; empty on the last
	Total   int    // -1 where it is not known exactly
	Entries []Cut
}

// AppendTo appends the searchset Bundle's JSON to dst.
func (s Searchset) AppendTo(dst []byte) []byte {
	dst = append(dst, `{"resourceType":"Bundle"`...)
	if s.ID != "" {
		dst = appendJSON(append(dst, `,"id":`...), s.ID)
	}
	dst = append(dst, `,"type":"searchset"`...)
	if s.Total >= 0 {
		dst = strconv.AppendInt(append(dst, `,"total":`...), int64(s.Total), 10)
	}
	dst = append(dst, `,"link":[{"relation":"self","url":`...)
	dst = append(appendJSON(dst, s.Self), '}')
	if s.Next != "" {
		dst = append(dst, `,{"relation":"next","url":`...)
		dst = append(appendJSON(dst, s.Next), '}')
	}
	dst = append(dst, ']')
	return append(appendEntries(dst, s.Base, s.Entries), '}')
}

// appendEntries writes Bundle.entry, which is left out where there is nothing in it: FHIR has no empty arrays.
func appendEntries(dst []byte, base string, entries []Cut) []byte {
	quoted := appendJSON(nil, base)
	quoted = quoted[:len(quoted)-1]
	lead := `,"entry":[`
	for _, c := range entries {
		if c.r.IsZero() {
			continue
		}
		dst = append(append(append(append(dst, lead...), `{"fullUrl":`...), quoted...), '/')
		dst = append(c.r.appendName(dst), `","search":{"mode":"match"},"resource":`...)
		dst = append(c.AppendTo(dst), '}')
		lead = ","
	}
	if lead == "," {
		dst = append(dst, ']')
	}
	return dst
}

// AppendRef appends what Ref().String() is, for a resource with an id.
func (r Resource) AppendRef(dst []byte) []byte {
	dst = r.appendName(dst)
	if version := r.root.Get("meta").Get("versionId").text(); validID(version) {
		dst = append(append(dst, "/_history/"...), version...)
	}
	return dst
}

// appendName appends "Type/id": both are valid as they are and need no escaping anywhere.
func (r Resource) appendName(dst []byte) []byte {
	dst = append(append(dst, r.root.Get("resourceType").text()...), '/')
	return append(dst, r.root.Get("id").text()...)
}
