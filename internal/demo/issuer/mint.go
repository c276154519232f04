package issuer

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// accessClaims are the claims of an access token, RFC 9068 section 2.2 and ours.
type accessClaims struct {
	Issuer   string           `json:"iss"`
	Subject  string           `json:"sub"`
	Audience string           `json:"aud"`
	ClientID string           `json:"client_id"`
	Scope    string           `json:"scope,omitempty"`
	ID       string           `json:"jti"`
	IssuedAt *jwt.NumericDate `json:"iat"`
	Expires  *jwt.NumericDate `json:"exp"`
	Name     string           `json:"name,omitempty"`
	Actor    string           `json:"vestibule_actor,omitempty"`
	Purposes []string         `json:"purpose_of_use,omitempty"`
}

type idClaims struct {
	Issuer   string           `json:"iss"`
	Subject  string           `json:"sub"`
	Audience string           `json:"aud"`
	IssuedAt *jwt.NumericDate `json:"iat"`
	Expires  *jwt.NumericDate `json:"exp"`
	Name     string           `json:"name,omitempty"`
	Nonce    string           `json:"nonce,omitempty"`
	ATHash   string           `json:"at_hash"`
}

// Mint makes a ready access token for the first audience: of the person whose subject is given, or of the client itself when
// subject is "" or the client's id and the client is an automated agent. Scopes are taken as they are. The error says who is
// not known.
func (i *Issuer) Mint(subject, clientID string, scopes []string, ttl time.Duration) (string, error) {
	client, ok := i.client[clientID]
	if !ok {
		return "", fmt.Errorf("issuer: no client %q", clientID)
	}
	c := accessClaims{Audience: i.cfg.Audiences[0], ClientID: clientID, Scope: strings.Join(scopes, " ")}
	if client.Automated && (subject == "" || subject == clientID) {
		return i.mint(c.forAgent(client), ttl)
	}
	person, ok := i.people[subject]
	if !ok || !person.mayUse(clientID) {
		return "", fmt.Errorf("issuer: no person %q who may use client %q", subject, clientID)
	}
	return i.mint(c.forPerson(person), ttl)
}

func (p Person) mayUse(clientID string) bool {
	return len(p.Clients) == 0 || slices.Contains(p.Clients, clientID)
}

func (c accessClaims) forPerson(p Person) accessClaims {
	c.Subject, c.Name, c.Purposes = p.Subject, p.Name, p.Purposes
	return c
}

func (c accessClaims) forAgent(client Client) accessClaims {
	c.Subject, c.Name, c.Purposes, c.Actor = client.ID, client.Name, client.Purposes, "automated"
	return c
}

// mint fills in what every access token has, and signs.
func (i *Issuer) mint(c accessClaims, ttl time.Duration) (string, error) {
	id, err := i.randomText()
	if err != nil {
		return "", err
	}
	now := i.now()
	c.Issuer, c.ID = i.cfg.Issuer, id
	c.IssuedAt, c.Expires = jwt.NewNumericDate(now), jwt.NewNumericDate(now.Add(ttl))
	return serialize(i.access, c)
}

// mintID makes the ID token beside an access token (OpenID Connect Core section 3.1.3.6 for at_hash).
func (i *Issuer) mintID(p Person, clientID, nonce, access string) (string, error) {
	sum := sha256.Sum256([]byte(access))
	now := i.now()
	return serialize(i.id, idClaims{
		Issuer: i.cfg.Issuer, Subject: p.Subject, Audience: clientID, Name: p.Name, Nonce: nonce,
		IssuedAt: jwt.NewNumericDate(now), Expires: jwt.NewNumericDate(now.Add(i.cfg.TTL)),
		ATHash: base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]),
	})
}

// serialize signs claims that are one of the two structs above.
func serialize[C accessClaims | idClaims](signer jose.Signer, claims C) (string, error) {
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// randomText is 128 random bits in base64url.
func (i *Issuer) randomText() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(i.random, b[:]); err != nil {
		return "", fmt.Errorf("issuer: random: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
