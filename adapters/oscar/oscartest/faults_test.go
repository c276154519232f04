package oscartest

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// offline serves one request without a network.
func offline(s *Server, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestWithoutAcceptAnswersAreXML(t *testing.T) {
	w := newWorld(t, OpenO)
	booked(w)
	for _, accept := range []string{"", "*/*", "application/xml"} {
		w.accept = accept
		got := w.ask("GET", "/schedule/day/2026-12-01", "")
		if got.kind != kindXML || !strings.Contains(got.body, "<demographicNo>31</demographicNo>") || xml.Unmarshal([]byte(got.body), new(struct{})) != nil {
			t.Errorf("%q: %v", accept, got)
		}
	}
	w.Switch(func(s *Switches) { s.PlainJSONDefault = true })
	w.accept = ""
	if got := w.ask("GET", "/schedule/day/2026-12-01", ""); got.kind != kindJSON {
		t.Errorf("switched: %v", got)
	}
}

func TestXMLSaysWhatJSONSays(t *testing.T) {
	got := string(xmlFromJSON([]byte(`{"a":1,"b":[{"c":"<é&>"},{"c":null}],"d":true,"e":false,"f":[],"g":"x"}`)))
	if !strings.HasSuffix(got, "<response><a>1</a><b><c>&lt;é&amp;&gt;</c></b><b></b><d>true</d><e>false</e><g>x</g></response>") {
		t.Error(got)
	}
}

func TestMissingPrivilegesAreStatus500(t *testing.T) {
	w := newWorld(t, OpenO)
	w.book()
	for object, call := range map[string][3]string{
		"_appointment r": {"GET", "/schedule/day/today", ""}, "_appointment w": {"POST", "/schedule/add", booking}, "_appointment d": {"POST", "/schedule/deleteAppointment", `{"id":1}`},
		"_tickler r": {"GET", "/tickler/mine?limit=1", ""}, "_tickler w": {"POST", "/tickler/add", ticklerBody}, "_tickler u": {"POST", "/tickler/complete", `{"ticklers":[]}`},
		"_edoc w": {"POST", "/document/saveDocumentToDemographic", newDocument}, "_demographic r": {"GET", "/demographics/31", ""},
	} {
		name, right, _ := strings.Cut(object, " ")
		w.AddProviders(Provider{No: "14", LastName: "A", FirstName: "B", Privileges: Privileges{name: strings.ReplaceAll("rwud", right, "")}})
		w.token = w.Issue("gateway", "14")
		if got := w.ask(call[0], call[1], call[2]); !got.is(500, "Access Denied") || got.kind != kindText {
			t.Errorf("without %s: %v", object, got)
		}
		w.AddProviders(Provider{No: "14", LastName: "A", FirstName: "B", Privileges: Privileges{name: right}})
		if got := w.ask(call[0], call[1], call[2]); got.status != 200 {
			t.Errorf("with %s: %v", object, got)
		}
	}
}

func TestStatus500MayBeTheContainersPage(t *testing.T) {
	w := newWorld(t, OpenO)
	w.Switch(func(s *Switches) { s.HTMLErrors = true })
	if got := w.ask("POST", "/schedule/getAppointment", `{"id":9}`); got.status != 500 || !strings.HasPrefix(got.kind, "text/html") || !strings.Contains(got.body, "RuntimeException") {
		t.Error(got)
	}
}

func TestAProxysLogInPageComesWithStatus200(t *testing.T) {
	w := newWorld(t, OpenO)
	w.Switch(func(s *Switches) { s.LoginPage = true })
	if got := w.ask("GET", "/schedule/statuses", ""); got.status != 200 || !strings.HasPrefix(got.kind, "text/html") {
		t.Error(got)
	}
}

func TestBodiesMayBeLatin1(t *testing.T) {
	w := newWorld(t, OpenO)
	w.Switch(func(s *Switches) { s.Latin1 = true })
	if got := w.ask("GET", "/demographics/basic/32", ""); !strings.Contains(got.body, "ZO\xc9") || !strings.Contains(got.body, `"?UVRARD"`) || strings.Contains(got.kind, "8859") {
		t.Errorf("%q", got.body)
	}
}

func TestSwitchedFaultsLeaveTheTablesAlone(t *testing.T) {
	w := newWorld(t, OpenO)
	w.Switch(func(s *Switches) { s.FailWrites = 503 })
	if got := w.ask("POST", "/schedule/add", booking); got.status != 503 {
		t.Error(got)
	}
	if got := w.soapCall(newTransfer); got.status != 500 {
		t.Error(got)
	}
	if got := w.soapCall("<ns:getAppointmentTypes/>"); got.status != 200 {
		t.Error(got)
	}
	if got := w.ask("POST", "/document/uploadPendingDocuments", newDocument); got.status != 500 || got.kind != kindJSON {
		t.Error(got)
	}
	if got := w.ask("GET", "/schedule/statuses", ""); got.status != 200 {
		t.Error(got)
	}
	w.Switch(func(s *Switches) { s.FailStatus = 502 })
	if got := w.ask("GET", "/schedule/statuses", ""); got.status != 502 {
		t.Error(got)
	}
	if len(w.Appointments())+len(w.Documents()) != 0 {
		t.Error(w.Appointments())
	}
}

func TestALostAnswerIsOfAWriteThatHappened(t *testing.T) {
	w := newWorld(t, OpenO)
	w.Switch(func(s *Switches) { s.LoseAnswers = true })
	r := w.request("POST", "/ws/services/schedule/add", booking)
	w.credentials(r, w.client, w.token)
	if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
		resp.Body.Close()
		t.Error("answered")
	}
	if len(w.Appointments()) != 1 {
		t.Error(w.Appointments())
	}
}

func TestHalfABodyEndsEarly(t *testing.T) {
	w := newWorld(t, OpenO)
	w.Switch(func(s *Switches) { s.HalfBodies = true })
	r := w.request("GET", "/ws/services/schedule/statuses", "")
	w.credentials(r, w.client, w.token)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var v found[Status]
	if err := json.NewDecoder(resp.Body).Decode(&v); err == nil {
		t.Error("the whole body came")
	}
}

func TestCanariesStandWhereNothingMayLeave(t *testing.T) {
	w := newWorld(t, OpenO)
	w.book()
	w.Switch(func(s *Switches) { s.Canary = "CANARY" })
	for path, fields := range map[string]string{
		"POST /schedule/getAppointment":                        "demographic.hin demographic.phone demographic.address demographic.lastName provider.ohipNo remarks billing",
		"GET /schedule/fetchDays/2026-12-01/2026-12-01/900101": "phone phone2 email demoCell hPhoneExt wPhoneExt",
		"POST /schedule/31/appointmentHistory":                 "billingDetail remarks bookingSource importedStatus",
		"GET /demographics/31":                                 "hin ver phone alternativePhone cellPhone email address city postal chartNo",
		"GET /providerService/providers_json":                  "provider.ohipNo provider.billingNo provider.workPhone",
	} {
		method, path, _ := strings.Cut(path, " ")
		got := w.ask(method, path, `{"id":1}`)
		for field := range strings.FieldsSeq(fields) {
			if !strings.Contains(got.body, `"CANARY-`+field+`"`) {
				t.Errorf("%s: no canary in %s", path, field)
			}
		}
		if strings.Contains(got.body, "819-555-0141") || strings.Contains(got.body, "0000000031") {
			t.Errorf("%s: %s", path, got.body)
		}
	}
}

func TestOddRowsLookAsRealTablesDo(t *testing.T) {
	w := newWorld(t, OpenO)
	ids := w.SeedOddities("900101", "2026-12-01", 31)
	rows := get[scheduling](w, "POST", "/schedule/31/appointmentHistory", "").Appointments
	by := map[int]appointmentRow{}
	for _, r := range rows {
		by[r.ID] = r
	}
	if by[ids[0]].Name != nil || by[ids[0]].Reason != nil || by[ids[1]].Status != "q" || by[ids[2]].Status != "tS" || by[ids[3]].Status != "BV" || !strings.Contains(*by[ids[4]].Reason, "<script>") {
		t.Errorf("%+v", rows)
	}
	if _, block := by[ids[5]]; block || w.Appointments()[5].Name != ".LUNCH" {
		t.Error("the block has no patient")
	}
	if string(by[ids[6]].EndTime) != `"13:59:00"` || string(by[ids[7]].EndTime) != `"00:19:00"` || by[ids[8]].AppointmentDate != -62135751600000 {
		t.Errorf("%s %s %d", by[ids[6]].EndTime, by[ids[7]].EndTime, by[ids[8]].AppointmentDate)
	}
	for _, path := range []string{"/schedule/day/2026-12-01", "/schedule/fetchDays/2026-12-01/2026-12-01/900101", "/schedule/fetchProviderAppts/900101/0001-01-01/2026-12-01"} {
		if got := w.ask("GET", path, ""); got.status != 200 || !json.Valid([]byte(got.body)) {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestADaySheetMayHave5000Rows(t *testing.T) {
	w := newWorld(t, OpenO)
	w.SeedDay("900101", "2026-12-01", 5000)
	if got := get[[]sheetRow](w, "GET", "/schedule/900101/day/2026-12-01", ""); len(got) != 5000 || got[0].DemographicNo == 0 {
		t.Error(len(got))
	}
}

func TestTablesAndTokensCanBeKept(t *testing.T) {
	w := newWorld(t, OpenO)
	booked(w)
	tasked(w)
	documented(w)
	kept, err := w.Save()
	if err != nil {
		t.Fatal(err)
	}
	before := w.ask("GET", "/schedule/day/2026-12-01", "").body
	again := newWorld(t, OpenO)
	if err := again.Load(kept); err != nil {
		t.Fatal(err)
	}
	again.token = w.token
	if got := again.ask("GET", "/schedule/day/2026-12-01", ""); got.body != before || len(again.Ticklers()) != 1 || string(again.Documents()[0].Contents) != "Made up" {
		t.Error(got)
	}
	if id := again.book(); id != 4 {
		t.Errorf("number %d", id)
	}
	if err := again.Load([]byte("{")); err == nil {
		t.Error("half a file was loaded")
	}
}

func TestRequestsAreRemembered(t *testing.T) {
	w := newWorld(t, OpenO, func(c *Config) { c.KeepRequests = 3 })
	for range 5 {
		w.ask("GET", "/schedule/statuses", "")
	}
	w.ask("POST", "/schedule/getAppointment", `{"id":9}`)
	w.soapCall("<ns:getAppointmentTypes/>")
	got := w.Requests()
	if len(got) != 3 || got[1].Path != "/ws/services/schedule/getAppointment" || string(got[1].Body) != `{"id":9}` || got[1].Status != 500 || got[1].Provider != "900101" || got[2].Operation != "getAppointmentTypes" {
		t.Errorf("%+v", got)
	}
	w.Forget()
	if len(w.Requests()) != 0 {
		t.Error("not forgotten")
	}
	usual := newWorld(t, OpenO)
	usual.ask("GET", "/schedule/statuses", "")
	if len(usual.Requests()) != 1 {
		t.Error("nothing is remembered unless asked for")
	}
}

func TestOnLoopbackOnlyOthersAreTurnedAway(t *testing.T) {
	s, err := New(Config{LoopbackOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		peer, host string
		status     int
	}{{"10.0.0.1:5", "127.0.0.1", 403}, {"127.0.0.1:5", "emr.example.test", 403}, {"x", "127.0.0.1", 403}, {"127.0.0.1:5", "127.0.0.1:8080", 400}, {"[::1]:5", "[::1]:80", 400}, {"127.0.0.1:5", "localhost", 400}} {
		r := httptest.NewRequest("GET", "/oscar/ws/services/schedule/statuses", nil)
		r.RemoteAddr, r.Host = c.peer, c.host
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != c.status {
			t.Errorf("%+v: %d", c, w.Code)
		}
	}
}

func TestConfigurationsThatCannotBeAreRefused(t *testing.T) {
	for _, c := range []Config{{Dialect: "oscar20"}, {InternalBase: "tomcat"}, {InternalBase: "://"}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v", c)
		}
	}
	if got := offline(must(t, Config{}), "POST", "/oscar/ws/services/x", strings.Repeat("x", maxBody+1)); got.Code != http.StatusRequestEntityTooLarge {
		t.Error(got.Code)
	}
}

func must(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
