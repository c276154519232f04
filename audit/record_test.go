package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vestibule/audit"
)

// anyRecord draws a record with any combination of members set, to anything.
func anyRecord(t *rapid.T) audit.Record {
	str := rapid.OneOf(rapid.Just(""), rapid.String(), rapid.StringN(1, 5, 9), rapid.SampledFrom([]string{"Zoë", "a\"b\\c", "\x00\x1f\n\r\t", "\u2028<&>", "bad\xff\xc3utf8", "😀"}))
	list := rapid.SliceOfN(str, 0, 3)
	r := audit.Record{
		ID: access(rapid.IntRange(0, 1e6).Draw(t, "id")), Clinic: "maple",
		Phase: audit.Phase(rapid.SampledFrom([]string{"intent", "outcome", "denial"}).Draw(t, "phase")),
		Time:  time.UnixMilli(rapid.Int64Range(-1e12, 4e12).Draw(t, "time")).UTC(), Zone: str.Draw(t, "zone"),
		Purposes: list.Draw(t, "purposes"), Scopes: list.Draw(t, "scopes"), Interaction: str.Draw(t, "interaction"), Type: str.Draw(t, "type"), Resource: str.Draw(t, "resource"),
		Query: str.Draw(t, "query"), Status: rapid.IntRange(-1, 600).Draw(t, "status"), Outcome: audit.Outcome(str.Draw(t, "outcome")),
		Reasons: list.Draw(t, "reasons"), Grants: list.Draw(t, "grants"), Upstream: str.Draw(t, "upstream"), Patients: list.Draw(t, "patients"),
		Withheld: rapid.IntRange(0, 9).Draw(t, "withheld"), Changed: list.Draw(t, "changed"), Before: str.Draw(t, "before"), After: str.Draw(t, "after"),
		Operation: str.Draw(t, "operation"), RequestID: str.Draw(t, "request"), Traceparent: str.Draw(t, "trace"),
		Admin: audit.Admin{Action: str.Draw(t, "action"), Subject: str.Draw(t, "subject"), Version: str.Draw(t, "version"), By: str.Draw(t, "by")},
		Agent: audit.Agent{Issuer: str.Draw(t, "iss"), Subject: str.Draw(t, "sub"), Name: str.Draw(t, "name"), Platform: str.Draw(t, "platform"),
			ClientID: str.Draw(t, "client"), TokenID: str.Draw(t, "jti"), Role: str.Draw(t, "role"), Automated: rapid.Bool().Draw(t, "auto"), Address: str.Draw(t, "addr")},
	}
	r.Title, r.Route, r.Raw, r.Policy, r.Rules = str.Draw(t, "title"), str.Draw(t, "route"), str.Draw(t, "raw"), str.Draw(t, "policy"), list.Draw(t, "rules")
	r.System = audit.System{Adapter: str.Draw(t, "adapter"), Product: str.Draw(t, "product"), Connection: str.Draw(t, "connection")}
	r.Agent.Assurance = str.Draw(t, "assurance")
	r.Agent.Team, r.Agent.Software = str.Draw(t, "team"), str.Draw(t, "software")
	r.Shown = rapid.IntRange(0, 9).Draw(t, "shown")
	if r.Repeats = rapid.IntRange(0, 2).Draw(t, "repeats"); r.Repeats > 0 {
		r.Until = time.UnixMilli(rapid.Int64Range(-1e12, 4e12).Draw(t, "until")).UTC()
	}
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		r.Released = append(r.Released, audit.ReleasedItem{Ref: str.Draw(t, "ref"), Patients: list.Draw(t, "of"), Removed: rapid.IntRange(0, 2).Draw(t, "removed"),
			Documents: rapid.IntRange(0, 2).Draw(t, "documents"), Kinds: list.Draw(t, "kinds"), Labels: list.Draw(t, "labels")})
	}
	if rapid.Bool().Draw(t, "settles") {
		i := rapid.Int64Range(0, 1e15).Draw(t, "intent")
		r.Intent = &i
	}
	return r
}

// valid is r as JSON can carry it: U+FFFD for what is not UTF-8, no empty lists.
func valid(t *testing.T, r audit.Record) audit.Record {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var out audit.Record
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestARecordIsReadBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := anyRecord(rt)
		line := audit.EncodeForTest(&r)
		r.Format = 1
		want := valid(t, r)
		got, err := audit.DecodeRecord(line)
		if err != nil {
			rt.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%s\n%s", line, diff)
		}
		var std audit.Record // encoding/json reads the same
		if err := json.Unmarshal(line, &std); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, std); diff != "" {
			rt.Fatalf("encoding/json: %s\n%s", line, diff)
		}
		if again := audit.EncodeForTest(&got); !bytes.Equal(again, line) {
			rt.Fatalf("encoded again:\n%s\nfirst:\n%s", again, line)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, line); err != nil || !bytes.Equal(compact.Bytes(), line) || bytes.ContainsAny(line, "\n") {
			rt.Fatalf("not one compact line: %s", line)
		}
	})
}

func TestTheFormatOfARecordIsFrozen(t *testing.T) {
	intent := int64(41)
	r := settle(7, intent)
	r.Salt, r.Time, r.Withheld = "000102030405060708090a0b0c0d0e0f", time.Date(2026, 11, 23, 14, 0, 0, 5e6, time.UTC), 2
	r.Agent.Automated = true
	r.Admin = audit.Admin{Action: "grant-apply", Subject: "desk", Version: "3", By: "root"}
	r.Query = `date=ge2026&x="\`
	r.Scopes = []string{"user/Appointment.rus"}
	golden(t, "record.json", append(audit.EncodeForTest(&r), '\n'))
}

// full is a record with every member.
func full() audit.Record {
	intent := int64(41)
	r := settle(7, intent)
	r.Salt, r.Time, r.Withheld = "000102030405060708090a0b0c0d0e0f", time.Date(2026, 11, 23, 14, 0, 0, 5e6, time.UTC), 2
	r.Title, r.Route, r.Raw, r.Policy = "Maple Family Clinic", "PUT /fhir/{clinic}/{type}/{id}", "/Appointment/7?x=1", "0123456789abcdef01234567"
	r.System = audit.System{Adapter: "fhirr4 v1.2.0", Product: "Made-up EMR 7", Connection: "emr@2"}
	r.Agent.Assurance = "urn:example:2 pwd otp"
	r.Agent.Team, r.Agent.Software = "assistco/front-desk", "assistco-desk/2.1"
	r.Rules = []string{"locked-by-directive: Directive no-psychotherapy@2"}
	r.Released[0].Documents, r.Released[0].Kinds = 1, []string{"http://loinc.org|34108-1"}
	r.Released[0].Labels = []string{"http://terminology.hl7.org/CodeSystem/v3-Confidentiality|N"}
	r.Scopes, r.Repeats, r.Until = []string{"user/Appointment.rus"}, 3, r.Time.Add(time.Minute)
	r.Query = "date=ge2026"
	r.Admin = audit.Admin{Action: "grant-apply", Subject: "desk", Version: "3", By: "root"}
	return r
}

func TestTheFormatOfAFullRecordIsFrozen(t *testing.T) {
	r := full()
	golden(t, "record-full.json", append(audit.EncodeForTest(&r), '\n'))
}

// Lines that earlier versions wrote are read, written again the same, and so verify.
func TestARecordOfAnEarlierVersionIsReadAndStaysTheSame(t *testing.T) {
	line, err := os.ReadFile("testdata/record.json")
	if err != nil {
		t.Fatal(err)
	}
	line = bytes.TrimSpace(line)
	r, err := audit.DecodeRecord(line)
	if err != nil {
		t.Fatal(err)
	}
	if again := audit.EncodeForTest(&r); !bytes.Equal(again, line) {
		t.Errorf("read and written again it is\n%s", again)
	}
}

func TestEachRecordHasItsOwnSalt(t *testing.T) {
	h := newHouse(t)
	seen := make(map[string]bool)
	for range 10 {
		h.append(read(1))
	}
	for _, line := range h.lines("maple") {
		r, err := audit.DecodeRecord([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Salt) != 32 || seen[r.Salt] {
			t.Errorf("salt %q", r.Salt)
		}
		seen[r.Salt] = true
	}
}

func TestAnInjectedSourceOfRandomnessIsUsedAndItsEndRefused(t *testing.T) {
	h := newHouse(t)
	h.Close()
	o := h.options()
	o.Random = strings.NewReader(strings.Repeat("salt", 6)) // one salt and one log's name
	l, err := audit.Open(context.Background(), h.db, o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	receipt, err := l.Append(context.Background(), read(0))
	if err != nil || receipt.String() != "73616c7473616c74/0" {
		t.Errorf("receipt %v, %v", receipt, err)
	}
	receipt, err = l.Append(context.Background(), read(1))
	wantUnavailable(t, receipt, err)
}

func TestAnAmbiguousRecordIsNotRead(t *testing.T) {
	good := string(audit.EncodeForTest(&audit.Record{ID: access(1), Phase: audit.PhaseOutcome, Clinic: "maple"}))
	for name, line := range map[string]string{
		"nothing":           "",
		"not an object":     "[]",
		"unknown member":    strings.Replace(good, `"clinic"`, `"clinics":1,"clinic"`, 1),
		"duplicate member":  strings.Replace(good, `"clinic"`, `"clinic":"birch","clinic"`, 1),
		"escaped duplicate": strings.Replace(good, `"clinic"`, `"\u0063linic":"birch","clinic"`, 1),
		"another case":      strings.Replace(good, `"clinic"`, `"Clinic"`, 1),
		"later format":      strings.Replace(good, `"v":1`, `"v":2`, 1),
		"no format":         strings.Replace(good, `"v":1,`, ``, 1),
		"trailing data":     good + "{}",
		"invalid UTF-8":     strings.Replace(good, "maple", "ma\xffple", 1),
	} {
		if r, err := audit.DecodeRecord([]byte(line)); err == nil {
			t.Errorf("%s was read as %+v", name, r)
		}
	}
	if _, err := audit.DecodeRecord([]byte(good)); err != nil {
		t.Error(err)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	for _, r := range []audit.Record{read(1), denial(2), intent(3), settle(3, 2)} {
		f.Add(audit.EncodeForTest(&r))
	}
	f.Add([]byte(`{"v":1,"time":"2026-11-23T14:00:00Z","released":[{"ref":""},{}],"intent":0,"agent":{}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := audit.DecodeRecord(line)
		if err != nil {
			return
		}
		again, err := audit.DecodeRecord(audit.EncodeForTest(&r))
		if r.Time.Year() < 1 || r.Time.Year() > 9999 || r.Time.Nanosecond()%1e6 != 0 ||
			r.Until.Year() < 1 || r.Until.Year() > 9999 || r.Until.Nanosecond()%1e6 != 0 {
			return // Append refuses or cuts such times
		}
		if err != nil {
			t.Fatalf("%q: encoded again, it is not read: %v", line, err)
		}
		if diff := cmp.Diff(valid(t, r), valid(t, again)); diff != "" {
			t.Fatalf("%q: %s", line, diff)
		}
	})
}
