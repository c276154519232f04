package config

import (
	"os"
	"strings"
	"testing"
)

// oscarExample is the connection on the page for the clinic's IT person.
func oscarExample(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/emr/oscar.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "```yaml\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("no example on the page")
	}
	return text
}

func TestTheOSCARExampleIsRightAndItsMistakesAreNamed(t *testing.T) {
	text := oscarExample(t)
	docs, err := Parse("d", []byte(text))
	if err != nil || len(docs) != 1 || docs[0].OfConnection.OSCAR.Dialect != "openo" {
		t.Fatalf("%v %v", docs, err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"dialect: openo", "dialect: opneo", "oscar.dialect: \"opneo\" is not known; did you mean openo?"},
		{"adapter: oscar", "adapter: fhirr4", "oscar: has no meaning for adapter fhirr4"},
		{"mode: oauth1", "mode: none", "adapter oscar signs in with oauth1"},
		{"  soapPassword: env:OSCAR_SOAP_PASSWORD\n", "", "and soapPassword go together"},
		{"soapPassword: env:OSCAR_SOAP_PASSWORD", "soapPassword: hunter2", "a secret itself must not stand here"},
		{"dialect: openo", "statuses: {EE: fulfilled}", "is no state"},
		{"dialect: openo", "writes: {fulfilled: B}", "is not written to an OSCAR"},
		{"dialect: openo", "maxDays: -1", "oscar.maxDays: has to be between"},
	} {
		if _, err := Parse("d", []byte(edit(text, c.old, c.new))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.new, err, c.want)
		}
	}
}
