package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Every byte, at every place in a string, comes back as it was; what is no UTF-8 becomes U+FFFD.
func TestEveryByteIsEncodedAtEveryPlace(t *testing.T) {
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				b := []byte(strings.Repeat("x", length))
				b[at] = byte(c)
				var got string
				line := appendString(nil, "", string(b))
				if err := json.Unmarshal(line, &got); err != nil || got != strings.ToValidUTF8(string(b), "\uFFFD") {
					t.Fatalf("%q became %s, read as %q (%v)", b, line, got, err)
				}
				if plain := c >= ' ' && c < 0x80 && c != '"' && c != '\\'; plain != (string(line) == `"`+string(b)+`"`) {
					t.Fatalf("%q became %s: what needs no escape has none, and nothing else", b, line)
				}
			}
		}
	}
}

func TestATimeIsWrittenAsItsLayoutSays(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(0, 0).UTC(), time.Date(2026, 2, 3, 4, 5, 6, 7_000_000, time.UTC), time.Date(2028, 2, 29, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got, want := string(appendTime(nil, at)), at.Format(timeLayout); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// BenchmarkEncode is what a record costs in its caller's goroutine: encoding, hashing, and the facts for the index.
func BenchmarkEncode(b *testing.B) {
	l := &Ledger{random: zeros{}}
	r := benchRecord()
	b.ReportAllocs()
	for b.Loop() {
		it, err := l.encode(&r)
		if err != nil {
			b.Fatal(err)
		}
		l.recycle(&flight{items: []item{it}})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func benchRecord() Record {
	ref := "Appointment/4711/_history/3"
	return Record{
		ID: fmt.Sprintf("0193e5a0-0000-7000-8000-%012x", 7), Phase: PhaseOutcome, Time: time.Date(2026, 11, 24, 12, 0, 0, 123_000_000, time.UTC),
		Clinic: "maple", Title: "Maple Family Clinic", Zone: "America/St_Johns",
		System: System{Adapter: "fhirr4 v1.0.0", Product: "Made-up EMR 7.0", Connection: "emr@2"}, Route: "GET /fhir/{clinic}/{type}/{id}",
		Policy: "0123456789abcdef01234567",
		Agent: Agent{Issuer: "https://id.assistco.example", Subject: "amara", Name: "Amara Okafor", Platform: "assistco", ClientID: "assistco-desk",
			TokenID: "0f8fad5b-d9cb-469f-a165-70867728950e", Team: "assistco/front-desk", Software: "assistco-desk/2.1", Address: "203.0.113.7"},
		Purposes: []string{"PATADMIN"}, Interaction: "read", Type: "Appointment", Resource: ref, Status: 200, Outcome: OutcomeSuccess,
		Reasons: []string{"granted"}, Grants: []string{"front-desk-amara@3"}, Upstream: "ok", Patients: []string{"Patient/1"},
		Released:  []ReleasedItem{{Ref: ref, Patients: []string{"Patient/1"}, Removed: 4}},
		RequestID: "4a8dca3c-2205-4dc7-90e1-db877781d7cc", Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}
