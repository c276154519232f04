package demo_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"vestibule/adapters/oscar"
	"vestibule/fhir"
	"vestibule/internal/demo"
)

// overOSCAR is the adapter over a clinic's OSCAR.
func overOSCAR(t *testing.T) (*demo.OSCAR, *oscar.Adapter) {
	t.Helper()
	o := openOSCAR(t, "")
	ts := httptest.NewServer(o)
	t.Cleanup(ts.Close)
	zone, err := time.LoadLocation(demo.Zone(demo.Wascana))
	if err != nil {
		t.Fatal(err)
	}
	a, err := oscar.Open(oscar.Config{Base: ts.URL + "/oscar", Zone: zone, Now: func() time.Time { return now },
		Client: oscar.Credential{Key: o.Login.ClientKey, Secret: o.Login.ClientSecret}, Token: oscar.Credential{Key: o.Login.Token, Secret: o.Login.TokenSecret},
		SOAP: oscar.SOAPLogin{User: o.Login.User, Password: o.Login.Password}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return o, a
}

// all is every resource that a search finds.
func all(t *testing.T, a *oscar.Adapter, typ, params string) []fhir.Resource {
	t.Helper()
	values, err := url.ParseQuery(params)
	if err != nil {
		t.Fatal(err)
	}
	q, err := fhir.ParseQuery(typ, values, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	var out []fhir.Resource
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, err := a.Search(context.Background(), q, cursor)
		if err != nil {
			t.Fatalf("%s?%s: %v", typ, params, err)
		}
		out, cursor = append(out, page.Resources...), page.Next
	}
	return out
}

func TestTheAdapterFindsInAnOSCARWhatIsInItsTables(t *testing.T) {
	o, a := overOSCAR(t)
	want := map[string]bool{}
	for _, row := range o.Appointments() {
		if row.ProviderNo == "101" && row.DemographicNo > 0 && row.Date >= "2026-11-25" && row.Date <= "2026-11-30" {
			want[row.Date+"T"+row.Start] = true
		}
	}
	got := all(t, a, "Appointment", "practitioner="+demo.OSCARPractitioner()+"&date=ge2026-11-25&date=le2026-11-30")
	for _, r := range got {
		start := r.Value().Get("start").Text()
		if !want[start[:19]] || !strings.HasSuffix(start, "-06:00") || r.Value().Get("minutesDuration").Raw() == nil {
			t.Errorf("%s", r.Bytes())
		}
	}
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%d found, %d there", len(got), len(want))
	}
	desk := 0
	for _, k := range o.Ticklers() {
		if "Practitioner/"+k.AssignedTo == demo.OSCARFrontDesk() && k.Status == "A" {
			desk++
		}
	}
	if got := all(t, a, "Task", "owner="+demo.OSCARFrontDesk()+"&status=requested"); len(got) != desk || desk == 0 {
		t.Errorf("%d tasks, %d there", len(got), desk)
	}
}

func TestTheAdapterBooksMovesAndCancelsInAnOSCAR(t *testing.T) {
	o, a := overOSCAR(t)
	booking := func(start string) fhir.Resource {
		r, err := fhir.ParseResource([]byte(`{"resourceType":"Appointment","status":"booked","start":"`+start+`:00-06:00","minutesDuration":30,"end":"`+start[:11]+`20:30:00-06:00",`+
			`"participant":[{"actor":{"reference":"Patient/7"},"status":"accepted"},{"actor":{"reference":"`+demo.OSCARPractitioner()+`"},"status":"accepted"}]}`), fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	before := len(o.Appointments())
	made, err := a.Write(context.Background(), fhir.Change{Kind: fhir.InteractionCreate, Operation: "op-1", Resource: booking("2026-12-03T20:00")})
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Write(context.Background(), fhir.Change{Kind: fhir.InteractionCreate, Operation: "op-1", Resource: booking("2026-12-03T20:00")})
	rows := o.Appointments()
	last := rows[len(rows)-1]
	if err != nil || again.ID() != made.ID() || len(rows) != before+1 || last.Date != "2026-12-03" || last.Start != "20:00:00" || last.DemographicNo != 7 || last.LastUpdateUser != "301" {
		t.Fatalf("%v %s %s %+v", err, made.Bytes(), again.Bytes(), last)
	}
	text := strings.Replace(string(made.Bytes()), `"status":"booked"`, `"status":"cancelled"`, 1)
	cancelled, err := fhir.ParseResource([]byte(text), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	done, err := a.Write(context.Background(), fhir.Change{Kind: fhir.InteractionUpdate, Operation: "op-2", Base: made.Ref(), Resource: cancelled})
	if err != nil || done.Value().Get("status").Text() != "cancelled" {
		t.Fatalf("%v %s", err, done.Bytes())
	}
	if row := o.Appointments()[len(rows)-1]; row.Status != "C" {
		t.Errorf("%+v", row)
	}
}

func TestTheAdapterListsDocumentsOfAnOSCARByPatient(t *testing.T) {
	o, a := overOSCAR(t)
	d := o.Documents()[0]
	want := 0
	for _, other := range o.Documents() {
		if other.DemographicNo == d.DemographicNo {
			want++
		}
	}
	if got := all(t, a, "DocumentReference", "patient=Patient/"+strconv.Itoa(d.DemographicNo)); len(got) != want {
		t.Errorf("%d found, %d there", len(got), want)
	}
}
