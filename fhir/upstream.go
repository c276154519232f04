package fhir

// What is sent to an EMR differs in two places from what a caller sent.

// Whole is q asking for whole resources and no total: each resource that comes back can then be checked, and counted, before
// it is cut.
func (q Query) Whole() Query {
	q.elements, q.total = nil, ""
	return q
}

// WithoutID is r without its id: what a create sends, because the EMR gives the id (http://hl7.org/fhir/R4/http.html#create).
func (r Resource) WithoutID() (Resource, error) {
	if !r.root.Get("id").Exists() && !r.root.Get("_id").Exists() {
		return r, nil
	}
	m := merger{current: r, remove: map[string]bool{"id": true, "_id": true}}
	return ParseResource(m.write(), Limits{Depth: 512})
}
