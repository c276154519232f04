package fhir

import (
	"strings"
	"testing"
	"time"
)

func TestEveryInteractionHasOnePath(t *testing.T) {
	for _, c := range []struct {
		method, path, query, form string
		want                      Interaction
		search                    string
	}{
		{"GET", "/Appointment/123", "", "", Interaction{Kind: InteractionRead, Type: "Appointment", ID: "123"}, ""},
		{"GET", "/Task/a.b-C", "_format=application%2Ffhir%2Bjson", "", Interaction{Kind: InteractionRead, Type: "Task", ID: "a.b-C"}, ""},
		{"PUT", "/DocumentReference/1", "_format=json", "ignored=1", Interaction{Kind: InteractionUpdate, Type: "DocumentReference", ID: "1"}, ""},
		{"POST", "/Task", "", "", Interaction{Kind: InteractionCreate, Type: "Task"}, ""},
		{"GET", "/metadata", "", "", Interaction{Kind: InteractionCapabilities}, ""},
		{"GET", "/Appointment", "", "", Interaction{Kind: InteractionSearch, Type: "Appointment"}, ""},
		{"GET", "/Appointment", "status=booked&date=ge2026-11-01", "ignored=1", Interaction{Kind: InteractionSearch, Type: "Appointment"}, "date=ge2026-11-01&status=booked"},
		{"POST", "/Task/_search", "_count=5", "patient=7&status=requested", Interaction{Kind: InteractionSearch, Type: "Task"}, "_count=5&patient=Patient%2F7&status=requested"},
		{"POST", "/Task/_search", "status=a", "status=b", Interaction{Kind: InteractionSearch, Type: "Task"}, "status=a&status=b"},
	} {
		got, err := ParseInteraction(c.method, c.path, c.query, c.form, time.UTC)
		if err != nil {
			t.Errorf("%s %s?%s: %v", c.method, c.path, c.query, err)
			continue
		}
		if got.Kind != c.want.Kind || got.Type != c.want.Type || got.ID != c.want.ID || got.Query.Encode() != c.search || got.Allow != "" {
			t.Errorf("%s %s?%s is %+v, %s", c.method, c.path, c.query, got, got.Query.Encode())
		}
		if (got.Kind == InteractionSearch) == got.Query.IsZero() {
			t.Errorf("%s %s: the query is %+v", c.method, c.path, got.Query)
		}
	}
}

func TestH13NoPathLeavesTheTypesThatAreServed(t *testing.T) {
	for _, path := range []string{
		"Appointment", "//Appointment", "/Appointment/", "/Appointment//1", "/Appointment/1/", "/../admin", "/./Appointment", "/Appointment/..", "/Appointment/.", "/Appointment/../Task/1",
		"/%2e%2e/admin", "/Appointment/%2e%2e", "/Appointment%2F1", "/Appointment/1%2f2", "/Appointment/a%20b", "/Appointment/a b", "/%41ppointment", "/Appointment/1;v=2", "/Appointment/1?x", "/Appointment/1#x",
		`/Appointment\1`, "/Appointment/\x00", "/Appointment/é", "/Appointment/a$b", "/Appointment/a:b", "/Appointment/*", "/" + strings.Repeat("x", 300), "/Appointment/1/%24everything", "/\u202eTask",
	} {
		for _, method := range []string{"GET", "PUT", "POST"} {
			got, err := ParseInteraction(method, path, "", "", time.UTC)
			if err == nil || KindOf(err) != KindInvalid || AsError(err).Reason() != "malformed-path" || got.Type != "" || got.ID != "" {
				t.Errorf("%s %q: %+v, %v, want malformed-path", method, path, got, err)
			}
		}
	}
	for _, id := range []string{strings.Repeat("x", 65), "a_b", "_x"} {
		got, err := ParseInteraction("GET", "/Task/"+id, "", "", time.UTC)
		if err == nil || AsError(err).Reason() != "invalid-id" || got.ID != "" || got.Type != "Task" {
			t.Errorf("id %q: %+v, %v", id, got, err)
		}
	}
}

func TestWhatIsNotServedIsRefusedByNameAndCanBeRecorded(t *testing.T) {
	for _, c := range []struct {
		method, path string
		kind         Kind
		code         string
		want         Interaction
	}{
		{"POST", "/", KindNotSupported, "batch-not-supported", Interaction{Kind: InteractionBatch}},
		{"POST", "", KindNotSupported, "batch-not-supported", Interaction{Kind: InteractionBatch}},
		{"GET", "/", KindNotSupported, "search-all-not-supported", Interaction{}},
		{"POST", "/_search", KindNotSupported, "search-all-not-supported", Interaction{}},
		{"GET", "/_history", KindNotSupported, "history-not-supported", Interaction{Kind: InteractionHistory}},
		{"POST", "/$export", KindNotSupported, "operation-not-supported", Interaction{Kind: InteractionOperation}},
		{"GET", "/Patient/1", KindNotFound, "type-not-supported", Interaction{Type: "Patient"}},
		{"GET", "/Patient", KindNotFound, "type-not-supported", Interaction{Type: "Patient"}},
		{"GET", "/appointment/1", KindNotFound, "unknown-path", Interaction{}},
		{"GET", "/admin", KindNotFound, "unknown-path", Interaction{}},
		{"GET", "/metadata/x", KindNotFound, "unknown-path", Interaction{}},
		{"POST", "/metadata", KindMethodNotAllowed, "method-not-allowed", Interaction{Allow: "GET"}},
		{"HEAD", "/Task/1", KindMethodNotAllowed, "method-not-allowed", Interaction{Type: "Task", ID: "1", Allow: "GET, PUT"}},
		{"HEAD", "/Task", KindMethodNotAllowed, "method-not-allowed", Interaction{Type: "Task", Allow: "GET, POST"}},
		{"OPTIONS", "/Task", KindMethodNotAllowed, "method-not-allowed", Interaction{Type: "Task", Allow: "GET, POST"}},
		{"get", "/Task/1", KindMethodNotAllowed, "method-not-allowed", Interaction{Type: "Task", ID: "1", Allow: "GET, PUT"}},
		{"GET", "/Task/_search", KindMethodNotAllowed, "method-not-allowed", Interaction{Type: "Task", Allow: "POST"}},
		{"POST", "/Task/1", KindMethodNotAllowed, "method-not-allowed", Interaction{Type: "Task", ID: "1", Allow: "GET, PUT"}},
		{"PATCH", "/Task/1", KindMethodNotAllowed, "patch-not-supported", Interaction{Kind: InteractionPatch, Type: "Task", ID: "1", Allow: "GET, PUT"}},
		{"DELETE", "/Task/1", KindMethodNotAllowed, "delete-not-supported", Interaction{Kind: InteractionDelete, Type: "Task", ID: "1", Allow: "GET, PUT"}},
		{"PUT", "/Task", KindMethodNotAllowed, "conditional-not-supported", Interaction{Kind: InteractionUpdate, Type: "Task", Allow: "GET, POST"}},
		{"PATCH", "/Task", KindMethodNotAllowed, "conditional-not-supported", Interaction{Kind: InteractionPatch, Type: "Task", Allow: "GET, POST"}},
		{"DELETE", "/Task", KindMethodNotAllowed, "conditional-not-supported", Interaction{Kind: InteractionDelete, Type: "Task", Allow: "GET, POST"}},
		{"GET", "/Task/_history", KindNotSupported, "history-not-supported", Interaction{Kind: InteractionHistory, Type: "Task"}},
		{"GET", "/Task/1/_history", KindNotSupported, "history-not-supported", Interaction{Kind: InteractionHistory, Type: "Task", ID: "1"}},
		{"GET", "/Task/1/_history/2", KindNotSupported, "history-not-supported", Interaction{Kind: InteractionVRead, Type: "Task", ID: "1"}},
		{"GET", "/Task/1/_history/2/3", KindNotFound, "unknown-path", Interaction{Type: "Task", ID: "1"}},
		{"GET", "/Task/1/Patient", KindNotFound, "unknown-path", Interaction{Type: "Task", ID: "1"}},
		{"POST", "/Task/$validate", KindNotSupported, "operation-not-supported", Interaction{Kind: InteractionOperation, Type: "Task"}},
		{"GET", "/Task/1/$meta", KindNotSupported, "operation-not-supported", Interaction{Kind: InteractionOperation, Type: "Task", ID: "1"}},
		{"POST", "/Task/_search/x", KindInvalid, "invalid-id", Interaction{Type: "Task"}},
	} {
		got, err := ParseInteraction(c.method, c.path, "", "", time.UTC)
		if err == nil || KindOf(err) != c.kind || AsError(err).Reason() != c.code || AsError(err).Text == "" {
			t.Errorf("%s %s: %v, want %s", c.method, c.path, err, c.code)
		}
		if got.Kind != c.want.Kind || got.Type != c.want.Type || got.ID != c.want.ID || got.Allow != c.want.Allow || !got.Query.IsZero() {
			t.Errorf("%s %s is recorded as %+v, want %+v", c.method, c.path, got, c.want)
		}
	}
}

func TestParametersStandOnlyWhereTheyMeanSomething(t *testing.T) {
	for _, c := range []struct {
		method, path, query, form string
		kind                      Kind
		code, at                  string
	}{
		{"GET", "/Task/1", "_pretty=true", "", KindNotSupported, "parameter-not-supported", "_pretty"},
		{"GET", "/Task/1", "_elements=status", "", KindNotSupported, "parameter-not-supported", "_elements"},
		{"GET", "/Task/1", "_format=json&status=x", "", KindNotSupported, "parameter-not-supported", "status"},
		{"GET", "/Task/1", "_format=xml", "", KindNotAcceptable, "format-not-supported", "_format"},
		{"GET", "/Task/1", "_format=json&_format=xml", "", KindNotAcceptable, "format-not-supported", "_format"},
		{"PUT", "/Task/1", "patient=1", "", KindNotSupported, "parameter-not-supported", "patient"},
		{"POST", "/Task", "status=x", "", KindNotSupported, "parameter-not-supported", "status"},
		{"GET", "/metadata", "mode=full", "", KindNotSupported, "parameter-not-supported", "mode"},
		{"GET", "/Task", "status=%zz", "", KindInvalid, "malformed-query", ""},
		{"GET", "/Task", "status=a;owner=b", "", KindInvalid, "malformed-query", ""},
		{"POST", "/Task/_search", "", "status=%", KindInvalid, "malformed-query", ""},
		{"GET", "/Task", strings.Repeat("x", maxSearch+1), "", KindTooLarge, "search-too-large", ""},
		{"POST", "/Task/_search", "", "patient.name=x", KindNotSupported, "chained-parameter", "patient"},
		{"POST", "/Task/_search", "_count=5", "_count=6", KindInvalid, "repeated-parameter", "_count"},
	} {
		got, err := ParseInteraction(c.method, c.path, c.query, c.form, time.UTC)
		if err == nil || KindOf(err) != c.kind || AsError(err).Reason() != c.code || AsError(err).Path != c.at {
			t.Errorf("%s %s?%s: %v, want %s at %s", c.method, c.path, c.query, err, c.code, c.at)
		}
		if got.Kind == "" || !got.Query.IsZero() || c.path != "/metadata" && got.Type != "Task" {
			t.Errorf("%s %s?%s is recorded as %+v", c.method, c.path, c.query, got)
		}
	}
}
