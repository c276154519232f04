package demo

import (
	"fmt"
	"strings"
	"time"
)

// Bulk makes n appointments of the practitioner whose appointments the assistant may book, over the days from today to
// +80, as large as EMRs with many extensions make them (about 2.4 kB each): for measuring. Their ids are bulk-1, bulk-2 and
// so on. An unknown clinic has none.
func Bulk(name string, n int, now time.Time) [][]byte {
	w, ok := newWorld(name, now)
	if !ok {
		return nil
	}
	for i := range patients {
		w.folk = append(w.folk, w.patient(i))
	}
	out := make([][]byte, 0, n)
	for i := range n {
		start := w.at(i%80, 8, 0).Add(time.Duration(i/80%600) * time.Minute)
		a := w.appointment(i+1, w.practitioners[0], start)
		a.ID = fmt.Sprintf("bulk-%d", i+1)
		a.Status = "booked"
		a.CancelationReason = nil
		a.Comment = strings.Repeat("Made up to be as long as comments get when two people talk through them. ", 8)
		a.PatientInstruction = strings.Repeat("Venir à jeun, avec la liste des médicaments. ", 4)
		a.Extension = []extension{
			{URL: "https://emr." + w.name + ".example/fee-units", ValueDecimal: "1.50"},
			{URL: "https://emr." + w.name + ".example/booked-through", ValueString: "Téléphone, poste 12"},
		}
		out = append(out, write(a))
	}
	return out
}
