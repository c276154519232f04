package demo

import "fmt"

// errand is one sort of task.
type errand struct{ code, english, french, note string }

func errands() []errand {
	return []errand{
		{"call", "Call back about the referral", "Rappeler au sujet de la référence", "Left a message, no details."},
		{"form", "Fax the insurance form", "Télécopier le formulaire d'assurance", "Form is in the tray."},
		{"book", "Book a follow-up in two weeks", "Fixer un suivi dans deux semaines", "Mornings only."},
		{"renew", "Prescription renewal asked by the pharmacy", "Renouvellement demandé par la pharmacie", "Pharmacy will call again."},
		{"chart", "Chase the consult letter", "Relancer la lettre de consultation", "Asked on Monday."},
	}
}

func (w *world) task(i int) task {
	e, who := pick(w, errands()), pick(w, w.folk)
	written := w.at(-w.random.IntN(10), 8+w.random.IntN(8), w.random.IntN(60))
	owner, status := reference{Reference: FrontDesk, Display: w.words("Front desk", "Réception")}, pick(w, []string{"requested", "accepted", "in-progress", "on-hold", "completed"})
	if i%3 == 2 {
		owner = pick(w, w.practitioners).ref()
	}
	t := task{
		ResourceType: "Task", ID: fmt.Sprintf("task-%d", 2001+i), Meta: w.meta(written),
		Identifier: []identifier{{System: w.system("task"), Value: fmt.Sprint(2001 + i)}},
		Status:     status, Intent: "order", Priority: pick(w, []string{"routine", "routine", "urgent", "asap"}),
		Code:        concept{Coding: []coding{{System: w.system("task-kind"), Code: e.code}}},
		Description: w.words(e.english, e.french), For: who.ref(),
		AuthoredOn: written.Format(secondStamp), LastModified: written.Format(secondStamp),
		Requester: pick(w, w.practitioners).ref(), Owner: owner,
		Restriction: &restriction{Period: period{End: w.at(w.random.IntN(14), 17, 0).Format(secondStamp)}},
	}
	if w.chance(50) {
		t.Note = []annotation{{AuthorString: w.words("Front desk", "Réception"), Time: written.Format(secondStamp), Text: e.note}}
	}
	if w.chance(40) {
		why := pick(w, reasons())
		t.ReasonCode = &concept{Coding: []coding{{System: "http://snomed.info/sct", Code: why.code}}, Text: why.text}
	}
	return t
}
