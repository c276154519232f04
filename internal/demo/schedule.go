package demo

import (
	"fmt"
	"time"
)

// reason is why somebody comes: what an assistant who books does not need to know.
type reason struct{ code, text string }

func reasons() []reason {
	return []reason{
		{"38341003", "Hypertension follow-up"}, {"73211009", "Diabète de type 2, suivi"}, {"35489007", "Low mood, first visit"},
		{"77386006", "Pregnancy, 20 weeks"}, {"195967001", "Asthme"}, {"84229001", "Fatigue"}, {"165816005", "HIV result discussion"},
		{"13645005", "COPD"}, {"271737000", "Anemia work-up"},
	}
}

// schedule fills each practitioner's days with appointments of half an hour, more on weekdays than at week-ends.
func (w *world) schedule() {
	number := 1000
	for day := firstDay; day <= lastDay; day++ {
		busy := 55
		if d := w.at(day, 12, 0).Weekday(); d == time.Saturday || d == time.Sunday {
			busy = 15
		}
		for _, p := range w.practitioners {
			for slot := range 15 {
				start := w.at(day, 9, 30*slot)
				if w.chance(busy) {
					number++
					w.out = append(w.out, write(w.appointment(number, p, start)))
				}
			}
		}
	}
}

func (w *world) appointment(number int, p practitioner, start time.Time) appointment {
	why, who := pick(w, reasons()), pick(w, w.folk)
	a := appointment{
		ResourceType: "Appointment", ID: fmt.Sprintf("appt-%d", number), Meta: w.meta(w.at(-3, 10, number%60)),
		Identifier:      []identifier{{System: w.system("appointment"), Value: fmt.Sprint(number)}},
		Status:          w.appointmentStatus(start),
		ServiceType:     []concept{{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/service-type", Code: "124", Display: "General Practice"}}}},
		AppointmentType: w.appointmentType(),
		ReasonCode:      []concept{{Coding: []coding{{System: "http://snomed.info/sct", Code: why.code}}, Text: why.text}},
		Priority:        5, Description: why.text,
		Start: start.Format(secondStamp), End: start.Add(30 * time.Minute).Format(secondStamp), MinutesDuration: 30,
		Created: w.at(-10, 11, 0).Format(secondStamp),
		Participant: []participant{
			{Actor: who.ref(), Required: "required", Status: "accepted"},
			{Type: []concept{{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", Code: "ATND"}}}}, Actor: p.ref(), Required: "required", Status: "accepted"},
			{Actor: reference{Reference: "Location/room-1"}, Required: "information-only", Status: "accepted"},
		},
	}
	if a.Status == "cancelled" {
		a.CancelationReason = &concept{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", Code: "pat"}}}
	}
	if w.chance(60) {
		a.Comment = pick(w, w.comments)
	}
	if w.chance(20) {
		a.Extension = []extension{{URL: "https://emr." + w.name + ".example/fee-units", ValueDecimal: "1.50"}}
		a.StartPrimitive = &primitive{[]extension{{URL: "https://emr." + w.name + ".example/booked-by", ValueString: "kiosk"}}}
	}
	return a
}

// appointmentStatus is what has become, or may become, of an appointment by now.
func (w *world) appointmentStatus(start time.Time) string {
	n := w.random.IntN(100)
	switch past := start.Before(w.now); {
	case n < 8:
		return "cancelled"
	case past && n < 16:
		return "noshow"
	case past:
		return "fulfilled"
	case n < 16:
		return "pending"
	}
	return "booked"
}

func (w *world) appointmentType() concept {
	return pick(w, []concept{
		{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/v2-0276", Code: "ROUTINE", Display: "Routine appointment"}}},
		{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/v2-0276", Code: "FOLLOWUP", Display: "A follow up visit"}}},
		{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/v2-0276", Code: "WALKIN", Display: "Walk-in"}}},
	})
}
