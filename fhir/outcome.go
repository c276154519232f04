package fhir

import (
	"bytes"
	"encoding/json"
)

// ReasonSystem is the code system of the reason codes in an OperationOutcome's issue.details.
const ReasonSystem = "urn:vestibule:reason"

type outcome struct {
	ResourceType string  `json:"resourceType"`
	ID           string  `json:"id,omitempty"`
	Issue        []issue `json:"issue"`
}

type issue struct {
	Severity    string   `json:"severity"`
	Code        string   `json:"code"`
	Details     details  `json:"details"`
	Diagnostics string   `json:"diagnostics,omitempty"`
	Expression  []string `json:"expression,omitempty"`
}

type details struct {
	Coding []coding `json:"coding"`
	Text   string   `json:"text,omitempty"`
}

type coding struct {
	System string `json:"system"`
	Code   string `json:"code"`
}

// Outcome is err as an OperationOutcome in JSON: the issue type of its kind, its reason code, its text and where it
// happened; never its cause. decision, when given, is the id under which the trail knows the request.
func Outcome(err error, decision string) []byte {
	e := AsError(err)
	i := issue{
		Severity: "error",
		Code:     kinds[e.Kind.known()].issue,
		Details:  details{Coding: []coding{{ReasonSystem, e.Reason()}}, Text: e.Text},
	}
	if decision != "" {
		i.Diagnostics = "Decision " + decision + ": quote it when you ask the clinic about this answer."
	}
	if e.Path != "" {
		i.Expression = []string{e.Path}
	}
	return appendJSON(nil, outcome{ResourceType: "OperationOutcome", ID: decision, Issue: []issue{i}})
}

// appendJSON appends v, made of strings only, without escaping what only HTML minds.
func appendJSON[T string | outcome](dst []byte, v T) []byte {
	b := bytes.NewBuffer(dst)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // strings always encode
		return append(dst, "null"...)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
