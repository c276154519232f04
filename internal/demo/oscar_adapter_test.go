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
