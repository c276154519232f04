package oscartest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// transfer is a row as AppointmentTransfer: members by name, times with the offset, the end as it is stored.
func (c *call) transfer(a Appointment, gmt bool) node {
	n := node{name: "return", kids: []node{leaf("appointmentEndDateTime", c.dateTime(c.moment(a.Date, a.End), gmt)), leaf("appointmentStartDateTime", c.dateTime(c.moment(a.Date, a.Start), gmt))}}
	add := func(name, text string) { n.kids = append(n.kids, leaf(name, text)) }
	if !a.Created.IsZero() {
		add("createDateTime", c.dateTime(a.Created.Truncate(time.Second), gmt))
	}
	add("creator", a.Creator)
	add("demographicNo", strconv.Itoa(a.DemographicNo))
	add("id", strconv.Itoa(a.ID))
	add("lastUpdateUser", a.LastUpdateUser)
	add("location", a.Location)
	if !a.NullName {
		add("name", a.Name)
		add("notes", a.Notes)
	}
	add("programId", strconv.Itoa(a.ProgramID))
	add("providerNo", a.ProviderNo)
	if !a.NullName {
		add("reason", a.Reason)
	}
	if r := c.canary("remarks"); r != nil {
		add("remarks", *r)
	}
	add("resources", a.Resources)
	add("status", a.Status)
	add("type", a.Type)
	if !a.Updated.IsZero() {
		add("updateDateTime", c.dateTime(a.Updated.Truncate(time.Second), gmt))
	}
	add("urgency", a.Urgency)
	return n
}

func (c *call) transfers(rows []Appointment, a arguments) []node {
	var out []node
	for _, r := range rows {
		out = append(out, c.transfer(r, a.text("useGMTTime") == "true"))
	}
	return out
}

// soapAppointment has no return element for an unknown id.
func (c *call) soapAppointment(a arguments) ([]node, error) {
	row, ok := c.data.Appointments[a.int("appointmentId")]
	if !ok {
		return nil, nil
	}
	return c.transfers([]Appointment{row}, a), nil
}

func (c *call) soapForProvider(a arguments) ([]node, error) {
	day := a.time("date").In(c.cfg.Zone).Format(time.DateOnly)
	return c.transfers(c.pick(func(r Appointment) bool { return r.ProviderNo == a.text("providerNo") && r.Date == day }), a), nil
}

func (c *call) soapForPatient(a arguments) ([]node, error) {
	all := c.pick(func(r Appointment) bool { return r.DemographicNo == a.int("demographicId") })
	slices.Reverse(all)
	return c.transfers(slice(all, a.int("startIndex"), a.int("itemsToReturn")), a), nil
}

// slice is a page of rows.
func slice[T any](rows []T, start, count int) []T {
	start = min(max(start, 0), len(rows))
	return rows[start:min(start+max(count, 0), len(rows))]
}

func (c *call) soapForRange(a arguments) ([]node, error) {
	from, to := a.time("startTime"), a.time("endTime")
	return c.transfers(c.pick(func(r Appointment) bool {
		start := c.moment(r.Date, r.Start)
		return r.ProviderNo == a.text("providerNo") && !start.Before(from) && start.Before(to)
	}), a), nil
}

// soapUpdatedAfter is the change feed: oldest change first, deleted rows not in it (Open-O: OscarAppointmentDaoImpl.findByUpdateDate).
func (c *call) soapUpdatedAfter(a arguments) ([]node, error) {
	if a.int("itemsToReturn") > mostSelected {
		return nil, broken("Requested too large of a result list size : " + a.text("itemsToReturn"))
	}
	since := a.time("updatedAfterThisDateExclusive")
	all := c.pick(func(r Appointment) bool { return r.Updated.Truncate(time.Second).After(since) })
	slices.SortStableFunc(all, func(x, y Appointment) int { return cmp.Or(x.Updated.Compare(y.Updated), cmp.Compare(x.ID, y.ID)) })
	return c.transfers(slice(all, 0, a.int("itemsToReturn")), a), nil
}

func (c *call) soapTypes(arguments) ([]node, error) {
	var out []node
	for _, t := range c.cfg.Codes.Types {
		out = append(out, node{name: "return", kids: []node{leaf("duration", strconv.Itoa(t.Duration)), leaf("id", strconv.Itoa(t.ID)), leaf("location", t.Location),
			leaf("name", t.Name), leaf("notes", t.Notes), leaf("reason", t.Reason), leaf("resources", t.Resources)}})
	}
	return out, nil
}

// slots takes a provider's day template apart: each letter is an equal part of the day.
func (c *call) slots(p Provider, day string) (starts []time.Time, codes []string, length time.Duration) {
	template := []rune(p.DayTemplate)
	if len(template) == 0 {
		return nil, nil, 0
	}
	length = 24 * time.Hour / time.Duration(len(template))
	for i, letter := range template {
		if letter != '_' {
			clock := time.Time{}.Add(time.Duration(i) * length).Format(clockStamp)
			starts, codes = append(starts, c.moment(day, clock)), append(codes, string(letter))
		}
	}
	return starts, codes, length
}

// soapDay is the day template; the members of its return element are unverified.
func (c *call) soapDay(a arguments) ([]node, error) {
	p, ok := c.data.Providers[a.text("providerNo")]
	if !ok {
		return nil, nil
	}
	starts, codes, length := c.slots(p, a.time("date").In(c.cfg.Zone).Format(time.DateOnly))
	out := node{name: "return", kids: []node{leaf("holiday", "false"), leaf("timeSlotDurationMin", strconv.Itoa(int(length/time.Minute)))}}
	for i, at := range starts {
		out.kids = append(out.kids, node{name: "timeSlots", kids: []node{leaf("code", codes[i]), leaf("time", c.dateTime(at, false))}})
	}
	return []node{out}, nil
}

// fromTransfer reads an AppointmentTransfer over a row: what is not sent becomes empty. The end comes exclusive and is
// stored a millisecond, in a column of seconds one second, earlier.
func (c *call) fromTransfer(a *Appointment, n node) error {
	text := func(name string) string {
		k, _ := n.kid(name)
		return k.text
	}
	value := func(name string) string { return strings.TrimSpace(text(name)) }
	start, err1 := readDateTime(value("appointmentStartDateTime"), c.cfg.Zone)
	end, err2 := readDateTime(value("appointmentEndDateTime"), c.cfg.Zone)
	if err1 != nil || err2 != nil {
		return broken("java.lang.NullPointerException")
	}
	start, end = start.In(c.cfg.Zone), end.In(c.cfg.Zone).Add(-time.Millisecond)
	a.Date, a.Start, a.End = start.Format(time.DateOnly), start.Format(clockStamp), end.Format(clockStamp)
	if c.switches.MillisecondEnds {
		a.End = end.Format(clockStamp + ".000")
	}
	a.DemographicNo, _ = strconv.Atoi(value("demographicNo"))
	a.ProgramID, _ = strconv.Atoi(value("programId"))
	a.ProviderNo, a.Name, a.Notes, a.Reason, a.Location = text("providerNo"), text("name"), text("notes"), text("reason"), text("location")
	a.Resources, a.Status, a.Type, a.Urgency, a.NullName = text("resources"), text("status"), text("type"), text("urgency"), false
	return nil
}

func (c *call) soapAdd(a arguments) ([]node, error) {
	row := Appointment{Created: c.at, Creator: c.provider.name()}
	if err := c.fromTransfer(&row, a["appointment"]); err != nil {
		return nil, err
	}
	if p, ok := c.data.Patients[row.DemographicNo]; ok && (row.Name == "" || c.cfg.Dialect == Juno) { // junoemr: soap/v1/ScheduleWs.java
		row.Name = chartName(p)
	}
	row, ok := c.store(row)
	if !ok {
		return nil, broken("Data truncation: Data too long for column")
	}
	return []node{leaf("return", strconv.Itoa(row.ID))}, nil
}

// soapUpdate writes the whole row; it is how an appointment is moved outside CARLOS.
func (c *call) soapUpdate(a arguments) ([]node, error) {
	id, _ := a["appointment"].kid("id")
	no, _ := numbered(strings.TrimSpace(id.text))
	row, ok := c.data.Appointments[no]
	if !ok {
		return nil, broken("java.lang.NullPointerException")
	}
	if err := c.fromTransfer(&row, a["appointment"]); err != nil {
		return nil, err
	}
	if _, ok := c.store(row); !ok {
		return nil, broken("Data truncation: Data too long for column")
	}
	return nil, nil
}

// soapAddValidated books only what is free (Juno; what else it looks at is unverified).
func (c *call) soapAddValidated(a arguments) ([]node, error) {
	var row Appointment
	if err := c.fromTransfer(&row, a["appointment"]); err != nil {
		return nil, err
	}
	taken := c.pick(func(r Appointment) bool { return overlap(r, row) })
	if _, ok := c.data.Patients[row.DemographicNo]; !ok || len(taken) > 0 {
		return nil, broken("Validation failed")
	}
	return c.soapAdd(a)
}

// overlap is true of two live rows of one provider at one time.
func overlap(a, b Appointment) bool {
	return a.ProviderNo == b.ProviderNo && a.Date == b.Date && !strings.HasPrefix(a.Status, "C") && a.Start <= b.End && b.Start <= a.End
}

func (c *call) soapConfirm(a arguments) ([]node, error) { return c.soapStatus(a, "h") }
func (c *call) soapCancel(a arguments) ([]node, error)  { return c.soapStatus(a, "C") }

func (c *call) soapStatus(a arguments, status string) ([]node, error) {
	row, ok := c.data.Appointments[a.int("appointmentId")]
	if !ok {
		return nil, broken("java.lang.NullPointerException")
	}
	row.Status = status
	c.store(row)
	return nil, nil
}

// soapAvailability is the day template less what is taken (Juno; its members are unverified).
func (c *call) soapAvailability(a arguments) ([]node, error) {
	p, ok := c.data.Providers[a.text("providerNo")]
	if !ok {
		return nil, nil
	}
	day := a.time("date").In(c.cfg.Zone).Format(time.DateOnly)
	starts, codes, length := c.slots(p, day)
	var out []node
	for i, at := range starts {
		want := Appointment{ProviderNo: p.No, Date: day, Start: at.Format(clockStamp), End: at.Add(length - time.Minute).Format(clockStamp)}
		if len(c.pick(func(r Appointment) bool { return overlap(r, want) })) == 0 {
			out = append(out, node{name: "return", kids: []node{leaf("code", codes[i]), leaf("time", c.dateTime(at, false))}})
		}
	}
	return out, nil
}
