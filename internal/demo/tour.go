package demo

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Tour names what a first walk through a clinic wants to touch.
type Tour struct {
	Practitioner string // "Practitioner/lee": whose appointments the assistant may book
	Appointment  string // id of a booked appointment of that practitioner, more than a day ahead
	Start        string // its start, as the EMR has it
	Other        string // id of an appointment of somebody else: out of reach
	Referral     string // id of a document that the assistant may see
	Restricted   string // id of a document of the same category with the label R
	Task         string // id of an open task of the front desk
}

// Walk finds the tour in World's data. Every member is set whatever the day.
func Walk(name string, now time.Time) Tour {
	t := Tour{Practitioner: Practitioner(name)}
	for _, b := range World(name, now) {
		var r struct {
			ResourceType, ID, Status, Start string
			Owner                           reference
			Participant                     []participant
			Category                        []concept
			SecurityLabel                   []concept
		}
		if err := json.Unmarshal(b, &r); err != nil {
			continue
		}
		switch r.ResourceType {
		case "Appointment":
			own := len(r.Participant) > 1 && r.Participant[1].Actor.Reference == t.Practitioner
			start, _ := time.Parse(time.RFC3339, r.Start)
			if own && t.Appointment == "" && r.Status == "booked" && start.After(now.Add(24*time.Hour)) {
				t.Appointment, t.Start = r.ID, r.Start
			} else if !own && t.Other == "" {
				t.Other = r.ID
			}
		case "Task":
			if t.Task == "" && r.Owner.Reference == FrontDesk && r.Status == "requested" {
				t.Task = r.ID
			}
		case "DocumentReference":
			t.document(r.ID, r.Category[0].Coding[0].Code, len(r.SecurityLabel) > 0)
		}
	}
	return t
}

func (t *Tour) document(id, category string, labelled bool) {
	switch {
	case !strings.EqualFold(category, "referral"):
	case labelled && t.Restricted == "":
		t.Restricted = id
	case !labelled && t.Referral == "":
		t.Referral = id
	}
}

// WalkOSCAR finds the tour in OSCARWorld's rows. An OSCAR has no labels, so that nothing is Restricted.
func WalkOSCAR(name string, now time.Time) Tour {
	rows, w := OSCARWorld(name, now), Walk(name, now)
	t := Tour{Practitioner: OSCARPractitioner(), Appointment: strconv.Itoa(tail(w.Appointment)), Start: w.Start, Other: strconv.Itoa(tail(w.Other)), Task: strconv.Itoa(tail(w.Task))}
	for _, d := range rows.Documents {
		if d.Type == "referral" {
			t.Referral = strconv.Itoa(d.No)
			break
		}
	}
	return t
}
