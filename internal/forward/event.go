package forward

import (
	"fmt"
	"strconv"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// TagSystem is the system of the tag by which a receiver recognises an event that it has already.
const TagSystem = "urn:vestibule:event"

// Event is one AuditEvent on its way to a sink.
type Event struct {
	Log     string // the log's name
	Clinic  string // whose it is
	Index   int64  // of the record in its log
	ID      string // stable, and unlike any other event's
	Time    time.Time
	Outcome audit.Outcome // "0" for a success; empty where the AuditEvent has none
	Body    []byte        // the AuditEvent in JSON, on one line
}

// events are what is sent of an entry: none for an intent.
func events(e audit.Entry, clinic string) (out []Event, err error) {
	bodies := e.AuditEvents()
	for i, body := range bodies {
		id := e.Log + "-" + strconv.FormatInt(e.Index, 10)
		if len(bodies) > 1 {
			id += "-" + strconv.Itoa(i+1)
		}
		named, err := name(body, id)
		if err != nil {
			return nil, fmt.Errorf("record %d of log %s: %w", e.Index, e.Log, err)
		}
		out = append(out, Event{Log: e.Log, Clinic: clinic, Index: e.Index, ID: id, Time: e.Record.Time, Outcome: e.Record.Outcome, Body: named})
	}
	return out, nil
}

// name gives an AuditEvent its stable id and the tag with it. Everything else keeps its bytes.
func name(body []byte, id string) ([]byte, error) {
	r, err := fhir.ParseResource(body, fhir.Limits{})
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(body)+128)
	out = append(out, `{"resourceType":"AuditEvent","id":"`+id+`","meta":{`...)
	tags := []byte(`{"system":"` + TagSystem + `","code":"` + id + `"}`)
	for member, v := range r.Value().Get("meta").Members() {
		if member == "tag" {
			for tag := range v.Items() {
				tags = append(append(tags, ','), tag.Raw()...)
			}
			continue
		}
		out = append(appendMember(out, member, v), ',')
	}
	out = append(append(append(out, `"tag":[`...), tags...), "]}"...)
	for member, v := range r.Value().Members() {
		if member != "resourceType" && member != "id" && member != "meta" {
			out = appendMember(append(out, ','), member, v)
		}
	}
	return append(out, '}'), nil
}

// appendMember appends a member whose name needs no escaping.
func appendMember(out []byte, name string, v fhir.Value) []byte {
	return append(append(append(append(out, '"'), name...), `":`...), v.Raw()...)
}
