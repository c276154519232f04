package fhirr4

import (
	"context"

	"vestibule/adapters/internal/wire"
)

// Authorization is the Authorization header of a request to the server, fetched anew when it has run out, and what to call
// when the server refused it; empty without log-in. It is for what is sent to the server outside of an EMR's interface.
func (a *Adapter) Authorization(ctx context.Context) (header string, drop func(), err error) {
	if a.tokens == nil {
		return "", func() {}, nil
	}
	token, err := a.tokens.Get(ctx)
	if err != nil {
		return "", nil, wire.Plain(err)
	}
	return token.Value[0], func() { a.tokens.Drop(token) }, nil
}
