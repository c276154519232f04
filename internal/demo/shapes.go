package demo

import (
	"bytes"
	"encoding/json"
)

// The shapes below are FHIR R4's, in the order in which EMRs write their members, with no more members than the world
// uses. They only ever write; nothing is read into them.

type meta struct {
	VersionID   string   `json:"versionId"`
	LastUpdated string   `json:"lastUpdated"`
	Security    []coding `json:"security,omitempty"`
	Tag         []coding `json:"tag"`
}

type coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

type concept struct {
	Coding []coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

type reference struct {
	Reference string `json:"reference"`
	Display   string `json:"display,omitempty"`
}

type identifier struct {
	Type   *concept `json:"type,omitempty"`
	System string   `json:"system"`
	Value  string   `json:"value"`
}

type humanName struct {
	Use    string   `json:"use,omitempty"`
	Text   string   `json:"text,omitempty"`
	Family string   `json:"family"`
	Given  []string `json:"given"`
	Prefix []string `json:"prefix,omitempty"`
}

type telecom struct {
	System string `json:"system"`
	Value  string `json:"value"`
	Use    string `json:"use,omitempty"`
}

type address struct {
	Line       []string `json:"line"`
	City       string   `json:"city"`
	State      string   `json:"state"`
	PostalCode string   `json:"postalCode"`
	Country    string   `json:"country"`
}

type period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

type annotation struct {
	AuthorString string `json:"authorString,omitempty"`
	Time         string `json:"time,omitempty"`
	Text         string `json:"text"`
}

// extension carries a decimal as written: 1.50 is not 1.5 (hazard H36).
type extension struct {
	URL          string      `json:"url"`
	ValueDecimal json.Number `json:"valueDecimal,omitempty"`
	ValueString  string      `json:"valueString,omitempty"`
}

// primitive is what FHIR hangs on a primitive element, under the element's name with an underscore.
type primitive struct {
	Extension []extension `json:"extension"`
}

type person struct {
	ResourceType  string          `json:"resourceType"`
	ID            string          `json:"id"`
	Meta          meta            `json:"meta"`
	Identifier    []identifier    `json:"identifier"`
	Active        bool            `json:"active"`
	Name          []humanName     `json:"name"`
	Telecom       []telecom       `json:"telecom,omitempty"`
	Gender        string          `json:"gender,omitempty"`
	BirthDate     string          `json:"birthDate,omitempty"`
	Address       []address       `json:"address,omitempty"`
	Qualification []qualification `json:"qualification,omitempty"`
}

type qualification struct {
	Code concept `json:"code"`
}

type place struct {
	ResourceType         string     `json:"resourceType"`
	ID                   string     `json:"id"`
	Meta                 meta       `json:"meta"`
	Active               *bool      `json:"active,omitempty"`
	Status               string     `json:"status,omitempty"`
	Name                 string     `json:"name"`
	Telecom              []telecom  `json:"telecom,omitempty"`
	PartOf               *reference `json:"partOf,omitempty"`
	ManagingOrganization *reference `json:"managingOrganization,omitempty"`
}

type appointment struct {
	ResourceType       string        `json:"resourceType"`
	ID                 string        `json:"id"`
	Meta               meta          `json:"meta"`
	Extension          []extension   `json:"extension,omitempty"`
	Identifier         []identifier  `json:"identifier"`
	Status             string        `json:"status"`
	CancelationReason  *concept      `json:"cancelationReason,omitempty"`
	ServiceType        []concept     `json:"serviceType"`
	AppointmentType    concept       `json:"appointmentType"`
	ReasonCode         []concept     `json:"reasonCode,omitempty"`
	Priority           int           `json:"priority"`
	Description        string        `json:"description"`
	Start              string        `json:"start"`
	StartPrimitive     *primitive    `json:"_start,omitempty"`
	End                string        `json:"end"`
	MinutesDuration    int           `json:"minutesDuration"`
	Created            string        `json:"created"`
	Comment            string        `json:"comment,omitempty"`
	PatientInstruction string        `json:"patientInstruction,omitempty"`
	Participant        []participant `json:"participant"`
}

type participant struct {
	Type     []concept `json:"type,omitempty"`
	Actor    reference `json:"actor"`
	Required string    `json:"required,omitempty"`
	Status   string    `json:"status"`
}

type task struct {
	ResourceType string       `json:"resourceType"`
	ID           string       `json:"id"`
	Meta         meta         `json:"meta"`
	Identifier   []identifier `json:"identifier"`
	Status       string       `json:"status"`
	Intent       string       `json:"intent"`
	Priority     string       `json:"priority"`
	Code         concept      `json:"code"`
	Description  string       `json:"description"`
	Focus        *reference   `json:"focus,omitempty"`
	For          reference    `json:"for"`
	AuthoredOn   string       `json:"authoredOn"`
	LastModified string       `json:"lastModified"`
	Requester    reference    `json:"requester"`
	Owner        reference    `json:"owner"`
	ReasonCode   *concept     `json:"reasonCode,omitempty"`
	Note         []annotation `json:"note,omitempty"`
	Restriction  *restriction `json:"restriction,omitempty"`
}

type restriction struct {
	Period period `json:"period"`
}

type documentReference struct {
	ResourceType  string       `json:"resourceType"`
	ID            string       `json:"id"`
	Meta          meta         `json:"meta"`
	Identifier    []identifier `json:"identifier"`
	Status        string       `json:"status"`
	DocStatus     string       `json:"docStatus"`
	Type          concept      `json:"type"`
	Category      []concept    `json:"category"`
	Subject       reference    `json:"subject"`
	Date          string       `json:"date"`
	Author        []reference  `json:"author"`
	Custodian     reference    `json:"custodian"`
	Description   string       `json:"description"`
	SecurityLabel []concept    `json:"securityLabel,omitempty"`
	Content       []content    `json:"content"`
	Context       docContext   `json:"context"`
}

type content struct {
	Attachment attachment `json:"attachment"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Language    string `json:"language"`
	Data        []byte `json:"data,omitempty"`
	URL         string `json:"url"`
	Size        int    `json:"size"`
	Hash        []byte `json:"hash"`
	Title       string `json:"title"`
	Creation    string `json:"creation"`
}

type docContext struct {
	Period period `json:"period"`
}

// shape is any of the resources above.
type shape interface {
	person | place | appointment | task | documentReference
}

// write is the resource as an EMR writes it: compact, in UTF-8, with & as &.
func write[T shape](r T) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		panic(err) // the shapes hold nothing that cannot be encoded
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
