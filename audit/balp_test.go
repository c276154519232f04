package audit_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vestibule/internal/balptest"
)

// Every kind of event is valid R4 and keeps the profiles that it claims, say validators that are not ours.
func TestEveryKindOfEventIsValid(t *testing.T) {
	var events [][]byte
	all := samples()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		events = append(events, all[name].AuditEvents()...)
	}
	verdict := balptest.Validate(t, events)
	for _, p := range verdict.Problems {
		t.Error(p)
	}
	for _, profile := range []string{"PatientRead", "Query", "PatientQuery", "PatientCreate", "PatientUpdate", "OAUTHaccessTokenUse.Minimal"} {
		if verdict.Profiles[profile] == 0 {
			t.Errorf("nothing that was validated claims %s", profile)
		}
	}
}

// object is a part of an event under change.
type object = map[string]any

// part is the first element of a list whose type has the code.
func part(list any, code string) object {
	for _, item := range list.([]any) {
		typ := item.(object)["type"].(object)
		if codings, ok := typ["coding"].([]any); ok {
			typ = codings[0].(object)
		}
		if typ["code"] == code {
			return item.(object)
		}
	}
	return nil
}

// The validators are no rubber stamp: each rule of the profiles, broken, is found.
func TestTheValidatorsFindWhatIsWrong(t *testing.T) {
	again := func(e object, list, code string) { e[list] = append(e[list].([]any), part(e[list], code)) }
	without := func(e object, list, code string) {
		e[list] = slices.DeleteFunc(e[list].([]any), func(item any) bool { return part([]any{item}, code) != nil })
	}
	broken := map[string]func(e object){
		"read: no time":                    func(e object) { delete(e, "recorded") },
		"read: an unknown member":          func(e object) { e["surprise"] = 1 },
		"read: an outcome that is no code": func(e object) { e["outcome"] = "99" },
		"read: (a) no success":             func(e object) { e["outcome"] = "8" },
		"read: (c) client and server swapped": func(e object) {
			for _, a := range e["agent"].([]any) {
				c := a.(object)["type"].(object)["coding"].([]any)[0].(object)
				switch c["code"] {
				case "110152":
					c["code"] = "110153"
				case "110153":
					c["code"] = "110150"
				}
			}
		},
		"read: a server without network":    func(e object) { delete(part(e["agent"], "110153"), "network") },
		"read: a client that is nobody":     func(e object) { delete(part(e["agent"], "110152"), "who") },
		"read: a user with a network":       func(e object) { part(e["agent"], "IRCP")["network"] = object{"address": "203.0.113.7", "type": "2"} },
		"read: (d) two patients":            func(e object) { again(e, "entity", "1") },
		"read: (d) no patient":              func(e object) { without(e, "entity", "1") },
		"read: no data":                     func(e object) { without(e, "entity", "2") },
		"read: data without a name":         func(e object) { delete(part(e["entity"], "2"), "what") },
		"read: two transactions":            func(e object) { again(e, "entity", "XrequestId") },
		"read: a transaction without value": func(e object) { part(e["entity"], "XrequestId")["what"] = object{"display": "x"} },
		"read: no token agent":              func(e object) { without(e, "agent", "UserOauthAgent") },
		"read: a token without id":          func(e object) { delete(part(e["agent"], "UserOauthAgent"), "policy") },
		"read: another action":              func(e object) { e["action"] = "E" },
		"read: another type":                func(e object) { e["type"].(object)["code"] = "110113" },
		"search: (e) a query with details":  func(e object) { part(e["entity"], "2")["detail"] = []any{object{"type": "a", "valueString": "b"}} },
		"search: a query with what":         func(e object) { part(e["entity"], "2")["what"] = object{"reference": "Appointment/1"} },
		"search: no query":                  func(e object) { delete(part(e["entity"], "2"), "query") },
		"search-no-patient: a patient": func(e object) {
			e["entity"] = append(e["entity"].([]any), object{"type": object{"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "1"},
				"what": object{"reference": "Patient/1"}})
		},
		"create: a recipient as author": func(e object) {
			part(e["agent"], "AUT")["type"].(object)["coding"].([]any)[0].(object)["code"] = "IRCP"
		},
		"update: another interaction": func(e object) { e["subtype"].([]any)[0].(object)["code"] = "read" },
	}
	names := slices.Sorted(maps.Keys(broken))
	var events [][]byte
	for _, name := range names {
		sample, _, _ := strings.Cut(name, ":")
		var e object
		if err := json.Unmarshal(samples()[sample].AuditEvents()[0], &e); err != nil {
			t.Fatal(err)
		}
		broken[name](e)
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, b)
	}
	verdict := balptest.Validate(t, events)
	for i, name := range names {
		found := slices.ContainsFunc(verdict.Problems, func(p string) bool { return strings.HasPrefix(p, "event "+strconv.Itoa(i)+":") })
		if !found {
			t.Errorf("%s: the validators find nothing wrong", name)
		}
	}
}

// The traps that remain: (b) nobody claims AuthZconsent, whose entities a denial does not have; (f) what has no profile, such
// as an operation or a batch, claims none; (g) request id and trace are both named; (h) reading the trail has DICOM's code.
func TestTheTrapsOfBALP(t *testing.T) {
	for name, entry := range samples() {
		for _, b := range entry.AuditEvents() {
			e := parse(t, b)
			for _, p := range e.Meta.Profile {
				if strings.Contains(p, "AuthZconsent") {
					t.Errorf("(b) %s claims %s", name, p)
				}
			}
			codes := map[string]string{}
			for _, en := range e.Entity {
				if en.What != nil && en.What.Identifier != nil {
					codes[en.Type.Code] = en.What.Identifier.Value
				}
			}
			if codes["XrequestId"] != entry.Record.RequestID || codes["traceparent"] != entry.Record.Traceparent {
				t.Errorf("(g) %s names %v", name, codes)
			}
			if name == "audit-search" && (e.Type.Code != "110101" || e.Type.System != "http://dicom.nema.org/resources/ontology/DCM") {
				t.Errorf("(h) a look into the trail has type %+v", e.Type)
			}
			outcome := slices.ContainsFunc(e.Entity, func(en parsedEntity) bool { return en.Type.Code == "OperationOutcome" })
			if refused := e.Outcome != "0"; refused != outcome && len(entry.Record.Reasons) > 0 || refused && len(e.Meta.Profile) > 0 {
				t.Errorf("(a) %s, outcome %s: OperationOutcome %v, profiles %v", name, e.Outcome, outcome, e.Meta.Profile)
			}
		}
	}
	for _, interaction := range []string{"operation", "batch", "history", "capabilities", "something-new"} {
		entry := samples()["read"]
		entry.Record.Interaction = interaction
		for _, p := range parse(t, entry.AuditEvents()[0]).Meta.Profile {
			if !strings.HasSuffix(p, "Minimal") {
				t.Errorf("(f) %s claims %s", interaction, p)
			}
		}
	}
}
