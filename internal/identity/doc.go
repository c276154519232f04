// Package identity turns a bearer token into a policy.Caller: a named person at a named platform, or an automated agent
// that says that it is one. It verifies OAuth 2.0 access tokens in JWT form (RFC 9068, RFC 8725) from several trusted
// issuers. What a caller may do is not decided here.
//
// # Claims
//
//	claim                          needed   read as
//	iss                            yes      Caller.Issuer; exactly a configured issuer
//	sub                            yes      Caller.Subject; at most 255 printable characters
//	client_id, or azp              yes      Caller.ClientID; issuer and client together decide Caller.Platform;
//	                                        when both claims are present they must agree
//	aud (string or array)          yes      must hold one of Config.Audiences
//	exp                            yes      Caller.Expires; no leeway
//	iat, nbf                       iat      not in the future by more than 60 s
//	jti                            no       Caller.TokenID
//	scope (string or array)        no       Caller.Scopes; without one the token narrows everything away
//	name                           a person needs one: Caller.Name; trimmed, else as given
//	given_name and family_name     instead of name, when both are there
//	vestibule_actor                no       "automated" makes Caller.Automated true; "person" or absent is a person;
//	                                        anything else is refused
//	purpose_of_use                 no       Caller.Purposes: string or array of codes, "system|code",
//	                                        "urn:oid:...#code" or {"system","code"}; the code is kept
//	extensions.hl7-b2b.purpose_of_use       the same, as HL7 UDAP security writes it; both are joined
//	acr, amr                       no       Caller.Assurance, for the record only; what has another form is left out
//	nonce, at_hash, c_hash, s_hash          marks of an ID token: refused
//	cnf                                     a token bound to a key is no bearer token (RFC 9449 section 7.1, RFC 8705): refused
//	act                                     someone acts for sub (RFC 8693): the record would name the wrong one: refused
//
// The header's typ is one of the platform's TokenTypes, at+jwt unless it is set otherwise ("application/" is optional and
// case does not count). alg is RS256, RS384, PS256, ES256, ES384 or EdDSA. jwk, jku, x5c and x5u in the header are not
// looked at: keys come from the issuer's jwks_uri and nowhere else. crit is refused.
//
// # Order of checks, and the reason codes
//
//  1. form: one bearer token, three base64url parts, strict JSON without duplicate members, at most MaxToken bytes
//     token-missing, token-malformed
//  2. header: alg, crit                                                        token-signature, token-malformed
//  3. iss is an issuer we trust                                                token-unknown-issuer
//  4. signature by a key of that issuer                                        token-signature; issuer-unavailable
//     when its keys cannot be had (the only code that is not the caller's doing, and the only 503)
//  5. claims are of the right form (read from the verified bytes)              token-malformed
//  6. exp; nbf and iat                                                         token-expired, token-not-yet-valid
//  7. not an ID token: none of its marks; not both without a client and of a
//     type that no platform of the issuer accepts                              token-type
//  8. client_id belongs to a platform of that issuer                           token-client
//  9. typ; not bound to a key, not delegated                                   token-type, token-bound, token-delegated
//  10. aud                                                                     token-audience
//  11. a person's name, not a shared log-in; or a declared agent               token-nameless, token-shared-login
//
// No text of an error repeats anything out of a token. What a refused token claimed is had from Claimed, as a Claim, a
// type that cannot be mistaken for a Caller.
//
// # Shared log-ins
//
// A name whose every word is generic ("Front Desk 2", "Admin", "VMA", "Réception"), or that equals the platform's name or
// the client id, is refused. This is a heuristic: it catches the careless log-in, not the deceitful one. A name
// with an e-mail address in it, or with fewer than two letters, is no name.
//
// # Keys (hazard H34)
//
// Nothing is fetched at start. An issuer's discovery document (issuer + "/.well-known/openid-configuration") and its key
// set are fetched when its first token comes, again when they are older than their max-age (Cache-Control, held between
// 1 minute and 1 hour; 10 minutes when not said), and at most once per interval (10 s) for a key id that is not in the
// set. A bad signature by a known key fetches nothing. There is one fetch at a time per issuer; it goes on when the caller
// hangs up. While an issuer is down its last keys serve for an hour beyond their age, then its tokens are refused with
// issuer-unavailable. URLs are https, or http on loopback; redirects are not followed; answers are capped at 512 KiB and 5 s.
//
// # Cache
//
// A verified token is remembered by its SHA-256 until it expires, for 60 s at the most. SetPlatforms forgets all of them at
// once: a platform that is taken away has no access from that call on (hazard H37). It keeps the key sets of the issuers
// that stay.
package identity
