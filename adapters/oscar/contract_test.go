package oscar_test

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/adapters/oscar"
	"vestibule/adapters/oscar/oscartest"
)

// The clinic of the tests.
const (
	doctor = "999998"
	nurse  = "12"
)

// clinic is a stand-in with two providers and a token.
type clinic struct {
	*oscartest.Server
	base  string
	token oscartest.Token
}

func newClinic(t testing.TB, dialect oscar.Dialect, zone *time.Location) clinic {
	t.Helper()
	s, err := oscartest.New(oscartest.Config{Dialect: oscartest.Dialect(dialect), Zone: zone, Clients: []oscartest.Client{{Key: "vestibule", Secret: "client-secret", Name: "Vestibule"}}, Burst: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	s.AddProviders(oscartest.Provider{No: doctor, LastName: "Okafor", FirstName: "Ngozi", User: "ngozi", Password: "made-up", DayTemplate: strings.Repeat("_", 32) + strings.Repeat("1", 36) + strings.Repeat("_", 28)},
		oscartest.Provider{No: nurse, LastName: "Bélanger", FirstName: "Rémi", User: "remi", Password: "made-up too"})
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	return clinic{s, ts.URL + "/oscar", s.Issue("vestibule", doctor, "schedule.write", "tickler.write", "demographic.read", "provider.read", "document.write")}
}

func (c clinic) config(dialect oscar.Dialect, soap bool, zone *time.Location) oscar.Config {
	conf := oscar.Config{Base: c.base, Dialect: dialect, Client: oscar.Credential{Key: "vestibule", Secret: "client-secret"},
		Token: oscar.Credential{Key: c.token.Key, Secret: c.token.Secret}, Zone: zone, Settings: oscar.Settings{MaxDays: 800}}
	if soap {
		conf.SOAP = oscar.SOAPLogin{User: "ngozi", Password: "made-up"}
	}
	return conf
}

func open(t testing.TB, conf oscar.Config) *oscar.Adapter {
	t.Helper()
	a, err := oscar.Open(conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestTheAdapterKeepsTheContract(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	starts := map[string]adaptertest.Start{}
	for i, c := range []struct {
		dialect oscar.Dialect
		soap    bool
	}{{oscar.OpenO, true}, {oscar.Juno, true}, {oscar.CARLOS, false}, {oscar.OSCAR19, true}, {oscar.CARLOS, true}} {
		if underRace && i > 1 {
			break
		}
		starts[fmt.Sprintf("%s soap=%v", c.dialect, c.soap)] = func(t testing.TB, zone *time.Location) *adaptertest.World { return world(t, c.dialect, c.soap, zone) }
	}
	adaptertest.RunEach(t, starts)
}

func world(t testing.TB, dialect oscar.Dialect, soap bool, zone *time.Location) *adaptertest.World {
	c := newClinic(t, dialect, zone)
	w := &adaptertest.World{
		Base: c.base,
		Open: func(t testing.TB, o adaptertest.Opening) adapters.EMR {
			conf := c.config("", soap, o.Zone)
			conf.Base, conf.Timeout, conf.MaxBody, conf.MaxDocument, conf.Now = o.Base, o.Timeout, o.MaxBody, o.MaxBody, o.Now
			conf.Settings.DoubleBooking = true // the suite books what it likes at noon
			conf.Pause = time.Millisecond      // the suite breaks thousands of requests, and has seen enough of one pause
			return open(t, conf)
		},
		Patient: func(_ testing.TB, family string) string {
			c.AddPatients(oscartest.Patient{LastName: family, FirstName: "Inès", HIN: "0000000000", ProviderNo: doctor})
			all := c.Patients()
			return strconv.Itoa(all[len(all)-1].No)
		},
		Practitioners: []string{doctor, nurse},
		Types:         map[string]adaptertest.Holding{},
	}
	w.Types["Appointment"] = c.visits(dialect, soap, zone)
	w.Types["Task"] = c.tasks(dialect, zone)
	w.Types["DocumentReference"] = c.papers(zone)
	return w
}

func number(t testing.TB, id string) int {
	t.Helper()
	n, err := strconv.Atoi(id)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (c clinic) visits(dialect oscar.Dialect, soap bool, zone *time.Location) adaptertest.Holding {
	codes := map[string]string{"booked": "t", "arrived": "H", "cancelled": "C", "noshow": "N"}
	row := func(t testing.TB, d adaptertest.Draft) oscartest.Appointment {
		at := d.Start.In(zone)
		return oscartest.Appointment{ProviderNo: d.Practitioner, Date: at.Format("2006-01-02"), Start: at.Format("15:04"), Minutes: d.Minutes,
			DemographicNo: number(t, d.Patient), Notes: d.Text, Status: codes[orText(d.Status, "booked")]}
	}
	h := adaptertest.Holding{
		Seed: func(t testing.TB, d adaptertest.Draft) string { return strconv.Itoa(c.AddAppointments(row(t, d))[0]) },
		Change: func(t testing.TB, id string, d adaptertest.Draft) {
			if !c.Edit(number(t, id), nurse, func(a *oscartest.Appointment) {
				a.Notes, a.Status = d.Text, codes[orText(d.Status, "booked")]
			}) {
				t.Fatal("nothing to change")
			}
		},
		IDs: func(testing.TB) (ids []string) {
			for _, a := range c.Appointments() {
				ids = append(ids, strconv.Itoa(a.ID))
			}
			return ids
		},
		Make: func(d adaptertest.Draft) string {
			return fmt.Sprintf(`{"resourceType":"Appointment","status":%q,"start":%q,"end":%q,"comment":%s,"participant":[{"actor":{"reference":"Patient/%s"},"status":"needs-action"},{"actor":{"reference":"Practitioner/%s"},"status":"accepted"}]}`,
				orText(d.Status, "booked"), d.Start.Format(time.RFC3339), d.Start.Add(time.Duration(d.Minutes)*time.Minute).Format(time.RFC3339), jsonText(d.Text), d.Patient, d.Practitioner)
		},
		Statuses: []string{"booked", "arrived", "cancelled", "noshow"}, Text: adaptertest.Text{Path: "comment", Max: 217}, Time: "start",
		Within: "date=ge2026-01-01&date=lt2028-01-01",
	}
	h.Text.Fixed = !soap && dialect != oscar.CARLOS
	return h
}

func jsonText(s string) string { // as JSON
	b := fhirQuote(s)
	return string(b)
}

func (c clinic) tasks(dialect oscar.Dialect, zone *time.Location) adaptertest.Holding {
	codes := map[string]string{"requested": "A", "completed": "C", "cancelled": "D"}
	row := func(t testing.TB, d adaptertest.Draft) oscartest.Tickler {
		return oscartest.Tickler{DemographicNo: number(t, d.Patient), AssignedTo: d.Practitioner, Message: d.Text, Status: codes[orText(d.Status, "requested")],
			Service: d.Start, Creator: doctor}
	}
	return adaptertest.Holding{
		Seed: func(t testing.TB, d adaptertest.Draft) string { return strconv.Itoa(c.AddTicklers(row(t, d))[0]) },
		Change: func(t testing.TB, id string, d adaptertest.Draft) {
			for _, was := range c.Ticklers() {
				if was.ID == number(t, id) {
					was.Message, was.Status, was.Updated = d.Text, codes[orText(d.Status, "requested")], time.Now()
					c.AddTicklers(was)
					return
				}
			}
			t.Fatal("nothing to change")
		},
		IDs: func(testing.TB) (ids []string) {
			for _, row := range c.Ticklers() {
				ids = append(ids, strconv.Itoa(row.ID))
			}
			return ids
		},
		Make: func(d adaptertest.Draft) string {
			return fmt.Sprintf(`{"resourceType":"Task","status":%q,"intent":"order","description":%s,"for":{"reference":"Patient/%s"},"owner":{"reference":"Practitioner/%s"},"restriction":{"period":{"end":%q}}}`,
				orText(d.Status, "requested"), jsonText(d.Text), d.Patient, d.Practitioner, d.Start.Format(time.RFC3339))
		},
		Statuses: []string{"requested", "completed", "cancelled"}, Text: adaptertest.Text{Path: "description", Max: 16000}, Time: "restriction.period.end",
	}
}

func (c clinic) papers(zone *time.Location) adaptertest.Holding {
	row := func(t testing.TB, d adaptertest.Draft) oscartest.Document {
		status := "A"
		if d.Status == "entered-in-error" {
			status = "D"
		}
		return oscartest.Document{DemographicNo: number(t, d.Patient), Type: "consult", Creator: d.Practitioner, Description: d.Text, Status: status, Observed: d.Start,
			FileName: "20260101000000_letter.pdf", ContentType: "application/pdf", Contents: []byte("%PDF-1.4 made up"), Source: "elsewhere"}
	}
	h := adaptertest.Holding{
		Seed: func(t testing.TB, d adaptertest.Draft) string { return strconv.Itoa(c.AddDocuments(row(t, d))[0]) },
		Change: func(t testing.TB, id string, d adaptertest.Draft) {
			for _, was := range c.Documents() {
				if was.No == number(t, id) {
					now := row(t, d)
					was.Description, was.Status, was.Updated = now.Description, now.Status, time.Now()
					c.AddDocuments(was)
					return
				}
			}
			t.Fatal("nothing to change")
		},
		IDs: func(testing.TB) (ids []string) {
			for _, row := range c.Documents() {
				ids = append(ids, strconv.Itoa(row.No))
			}
			return ids
		},
		Make: func(d adaptertest.Draft) string {
			return fmt.Sprintf(`{"resourceType":"DocumentReference","status":%q,"description":%s,"type":{"text":"consult"},"subject":{"reference":"Patient/%s"},"content":[{"attachment":{"contentType":"application/pdf","data":"JVBERi0xLjQK"}}]}`,
				orText(d.Status, "current"), jsonText(d.Text), d.Patient)
		},
		Statuses: []string{"current", "entered-in-error"}, Text: adaptertest.Text{Path: "description", Max: 255}, Within: "date=ge2020-01-01",
	}
	h.Attach = func(t testing.TB, d adaptertest.Draft, contentType string, content []byte) string {
		doc := row(t, d)
		doc.ContentType, doc.Contents = contentType, content
		return strconv.Itoa(c.AddDocuments(doc)[0])
	}
	return h
}
