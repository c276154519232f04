package fhirr4

import (
	"bytes"
	"encoding/json"

	"vestibule/adapters"
	"vestibule/fhir"
)

// edit replaces src[start:end] by with.
type edit struct {
	start, end int
	with       []byte
}

// apply writes src with the edits, which are in order and apart.
func apply(src []byte, edits []edit) []byte {
	size := len(src)
	for _, e := range edits {
		size += len(e.with)
	}
	out, pos := make([]byte, 0, size), 0
	for _, e := range edits {
		out = append(append(out, src[pos:e.start]...), e.with...)
		pos = e.end
	}
	return append(out, src[pos:]...)
}

// withOperation is a resource to be created with its operation among its identifiers. All other bytes stay (hazard H36).
// Appointment, Task and DocumentReference have identifier 0..*.
func withOperation(r fhir.Resource, operation string) ([]byte, error) {
	entry := []byte(`{"system":"` + adapters.OperationSystem + `","value":"` + operation + `"}`)
	base, _ := r.Value().Span()
	list := r.Value().Get("identifier")
	switch list.Kind() {
	case fhir.Absent: // before everything else: resourceType is always there, so a comma follows
		return apply(r.Bytes(), []edit{{1, 1, append(append([]byte(`"identifier":[`), entry...), "],"...)}}), nil
	case fhir.Array:
		for range list.Items() {
			entry = append(entry, ',')
			break
		}
		start, _ := list.Span()
		at := start - base + 1
		return apply(r.Bytes(), []edit{{at, at, entry}}), nil
	}
	return nil, fhir.E(opWrite, fhir.KindUnprocessable, "emr-refused", "identifier is an array.").At("identifier")
}

// localize makes absolute references into the EMR's own base relative, so that no address of the EMR leaves the gateway and
// the policy recognises them (hazard H10). A resource without the EMR's host in its bytes is returned as it is.
func (a *Adapter) localize(r fhir.Resource) (fhir.Resource, error) {
	if !a.mentionsHost(r.Bytes()) {
		return r, nil
	}
	base, _ := r.Value().Span()
	var edits []edit
	a.absolute(r.Value(), func(v fhir.Value, local string) {
		start, end := v.Span()
		quoted, err := json.Marshal(local)
		if err == nil {
			edits = append(edits, edit{start - base, end - base, quoted})
		}
	})
	if len(edits) == 0 {
		return r, nil
	}
	out, err := fhir.ParseResource(apply(r.Bytes(), edits), a.limits)
	if err != nil { // cannot be: a string took the place of a longer string
		return fhir.Resource{}, broken(opRead, r.Type(), err)
	}
	return out, nil
}

func (a *Adapter) mentionsHost(b []byte) bool {
	for _, h := range a.hosts {
		if bytes.Contains(b, h) {
			return true
		}
	}
	return false
}

// absolute finds every Reference.reference below v that names a resource in this EMR by its address. Extension and
// identifier URLs look alike and are names, not references: they stay.
func (a *Adapter) absolute(v fhir.Value, found func(fhir.Value, string)) {
	if v.Kind() == fhir.Array {
		for item := range v.Items() {
			a.absolute(item, found)
		}
		return
	}
	for name, m := range v.Members() {
		if name != "reference" || m.Kind() != fhir.String {
			a.absolute(m, found)
			continue
		}
		if ref, ok := a.ownReference(m.Text()); ok {
			found(m, ref.String())
		}
	}
}

// ownReference reads an absolute reference into this EMR.
func (a *Adapter) ownReference(s string) (fhir.Ref, bool) {
	for _, base := range a.bases {
		prefix := base.String() + "/"
		if len(s) > len(prefix) && s[:len(prefix)] == prefix {
			if ref, ok := fhir.ParseRef(s[len(prefix):]); ok {
				return ref, true
			}
		}
	}
	return fhir.Ref{}, false
}
