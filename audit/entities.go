package audit

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// entities are what the event is about: the transaction, the patient, the resource or the query, what left, and the
// decision. BALP slices entities by type, so exactly one of them may be a "System Object" (trap e): everything of our own
// has a type of its own.
func (e Entry) entities(shape shape, patient string) []entity {
	r := &e.Record
	var out []entity
	add := func(ok bool, en entity) {
		if ok {
			out = append(out, en)
		}
	}
	add(r.RequestID != "", entity{Type: coding{systemBasicEntity, "XrequestId", ""}, What: &reference{Identifier: &identifier{"", r.RequestID}}})
	add(r.Traceparent != "", entity{Type: coding{systemOwn, "traceparent", ""}, What: &reference{Identifier: &identifier{"", r.Traceparent}}})
	add(patient != "", entity{Type: coding{systemEntityType, "1", "Person"}, Role: &coding{systemObjectRole, "1", "Patient"}, What: &reference{Reference: patient, Identifier: &identifier{systemPatient, strings.TrimPrefix(patient, "Patient/")}}})
	if r.searches() {
		out = append(out, r.queryEntity())
		out = append(out, r.released(patient)...)
	} else {
		add(r.Resource != "", r.dataEntity())
	}
	add(r.Admin.Subject != "", entity{Type: coding{systemOwn, "subject", ""}, Name: r.Admin.Subject})
	add(r.Outcome != OutcomeSuccess && len(r.Reasons) > 0, r.outcomeEntity())
	return append(out, entity{Type: coding{systemOwn, "decision", ""}, Detail: e.details()})
}

// searches reports whether the event has a query: of a search, or of what was asked of the trail.
func (r *Record) searches() bool {
	shape := shapeOf(r.Interaction)
	return shape.profile == "Query" || r.Interaction == InteractionAuditSearch || shape.profile == "" && r.Query != ""
}

// queryEntity is the search as it was sent, and described as the gateway understood it (BALP 3:5.7.3, Query). As it was sent it is on
// record unless it is a page link, which says nothing.
func (r *Record) queryEntity() entity {
	understood := r.Type + "?" + r.Query
	en := entity{
		Type: coding{systemEntityType, "2", "System Object"}, Role: &coding{systemObjectRole, "24", "Query"},
		Query: base64.StdEncoding.EncodeToString([]byte(cmp.Or(strings.TrimPrefix(r.Raw, "/"), understood))),
	}
	if r.Query != "" || r.Raw == "" {
		en.Description = understood
	}
	return en
}

func (r *Record) dataEntity() entity {
	en := entity{
		Type: coding{systemEntityType, "2", "System Object"}, Role: &coding{systemObjectRole, "4", "Domain Resource"},
		What: &reference{Reference: r.Resource},
	}
	if place, opened := strings.CutPrefix(r.Query, "attachment="); opened {
		en.Detail = append(en.Detail, detail{"attachment", place})
	}
	for _, item := range r.Released {
		en.Detail = append(en.Detail, item.details()...)
		en.SecurityLabel = append(en.SecurityLabel, item.labels()...)
	}
	return en
}

// released are the resources a search gave out, those of other patients left out.
func (r *Record) released(patient string) []entity {
	var out []entity
	for _, item := range r.Released {
		if patient != "" && len(item.Patients) > 0 && !slices.Contains(item.Patients, patient) {
			continue
		}
		typ, _, _ := strings.Cut(item.Ref, "/")
		en := entity{Type: coding{systemResource, typ, ""}, Role: &coding{systemObjectRole, "4", "Domain Resource"}, What: &reference{Reference: item.Ref}}
		en.Detail, en.SecurityLabel = item.details(), item.labels()
		out = append(out, en)
	}
	return out
}

// details are how much of a resource left.
func (item *ReleasedItem) details() (out []detail) {
	if item.Removed > 0 {
		out = append(out, detail{"elements-removed", strconv.Itoa(item.Removed)})
	}
	if item.Documents > 0 {
		out = append(out, detail{"documents", strconv.Itoa(item.Documents)})
	}
	for _, kind := range item.Kinds {
		out = append(out, detail{"kind", kind})
	}
	return out
}

// labels are the resource's security labels.
func (item *ReleasedItem) labels() (out []coding) {
	for _, label := range item.Labels {
		system, code, _ := strings.Cut(label, "|")
		out = append(out, coding{system, code, ""})
	}
	return out
}

// outcomeEntity stands for the OperationOutcome that the caller got, by its reason codes.
func (r *Record) outcomeEntity() entity {
	en := entity{Type: coding{systemResource, "OperationOutcome", ""}}
	for _, code := range r.Reasons {
		en.Detail = append(en.Detail, detail{systemReason, code})
	}
	return en
}
