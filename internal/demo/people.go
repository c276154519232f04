package demo

import (
	"fmt"
	"strings"
	"time"
)

func (w *world) organizations() {
	yes := true
	m := w.meta(w.at(-200, 8, 0))
	parent := &reference{Reference: "Organization/" + w.name, Display: w.title}
	w.out = append(w.out,
		write(place{ResourceType: "Organization", ID: w.name, Meta: m, Active: &yes, Name: w.title, Telecom: []telecom{{System: "phone", Value: w.phone()}}}),
		write(place{ResourceType: "Organization", ID: "front-desk", Meta: m, Active: &yes, Name: w.words("Front desk", "Réception"), PartOf: parent}),
		write(place{ResourceType: "Organization", ID: "billing", Meta: m, Active: &yes, Name: w.words("Billing", "Facturation"), PartOf: parent}),
		write(place{ResourceType: "Location", ID: "room-1", Meta: m, Status: "active", Name: w.words("Room 1", "Salle 1"), ManagingOrganization: parent}),
		write(place{ResourceType: "Location", ID: "room-2", Meta: m, Status: "active", Name: w.words("Room 2", "Salle 2"), ManagingOrganization: parent}),
	)
}

// words is the text in the clinic's own language.
func (w *world) words(english, french string) string {
	if w.french > 50 {
		return french
	}
	return english
}

func (w *world) staff() {
	for i, p := range w.practitioners {
		w.out = append(w.out, write(person{
			ResourceType: "Practitioner", ID: p.id, Meta: w.meta(w.at(-200, 8, i)),
			Identifier:    []identifier{{System: w.system("license"), Value: fmt.Sprintf("00%04d", 100+i)}},
			Active:        true,
			Name:          []humanName{{Use: "official", Text: p.display(), Family: p.family, Given: []string{p.given}, Prefix: []string{p.prefix}}},
			Qualification: []qualification{{Code: concept{Coding: []coding{{System: "http://snomed.info/sct", Code: p.code}}, Text: p.role}}},
		}))
	}
}

func (w *world) patient(i int) person {
	french := w.chance(w.french)
	given, family := pick(w, givenNames(french)), pick(w, familyNames(french))
	born := time.Date(1935+w.random.IntN(85), time.Month(1+w.random.IntN(12)), 1+w.random.IntN(28), 0, 0, 0, 0, time.UTC)
	return person{
		ResourceType: "Patient", ID: fmt.Sprintf("pat-%04d", i+1), Meta: w.meta(w.at(-100, 9, i)),
		Identifier: []identifier{{
			Type:   &concept{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/v2-0203", Code: "JHN"}}},
			System: w.number, Value: strings.Repeat("0", w.digits-4) + fmt.Sprintf("%04d", i+1),
		}},
		Active:    true,
		Name:      []humanName{{Use: "official", Text: given + " " + family, Family: family, Given: []string{given}}},
		Telecom:   []telecom{{System: "phone", Value: w.phone(), Use: "mobile"}, {System: "email", Value: fmt.Sprintf("patient%d@made-up.example", i+1)}},
		Gender:    pick(w, []string{"female", "male", "other", "unknown"}),
		BirthDate: born.Format(time.DateOnly),
		Address: []address{{Line: []string{fmt.Sprintf("%d %s", 1+w.random.IntN(300), pick(w, []string{"rue Inventée", "Nowhere Road", "Made-up Lane"}))},
			City: w.city, State: w.province, PostalCode: "X0X 0X0", Country: "CA"}},
	}
}

// ref is a patient as other resources name one.
func (p person) ref() reference {
	return reference{Reference: p.ResourceType + "/" + p.ID, Display: p.Name[0].Text}
}

func (p practitioner) ref() reference {
	return reference{Reference: "Practitioner/" + p.id, Display: p.display()}
}
