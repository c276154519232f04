package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer is the demo's OpenID provider, an http.Handler. It is safe for concurrent use.
type Issuer struct {
	cfg    Config
	people map[string]Person
	client map[string]Client
	now    func() time.Time
	random io.Reader
	access jose.Signer
	id     jose.Signer
	jwks   []byte
	mux    *http.ServeMux
	codes  *onceStore[grantedCode]
	used   *onceStore[struct{}] // client assertions, by client and jti
}

// New makes an Issuer; it refuses an issuer URL that is not on loopback.
func New(cfg Config) (*Issuer, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	i := &Issuer{
		cfg: cfg, people: map[string]Person{}, client: map[string]Client{},
		now: cfg.Now, random: cfg.Random, mux: http.NewServeMux(),
		codes: newOnceStore[grantedCode](), used: newOnceStore[struct{}](),
	}
	if i.now == nil {
		i.now = time.Now
	}
	if i.random == nil {
		i.random = rand.Reader
	}
	if i.cfg.TTL == 0 {
		i.cfg.TTL = DefaultTTL
	}
	for _, p := range cfg.People {
		i.people[p.Subject] = p
	}
	for _, c := range cfg.Clients {
		i.client[c.ID] = c
	}
	if err := i.prepareKeys(); err != nil {
		return nil, err
	}
	i.mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	i.mux.HandleFunc("GET /jwks", i.keys)
	i.mux.HandleFunc("GET /authorize", i.askWho)
	i.mux.HandleFunc("POST /authorize", i.picked)
	i.mux.HandleFunc("POST /token", i.token)
	return i, nil
}

// Start makes an Issuer on a port of its own, with a key that nobody keeps, and has a server answer for it until that is closed.
// It sets Issuer and Key of cfg.
func Start(cfg Config) (*Issuer, *http.Server, error) {
	var err error
	if cfg.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, err
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	cfg.Issuer = "http://" + l.Addr().String()
	i, err := New(cfg)
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: i, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }() // until it is closed
	return i, server, nil
}

// prepareKeys makes the two signers, which differ in typ, and the published key set.
func (i *Issuer) prepareKeys() error {
	public := jose.JSONWebKey{Key: i.cfg.Key.Public(), Algorithm: string(jose.ES256), Use: "sig"}
	thumb, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return err
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	if i.jwks, err = json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public}}); err != nil {
		return err
	}
	signing := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.cfg.Key, KeyID: public.KeyID}}
	if i.access, err = jose.NewSigner(signing, (&jose.SignerOptions{}).WithType("at+jwt")); err != nil {
		return err
	}
	i.id, err = jose.NewSigner(signing, (&jose.SignerOptions{}).WithType("JWT"))
	return err
}

// URL is the issuer's URL, as tokens carry it in iss.
func (i *Issuer) URL() string { return i.cfg.Issuer }

// ServeHTTP answers requests that never left this machine, and refuses all others.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !local(r) {
		http.Error(w, "The demo's issuer answers on loopback only.", http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	i.mux.ServeHTTP(w, r)
}

// local reports whether peer and Host are loopback and nobody passed the request on.
func local(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	} else if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	if !loopbackHost(host) {
		return false
	}
	return !slices.ContainsFunc([]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"}, func(name string) bool {
		return len(r.Header.Values(name)) > 0
	})
}

// discoveryDocument is what OpenID Connect Discovery section 3 and RFC 9207 have clients read.
type discoveryDocument struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	JWKS          string   `json:"jwks_uri"`
	Responses     []string `json:"response_types_supported"`
	Modes         []string `json:"response_modes_supported"`
	Grants        []string `json:"grant_types_supported"`
	Subjects      []string `json:"subject_types_supported"`
	IDAlgs        []string `json:"id_token_signing_alg_values_supported"`
	Auth          []string `json:"token_endpoint_auth_methods_supported"`
	AuthAlgs      []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	PKCE          []string `json:"code_challenge_methods_supported"`
	Iss           bool     `json:"authorization_response_iss_parameter_supported"`
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "max-age=300")
	writeJSON(w, http.StatusOK, discoveryDocument{
		Issuer: i.cfg.Issuer, Authorization: i.cfg.Issuer + "/authorize", Token: i.cfg.Issuer + "/token", JWKS: i.cfg.Issuer + "/jwks",
		Responses: []string{"code"}, Modes: []string{"query"}, Grants: []string{grantCode, grantCredentials},
		Subjects: []string{"public"}, IDAlgs: []string{string(jose.ES256)},
		Auth:     []string{"private_key_jwt", "client_secret_basic", "client_secret_post", "none"},
		AuthAlgs: assertionAlgorithmNames(), PKCE: []string{"S256"}, Iss: true,
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "max-age=300")
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Write(i.jwks)
}
