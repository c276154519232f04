package vestibule

import (
	"context"
	"io"
	"net/http"

	"vestibule/adapters"
	"vestibule/fhir"
	"vestibule/policy"
)

// Form is as what a document itself is wanted (http://hl7.org/fhir/R4/binary.html#rest).
type Form uint8

// The forms. A caller who takes neither gets FormNone.
const (
	FormNone     Form = iota
	FormResource      // a Binary in FHIR JSON that holds the bytes
	FormBytes         // the bytes
)

// BinaryRoute ends the template of the address under which documents are opened: in a record it tells that a read of a
// DocumentReference was one for the document itself.
const BinaryRoute = "/Binary/{id}"

const (
	opOpen      = "vestibule.open"
	typDocument = "DocumentReference"
	maxDocument = 16 << 20 // bytes: the adapters' own bound, should one of them have none
)

// open answers a read of a Binary: the document itself behind a DocumentReference. It is a read of the DocumentReference, decided,
// limited and recorded as one, that shows the document instead of what is known about it; whatever is hidden from that read is
// hidden from this one, in the same words. The document is opened for the version that was released.
func (a *access) open(ctx context.Context) Answer {
	emr := a.clinic.EMR // the same to its end: what one EMR says of a document is no leave to open another one's
	r, err := emr.Read(ctx, a.target())
	if a.renew() && !a.decision.Permitted() {
		return a.deny(ctx, a.decision.Err())
	}
	if fail := a.emrFailure(ctx, err); fail != nil {
		return *fail
	}
	released, reasons := a.decision.Release(r)
	if released.IsZero() {
		return a.unopened(ctx, reasons)
	}
	form := a.form(released.Media())
	if form == FormNone {
		return a.deny(ctx, notWanted(released.Media()))
	}
	b, err := a.content(ctx, emr, r)
	if a.renew() {
		if released, reasons = a.decision.Release(r); released.IsZero() {
			return a.unopened(ctx, reasons)
		}
		if a.form(released.Media()) != form {
			return a.deny(ctx, rulesChanged())
		}
	}
	if fail := a.emrFailure(ctx, err); fail != nil {
		return *fail
	}
	a.record.Resource = released.Ref().String()
	return a.succeed(ctx, http.StatusOK, []policy.Released{released},
		Answer{version: released.Ref().Version, opened: released.Open(b), bare: form == FormBytes})
}

// unopened answers for a document that the decision keeps back.
func (a *access) unopened(ctx context.Context, reasons []policy.Reason) Answer {
	a.record.Withheld = 1
	return a.deny(ctx, a.decision.Refusal(reasons), reasons...)
}

func (a *access) form(media string) Form {
	if a.req.Form == nil {
		return FormResource
	}
	return a.req.Form(media)
}

func notWanted(media string) *fhir.Error {
	return fhir.E(opOpen, fhir.KindNotAcceptable, "not-acceptable",
		"This document is "+media+": accept that for its bytes, or application/fhir+json for a Binary resource that holds them.")
}

// content is the document that r carries at the place asked for, whole and what r says that it is.
func (a *access) content(ctx context.Context, emr adapters.EMR, r fhir.Resource) ([]byte, error) {
	opener, ok := emr.(adapters.Content)
	if !ok {
		return nil, fhir.E(opOpen, fhir.KindNotSupported, "emr-not-supported", "This clinic's EMR does not hand over documents; it shows what is known about them.")
	}
	reader, err := opener.Open(ctx, r, a.asked.Attachment)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	b, err := io.ReadAll(io.LimitReader(reader, maxDocument+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > maxDocument:
		return nil, fhir.E(opOpen, fhir.KindUpstream, "emr-answer-too-large", "The document is larger than the gateway accepts.")
	case !fhir.IsIntact(r.Attachment(a.asked.Attachment), b):
		return nil, fhir.E(opOpen, fhir.KindUpstream, "emr-answer-broken", "The document is not what the EMR says of it: its size or its hash is another.")
	}
	return b, nil
}

// opensDocuments reports whether an EMR hands over documents.
func opensDocuments(emr adapters.EMR, can adapters.Capability) bool {
	_, ok := emr.(adapters.Content)
	return ok && can.Supports(typDocument, fhir.InteractionRead)
}

// foreign refuses a write that says where a document is. What stands in a DocumentReference is opened with the gateway's own
// credentials: an address that a caller chose could lead to a document of the EMR that is out of their reach. Only an address of
// the gateway's own may be sent back where it stands.
func foreign(before, proposed fhir.Resource) *fhir.Error {
	if proposed.Type() != typDocument {
		return nil
	}
	i := 0
	for range proposed.Value().Get("content").Items() {
		url := proposed.Attachment(i).Get("url")
		link := fhir.BinaryLink(before.ID(), i)
		own := link != "" && url.Text() == link && before.Attachment(i).Get("url").Text() == link
		if url.Exists() && !own {
			return fhir.E(opOpen, fhir.KindForbidden, "element-not-writable",
				"A document is sent along, in content.attachment.data; its address cannot be set. Leave out url.").At("content.attachment.url")
		}
		i++
	}
	return nil
}
