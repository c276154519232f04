package daemon

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/fhirr4"
	"vestibule/adapters/oscar"
	"vestibule/internal/config"
)

// openEMR opens a connection with its adapter: the one place to add one.
func openEMR(c *config.Connection, zone *time.Location) (adapters.EMR, error) {
	switch c.Adapter {
	case "fhirr4":
		login, err := fhirr4Login(c.Login)
		if err != nil {
			return nil, err
		}
		return fhirr4.Open(fhirr4.Config{
			Base: c.Base, Aliases: c.Aliases, Login: login, Timeout: c.Timeout, SearchByPost: c.Search == "post",
			Quirks: fhirr4.Quirks{NoCount: c.Quirks.NoCount, NoSort: c.Quirks.NoSort, Modifiers: c.Quirks.Modifiers, Ignored: c.Quirks.Ignored},
		})
	case config.AdapterOSCAR:
		conf, err := OSCARConfig(c, zone)
		if err != nil {
			return nil, err
		}
		return oscar.Open(conf)
	}
	return nil, fmt.Errorf("no adapter %q", c.Adapter)
}

// OSCARConfig is what a connection to an OSCAR says, with its secrets. The token may be missing yet: then it is zero.
func OSCARConfig(c *config.Connection, zone *time.Location) (oscar.Config, error) {
	secret, err := c.Login.Secret.Resolve()
	if err != nil {
		return oscar.Config{}, err
	}
	o := c.OSCAR
	conf := oscar.Config{
		Base: c.Base, SignatureBase: o.SignatureBaseURL, Dialect: oscar.Dialect(o.Dialect), Timeout: c.Timeout, Zone: zone,
		Client: oscar.Credential{Key: c.Login.ClientID, Secret: string(secret)},
		Settings: oscar.Settings{System: cmp.Or(o.System, "urn:vestibule:oscar:"+c.Clinic), Statuses: o.Statuses, Writes: o.Writes, InProgress: o.InProgress,
			DeletedAs: o.DeletedAs, TaskCode: o.TaskCode, DocumentTypes: o.DocumentTypes, DocumentType: o.DocumentType, Source: o.Source,
			ReasonCode: o.ReasonCode, DoubleBooking: o.DoubleBooking, MaxDays: o.MaxDays, MaxRows: o.MaxRows},
	}
	if c.Login.SOAPUser != "" {
		password, err := c.Login.SOAPPassword.Resolve()
		if err != nil {
			return oscar.Config{}, err
		}
		conf.SOAP = oscar.SOAPLogin{User: c.Login.SOAPUser, Password: string(password)}
	}
	token, err := c.Login.Token.Resolve()
	if err != nil {
		return conf, &NoTokenError{err}
	}
	parts := strings.Fields(string(token))
	if len(parts) != 2 {
		return conf, fmt.Errorf("secret %s: is not a token and its secret, separated by a space or a line end", c.Login.Token)
	}
	conf.Token = oscar.Credential{Key: parts[0], Secret: parts[1]}
	return conf, nil
}

// NoTokenError says that a connection's token cannot be read, perhaps because nobody has consented yet.
type NoTokenError struct{ error }

// Unwrap gives the cause.
func (e *NoTokenError) Unwrap() error { return e.error }
