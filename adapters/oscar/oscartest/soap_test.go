package oscartest

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"
)

// value is the text of the first element of that name in an answer.
func value(t *testing.T, got reply, name string) string {
	t.Helper()
	n, err := parseXML([]byte(got.body))
	if err != nil {
		t.Fatalf("%v: %v", err, got)
	}
	text, _ := deep(n, name)
	return text
}

func deep(n node, name string) (string, bool) {
	if n.name == name {
		return n.text, true
	}
	for _, k := range n.kids {
		if text, ok := deep(k, name); ok {
			return text, true
		}
	}
	return "", false
}

func transferOf(id int, start, end string) string {
	return fmt.Sprintf("<arg0><appointmentEndDateTime>%s</appointmentEndDateTime><appointmentStartDateTime>%s</appointmentStartDateTime><demographicNo>31</demographicNo><id>%d</id><providerNo>900101</providerNo><status>t</status></arg0>", end, start, id)
}

func TestSOAPBooksAndMovesWithAnExclusiveEnd(t *testing.T) {
	w := newWorld(t, OpenO)
	added := w.soapCall("<ns:addAppointment>" + transferOf(0, "2026-12-01T14:00:00Z", "2026-12-01T14:15:00Z") + "</ns:addAppointment>")
	if value(t, added, "return") != "1" {
		t.Fatal(added)
	}
	a := w.Appointments()[0]
	if a.Date != "2026-12-01" || a.Start != "09:00:00" || a.End != "09:14:59" || a.Name != "BÉLIVEAU, INÈS" || a.LastUpdateUser != "900101" {
		t.Errorf("%+v", a)
	}
	if got := w.ask("GET", "/schedule/day/2026-12-01", ""); !strings.Contains(got.body, `"duration":"14m "`) {
		t.Error(got)
	}
	w.now = w.now.Add(time.Hour)
	moved := w.soapCall("<ns:updateAppointment>" + transferOf(1, "2026-12-02T10:00:00-05:00", "2026-12-02T10:30:00-05:00") + "</ns:updateAppointment>")
	a = w.Appointments()[0]
	if moved.status != 200 || a.Date != "2026-12-02" || a.Start != "10:00:00" || a.End != "10:29:59" || a.Name != "" || a.Created.Equal(a.Updated) {
		t.Errorf("%v %+v", moved, a)
	}
	for name, call := range map[string]string{
		"unknown row": "<ns:updateAppointment>" + transferOf(9, "2026-12-02T10:00:00Z", "2026-12-02T10:30:00Z") + "</ns:updateAppointment>",
		"no times":    "<ns:addAppointment>" + transferOf(0, "", "") + "</ns:addAppointment>",
		"too long":    "<ns:addAppointment>" + strings.Replace(transferOf(0, "2026-12-02T10:00:00Z", "2026-12-02T10:30:00Z"), "<status>t", "<status>ttt", 1) + "</ns:addAppointment>",
		"no row":      "<ns:addAppointment/>",
	} {
		if got := w.soapCall(call); got.status != 500 || value(t, got, "faultcode") != "soap:Server" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSOAPListsAppointments(t *testing.T) {
	w := newWorld(t, OpenO)
	booked(w)
	w.now = w.now.Add(time.Hour)
	w.ask("POST", "/schedule/appointment/1/updateStatus", `{"status":"H"}`)
	for call, want := range map[string]string{
		"<ns:getAppointment2><arg0>9</arg0></ns:getAppointment2>":                                                                                                                                          "",
		"<ns:getAppointmentsForProvider2><arg0>900101</arg0><arg1>2026-12-01T00:00:00-05:00</arg1></ns:getAppointmentsForProvider2>":                                                                       "1 2",
		"<ns:getAppointmentsForProvider2><arg0>nobody</arg0><arg1>2026-12-01T00:00:00-05:00</arg1></ns:getAppointmentsForProvider2>":                                                                       "",
		"<ns:getAppointmentsForPatient2><arg0>31</arg0><arg1>0</arg1><arg2>9</arg2></ns:getAppointmentsForPatient2>":                                                                                       "1 3",
		"<ns:getAppointmentsForPatient2><arg0>31</arg0><arg1>1</arg1><arg2>9</arg2></ns:getAppointmentsForPatient2>":                                                                                       "3",
		"<ns:getAppointmentsForDateRangeAndProvider2><arg0>2026-10-01T00:00:00Z</arg0><arg1>2026-12-01T17:00:00Z</arg1><arg2>900101</arg2><arg3>false</arg3></ns:getAppointmentsForDateRangeAndProvider2>": "3 1",
		"<ns:getAppointmentsUpdatedAfterDate><arg0>2026-11-23T00:00:00Z</arg0><arg1>9</arg1></ns:getAppointmentsUpdatedAfterDate>":                                                                         "2 3 1",
		"<ns:getAppointmentsUpdatedAfterDate><arg0>2026-11-23T03:59:59-05:00</arg0><arg1>9</arg1></ns:getAppointmentsUpdatedAfterDate>":                                                                    "1",
		"<ns:getAppointmentsUpdatedAfterDate><arg0>2026-11-23T04:00:00-05:00</arg0><arg1>9</arg1></ns:getAppointmentsUpdatedAfterDate>":                                                                    "", // exclusive
		"<ns:getAppointmentsUpdatedAfterDate><arg0>2026-11-23T00:00:00Z</arg0><arg1>5001</arg1></ns:getAppointmentsUpdatedAfterDate>":                                                                      "",
		"<ns:getAppointmentsUpdatedAfterDate><arg0>2026-11-23T00:00:00Z</arg0><arg1>1</arg1></ns:getAppointmentsUpdatedAfterDate>":                                                                         "2",
	} {
		got := w.soapCall(call)
		var ids []string
		for part := range strings.SplitSeq(got.body, "<id>") {
			if id, _, found := strings.Cut(part, "</id>"); found {
				ids = append(ids, id)
			}
		}
		if strings.Join(ids, " ") != want {
			t.Errorf("%s\n%v, want %s", call, ids, want)
		}
	}
	if got := w.soapCall("<ns:getAppointment2><arg0>1</arg0><arg1>true</arg1></ns:getAppointment2>"); value(t, got, "appointmentStartDateTime") != "2026-12-01T14:00:00Z" {
		t.Errorf("GMT: %v", got)
	}
	if got := w.soapCall("<ns:getAppointmentTypes/>"); value(t, got, "name") != "Visit" {
		t.Error(got)
	}
}

func TestSOAPShowsTheDayTemplate(t *testing.T) {
	w := newWorld(t, OpenO)
	w.AddProviders(Provider{No: "900101", SecurityID: 128, LastName: "Marchand", FirstName: "Odile", User: "odile", Password: "made up", DayTemplate: strings.Repeat("_", 36) + "11L" + strings.Repeat("_", 57)})
	got := w.soapCall("<ns:getDayWorkSchedule><arg0>900101</arg0><arg1>2026-12-01T00:00:00-05:00</arg1></ns:getDayWorkSchedule>")
	if value(t, got, "timeSlotDurationMin") != "15" || value(t, got, "time") != "2026-12-01T09:00:00-05:00" || strings.Count(got.body, "<timeSlots>") != 3 || !strings.Contains(got.body, "<code>L</code>") {
		t.Error(got)
	}
	if got := w.soapCall("<ns:getDayWorkSchedule><arg0>nobody</arg0><arg1>2026-12-01T00:00:00-05:00</arg1></ns:getDayWorkSchedule>"); got.status != 200 || strings.Contains(got.body, "return") {
		t.Error(got)
	}
}

func TestSOAPKeysDieWithTheServerProcess(t *testing.T) {
	w := newWorld(t, OpenO)
	login := func(password string) reply {
		return w.soapTo("LoginService", `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><login2 xmlns="http://ws.oscarehr.org/"><arg0 xmlns="">odile</arg0><arg1 xmlns="">`+password+`</arg1></login2></s:Body></s:Envelope>`)
	}
	if got := login("wrong"); got.status != 500 || value(t, got, "securityTokenKey") != "" {
		t.Error(got)
	}
	got := login("made up")
	key := value(t, got, "securityTokenKey")
	if value(t, got, "securityId") != "128" || key == "" {
		t.Fatal(got)
	}
	with := func(user int, password string) reply {
		return w.soapTo("ScheduleService", fmt.Sprintf(envelope, user, password, "<ns:getAppointmentTypes/>"))
	}
	if with(128, key).status != 200 || with(128, "made up").status != 200 {
		t.Error("neither the key nor the password opens")
	}
	for name, got := range map[string]reply{"wrong": with(128, "x"), "empty": with(128, ""), "somebody else's": with(129, key), "nobody": with(9, key)} {
		if got.status != 500 || value(t, got, "faultcode") != "wsse:FailedAuthentication" {
			t.Errorf("%s: %v", name, got)
		}
	}
	w.Restart()
	if got := with(128, key); value(t, got, "faultcode") != "wsse:FailedAuthentication" {
		t.Errorf("after the restart: %v", got)
	}
	if again := value(t, login("made up"), "securityTokenKey"); again == key || with(128, again).status != 200 {
		t.Error("a new log-in gives a new key")
	}
}

func TestSOAPRefusesWhatItsSchemaDoesNotHave(t *testing.T) {
	w := newWorld(t, OpenO)
	for name, call := range map[string]string{
		"unknown operation":     "<ns:dropTables/>",
		"another namespace":     `<getAppointment2 xmlns="urn:x"/>`,
		"unknown argument":      "<ns:getAppointment2><appointmentId>1</appointmentId></ns:getAppointment2>",
		"argument in namespace": "<ns:getAppointment2><ns:arg0>1</ns:arg0></ns:getAppointment2>",
		"no number":             "<ns:getAppointment2><arg0>one</arg0></ns:getAppointment2>",
		"no time":               "<ns:getAppointmentsForProvider2><arg0>1</arg0><arg1>today</arg1></ns:getAppointmentsForProvider2>",
		"no boolean":            "<ns:getAppointment2><arg0>1</arg0><arg1>maybe</arg1></ns:getAppointment2>",
		"nothing":               "", "two": "<ns:getAppointmentTypes/><ns:getAppointmentTypes/>",
		"Juno's": "<ns:cancelAppointment><arg0>1</arg0></ns:cancelAppointment>",
	} {
		if got := w.soapCall(call); got.status != 500 || value(t, got, "faultcode") != "soap:Client" {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, body := range []string{"", "<x/>", "<Envelope/>", strings.Repeat("<a>", 100), "\x00"} {
		if got := w.soapTo("ScheduleService", body); got.status != 500 || !strings.Contains(got.body, "faultstring") {
			t.Errorf("%q: %v", body, got)
		}
	}
	digest := strings.Replace(fmt.Sprintf(envelope, 128, "made up", "<ns:getAppointmentTypes/>"), "#PasswordText", "#PasswordDigest", 1)
	if got := w.soapTo("ScheduleService", digest); value(t, got, "faultcode") != "wsse:FailedAuthentication" {
		t.Errorf("digest: %v", got)
	}
	if got := w.soapTo("ScheduleService", fmt.Sprintf(envelope, 129, "p", "<ns:getAppointmentTypes/>")); value(t, got, "faultstring") != "Access Denied" {
		t.Errorf("without the privilege: %v", got)
	}
	for path, status := range map[string]int{"/ws/NobodyService?wsdl": 404, "/ws/ScheduleService": 405} {
		if got := w.do(w.request("GET", path, "")); got.status != status {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestSpacesBelongToTextsAndNotToNumbers(t *testing.T) {
	w := newWorld(t, OpenO)
	row := strings.NewReplacer("<demographicNo>31<", "<demographicNo>\n 31 <", "05:00</", "05:00 </", "<status>", "<notes>  two  </notes><status>").Replace(transferOf(0, "2026-12-01T09:00:00-05:00", "2026-12-01T09:15:00-05:00"))
	if got := w.soapCall("<ns:addAppointment>" + row + "</ns:addAppointment>"); got.status != 200 {
		t.Fatal(got)
	}
	if a := w.Appointments()[0]; a.DemographicNo != 31 || a.Notes != "  two  " || a.End != "09:14:59" {
		t.Errorf("%+v", a)
	}
	if got := w.soapCall("<ns:getAppointment2>\n<arg0>\n1\n</arg0> <arg1> true </arg1></ns:getAppointment2>"); value(t, got, "notes") != "  two  " {
		t.Error(got)
	}
}

func TestRequestsNestedTooDeepAreNotRead(t *testing.T) {
	nested := func(n int) []byte { return []byte(strings.Repeat("<a>", n) + strings.Repeat("</a>", n)) }
	if _, err := parseXML(nested(maxDepth)); err != nil {
		t.Error(err)
	}
	if _, err := parseXML(nested(maxDepth + 2)); err == nil {
		t.Error("read")
	}
}

func TestTheWSDLNamesWhatIsAccepted(t *testing.T) {
	w := newWorld(t, OpenO)
	for named, first := range map[bool]string{false: "arg0", true: "appointmentId"} {
		w.Switch(func(s *Switches) { s.NamedArguments = named })
		got := w.do(w.request("GET", "/ws/ScheduleService?wsdl", ""))
		if err := xml.Unmarshal([]byte(got.body), new(struct{})); err != nil || got.status != 200 {
			t.Fatal(err, got)
		}
		_, rest, _ := strings.Cut(got.body, `<xs:complexType name="getAppointment2"><xs:sequence><xs:element minOccurs="0" name="`)
		if name, _, _ := strings.Cut(rest, `"`); name != first {
			t.Errorf("%v: %s", named, name)
		}
		if got := w.soapCall("<ns:getAppointment2><" + first + ">1</" + first + "></ns:getAppointment2>"); got.status != 200 {
			t.Errorf("%v: %v", named, got)
		}
		if strings.Contains(got.body, "cancelAppointment") || !strings.Contains(got.body, w.ts.URL+"/oscar/ws/ScheduleService") {
			t.Errorf("%v: %s", named, got.body)
		}
	}
	for _, service := range []string{"LoginService", "DocumentService"} {
		if got := w.do(w.request("GET", "/ws/"+service+"?wsdl", "")); got.status != 200 || xml.Unmarshal([]byte(got.body), new(struct{})) != nil {
			t.Errorf("%s: %v", service, got)
		}
	}
}

func TestDocumentsAreReadBySOAPOnly(t *testing.T) {
	w := newWorld(t, OpenO)
	documented(w)
	w.now = w.now.Add(time.Hour)
	w.AddDocuments(Document{Description: "Gone", DemographicNo: 32, Status: "D", Public: 1, Reviewed: w.now, Reviewer: "12"})
	for call, want := range map[string][]string{
		"<ns:getDocument><arg0>1</arg0></ns:getDocument>": {"<fileContents>TWFkZSB1cA==</fileContents>", "<ctlModuleId>31</ctlModuleId>", "<status>65</status>"},
		"<ns:getDocument><arg0>3</arg0></ns:getDocument>": {"<status>68</status>", "<reviewer>12</reviewer>"},
		"<ns:getDocumentsByDemographicIdAfter><lastUpdate>2026-01-01T00:00:00Z</lastUpdate><demographicId>31</demographicId></ns:getDocumentsByDemographicIdAfter>": {"<documentNo>1<", "<documentNo>2<"},
		"<ns:getDocumentsUpdateAfterDate><arg0>2026-11-23T03:59:59-05:00</arg0><arg1>5</arg1></ns:getDocumentsUpdateAfterDate>":                                     {"<documentNo>3<"},
		"<ns:getDocument><arg0>9</arg0></ns:getDocument>": {"<ns2:getDocumentResponse"},
	} {
		got := w.soapCall(call)
		for _, part := range want {
			if !strings.Contains(got.body, part) {
				t.Errorf("%s\n%s misses %s", call, got.body, part)
			}
		}
		if n := strings.Count(got.body, "<documentNo>"); got.status != 200 || n > 2 || len(want) == 1 && n > 1 {
			t.Errorf("%s\n%v", call, got)
		}
	}
}

func TestJunoBooksConfirmsAndCancelsBySOAP(t *testing.T) {
	w := newWorld(t, Juno)
	add := "<ns:addAppointmentValidated>" + transferOf(0, "2026-12-01T09:00:00-05:00", "2026-12-01T09:15:00-05:00") + "</ns:addAppointmentValidated>"
	if got := w.soapCall(add); value(t, got, "return") != "1" {
		t.Fatal(got)
	}
	if got := w.soapCall(add); got.status != 500 {
		t.Errorf("booked twice: %v", got)
	}
	w.AddProviders(Provider{No: "900101", SecurityID: 128, LastName: "Marchand", FirstName: "Odile", User: "odile", Password: "made up", DayTemplate: strings.Repeat("_", 36) + "11" + strings.Repeat("_", 58)})
	free := "<ns:getProviderAvailability><arg0>900101</arg0><arg1>2026-12-01T00:00:00-05:00</arg1></ns:getProviderAvailability>"
	if got := w.soapCall(free); strings.Count(got.body, "<return>") != 1 || value(t, got, "time") != "2026-12-01T09:15:00-05:00" {
		t.Error(got)
	}
	w.soapCall("<ns:confirmAppointment><arg0>1</arg0></ns:confirmAppointment>")
	if w.Appointments()[0].Status != "h" {
		t.Error(w.Appointments())
	}
	w.soapCall("<ns:cancelAppointment><arg0>1</arg0></ns:cancelAppointment>")
	if w.Appointments()[0].Status != "C" {
		t.Error(w.Appointments())
	}
	if got := w.soapCall(free); strings.Count(got.body, "<return>") != 2 {
		t.Errorf("cancelled time is free: %v", got)
	}
	if got := w.soapCall("<ns:cancelAppointment><arg0>9</arg0></ns:cancelAppointment>"); got.status != 500 {
		t.Error(got)
	}
}

func TestSOAPRequestsMayBeLatin1(t *testing.T) {
	w := newWorld(t, OpenO)
	body := `<?xml version="1.0" encoding="ISO-8859-1"?>` + strings.Replace(fmt.Sprintf(envelope, 128, "made up", newTransfer), "Ear check", "\xe9t\xe9", 1)
	if got := w.soapTo("ScheduleService", body); got.status != 200 || w.Appointments()[0].Reason != "été" {
		t.Errorf("%v %+v", got, w.Appointments())
	}
	if got := w.soapTo("ScheduleService", strings.Replace(body, "ISO-8859-1", "EBCDIC", 1)); got.status != 500 {
		t.Error(got)
	}
}

// FuzzSOAP: whatever is sent, the reader gives a tree or an error, and the server a whole envelope.
func FuzzSOAP(f *testing.F) {
	f.Add(fmt.Sprintf(envelope, 128, "made up", newTransfer))
	f.Add(fmt.Sprintf(envelope, 128, "made up", "<ns:getAppointment2><arg0>1</arg0></ns:getAppointment2>"))
	f.Add(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`)
	f.Add("<a><b></a></b>")
	f.Fuzz(func(t *testing.T, body string) {
		s := must(t, Config{Now: func() time.Time { return time.Unix(1795420800, 0) }})
		s.AddProviders(Provider{No: "1", User: "u", Password: "made up"})
		s.AddPatients(Patient{No: 31})
		got := offline(s, "POST", "/oscar/ws/ScheduleService", body)
		if _, err := parseXML(got.Body.Bytes()); err != nil {
			t.Fatalf("%q: %v in %s", body, err, got.Body)
		}
	})
}
