package probe_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"vestibule/internal/demo"
	"vestibule/internal/demo/stage"
	"vestibule/internal/demo/stage/stagetest"
	"vestibule/internal/probe"
)

// standing puts a demo up for the test.
func standing(t *testing.T) *stage.Stage {
	t.Helper()
	s, _ := stagetest.Up(t, stage.Options{})
	return s
}

// record is what the test reads of an EMR's resources.
type record struct {
	ResourceType, ID, Status, Comment, Description, BirthDate string
	ReasonCode                                                json.RawMessage
	SecurityLabel                                             []json.RawMessage
	Owner                                                     struct{ Reference string }
	Participant                                               []struct{ Actor struct{ Reference string } }
	Identifier                                                []struct{ Value string }
	Name                                                      []struct{ Text, Family string }
}

// everything is all that the EMR has of a type.
func everything(t *testing.T, base, typ string) []record {
	t.Helper()
	resp, err := http.Get(base + "/" + typ + "?_count=1000")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var set struct{ Entry []struct{ Resource record } }
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil || len(set.Entry) == 0 {
		t.Fatalf("%s: %v, %d entries", typ, err, len(set.Entry))
	}
	var out []record
	for _, e := range set.Entry {
		out = append(out, e.Resource)
	}
	return out
}

// whatIsHidden is the known-file of somebody who knows the demo's EMR and what the assistant was granted.
func whatIsHidden(t *testing.T, s *stage.Stage, clinic string) probe.Known {
	t.Helper()
	base, tour := s.Ready.EMR[clinic], s.Tours[clinic]
	k := probe.Known{
		Types: []string{"Patient", "Practitioner", "Organization", "Location"},
		Elements: map[string][]string{
			"Appointment":       {"comment", "reasonCode", "description", "priority", "cancelationReason", "extension"},
			"Task":              {"reasonCode", "requester", "lastModified"},
			"DocumentReference": {"description", "securityLabel", "context", "content.attachment.url", "content.attachment.data", "content.attachment.hash"},
		},
		Scratch: "Appointment/" + tour.Appointment,
	}
	born := map[string]string{}
	for _, p := range everything(t, base, "Patient") {
		born["Patient/"+p.ID] = p.BirthDate
		k.Values = append(k.Values, p.BirthDate, p.Identifier[0].Value)
	}
	out := 0
	for _, a := range everything(t, base, "Appointment") {
		if a.Comment != "" && !slices.Contains(k.Values, a.Comment) {
			k.Values = append(k.Values, a.Comment)
		}
		switch own := a.Participant[1].Actor.Reference == tour.Practitioner; {
		case own && a.ID == tour.Appointment:
			k.Searches = append(k.Searches, "Appointment?patient.birthdate="+born[a.Participant[0].Actor.Reference], "Appointment?reason-code="+codeIn(t, a.ReasonCode))
		case !own && out < 2:
			out++
			k.Resources = append(k.Resources, "Appointment/"+a.ID)
		}
	}
	for _, x := range everything(t, base, "Task") {
		if x.Owner.Reference != demo.FrontDesk {
			k.Resources = append(k.Resources, "Task/"+x.ID)
			break
		}
	}
	k.Resources = append(k.Resources, "DocumentReference/"+tour.Restricted)
	k.Searches = append(k.Searches, "DocumentReference?security-label=R", "DocumentReference?description=R")
	return k
}

func codeIn(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var list []struct{ Coding []struct{ Code string } }
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		t.Fatalf("reasonCode %s: %v", raw, err)
	}
	return list[0].Coding[0].Code
}

func probed(t *testing.T, o probe.Options) probe.Report {
	t.Helper()
	o.Rate, o.Writes = 1e6, true
	r, err := probe.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	for _, v := range slices.Concat(o.Known.Values, o.Known.Resources, []string{o.Token}) {
		if strings.Contains(b.String(), v) {
			t.Errorf("the report holds %q", v)
		}
	}
	return r
}

// The gateway tells the assistant nothing beyond her grants, and ignores nothing: no probe finds a leak or has a warning.
func TestTheGatewayLeaksNothing(t *testing.T) {
	s := standing(t)
	for _, sharp := range []bool{true, false} {
		o := probe.Options{Base: s.Ready.FHIR[demo.SignalHill], Token: s.Ready.Tokens[demo.Assistant]}
		if sharp {
			o.Known = whatIsHidden(t, s, demo.SignalHill)
		}
		r := probed(t, o)
		applied := 0
		for _, x := range r.Results {
			switch x.Verdict {
			case probe.Leak, probe.Warning:
				t.Errorf("known-file %v: %s: %s, %s\n%+v", sharp, x.Probe, x.Verdict, x.Says, x.Evidence)
			case probe.OK:
				applied++
			}
		}
		if least := map[bool]int{true: 175, false: 160}[sharp]; applied < least {
			t.Errorf("known-file %v: %d probes could be tried, want at least %d", sharp, applied, least)
		}
	}
}

// The EMR behind it, asked directly, is found out by the probes for what it does.
func TestTheEMRBehindItLeaks(t *testing.T) {
	s := standing(t)
	r := probed(t, probe.Options{Base: s.Ready.EMR[demo.SignalHill], Token: "a-token-of-the-test", Known: whatIsHidden(t, s, demo.SignalHill)})
	found := map[string]probe.Verdict{}
	for _, x := range r.Results {
		found[x.Probe] = x.Verdict
	}
	for _, name := range []string{
		"chain", "chain-typed", "chain-percent-encoded", "chain-name-percent-encoded", "chain-repeated", "chain-has", "chain-by-post", "chain-known-value",
		"has", "has-percent-encoded", "has-colons-percent-encoded", "has-long-query", "has-by-post",
		"hidden-value", "hidden-missing", "hidden-not", "hidden-text", "hidden-contains", "hidden-comparison", "hidden-sort", "hidden-known-value", "conditional-create",
		"include", "include-percent-encoded", "page-without-token", "page-garbage-token", "page-other-query", "page-link-tells", "post-search-mixed", "path-splice",
		"no-token", "garbage-token", "empty-token", "basic-auth", "identity-headers", "loopback-headers", "type-search", "type-read",
		"read-out-of-reach", "exists-status", "exists-text", "exists-headers", "exists-length", "exists-search", "exists-if-none-match", "canaries",
		"attachment-url", "hidden-elements", "write-erases",
	} {
		if found[name] != probe.Leak {
			t.Errorf("%s: %s", name, found[name])
		}
	}
	for _, name := range []string{"path-dot-dot", "batch", "export", "total", "head", "write-stale", "write-duplicate-members", "cors-credentials", "original-url", "trace"} {
		if found[name] != probe.OK {
			t.Errorf("%s: %s, although the EMR does no such thing", name, found[name])
		}
	}
}
