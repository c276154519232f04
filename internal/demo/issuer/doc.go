// Package issuer is a small OpenID provider for trying Vestibule out: made-up people, no passwords. Anyone who can reach it
// can be anyone, so it is for loopback only and refuses everything else:
//
//   - New refuses an issuer URL whose host is not loopback, and Listen an address that is not;
//   - a request is refused (403) when its peer or its Host is not loopback (the latter against DNS rebinding), or when a
//     proxy says that it passed it on (Forwarded, X-Forwarded-For, X-Forwarded-Host, X-Real-Ip, Via).
//
// # What it speaks
//
//	GET  /.well-known/openid-configuration   OpenID Connect Discovery
//	GET  /jwks                               its public key, ES256
//	GET  /authorize                          authorization code with PKCE S256 (RFC 7636, required of everyone): a page
//	                                         that lists the made-up people to be
//	POST /authorize                          the choice; answers 303 to the client with code, state and iss (RFC 9207)
//	POST /token                              authorization_code and client_credentials
//
// Clients authenticate with private_key_jwt (RFC 7523; ES256, ES384, RS256, RS384, PS256; an assertion lives at most five
// minutes and is good once), client_secret_basic, client_secret_post, or, when they have neither key nor secret, with none,
// and then only for the code flow. client_credentials is for clients that are declared automated agents.
//
// # What it issues
//
// Access tokens of RFC 9068 (typ at+jwt): iss, sub, aud, client_id, scope, jti, iat, exp, with name and purpose_of_use for
// people, and name and vestibule_actor "automated" for agents. aud is the resource asked for (RFC 8707), else the first
// audience. With scope openid the code flow gives an ID token too. There are no refresh tokens.
//
// Tokens survive a restart because the signing key is kept in a file (LoadKey). Codes and used assertions do not.
package issuer
