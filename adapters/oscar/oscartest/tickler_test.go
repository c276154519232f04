package oscartest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const success, failure = `{"success":true,"message":null}`, `{"success":false,"message":null}`

func (w *world) ticklers(query string) found[ticklerRow] {
	w.t.Helper()
	if !strings.Contains(query, "status=") {
		query += "&status="
	}
	return get[found[ticklerRow]](w, "GET", "/tickler/ticklers?"+query, "")
}

func TestATicklerIsMadeWithoutSayingItsNumber(t *testing.T) {
	w := newWorld(t, OpenO)
	if got := w.ask("POST", "/tickler/add", ticklerBody); !got.is(200, success) {
		t.Fatal(got)
	}
	rows := w.ticklers("count=10&page=1&demographicNo=31")
	if rows.Total != 1 || rows.Content[0].Creator != "900101" || *rows.Content[0].ServiceDate != 1796133600000 || rows.Content[0].StatusName != "Active" {
		t.Errorf("%+v", rows)
	}
	w.ask("POST", "/tickler/add", `{"demographicNo":"31","taskAssignedTo":"12","message":"y","serviceDate":"2026-12-01"}`)
	if row := w.Ticklers()[1]; row.Status != "A" || row.Priority != "Normal" || !row.Service.Equal(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", row)
	}
}

func TestATicklerWithoutPatientOrAssigneeFailsWithStatus200(t *testing.T) {
	w := newWorld(t, OpenO)
	for _, body := range []string{`{"demographicNo":31,"message":"x"}`, `{"taskAssignedTo":"900101","message":"x"}`, `{"demographicNo":404,"taskAssignedTo":"900101"}`} {
		if got := w.ask("POST", "/tickler/add", body); !got.is(200, failure) {
			t.Errorf("%s: %v", body, got)
		}
	}
	if got := w.ask("POST", "/tickler/add", `{"demographicNo":31,"taskAssignedTo":"900101","serviceDate":"soon"}`); got.status != 500 || len(w.Ticklers()) != 0 {
		t.Errorf("%v %v", got, w.Ticklers())
	}
}

func TestCountPageAndStatusAreRequired(t *testing.T) {
	w := newWorld(t, OpenO)
	for _, query := range []string{"", "count=10&status=A", "page=1&status=A", "count=0&page=1&status=A", "count=10&page=0&status=A", "count=10&page=1", "count=5001&page=1&status=A", "count=10&page=1&status=A&serviceStartDate=soon"} {
		if got := w.ask("GET", "/tickler/ticklers?"+query, ""); got.status != 500 {
			t.Errorf("%q: %v", query, got)
		}
	}
}

func TestTicklersAreFilteredAndPaged(t *testing.T) {
	w := newWorld(t, OpenO)
	at := func(day int) time.Time { return time.Date(2026, 12, day, 12, 0, 0, 0, time.UTC) }
	w.AddTicklers(
		Tickler{DemographicNo: 31, Service: at(1), AssignedTo: "900101", Creator: "900101", Priority: "High"},
		Tickler{DemographicNo: 31, Service: at(2), AssignedTo: "12", Creator: "900101", Status: "C"},
		Tickler{DemographicNo: 32, Service: at(3), AssignedTo: "900101", Creator: "12"})
	for query, want := range map[string]string{
		"": "3 2 1", "status=A": "3 1", "taskAssignedTo=12": "2", "creator=12": "3", "priority=High": "1", "demographicNo=31": "2 1", "mrp=12": "3",
		"serviceStartDate=2026-12-02": "3 2", "serviceEndDate=2026-12-02T12:00:00.000Z": "2 1", "status=D": "",
	} {
		var ids []string
		for _, r := range w.ticklers("count=10&page=1&" + query).Content {
			ids = append(ids, fmt.Sprint(r.ID))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	if got := w.ticklers("count=2&page=2"); got.Total != 3 || got.Offset != 2 || got.Limit != 2 || len(got.Content) != 1 || got.Content[0].ID != 1 {
		t.Errorf("%+v", got)
	}
	if got := w.ticklers("count=2&page=9"); len(got.Content) != 0 {
		t.Errorf("%+v", got)
	}
	w.now = at(2)
	search := func(body string) found[ticklerRow] {
		return get[found[ticklerRow]](w, "POST", "/tickler/search?startIndex=0&limit=10", body)
	}
	if search(`{}`).Total != 3 || search(`{"assignee":"12"}`).Content[0].ID != 2 || search(`{"overdueOnly":"property"}`).Content[0].ID != 1 || search(`{"status":"A","demographicNo":32,"priority":"Normal"}`).Total != 1 {
		t.Error("search")
	}
	if got := get[found[ticklerRow]](w, "GET", "/tickler/mine?limit=1", ""); got.Total != 2 || len(got.Content) != 1 {
		t.Errorf("%+v", got)
	}
	if got := w.ask("GET", "/tickler/31/count/overdue", ""); !got.is(200, "1") {
		t.Error(got)
	}
	if got := w.ask("POST", "/tickler/search", `{}`); got.status != 500 {
		t.Error(got)
	}
}

func TestIncludesAreOnlyWhatWasAskedForUnlessTheyStick(t *testing.T) {
	w := newWorld(t, OpenO)
	tasked(w)
	w.AddTicklers(Tickler{ID: 2, DemographicNo: 31, Links: []Link{{"DOC", 7}}})
	extras := func(query string) string {
		rows := w.ticklers("count=9&page=1" + query).Content
		comments, updates, links := 0, 0, 0
		for _, r := range rows {
			comments, updates, links = comments+len(r.TicklerComments), updates+len(r.TicklerUpdates), links+len(r.TicklerLinks)
		}
		return fmt.Sprint(comments, updates, links)
	}
	for query, want := range map[string]string{"": "0 0 0", "&includeComments=true": "1 0 0", "&includeUpdates=true": "0 1 0", "&includeLinks=true": "0 0 1", "&includeLinks=false": "0 0 0"} {
		if got := extras(query); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
	w.Switch(func(s *Switches) { s.StickyIncludes = true })
	extras("&includeComments=true")
	if got := extras("&includeLinks=true"); got != "1 0 1" {
		t.Errorf("sticky: %s", got)
	}
}

func TestAnUpdateNeedsAllItsMembers(t *testing.T) {
	w := newWorld(t, OpenO)
	tasked(w)
	all := []string{`"id":1`, `"taskAssignedTo":"12"`, `"status":"A"`, `"priority":"Low"`, `"message":"new"`, `"serviceDate":"2026-12-24T00:00:00.000Z"`}
	for i := range all {
		rest := append(append([]string{}, all[:i]...), all[i+1:]...)
		if got := w.ask("POST", "/tickler/update", "{"+strings.Join(rest, ",")+"}"); !got.is(200, failure) {
			t.Errorf("without %s: %v", all[i], got)
		}
	}
	before := w.Ticklers()[0]
	w.now = w.now.Add(time.Minute)
	if got := w.ask("POST", "/tickler/update", "{"+strings.Join(all, ",")+`,"ticklerComments":[{"message":"old one"}]}`); !got.is(200, success) {
		t.Error(got)
	}
	after := w.Ticklers()[0]
	if before.Message == "new" || after.Message != "new" || after.AssignedTo != "12" || after.Priority != "Low" || len(after.Comments) != 1 || !after.Updated.After(before.Updated) {
		t.Errorf("%+v\n%+v", before, after)
	}
	if got := w.ask("POST", "/tickler/update", strings.Replace("{"+strings.Join(all, ",")+"}", `"id":1`, `"id":9`, 1)); got.status != 500 {
		t.Error(got)
	}
}

func TestCompletedAndDeletedTicklersStay(t *testing.T) {
	w := newWorld(t, OpenO)
	tasked(w)
	w.AddTicklers(Tickler{DemographicNo: 31})
	if got := w.ask("POST", "/tickler/complete", `{"ticklers":[1,2]}`); !got.is(200, success) || w.Ticklers()[1].Status != "C" {
		t.Error(got, w.Ticklers())
	}
	if got := w.ask("POST", "/tickler/delete", `{"ticklers":[2]}`); !got.is(200, success) || w.Ticklers()[1].Status != "D" || w.Ticklers()[0].Status != "C" {
		t.Error(got, w.Ticklers())
	}
	if got := w.ask("POST", "/tickler/complete", `{"ticklers":[2,9]}`); got.status != 500 || w.Ticklers()[1].Status != "D" {
		t.Error(got)
	}
}

func TestAMessageIsATextColumn(t *testing.T) {
	w := newWorld(t, OpenO)
	body := func(n int) string {
		return fmt.Sprintf(`{"demographicNo":31,"taskAssignedTo":"12","message":%q}`, strings.Repeat("x", n))
	}
	if got := w.ask("POST", "/tickler/add", body(messageSize+1)); got.status != 500 {
		t.Error(got.status)
	}
	if got := w.ask("POST", "/tickler/add", body(messageSize)); !got.is(200, success) {
		t.Error(got.status)
	}
	w.Switch(func(s *Switches) { s.CutOverlong = true })
	if got := w.ask("POST", "/tickler/add", body(messageSize+1)); !got.is(200, success) || len(w.Ticklers()[1].Message) != messageSize {
		t.Error(got.status)
	}
}
