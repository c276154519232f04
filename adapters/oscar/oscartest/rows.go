package oscartest

import (
	"strings"
	"time"
)

// Provider is somebody of the clinic: a row of provider and of security.
type Provider struct {
	No                  string // providerNo, at most six characters
	FirstName, LastName string
	User, Password      string // what they sign in with; without a User they cannot
	SecurityID          int    // numeric user name of SOAP; 0 is given one
	Privileges          Privileges
	Type, Team          string
	Specialty           string
	OhipNo, BillingNo   string
	PractitionerNo      string
	PractitionerNoType  string // such as CPSO
	Email, Phone        string
	Disabled            bool
	DayTemplate         string // one letter for each equal part of the day, from 00:00; "_" is not open
}

func (p Provider) name() string { return p.LastName + ", " + p.FirstName }

// Privileges are the rights to security objects: "_appointment" to "rwd" and so on. Nil is every right.
type Privileges map[string]string

func (p Privileges) allow(object string, right byte) bool {
	return object == "" || p == nil || strings.IndexByte(p[object], right) >= 0
}

// Patient is a row of demographic. Everybody in it is made up.
type Patient struct {
	No                         int
	FirstName, LastName        string
	HIN, Ver, HCType           string
	Born                       string // yyyy-MM-dd
	Sex                        string
	Address, City              string
	Province, Postal           string
	Phone, Phone2, Cell, Email string
	ProviderNo                 string // most responsible provider
	PatientStatus              string
	RosterStatus               string
	Language                   string // officialLanguage
	ChartNo                    string
}

// Appointment is a row of appointment. A row without a patient (DemographicNo 0) is a block or a note on the sheet.
type Appointment struct {
	ID             int
	ProviderNo     string
	Date           string // yyyy-MM-dd in the clinic's zone; 0001-01-01 comes out as Java's year 1
	Start, End     string // HH:mm:ss; End is inclusive, as it is stored
	Minutes        int    // for seeding: sets End when that is empty; 0 is 15
	DemographicNo  int
	Name           string // for seeding: empty is the patient's
	NullName       bool   // name, notes and reason come back as null
	ProgramID      int
	Notes, Reason  string
	Location       string
	Resources      string
	Type, Status   string
	Urgency        string
	ReasonCode     int
	Created        time.Time
	Updated        time.Time
	Creator        string // a name: "Last, First"
	LastUpdateUser string // a providerNo
}

// Tickler is a row of tickler with what hangs on it.
type Tickler struct {
	ID            int
	DemographicNo int
	Message       string
	Status        string // A, C, D
	Priority      string // High, Normal, Low
	Updated       time.Time
	Service       time.Time
	Creator       string // a providerNo
	AssignedTo    string // a providerNo
	Comments      []Comment
	Updates       []TicklerUpdate
	Links         []Link
}

// Comment is one of a tickler's comments.
type Comment struct {
	Message    string
	ProviderNo string
	Updated    time.Time
}

// TicklerUpdate is one line of a tickler's history.
type TicklerUpdate struct {
	Status, Priority, AssignedTo string
	ProviderNo                   string
	Updated                      time.Time
}

// Link ties a tickler to a document (DOC) or a laboratory report (HL7).
type Link struct {
	TableName string
	TableID   int
}

// Document is a row of document and ctl_document with the file.
type Document struct {
	No                     int
	Type, Class, SubClass  string
	Description, FileName  string
	Creator, Responsible   string // providerNos
	Source, SourceFacility string
	ProgramID              int
	Updated                time.Time
	Status                 string // A or D
	ContentType            string
	Observed               time.Time
	Reviewer               string
	Reviewed               time.Time
	Pages                  int
	AppointmentNo          int
	DemographicNo          int // 0: in the unassigned queue
	Queue                  int
	Public                 int
	Contents               []byte
	Inboxes                []string // Juno: "general" or a providerNo
}

// Lab is a laboratory report, which only attachment lists and inboxes show.
type Lab struct {
	ID            int
	DemographicNo int
	Name          string
	Received      time.Time
}
