package policy

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
)

// Template is a starting point for a grant: what small clinics mostly give, made as narrow as the work allows.
type Template struct {
	Name    string
	Means   string   // what it lets somebody do and what not, in a clinic's words
	Needs   []string // which of Blanks it has to be given besides clinic, holder and end: practitioner, owner, category
	because string
	grant   func(Blanks) Grant // purposes, permissions and limits
}

// Blanks are what a template leaves open.
type Blanks struct {
	Clinic       string
	Name         string // of the grant; empty: made of the template, what it is about and whom it is for
	To           To
	Because      string // empty: the template's
	From, Until  string // days; From may be empty
	Practitioner string // "Practitioner/42": whose appointments
	Owner        string // "Organization/front-desk": whose tasks
	Category     string // "referral", "system|code": which documents; several with commas
}

// Templates lists the templates.
func Templates() []Template {
	return []Template{
		{"book-and-move-appointments", "Book, move and cancel one practitioner's appointments of the next 90 days. Sees when they are, of what kind and whose, by name; not why patients come, and nothing that was noted.",
			[]string{"practitioner"}, "Books and moves appointments", bookAndMove},
		{"handle-task-inbox", "Work through the tasks of one owner, such as the front desk, of the last 90 days: read them, note what was done, move them on or finish them. Writes no new ones and hands none to somebody else.",
			[]string{"owner"}, "Handles the task inbox", handleTasks},
		{"file-incoming-documents", "File new documents under one category. Reads none: not those that are there, and not again what was filed.",
			[]string{"category"}, "Files incoming documents", fileDocuments},
		{"read-referral-documents", "Read the documents of one category, such as referrals, of the last 90 days. Changes nothing.",
			[]string{"category"}, "Reads referrals", readDocuments},
	}
}

// TemplateNamed is the template of that name.
func TemplateNamed(name string) (Template, error) {
	var names []string
	for _, t := range Templates() {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return Template{}, fmt.Errorf("there is no template %q; there are %s", name, strings.Join(names, ", "))
}

// Grant is the template with its blanks filled in. The error says which one is missing or not of its form; what Check has to
// say about the grant is another matter.
func (t Template) Grant(b Blanks) (Grant, error) {
	if t.grant == nil {
		return Grant{}, fmt.Errorf("no template")
	}
	for _, need := range t.Needs {
		if err := b.has(need); err != nil {
			return Grant{}, err
		}
	}
	g := t.grant(b)
	g.Clinic, g.To, g.From, g.Until = b.Clinic, b.To, b.From, b.Until
	if g.Because = b.Because; g.Because == "" {
		g.Because = t.because
	}
	if g.Name = b.Name; g.Name == "" {
		g.Name = t.nameFor(b)
	}
	return g, nil
}

// has reports what is wrong with a blank.
func (b Blanks) has(need string) error {
	switch need {
	case "practitioner":
		if ref, ok := fhir.ParseRef(b.Practitioner); !ok || ref.Type != "Practitioner" {
			return fmt.Errorf("practitioner: say whose appointments, such as Practitioner/42")
		}
	case "owner":
		owner, _ := fhir.LookUpParam("Task", "owner")
		if ref, ok := fhir.ParseRef(b.Owner); !ok || !slices.Contains(owner.Targets, ref.Type) {
			return fmt.Errorf("owner: say whose tasks, such as Organization/front-desk")
		}
	case "category":
		if strings.TrimSpace(b.Category) == "" {
			return fmt.Errorf("category: say which documents by the code that the EMR gives them, such as referral or https://emr.example/kinds|referral")
		}
	}
	return nil
}

// nameFor is a name that two grants of a template share only if they are about the same and for the same, so that applying
// one does not replace another.
func (t Template) nameFor(b Blanks) string {
	_, subject, _ := strings.Cut(b.To.User, "|")
	about := ""
	for _, need := range t.Needs {
		about += map[string]string{"practitioner": b.Practitioner, "owner": b.Owner, "category": b.Category}[need]
	}
	about = about[strings.LastIndexAny(about, "/|")+1:]
	words := strings.FieldsFunc(strings.ToLower(t.Name+" "+about+" "+subject+b.To.Team+b.To.Platform), func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z')
	})
	return strings.Join(words, "-")
}

// criterion is a criterion as a scope writes it: what means something else there is escaped.
func criterion(name, value string) string {
	return "?" + name + "=" + strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B").Replace(value)
}

func bookAndMove(b Blanks) Grant {
	of := criterion("practitioner", b.Practitioner)
	return Grant{
		Purposes: []string{"PATADMIN"},
		Permissions: []Permission{
			{Scope: "user/Appointment.rs" + of, Window: "-1d..+90d", Elements: []string{"schedule", "contact"}},
			{Scope: "user/Appointment.u" + of, Window: "0d..+90d", Write: []string{"status", "start", "end", "minutesDuration"},
				Transitions: []string{"proposed->booked", "pending->booked", "proposed->cancelled", "pending->cancelled", "booked->cancelled"}},
			{Scope: "user/Appointment.c" + of, Window: "0d..+90d", Transitions: []string{"->booked", "->pending"},
				Write: []string{"status", "start", "end", "minutesDuration", "serviceType", "appointmentType", "participant"}},
		},
		Limits: Limits{RequestsPerMinute: 60, PatientsPerDay: 100, PagesPerSearch: 20},
	}
}

func handleTasks(b Blanks) Grant {
	return Grant{
		Purposes: []string{"PATADMIN"},
		Permissions: []Permission{{
			Scope: "user/Task.rus" + criterion("owner", b.Owner), Window: "-90d..0d", Elements: []string{"worklist", "contact", "reason", "notes"},
			Write: []string{"status", "statusReason", "note"},
			Transitions: []string{
				"requested->received", "requested->accepted", "requested->rejected", "received->accepted", "received->rejected", "accepted->in-progress", "accepted->completed",
				"in-progress->on-hold", "on-hold->in-progress", "in-progress->completed", "in-progress->failed",
			},
		}},
		Limits: Limits{RequestsPerMinute: 60, PatientsPerDay: 100, PagesPerSearch: 20},
	}
}

func fileDocuments(b Blanks) Grant {
	return Grant{
		Purposes: []string{"PATADMIN", "RECORDMGT"},
		Permissions: []Permission{{
			Scope:       "user/DocumentReference.c" + criterion("category", b.Category),
			Write:       []string{"identifier", "status", "docStatus", "type", "category", "subject", "date", "author", "custodian", "description", "content"},
			Transitions: []string{"->current"},
		}},
		Limits: Limits{RequestsPerMinute: 30},
	}
}

func readDocuments(b Blanks) Grant {
	return Grant{
		Purposes: []string{"PATADMIN", "COC"},
		Permissions: []Permission{{
			Scope: "user/DocumentReference.rs" + criterion("category", b.Category), Window: "-90d..0d", Elements: []string{"filing", "contact", "notes"}, Content: true,
		}},
		Limits: Limits{RequestsPerMinute: 60, PatientsPerDay: 60, DocumentsPerHour: 40, PagesPerSearch: 10},
	}
}
