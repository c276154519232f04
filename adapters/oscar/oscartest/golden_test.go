package oscartest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// exchange is one request whose whole answer is kept in testdata under its name.
type exchange struct {
	name         string
	dialect      Dialect
	method, path string // below ws/services
	body         string
	before       func(*world)
}

const (
	ticklerBody = `{"demographicNo":31,"taskAssignedTo":"900101","message":"Ask about the splint [gw:01ab]","serviceDate":"2026-12-01T09:00:00.000-05:00","priority":"High","status":"A"}`
	newDocument = `{"fileName":"ear-notes.pdf","fileContents":"TWFkZSB1cA==","contentType":"application/pdf","demographicNo":31,"providerNo":"900101","description":"Ear notes","source":"gateway","type":"consult"}`
	newTransfer = `<ns:addAppointment><arg0><appointmentStartDateTime>2026-12-01T09:00:00-05:00</appointmentStartDateTime><appointmentEndDateTime>2026-12-01T09:15:00-05:00</appointmentEndDateTime><demographicNo>31</demographicNo><notes>Bring the blue form</notes><providerNo>900101</providerNo><reason>Ear check</reason><status>t</status></arg0></ns:addAppointment>`
	envelope    = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="http://ws.oscarehr.org/"><soapenv:Header><wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><wsse:UsernameToken><wsse:Username>%d</wsse:Username><wsse:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">%s</wsse:Password></wsse:UsernameToken></wsse:Security></soapenv:Header><soapenv:Body>%s</soapenv:Body></soapenv:Envelope>`
)

func booked(w *world) {
	w.book()
	w.AddAppointments(
		Appointment{ProviderNo: "900101", Date: "2026-12-01", Start: "12:00", Minutes: 60, Name: ".LUNCH"},
		Appointment{ProviderNo: "900101", Date: "2026-10-31", Start: "09:00", DemographicNo: 31, Status: "BS", Reason: "Ear check", Notes: "Left ear", ReasonCode: 17, Creator: "Marchand, Odile"})
}

func tasked(w *world) {
	if got := w.ask("POST", "/tickler/add", ticklerBody); !strings.Contains(got.body, `"success":true`) {
		w.t.Fatal(got)
	}
	w.ask("POST", "/tickler/update", `{"id":1,"taskAssignedTo":"900101","status":"A","priority":"High","message":"Ask about the splint [gw:01ab]","serviceDate":1796101200000,"ticklerComments":[{"newComment":true,"providerNo":"900101","message":"line was busy"}]}`)
}

func documented(w *world) {
	if got := w.ask("POST", "/document/saveDocumentToDemographic", newDocument); got.status != 200 {
		w.t.Fatal(got)
	}
	w.AddLabs(Lab{ID: 175, DemographicNo: 31, Name: "CBC", Received: w.now})
	w.AddDocuments(Document{Description: "Old letter", DemographicNo: 31, Responsible: "900101", Contents: []byte("x")})
}

// exchanges are the answers that descriptions of the real ones show whole; the names are theirs.
func exchanges() []exchange {
	return []exchange{
		{"oscar-appointment-1", OpenO, "GET", "/schedule/statuses", "", nil},
		{"oscar-appointment-2", OpenO, "POST", "/schedule/add", booking, nil},
		{"oscar-appointment-3", OpenO, "GET", "/schedule/900101/day/2026-12-01", "", booked},
		{"oscar-appointment-4", OSCAR19, "GET", "/schedule/900101/day/2026-12-01", "", booked},
		{"oscar-appointment-5", OpenO, "POST", "/schedule/appointment/1/updateStatus", `{"status":"C"}`, booked},
		{"oscar-appointment-6", OpenO, "GET", "/schedule/fetchDays/2026-12-01/2026-12-05/900101", "", booked},
		{"oscar-appointment-7", OpenO, "POST", "/schedule/31/appointmentHistory", "", booked},
		{"oscar-appointment-8", OpenO, "POST", "/schedule/updateAppointment", `{"id":1,"startTime":"10:00:00"}`, booked},
		{"oscar-appointment-9", OpenO, "GET", "/schedule/-1/day/2026-12-01", "", booked},
		{"oscar-appointment-11", OpenO, "GET", "/schedule/reasons", "", nil},
		{"oscar-appointment-12", CARLOS, "POST", "/schedule/updateAppointment", `{"id":999999999,"status":"t"}`, nil},
		{"oscar-appointment-13", OpenO, "POST", "/schedule/getAppointment", `{"id":1}`, booked},
		{"oscar-document-1", OpenO, "POST", "/document/saveDocumentToDemographic", newDocument, nil},
		{"oscar-document-2", OpenO, "POST", "/document/saveDocumentToDemographic", `{"fileName":"ear.pdf"}`, nil},
		{"oscar-document-4", OpenO, "GET", "/consults/getRequestAttachments?requestId=1&demographicId=31", "", documented},
		{"oscar-inbox-1", OpenO, "GET", "/inbox/mine?limit=10", "", documented},
		{"oscar-patient-1", OpenO, "GET", "/demographics/basic/31", "", nil},
		{"oscar-provider-1", OpenO, "GET", "/providerService/providers_json", "", nil},
		{"oscar-task-1", OpenO, "GET", "/tickler/ticklers?count=20&page=1&status=A&taskAssignedTo=900101&includeComments=true", "", tasked},
		{"oscar-task-2", OpenO, "POST", "/tickler/add", ticklerBody, nil},
		{"oscar-task-3", OpenO, "POST", "/tickler/add", `{"demographicNo":31,"message":"x"}`, nil},
		{"oscar-task-4", OpenO, "POST", "/tickler/update", `{"id":1,"taskAssignedTo":"900101","status":"A","priority":"Normal","message":"Ask again","serviceDate":"2026-12-02T09:00:00.000-05:00","ticklerComments":[{"newComment":true,"providerNo":"900101","message":"second try"}]}`, tasked},
		{"oscar-task-5", OpenO, "POST", "/tickler/complete", `{"ticklers":[1]}`, tasked},
		{"oscar-task-6", OpenO, "POST", "/tickler/search?startIndex=0&limit=20", `{"status":"A","demographicNo":31}`, func(w *world) { w.token = w.Issue("gateway", "12") }},
		{"oscar-oauth-4", CARLOS, "POST", "/tickler/add", `{}`, func(w *world) { w.token = w.Issue("gateway", "900101", "tickler.read") }},
		{"juno-document-1", Juno, "POST", "/v1/document/", `{"status":"A","fileName":"ear.pdf","base64EncodedFile":"TWFkZSB1cA==","documentType":"consult","documentDescription":"Ear notes","documentCreator":"900101","observationDate":"2026-11-23","source":"gateway"}`, nil},
		{"juno-error-1", Juno, "GET", "/v1/tickler/0", "", func(w *world) { w.Switch(func(s *Switches) { s.RateLimited = true }) }},
		{"juno-task-1", Juno, "POST", "/v1/tickler/", `{"demographicNo":31,"message":"Call patient","status":"A","serviceDateTime":"2026-12-01T09:00:00","creator":"900101","priority":"High","taskAssignedTo":"900101","categoryId":null}`, nil},
	}
}

func TestAnswersHaveTheShapesOfTheRealOnes(t *testing.T) {
	for _, e := range exchanges() {
		t.Run(e.name, func(t *testing.T) {
			w := newWorld(t, e.dialect)
			if e.before != nil {
				e.before(w)
			}
			golden(t, e.name, w.ask(e.method, e.path, e.body))
		})
	}
}

func TestSOAPAnswersHaveTheShapesOfTheRealOnes(t *testing.T) {
	for name, call := range map[string]string{
		"oscar-appointment-10": "<ns:getAppointment2><arg0>1</arg0><arg1>false</arg1></ns:getAppointment2>",
		"oscar-document-3":     "<ns:getDocument><arg0>1</arg0></ns:getDocument>",
	} {
		w := newWorld(t, OpenO)
		w.Switch(func(s *Switches) { s.MillisecondEnds = true })
		w.soapCall(newTransfer)
		documented(w)
		golden(t, name, w.soapCall(call))
	}
}

func TestOAuthAnswersHaveTheShapesOfTheRealOnes(t *testing.T) {
	seeded := func(c *Config) { c.Random = rand.NewChaCha8([32]byte{}) }
	w := newWorld(t, OpenO, seeded)
	r := w.request("POST", "/ws/oauth/initiate", "")
	w.credentials(r, w.client, Token{}, "oauth_callback", "oob")
	got := w.do(r)
	golden(t, "oscar-oauth-1", got)
	request := tokenOf(t, got.body)
	r = w.request("POST", "/ws/oauth/token", "")
	w.credentials(r, w.client, request, "oauth_verifier", w.Consent(request.Key, "900101"))
	golden(t, "oscar-oauth-2", w.do(r))
	w.token.Secret = "wrong"
	golden(t, "oscar-oauth-3", w.ask("GET", "/schedule/statuses", ""))
}

// soapCall sends one operation as the first provider, with the password.
func (w *world) soapCall(call string) reply {
	service := "ScheduleService"
	if strings.Contains(call, "getDocument") {
		service = "DocumentService"
	}
	return w.soapTo(service, fmt.Sprintf(envelope, 128, "made up", call))
}

func (w *world) soapTo(service, body string) reply {
	r := w.request("POST", "/ws/"+service, body)
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	return w.do(r)
}

// golden compares an answer with its file, whole.
func golden(t *testing.T, name string, got reply) {
	t.Helper()
	var body bytes.Buffer
	if strings.HasPrefix(got.kind, kindJSON) && json.Indent(&body, []byte(got.body), "", " ") != nil || !strings.HasPrefix(got.kind, kindJSON) {
		body.Reset()
		body.WriteString(got.body)
	}
	text := fmt.Sprintf("%d %s\n%s\n", got.status, got.kind, body.String())
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != text {
		t.Errorf("%s: %v\n%s", name, err, text)
	}
}

// The constants of the shapes: what the days and times of the golden files are.
func TestGoldenTimesAreTheClinicsOwn(t *testing.T) {
	zone := toronto(t)
	if got := time.Date(2026, 12, 1, 9, 0, 0, 0, zone).UnixMilli(); got != 1796133600000 {
		t.Error(got)
	}
	s := &Server{cfg: Config{Zone: zone}}
	if got := s.yearOne(); got != -62135751600000 {
		t.Error(got)
	}
}
