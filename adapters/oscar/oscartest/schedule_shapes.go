package oscartest

import (
	"cmp"
	"encoding/json"
	"slices"
)

// scheduling is the envelope of the schedule's calls that return rows or tables.
type scheduling struct {
	Appointment  *appointmentRow  `json:"appointment"`
	Statuses     []Status         `json:"statuses"`
	Types        []Type           `json:"types"`
	Reasons      []Reason         `json:"reasons"`
	Appointments []appointmentRow `json:"appointments"`
}

// appointmentRow is AppointmentTo1.
type appointmentRow struct {
	ID                int             `json:"id"`
	ProviderNo        string          `json:"providerNo"`
	AppointmentDate   int64           `json:"appointmentDate"`
	StartTime         json.RawMessage `json:"startTime"`
	EndTime           json.RawMessage `json:"endTime"`
	Name              *string         `json:"name"`
	DemographicNo     int             `json:"demographicNo"`
	ProgramID         int             `json:"programId"`
	Notes             *string         `json:"notes"`
	Reason            *string         `json:"reason"`
	Location          string          `json:"location"`
	Resources         string          `json:"resources"`
	Type              string          `json:"type"`
	Style             *string         `json:"style"`
	Billing           *string         `json:"billing"`
	Status            string          `json:"status"`
	ImportedStatus    *string         `json:"importedStatus"`
	CreateDateTime    *int64          `json:"createDateTime"`
	UpdateDateTime    *int64          `json:"updateDateTime"`
	Creator           string          `json:"creator"`
	LastUpdateUser    string          `json:"lastUpdateUser"`
	Remarks           *string         `json:"remarks"`
	Urgency           string          `json:"urgency"`
	CreatorSecurityID *int            `json:"creatorSecurityId"`
	BookingSource     *string         `json:"bookingSource"`
	ReasonCode        int             `json:"reasonCode"`
	Demographic       *patientEntity  `json:"demographic"`
	Provider          *providerEntity `json:"provider"`
	BillingDetail     *string         `json:"billingDetail"`
}

// patientEntity is a patient as the whole entity comes out; the real one has more members still.
type patientEntity struct {
	DemographicNo int     `json:"demographicNo"`
	FirstName     string  `json:"firstName"`
	LastName      string  `json:"lastName"`
	HIN           string  `json:"hin"`
	Ver           string  `json:"ver"`
	HCType        string  `json:"hcType"`
	Phone         string  `json:"phone"`
	Phone2        string  `json:"phone2"`
	Email         string  `json:"email"`
	Address       string  `json:"address"`
	City          string  `json:"city"`
	Province      string  `json:"province"`
	Postal        string  `json:"postal"`
	DateOfBirth   string  `json:"dateOfBirth"`
	MonthOfBirth  string  `json:"monthOfBirth"`
	YearOfBirth   string  `json:"yearOfBirth"`
	Sex           string  `json:"sex"`
	ChartNo       string  `json:"chartNo"`
	ProviderNo    string  `json:"providerNo"`
	Alias         *string `json:"alias"`
}

// providerEntity is a provider as the whole entity comes out.
type providerEntity struct {
	ProviderNo string  `json:"providerNo"`
	LastName   string  `json:"lastName"`
	FirstName  string  `json:"firstName"`
	Phone      string  `json:"phone"`
	Email      string  `json:"email"`
	OhipNo     string  `json:"ohipNo"`
	BillingNo  string  `json:"billingNo"`
	Comments   *string `json:"comments"`
}

// canary is the text that must not leave the EMR, with the name of the field it stands in; nil when it is off.
func (s *Server) canary(field string) *string {
	if s.switches.Canary == "" {
		return nil
	}
	text := s.switches.Canary + "-" + field
	return &text
}

// covered is the canary, or the field's own text when it is off.
func (s *Server) covered(field, text string) string {
	if c := s.canary(field); c != nil {
		return *c
	}
	return text
}

// row is an appointment as it is read back from the table.
func (s *Server) row(a Appointment) appointmentRow {
	return appointmentRow{
		ID: a.ID, ProviderNo: a.ProviderNo, AppointmentDate: s.dayMillis(a.Date), StartTime: s.clock(a.Date, a.Start), EndTime: s.clock(a.Date, a.End),
		Name: orNull(a.Name, a.NullName), DemographicNo: a.DemographicNo, ProgramID: a.ProgramID,
		Notes: orNull(a.Notes, a.NullName), Reason: orNull(a.Reason, a.NullName),
		Location: a.Location, Resources: a.Resources, Type: a.Type, Status: a.Status, Urgency: a.Urgency, ReasonCode: a.ReasonCode,
		CreateDateTime: s.millis(a.Created), UpdateDateTime: s.millis(a.Updated), Creator: a.Creator, LastUpdateUser: a.LastUpdateUser,
		Billing: s.canary("billing"), Remarks: s.canary("remarks"), ImportedStatus: s.canary("importedStatus"), BookingSource: s.canary("bookingSource"),
	}
}

func orNull(text string, null bool) *string {
	if null {
		return nil
	}
	return &text
}

// fresh is an appointment as add echoes it: the date and both times are the parsed moments (Open-O:
// webserv/rest/conversion/NewAppointmentConverter.java).
func (s *Server) fresh(a Appointment) appointmentRow {
	r := s.row(a)
	start, end := s.moment(a.Date, a.Start), s.moment(a.Date, a.End)
	r.AppointmentDate = start.UnixMilli()
	r.StartTime, r.EndTime = epoch(start), epoch(end)
	return r
}

// whole is a row with the patient and provider that getAppointment puts in.
func (s *Server) whole(a Appointment) appointmentRow {
	r := s.row(a)
	if p, ok := s.data.Patients[a.DemographicNo]; ok {
		r.Demographic = s.patientEntity(p)
	}
	if p, ok := s.data.Providers[a.ProviderNo]; ok {
		r.Provider = &providerEntity{ProviderNo: p.No, LastName: p.LastName, FirstName: p.FirstName,
			Phone: s.covered("provider.phone", p.Phone), Email: s.covered("provider.email", p.Email),
			OhipNo: s.covered("provider.ohipNo", p.OhipNo), BillingNo: s.covered("provider.billingNo", p.BillingNo), Comments: s.canary("provider.comments")}
	}
	return r
}

func (s *Server) patientEntity(p Patient) *patientEntity {
	y, m, d := born(p.Born)
	return &patientEntity{
		DemographicNo: p.No, FirstName: s.covered("demographic.firstName", p.FirstName), LastName: s.covered("demographic.lastName", p.LastName),
		HIN: s.covered("demographic.hin", p.HIN), Ver: s.covered("demographic.ver", p.Ver), HCType: p.HCType,
		Phone: s.covered("demographic.phone", p.Phone), Phone2: s.covered("demographic.phone2", p.Phone2), Email: s.covered("demographic.email", p.Email),
		Address: s.covered("demographic.address", p.Address), City: s.covered("demographic.city", p.City), Province: p.Province,
		Postal: s.covered("demographic.postal", p.Postal), DateOfBirth: d, MonthOfBirth: m, YearOfBirth: y, Sex: p.Sex,
		ChartNo: s.covered("demographic.chartNo", p.ChartNo), ProviderNo: p.ProviderNo, Alias: s.canary("demographic.alias"),
	}
}

// born takes a date of birth apart, as the three columns hold it.
func born(date string) (year, month, day string) {
	if len(date) != len("2006-01-02") {
		return "", "", ""
	}
	return date[:4], date[5:7], date[8:]
}

// byTime sorts rows as the schedule shows them.
func byTime(rows []Appointment) []Appointment {
	slices.SortFunc(rows, func(a, b Appointment) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
	return rows
}

// pick lists the appointments that fit, in the order of the schedule.
func (s *Server) pick(fits func(Appointment) bool) []Appointment {
	var out []Appointment
	for _, a := range s.data.Appointments {
		if fits(a) {
			out = append(out, a)
		}
	}
	return byTime(out)
}
