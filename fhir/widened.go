package fhir

import (
	stdjson "encoding/json"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// Appointment is samply's type, widened so that what an adapter builds, or reads of a resource, is all of it: codes are
// texts, so that a missing or an unknown one stays what it is, and members that samply does not have go to More
// (_status, vendors' own). It is a view: what is passed on is a Resource. Members that samply does not have deeper inside (a
// vendor's member of a coding) are not in it.
type Appointment struct {
	ResourceType string `json:"resourceType"` // set by Resource
	models.OtherAppointment
	Status      *string                       `json:"status,omitempty"`
	Participant []AppointmentParticipant      `json:"participant,omitempty"`
	Contained   []stdjson.RawMessage          `json:"contained,omitempty"`
	More        map[string]stdjson.RawMessage `json:",embed"`
}

// AppointmentParticipant is samply's type with codes as texts.
type AppointmentParticipant struct {
	models.AppointmentParticipant
	Required *string                       `json:"required,omitempty"`
	Status   *string                       `json:"status,omitempty"`
	More     map[string]stdjson.RawMessage `json:",embed"`
}

// Task is samply's type, widened as Appointment is.
type Task struct {
	ResourceType string `json:"resourceType"` // set by Resource
	models.OtherTask
	Status    *string                       `json:"status,omitempty"`
	Intent    *string                       `json:"intent,omitempty"`
	Priority  *string                       `json:"priority,omitempty"`
	Input     []TaskParameter               `json:"input,omitempty"`
	Output    []TaskParameter               `json:"output,omitempty"`
	Contained []stdjson.RawMessage          `json:"contained,omitempty"`
	More      map[string]stdjson.RawMessage `json:",embed"`
}

// TaskParameter is one Task.input or Task.output. Of value[x] the forms that EMRs use have fields; the others are in More
// under their names ("valueTiming").
type TaskParameter struct {
	ID                   *string                       `json:"id,omitempty"`
	Extension            []models.Extension            `json:"extension,omitempty"`
	ModifierExtension    []models.Extension            `json:"modifierExtension,omitempty"`
	Type                 models.CodeableConcept        `json:"type"`
	ValueAttachment      *models.Attachment            `json:"valueAttachment,omitempty"`
	ValueBoolean         *bool                         `json:"valueBoolean,omitempty"`
	ValueCode            *string                       `json:"valueCode,omitempty"`
	ValueCodeableConcept *models.CodeableConcept       `json:"valueCodeableConcept,omitempty"`
	ValueDate            *string                       `json:"valueDate,omitempty"`
	ValueDateTime        *string                       `json:"valueDateTime,omitempty"`
	ValueIdentifier      *models.Identifier            `json:"valueIdentifier,omitempty"`
	ValueInteger         *int                          `json:"valueInteger,omitempty"`
	ValueReference       *models.Reference             `json:"valueReference,omitempty"`
	ValueString          *string                       `json:"valueString,omitempty"`
	ValueURI             *string                       `json:"valueUri,omitempty"`
	More                 map[string]stdjson.RawMessage `json:",embed"`
}

// DocumentReference is samply's type, widened as Appointment is.
type DocumentReference struct {
	ResourceType string `json:"resourceType"` // set by Resource
	models.OtherDocumentReference
	Status    *string                           `json:"status,omitempty"`
	DocStatus *string                           `json:"docStatus,omitempty"`
	RelatesTo []DocumentReferenceRelatesTo      `json:"relatesTo,omitempty"`
	Content   []models.DocumentReferenceContent `json:"content,omitempty"`
	Contained []stdjson.RawMessage              `json:"contained,omitempty"`
	More      map[string]stdjson.RawMessage     `json:",embed"`
}

// DocumentReferenceRelatesTo is samply's type with the code as text.
type DocumentReferenceRelatesTo struct {
	models.DocumentReferenceRelatesTo
	Code *string                       `json:"code,omitempty"`
	More map[string]stdjson.RawMessage `json:",embed"`
}

// The types below have no methods, so that encoding them does not end where it began.
type (
	plainAppointment       Appointment
	plainTask              Task
	plainDocumentReference DocumentReference
)

// MarshalJSON is for encoding/json, which does not know how More is written.
func (a Appointment) MarshalJSON() ([]byte, error) {
	a.ResourceType = "Appointment"
	return marshal(plainAppointment(a))
}

// MarshalJSON is for encoding/json, which does not know how More is written.
func (t Task) MarshalJSON() ([]byte, error) {
	t.ResourceType = "Task"
	return marshal(plainTask(t))
}

// MarshalJSON is for encoding/json, which does not know how More is written.
func (d DocumentReference) MarshalJSON() ([]byte, error) {
	d.ResourceType = "DocumentReference"
	return marshal(plainDocumentReference(d))
}

func marshal[T plainAppointment | plainTask | plainDocumentReference](v T) ([]byte, error) {
	return json.Marshal(v, json.Deterministic(true), json.WithMarshalers(json.MarshalToFunc(writeNumber)))
}

// writeNumber and readNumber keep decimals as they are written: 1.50 stays 1.50 (hazard H36).
func writeNumber(enc *jsontext.Encoder, n stdjson.Number) error {
	return enc.WriteValue(jsontext.Value(n))
}

func readNumber(dec *jsontext.Decoder, n *stdjson.Number) error {
	v, err := dec.ReadValue()
	if err != nil {
		return err
	}
	if v.Kind() != '0' {
		return errors.New("not a number")
	}
	*n = stdjson.Number(v)
	return nil
}

// Resource is a as the JSON that is passed on.
func (a Appointment) Resource() (Resource, error) { return built(a.MarshalJSON()) }

// Resource is t as the JSON that is passed on.
func (t Task) Resource() (Resource, error) { return built(t.MarshalJSON()) }

// Resource is d as the JSON that is passed on.
func (d DocumentReference) Resource() (Resource, error) { return built(d.MarshalJSON()) }

func built(b []byte, err error) (Resource, error) {
	if err != nil {
		return Resource{}, E("fhir.Resource", KindInternal, "", "The resource could not be written.").Because(err)
	}
	return ParseResource(b, Limits{})
}

// AppointmentOf is the typed view of an Appointment. Names count to the letter, unlike in encoding/json, so that the view and
// the checks made on the Resource see the same members (hazard H11).
func AppointmentOf(r Resource) (Appointment, error) {
	v, err := view[plainAppointment](r, "Appointment")
	return Appointment(v), err
}

// TaskOf is the typed view of a Task; see AppointmentOf.
func TaskOf(r Resource) (Task, error) {
	v, err := view[plainTask](r, "Task")
	return Task(v), err
}

// DocumentReferenceOf is the typed view of a DocumentReference; see AppointmentOf.
func DocumentReferenceOf(r Resource) (DocumentReference, error) {
	v, err := view[plainDocumentReference](r, "DocumentReference")
	return DocumentReference(v), err
}

func view[T any](r Resource, typ string) (v T, err error) {
	const op = "fhir.view"
	if r.Type() != typ {
		return v, E(op, KindInvalid, "wrong-type", fmt.Sprintf("Expected a resource of type %s.", typ)).At("resourceType")
	}
	numbers := json.WithUnmarshalers(json.UnmarshalFromFunc(readNumber))
	if err := json.Unmarshal(r.Bytes(), &v, numbers); err != nil { // the cause may repeat a value
		var none T
		return none, E(op, KindInvalid, "not-conforming",
			fmt.Sprintf("An element of the %s does not have the form that R4 gives it.", typ))
	}
	return v, nil
}
