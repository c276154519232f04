package adapters

import (
	"context"
	"io"

	"vestibule/fhir"
)

// Translator is an EMR whose records are not FHIR, so that its adapter translates. It says what that leaves behind.
//
// The two directions differ. What comes from the EMR and has no home in FHIR is left out of the resource and listed here:
// dropping it is safe, because an update only sends what the EMR takes. What a caller writes and the EMR has no home for is
// never left out: the write is refused with KindUnprocessable and the element's path, or the caller would believe it kept.
type Translator interface {
	// Losses are the fields of the EMR's records of that type that its resources do not show.
	Losses(typ string) []Loss
}

// Loss is a field of an EMR's record that has no home in the resource made of it.
type Loss struct {
	Path string // in the EMR's own terms, members joined by dots, lists passed over: "appointment.billing"
	Why  string // one sentence for people
}

// Content is an EMR that hands over the documents behind its DocumentReferences.
type Content interface {
	// Open returns the bytes of doc.content[index]. doc is the DocumentReference as this adapter read it, whole: what the
	// policy looked at is what is opened. Whoever calls closes the reader; ctx governs the reading, too. Errors, those of
	// reading included, are as those of a read: no such content is KindNotFound, content larger than the adapter accepts
	// KindUpstream with emr-answer-too-large, content cut short KindUpstream with emr-answer-broken instead of io.EOF.
	Open(ctx context.Context, doc fhir.Resource, index int) (io.ReadCloser, error)
}
