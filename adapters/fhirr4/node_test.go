package fhirr4

import (
	"fmt"
	"strings"
	"testing"

	"vestibule/adapters"
	"vestibule/fhir"
	"vestibule/internal/nodetest"
)

func visit(patient, start, status string) string {
	return fmt.Sprintf(`{"resourceType":"Appointment","status":%q,"description":"Suivi \u00e9t\u00e9 1.50","start":%q,"end":%q,`+
		`"specialty":[{"coding":[{"system":"urn:s","code":"cardio"}]}],`+
		`"participant":[{"actor":{"reference":"Patient/%s"},"status":"accepted"},{"actor":{"reference":"Practitioner/d1"},"status":"accepted"}]}`,
		status, start, start, patient)
}

func TestAgainstAFHIRServerThatIsNotOurs(t *testing.T) {
	a := open(t, Config{Base: nodetest.FHIRServer(t)})
	create := func(op, text string) fhir.Resource {
		t.Helper()
		r, err := a.Write(background, fhir.Change{Kind: fhir.InteractionCreate, Operation: op, Resource: resource(t, text)})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Run("it can what its statement says", func(t *testing.T) {
		c, err := a.Capability(background)
		if err != nil {
			t.Fatal(err)
		}
		for _, typ := range fhir.Types() {
			row := c.Type(typ)
			if len(row.Interactions) != 4 || !row.Versions || !row.ConditionalCreate || len(row.Search) < 15 {
				t.Errorf("%+v", row)
			}
		}
	})
	var all []string
	for i := range 25 {
		r := create(fmt.Sprintf("seed-%d", i), visit(fmt.Sprintf("p%d", i%5), fmt.Sprintf("2026-12-%02dT09:00:00-05:00", i+1), "booked"))
		all = append(all, r.ID())
	}
	t.Run("what is read is what was written", func(t *testing.T) {
		r, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: all[0]})
		if err != nil || r.Value().Get("description").Text() != "Suivi été 1.50" || r.VersionID() == "" || len(r.Patients()) != 1 {
			t.Errorf("%s %v", r.Bytes(), err)
		}
		_, err = a.Read(background, fhir.Ref{Type: "Appointment", ID: "none"})
		wantError(t, err, fhir.KindNotFound, "not-found")
	})
	t.Run("searches find the same as the matcher", func(t *testing.T) {
		for params, want := range map[string]int{
			"": 25, "patient=Patient/p1": 5, "patient=Patient/p1,Patient/p2": 10, "practitioner=Practitioner/d1": 25, "status=booked": 25, "status=cancelled": 0,
			"status:not=booked": 0, "date=2026-12-04": 1, "date=ge2026-12-20T00:00:00-05:00": 6, "date=lt2026-12-04T14:00:00Z": 3,
			"date=ge2026-12-10&date=le2026-12-12": 3, "specialty=urn:s|cardio&patient=Patient/p3": 5, "_id=" + all[3]: 1, "identifier=" + adapters.OperationSystem + "|seed-7": 1,
			"actor=Patient/p4": 5, "patient:missing=true": 0,
		} {
			q := query(t, "Appointment", params).WithCount(100)
			page, err := a.Search(background, q, "")
			if err != nil || len(page.Resources) != want || page.Next != "" {
				t.Errorf("%s: %d, want %d; %v", params, len(page.Resources), want, err)
			}
			for _, r := range page.Resources {
				if !q.Match(r) {
					t.Errorf("%s: %s does not match", params, r.ID())
				}
			}
		}
	})
	for _, post := range []bool{false, true} {
		t.Run(fmt.Sprintf("pages lose and repeat nothing, by post: %v", post), func(t *testing.T) {
			b := open(t, Config{Base: a.conf.Base, SearchByPost: post})
			q := query(t, "Appointment", "_sort=-date&status=booked").WithCount(4)
			var got []string
			for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
				page, err := b.Search(background, q, cursor)
				if err != nil || pages > 10 {
					t.Fatal(pages, err)
				}
				for _, r := range page.Resources {
					got = append(got, r.ID())
				}
				cursor = page.Next
			}
			if len(got) != len(all) {
				t.Fatalf("%d of %d", len(got), len(all))
			}
			for i, id := range got {
				if id != all[len(all)-1-i] {
					t.Errorf("%d is %s", i, id)
				}
			}
		})
	}
	t.Run("a repeated create makes one", func(t *testing.T) {
		first, second := create("op", visit("p9", "2026-12-30T09:00:00-05:00", "booked")), create("op", visit("p9", "2026-12-30T09:00:00-05:00", "booked"))
		page, err := a.Search(background, query(t, "Appointment", "patient=Patient/p9"), "")
		if err != nil || len(page.Resources) != 1 || first.ID() != second.ID() || !carries(first, "op") {
			t.Errorf("%s %s %v", first.ID(), second.ID(), err)
		}
	})
	t.Run("an update replaces the version it names and no other", func(t *testing.T) {
		old := create("up", visit("p8", "2026-12-31T09:00:00-05:00", "booked"))
		next := resource(t, strings.Replace(string(old.Bytes()), `"booked"`, `"arrived"`, 1))
		c := fhir.Change{Kind: fhir.InteractionUpdate, Operation: "up-2", Base: old.Ref(), Resource: next}
		done, err := a.Write(background, c)
		if err != nil || done.VersionID() == old.VersionID() || done.Value().Get("status").Text() != "arrived" {
			t.Fatalf("%s %v", done.Bytes(), err)
		}
		c.Operation = "up-3"
		_, err = a.Write(background, c)
		wantError(t, err, fhir.KindStale, "stale")
		now, err := a.Read(background, old.Ref())
		if err != nil || now.VersionID() != done.VersionID() {
			t.Errorf("%s %v", now.Bytes(), err)
		}
	})
}
