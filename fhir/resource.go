package fhir

import "bytes"

// Resource is one resource as it was received: the original bytes and an index over them. It has no setters. What leaves
// is a Cut of it, what is written is a Merge into it; nothing is ever decoded and encoded again (hazard H36). The zero
// Resource is no resource.
type Resource struct {
	root Value
}

// ParseResource reads one resource from JSON. Beyond Parse's strictness it asks for an object with a resourceType spelt
// like one and, where an id is given, a valid id.
func ParseResource(b []byte, lim Limits) (Resource, error) {
	v, err := Parse(b, lim)
	if err != nil {
		return Resource{}, err
	}
	return resourceAt(v)
}

func resourceAt(v Value) (Resource, error) {
	const op = "fhir.ParseResource"
	if v.Kind() != Object {
		return Resource{}, E(op, KindInvalid, "not-a-resource", "A FHIR resource is a JSON object.")
	}
	if !validType(v.Get("resourceType").text()) {
		return Resource{}, E(op, KindInvalid, "not-a-resource", "A FHIR resource names its type in resourceType.").At("resourceType")
	}
	if id := v.Get("id"); id.Exists() && !validID(id.text()) {
		return Resource{}, E(op, KindInvalid, "invalid-id", "An id is 1 to 64 letters, digits, '-' and '.'.").At("id")
	}
	return Resource{root: v}, nil
}

// IsZero reports whether r is no resource.
func (r Resource) IsZero() bool { return !r.root.Exists() }

// Type is the resourceType; empty for the zero Resource.
func (r Resource) Type() string {
	typ := r.root.Get("resourceType").text()
	for _, known := range [...]string{"Appointment", "DocumentReference", "Task"} {
		if string(typ) == known {
			return known // without a copy for each of a page
		}
	}
	return string(typ)
}

// ID is the logical id; empty where none is given.
func (r Resource) ID() string { return r.root.Get("id").Text() }

// VersionID is meta.versionId; empty where none is given.
func (r Resource) VersionID() string { return r.root.Get("meta").Get("versionId").Text() }

// LastUpdated is meta.lastUpdated as written; empty where none is given.
func (r Resource) LastUpdated() string { return r.root.Get("meta").Get("lastUpdated").Text() }

// Ref names the resource and, where the EMR says one, its version.
func (r Resource) Ref() Ref {
	ref := Ref{Type: r.Type(), ID: r.ID()}
	if v := r.VersionID(); ValidID(v) {
		ref.Version = v
	}
	return ref
}

// Value is the resource's root, for walking.
func (r Resource) Value() Value { return r.root }

// Bytes is the resource exactly as received. The bytes must not be changed.
func (r Resource) Bytes() []byte { return r.root.Raw() }

// patientPath is where each supported type names its patients: the path of its "patient" search parameter
// (http://hl7.org/fhir/R4/searchparameter-registry.html).
func patientPath(typ []byte) string {
	switch string(typ) {
	case "Appointment":
		return "participant.actor.reference"
	case "Task":
		return "for.reference"
	case "DocumentReference":
		return "subject.reference"
	}
	return ""
}

// Patients are the patients the resource is about, each once, in document order, by the paths of the type's patient
// parameter. Only literal local references count.
func (r Resource) Patients() []Ref {
	path := patientPath(r.root.Get("resourceType").text())
	if path == "" {
		return nil
	}
	var out []Ref
	seen := map[Ref]bool{} // a hostile resource names tens of thousands
	for v := range r.root.Path(path) {
		text := v.text()
		if !bytes.HasPrefix(text, []byte("Patient/")) {
			continue
		}
		if ref, ok := ParseRef(string(text)); ok {
			ref.Version = ""
			if !seen[ref] {
				seen[ref] = true
				out = append(out, ref)
			}
		}
	}
	return out
}

// Change is one write on its way to an EMR.
type Change struct {
	Kind      InteractionKind // InteractionCreate or InteractionUpdate; every adapter refuses anything else
	Resource  Resource        // what shall stand in the EMR afterwards, whole; for a create without id
	Base      Ref             // for an update: the resource and the version that is replaced
	Operation string          // names this write; the same on a retry, so that the EMR ends up with one (hazard H30)
}
