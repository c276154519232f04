package oscartest

// messageSize is the size of tickler.message in bytes, a TEXT column.
const messageSize = 65535

// sentTickler is TicklerTo1 as callers send it.
type sentTickler struct {
	ID              *number
	DemographicNo   number
	TaskAssignedTo  string
	Message         string
	ServiceDate     *jsonDate
	Priority        string
	Status          string
	TicklerComments []sentComment
}

type sentComment struct {
	NewComment          bool
	ProviderNo, Message string
}

// refused is a failure that comes with status 200.
func (c *call) refused() answer { return c.give(result{}) }

// done is success: there is no id in it.
func (c *call) done() answer { return c.give(result{Success: true}) }

// ticklerAdd makes a tickler. There are none without a patient or without somebody to do it.
func (c *call) ticklerAdd() answer {
	var n sentTickler
	if !c.read(&n) {
		return c.crash()
	}
	if _, ok := c.data.Patients[int(n.DemographicNo)]; !ok || n.TaskAssignedTo == "" {
		return c.refused()
	}
	t := Tickler{DemographicNo: int(n.DemographicNo), AssignedTo: n.TaskAssignedTo, Message: n.Message, Status: n.Status, Priority: n.Priority, Creator: c.provider.No, Service: c.at, Updated: c.at}
	if t.Status == "" {
		t.Status = "A"
	}
	if t.Priority == "" {
		t.Priority = "Normal"
	}
	if n.ServiceDate != nil {
		t.Service = n.ServiceDate.Time
	}
	if !c.message(&t.Message) {
		return c.crash()
	}
	t.ID = c.data.number("tickler", 0)
	c.data.Ticklers[t.ID] = t
	return c.done()
}

// message holds a text to its column.
func (c *call) message(text *string) bool {
	if len(*text) <= messageSize {
		return true
	}
	*text = (*text)[:messageSize]
	return c.switches.CutOverlong
}

// ticklerUpdate replaces all six members, every one of which has to be there; what comes of an unknown id is unverified.
func (c *call) ticklerUpdate() answer {
	var n sentTickler
	if !c.read(&n) {
		return c.crash()
	}
	if n.ID == nil || n.TaskAssignedTo == "" || n.Status == "" || n.Priority == "" || n.Message == "" || n.ServiceDate == nil {
		return c.refused()
	}
	t, ok := c.data.Ticklers[int(*n.ID)]
	if !ok {
		return c.crash()
	}
	t.AssignedTo, t.Status, t.Priority, t.Message, t.Service = n.TaskAssignedTo, n.Status, n.Priority, n.Message, n.ServiceDate.Time
	if !c.message(&t.Message) {
		return c.crash()
	}
	for _, m := range n.TicklerComments {
		if m.NewComment {
			t.Comments = append(t.Comments, Comment{Message: m.Message, ProviderNo: m.ProviderNo, Updated: c.at})
		}
	}
	c.keepTickler(t)
	return c.done()
}

// keepTickler writes a changed tickler and a line of its history.
func (c *call) keepTickler(t Tickler) {
	t.Updated = c.at
	t.Updates = append(t.Updates, TicklerUpdate{Status: t.Status, Priority: t.Priority, AssignedTo: t.AssignedTo, ProviderNo: c.provider.No, Updated: c.at})
	c.data.Ticklers[t.ID] = t
}

func (c *call) ticklerComplete() answer { return c.ticklerState("C") }
func (c *call) ticklerDelete() answer   { return c.ticklerState("D") }

// ticklerState sets the status of several ticklers; what comes of an unknown id is unverified.
func (c *call) ticklerState(status string) answer {
	var ask struct{ Ticklers []number }
	if !c.read(&ask) {
		return c.crash()
	}
	for _, id := range ask.Ticklers {
		if _, ok := c.data.Ticklers[int(id)]; !ok {
			return c.crash()
		}
	}
	for _, id := range ask.Ticklers {
		t := c.data.Ticklers[int(id)]
		t.Status = status
		c.keepTickler(t)
	}
	return c.done()
}
