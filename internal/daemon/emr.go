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
	"vestibule/internal/store"
)

// openers is every adapter there is, by the name a Connection gives: the one place to add one.
func openers() map[string]func(*config.Connection, *time.Location) (adapters.EMR, error) {
	return map[string]func(*config.Connection, *time.Location) (adapters.EMR, error){
		"fhirr4":            openFHIRR4,
		config.AdapterOSCAR: openOSCAR,
	}
}

func openEMR(c *config.Connection, zone *time.Location) (adapters.EMR, error) {
	open, ok := openers()[c.Adapter]
	if !ok {
		return nil, fmt.Errorf("no adapter %q", c.Adapter)
	}
	return open(c, zone)
}

func openFHIRR4(c *config.Connection, _ *time.Location) (adapters.EMR, error) {
	login, err := fhirr4Login(c.Login)
	if err != nil {
		return nil, err
	}
	return fhirr4.Open(fhirr4.Config{
		Base: c.Base, Aliases: c.Aliases, Login: login, Timeout: c.Timeout, SearchByPost: c.Search == "post",
		Quirks: fhirr4.Quirks{NoCount: c.Quirks.NoCount, NoSort: c.Quirks.NoSort, Modifiers: c.Quirks.Modifiers, Ignored: c.Quirks.Ignored},
	})
}

func openOSCAR(c *config.Connection, zone *time.Location) (adapters.EMR, error) {
	conf, err := OSCARConfig(c, zone)
	if err != nil {
		return nil, err
	}
	return oscar.Open(conf)
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

// Connection is the document about a clinic's EMR, and the clinic's time zone.
func Connection(documents []store.Document, clinic string) (*config.Connection, *time.Location, error) {
	p, err := partsOf(those(documents, clinic), func(store.Document, error) {})
	if err != nil {
		return nil, nil, err
	}
	at, err := p.policyClinic()
	if err != nil {
		return nil, nil, err
	}
	if p.connection == nil {
		return nil, nil, fmt.Errorf("clinic %s has no document of kind Connection; say where its EMR is", clinic)
	}
	return p.connection, at.Zone, nil
}
