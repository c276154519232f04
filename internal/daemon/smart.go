package daemon

import (
	"context"
	"slices"
	"time"

	"vestibule/fhir"
	"vestibule/internal/server"
)

// smart is what .well-known/smart-configuration says: the issuers that are trusted and, where there is exactly one, its
// endpoints as its own discovery document names them.
func (d *Daemon) smart() server.SMARTConfiguration {
	c := server.SMARTConfiguration{
		AuthorizationServers: d.verifier.Issuers(),
		GrantTypes:           []string{"authorization_code", "client_credentials"},
		ResponseTypes:        []string{"code"},
		CodeChallengeMethods: []string{"S256"},
		Capabilities:         []string{"permission-v2", "client-confidential-asymmetric", "client-confidential-symmetric", "client-public"},
	}
	for _, typ := range fhir.Types() {
		c.Scopes = append(c.Scopes, "user/"+typ+".crus", "system/"+typ+".crus")
	}
	slices.Sort(c.Scopes)
	if len(c.AuthorizationServers) != 1 {
		return c
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if e, err := d.verifier.Endpoints(ctx, c.AuthorizationServers[0]); err == nil {
		c.Issuer, c.JWKSURI = c.AuthorizationServers[0], e.JWKS
		c.AuthorizationEndpoint, c.TokenEndpoint = e.Authorization, e.Token
	}
	return c
}
