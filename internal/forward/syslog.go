package forward

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// SyslogConfig says where a syslog server is. Zero fields but Address, TLS and Deployment mean their defaults.
type SyslogConfig struct {
	Address    string        // host:port
	TLS        *tls.Config   // who is trusted, and the gateway's own certificate; the name is checked always
	Deployment string        // HOSTNAME: whose events these are
	MaxMessage int           // octets of a message; default 32768
	Settle     time.Duration // for how long the connection has to live on; default 10 s
	Timeout    time.Duration // of connecting, and of writing one message; default 30 s
	Now        func() time.Time
}

// DefaultMaxMessage is what a receiver of audit messages has to take at the least (DICOM PS3.15 A.6).
const DefaultMaxMessage = 32768

// Syslog sends AuditEvents to a syslog server: RFC 5424 messages over TLS with octet counting (RFC 5425).
type Syslog struct {
	conf    SyslogConfig
	conn    *tls.Conn
	raw     *counted
	ended   *atomic.Pointer[Fault] // set when the peer has closed it, or it broke
	over    chan struct{}          // closed after that
	written []written              // events that have not settled
}

// written is when an event was written, and how many bytes the connection had taken after it.
type written struct {
	at    time.Time
	bytes int64
}

// counted is a connection that counts what was written to it.
type counted struct {
	net.Conn
	bytes atomic.Int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.bytes.Add(int64(n))
	return n, err
}

// acknowledged is how many of the bytes written the peer's TCP has acknowledged.
func (c *counted) acknowledged() int64 {
	all := c.bytes.Load() // first: what is written in between is in the queue
	return all - int64(unacknowledged(c.Conn))
}

// stalledAfter is how long the peer's TCP may leave something unacknowledged before the connection is given up.
const stalledAfter = time.Minute

// settleAfter is for how long a connection has to live on after an event was written for the event to have arrived.
const settleAfter = 10 * time.Second

// OpenSyslog is a sink for the server; nothing is asked of it yet.
func OpenSyslog(conf SyslogConfig) (*Syslog, error) {
	if conf.MaxMessage <= 0 {
		conf.MaxMessage = DefaultMaxMessage
	}
	if conf.Settle <= 0 {
		conf.Settle = settleAfter
	}
	if conf.Timeout <= 0 {
		conf.Timeout = 30 * time.Second
	}
	if conf.Now == nil {
		conf.Now = time.Now
	}
	conf.TLS = conf.TLS.Clone()
	conf.TLS.MinVersion = max(conf.TLS.MinVersion, tls.VersionTLS12)
	if conf.TLS.ServerName == "" {
		host, _, err := net.SplitHostPort(conf.Address)
		if err != nil {
			return nil, err
		}
		conf.TLS.ServerName = host
	}
	return &Syslog{conf: conf}, nil
}

// connect makes the connection, and watches for its end: a syslog server never sends anything, so what can be read is that
// it ended. A server that refuses the gateway's certificate says so only then (TLS 1.3).
func (s *Syslog) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.conf.Timeout)
	defer cancel()
	dialer := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}
	plain, err := dialer.DialContext(ctx, "tcp", s.conf.Address)
	if err != nil {
		return err
	}
	raw := &counted{Conn: plain}
	conn := tls.Client(raw, s.conf.TLS)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return err
	}
	ended, over := new(atomic.Pointer[Fault]), make(chan struct{})
	go func() {
		defer close(over)
		_, err := io.Copy(io.Discard, conn)
		if err == nil {
			err = io.EOF
		}
		ended.Store(&Fault{Text: described(err)})
	}()
	s.conn, s.raw, s.ended, s.over = conn, raw, ended, over
	return nil
}

// Send writes the events; that they were written is not yet that they have arrived.
func (s *Syslog) Send(ctx context.Context, events []Event) (out []Verdict, err error) {
	if s.conn == nil {
		if err := s.connect(ctx); err != nil {
			return nil, err
		}
	}
	stop := context.AfterFunc(ctx, func() { s.conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	for _, e := range events {
		if ended := s.ended.Load(); ended != nil {
			return out, ended
		}
		if err := s.conn.SetWriteDeadline(time.Now().Add(s.conf.Timeout)); err != nil {
			return out, err
		}
		if _, err := s.conn.Write(frame(e, s.conf.Deployment, s.conf.MaxMessage)); err != nil {
			return out, s.why(err)
		}
		out = append(out, Verdict{Taken: true})
		s.written = append(s.written, written{s.conf.Now(), s.raw.bytes.Load()})
	}
	return out, nil
}

// why is what the peer said before a write failed, if it said something: an alert tells more than a broken pipe.
func (s *Syslog) why(err error) error {
	timer := time.NewTimer(200 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-s.over:
		return s.ended.Load()
	case <-timer.C:
		return err
	}
}

// Settled is how many events have arrived: the connection outlived them by the time set, and the peer's TCP has
// acknowledged all that was written. What the server read and lost cannot be known: RFC 5425 has no acknowledgement.
func (s *Syslog) Settled(now time.Time) (int, error) {
	if s.conn == nil {
		return 0, nil
	}
	if ended := s.ended.Load(); ended != nil {
		return 0, ended
	}
	n, acknowledged := 0, s.raw.acknowledged()
	for _, w := range s.written {
		if age := now.Sub(w.at); w.bytes > acknowledged && age > stalledAfter {
			return 0, faultf("takes nothing any more")
		} else if w.bytes > acknowledged || age < s.conf.Settle {
			break
		}
		n++
	}
	s.written = s.written[n:]
	return n, nil
}

// Close ends the connection.
func (s *Syslog) Close() error {
	if s.conn == nil {
		return nil
	}
	_ = s.conn.SetDeadline(time.Now().Add(time.Second)) // for close_notify
	err := s.conn.Close()
	s.conn, s.raw, s.written = nil, nil, nil
	return err
}
