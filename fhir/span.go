package fhir

// Span is where v stands in the document it was parsed from: src[start:end] are its Raw bytes. It is for edits by splicing,
// which leave every other byte alone (hazard H36); an offset into Resource.Bytes is relative to the root's own start.
func (v Value) Span() (start, end int) {
	if v.doc == nil {
		return 0, 0
	}
	n := v.node()
	return int(n.start), int(n.end)
}
