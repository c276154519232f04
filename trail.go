package vestibule

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"

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
	if req.ID == "" {
		a.record.Query = plainText(withoutSecrets(req.Search.Encode()), audit.MaxRaw) // where it is refused: as far as it goes
	}
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

// events is what was asked for: one AuditEvent, or a searchset of them.
func (a *access) events(ctx context.Context, req TrailRequest) ([]byte, error) {
	if req.ID != "" {
		a.record.Shown = 1
		return a.event(ctx, req.ID)
	}
	values, search, err := a.trailSearch(req.Search)
	if err != nil {
		return nil, err
	}
	a.record.Query = values.Encode()
	found, err := a.g.ledger.Search(ctx, a.clinic.Name, search)
	if err != nil {
		return nil, err
	}
	at := req.Base + "/AuditEvent?"
	set := fhir.Searchset{ID: a.id, Base: req.Base, Self: at + values.Encode(), Total: -1}
	if search.Total {
		if set.Total, err = a.g.ledger.Total(ctx, a.clinic.Name, search); err != nil {
			return nil, err
		}
	}
	events, next, more := found.Page(search)
	for _, event := range events {
		r, err := fhir.ParseResource(event, fhir.Limits{})
		if err != nil {
			return nil, err
		}
		set.Entries = append(set.Entries, r.Cut(fhir.AllElements(r.Type())))
	}
	a.record.Shown = len(events)
	if more {
		set.Next = at + "_cursor=" + url.QueryEscape(a.g.seal.cursor(a.binding(), cursorState{Query: values.Encode(),
			Cursor: strconv.FormatInt(next.Place(), 10), Skip: next.Skip, Page: 1, Expires: a.start.Add(cursorLife).Unix()}))
	}
	return set.AppendTo(nil), nil
}

// trailSearch reads a search, or the page link of one: that is sealed, so that it holds no patient, and works for whom it was
// made for only.
func (a *access) trailSearch(asked url.Values) (url.Values, audit.Search, error) {
	values := maps.Clone(asked)
	for _, format := range values["_format"] {
		if err := fhir.CheckFormat(format); err != nil {
			return values, audit.Search{}, err
		}
	}
	delete(values, "_format")
	if !values.Has("_cursor") {
		search, err := audit.ParseSearch(values, a.clinic.Zone)
		return values, search, err
	}
	if len(values) > 1 || len(values["_cursor"]) > 1 {
		return values, audit.Search{}, cursorRefused()
	}
	c, err := a.g.seal.openCursor(values.Get("_cursor"), a.binding(), a.start)
	if err != nil {
		return values, audit.Search{}, err
	}
	values, err1 := url.ParseQuery(c.Query)
	place, err2 := strconv.ParseInt(c.Cursor, 10, 64)
	if err1 != nil || err2 != nil {
		return values, audit.Search{}, cursorRefused()
	}
	search, err := audit.ParseSearch(values, a.clinic.Zone)
	search.Begin(place, c.Skip)
	return values, search, err
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
