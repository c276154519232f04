package daemon

import (
	"fmt"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/fhirr4"
	"vestibule/internal/config"
)

// openers is every adapter there is, by the name a Connection gives: the one place to add one.
func openers() map[string]func(*config.Connection, *time.Location) (adapters.EMR, error) {
	return map[string]func(*config.Connection, *time.Location) (adapters.EMR, error){
		"fhirr4": openFHIRR4,
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
