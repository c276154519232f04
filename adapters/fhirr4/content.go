package fhirr4

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

var _ adapters.Content = (*Adapter)(nil)

// Open returns the document behind doc.content[index]: the one that doc carries itself, or the EMR's Binary that it names. An
// address elsewhere is not followed: it would show whoever listens there that this patient's document is being opened.
func (a *Adapter) Open(ctx context.Context, doc fhir.Resource, index int) (io.ReadCloser, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	b, err := a.content(ctx, doc, index)
	if err != nil {
		return nil, wire.Plain(err)
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (a *Adapter) content(ctx context.Context, doc fhir.Resource, index int) ([]byte, error) {
	attachment := nth(doc.Value().Get("content"), index).Get("attachment")
	if data := attachment.Get("data"); data.Exists() {
		return decoded(doc.Type(), data)
	}
	link := attachment.Get("url").Text()
	if link == "" {
		return nil, fhir.E(opContent, fhir.KindNotFound, "not-found", "There is no such content.")
	}
	ref, ok := a.located(link)
	if !ok || ref.Type != "Binary" {
		return nil, upstream(opContent, doc.Type(), "emr-link-foreign", "The document lies elsewhere than in the EMR, so it is not opened.")
	}
	return a.binary(ctx, doc, ref)
}

// binary reads a Binary as a resource (http://hl7.org/fhir/R4/binary.html#rest): other than the bare bytes, it says whether it
// is whole, and under whose access rules it stands.
func (a *Adapter) binary(ctx context.Context, doc fhir.Resource, ref fhir.Ref) ([]byte, error) {
	ans, err := a.do(ctx, exchange{op: opContent, typ: ref.Type, method: http.MethodGet, path: ref.Type + "/" + ref.ID, again: true})
	if err != nil {
		return nil, err
	}
	r, err := a.resource(opContent, ans.body, ref.Type, ref.ID)
	if err != nil {
		return nil, err
	}
	if context := r.Value().Get("securityContext"); context.Exists() && !ruledBy(doc, context) {
		return nil, upstream(opContent, doc.Type(), "emr-link-foreign", "The EMR keeps this document under the access rules of another resource, so it is not opened.")
	}
	return decoded(ref.Type, r.Value().Get("data"))
}

// ruledBy reports whether a Binary's securityContext (http://hl7.org/fhir/R4/binary-definitions.html#Binary.securityContext) is
// the DocumentReference by which it is opened, or whom that one is about: whoever may see doc was not asked about anything else.
func ruledBy(doc fhir.Resource, context fhir.Value) bool {
	ref, ok := fhir.ParseRef(context.Get("reference").Text())
	if !ok {
		return false
	}
	if ref.Type == doc.Type() {
		return ref.ID == doc.ID() && (ref.Version == "" || ref.Version == doc.VersionID())
	}
	subject, ok := fhir.ParseRef(doc.Value().Get("subject").Get("reference").Text())
	return ok && ref.Type == subject.Type && ref.ID == subject.ID
}

// decoded is base64 as bytes.
func decoded(typ string, data fhir.Value) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(data.Text())
	if err != nil || data.Kind() != fhir.String {
		return nil, upstream(opContent, typ, "emr-answer-broken", "The document in the EMR cannot be read.")
	}
	return b, nil
}

// nth is an item of a list; absent where there is none.
func nth(list fhir.Value, index int) fhir.Value {
	i := 0
	for v := range list.Items() {
		if i == index {
			return v
		}
		i++
	}
	return fhir.Value{}
}
