package wire

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"vestibule/adapters"
)

// NewTransport is the connection pool that adapters are meant to use: kept connections for 256 callers at once, time limits
// for every step, no compression (so that a small answer cannot unfold into a large one), no proxy from the environment.
func NewTransport(conf *tls.Config) *http.Transport {
	dialer := net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        conf,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  10 * time.Second,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
}

// Protected reports whether what goes to u cannot be read on the way: TLS, or this machine.
func Protected(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && addr.IsLoopback())
}

// Trace passes on the names of the gateway's own request, unless they are something else than plain tokens.
func Trace(h http.Header, t adapters.Trace) {
	if IsToken(t.RequestID) {
		h["X-Request-Id"] = []string{t.RequestID}
	}
	if IsToken(t.Traceparent) {
		h["Traceparent"] = []string{t.Traceparent}
	}
}

// IsToken reports whether s is 1 to 128 letters, digits and . _ : -
func IsToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '.' && c != '_' && c != ':' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// SentBody is a request's body that notes whether the transport began to send it: before that, the EMR cannot have seen the
// request.
type SentBody struct {
	from    *bytes.Reader
	touched *atomic.Bool // the transport reads in a goroutine of its own
}

// NewSentBody is a body of those bytes.
func NewSentBody(b []byte, touched *atomic.Bool) *SentBody {
	return &SentBody{bytes.NewReader(b), touched}
}

// Read reads on, and notes it.
func (b *SentBody) Read(p []byte) (int, error) {
	b.touched.Store(true)
	return b.from.Read(p)
}

// Close does nothing.
func (b *SentBody) Close() error { return nil }

// ErrTooLarge is an answer longer than its cap.
var ErrTooLarge = errors.New("answer too large")

// ReadBody reads an answer to its end, into a buffer of its length where the EMR says it. It is the only copy that is made.
func ReadBody(resp *http.Response, most int) ([]byte, error) {
	n := resp.ContentLength
	if n > int64(most) {
		return nil, ErrTooLarge
	}
	if n >= 0 {
		b := make([]byte, n)
		_, err := io.ReadFull(resp.Body, b)
		return b, err
	}
	b := make([]byte, 0, 8<<10)
	for {
		m, err := resp.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+m]
		switch {
		case err == io.EOF && len(b) <= most:
			return b, nil
		case len(b) > most:
			return nil, ErrTooLarge
		case err != nil:
			return nil, err
		case len(b) == cap(b):
			b = append(make([]byte, 0, 2*cap(b)), b...)
		}
	}
}
