package replay

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/policy"
)

// Access is one access as it stands on record.
type Access struct {
	Record  audit.Record
	Request policy.Request // what was asked for, rebuilt
	Allowed bool           // it was carried out, or would have been but for the EMR
	Passed  bool           // the request as such was permitted, whatever became of it
	Blocked policy.Code    // of the limit that stood against it; empty: none
}

// Of is the access that a record tells of, and false for a record that tells of none that grants decide about: a refused
// token, an auditor's look at the trail, an intent, what was done to the gateway itself. A record that counts refusals tells of
// none in particular; the first ones of its kind have records of their own.
func Of(r audit.Record, zone *time.Location) (Access, bool) {
	if r.Phase != audit.PhaseOutcome && r.Phase != audit.PhaseDenial || r.Agent.Role == "unverified" || r.Agent.Platform == "" || !fhir.IsType(r.Type) || r.Repeats > 0 {
		return Access{}, false
	}
	req, err := RequestOf(r, zone)
	if err != nil || req.Interaction.Query.Cursor() != "" { // a page link that could not be opened does not say what it stood for
		return Access{}, false
	}
	req.Caller.Scopes = scopesOf(r)
	a := Access{Record: r, Request: req}
	a.Passed = len(r.Grants) > 0 && slices.Contains(r.Reasons, string(policy.CodeGranted))
	a.Allowed = a.Passed && r.Phase == audit.PhaseOutcome
	for _, code := range limitCodes() {
		if !a.Allowed && slices.Contains(r.Reasons, string(code)) {
			a.Blocked = code
		}
	}
	return a, true
}

// RequestOf is the request that a record is of, with the scopes of the token as far as the record holds them. The token had not
// expired, or nothing would have been decided.
func RequestOf(r audit.Record, zone *time.Location) (policy.Request, error) {
	a := r.Agent
	req := policy.Request{Clinic: r.Clinic, Now: r.Time, Caller: policy.Caller{
		Issuer: a.Issuer, Subject: a.Subject, Name: a.Name, Platform: a.Platform, ClientID: a.ClientID, TokenID: a.TokenID,
		Automated: a.Automated, Scopes: r.Scopes, Purposes: r.Purposes, Expires: r.Time.Add(time.Hour),
	}}
	if a.Address != "" {
		var err error
		if req.Caller.Address, err = netip.ParseAddr(a.Address); err != nil {
			return req, errors.New("the address on record is none")
		}
	}
	in := &req.Interaction
	in.Kind, in.Type = fhir.InteractionKind(r.Interaction), r.Type
	switch in.Kind {
	case fhir.InteractionCreate:
	case fhir.InteractionRead, fhir.InteractionUpdate:
		ref, ok := fhir.ParseRef(r.Resource)
		if !ok || ref.Type != r.Type {
			return req, errors.New("the resource on record is none of its type")
		}
		in.ID, in.Opens = ref.ID, strings.HasSuffix(r.Route, vestibule.BinaryRoute)
	case fhir.InteractionSearch:
		values, err := url.ParseQuery(r.Query)
		if err == nil {
			in.Query, err = fhir.ParseQuery(r.Type, values, zone)
		}
		if err != nil {
			return req, errors.New("the search on record cannot be read")
		}
	default:
		return req, errors.New("grants say nothing about this kind of request")
	}
	return req, nil
}

// scopesOf are the scopes of the token as far as the record holds them; the widest where it holds none, as for accesses from
// before they were put on record.
func scopesOf(r audit.Record) []string {
	switch {
	case len(r.Scopes) > 0:
		return r.Scopes
	case r.Agent.Automated:
		return []string{"user/*.cruds", "system/*.cruds"}
	}
	return []string{"user/*.cruds"}
}

// aboutScopes reports whether an access was refused for the scopes of its token, which a candidate does not change.
func (a *Access) aboutScopes() bool {
	return slices.Contains(a.Record.Reasons, string(policy.CodeScopeMissing)) || slices.Contains(a.Record.Reasons, string(policy.CodeOutsideScope))
}

// writes reports whether the access is a write.
func (a *Access) writes() bool {
	k := a.Request.Interaction.Kind
	return k == fhir.InteractionCreate || k == fhir.InteractionUpdate
}

// Refs names what the access was about, as far as the record does: what left and, for a refused read or update, what was asked
// for.
func (a *Access) Refs() []fhir.Ref {
	var out []fhir.Ref
	if a.Allowed {
		for _, item := range a.Record.Released {
			if ref, ok := fhir.ParseRef(item.Ref); ok {
				out = append(out, ref)
			}
		}
		return out
	}
	if in := a.Request.Interaction; in.ID != "" {
		out = append(out, fhir.Ref{Type: in.Type, ID: in.ID})
	}
	return out
}

func limitCodes() []policy.Code {
	return []policy.Code{policy.CodeTooManyRequests, policy.CodeTooManyPatients, policy.CodeTooManyDocuments, policy.CodeTooManyPages}
}
