package oscar

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dghubble/oauth1"
)

// The exchanges of RFC 5849 §1.2, whose signatures the RFC prints.
func TestSignaturesAreThoseOfRFC5849(t *testing.T) {
	own := func(time, nonce string, more ...pair) []pair {
		return append([]pair{{"oauth_consumer_key", "dpf43f3p2l4k3l03"}, {"oauth_signature_method", "HMAC-SHA1"}, {"oauth_timestamp", time}, {"oauth_nonce", nonce}}, more...)
	}
	for _, c := range []struct {
		method, url, secret, want string
		own                       []pair
	}{
		{"POST", "https://photos.example.net/initiate", "", "74KNZJeDHnMBp0EMJ9ZHt/XKycU=", own("137131200", "wIjqoS", pair{"oauth_callback", "http://printer.example.com/ready"})},
		{"POST", "https://photos.example.net/token", "hdhd0244k9j7ao03", "gKgrFCywp7rO0OXSjdot/IHF7IU=", own("137131201", "walatlh", pair{"oauth_token", "hh5s93j4hdidpola"}, pair{"oauth_verifier", "hfdp7dh39dks9884"})},
		{"GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", "pfkkdhi9sl3r4s00", "MdpQcU8iPSUjWoN/UDMsK2sui9I=", own("137131202", "chapoH", pair{"oauth_token", "nnch734d00sl2jdk"})},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := signature(c.method, u, u.EscapedPath(), u.Query(), c.own, "kd94hf93k423kf44", c.secret); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.method, c.url, got, c.want)
		}
	}
}

// The parameters of RFC 5849 §3.4.1.3, with names and values that come twice, are empty, or need escaping twice.
func TestParametersAreSortedEncoded(t *testing.T) {
	for in, want := range map[string]string{"r b": "r%20b", "=%3D": "%3D%253D", "c@": "c%40", "a3": "a3", "~-._": "~-._", "é": "%C3%A9", "+": "%2B"} {
		if got := percent(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	u, _ := url.Parse("HTTP://EXAMPLE.COM:80/request")
	if got := authority(u); got != "http://example.com" {
		t.Error(got)
	}
	u, _ = url.Parse("https://example.com:8443/request")
	if got := authority(u); got != "https://example.com:8443" {
		t.Error(got)
	}
}

// fixed is a nonce and a transport that keeps the request, so that another library signs what ours signed.
type fixed struct {
	nonce string
	seen  *http.Request
}

func (f *fixed) Nonce() string { return f.nonce }
func (f *fixed) RoundTrip(r *http.Request) (*http.Response, error) {
	f.seen = r
	return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
}

func TestAnotherLibrarySignsTheSame(t *testing.T) {
	base, _ := url.Parse("https://oscar.example.test")
	now := time.Now()
	s := signer{client: Credential{"key+1", "s/ecret&"}, base: base, now: func() time.Time { return now }, random: bytes.NewReader(make([]byte, 16))}
	ours, err := s.header("GET", "/oscar/ws/services/tickler/ticklers", "count=20&page=1&taskAssignedTo=9%209%2B9", Credential{"tok en", "t&s"})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixed{nonce: regexp.MustCompile(`oauth_nonce="([^"]*)"`).FindStringSubmatch(ours)[1]}
	conf := oauth1.NewConfig("key+1", "s/ecret&")
	conf.Noncer = f
	client := conf.Client(oauth1.NoContext, oauth1.NewToken("tok en", "t&s"))
	client.Transport.(*oauth1.Transport).Base = f
	resp, err := client.Get("https://oscar.example.test/oscar/ws/services/tickler/ticklers?count=20&page=1&taskAssignedTo=9%209%2B9")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	at := func(h string) string {
		m := regexp.MustCompile(`oauth_timestamp="(\d+)"`).FindStringSubmatch(h)
		return m[1]
	}
	if theirs := f.seen.Header.Get("Authorization"); at(theirs) == at(ours) && theirs != ours {
		t.Errorf("ours   %s\ntheirs %s", ours, theirs)
	}
}

func TestH32NoncesAreFresh(t *testing.T) {
	base, _ := url.Parse("https://oscar.example.test")
	s := signer{client: Credential{"k", "s"}, base: base, now: time.Now, random: strings.NewReader(strings.Repeat("a", 16) + strings.Repeat("b", 16))}
	one, err1 := s.header("GET", "/x", "", Credential{"t", "u"})
	two, err2 := s.header("GET", "/x", "", Credential{"t", "u"})
	if err1 != nil || err2 != nil || one == two {
		t.Errorf("%v %v: the same header twice", err1, err2)
	}
	if _, err := s.header("GET", "/x", "", Credential{"t", "u"}); err == nil {
		t.Error("without randomness there is no nonce, and yet a signature")
	}
}
