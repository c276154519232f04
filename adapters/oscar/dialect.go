package oscar

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Dialect is one member of the OSCAR family.
type Dialect string

// The dialects.
const (
	OSCAR19 Dialect = "oscar19" // OSCAR 15 and 19, and what vendors made of them
	OpenO   Dialect = "openo"   // Open-O
	CARLOS  Dialect = "carlos"  // CARLOS: scopes, nonces kept, an update that works
	Juno    Dialect = "juno"    // Juno: REST v1, appointments by SOAP only
)

// Dialects lists them.
func Dialects() []Dialect { return []Dialect{OSCAR19, OpenO, CARLOS, Juno} }

func (d Dialect) known() bool { return slices.Contains(Dialects(), d) }

// traits are what a dialect does differently.
type traits struct {
	schedule   bool // appointments by REST; else by SOAP alone
	update     bool // updateAppointment works by REST
	ticklers   bool // ticklers can be listed; without that nothing lost is found again
	ticklerIDs bool // a tickler is read and written by its id (REST v1)
	filing     bool // a document can be filed in a chart (Juno's call names no patient)
}

// traits is the dialect's row of the table. The zero traits can nothing.
func (d Dialect) traits() traits {
	switch d {
	case OSCAR19, OpenO:
		return traits{schedule: true, ticklers: true, filing: true}
	case CARLOS:
		return traits{schedule: true, update: true, ticklers: true, filing: true}
	case Juno:
		return traits{ticklerIDs: true}
	}
	return traits{}
}

// capability is what the gateway does with an OSCAR of that dialect, with and without the SOAP leg.
func (t traits) capability(soap bool) adapters.Capability {
	var rows []adapters.Type
	const read, search, create, update = fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate
	if t.schedule || soap {
		rows = append(rows, adapters.Type{
			Name: "Appointment", Interactions: []fhir.InteractionKind{read, search, create, update}, Sort: true, Count: true, Versions: true, StablePages: true,
			Search: []string{"_id", "actor", "date", "identifier", "patient", "practitioner", "status"},
		})
	}
	if t.ticklers {
		rows = append(rows, adapters.Type{
			Name: "Task", Interactions: []fhir.InteractionKind{read, search, create, update}, Sort: true, Count: true, Versions: true, StablePages: true,
			Search: []string{"_id", "identifier", "modified", "owner", "patient", "priority", "requester", "status", "subject"},
		})
	} else if t.ticklerIDs {
		rows = append(rows, adapters.Type{Name: "Task", Interactions: []fhir.InteractionKind{read, update}, Versions: true})
	}
	if soap {
		row := adapters.Type{
			Name: "DocumentReference", Interactions: []fhir.InteractionKind{read, search}, Sort: true, Count: true, Versions: true, StablePages: true,
			Search: []string{"_id", "author", "date", "description", "identifier", "patient", "status", "subject", "type"},
		}
		if t.filing {
			row.Interactions = append(row.Interactions, create)
		}
		rows = append(rows, row)
	}
	return adapters.NewCapability(rows...)
}

// probe finds the dialect by how it answers: a day sheet as an array (Open-O) or an object (OSCAR 19), an update without an id
// that is refused (CARLOS), no day sheet and an envelope at v1 (Juno). OSCAR 19 and Open-O differ in nothing else that counts
// here, so a provider who may not see the schedule does not stand in the way.
func (a *Adapter) probe(ctx context.Context) (Dialect, time.Duration, error) {
	const sure = time.Hour
	if a.conf.Dialect != "" {
		return a.conf.Dialect, sure, nil
	}
	sheet, err := a.getJSON(ctx, opCapability, "", "/ws/services/schedule/day/"+a.today().String())
	f := wire.AsFault(err)
	switch {
	case err == nil, errors.Is(err, errMissingPrivilege), f.Status == http.StatusForbidden:
		refuses, f := a.refusesEmptyUpdate(ctx)
		if f != nil {
			return "", 0, f
		}
		if refuses {
			return CARLOS, sure, nil
		}
		if err == nil && sheet.Kind() == fhir.Object && sheet.Get("patients").Exists() {
			return OSCAR19, sure, nil
		}
		return OpenO, sure, nil
	case f.Status == http.StatusNotFound:
		v, err := a.getJSON(ctx, opCapability, "", "/ws/services/v1/tickler/0")
		switch f := wire.AsFault(err); {
		case errors.Is(err, errJunoEnvelope), err == nil && v.Get("headers").Get("buildTag").Exists():
			return Juno, sure, nil
		case err != nil && f.Status != http.StatusNotFound && f.Err.Code != "emr-answer-not-fhir":
			return "", 0, f // it may answer better another time
		}
		return "", 0, &wire.Fault{Err: wrong(opCapability, "", "What answers is no OSCAR that this gateway knows. Check the address: it ends before /ws.")}
	}
	return "", 0, f
}

// refusesEmptyUpdate reports whether updateAppointment complains about a missing id or scope (CARLOS: 400, 403) instead of
// failing (others: 500). Nothing is changed either way. What is neither says nothing about the dialect, which is kept for long.
func (a *Adapter) refusesEmptyUpdate(ctx context.Context) (bool, *wire.Fault) {
	x := exchange{op: opCapability, method: http.MethodPost, path: "/ws/services/schedule/updateAppointment", body: []byte("{}")}
	_, f := a.link.send(ctx, &x) // around the breaker: a 500 is an answer here
	switch {
	case f == nil:
		return false, nil
	case f.Status == http.StatusBadRequest, f.Status == http.StatusForbidden:
		return true, nil
	case f.Status == http.StatusInternalServerError, f.Status == http.StatusNotFound, f.Status == http.StatusMethodNotAllowed:
		return false, nil
	}
	return false, f
}
