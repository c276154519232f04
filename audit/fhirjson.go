package audit

import (
	"bytes"
	"encoding/json"
)

// The parts of an R4 AuditEvent that are written (http://hl7.org/fhir/R4/auditevent.html). They are only ever written:
// nothing of FHIR is read through them.
type (
	auditEvent struct {
		ResourceType   string    `json:"resourceType"`
		ID             string    `json:"id"`
		Meta           meta      `json:"meta"`
		Type           coding    `json:"type"`
		Subtype        []coding  `json:"subtype,omitempty"`
		Action         string    `json:"action"`
		Recorded       string    `json:"recorded"`
		Outcome        string    `json:"outcome,omitempty"`
		OutcomeDesc    string    `json:"outcomeDesc,omitempty"`
		PurposeOfEvent []concept `json:"purposeOfEvent,omitempty"`
		Agent          []agent   `json:"agent"`
		Source         source    `json:"source"`
		Entity         []entity  `json:"entity,omitempty"`
	}
	meta struct {
		LastUpdated string   `json:"lastUpdated"`
		Profile     []string `json:"profile,omitempty"`
	}
	concept struct {
		Coding []coding `json:"coding,omitempty"`
		Text   string   `json:"text,omitempty"`
	}
	agent struct {
		Type         concept   `json:"type"`
		Role         []concept `json:"role,omitempty"`
		Who          reference `json:"who,omitzero"`
		Name         string    `json:"name,omitempty"`
		Requestor    bool      `json:"requestor"`
		Policy       []string  `json:"policy,omitempty"`
		Network      *network  `json:"network,omitempty"`
		PurposeOfUse []concept `json:"purposeOfUse,omitempty"`
	}
	reference struct {
		Reference  string      `json:"reference,omitempty"`
		Type       string      `json:"type,omitempty"`
		Identifier *identifier `json:"identifier,omitempty"`
		Display    string      `json:"display,omitempty"`
	}
	identifier struct {
		System string `json:"system,omitempty"`
		Value  string `json:"value"`
	}
	network struct {
		Address string `json:"address"`
		Type    string `json:"type"`
	}
	source struct {
		Site     string    `json:"site"`
		Observer reference `json:"observer"`
		Type     []coding  `json:"type"`
	}
	entity struct {
		What          *reference `json:"what,omitempty"`
		Type          coding     `json:"type"`
		Role          *coding    `json:"role,omitempty"`
		SecurityLabel []coding   `json:"securityLabel,omitempty"`
		Name          string     `json:"name,omitempty"`
		Description   string     `json:"description,omitempty"`
		Query         string     `json:"query,omitempty"` // base64
		Detail        []detail   `json:"detail,omitempty"`
	}
	detail struct {
		Type        string `json:"type"`
		ValueString string `json:"valueString"`
	}
)

// MarshalJSON writes a Coding; its fields are not exported because the rest of the package compares codings.
func (c coding) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		System  string `json:"system,omitempty"`
		Code    string `json:"code"`
		Display string `json:"display,omitempty"`
	}{c.system, c.code, c.display})
}

// encode writes the event as compact JSON.
func (e *auditEvent) encode() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil // cannot happen: every part is a string, a bool or a list of those
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
