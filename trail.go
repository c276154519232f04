package vestibule

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// TrailRequest is one look into a clinic's trail.
type TrailRequest struct {
	Request            // Clinic, Caller, Claim, Address, Base, Refused and the ids; the rest is not looked at
	ID      string     // of one AuditEvent; empty: a search
	Search  url.Values // the parameters of a search
}

// Trail answers an auditor of the clinic with AuditEvents, and nobody else. Every look is itself on record before its answer
// leaves, so the next look sees this one.
func (g *Gateway) Trail(ctx context.Context, req TrailRequest) Answer {
	req.Interaction = fhir.Interaction{Kind: audit.InteractionAuditSearch, Type: "AuditEvent", ID: req.ID}
	if req.ID != "" {
		req.Interaction.Kind = audit.InteractionAuditRead
	}
	a := g.begin(req.Request)
	a.record.Query = req.Search.Encode()
	a.record.Agent.Role = audit.RoleAuditor
	if refused, ok := a.notAnAuditor(ctx, req.Request); ok {
		return refused
	}
	document, err := a.events(ctx, req)
	if err != nil {
		return a.deny(ctx, fhir.AsError(err))
	}
	return a.succeed(ctx, http.StatusOK, nil, Answer{document: document})
}

// events is what was asked for: one AuditEvent, or a searchset of them, newest first.
func (a *access) events(ctx context.Context, req TrailRequest) ([]byte, error) {
	if req.ID != "" {
		return a.event(ctx, req.ID)
	}
	search, err := trailSearch(req.Search, a.clinic.Zone)
	if err != nil {
		return nil, err
	}
	found, err := a.g.ledger.Search(ctx, a.clinic.Name, search)
	if err != nil {
		return nil, err
	}
	at := req.Base + "/AuditEvent?"
	set := fhir.Searchset{ID: a.id, Base: req.Base, Self: at + req.Search.Encode(), Total: -1}
	for _, e := range found.Entries {
		for _, event := range e.EventsFor(search) {
			r, err := fhir.ParseResource(event, fhir.Limits{})
			if err != nil {
				return nil, err
			}
			set.Entries = append(set.Entries, r.Cut(fhir.AllElements(r.Type())))
		}
	}
	if found.Next > 0 {
		next := maps.Clone(req.Search)
		next.Set("_cursor", strconv.FormatInt(found.Next, 10))
		set.Next = at + next.Encode()
	}
	return set.AppendTo(nil), nil
}

// trailSearch reads a search. Its cursor is a place in the log: it is no secret, and no key to anything.
func trailSearch(values url.Values, zone *time.Location) (audit.Search, error) {
	values = maps.Clone(values)
	cursor := values["_cursor"]
	delete(values, "_cursor")
	if format := values.Get("_format"); format == "json" || strings.HasSuffix(format, "/json") || strings.HasSuffix(format, "+json") {
		delete(values, "_format")
	}
	search, err := audit.ParseSearch(values, zone)
	if err != nil || len(cursor) == 0 {
		return search, err
	}
	search.Before, err = strconv.ParseInt(cursor[0], 10, 64)
	if err != nil || search.Before <= 0 || len(cursor) > 1 {
		return search, fhir.E("vestibule.Trail", fhir.KindInvalid, "cursor-refused", "This is no page link of the trail.").At("_cursor")
	}
	return search, nil
}

// event is one AuditEvent by its id.
func (a *access) event(ctx context.Context, id string) ([]byte, error) {
	search, err := audit.EventSearch(id)
	if err != nil {
		return nil, err
	}
	found, err := a.g.ledger.Search(ctx, a.clinic.Name, search)
	if err != nil {
		return nil, err
	}
	for _, e := range found.Entries {
		if events := e.EventsFor(search); len(events) == 1 {
			return events[0], nil
		}
	}
	return nil, fhir.E("vestibule.Trail", fhir.KindNotFound, "not-found", "There is no AuditEvent with this id in the clinic's trail.")
}
