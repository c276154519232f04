package law

import (
	"strings"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/report/plain"
)

// What a record says for an element of a law.

func information(r *row) report.Value {
	if len(r.items) == 0 {
		return plain.Type(r.Record)
	}
	return plain.Information(r.items)
}

func moment(r *row) report.Value { return report.Moment(r.Time) }

func date(r *row) report.Value { return report.Day(r.Time) }

func timeOfDay(r *row) report.Value { return report.Clock(r.Time) }

func person(r *row) report.Value { return plain.Who(r.Record) }

func user(r *row) report.Value { return plain.User(r.Record) }

func userAndApplication(r *row) report.Value {
	return report.List(plain.User(r.Record), plain.Application(r.Record))
}

func nameAndApplication(r *row) report.Value {
	return report.List(plain.Who(r.Record), plain.Software(r.Record))
}

func personAndIdentity(r *row) report.Value {
	return report.List(plain.Who(r.Record), plain.User(r.Record))
}

func personAndOrganisation(r *row) report.Value {
	return report.List(plain.Who(r.Record), plain.Organisation(r.Record, r.platforms))
}

// role is what the clinic lists the person under, and whether it is a person.
func role(r *row) report.Value {
	if r.Agent.Automated {
		return report.List(plain.Teams(r.Record), report.Say(wordProgram))
	}
	return plain.Teams(r.Record)
}

// individual is the patient by the number that the EMR uses.
func individual(r *row) report.Value {
	if r.patient == "" {
		return plain.Patients(nil)
	}
	return report.Code(r.patient)
}

func patientName(r *row) report.Value {
	if r.patient == "" {
		return plain.Patients(nil)
	}
	return report.Unknown(whyNoName.With(report.Code(r.patient)))
}

func healthNumber(r *row) report.Value {
	if r.patient == "" {
		return plain.Patients(nil)
	}
	return report.Unknown(whyNoNumber.With(report.Code(r.patient)))
}

func action(r *row) report.Value {
	if _, written := plain.Written(r.Record); written || r.Phase == audit.PhaseUnresolved {
		return report.List(plain.Did(r.Record), plain.Ended(r.Record))
	}
	return plain.Did(r.Record)
}

func custodian(r *row) report.Value {
	if r.Title == "" {
		return report.Data(r.Clinic)
	}
	return report.Data(r.Title)
}

func route(r *row) report.Value { return plain.Route(r.Record) }

func component(r *row) report.Value {
	return report.List(report.Say(wordGateway), plain.System(r.Record))
}

func purpose(r *row) report.Value { return plain.Purposes(r.Record) }

func authority(r *row) report.Value { return plain.Authority(r.Record, r.because) }

func documents(r *row) (n int) {
	for i := range r.items {
		n += r.items[i].Documents
	}
	return n
}

// disclosed is whether the information then left in a form that stays: a document with its content.
func disclosed(r *row) report.Value {
	if n := documents(r); n > 0 {
		return report.Say(sayDisclosed.With(report.Number(n), plain.Organisation(r.Record, r.platforms), plain.Address(r.Record)))
	}
	return report.Say(sayNotDisclosed)
}

// sender is who transferred a document: the clinic, or the person who put it in.
func sender(r *row) report.Value {
	if r.received {
		return personAndOrganisation(r)
	}
	return custodian(r)
}

// recipient is to whom it went, and to what address.
func recipient(r *row) report.Value {
	if r.received {
		return report.List(custodian(r), plain.System(r.Record))
	}
	return report.List(plain.Who(r.Record), plain.Organisation(r.Record, r.platforms), plain.Address(r.Record))
}

func what(r *row) report.Value {
	var out []report.Value
	for _, item := range r.items {
		out = append(out, report.Code(item.Ref))
	}
	if len(out) == 0 && r.Resource != "" {
		out = append(out, report.Code(strings.TrimSpace(r.Resource)))
	}
	return report.List(append([]report.Value{information(r)}, out...)...)
}

// prescribed stands for what a minister or a regulation may add to the list.
func prescribed(*row) report.Value { return report.Unknown(whyNotPrescribed) }
