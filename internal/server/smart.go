package server

// SMARTConfiguration is what a clinic's .well-known/smart-configuration says
// (https://hl7.org/fhir/smart-app-launch/conformance.html). The gateway issues no tokens: it names the issuers whose tokens
// it takes, and a client asks there. Issuer is set where there is exactly one.
type SMARTConfiguration struct {
	Issuer                string   `json:"issuer,omitempty"`
	AuthorizationEndpoint string   `json:"authorization_endpoint,omitempty"`
	TokenEndpoint         string   `json:"token_endpoint,omitempty"`
	JWKSURI               string   `json:"jwks_uri,omitempty"`
	AuthorizationServers  []string `json:"authorization_servers"` // RFC 9728's name for the list of issuers
	GrantTypes            []string `json:"grant_types_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	CodeChallengeMethods  []string `json:"code_challenge_methods_supported"`
	Scopes                []string `json:"scopes_supported"`
	Capabilities          []string `json:"capabilities"`
}
