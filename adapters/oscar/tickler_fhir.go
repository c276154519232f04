package oscar

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// PriorityExtension is the address of the extension that holds a tickler's priority where FHIR's routine does not say it.
const PriorityExtension = "urn:vestibule:oscar:tickler-priority"

// mostMessage is how much of a tickler's text a caller may write, in characters: the column has 65,535 bytes.
const mostMessage = 16000

// taskResource is a tickler as FHIR.
func (a *Adapter) taskResource(op string, row tickler) (fhir.Resource, error) {
	description, operation := unmarked(row.message)
	w := writer{b: make([]byte, 0, 1024)}
	w.open("", '{')
	w.text("resourceType", typTask)
	w.text("id", strconv.FormatInt(row.id, 10))
	w.open("meta", '{')
	w.text("versionId", row.version())
	w.instant("lastUpdated", row.updated, a.conf.Zone)
	w.close('}')
	if row.priority != "" && row.priority != "High" && row.priority != "Normal" {
		w.open("extension", '[')
		w.open("", '{')
		w.text("url", PriorityExtension)
		w.text("valueString", row.priority)
		w.close('}')
		w.close(']')
	}
	a.identifiers(&w, "tickler", row.id, operation)
	w.text("status", a.taskStatus(row))
	w.text("intent", "order")
	if row.priority == "High" {
		w.text("priority", "urgent")
	} else {
		w.text("priority", "routine")
	}
	w.concept("code", "", "", a.conf.Settings.TaskCode)
	w.text("description", description)
	w.reference("for", "Patient", positiveID(row.patient), row.patientName)
	w.instant("lastModified", row.updated, a.conf.Zone)
	w.reference("requester", "Practitioner", idOrNone(row.creator), row.creatorName)
	w.reference("owner", "Practitioner", idOrNone(row.owner), row.ownerName)
	a.taskNotes(&w, row)
	if !row.service.IsZero() {
		w.open("restriction", '{')
		w.open("period", '{')
		w.instant("end", row.service, a.conf.Zone)
		w.close('}')
		w.close('}')
	}
	a.taskInput(&w, row)
	w.close('}')
	return resource(op, typTask, w.b)
}

func idOrNone(id string) string {
	if !fhir.ValidID(id) {
		return ""
	}
	return id
}

func (a *Adapter) taskNotes(w *writer, row tickler) {
	if len(row.comments) == 0 {
		return
	}
	w.open("note", '[')
	for _, c := range row.comments {
		w.open("", '{')
		w.reference("authorReference", "Practitioner", idOrNone(c.provider), c.name)
		w.instant("time", c.at, a.conf.Zone)
		w.text("text", c.text)
		w.close('}')
	}
	w.close(']')
}

// taskInput writes what the tickler points at, by the types that OSCAR's tables are.
func (a *Adapter) taskInput(w *writer, row tickler) {
	types := map[string]string{"DOC": "DocumentReference", "HL7": "DiagnosticReport"}
	first := true
	for _, l := range row.links {
		typ, known := types[l.table]
		if !known || l.id <= 0 {
			a.notes.add(typTask, "ticklerLinks", "a link to something that has no resource here")
			continue
		}
		if first {
			w.open("input", '[')
			first = false
		}
		w.open("", '{')
		w.concept("type", a.system("tickler-link"), l.table, "")
		w.reference("valueReference", typ, strconv.FormatInt(l.id, 10), "")
		w.close('}')
	}
	if !first {
		w.close(']')
	}
}

// wanted is the tickler that a caller's Task asks for; base is the one that it replaces, zero for a create. Comments that are
// new are returned apart: OSCAR adds them.
func (a *Adapter) wanted(r fhir.Resource, base tickler, operation string) (row tickler, added []remark, err error) {
	v := r.Value()
	row = base
	if err := a.wantTaskStatus(v, &row); err != nil {
		return row, nil, err
	}
	if base.id != 0 {
		_, operation = unmarked(base.message)
	}
	description := v.Get("description").Text()
	was, _ := unmarked(base.message)
	if err := changed(description, was, mostMessage, "description"); err != nil {
		return row, nil, err
	}
	if base.id == 0 || was != description {
		row.message = marked(description, operation)
	}
	patient, okPatient := referredTo(v.Get("for"), "Patient")
	owner, okOwner := referredTo(v.Get("owner"), "Practitioner")
	n, okNumber := rowID(patient)
	unowned := base.id != 0 && idOrNone(base.owner) == "" && !v.Get("owner").Exists() // "All Providers", and it stays so
	if unowned {
		owner = base.owner
	}
	switch {
	case description == "" && (base.id == 0 || was != ""):
		return row, nil, refused("A tickler needs a text.").At("description")
	case !okPatient || !okNumber:
		return row, nil, refused("A tickler is about one patient of this EMR.").At("for")
	case base.id != 0 && base.patient != n:
		return row, nil, refused("A tickler stays its patient's.").At("for")
	case !unowned && (!okOwner || len(owner) > mostProvider):
		return row, nil, refused("A tickler is somebody's: owner is a practitioner of this EMR.").At("owner")
	}
	row.patient = n
	if row.owner != owner {
		row.owner, row.ownerName = owner, ""
	}
	if err := a.wantDue(v, &row); err != nil {
		return row, nil, err
	}
	added, err = newRemarks(v, base)
	return row, added, err
}

func referredTo(v fhir.Value, typ string) (string, bool) {
	ref, ok := fhir.ParseRef(v.Get("reference").Text())
	return ref.ID, ok && ref.Type == typ
}

func (a *Adapter) wantTaskStatus(v fhir.Value, row *tickler) error {
	want := v.Get("status").Text()
	if row.id == 0 || a.taskStatus(*row) != want {
		code := map[string]string{"requested": "A", "completed": "C", a.conf.Settings.DeletedAs: "D"}[want]
		if want == "in-progress" && a.conf.Settings.InProgress && len(v.Get("note").Raw()) > 0 {
			code = "A"
		}
		if code == "" {
			return refused("A tickler is requested, completed or " + a.conf.Settings.DeletedAs + "; this EMR has no state for this status.").At("status")
		}
		row.status = code
	}
	switch want := v.Get("priority").Text(); {
	case want == "urgent":
		row.priority = "High"
	case (want == "routine" || want == "") && (row.priority == "High" || row.priority == ""):
		row.priority = "Normal"
	}
	return nil
}

// wantDue sets the day by which it is to be done; without one it is due now.
func (a *Adapter) wantDue(v fhir.Value, row *tickler) error {
	end := v.Get("restriction").Get("period").Get("end")
	if !end.Exists() {
		if row.service.IsZero() {
			row.service = a.conf.Now().Truncate(time.Minute)
		}
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, end.Text())
	if err != nil || t.Nanosecond() != 0 || t.Year() < earliest {
		return refused("An instant with its zone is wanted here, such as 2026-12-01T17:00:00-05:00.").At("restriction.period.end")
	}
	if t.Equal(row.service.Truncate(time.Second)) { // as it was shown
		return nil
	}
	if back, _ := at(dayOf(t.In(a.conf.Zone)), clockOf(t.In(a.conf.Zone)), a.conf.Zone); !back.Equal(t) {
		return refused("The clinic's clock shows this time twice that day, and its EMR can only keep the first. Choose another time.").At("restriction.period.end")
	}
	row.service = t
	return nil
}

// newRemarks are the notes behind those that the tickler has already.
func newRemarks(v fhir.Value, base tickler) ([]remark, error) {
	var added []remark
	i := 0
	for n := range v.Get("note").Items() {
		text := n.Get("text").Text()
		if i++; i <= len(base.comments) {
			if base.comments[i-1].text != text {
				return nil, refused("Notes of a tickler stay as they are; add new ones behind them.").At("note")
			}
			continue
		}
		for name := range n.Members() {
			if name != "text" {
				return nil, refused("Who wrote a note and when is the EMR's to say: a new note has its text alone.").At("note." + name)
			}
		}
		if text == "" {
			return nil, refused("A note has a text.").At("note.text")
		}
		if err := fits(text, mostMessage, "note.text"); err != nil {
			return nil, err
		}
		added = append(added, remark{text: text})
	}
	if i < len(base.comments) {
		return nil, refused("Notes of a tickler cannot be removed.").At("note")
	}
	return added, nil
}

// myself is the number of the provider who consented: the creator of whatever the gateway makes. Juno tells only who signs in
// by SOAP.
func (a *Adapter) myself(ctx context.Context, op string) (string, error) {
	if t, _, err := a.can(ctx); err == nil && !t.schedule && a.soap != nil {
		found, err := a.soap.call(ctx, soapCall{op: op, service: "ProviderService", method: "getLoggedInProviderTransfer", again: true})
		switch {
		case err == nil && len(found) > 0:
			return found[0].get("providerNo"), nil
		case wire.AsFault(err).Status == 0 && err != nil:
			return "", readFault(err, op)
		}
	}
	v, err := a.getJSON(ctx, op, "", "/ws/services/oauth/info")
	if err != nil {
		if f, ok := errors.AsType[*wire.Fault](err); !ok || f.Status != http.StatusNotFound {
			return "", readFault(err, op)
		}
		if v, err = a.getJSON(ctx, op, "", "/ws/services/status/checkIfAuthed"); err != nil {
			return "", readFault(err, op)
		}
	}
	for _, name := range []string{"login", "message"} {
		if no := strings.TrimSpace(plainText(v.Get(name))); no != "" && len(no) <= mostProvider {
			return no, nil
		}
	}
	return "", wrong(op, "", "The EMR does not say in whose name the gateway acts.")
}
