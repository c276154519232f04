package oscar

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505: the only signature that OSCAR takes (RFC 5849 §3.4.2)
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/fhir"
)

// Credential is one half of OAuth 1.0a's pair: a key or token that may be seen and its secret. It prints without the secret.
type Credential struct{ Key, Secret string }

// String is the key alone.
func (c Credential) String() string { return c.Key }

// GoString is the key alone, so that %#v tells no secret either.
func (c Credential) GoString() string { return c.Key }

// pair is one parameter of a signature, encoded.
type pair struct{ name, value string }

// signer signs requests by RFC 5849 with HMAC-SHA1. base is what the EMR takes its own address for: behind a proxy that ends
// TLS it rebuilds the URL as http://internal-host:port (Open-O's OAuth1SignatureVerifierImplementation).
type signer struct {
	client Credential
	base   *url.URL
	now    func() time.Time
	random io.Reader
}

// header is the Authorization header of a request for path (escaped, from the root) with query. token is zero before there
// is one; extra holds oauth_callback or oauth_verifier. JSON and XML bodies are not part of a signature (RFC 5849 §3.4.1.3).
func (s signer) header(method, path, query string, token Credential, extra ...pair) (string, error) {
	var nonce [16]byte
	if _, err := io.ReadFull(s.random, nonce[:]); err != nil {
		return "", fhir.E(opLogin, fhir.KindInternal, "", "The gateway has no randomness.").Because(err)
	}
	own := append([]pair{
		{"oauth_consumer_key", s.client.Key}, {"oauth_nonce", hex.EncodeToString(nonce[:])}, {"oauth_signature_method", "HMAC-SHA1"},
		{"oauth_timestamp", strconv.FormatInt(s.now().Unix(), 10)}, {"oauth_version", "1.0"},
	}, extra...)
	if token.Key != "" {
		own = append(own, pair{"oauth_token", token.Key})
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", fhir.E(opLogin, fhir.KindInternal, "", "A request to the EMR cannot be signed.").Because(err)
	}
	own = append(own, pair{"oauth_signature", signature(method, s.base, path, values, own, s.client.Secret, token.Secret)})
	slices.SortFunc(own, comparePairs)
	var b strings.Builder
	b.WriteString("OAuth ")
	for i, p := range own {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(percent(p.name) + `="` + percent(p.value) + `"`)
	}
	return b.String(), nil
}

// signature is HMAC-SHA1 over the signature base string (RFC 5849 §3.4.1, §3.4.2).
func signature(method string, base *url.URL, path string, query url.Values, own []pair, clientSecret, tokenSecret string) string {
	all := make([]pair, 0, len(own)+len(query))
	for _, p := range own {
		all = append(all, pair{percent(p.name), percent(p.value)})
	}
	for name, values := range query {
		for _, v := range values {
			all = append(all, pair{percent(name), percent(v)})
		}
	}
	slices.SortFunc(all, comparePairs)
	joined := make([]string, len(all))
	for i, p := range all {
		joined[i] = p.name + "=" + p.value
	}
	text := method + "&" + percent(authority(base)+path) + "&" + percent(strings.Join(joined, "&"))
	mac := hmac.New(sha1.New, []byte(percent(clientSecret)+"&"+percent(tokenSecret)))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// authority is scheme and host in lower case, without the scheme's own port (RFC 5849 §3.4.1.2).
func authority(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if port := u.Port(); scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return scheme + "://" + host
}

func comparePairs(a, b pair) int {
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	return strings.Compare(a.value, b.value)
}

// percent encodes by RFC 5849 §3.6: everything but unreserved characters, in upper-case hexadecimal.
func percent(s string) string {
	const hexes = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+8)
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', c == '-', c == '.', c == '_', c == '~':
			b = append(b, c)
		default:
			b = append(b, '%', hexes[c>>4], hexes[c&15])
		}
	}
	return string(b)
}
