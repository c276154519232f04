package fhir

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// route finds the interaction of a method and a path's segments.
func route(method string, segments []string) (Interaction, error) {
	if len(segments) == 0 {
		return routeBase(method)
	}
	typ, rest := segments[0], segments[1:]
	switch {
	case typ == "metadata" && len(rest) == 0:
		return choose(Interaction{}, method, methods{http.MethodGet: InteractionCapabilities})
	case typ == "_history":
		return Interaction{Kind: InteractionHistory}, refuse("history-not-supported", historyText)
	case typ[0] == '$':
		return Interaction{Kind: InteractionOperation}, refuse("operation-not-supported", operationText)
	case typ == "_search":
		return Interaction{}, refuse("search-all-not-supported", "A search names one type: GET /Appointment?…")
	case !validType(typ):
		return Interaction{}, noSuchPath()
	}
	in := Interaction{Type: typ}
	if typ == typBinary {
		return routeBinary(in, method, rest)
	}
	if !IsType(typ) {
		return in, E(opInteraction, KindNotFound, "type-not-supported",
			fmt.Sprintf("This server does not have %s. It has %s.", typ, strings.Join(Types(), ", ")))
	}
	if len(rest) == 0 {
		return routeType(in, method)
	}
	return routeBelow(in, method, rest)
}

// routeBinary is for /Binary and what is below it: documents are read there, one by one, and nothing else.
func routeBinary(in Interaction, method string, rest []string) (Interaction, error) {
	if method != http.MethodGet || len(rest) != 1 || rest[0][0] == '$' || rest[0][0] == '_' {
		return in, E(opInteraction, KindNotFound, "type-not-supported",
			"Of Binary this server has only GET Binary/{id}, the document behind a DocumentReference; write a document as content.attachment.data of its DocumentReference.")
	}
	in.Kind = InteractionRead
	document, index, ok := parseBinaryID(rest[0])
	if !ok {
		return in, E(opInteraction, KindInvalid, "invalid-id",
			"The id of a Binary is that of its DocumentReference, a dot, and the place of the attachment among its content, from 0: Binary/17.0.")
	}
	return Interaction{Kind: InteractionRead, Type: "DocumentReference", ID: document, Opens: true, Attachment: index}, nil
}

const (
	historyText   = "History and versions are not served; a read gives the current version."
	operationText = "Operations are not served; use read, search, create and update."
)

func refuse(code, text string) *Error { return E(opInteraction, KindNotSupported, code, text) }

func noSuchPath() *Error {
	return E(opInteraction, KindNotFound, "unknown-path", "Nothing is served at this path. Paths are /Type, /Type/id, /Type/_search and /metadata.")
}

func routeBase(method string) (Interaction, error) {
	if method == http.MethodPost {
		return Interaction{Kind: InteractionBatch},
			refuse("batch-not-supported", "Batches and transactions are not served; send each request by itself.")
	}
	return Interaction{}, refuse("search-all-not-supported", "A search names one type: GET /Appointment?…")
}

func routeType(in Interaction, method string) (Interaction, error) {
	switch method {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		in.Kind = writeKind(method)
		in.Allow = "GET, POST"
		return in, E(opInteraction, KindMethodNotAllowed, "conditional-not-supported",
			"A change names the resource in its path (PUT /Type/id); conditional updates and deletes are not served.")
	}
	return choose(in, method, methods{http.MethodGet: InteractionSearch, http.MethodPost: InteractionCreate})
}

func writeKind(method string) InteractionKind {
	switch method {
	case http.MethodPatch:
		return InteractionPatch
	case http.MethodDelete:
		return InteractionDelete
	}
	return InteractionUpdate
}

// routeBelow is for /Type/… with at least one more segment.
func routeBelow(in Interaction, method string, rest []string) (Interaction, error) {
	switch last := rest[len(rest)-1]; {
	case rest[0] == "_search" && len(rest) == 1:
		return choose(in, method, methods{http.MethodPost: InteractionSearch})
	case last[0] == '$':
		in.Kind = InteractionOperation
		if len(rest) == 2 && ValidID(rest[0]) {
			in.ID = rest[0]
		}
		return in, refuse("operation-not-supported", operationText)
	case rest[0] == "_history" && len(rest) == 1:
		in.Kind = InteractionHistory
		return in, refuse("history-not-supported", historyText)
	}
	if !ValidID(rest[0]) {
		return in, E(opInteraction, KindInvalid, "invalid-id", "An id is 1 to 64 letters, digits, '-' and '.'.")
	}
	in.ID = rest[0]
	switch {
	case len(rest) == 1:
		return routeInstance(in, method)
	case rest[1] == "_history" && len(rest) <= 3:
		in.Kind = InteractionHistory
		if len(rest) == 3 {
			in.Kind = InteractionVRead
		}
		return in, refuse("history-not-supported", historyText)
	}
	return in, noSuchPath()
}

func routeInstance(in Interaction, method string) (Interaction, error) {
	switch method {
	case http.MethodPatch:
		in.Kind, in.Allow = InteractionPatch, "GET, PUT"
		return in, E(opInteraction, KindMethodNotAllowed, "patch-not-supported", "Patches are not served; send the changed resource with PUT and If-Match.")
	case http.MethodDelete:
		in.Kind, in.Allow = InteractionDelete, "GET, PUT"
		return in, E(opInteraction, KindMethodNotAllowed, "delete-not-supported",
			"Nothing is deleted through this server; set the status to cancelled or entered-in-error with PUT.")
	}
	return choose(in, method, methods{http.MethodGet: InteractionRead, http.MethodPut: InteractionUpdate})
}

// methods are what a path does by method.
type methods map[string]InteractionKind

func choose(in Interaction, method string, m methods) (Interaction, error) {
	kind, ok := m[method]
	if ok {
		in.Kind = kind
		return in, nil
	}
	var allowed []string
	for name := range m {
		allowed = append(allowed, name)
	}
	slices.Sort(allowed)
	in.Allow = strings.Join(allowed, ", ")
	return in, E(opInteraction, KindMethodNotAllowed, "method-not-allowed", "This path takes "+in.Allow+".")
}
