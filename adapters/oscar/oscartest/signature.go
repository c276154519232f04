package oscartest

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// pair is one parameter of a request.
type pair struct{ name, value string }

var errNoOAuth = errors.New("no OAuth credentials")

// parseAuthorization reads an Authorization header of scheme OAuth: name="value" pairs, percent-encoded (RFC 5849
// section 3.5.1). A name that comes twice, an unfinished quote or a bad escape spoils the whole header.
func parseAuthorization(header string) (map[string]string, error) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if !strings.EqualFold(scheme, "OAuth") {
		return nil, errNoOAuth
	}
	params := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, quoted, found := strings.Cut(part, "=")
		if !found || len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
			return nil, errors.New("a parameter is not name=\"value\"")
		}
		name, err := url.PathUnescape(strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		value, err := url.PathUnescape(quoted[1 : len(quoted)-1])
		if err != nil {
			return nil, err
		}
		if _, twice := params[name]; twice {
			return nil, errors.New("a parameter comes twice")
		}
		params[name] = value
	}
	return params, nil
}

// encode is percent-encoding by RFC 5849 section 3.6: everything but the unreserved characters, in upper case.
func encode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
	}
	return b.String()
}

// decodeForm lists the pairs of a query or form in their order.
func decodeForm(raw string) ([]pair, error) {
	var out []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		out = append(out, pair{n, v})
	}
	return out, nil
}

// normalize sorts encoded pairs by name, then by value, and joins them (RFC 5849 section 3.4.1.3.2).
func normalize(params []pair) string {
	encoded := make([]pair, len(params))
	for i, p := range params {
		encoded[i] = pair{encode(p.name), encode(p.value)}
	}
	slices.SortFunc(encoded, func(a, b pair) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var b strings.Builder
	for i, p := range encoded {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name + "=" + p.value)
	}
	return b.String()
}

// baseURL is the base string URI (RFC 5849 section 3.4.1.2): scheme and host in lower case, the port unless it is the
// scheme's own, the path as it was sent.
func baseURL(origin, path string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return origin + path
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if port := u.Port(); scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path
}

// signatureBase is the text that is signed (RFC 5849 section 3.4.1.1).
func signatureBase(method, base string, params []pair) string {
	return strings.ToUpper(method) + "&" + encode(base) + "&" + encode(normalize(params))
}

// sign is HMAC-SHA1 over the text (RFC 5849 section 3.4.2).
func sign(text, clientSecret, tokenSecret string) string {
	mac := hmac.New(sha1.New, []byte(encode(clientSecret)+"&"+encode(tokenSecret)))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// signedText is the text that this request's signature has to cover. Query and form parameters are signed; a JSON body is
// not (Open-O: webserv/oauth/OAuth1SignatureVerifierImplementation).
func signedText(r *http.Request, origin string, oauth map[string]string, body []byte) (string, error) {
	params, err := decodeForm(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "application/x-www-form-urlencoded") {
		form, err := decodeForm(string(body))
		if err != nil {
			return "", err
		}
		params = append(params, form...)
	}
	for name, value := range oauth {
		if name != "realm" && name != "oauth_signature" {
			params = append(params, pair{name, value})
		}
	}
	return signatureBase(r.Method, baseURL(origin, r.URL.EscapedPath()), params), nil
}

// signedBy says whether the signature is that of these two secrets.
func signedBy(text, signature, clientSecret, tokenSecret string) bool {
	return hmac.Equal([]byte(signature), []byte(sign(text, clientSecret, tokenSecret)))
}
