package forward

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vestibule/audit"
	"vestibule/fhir"
)

// authority makes certificates for one test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, pool: x509.NewCertPool()}
	made := a.make(&x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true})
	a.cert, a.key = made.Leaf, made.PrivateKey.(*ecdsa.PrivateKey)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) make(template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber, template.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: "test"}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := template, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) server() tls.Certificate {
	return a.make(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
}

// collector is a syslog server: it reads RFC 5425 frames of RFC 5424 messages as those documents have them.
type collector struct {
	t *testing.T
	net.Listener
	shelf
	messages []message
	conns    sync.WaitGroup
	mute     func(n int) bool // whether a connection ends before its n-th message is read
}

type message struct{ pri, stamp, host, app, proc, id, data, msg string }

// rfc5424 is section 6 of RFC 5424, with SD-ELEMENTs as this project writes them.
var rfc5424 = regexp.MustCompile(`(?s)\A<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) (\[[!-~]{1,32}(?: [!-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\]) \x{FEFF}(.*)\z`)

func newCollector(t *testing.T, a *authority, more func(*tls.Config)) *collector {
	t.Helper()
	conf := &tls.Config{Certificates: []tls.Certificate{a.server()}}
	if more != nil {
		more(conf)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{t: t, Listener: l}
	c.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.conns.Go(func() { c.read(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); c.conns.Wait() })
	return c
}

func (c *collector) read(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for n := 0; c.mute == nil || !c.mute(n); n++ {
		count, err := r.ReadString(' ')
		if err != nil {
			return
		}
		size, err := strconv.Atoi(strings.TrimSuffix(count, " "))
		if err != nil || count[0] == '0' {
			c.t.Errorf("MSG-LEN %q", count)
			return
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(r, text); err != nil {
			return
		}
		part := rfc5424.FindStringSubmatch(string(text))
		if part == nil {
			c.t.Errorf("no RFC 5424: %q", text)
			return
		}
		m := message{part[1], part[2], part[3], part[4], part[5], part[6], part[7], part[8]}
		c.put(idOf(c.t, []byte(m.msg)))
		c.mu.Lock()
		c.messages = append(c.messages, m)
		c.mu.Unlock()
	}
}

// finish ends the sending and reads what is under way: that an event settled means that the server's TCP has it, not that the
// server has read it.
func (c *collector) finish(stop func()) {
	stop()
	c.Close()
	c.conns.Wait()
}

func (c *collector) sink(a *authority, more func(*SyslogConfig)) Sink {
	return Sink{Name: "siem", Kind: "syslog", Open: func() (Receiver, error) {
		conf := SyslogConfig{Address: c.Addr().String(), TLS: &tls.Config{RootCAs: a.pool}, Deployment: "gateway.test", Settle: 30 * time.Millisecond, Timeout: 2 * time.Second}
		if more != nil {
			more(&conf)
		}
		return OpenSyslog(conf)
	}}
}

func TestASyslogServerGetsEveryEvent(t *testing.T) {
	a := newAuthority(t)
	c := newCollector(t, a, nil)
	h := newHouse(t)
	h.grow("maple", 100)
	f := h.forwarder(c.sink(a, nil))
	stop := h.start(f)
	arrived(t, f)
	c.finish(stop)
	want := h.want("maple")
	if diff := cmp.Diff(want, c.all()); diff != "" {
		t.Error(diff)
	}
	log, _, _ := strings.Cut(want[0], "-")
	severities := map[string]bool{}
	for i, m := range c.messages {
		index, _, _ := strings.Cut(strings.TrimPrefix(want[i], log+"-"), "-")
		if wants := (message{m.pri, m.stamp, "gateway.test", "vestibule", log, "FHIR-AuditEvent", fmt.Sprintf(`[vestibule@32473 log="%s" index="%s" event="%s"]`, log, index, want[i]), m.msg}); m != wants {
			t.Errorf("%+v\nwant %+v", m, wants)
		}
		severities[m.pri] = true
	}
	if !severities["85"] || !severities["84"] || len(severities) != 2 {
		t.Errorf("PRI %v", severities)
	}
}

// A server that goes away takes with it what it had not read: all that is younger than the time set comes again.
func TestASyslogConnectionThatEndsLosesNothing(t *testing.T) {
	a := newAuthority(t)
	c := newCollector(t, a, nil)
	var broken int
	c.mute = func(n int) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if n == 17 && broken < 2 {
			broken++
			return true
		}
		return false
	}
	h := newHouse(t)
	h.grow("maple", 200)
	f := h.forwarder(c.sink(a, func(c *SyslogConfig) { c.Settle = 4 * time.Second })) // longer than the server may take to go away
	stop := h.start(f)
	arrived(t, f)
	c.finish(stop)
	if diff := cmp.Diff(h.want("maple"), c.first()); diff != "" {
		t.Error(diff)
	}
	if broken != 2 || f.States()[0].Failed < 2 {
		t.Errorf("%d connections broke, %+v", broken, f.States())
	}
}

// What a living connection has not outlived is not counted as arrived; neither is what the peer's TCP did not take.
func TestWhatIsOnlyWrittenHasNotArrived(t *testing.T) {
	a := newAuthority(t)
	hold := make(chan struct{})
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{a.server()}})
	if err != nil {
		t.Fatal(err)
	}
	var server sync.WaitGroup
	server.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.(*tls.Conn).Handshake()
		<-hold // it reads nothing
	})
	t.Cleanup(func() { close(hold); l.Close(); server.Wait() })
	at := time.Now()
	s, err := OpenSyslog(SyslogConfig{Address: l.Addr().String(), TLS: &tls.Config{RootCAs: a.pool}, Deployment: "d", MaxMessage: 1 << 20, Timeout: 200 * time.Millisecond, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	small := Event{ID: "ab-1", Log: "ab", Body: []byte(`{"resourceType":"AuditEvent"}`)}
	if _, err := s.Send(t.Context(), []Event{small, small}); err != nil {
		t.Fatal(err)
	}
	until(t, "TCP has it", func() bool { return s.raw.acknowledged() == s.raw.bytes.Load() })
	if n, err := s.Settled(at.Add(9 * time.Second)); n != 0 || err != nil {
		t.Errorf("after nine seconds: %d %v", n, err)
	}
	if n, err := s.Settled(at.Add(10 * time.Second)); n != 2 || err != nil {
		t.Errorf("after ten seconds: %d %v", n, err)
	}
	large := Event{ID: "ab-2", Log: "ab", Body: []byte(`{"resourceType":"AuditEvent","x":"` + strings.Repeat("y", 900_000) + `"}`)}
	taken := 0
	for range 100 { // until the buffers are full
		v, err := s.Send(t.Context(), []Event{large})
		if taken += len(v); err != nil {
			break
		}
	}
	if n, _ := s.Settled(at.Add(11 * time.Second)); n >= taken || taken == 0 {
		t.Errorf("%d of %d arrived, and nobody read them", n, taken)
	}
	if _, err := s.Settled(at.Add(2 * time.Minute)); err == nil || described(err) != "takes nothing any more" {
		t.Errorf("%v", err)
	}
}

func TestASyslogServerAndTheGatewayProveWhoTheyAre(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	clients := func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, a.pool }
	mine := a.make(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	for name, test := range map[string]struct {
		server func(*tls.Config)
		client func(*SyslogConfig)
		want   string
	}{
		"another authority":    {nil, func(c *SyslogConfig) { c.TLS = &tls.Config{RootCAs: other.pool} }, "its TLS certificate is not accepted"},
		"another name":         {nil, func(c *SyslogConfig) { c.TLS = &tls.Config{RootCAs: a.pool, ServerName: "logs.example"} }, "its TLS certificate is not accepted"},
		"no certificate of it": {clients, nil, "TLS: remote error: tls: certificate required"},
		"its certificate":      {clients, func(c *SyslogConfig) { c.TLS = &tls.Config{RootCAs: a.pool, Certificates: []tls.Certificate{mine}} }, ""},
		"TLS 1.1":              {func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, nil, "TLS: remote error: tls: protocol version not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t, a, test.server)
			h := newHouse(t)
			h.grow("maple", 4)
			f := h.forwarder(c.sink(a, func(conf *SyslogConfig) {
				if test.client != nil {
					test.client(conf)
				}
				if test.want != "" {
					conf.Settle = time.Minute // that a server refuses a certificate is known a little after the first message was written
				}
			}))
			h.start(f)
			if test.want == "" {
				arrived(t, f)
				return
			}
			until(t, "it fails", func() bool { return f.States()[0].Failed >= 2 })
			if s, err := Read(t.Context(), h.db); err != nil || !strings.HasPrefix(s[0].Fault, test.want) && !strings.HasPrefix(s[0].Fault, "the connection broke off") || s[0].Failing.IsZero() || !s[0].Success.IsZero() {
				t.Errorf("%+v %v", s, err)
			}
			if len(c.all()) != 0 || f.States()[0].Sent != 0 && f.States()[0].LagRecords == 0 {
				t.Errorf("%v arrived", c.all())
			}
		})
	}
}

func TestAnEventThatIsTooLargeIsCutAndSaysSo(t *testing.T) {
	var entities []string
	for i := range 50 {
		entities = append(entities, fmt.Sprintf(`{"what":{"reference":"Task/%d"},"name":"é%s"}`, i, strings.Repeat("x", 100)))
	}
	body := `{"resourceType":"AuditEvent","id":"ab-7","meta":{"profile":["p"],"tag":[{"system":"urn:vestibule:event","code":"ab-7"}]},"agent":[{"name":"Amara"}],"entity":[` + strings.Join(entities, ",") + `]}`
	e := Event{Log: "ab", Index: 7, ID: "ab-7", Outcome: audit.OutcomeSuccess, Body: []byte(body)}
	for _, most := range []int{2048, 3000, 5000, 32768} {
		text := string(frame(e, "gateway.test", most))
		length, text, _ := strings.Cut(text, " ")
		if length != strconv.Itoa(len(text)) || len(text) > most || most < 8000 && len(text) < most-400 {
			t.Errorf("%d: MSG-LEN %s of %d", most, length, len(text))
		}
		part := rfc5424.FindStringSubmatch(text)
		if part == nil {
			t.Fatalf("%d: %q", most, text)
		}
		r, err := fhir.ParseResource([]byte(part[8]), fhir.Limits{})
		if err != nil || idOf(t, []byte(part[8])) != "ab-7" || r.Value().Get("agent").Raw() == nil {
			t.Fatalf("%d: %v %s", most, err, part[8])
		}
		kept := 0
		for range r.Value().Get("entity").Items() {
			kept++
		}
		security := ""
		for s := range r.Value().Path("meta.security") {
			security = s.Get("code").Text()
		}
		wantData := `[vestibule@32473 log="ab" index="7" event="ab-7"]`
		if most < 8000 {
			wantData = fmt.Sprintf(`[vestibule@32473 log="ab" index="7" event="ab-7" cut="%d"]`, 50-kept)
		}
		if part[7] != wantData || (security == "SUBSETTED") != (most < 8000) || kept == 0 {
			t.Errorf("%d: %s, %d kept, %s", most, part[7], kept, security)
		}
	}
	e.Body = []byte(`{"resourceType":"AuditEvent","id":"ab-7","agent":[{"name":"` + strings.Repeat("x", 5000) + `"}]}`)
	if text := string(frame(e, "d", 2048)); !strings.HasSuffix(text, `cut="1"] `+"\uFEFF"+`{"resourceType":"AuditEvent","id":"ab-7"}`) {
		t.Error(text)
	}
}

// The end does not wait for a server that takes nothing.
func TestASyslogServerThatTakesNothingHoldsUpNoEnd(t *testing.T) {
	a := newAuthority(t)
	l, err := net.Listen("tcp", "127.0.0.1:0") // it accepts, and never says a word of TLS
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s, _ := OpenSyslog(SyslogConfig{Address: l.Addr().String(), TLS: &tls.Config{RootCAs: a.pool}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := s.Send(ctx, []Event{{}}); err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	s.Close()
}
