package reasons

import "vestibule/fhir"

const askIssuer = "Have your platform's identity provider put that right, then sign in again."

// tokens are the codes of internal/identity, in the order of its checks.
func tokens() []Row {
	const no = fhir.KindUnauthenticated
	return []Row{
		{"token-missing", StageToken, no, "The request carries no access token, or more than one.", "Send one header \"Authorization: Bearer\" with an access token of your platform."},
		{"token-malformed", StageToken, no, "The access token is no JWT of the form that is accepted.", askIssuer},
		{"token-unknown-issuer", StageToken, no, "No platform here has the token's issuer.", "Ask the clinic to register your platform with its issuer."},
		{"token-signature", StageToken, no, "The signature is not by a current key of the issuer, or of a kind that is not accepted.", "Get a new token; where the issuer has just changed its keys, try again in 10 seconds."},
		{"issuer-unavailable", StageToken, fhir.KindUnavailable, "The issuer's keys cannot be fetched, so the token cannot be checked. Nothing happened.", "Try again shortly."},
		{"token-expired", StageToken, no, "The token has expired.", "Get a new one."},
		{"token-not-yet-valid", StageToken, no, "The token is not valid yet: its nbf or iat lies in the future.", "Check the issuer's clock."},
		{"token-type", StageToken, no, "This is an ID token, or a kind of token that the platform's document does not list.", "Send the access token that came beside the ID token."},
		{"token-client", StageToken, no, "The program that the token was issued to belongs to no platform of its issuer.", "Ask the clinic to register the program's client id."},
		{"token-bound", StageToken, no, "The token is bound to a key, and proofs of keys are not understood here.", "Ask the issuer for an unbound bearer token."},
		{"token-delegated", StageToken, no, "The token names somebody who acts for its subject; the record would name the wrong person.", "Ask for a token whose subject is the one who acts."},
		{"token-audience", StageToken, no, "The token is meant for another service.", "Ask the issuer for one whose aud is this gateway's address."},
		{"token-nameless", StageToken, no, "The token names nobody, and every access is recorded under a person's name.", "Have the issuer add the claim name; a program that acts by itself says \"vestibule_actor\": \"automated\"."},
		{"token-shared-login", StageToken, no, "The name in the token looks like a log-in that several people share.", "Give each assistant an account under their own name."},
	}
}
