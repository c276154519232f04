package oscar

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"vestibule/adapters"
)

// lost are the members of OSCAR's rows that have no home in the resources made of them, each with the reason. Whatever is
// neither here nor translated is noted when it is met (Notes).
func lost(typ string) map[string]string {
	switch typ {
	case "Appointment":
		return map[string]string{
			"programId": "a program of OSCAR's CAISI part; no assistant's business", "style": "how the EMR's screen draws the row",
			"billing": "billing belongs to the clinician", "billingDetail": "billing belongs to the clinician",
			"importedStatus": "the status in the system that the row was imported from", "remarks": "internal remarks",
			"creator": "a name as text; the EMR's own log says who", "lastUpdateUser": "the EMR's own log says who",
			"creatorSecurityId": "an internal number", "bookingSource": "how the row came to be booked", "locationCode": "an internal number; the location's text is shown",
			"demographic": "the whole chart of the patient comes along unasked", "provider": "the whole record of the provider comes along unasked",
			"lastName": "stands in the row itself", "firstName": "stands in the row itself", "phone": "contact details come along unasked",
			"phone2": "contact details come along unasked", "email": "contact details come along unasked", "demoCell": "contact details come along unasked",
			"reminderPreference": "contact details come along unasked", "hPhoneExt": "contact details come along unasked", "wPhoneExt": "contact details come along unasked",
		}
	case "Task":
		return map[string]string{
			"programId": "a program of OSCAR's CAISI part; no assistant's business", "program": "a program of OSCAR's CAISI part; no assistant's business",
			"statusName": "the status in words", "ticklerUpdates": "the row's history; the EMR's own log has it", "categoryId": "an internal number",
		}
	case "DocumentReference":
		return map[string]string{
			"docfilename": "the name under which the EMR keeps the file", "fileName": "the name under which the EMR keeps the file",
			"docxml": "an internal form", "xml": "an internal form", "programId": "a program of OSCAR's CAISI part; no assistant's business",
			"public1": "whether every patient's chart shows it", "numberofpages": "the document itself tells", "numberOfPages": "the document itself tells",
			"ctlStatus": "an internal mark", "reviewer": "reviews are in the EMR", "reviewdatetime": "reviews are in the EMR",
			"reviews": "reviews are in the EMR", "abnormal": "an internal mark", "restrictToProgram": "an internal mark", "queue": "an internal mark",
			"reportMedia": "an internal mark", "sentDateTime": "an internal mark", "contentDateTime": "when the file was stored", "providerNo": "empty in answers",
		}
	case "Patient":
		return map[string]string{
			"dobYear": "part of the date of birth", "dobMonth": "part of the date of birth", "dobDay": "part of the date of birth",
			"address": "not needed to book", "phone": "not needed to book", "alternativePhone": "not needed to book", "cellPhone": "not needed to book",
			"email": "not needed to book", "providerNo": "the most responsible provider; not needed to book", "rosterStatus": "enrolment belongs to billing", "chartNo": "an internal number",
		}
	case "Practitioner":
		return map[string]string{
			"comments": "internal", "phone": "not needed", "workPhone": "not needed", "billingNo": "billing", "ohipNo": "billing", "email": "not needed", "dob": "private",
			"team": "internal", "providerType": "internal", "name": "stands in lastName and firstName", "specialty": "internal text",
		}
	}
	return nil
}

// Losses are the fields of OSCAR's rows of that type that its resources do not show, by the row's own names.
func (a *Adapter) Losses(typ string) []adapters.Loss {
	table := a.notes.lost[typ]
	out := make([]adapters.Loss, 0, len(table))
	for _, name := range slices.Sorted(maps.Keys(table)) {
		out = append(out, adapters.Loss{Path: name, Why: table[name]})
	}
	return out
}

// Note is something that a row held and its resource could not say as it stands, counted. It holds no patient's data.
type Note struct {
	Type  string // resource type
	Field string // of the EMR's row
	Why   string
	Count int
}

// notes counts what translation meets.
type notes struct {
	lost   map[string]map[string]string // by type
	mu     sync.Mutex
	counts map[Note]int // keyed with Count 0
}

// tables of what is lost, by type.
func allLost() map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, typ := range []string{"Appointment", "Task", "DocumentReference", "Patient", "Practitioner"} {
		out[typ] = lost(typ)
	}
	return out
}

// mostNotes bounds the list: names of members come from the EMR.
const mostNotes = 200

func (n *notes) add(typ, field, why string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := Note{Type: typ, Field: field, Why: why}
	if n.counts == nil {
		n.counts = map[Note]int{}
	}
	if _, known := n.counts[key]; known || len(n.counts) < mostNotes {
		n.counts[key]++
	}
}

func (n *notes) irregular(typ string, odd irregular) {
	switch odd {
	case ambiguous:
		n.add(typ, "startTime", "the clock shows this time twice that day; the first is meant")
	case skipped:
		n.add(typ, "startTime", "the clock skips this time that day; it is counted on from before the change")
	}
}

// unlisted notes a member that the tables do not know, where it says something.
func (n *notes) unlisted(typ, name string, says bool) {
	if !says {
		return
	}
	if _, known := n.lost[typ][name]; !known {
		n.add(typ, name, "a member that this gateway does not know")
	}
}

// Notes are what the rows translated so far held and FHIR could not say, and how often.
func (a *Adapter) Notes() []Note {
	a.notes.mu.Lock()
	defer a.notes.mu.Unlock()
	var out []Note
	for key, count := range a.notes.counts {
		key.Count = count
		out = append(out, key)
	}
	slices.SortFunc(out, func(x, y Note) int {
		return cmp.Or(cmp.Compare(x.Type, y.Type), cmp.Compare(x.Field, y.Field), cmp.Compare(x.Why, y.Why))
	})
	return out
}
