package oscartest

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// papers lists the documents that fit, by number.
func (s *Server) papers(fits func(Document) bool) []Document {
	var out []Document
	for _, no := range slices.Sorted(maps.Keys(s.data.Documents)) {
		if d := s.data.Documents[no]; fits(d) {
			out = append(out, d)
		}
	}
	return out
}

// demographic is DemographicTo1.
type demographic struct {
	DemographicNo    int     `json:"demographicNo"`
	FirstName        string  `json:"firstName"`
	LastName         string  `json:"lastName"`
	HIN              string  `json:"hin"`
	Ver              string  `json:"ver"`
	HCType           string  `json:"hcType"`
	DateOfBirth      *int64  `json:"dateOfBirth"`
	DobYear          string  `json:"dobYear"`
	DobMonth         string  `json:"dobMonth"`
	DobDay           string  `json:"dobDay"`
	Sex              string  `json:"sex"`
	Address          address `json:"address"`
	Phone            string  `json:"phone"`
	AlternativePhone string  `json:"alternativePhone"`
	CellPhone        string  `json:"cellPhone,omitempty"`
	Email            string  `json:"email"`
	ProviderNo       string  `json:"providerNo"`
	PatientStatus    string  `json:"patientStatus"`
	RosterStatus     string  `json:"rosterStatus"`
	OfficialLanguage string  `json:"officialLanguage"`
	ChartNo          string  `json:"chartNo"`
}

type address struct {
	Province string `json:"province"`
	Postal   string `json:"postal"`
	City     string `json:"city"`
	Address  string `json:"address"`
}

func (s *Server) demographic(p Patient) demographic {
	y, m, d := born(p.Born)
	out := demographic{
		DemographicNo: p.No, FirstName: p.FirstName, LastName: p.LastName, HIN: s.covered("hin", p.HIN), Ver: s.covered("ver", p.Ver), HCType: p.HCType,
		DobYear: y, DobMonth: m, DobDay: d, Sex: p.Sex, Address: address{p.Province, s.covered("postal", p.Postal), s.covered("city", p.City), s.covered("address", p.Address)},
		Phone: s.covered("phone", p.Phone), AlternativePhone: s.covered("alternativePhone", p.Phone2), Email: s.covered("email", p.Email), ProviderNo: p.ProviderNo,
		PatientStatus: p.PatientStatus, RosterStatus: p.RosterStatus, OfficialLanguage: p.Language, ChartNo: s.covered("chartNo", p.ChartNo),
	}
	if t := s.moment(p.Born, "00:00:00"); !t.IsZero() {
		out.DateOfBirth = s.millis(t)
	}
	return out
}

// chart is the patient of the path; an unknown one is taken to be an exception (unverified).
func (c *call) chart() (Patient, bool) {
	no, ok := numbered(c.params["demographic"])
	p, known := c.data.Patients[no]
	return p, ok && known
}

func (c *call) basicDemographic() answer {
	p, ok := c.chart()
	if !ok {
		return c.crash()
	}
	return c.give(c.demographic(p))
}

// wholeDemographic is what basic gives and the cell phone; the real one has much more.
func (c *call) wholeDemographic() answer {
	p, ok := c.chart()
	if !ok {
		return c.crash()
	}
	d := c.demographic(p)
	d.CellPhone = c.covered("cellPhone", p.Cell)
	return c.give(d)
}

// quickSearch finds by "Last,First", "addr:" or "chartNo:", ten at most.
func (c *call) quickSearch() answer {
	query := strings.ToLower(c.get("query"))
	all := c.charts(func(p Patient) bool {
		if rest, ok := strings.CutPrefix(query, "addr:"); ok {
			return strings.Contains(strings.ToLower(p.Address), rest)
		}
		if rest, ok := strings.CutPrefix(query, "chartno:"); ok {
			return strings.EqualFold(p.ChartNo, rest)
		}
		return named(p, query)
	})
	return c.chartPage(all, 0, 10)
}

// named compares the beginnings of the last name and, after a comma, of the first.
func named(p Patient, query string) bool {
	last, first, _ := strings.Cut(query, ",")
	return strings.HasPrefix(strings.ToLower(p.LastName), strings.TrimSpace(last)) && strings.HasPrefix(strings.ToLower(p.FirstName), strings.TrimSpace(first))
}

// searchDemographics is the search by body; the members of that body are unverified.
func (c *call) searchDemographics() answer {
	var ask struct{ Type, Term string }
	start, ok1 := numbered(c.get("startIndex"))
	count, ok2 := numbered(c.get("itemsToReturn"))
	if !ok1 || !ok2 || !c.read(&ask) {
		return c.crash()
	}
	term := strings.ToLower(ask.Term)
	return c.chartPage(c.charts(func(p Patient) bool {
		switch ask.Type {
		case "HIN":
			return p.HIN == ask.Term
		case "DemographicNo":
			return itoa(p.No) == ask.Term
		}
		return named(p, term)
	}), start, count)
}

func (s *Server) charts(fits func(Patient) bool) []Patient {
	var out []Patient
	for _, p := range s.data.Patients {
		if fits(p) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Patient) int { return cmp.Or(cmp.Compare(a.LastName, b.LastName), cmp.Compare(a.No, b.No)) })
	return out
}

func (c *call) chartPage(all []Patient, start, count int) answer {
	rows := []demographic{}
	for _, p := range all[min(max(start, 0), len(all)):min(max(start+count, 0), len(all))] {
		rows = append(rows, c.demographic(p))
	}
	return c.give(found[demographic]{Offset: start, Limit: count, Total: len(all), Timestamp: c.at.UnixMilli(), Content: rows})
}

// providerTo1 is a line of providers_json. A date of birth is never there: year 1 says so.
type providerTo1 struct {
	ProviderNo         string `json:"providerNo"`
	LastName           string `json:"lastName"`
	FirstName          string `json:"firstName"`
	Name               string `json:"name"`
	Comments           string `json:"comments"`
	Phone              string `json:"phone"`
	BillingNo          string `json:"billingNo"`
	WorkPhone          string `json:"workPhone"`
	Team               string `json:"team"`
	Enabled            bool   `json:"enabled"`
	ProviderType       string `json:"providerType"`
	OhipNo             string `json:"ohipNo"`
	Specialty          string `json:"specialty"`
	PractitionerNo     string `json:"practitionerNo"`
	PractitionerNoType string `json:"practitionerNoType"`
	Email              string `json:"email"`
	Dob                int64  `json:"dob"`
}

func (s *Server) providerTo1(p Provider) providerTo1 {
	return providerTo1{
		ProviderNo: p.No, LastName: p.LastName, FirstName: p.FirstName, Name: p.name(), Comments: s.covered("provider.comments", ""),
		Phone: s.covered("provider.phone", p.Phone), BillingNo: s.covered("provider.billingNo", p.BillingNo), WorkPhone: s.covered("provider.workPhone", ""), Team: p.Team, Enabled: !p.Disabled,
		ProviderType: p.Type, OhipNo: s.covered("provider.ohipNo", p.OhipNo), Specialty: p.Specialty, PractitionerNo: p.PractitionerNo, PractitionerNoType: p.PractitionerNoType,
		Email: s.covered("provider.email", p.Email), Dob: s.yearOne(),
	}
}

func (c *call) providers() answer {
	var rows []providerTo1
	for _, no := range slices.Sorted(maps.Keys(c.data.Providers)) {
		rows = append(rows, c.providerTo1(c.data.Providers[no]))
	}
	return c.give(struct { // the envelope of searches without its last member
		Offset    int           `json:"offset"`
		Limit     int           `json:"limit"`
		Total     int           `json:"total"`
		Timestamp int64         `json:"timestamp"`
		Content   []providerTo1 `json:"content"`
	}{Total: len(rows), Timestamp: c.at.UnixMilli(), Content: rows})
}

func (c *call) myself() answer { return c.give(c.providerTo1(c.provider)) }

// inboxRow is a line of the inbox. The health number is a number, and the date comes in two shapes.
type inboxRow struct {
	DateReceived    string      `json:"dateReceived"`
	DemographicName string      `json:"demographicName"`
	DemographicNo   int         `json:"demographicNo"`
	Discipline      string      `json:"discipline"`
	HIN             json.Number `json:"hin"`
	ID              int         `json:"id"`
	Priority        string      `json:"priority"`
	Status          string      `json:"status"`
}

// inboxBody is the odd wrapper around them.
type inboxBody struct {
	InboxResponse inboxList `json:"inboxResponse"`
}

type inboxList struct {
	Inbox     []inboxRow `json:"inbox"`
	Limit     int        `json:"limit"`
	Offset    int        `json:"offset"`
	Timestamp string     `json:"timestamp"`
	Total     int        `json:"total"`
}

// inbox is what waits for the token's provider: documents of their patients and laboratory reports.
func (c *call) inbox() answer {
	limit, ok := numbered(c.get("limit"))
	if !ok {
		limit = 20
	}
	rows := []inboxRow{}
	for _, d := range c.papers(func(d Document) bool { return d.DemographicNo > 0 && d.Status != "D" && d.Responsible == c.provider.No }) {
		day := d.Updated.In(c.cfg.Zone).Format(time.DateOnly)
		rows = append(rows, c.inboxRow(d.No, d.DemographicNo, day+" / "+day))
	}
	for _, l := range c.data.Labs {
		rows = append(rows, c.inboxRow(l.ID, l.DemographicNo, l.Received.In(c.cfg.Zone).Format("2006-01-02 15:04:05")))
	}
	rows = rows[:min(len(rows), max(limit, 0))]
	stamp := c.at.Format("2006-01-02T15:04:05.000-07:00")
	return c.give(inboxBody{inboxList{Inbox: rows, Limit: limit, Timestamp: stamp, Total: len(rows)}})
}

func (c *call) inboxRow(id, demographic int, received string) inboxRow {
	p := c.data.Patients[demographic]
	hin := "0"
	if n, err := strconv.ParseInt(p.HIN, 10, 64); err == nil {
		hin = strconv.FormatInt(n, 10)
	}
	return inboxRow{DateReceived: received, DemographicName: p.LastName + ", " + p.FirstName, DemographicNo: demographic, HIN: json.Number(hin), ID: id, Priority: "----", Status: "Final"}
}
