package oscar_test

import (
	"strings"
	"testing"

	"vestibule/adapters/oscar"
	"vestibule/fhir"
)

// The three legs over every dialect. The endpoints for tokens produce a form and nothing else, whoever asks for JSON alone is
// answered 406.
func TestConsentGivesATokenThatWorks(t *testing.T) {
	for _, d := range oscar.Dialects() {
		c := newClinic(t, d, toronto(t))
		conf := c.config(d, true, toronto(t))
		consent, err := oscar.Begin(t.Context(), conf, oscar.OutOfBand, "schedule.write", "tickler.write")
		if err != nil {
			t.Errorf("%s: %v", d, err)
			continue
		}
		_, request, _ := strings.Cut(consent.URL(), "oauth_token=")
		if _, err := consent.Finish(t.Context(), "not the verifier"); fhir.AsError(err).Code != "emr-login-refused" || !strings.Contains(err.Error(), "begin again") {
			t.Errorf("%s, with another verifier: %v", d, err)
		}
		token, err := consent.Finish(t.Context(), c.Consent(request, doctor))
		if err != nil {
			t.Errorf("%s: %v", d, err)
			continue
		}
		c.Revoke(c.token.Key)
		conf.Token = token
		if _, err := open(t, conf).Read(t.Context(), fhir.Ref{Type: "Task", ID: "1"}); fhir.KindOf(err) != fhir.KindNotFound {
			t.Errorf("%s, with the new token: %v", d, err)
		}
		if _, err := consent.Finish(t.Context(), c.Consent(request, doctor)); err == nil {
			t.Errorf("%s: a request token is good twice", d)
		}
	}
}
