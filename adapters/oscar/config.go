package oscar

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Config says where an OSCAR is, how to sign in, and what is particular to the clinic. Base, Client, Token and Zone are needed.
type Config struct {
	Base          string     // all of the address before /ws: "https://oscar.clinic.example/oscar"; https, or http on loopback
	SignatureBase string     // scheme, host and port that OSCAR takes for its own, where a proxy stands before it; empty: Base's
	Dialect       Dialect    // empty: found by asking
	Client        Credential // the REST client that the clinic has entered
	Token         Credential // what a provider's consent gave, see Consent
	SOAP          SOAPLogin  // zero: no SOAP, and nothing that needs it
	Zone          *time.Location
	Settings      Settings

	Timeout     time.Duration // of one call, retries included; default 15 s
	MaxBody     int           // bytes of an answer; default 16 MiB
	MaxDocument int           // bytes of an answer that holds documents; default 64 MiB
	Attempts    int           // times a request that may be repeated is sent; default 3
	Pause       time.Duration // before the second of them, at most; it doubles; default wire.FirstPause
	Parallel    int           // requests at once for one search; default 8
	AtOnce      int           // requests at once for all callers together; default 32

	Transport http.RoundTripper // default wire.NewTransport(nil); must not follow redirects
	Now       func() time.Time  // default time.Now
	Random    io.Reader         // for nonces and jitter; safe for concurrent use; default crypto/rand
}

// SOAPLogin is the user name and password of the provider in whose name SOAP is used. It prints without the password.
type SOAPLogin struct{ User, Password string }

// String is the user name alone.
func (l SOAPLogin) String() string { return l.User }

// GoString is the user name alone, so that %#v tells no secret either.
func (l SOAPLogin) GoString() string { return l.User }

// Settings are what differs from clinic to clinic, and what is not verified of OSCAR. Zero fields mean the defaults.
type Settings struct {
	System string // prefix of identifier and code systems; default "urn:vestibule:oscar"

	Statuses map[string]string // first character of a status code to Appointment.status; what is not here is as in the seed
	Writes   map[string]string // Appointment.status to the code that is written; what is not here is t, H, P, N, C

	InProgress    bool              // active ticklers with comments are in-progress, not requested
	DeletedAs     string            // Task.status of deleted ticklers: "cancelled" (default) or "entered-in-error"
	TaskCode      string            // Task.code.text; default "tickler"
	DocumentTypes map[string]string // document type to LOINC code; what is not here is as DefaultDocumentTypes has it
	DocumentType  string            // type of a document that says none; default "others"
	Source        string            // source of filed documents; default "Vestibule"
	ReasonCode    int               // reason of an appointment that says none; default 17, Others
	DoubleBooking bool              // book although the time is taken; OSCAR itself checks nothing
	MaxDays       int               // longest range of dates that a search may ask for; default 400
	MaxRows       int               // most rows that one search looks at; default 5000
}

// DefaultDocumentTypes are OSCAR's seed types with LOINC codes; check them with the clinic.
func DefaultDocumentTypes() map[string]string {
	return map[string]string{"consult": "11488-4", "lab": "11502-2", "radiology": "18748-4", "others": "34133-9"}
}

func (c Config) withDefaults() Config {
	c.Timeout = positive(c.Timeout, 15*time.Second)
	c.MaxBody = positive(c.MaxBody, 16<<20)
	c.MaxDocument = max(positive(c.MaxDocument, 64<<20), c.MaxBody)
	c.Attempts = positive(c.Attempts, 3)
	c.Pause = positive(c.Pause, wire.FirstPause)
	c.Parallel = positive(c.Parallel, 8)
	c.AtOnce = positive(c.AtOnce, 32)
	if c.Transport == nil {
		c.Transport = wire.NewTransport(nil)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	c.Settings = c.Settings.withDefaults()
	return c
}

func (s Settings) withDefaults() Settings {
	text := func(v *string, def string) {
		if *v == "" {
			*v = def
		}
	}
	text(&s.System, "urn:vestibule:oscar")
	text(&s.DeletedAs, "cancelled")
	text(&s.TaskCode, "tickler")
	text(&s.DocumentType, "others")
	text(&s.Source, "Vestibule")
	s.ReasonCode = positive(s.ReasonCode, 17)
	s.MaxDays = positive(s.MaxDays, 400)
	s.MaxRows = positive(s.MaxRows, 5000)
	types := DefaultDocumentTypes()
	for name, code := range s.DocumentTypes {
		types[name] = code
	}
	s.DocumentTypes = types
	return s
}

func positive[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

func invalid(path, text string) *fhir.Error {
	return fhir.E("oscar.Open", fhir.KindInvalid, "invalid-connection", text).At(path)
}

// check holds the configuration to what Open needs.
func (c Config) check() error {
	switch {
	case c.Client.Key == "" || c.Client.Secret == "":
		return invalid("login.client", "OSCAR knows the gateway by the key and secret of a REST client.")
	case c.Token.Key == "" || c.Token.Secret == "":
		return invalid("login.token", "There is no access token yet; vestibule connect oscar asks a provider for one.")
	case c.Zone == nil:
		return invalid("zone", "OSCAR's times are the clinic's wall clock, so the clinic's time zone is needed.")
	case c.Dialect != "" && !c.Dialect.known():
		return invalid("dialect", "Known dialects are oscar19, openo, carlos and juno.")
	case c.Settings.DeletedAs != "" && c.Settings.DeletedAs != "cancelled" && c.Settings.DeletedAs != "entered-in-error":
		return invalid("oscar.deletedAs", "A deleted tickler is either cancelled or entered-in-error.")
	case (c.SOAP.User == "") != (c.SOAP.Password == ""):
		return invalid("login.soap", "SOAP wants a user name and a password.")
	}
	return nil
}

// ParseBase reads an OSCAR's address: an absolute URL without anything that could make joining a path to it ambiguous. Errors
// are *fhir.Error of KindInvalid with path in Path.
func ParseBase(s, path string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, invalid(path, "An OSCAR's address is an absolute URL such as https://oscar.clinic.example/oscar.")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.RawPath != "":
		return nil, invalid(path, "An OSCAR's address has no user, query, fragment or escapes.")
	}
	for seg := range strings.SplitSeq(strings.TrimPrefix(u.Path, "/"), "/") {
		if seg == "." || seg == ".." || seg == "" && u.Path != "" || seg == "ws" {
			return nil, invalid(path, "An OSCAR's address ends before /ws and has no empty, . or .. segments.")
		}
	}
	return u, nil
}

// addresses are where requests go and what they are signed for.
func (c Config) addresses() (base, signed *url.URL, err error) {
	if base, err = ParseBase(c.Base, "base"); err != nil {
		return nil, nil, err
	}
	if !wire.Protected(base) {
		return nil, nil, invalid("base", "Patients' data travel over https; http is accepted on loopback only.")
	}
	if c.SignatureBase == "" {
		return base, base, nil
	}
	signed, err = ParseBase(c.SignatureBase, "signatureBaseURL")
	if err != nil {
		return nil, nil, err
	}
	return base, signed, nil
}

// signedPath is the path that a request for path is signed for: SignatureBase may have another context, or none of its own.
func signedPath(base, signed *url.URL, path string) string {
	if signed == base || signed.Path == "" {
		return base.Path + path
	}
	return signed.Path + path
}
