package policy

import (
	"slices"
	"testing"

	"vestibule/fhir"
)

func TestTheEMRIsAskedForNoMoreThanThePermissionsHaveInCommon(t *testing.T) {
	p := func(scope, window string) Permission { return Permission{Scope: scope, Window: window} }
	for name, c := range map[string]struct {
		permissions []Permission
		scopes      []string
		line, want  string
	}{
		"one permission: its criteria and window": {
			[]Permission{p("user/Appointment.s?practitioner=Practitioner/42&status=booked", "-1d..+1d")}, nil,
			"GET Appointment?patient=Patient/1&_count=5",
			"_count=5&date=ge2026-11-24T05:00:00Z&date=lt2026-11-27T05:00:00Z&patient=Patient/1&practitioner=Practitioner/42&status=booked",
		},
		"several: the union of what all ask for, the envelope of windows": {
			[]Permission{
				p("user/Appointment.s?practitioner=Practitioner/1&status=booked", "-7d..-1d"),
				p("user/Appointment.s?practitioner=Practitioner/2&location=Location/1", "+1d..+1w"),
				p("user/Appointment.s?location=Location/2&practitioner=Practitioner/3,Practitioner/1", "0d..0d"),
			}, nil,
			"GET Appointment",
			"date=ge2026-11-18T05:00:00Z&date=lt2026-12-03T05:00:00Z&practitioner=Practitioner/1,Practitioner/2,Practitioner/3",
		},
		"one without a window: none": {
			[]Permission{p("user/Appointment.s?status=booked", "-7d..-1d"), p("user/Appointment.s?status=pending", "")}, nil,
			"GET Appointment", "status=booked,pending",
		},
		"one without criteria: none": {
			[]Permission{p("user/Appointment.s?status=booked", ""), p("user/Appointment.s", "")}, nil, "GET Appointment", "",
		},
		"what cannot be said by one criterion is left to release": {
			[]Permission{p("user/Appointment.s?status:not=booked", ""), p("user/Appointment.s?status:not=pending", "")}, nil, "GET Appointment", "",
		},
		"the same criterion is said once": {
			[]Permission{p("user/Appointment.s?status=booked", ""), p("user/Appointment.s?status=booked&location=Location/1", "")}, nil,
			"GET Appointment?status=booked", "status=booked",
		},
		"the token's criteria too": {
			[]Permission{p("user/Appointment.s?location=Location/1", "")},
			[]string{"user/Appointment.s?status=booked", "user/Appointment.rs?status=pending"},
			"GET Appointment", "location=Location/1&status=booked,pending",
		},
		"not the criteria of a permission that does not serve the search": {
			[]Permission{
				p("user/Appointment.s?location=Location/1", ""),
				{Scope: "user/Appointment.s?practitioner=Practitioner/1", Elements: []string{"participant"}},
			}, nil,
			"GET Appointment?status=booked", "location=Location/1&status=booked",
		},
		"not those of a permission for reading": {
			[]Permission{p("user/Appointment.s?location=Location/1", ""), p("user/Appointment.r?location=Location/2", "")}, nil,
			"GET Appointment", "location=Location/1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			req := ask(t, c.line)
			if c.scopes != nil {
				req.Caller.Scopes = c.scopes
			}
			got := permitted(t, compiled(t, grantOf("g", c.permissions...)), req).Narrow(req.Interaction.Query).Encode()
			want, err := fhir.ParseQuery("Appointment", queryValues(c.want), maple(t).Zone)
			if err != nil {
				t.Fatal(err)
			}
			if got != want.Encode() {
				t.Errorf("%s\nwant %s", got, want.Encode())
			}
		})
	}
}

func TestOnlyAPermittedSearchOfTheTypeIsNarrowed(t *testing.T) {
	s := compiled(t, frontDesk())
	q := fhir.NewQuery("Appointment")
	if got := permitted(t, s, ask(t, "GET Appointment/1")).Narrow(q); !got.IsZero() {
		t.Errorf("a read is narrowed to %q", got.Encode())
	}
	if got := permitted(t, s, ask(t, "GET Task")).Narrow(q); !got.IsZero() {
		t.Errorf("a search of another type is narrowed to %q", got.Encode())
	}
}

func TestSubjectsAreUsersTeamsAndPlatforms(t *testing.T) {
	team, platform, agents := frontDesk(), frontDesk(), frontDesk()
	team.Name, team.To = "team", To{Team: "assistco/front-desk"}
	platform.Name, platform.To = "platform", To{Platform: "assistco"}
	agents.Name, agents.To = "agents", To{Platform: "assistco", Automated: true}
	gone := frontDesk()
	gone.Name, gone.To = "gone", To{Team: "assistco/dissolved"}
	s := compiled(t, frontDesk(), team, platform, agents, gone)
	for name, c := range map[string]struct {
		change func(*Caller)
		want   []string
	}{
		"amara":                     {func(*Caller) {}, []string{"front-desk-amara@3", "platform@3", "team@3"}},
		"a colleague in the team":   {func(c *Caller) { c.Subject = "chloe" }, []string{"platform@3", "team@3"}},
		"a colleague outside it":    {func(c *Caller) { c.Subject = "zoe" }, []string{"platform@3"}},
		"chloe elsewhere":           {func(c *Caller) { c.Subject, c.Platform = "chloe", "otherco" }, nil},
		"amara of another issuer":   {func(c *Caller) { c.Issuer, c.Platform = "https://evil.example", "otherco" }, nil},
		"an agent":                  {func(c *Caller) { c.Subject, c.Automated = "bot", true }, []string{"agents@3"}},
		"an agent in amara's name":  {func(c *Caller) { c.Automated = true }, []string{"agents@3"}},
		"a platform without a name": {func(c *Caller) { c.Platform = "" }, nil},
	} {
		req := ask(t, "GET Appointment/1")
		c.change(&req.Caller)
		if got := s.Decide(req).Grants(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestLimitsAreHandedOnGrantByGrant(t *testing.T) {
	more := frontDesk()
	more.Name, more.Limits = "another", Limits{RequestsPerMinute: 5}
	none := frontDesk()
	none.Name, none.Limits = "boundless", Limits{}
	got := permitted(t, compiled(t, frontDesk(), more, none), ask(t, "GET Appointment/1")).Limits()
	want := []Limit{{"another@3", Limits{RequestsPerMinute: 5}}, {"front-desk-amara@3", Limits{PatientsPerDay: 80, RequestsPerMinute: 120}}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}
