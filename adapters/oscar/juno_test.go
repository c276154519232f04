package oscar_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/adapters/oscar"
	"vestibule/adapters/oscar/oscartest"
	"vestibule/fhir"
)

func TestSOAPSignsInAgainAfterARestart(t *testing.T) {
	s := newSet(t, oscar.Juno, true)
	id := strconv.Itoa(s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "09:00", DemographicNo: 31})[0])
	for range 3 {
		if _, err := s.a.Read(t.Context(), fhir.Ref{Type: "Appointment", ID: id}); err != nil {
			t.Fatal(err)
		}
		s.Restart()
	}
}

func TestArgumentsAreNamedAsTheWSDLNamesThem(t *testing.T) {
	s := newSet(t, oscar.Juno, true)
	s.Switch(func(w *oscartest.Switches) { w.NamedArguments = true })
	r, err := s.a.Write(t.Context(), s.booking(t, "2026-12-01T09:00:00-05:00", "2026-12-01T09:20:00-05:00", ""))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.a.Read(t.Context(), r.Ref()); err != nil || string(got.Bytes()) != string(r.Bytes()) {
		t.Error(err)
	}
	if name := s.Appointments()[0].Name; name != "BÉLIVEAU, INÈS" {
		t.Errorf("by SOAP the name is written as sent: %q", name)
	}
}

func TestJunosRateLimitIsWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"as its source has it":      {503, `{"headers":{"buildDate":"x","buildTag":"y"},"body":null,"error":{"message":"The maximum request rate","data":null,"currentRequestCount":101,"requestLimit":100,"resetPeriod":60000,"timeToReset":59000},"status":"ERROR"}`},
		"as it is documented":       {429, `{"headers":{"buildDate":"x","buildTag":"y"},"body":null,"error":{"message":"Rate limit exceeded","data":{"resetPeriod":60,"timeToReset":59},"validationErrors":[]},"status":"ERROR"}`},
		"in an answer that is good": {200, `{"headers":{"buildDate":"x","buildTag":"y"},"body":null,"error":{"data":{"resetPeriod":60,"timeToReset":59}},"status":"ERROR"}`},
	} {
		s := newSet(t, oscar.Juno, true, func(conf *oscar.Config) {
			conf.Dialect = oscar.Juno
			conf.Transport = tampered(func(*http.Request) *http.Response { return answer(c.status, "application/json", c.body) })
		})
		_, err := s.read(t, "Task", 1)
		if e := wantCode(t, name, err, fhir.KindUnavailable, "emr-busy"); e.RetryAfter != 59*time.Second {
			t.Errorf("%s: come back after %s", name, e.RetryAfter)
		}
	}
}

func TestATicklerThatJunoDoesNotHaveIsNotFound(t *testing.T) {
	s := newSet(t, oscar.Juno, false)
	_, err := s.read(t, "Task", 4711)
	wantCode(t, "a number that is not there", err, fhir.KindNotFound, "not-found")
}

// Below ws/services Juno has nothing but v1: who its providers are, and which of them the gateway is, only SOAP tells.
func TestJunoIsAskedForItsProvidersBySOAP(t *testing.T) {
	s := newSet(t, oscar.Juno, true)
	s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "09:00", DemographicNo: 31}, oscartest.Appointment{ProviderNo: nurse, Date: "2026-12-01", Start: "09:00", DemographicNo: 31})
	if found, err := s.ask(t, "Appointment", "date=2026-12-01"); err != nil || len(found) != 2 {
		t.Errorf("%d found: %v", len(found), err)
	}
	for _, f := range s.a.Check(t.Context()) {
		if f.Level == oscar.Bad {
			t.Error(f.Text)
		}
	}
	withoutSOAP := newSet(t, oscar.Juno, false)
	for _, f := range withoutSOAP.a.Check(t.Context()) {
		if f.Level == oscar.Bad {
			t.Errorf("without SOAP: %s", f.Text)
		}
	}
}

func TestAJunoWhoseProviderServiceIsClosedIsAskedByREST(t *testing.T) {
	s := newSet(t, oscar.Juno, true, func(c *oscar.Config) {
		c.Transport = tampered(func(r *http.Request) *http.Response {
			switch {
			case strings.HasSuffix(r.URL.Path, "/ws/ProviderService"):
				return answer(404, "text/plain", "")
			case strings.HasSuffix(r.URL.Path, "/providerService/providers_json"):
				return answer(200, "application/json", `{"total":1,"content":[{"providerNo":"`+doctor+`","lastName":"Okafor","firstName":"Ngozi","enabled":true}]}`)
			case strings.HasSuffix(r.URL.Path, "/oauth/info"):
				return answer(200, "application/json", `{"login":"`+doctor+`"}`)
			}
			return nil
		})
	})
	s.AddAppointments(oscartest.Appointment{ProviderNo: doctor, Date: "2026-12-01", Start: "09:00", DemographicNo: 31})
	if found, err := s.ask(t, "Appointment", "date=2026-12-01"); err != nil || len(found) != 1 {
		t.Errorf("%d found: %v", len(found), err)
	}
	for _, f := range s.a.Check(t.Context()) {
		if f.Level == oscar.Bad {
			t.Error(f.Text)
		}
	}
}

// One of the services' operations has names in its source; where the WSDL is closed to the gateway they are known.
func TestWithoutWSDLsDocumentsAreListed(t *testing.T) {
	s := newSet(t, oscar.OpenO, true)
	s.Switch(func(w *oscartest.Switches) { w.NoWSDL = true })
	s.AddDocuments(oscartest.Document{DemographicNo: 31, Description: "x", Creator: doctor, ContentType: "text/plain", Contents: []byte("x")})
	if found, err := s.ask(t, "DocumentReference", "patient=Patient/31"); err != nil || len(found) != 1 {
		t.Errorf("%d found: %v", len(found), err)
	}
}
