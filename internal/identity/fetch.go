package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	fetchTimeout = 5 * time.Second // for discovery and keys together
	maxDocument  = 512 << 10       // of one answer, in bytes
)

// fetchClient is client, or one with modest limits, that follows no redirect: a trusted issuer says where its keys are.
func fetchClient(client *http.Client) *http.Client {
	var c http.Client
	if client != nil {
		c = *client
	} else {
		c.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		}
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = nil
	return &c
}

// discover reads where an issuer's keys are (OpenID Connect Discovery section 4). The document must be about the very issuer
// that was asked for, or another tenant of the same host could answer in its place.
func discover(ctx context.Context, client *http.Client, issuer string) (Endpoints, error) {
	body, _, err := get(ctx, client, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return Endpoints{}, fmt.Errorf("discovery: %w", err)
	}
	var document struct {
		Issuer string `json:"issuer"`
		Endpoints
	}
	if err := json.Unmarshal(body, &document); err != nil {
		return Endpoints{}, errors.New("discovery: not a strict JSON object")
	}
	if document.Issuer != issuer {
		return Endpoints{}, errors.New("discovery: the document is about another issuer")
	}
	u, err := safeURL(document.JWKS)
	if err != nil {
		return Endpoints{}, fmt.Errorf("discovery: jwks_uri %w", err)
	}
	if !sameReach(issuer, u) {
		return Endpoints{}, errors.New("discovery: jwks_uri leaves https")
	}
	return document.Endpoints, nil
}

// Endpoints are where an issuer does what, as its discovery document says (OpenID Connect Discovery section 3). Only JWKS
// is used by this package; the others are for those who have no token yet.
type Endpoints struct {
	JWKS          string `json:"jwks_uri"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
}

// fetchKeys reads a JWK Set and how long it is fresh.
func fetchKeys(ctx context.Context, client *http.Client, jwks string) (*keySet, time.Duration, error) {
	body, head, err := get(ctx, client, jwks)
	if err != nil {
		return nil, 0, fmt.Errorf("key set: %w", err)
	}
	set, err := parseKeys(body)
	if err != nil {
		return nil, 0, err
	}
	return set, freshFor(head), nil
}

// get reads one document of at most maxDocument bytes; anything but a plain 200 is an error.
func get(ctx context.Context, client *http.Client, url string) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/json, application/jwk-set+json")
	res, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("status %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDocument+1))
	if err != nil {
		return nil, nil, err
	}
	if len(body) > maxDocument {
		return nil, nil, errors.New("larger than is read")
	}
	return body, res.Header, nil
}

// freshFor is the max-age of Cache-Control within our bounds: an issuer may not make us ask all the time, nor keep a key
// alive for days that it has withdrawn.
func freshFor(head http.Header) time.Duration {
	for _, line := range head.Values("Cache-Control") {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch strings.ToLower(name) {
			case "no-store", "no-cache":
				return minKeyAge
			case "max-age":
				seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 32)
				if err != nil {
					return defaultKeyAge
				}
				return min(max(time.Duration(seconds)*time.Second, minKeyAge), maxKeyAge)
			}
		}
	}
	return defaultKeyAge
}
