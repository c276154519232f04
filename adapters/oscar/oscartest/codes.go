package oscartest

// Status is a row of the clinic's table of appointment states.
type Status struct {
	ID                int    `json:"id"`
	Status            string `json:"status"` // one character, case-sensitive
	Description       string `json:"description"`
	Color             string `json:"color"`
	Icon              string `json:"icon"`
	Active            int    `json:"active"`
	Editable          int    `json:"editable"`
	ShortLetters      string `json:"shortLetters"`
	ShortLetterColour string `json:"shortLetterColour"`
}

// Reason is a row of the look-up list of reasons for an appointment.
type Reason struct {
	ID           int    `json:"id"`
	LookupListID int    `json:"lookupListId"`
	Value        string `json:"value"`
	Label        string `json:"label"`
	Active       bool   `json:"active"`
	DisplayOrder int    `json:"displayOrder"`
	CreatedBy    string `json:"createdBy"`
	DateCreated  int64  `json:"dateCreated"`
}

// Type is a row of the table of appointment types. Its members in JSON are unverified.
type Type struct {
	ID        int    `json:"id"`
	Name      string `json:"name"`
	Notes     string `json:"notes"`
	Reason    string `json:"reason"`
	Location  string `json:"location"`
	Resources string `json:"resources"`
	Duration  int    `json:"duration"`
}

// SlotCode is a row of the table of day-template codes: one letter of a template means so many minutes of this. Its
// members in JSON are unverified.
type SlotCode struct {
	ID           int    `json:"id"`
	Code         string `json:"code"`
	Description  string `json:"description"`
	Duration     string `json:"duration"`
	Color        string `json:"color"`
	Confirm      string `json:"confirm"`
	BookingLimit int    `json:"bookinglimit"`
}

// Codes are the clinic's code tables.
type Codes struct {
	Statuses []Status
	Reasons  []Reason
	Types    []Type
	Slots    []SlotCode
}

func (c Codes) settled() Codes {
	if c.Statuses == nil {
		c.Statuses = SeedStatuses()
	}
	if c.Reasons == nil {
		c.Reasons = []Reason{reasonRow(2, "Follow-Up"), reasonRow(17, "Others")}
	}
	if c.Types == nil {
		c.Types = []Type{{ID: 1, Name: "Visit", Duration: 15}, {ID: 2, Name: "Phone", Duration: 10}}
	}
	if c.Slots == nil {
		c.Slots = []SlotCode{
			{ID: 1, Code: "1", Description: "15 Minute Appointment", Duration: "15", Color: "#BFEFFF", Confirm: "No", BookingLimit: 1},
			{ID: 2, Code: "C", Description: "Chart Completion", Duration: "15", Color: "#FFFFFF", Confirm: "No", BookingLimit: 1},
			{ID: 3, Code: "L", Description: "Lunch", Duration: "60", Color: "#FFE4E1", Confirm: "No", BookingLimit: 1},
		}
	}
	return c
}

func reasonRow(id int, label string) Reason {
	return Reason{ID: id, LookupListID: 1, Value: label, Label: label, Active: true, DisplayOrder: id, CreatedBy: "oscar", DateCreated: 1690314870000}
}

// SeedStatuses is the table that OSCAR is installed with.
func SeedStatuses() []Status {
	rows := []struct {
		code, text string
		editable   int
	}{
		{"t", "To Do", 0}, {"T", "Daysheet Printed", 0}, {"H", "Here", 1}, {"P", "Picked", 1}, {"E", "Empty Room", 1},
		{"a", "Customized 1", 1}, {"b", "Customized 2", 1}, {"c", "Customized 3", 1}, {"d", "Customized 4", 1},
		{"e", "Customized 5", 1}, {"N", "No Show", 1}, {"C", "Cancelled", 1}, {"B", "Billed", 0},
	}
	var out []Status
	for i, r := range rows {
		out = append(out, Status{ID: i + 1, Status: r.code, Description: r.text, Color: "#FDFEC7", Icon: "todo.gif", Active: 1, Editable: r.editable, ShortLetterColour: "0"})
	}
	return out
}
