package oscartest

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const junoStamp = "2006-01-02T15:04:05"

// junoHeaders are the envelope's; the last three are there for searches only.
type junoHeaders struct {
	BuildDate string `json:"buildDate"`
	BuildTag  string `json:"buildTag"`
	Total     *int   `json:"total,omitempty"`
	Page      *int   `json:"page,omitempty"`
	PerPage   *int   `json:"perPage,omitempty"`
}

// junoEnvelope is around everything below ws/services/v1 (junoemr: ws/external/rest/AbstractExternalRestWs.java).
type junoEnvelope struct {
	Headers junoHeaders `json:"headers"`
	Body    any         `json:"body"`
	Error   *junoError  `json:"error"`
	Status  string      `json:"status"`
}

type junoError struct {
	Message          string    `json:"message"`
	Data             *junoRate `json:"data"`
	ValidationErrors []string  `json:"validationErrors"`
}

// junoRate says how far over the limit a caller is.
type junoRate struct {
	CurrentRequestCount int `json:"currentRequestCount"`
	RequestLimit        int `json:"requestLimit"`
	ResetPeriod         int `json:"resetPeriod"`
	TimeToReset         int `json:"timeToReset"`
}

func (c *call) junoGive(body any) answer {
	return c.give(junoEnvelope{Headers: junoHeaders{BuildDate: "2022-02-01 00:00", BuildTag: "stand-in"}, Body: body, Status: "SUCCESS"})
}

// junoFail is an error in the envelope. What is not valid has 400, also a number that is not there (junoemr:
// ws/rest/exceptionMapping). The rate limit has 503 there, and its numbers, in ms, in the error itself; other statuses and
// seconds are what is documented.
func (c *call) junoFail(status int, e junoError) answer {
	if e.ValidationErrors == nil {
		e.ValidationErrors = []string{}
	}
	a := c.give(junoEnvelope{Headers: junoHeaders{BuildDate: "2022-02-01 00:00", BuildTag: "stand-in"}, Error: &e, Status: "ERROR"})
	a.status = status
	return a
}

// juno answers a call below ws/services/v1.
func (c *call) juno(path string) answer {
	if c.switches.RateLimited {
		return c.junoFail(http.StatusTooManyRequests, junoError{Message: "Rate limit exceeded", Data: &junoRate{101, 100, 60, 12}})
	}
	for _, r := range []route{
		{"GET", "tickler/{id}", "_tickler", 'r', (*call).junoTickler},
		{"PUT", "tickler/{id}", "_tickler", 'u', (*call).junoPutTickler},
		{"POST", "tickler", "_tickler", 'w', (*call).junoAddTickler},
		{"POST", "document", "_edoc", 'w', (*call).junoAddDocument},
		{"POST", "document/{id}/inbox/general", "_edoc", 'w', (*call).junoInbox},
		{"POST", "document/{id}/inbox/provider/{provider}", "_edoc", 'w', (*call).junoInbox},
		{"GET", "demographics/search", "_demographic", 'r', (*call).junoSearch},
	} {
		params, ok := match(r.pattern, strings.TrimSuffix(path, "/"))
		if ok && r.method == c.r.Method {
			c.params = params
			return c.run(r)
		}
	}
	return c.text(http.StatusNotFound, "")
}

// junoTicklerRow is a tickler as REST v1 has it, without a zone in its times.
type junoTicklerRow struct {
	ID              int     `json:"id"`
	DemographicNo   number  `json:"demographicNo"`
	Message         string  `json:"message"`
	Status          string  `json:"status"`
	ServiceDateTime string  `json:"serviceDateTime"`
	UpdateDateTime  string  `json:"updateDateTime"`
	Creator         string  `json:"creator"`
	Priority        string  `json:"priority"`
	TaskAssignedTo  string  `json:"taskAssignedTo"`
	CategoryID      *number `json:"categoryId"`
}

func (c *call) junoTicklerRow(t Tickler) junoTicklerRow {
	return junoTicklerRow{ID: t.ID, DemographicNo: number(t.DemographicNo), Message: t.Message, Status: t.Status,
		ServiceDateTime: t.Service.In(c.cfg.Zone).Format(junoStamp), UpdateDateTime: t.Updated.In(c.cfg.Zone).Format(junoStamp),
		Creator: t.Creator, Priority: t.Priority, TaskAssignedTo: t.AssignedTo}
}

func (c *call) junoTickler() answer {
	id, _ := numbered(c.params["id"])
	t, ok := c.data.Ticklers[id]
	if !ok {
		return c.junoFail(http.StatusBadRequest, junoError{Message: "Tickler for id [" + c.params["id"] + "] not found"})
	}
	return c.junoGive(c.junoTicklerRow(t))
}

func (c *call) junoAddTickler() answer { return c.junoKeep(Tickler{}) }

func (c *call) junoPutTickler() answer {
	id, _ := numbered(c.params["id"])
	t, ok := c.data.Ticklers[id]
	if !ok {
		return c.junoFail(http.StatusBadRequest, junoError{Message: "Tickler for id [" + c.params["id"] + "] not found"})
	}
	return c.junoKeep(t)
}

// junoKeep writes what was sent over t and returns the whole of it, with its id.
func (c *call) junoKeep(t Tickler) answer {
	var n junoTicklerRow
	if !c.read(&n) {
		return c.junoFail(http.StatusBadRequest, junoError{Message: "unreadable"})
	}
	service, err := time.ParseInLocation(junoStamp, n.ServiceDateTime, c.cfg.Zone)
	var wrong []string
	if _, ok := c.data.Patients[int(n.DemographicNo)]; !ok {
		wrong = append(wrong, "demographicNo")
	}
	if n.TaskAssignedTo == "" {
		wrong = append(wrong, "taskAssignedTo")
	}
	if err != nil {
		wrong = append(wrong, "serviceDateTime")
	}
	if len(wrong) > 0 {
		return c.junoFail(http.StatusBadRequest, junoError{Message: "validation failed", ValidationErrors: wrong})
	}
	if t.ID == 0 {
		t.ID = c.data.number("tickler", 0)
	}
	t.DemographicNo, t.Message, t.Status, t.Priority, t.AssignedTo, t.Service = int(n.DemographicNo), n.Message, n.Status, n.Priority, n.TaskAssignedTo, service
	if t.Creator = n.Creator; t.Creator == "" {
		t.Creator = c.provider.No
	}
	c.keepTickler(t)
	return c.junoGive(c.junoTicklerRow(c.data.Ticklers[t.ID]))
}

// junoDocument is DocumentTransferInbound.
type junoDocument struct {
	Status, FileName, Base64EncodedFile           string
	DocumentType, DocumentClass, DocumentSubClass string
	DocumentDescription                           string // at most 60 characters
	ObservationDate                               *jsonDate
	Source, SourceFacility                        string
	DocumentCreator, Responsible, Reviewer        string
	AppointmentNo                                 number
	PublicDocument                                bool
}

// junoAddDocument answers with the number alone. The document belongs to no chart yet.
func (c *call) junoAddDocument() answer {
	var n junoDocument
	valid := c.read(&n)
	file, err := base64.StdEncoding.DecodeString(n.Base64EncodedFile)
	var wrong []string
	for name, bad := range map[string]bool{
		"status": n.Status != "A" && n.Status != "D", "fileName": n.FileName == "", "base64EncodedFile": err != nil || len(file) == 0,
		"documentDescription": utf8.RuneCountInString(n.DocumentDescription) > 60,
	} {
		if bad {
			wrong = append(wrong, name)
		}
	}
	if !valid || len(wrong) > 0 {
		return c.junoFail(http.StatusBadRequest, junoError{Message: "validation failed", ValidationErrors: wrong})
	}
	d := Document{Type: n.DocumentType, Class: n.DocumentClass, SubClass: n.DocumentSubClass, Description: n.DocumentDescription, Creator: n.DocumentCreator,
		Responsible: n.Responsible, FileName: storedName(c.at, n.FileName), Source: n.Source, SourceFacility: n.SourceFacility, Updated: c.at, Status: n.Status,
		Observed: c.at, Reviewer: n.Reviewer, AppointmentNo: int(n.AppointmentNo), Contents: file, No: c.data.number("document", 0)}
	if n.ObservationDate != nil && !n.ObservationDate.IsZero() {
		d.Observed = n.ObservationDate.Time
	}
	c.data.Documents[d.No] = d
	return c.junoGive(d.No)
}

// junoInbox puts a document into the general inbox or a provider's.
func (c *call) junoInbox() answer {
	id, _ := numbered(c.params["id"])
	d, ok := c.data.Documents[id]
	if !ok {
		return c.junoFail(http.StatusNotFound, junoError{Message: "document not found"})
	}
	to := "general"
	if who, named := c.params["provider"]; named {
		if _, ok := c.data.Providers[who]; !ok {
			return c.junoFail(http.StatusNotFound, junoError{Message: "provider not found"})
		}
		to = who
	}
	d.Inboxes = append(d.Inboxes, to)
	c.data.Documents[id] = d
	return c.junoGive(true)
}

// junoSearch lists charts by page; the names of its filters are unverified.
func (c *call) junoSearch() answer {
	page, ok1 := numbered(c.get("page"))
	per, ok2 := numbered(c.get("perPage"))
	if !ok1 || !ok2 || page < 1 || per < 1 {
		page, per = 1, 10
	}
	all := c.charts(func(p Patient) bool {
		return named(p, strings.ToLower(c.get("lastName")+","+c.get("firstName"))) && same(c.get("hin"), p.HIN)
	})
	rows := []demographic{}
	for _, p := range all[min((page-1)*per, len(all)):min(page*per, len(all))] {
		rows = append(rows, c.demographic(p))
	}
	total := len(all)
	return c.give(junoEnvelope{Headers: junoHeaders{BuildDate: "2022-02-01 00:00", BuildTag: "stand-in", Total: &total, Page: &page, PerPage: &per}, Body: rows, Status: "SUCCESS"})
}
