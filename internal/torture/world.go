package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"vestibule/internal/demo/issuer"
)

const (
	clinic   = "maple"
	clientID = "assistco-desktop"
	person   = "amara"
)

// documents are what the clinic has decided: one grant that covers all callers.
const documents = `kind: Clinic
name: maple
title: Maple Family Practice (made up)
zone: America/St_Johns
---
kind: Connection
clinic: maple
adapter: fhirr4
base: %s
login: {mode: none}
---
kind: Platform
name: assistco
title: AssistCo (made up)
issuer: %s
clients: [assistco-desktop]
---
kind: Grant
clinic: maple
name: front-desk
to: {platform: assistco}
because: Covers the front desk
until: %s
purposes: [PATADMIN]
permissions:
  - scope: user/Appointment.crus?practitioner=Practitioner/42
    window: -1d..+90d
    elements: [status, start, end, comment, description, participant, identifier]
    write: [status, start, end, comment, participant]
`

// house is where the tokens come from; it outlives every gateway.
type house struct {
	server *http.Server
	url    string
	token  string
}

func newHouse(audience string) (*house, error) {
	iss, server, err := issuer.Start(issuer.Config{Audiences: []string{audience},
		Clients: []issuer.Client{{ID: clientID, Name: "AssistCo desktop"}},
		People:  []issuer.Person{{Subject: person, Name: "Amara Okafor", Purposes: []string{"PATADMIN"}}}})
	if err != nil {
		return nil, err
	}
	token, err := iss.Mint(person, clientID, []string{"user/Appointment.crus"}, 24*time.Hour)
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return &house{server, iss.URL(), token}, nil
}

// freeAddress is one on loopback that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// clinicDocuments is what is applied to a new folder.
func clinicDocuments(emr, issuer string, now time.Time) string {
	return fmt.Sprintf(documents, emr, issuer, now.AddDate(0, 6, 0).Format(time.DateOnly))
}
