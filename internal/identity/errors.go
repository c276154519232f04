package identity

import (
	"time"

	"vestibule/fhir"
)

// The reason codes, in the order of the checks. They are written to the trail and do not change.
const (
	CodeMissing       = "token-missing"
	CodeMalformed     = "token-malformed"
	CodeSignature     = "token-signature"
	CodeUnknownIssuer = "token-unknown-issuer"
	CodeUnavailable   = "issuer-unavailable"
	CodeExpired       = "token-expired"
	CodeNotYetValid   = "token-not-yet-valid"
	CodeClient        = "token-client"
	CodeType          = "token-type"
	CodeBound         = "token-bound"
	CodeDelegated     = "token-delegated"
	CodeAudience      = "token-audience"
	CodeNameless      = "token-nameless"
	CodeSharedLogin   = "token-shared-login"
)

const opVerify = "identity.Verify"

// refuse is the error of a token that is the caller's to mend. Text is ours alone: nothing of the token is in it.
func refuse(code, text string) *fhir.Error {
	return fhir.E(opVerify, fhir.KindUnauthenticated, code, text)
}

func missing() *fhir.Error {
	return refuse(CodeMissing, "Send one header 'Authorization: Bearer <access token>' with an access token of your platform's issuer.")
}

func malformed(text string) *fhir.Error { return refuse(CodeMalformed, text) }

// unavailable is the one failure here that is not the caller's: the issuer's keys cannot be had.
func unavailable(retry time.Duration, cause error) *fhir.Error {
	e := fhir.E(opVerify, fhir.KindUnavailable, CodeUnavailable,
		"The keys of the token's issuer cannot be fetched at the moment, so the token cannot be checked. Nothing happened; try again shortly.")
	e.RetryAfter = retry
	e.Err = cause
	return e
}
