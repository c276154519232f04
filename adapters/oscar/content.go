package oscar

import (
	"bytes"
	"context"
	"io"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Open returns a document's bytes. OSCAR sends a document whole or not at all, inside an XML answer, so it is held in memory.
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
	if _, _, err := a.supports(ctx, opContent, doc.Type(), fhir.InteractionRead); err != nil || doc.Type() != typDocument {
		if err == nil {
			err = notSupported(opContent, doc.Type(), "Only documents have content.")
		}
		return nil, err
	}
	id, ok := rowID(doc.ID())
	if !ok || index != 0 {
		return nil, notFound(opContent, typDocument)
	}
	row, err := a.document(ctx, opContent, id)
	if err != nil {
		return nil, err
	}
	if row.version() != doc.VersionID() { // what the policy looked at is what is opened
		return nil, notFound(opContent, typDocument)
	}
	b, err := row.bytes()
	switch {
	case err != nil:
		return nil, broken(opContent, typDocument)
	case len(b) == 0:
		return nil, notFound(opContent, typDocument)
	}
	return b, nil
}
