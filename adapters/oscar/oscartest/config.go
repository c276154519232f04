package oscartest

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Dialect is one member of the OSCAR family.
type Dialect string

// The dialects that a server can speak.
const (
	OSCAR19 Dialect = "oscar19" // the 2019 mirror: day sheets as an object
	OpenO   Dialect = "openo"   // Open-O: day sheets as a bare array
	CARLOS  Dialect = "carlos"  // scopes, nonces kept, an update that works
	Juno    Dialect = "juno"    // REST v1, appointments by SOAP only
)

// Config is what stays the same while a server runs.
type Config struct {
	Dialect Dialect          // empty is OpenO
	Context string           // servlet context such as "/oscar" (the default) or "/carlos"
	Zone    *time.Location   // the clinic's; nil is UTC
	Now     func() time.Time // nil is the machine's clock
	Random  io.Reader        // for tokens and verifiers; nil is crypto/rand

	// InternalBase is the scheme, host and port that the server believes it has, such as "http://tomcat:8080". A server
	// behind a proxy that ends TLS rebuilds the signed URL from it. Empty: the request's own.
	InternalBase string

	Clients      []Client       // who may ask for tokens
	Codes        Codes          // empty tables are the seed's
	AllowFrom    []netip.Prefix // Juno's list of addresses; empty lets everybody in
	LoopbackOnly bool           // refuse whatever comes from another machine
	KeepRequests int            // how many requests are remembered; 0 is 1000
	Burst        int            // CARLOS: anonymous requests a minute; 0 is 60
}

// Client is a program that the clinic has entered in OSCAR's list of REST clients.
type Client struct{ Key, Secret, Name string }

// TimeShape is how a TIME column looks in JSON when it is read back. Which one a deployment has is unverified.
type TimeShape int

// The shapes.
const (
	TimeClock      TimeShape = iota // "09:00:00"
	TimeTwelve                      // "09:00 AM"
	TimeEpoch                       // ms of 1970-01-01 at that time in the clinic's zone
	TimeEpochDated                  // ms of the day and the time
	TimeISO                         // "2026-12-01T09:00:00.000-0500"
)

// Switches are what a test or a demonstration may turn on and off while a server runs: faults, and behaviour that is not
// verified.
type Switches struct {
	ClockOffset time.Duration // the server's clock is off by this
	Times       TimeShape     // of rows read back
	Latin1      bool          // JSON and XML bodies are ISO-8859-1 and do not say so
	Canary      string        // stands in every field that has no business leaving the EMR
	DeadToken   string        // the text of 401 for a revoked or unknown access token; empty is invalid_signature

	LoginPage   bool // a proxy answers everything with its log-in page and status 200
	HTMLErrors  bool // 500 comes as the servlet container's page instead of plain text
	FailStatus  int  // every REST and SOAP call fails with it, undone
	FailWrites  int  // every REST and SOAP call that writes fails with it, undone
	HalfBodies  bool // answers stop half-way
	LoseAnswers bool // calls are carried out and the connection is cut instead of an answer

	CutOverlong       bool // text too long for its column is cut silently; otherwise 500, as MySQL's strict mode
	NoLengths         bool // day sheets have neither duration nor type nor notes, as in the mirror of 2019
	DatesOnly         bool // CARLOS: times of an update are dates, and a time of day is an exception (AppointmentTo1, as Jackson reads it)
	NoWSDL            bool // nobody but the vendor may read the WSDLs
	LooseOrder        bool // of ticklers due at the same time each page has an order of its own, as the database pleases
	NamedArguments    bool // SOAP arguments have names (appointmentId) instead of arg0
	StickyIncludes    bool // tickler include flags of one request show in the next (shared converter)
	HideBlocks        bool // fetchDays leaves out rows without a patient
	ExclusiveRangeEnd bool // fetchDays and fetchProviderAppts end before the last day
	NoDocumentREST    bool // the 2019 mirror: no /document at all
	PlainJSONDefault  bool // JSON instead of XML where Accept is missing
	MillisecondEnds   bool // an end that SOAP wrote keeps its 999 ms; otherwise the column has seconds
	RateLimited       bool // Juno: every call is over the limit
}

// settled is the configuration with its defaults.
func (c Config) settled() (Config, error) {
	c.Dialect = cmp.Or(c.Dialect, OpenO)
	switch c.Dialect {
	case OSCAR19, OpenO, CARLOS, Juno:
	default:
		return c, errors.New("oscartest: unknown dialect " + string(c.Dialect))
	}
	c.Context = "/" + strings.Trim(cmp.Or(c.Context, "/oscar"), "/")
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.InternalBase != "" {
		if u, err := url.Parse(c.InternalBase); err != nil || u.Host == "" || u.Scheme == "" {
			return c, errors.New("oscartest: InternalBase is scheme://host[:port]")
		}
	}
	c.KeepRequests = cmp.Or(c.KeepRequests, 1000)
	c.Burst = cmp.Or(c.Burst, 60)
	c.Codes = c.Codes.settled()
	return c, nil
}

// number takes 31 and "31", as OSCAR's JSON library does.
type number int

func (n *number) UnmarshalJSON(b []byte) error {
	b = bytes.Trim(b, `"`)
	if len(b) == 0 || bytes.Equal(b, []byte("null")) {
		return nil
	}
	var i int
	if err := json.Unmarshal(b, &i); err != nil {
		return err
	}
	*n = number(i)
	return nil
}
