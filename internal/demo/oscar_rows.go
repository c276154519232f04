package demo

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters/oscar/oscartest"
)

// The people of a clinic's OSCAR who are not practitioners of the world.
const (
	oscarFrontDesk = "201" // to whom ticklers for the front desk go: OSCAR gives them to persons only
	oscarGateway   = "301" // in whose name the gateway works; the EMR's own log shows it
)

// OSCARRows are the clinic's part of the world in the tables of an OSCAR. OSCAR has less to say than FHIR: it has no
// security labels, no organizations that own tasks, no state "pending" and no id but numbers.
type OSCARRows struct {
	Codes        oscartest.Codes
	Providers    []oscartest.Provider
	Patients     []oscartest.Patient
	Appointments []oscartest.Appointment // with blocks, which have no patient
	Ticklers     []oscartest.Tickler
	Documents    []oscartest.Document // without those labelled R, as OSCAR could not say so
	Labs         []oscartest.Lab
}

// OSCARPractitioner is the one whose appointments the assistant may book, as a clinic on OSCAR numbers them.
func OSCARPractitioner() string { return "Practitioner/101" }

// OSCARFrontDesk is who owns the front desk's tasks in a clinic on OSCAR.
func OSCARFrontDesk() string { return "Practitioner/" + oscarFrontDesk }

// OSCARAssistants is who owns a task that an assistant took: OSCAR knows the gateway's provider, not each assistant.
func OSCARAssistants() string { return "Practitioner/" + oscarGateway }

// OSCARWorld is World(name, now) as an OSCAR has it: the same people on the same days. An unknown clinic has no rows.
func OSCARWorld(name string, now time.Time) OSCARRows {
	w, ok := newWorld(name, now)
	if !ok {
		return OSCARRows{}
	}
	o := oscarWorld{world: w, numbers: map[string]string{FrontDesk: oscarFrontDesk}}
	o.rows.Codes.Statuses = append(oscartest.SeedStatuses(), oscartest.Status{ID: 14, Status: "h", Description: w.words("Confirmed", "Confirmé"), Color: "#FDFEC7", Icon: "todo.gif", Active: 1, Editable: 1})
	o.staff()
	for _, b := range World(name, now) {
		o.take(b)
	}
	o.blocks()
	return o.rows
}

type oscarWorld struct {
	*world
	numbers map[string]string // reference to number
	rows    OSCARRows
}

func (o *oscarWorld) staff() {
	day := strings.Repeat("_", 36) + strings.Repeat("1", 12) + "LLLL" + strings.Repeat("1", 14) + strings.Repeat("_", 30)
	for i, p := range o.practitioners {
		no := strconv.Itoa(101 + i)
		o.numbers["Practitioner/"+p.id] = no
		o.rows.Providers = append(o.rows.Providers, oscartest.Provider{No: no, FirstName: p.given, LastName: p.family, Type: "doctor", Specialty: p.role, DayTemplate: day,
			PractitionerNo: fmt.Sprintf("00%04d", 100+i), OhipNo: fmt.Sprintf("00%04d", 900+i), Phone: fmt.Sprintf("%s-555-%04d", o.area, 100+i)})
	}
	o.rows.Providers = append(o.rows.Providers,
		oscartest.Provider{No: oscarFrontDesk, FirstName: "1", LastName: o.words("Front desk", "Réception"), Type: "receptionist"},
		oscartest.Provider{No: oscarGateway, FirstName: "gateway", LastName: "Vestibule", Type: "receptionist",
			Privileges: oscartest.Privileges{"_appointment": "rw", "_tickler": "rwu", "_edoc": "rw", "_demographic": "r"}})
}

// take translates one resource, of the four types that OSCAR has.
func (o *oscarWorld) take(b []byte) {
	switch r := reread[typed](b); r.ResourceType {
	case "Patient":
		o.patientRow(reread[person](b))
	case "Appointment":
		o.appointmentRow(reread[appointment](b))
	case "Task":
		o.tickler(reread[task](b))
	case "DocumentReference":
		o.paper(reread[documentReference](b))
	}
}

// typed is any resource.
type typed struct {
	ResourceType string `json:"resourceType"`
}

// reread is a resource of the world as its shape again.
func reread[T shape | typed](b []byte) (r T) {
	if err := json.Unmarshal(b, &r); err != nil {
		panic(err) // the world wrote it
	}
	return r
}

// tail is the number at the end of an id: 1001 of "appt-1001".
func tail(id string) int {
	n, _ := strconv.Atoi(id[strings.LastIndexByte(id, '-')+1:])
	return n
}

// OSCAR keeps names in upper case.
func (o *oscarWorld) patientRow(r person) {
	no, name, home := tail(r.ID), r.Name[0], r.Address[0]
	o.numbers["Patient/"+r.ID] = strconv.Itoa(no)
	p := oscartest.Patient{No: no, FirstName: strings.ToUpper(name.Given[0]), LastName: strings.ToUpper(name.Family), HIN: r.Identifier[0].Value, HCType: o.province,
		Born: r.BirthDate, Sex: strings.ToUpper(r.Gender[:1]), Address: home.Line[0], City: home.City, Province: home.State, Postal: home.PostalCode,
		ProviderNo: o.rows.Providers[no%len(o.practitioners)].No, RosterStatus: "RO", Language: o.words("English", "French"), ChartNo: fmt.Sprint("C", no)}
	for _, t := range r.Telecom {
		if t.System == "email" {
			p.Email = t.Value
			continue
		}
		p.Cell = strings.ReplaceAll(strings.TrimPrefix(t.Value, "+1 "), " ", "-")
	}
	o.rows.Patients = append(o.rows.Patients, p)
}

func (o *oscarWorld) number(ref string) int {
	n, _ := strconv.Atoi(o.numbers[ref])
	return n
}

func (o *oscarWorld) appointmentRow(r appointment) {
	start, err := time.Parse(time.RFC3339, r.Start)
	if err != nil {
		return
	}
	start = start.In(o.now.Location())
	no := tail(r.ID)
	a := oscartest.Appointment{ID: no, ProviderNo: o.numbers[r.Participant[1].Actor.Reference], DemographicNo: o.number(r.Participant[0].Actor.Reference),
		Date: start.Format(time.DateOnly), Start: start.Format("15:04:05"), Minutes: r.MinutesDuration, Status: oscarStatus(r.Status, no),
		Reason: r.Description, ReasonCode: 17, Notes: r.Comment, Type: r.AppointmentType.Coding[0].Display, Location: o.words("Room 1", "Salle 1"),
		Creator: o.words("Front desk, 1", "Réception, 1"), LastUpdateUser: oscarFrontDesk}
	a.Created, _ = time.Parse(time.RFC3339, r.Created)
	a.Updated, _ = time.Parse(instantStamp, r.Meta.LastUpdated)
	o.rows.Appointments = append(o.rows.Appointments, a)
}

// oscarStatus is a state in OSCAR's letters; what is done is billed, and every second time signed too.
func oscarStatus(status string, no int) string {
	switch status {
	case "cancelled":
		return "C"
	case "noshow":
		return "N"
	case "fulfilled":
		return []string{"B", "BS"}[no%2]
	case "pending":
		return "t"
	}
	return []string{"t", "h"}[no%2]
}

// blocks keep an hour at the end of each working day for charts.
func (o *oscarWorld) blocks() {
	no := 90001
	for day := firstDay; day <= lastDay; day++ {
		at := o.at(day, 17, 0)
		if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
			continue
		}
		for i := range o.practitioners {
			o.rows.Appointments = append(o.rows.Appointments, oscartest.Appointment{ID: no, ProviderNo: strconv.Itoa(101 + i), Date: at.Format(time.DateOnly), Start: "17:00", Minutes: 60,
				Name: o.words(".CHARTS", ".DOSSIERS"), Created: o.at(-10, 8, 0), LastUpdateUser: oscarFrontDesk})
			no++
		}
	}
}

func (o *oscarWorld) tickler(r task) {
	t := oscartest.Tickler{ID: tail(r.ID), DemographicNo: o.number(r.For.Reference), Message: r.Description, Status: "A", Priority: "Normal",
		Creator: o.numbers[r.Requester.Reference], AssignedTo: o.numbers[r.Owner.Reference]}
	t.Updated, _ = time.Parse(time.RFC3339, r.LastModified)
	if r.Restriction != nil {
		t.Service, _ = time.Parse(time.RFC3339, r.Restriction.Period.End)
	}
	if r.Status == "completed" {
		t.Status = "C"
	}
	if r.Priority == "urgent" || r.Priority == "asap" {
		t.Priority = "High"
	}
	for _, n := range r.Note {
		at, _ := time.Parse(time.RFC3339, n.Time)
		t.Comments = append(t.Comments, oscartest.Comment{Message: n.Text, ProviderNo: oscarFrontDesk, Updated: at})
	}
	o.rows.Ticklers = append(o.rows.Ticklers, t)
}

// paper files a document. The world's category becomes OSCAR's type and class.
func (o *oscarWorld) paper(r documentReference) {
	if len(r.SecurityLabel) > 0 {
		return
	}
	category, file := r.Category[0].Coding[0].Code, r.Content[0].Attachment
	written, _ := time.Parse(instantStamp, r.Date)
	ending := "txt"
	if strings.HasPrefix(file.ContentType, "application/pdf") {
		ending = "pdf"
	}
	o.rows.Documents = append(o.rows.Documents, oscartest.Document{No: tail(r.ID), Type: category, Class: category, Description: file.Title, FileName: r.ID + "." + ending,
		Creator: o.numbers[r.Author[0].Reference], Responsible: o.numbers[r.Author[0].Reference], Source: o.title, Updated: written, Observed: written,
		ContentType: file.ContentType, Pages: 1, AppointmentNo: -1, DemographicNo: o.number(r.Subject.Reference), Contents: file.Data})
	if category == "lab" {
		o.rows.Labs = append(o.rows.Labs, oscartest.Lab{ID: 7000 + tail(r.ID), DemographicNo: o.number(r.Subject.Reference), Name: file.Title, Received: written})
	}
}
