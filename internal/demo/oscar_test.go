package demo_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule/fhir"
	"vestibule/internal/config"
	"vestibule/internal/demo"
)

func TestAClinicOnOSCARHasTheSamePeopleOnTheSameDays(t *testing.T) {
	for _, clinic := range demo.Clinics() {
		rows := demo.OSCARWorld(clinic, now)
		count, blocks, labelled := map[string]int{}, 0, 0
		starts := map[string]string{}
		for _, r := range resources(t, demo.World(clinic, now)) {
			count[r.Type()]++
			if r.Type() == "Appointment" {
				starts[r.ID()] = r.Value().Get("start").Text()
			}
			if r.Value().Get("securityLabel").Exists() {
				labelled++
			}
		}
		zone, err := time.LoadLocation(demo.Zone(clinic))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range rows.Appointments {
			if a.DemographicNo == 0 {
				blocks++
				continue
			}
			start, err := time.ParseInLocation("2006-01-02 15:04:05", a.Date+" "+a.Start, zone)
			if err != nil || start.Format(time.RFC3339) != starts[fmt.Sprintf("appt-%d", a.ID)] {
				t.Errorf("%s %d: %s, want %s", clinic, a.ID, start, starts[fmt.Sprintf("appt-%d", a.ID)])
			}
			if a.ProviderNo == "" || len(a.Status) > 2 || len([]rune(a.Reason)) > 80 || a.DemographicNo > len(rows.Patients) {
				t.Errorf("%s: %+v", clinic, a)
			}
		}
		if len(rows.Appointments)-blocks != count["Appointment"] || blocks == 0 || len(rows.Patients) != count["Patient"] || len(rows.Ticklers) != count["Task"] ||
			len(rows.Documents) != count["DocumentReference"]-labelled || labelled == 0 || len(rows.Labs) == 0 {
			t.Errorf("%s: %v, %d blocks, %d labelled", clinic, count, blocks, labelled)
		}
	}
	if rows := demo.OSCARWorld("nowhere", now); rows.Providers != nil {
		t.Error("an unknown clinic has rows")
	}
}

func TestTheRowsOfAnOSCARAreWhole(t *testing.T) {
	rows := demo.OSCARWorld(demo.Wascana, now)
	numbers := map[string]bool{}
	for _, p := range rows.Providers {
		numbers[p.No] = len(p.No) <= 6
	}
	for _, ref := range []string{demo.OSCARPractitioner(), demo.OSCARFrontDesk()} {
		if r, ok := fhir.ParseRef(ref); !ok || !numbers[r.ID] {
			t.Errorf("%s is nobody", ref)
		}
	}
	for _, k := range rows.Ticklers {
		if !numbers[k.AssignedTo] || !numbers[k.Creator] || k.DemographicNo == 0 || k.Message == "" || k.Service.IsZero() || k.Updated.IsZero() {
			t.Errorf("%+v", k)
		}
	}
	states := map[string]int{}
	for _, k := range rows.Ticklers {
		states[k.Status]++
		states[k.Priority]++
		states["comments"] += len(k.Comments)
	}
	if states["A"] == 0 || states["C"] == 0 || states["High"] == 0 || states["Normal"] == 0 || states["comments"] == 0 {
		t.Errorf("%v", states)
	}
	for _, d := range rows.Documents {
		if !numbers[d.Creator] || d.DemographicNo == 0 || len(d.Contents) == 0 || d.Class == "" || d.Updated.IsZero() || d.Observed.IsZero() {
			t.Errorf("%d", d.No)
		}
	}
	for _, p := range rows.Patients {
		if !strings.HasPrefix(p.HIN, "0") || p.LastName != strings.ToUpper(p.LastName) || len(p.Born) != 10 || p.Cell == "" || !numbers[p.ProviderNo] {
			t.Errorf("%+v", p)
		}
	}
	var letters []string
	for _, a := range rows.Appointments {
		if !slices.Contains(letters, a.Status) {
			letters = append(letters, a.Status)
		}
	}
	slices.Sort(letters)
	if got := strings.Join(letters, " "); got != " B BS C N h t" { // blocks have none of their own
		t.Errorf("%q", got)
	}
}

func TestTheDocumentsOfAClinicOnOSCARCanBeApplied(t *testing.T) {
	text := demo.Documents(demo.Setting{
		Issuer: "http://127.0.0.1:1234", Now: now,
		EMR:   map[string]string{demo.SignalHill: "http://127.0.0.1:2001/fhir", demo.Wascana: "http://127.0.0.1:2002/oscar"},
		OSCAR: map[string]demo.OSCARFiles{demo.Wascana: {Secret: "/x/a", Token: "/x/b", User: demo.GatewayClient, Password: "/x/c"}},
	})
	docs, err := config.Parse("demo.yaml", text)
	if err == nil {
		err = config.Check(docs, nil, now)
	}
	if err != nil || !strings.Contains(string(text), "adapter: oscar") || strings.Count(string(text), "adapter: fhirr4") != 1 || len(docs) != 11 {
		t.Fatalf("%v\n%s", err, text)
	}
}

// openOSCAR opens one on the file, served without a network.
func openOSCAR(t *testing.T, path string) *demo.OSCAR {
	t.Helper()
	o, err := demo.OpenOSCAR(demo.OSCARSetting{Clinic: demo.Wascana, Began: now, Path: path, Now: func() time.Time { return now }, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// book makes an appointment by SOAP as the gateway's provider.
func book(o *demo.OSCAR, peer string) *httptest.ResponseRecorder {
	var security int
	for _, p := range o.Providers() {
		if p.User == o.Login.User {
			security = p.SecurityID
		}
	}
	body := fmt.Sprintf(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><Security><UsernameToken><Username>%d</Username><Password>%s</Password></UsernameToken></Security></s:Header>`+
		`<s:Body><n:addAppointment xmlns:n="http://ws.oscarehr.org/"><arg0><appointmentStartDateTime>2026-12-01T09:00:00-06:00</appointmentStartDateTime><appointmentEndDateTime>2026-12-01T09:30:00-06:00</appointmentEndDateTime>`+
		`<demographicNo>1</demographicNo><providerNo>101</providerNo><status>t</status></arg0></n:addAppointment></s:Body></s:Envelope>`, security, o.Login.Password)
	r := httptest.NewRequest("POST", "http://127.0.0.1/oscar/ws/ScheduleService", strings.NewReader(body))
	r.RemoteAddr = peer
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w
}

func TestASecondStartOfAnOSCARGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oscar.json")
	first := openOSCAR(t, path)
	before := len(first.Appointments())
	if got := book(first, "127.0.0.1:5"); got.Code != http.StatusOK || len(first.Appointments()) != before+1 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	second := openOSCAR(t, path)
	if second.Login != first.Login || len(second.Appointments()) != before+1 || len(second.Tokens()) != 1 || second.Tokens()[0].Key != second.Login.Token {
		t.Errorf("%v %v", second.Login, second.Tokens())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if got := book(openOSCAR(t, ""), "10.0.0.1:5"); got.Code != http.StatusForbidden {
		t.Errorf("from elsewhere: %d", got.Code)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range []demo.OSCARSetting{{Clinic: demo.Wascana, Path: path, Random: rand.Reader}, {Clinic: "nowhere", Random: rand.Reader}, {Clinic: demo.Wascana, Random: strings.NewReader("short")}} {
		if _, err := demo.OpenOSCAR(s); err == nil {
			t.Errorf("%+v was opened", s)
		}
	}
}

func TestAnOSCARThatCannotKeepDoesNotSayThatItDid(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "x")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	o := openOSCAR(t, filepath.Join(folder, "oscar.json"))
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if got := book(o, "127.0.0.1:5"); got.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}
