package oscar

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// compareClocks notes how far the EMR's clock is from ours: its signatures hold for five minutes.
func (l *link) compareClocks(h http.Header) {
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		l.clocks.Store(int64(t.Sub(l.conf.Now()).Round(time.Second) / time.Second))
	}
}

// clockDifference is how far the EMR's clock is ahead of ours, as last seen.
func (l *link) clockDifference() time.Duration { return time.Duration(l.clocks.Load()) * time.Second }

// signatureWindow is how far the clocks may be apart (Open-O's OAuth1SignatureVerifierImplementation).
const signatureWindow = 5 * time.Minute

// explain says more of a refusal than its status does, by words that are OSCAR's own and hold no data. Nothing else of the
// body is kept (hazard H32).
func (l *link) explain(x *exchange, f *wire.Fault, resp *http.Response) *wire.Fault {
	head, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // unread, so that the connection can be kept
	text := strings.TrimSpace(string(head))
	if x.xml {
		return explainSOAP(x, f, strings.ToLower(text))
	}
	word := text[:len(text)-len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz_"))]
	switch {
	case strings.Contains(text, `"buildTag"`):
		return junoFault(x, f, text)
	case resp.StatusCode == http.StatusUnauthorized && l.clockDifference().Abs() > signatureWindow:
		f.Err = upstream(x.op, x.typ, "emr-login-refused", "The clocks of the EMR and of the gateway are too far apart for the gateway's signatures. Set both by network time.").
			Because(fmt.Errorf("the EMR's clock is %v ahead", l.clockDifference()))
	case (resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusBadRequest) && oauthWords()[word] != "":
		f.Err = loginRefused(x).Because(errors.New(word + ": " + oauthWords()[word]))
	case resp.StatusCode == http.StatusInternalServerError && saysDenied(strings.ToLower(text)):
		f.Err = upstream(x.op, x.typ, "emr-login-refused", "The provider in whose name the gateway acts lacks a privilege in the EMR. The clinic has to look into it.").
			Because(errMissingPrivilege)
		f.Again = false
	case resp.StatusCode == http.StatusInternalServerError && x.absent:
		f.Err = notFound(x.op, x.typ).Because(errPerhapsAbsent)
		f.Again = false
	}
	return f
}

// The causes that the adapter itself acts on.
var (
	errMissingPrivilege = errors.New("a privilege is missing")
	errPerhapsAbsent    = errors.New("the EMR fails the same way for what is not there")
	errJunoEnvelope     = errors.New("an error in Juno's own envelope")
)

// saysDenied reports whether a failure is a missing privilege: an exception of OSCAR's managers, bare, behind its class's
// name, or in a fault of the library that carries it (CXF's XMLFault).
func saysDenied(text string) bool {
	return strings.Contains(text, "access denied") || strings.Contains(text, "missing required sec")
}

// oauthWords are the plain-text answers of OSCAR's OAuth filter and what each asks for (Open-O and CARLOS webserv/oauth).
func oauthWords() map[string]string {
	return map[string]string{
		"missing_consumer_key":        "the Authorization header did not arrive; a proxy may drop it",
		"missing_access_token":        "the Authorization header did not arrive whole; a proxy may change it",
		"invalid_consumer":            "the REST client's key is not known, or the client was removed",
		"invalid_request_token":       "the request token was used before or is older than an hour; begin again",
		"invalid_verifier":            "the verifier is not the one that OSCAR showed; begin again",
		"invalid_signature":           "the secret is wrong, the token was revoked, the clocks differ, or signatureBaseURL is not what OSCAR takes for its own address",
		"oauth_authentication_failed": "OSCAR could not look the token up",
		"unknown_provider":            "the provider who consented is not there any more",
		"login_required":              "a provider has to sign in and consent",
		"invalid_scope":               "a scope is not known to this OSCAR",
		"authentication_required":     "the token was revoked or has run out; ask for consent again",
		"insufficient_scope":          "the consent does not cover this; ask for consent again with the scope",
		"restricted_endpoint":         "this OSCAR does not open the call to REST clients",
		"blocked_endpoint":            "this OSCAR does not open the call to REST clients",
	}
}

func loginRefused(x *exchange) *fhir.Error {
	return upstream(x.op, x.typ, "emr-login-refused", "The EMR refused the gateway's own log-in. The clinic has to look into it.")
}

func upstream(op, typ, code, text string) *fhir.Error {
	e := fhir.E(op, fhir.KindUpstream, code, text)
	e.Ref.Type = typ
	return e
}

func broken(op, typ string) *fhir.Error {
	return upstream(op, typ, "emr-answer-broken", "The EMR's answer broke off or cannot be read, so nothing of it is used.")
}

func wrong(op, typ, text string) *fhir.Error { return upstream(op, typ, "emr-answer-wrong", text) }

func notFound(op, typ string) *fhir.Error {
	e := fhir.E(op, fhir.KindNotFound, "not-found", "There is no such resource.")
	e.Ref.Type = typ
	return e
}

func notSupported(op, typ, text string) *fhir.Error {
	e := fhir.E(op, fhir.KindNotSupported, "emr-not-supported", text)
	e.Ref.Type = typ
	return e
}

// refused is content that this EMR cannot keep.
func refused(text string) *fhir.Error {
	return fhir.E(opWrite, fhir.KindUnprocessable, "emr-refused", text)
}
