package forward

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Fault is why a sink did not take what it was sent. Its text holds nothing that the sink said but its status: an answer may
// repeat the event.
type Fault struct {
	Text string
	Wait time.Duration // how long the sink asks to be left alone; 0: it does not say
}

// Error is the text.
func (f *Fault) Error() string { return f.Text }

func faultf(format string, args ...any) *Fault { return &Fault{Text: fmt.Sprintf(format, args...)} }

// described is the text of any error as it may be logged, kept and shown.
func described(err error) string {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Text
	}
	if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "did not answer in time"
	}
	if text, ok := aboutTLS(err); ok {
		return text
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return "cannot be reached: " + dial.Error()
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "cannot be reached: " + dns.Error()
	}
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Error()
	}
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return "the connection broke off: " + no.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return "the connection ended early"
	}
	return "answered with something that could not be read" // net/http quotes what it could not read
}

// aboutTLS says what is wrong with a certificate or a handshake.
func aboutTLS(err error) (string, bool) {
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its TLS certificate is not accepted: " + e.Err.Error(), true
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return "its TLS certificate is not accepted: " + e.Error(), true
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "its TLS certificate is not accepted: " + e.Error(), true
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && (e.Op == "remote error" || e.Op == "local error") {
		return "TLS: " + e.Error(), true // an alert, whose texts are crypto/tls's own
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "does not speak TLS on this port", true
	}
	return "", false
}

// retryAfter reads a Retry-After header (RFC 9110 section 10.2.3); what cannot be read asks for nothing.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
		return time.Duration(min(n, int64(longestAsked/time.Second))) * time.Second
	}
	if at, err := time.Parse(time.RFC1123, s); err == nil {
		return min(max(0, at.Sub(now)), longestAsked)
	}
	return 0
}

// The pauses after a failure.
const (
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	longestAsked = 15 * time.Minute // of what a Retry-After asks for
)

// pause is how long to wait after the n-th failure in a row, n from 1: doubled each time, half of it by chance, so that
// many gateways do not come back to a sink at the same moment. At least asked.
func pause(random io.Reader, n int, asked time.Duration) time.Duration {
	d := longestPause
	if n < 10 {
		d = min(longestPause, firstPause<<(n-1))
	}
	var b [4]byte
	if _, err := io.ReadFull(random, b[:]); err == nil {
		part := (uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3]))
		d = d/2 + time.Duration(uint64(d/2)*part>>32)
	}
	return max(d, asked)
}
