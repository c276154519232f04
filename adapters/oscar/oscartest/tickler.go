package oscartest

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// ticklerRow is TicklerTo1.
type ticklerRow struct {
	ID                 int              `json:"id"`
	DemographicNo      int              `json:"demographicNo"`
	ProgramID          *int             `json:"programId"`
	Message            string           `json:"message"`
	Status             string           `json:"status"`
	UpdateDate         *int64           `json:"updateDate"`
	ServiceDate        *int64           `json:"serviceDate"`
	Creator            string           `json:"creator"`
	Priority           string           `json:"priority"`
	TaskAssignedTo     string           `json:"taskAssignedTo"`
	DemographicName    string           `json:"demographicName"`
	CreatorName        string           `json:"creatorName"`
	TaskAssignedToName string           `json:"taskAssignedToName"`
	StatusName         string           `json:"statusName"`
	TicklerLinks       []ticklerLink    `json:"ticklerLinks"`
	TicklerUpdates     []ticklerHistory `json:"ticklerUpdates"`
	TicklerComments    []ticklerRemark  `json:"ticklerComments"`
	Program            *string          `json:"program"`
}

type ticklerLink struct {
	TableName string `json:"tableName"`
	TableID   int    `json:"tableId"`
}

type ticklerHistory struct {
	Status       string `json:"status"`
	Priority     string `json:"priority"`
	AssignedTo   string `json:"assignedTo"`
	ProviderNo   string `json:"providerNo"`
	ProviderName string `json:"providerName"`
	UpdateDate   *int64 `json:"updateDate"`
}

type ticklerRemark struct {
	Message      string `json:"message"`
	ProviderNo   string `json:"providerNo"`
	UpdateDate   *int64 `json:"updateDate"`
	ProviderName string `json:"providerName"`
}

// includes are what a request wants beside the ticklers themselves.
type includes struct{ links, comments, updates, program bool }

func (c *call) includes() includes {
	want := includes{c.get("includeLinks") == "true", c.get("includeComments") == "true", c.get("includeUpdates") == "true", c.get("includeProgram") == "true"}
	if c.switches.StickyIncludes {
		want = includes{want.links || c.sticky.links, want.comments || c.sticky.comments, want.updates || c.sticky.updates, want.program || c.sticky.program}
		c.Server.sticky = want
	}
	return want
}

func (s *Server) ticklerRow(t Tickler, want includes) ticklerRow {
	r := ticklerRow{
		ID: t.ID, DemographicNo: t.DemographicNo, Message: t.Message, Status: t.Status, UpdateDate: s.millis(t.Updated), ServiceDate: s.millis(t.Service),
		Creator: t.Creator, Priority: t.Priority, TaskAssignedTo: t.AssignedTo, CreatorName: s.joined(t.Creator, ","), TaskAssignedToName: s.joined(t.AssignedTo, ","),
		StatusName: statusName(t.Status), TicklerLinks: []ticklerLink{}, TicklerUpdates: []ticklerHistory{}, TicklerComments: []ticklerRemark{},
	}
	if p, ok := s.data.Patients[t.DemographicNo]; ok {
		r.DemographicName = p.LastName + "," + p.FirstName
	}
	if want.links {
		for _, l := range t.Links {
			r.TicklerLinks = append(r.TicklerLinks, ticklerLink(l))
		}
	}
	if want.comments {
		for _, m := range t.Comments {
			r.TicklerComments = append(r.TicklerComments, ticklerRemark{m.Message, m.ProviderNo, s.millis(m.Updated), s.joined(m.ProviderNo, ", ")})
		}
	}
	if want.updates {
		for _, u := range t.Updates {
			r.TicklerUpdates = append(r.TicklerUpdates, ticklerHistory{u.Status, u.Priority, u.AssignedTo, u.ProviderNo, s.joined(u.ProviderNo, ", "), s.millis(u.Updated)})
		}
	}
	return r
}

func statusName(status string) string {
	switch status {
	case "A":
		return "Active"
	case "C":
		return "Completed"
	case "D":
		return "Deleted"
	}
	return status
}

func (s *Server) joined(no, between string) string {
	p, ok := s.data.Providers[no]
	if !ok {
		return ""
	}
	return p.LastName + between + p.FirstName
}

// tasks lists the ticklers that fit, newest service date first.
func (s *Server) tasks(fits func(Tickler) bool) []Tickler {
	var out []Tickler
	for _, t := range s.data.Ticklers {
		if fits(t) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b Tickler) int { return cmp.Or(b.Service.Compare(a.Service), cmp.Compare(a.ID, b.ID)) })
	return out
}

// ticklerPage is part of what was found, in the search envelope.
func (c *call) ticklerPage(all []Tickler, offset, limit int) answer {
	rows := []ticklerRow{}
	want := c.includes()
	for _, t := range all[min(max(offset, 0), len(all)):min(max(offset+limit, 0), len(all))] {
		rows = append(rows, c.ticklerRow(t, want))
	}
	return c.give(found[ticklerRow]{Offset: offset, Limit: limit, Total: len(all), Timestamp: c.at.UnixMilli(), Content: rows})
}

// ticklerList is the search by query; without count, page and status it is an exception.
func (c *call) ticklerList() answer {
	count, ok1 := numbered(c.get("count"))
	page, ok2 := numbered(c.get("page"))
	from, ok3 := serviceBound(c.get("serviceStartDate"))
	to, ok4 := serviceBound(c.get("serviceEndDate"))
	status, given := c.query["status"] // not looked at whether it is there (Open-O: commn/dao/TicklerDaoImpl.java)
	if !given || !ok1 || !ok2 || !ok3 || !ok4 || count < 1 || count > mostSelected || page < 1 {
		return c.crash()
	}
	all := c.tasks(func(t Tickler) bool {
		return (status[0] == "Z" || same(status[0], t.Status)) && same(c.get("taskAssignedTo"), t.AssignedTo) && same(c.get("creator"), t.Creator) &&
			same(c.get("priority"), t.Priority) && same(c.get("demographicNo"), strconv.Itoa(t.DemographicNo)) &&
			same(c.get("mrp"), c.data.Patients[t.DemographicNo].ProviderNo) && (from.IsZero() || !t.Service.Before(from)) && (to.IsZero() || !t.Service.After(to))
	})
	if c.switches.LooseOrder && page%2 == 0 {
		slices.SortFunc(all, func(a, b Tickler) int { return cmp.Or(b.Service.Compare(a.Service), cmp.Compare(b.ID, a.ID)) })
	}
	return c.ticklerPage(all, (page-1)*count, count)
}

// mostSelected is how many rows a list may be asked for at once; more is an exception (Open-O: commn/dao/AbstractDaoImpl.java).
const mostSelected = 5000

// same is true of a filter that is not given or is met.
func same(filter, value string) bool { return filter == "" || filter == value }

func serviceBound(text string) (time.Time, bool) {
	var d jsonDate
	err := d.UnmarshalJSON([]byte(text))
	return d.Time, err == nil
}

// ticklerSearch is the search by body. overdueOnly is a text: any at all asks for what is due and open.
func (c *call) ticklerSearch() answer {
	var ask struct {
		Status, Priority, Assignee, OverdueOnly string
		DemographicNo                           number
	}
	start, ok1 := numbered(c.get("startIndex"))
	limit, ok2 := numbered(c.get("limit"))
	if !ok1 || !ok2 || !c.read(&ask) {
		return c.crash()
	}
	all := c.tasks(func(t Tickler) bool {
		return same(ask.Status, t.Status) && same(ask.Priority, t.Priority) && same(ask.Assignee, t.AssignedTo) &&
			(ask.DemographicNo == 0 || int(ask.DemographicNo) == t.DemographicNo) && (ask.OverdueOnly == "" || c.overdue(t))
	})
	return c.ticklerPage(all, start, limit)
}

func (c *call) overdue(t Tickler) bool { return t.Status == "A" && t.Service.Before(c.at) }

// ticklerMine is what is open for the token's provider.
func (c *call) ticklerMine() answer {
	limit, ok := numbered(c.get("limit"))
	all := c.tasks(func(t Tickler) bool { return t.Status == "A" && t.AssignedTo == c.provider.No })
	if !ok {
		limit = len(all)
	}
	return c.ticklerPage(all, 0, limit)
}

// ticklerOverdue is a number; that it comes bare is unverified.
func (c *call) ticklerOverdue() answer {
	demographic, ok := numbered(c.params["demographic"])
	if !ok {
		return c.crash()
	}
	return c.give(len(c.tasks(func(t Tickler) bool { return t.DemographicNo == demographic && c.overdue(t) })))
}
