package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// advisable is how many days a grant lasts without being asked whether it has to.
const advisable = 90

// Advise lists where g is broader than a grant mostly has to be. Nothing in it is a mistake: the grant means what it says. It
// is for a grant in which Check finds no mistake. Path is where in the document; Text says what is broad and how to narrow it.
func Advise(g Grant, ctx Context) []*fhir.Error {
	a := adviser{reader: reader{clinic: ctx.Clinic}}
	if ctx.Clinic.Zone == nil {
		return nil
	}
	read := a.reader.read(g)
	if len(a.reader.mistakes) > 0 {
		return nil
	}
	a.holder(g)
	begin := read.from
	if begin.IsZero() {
		begin = ctx.Now
	}
	if last := dayOf(begin, ctx.Clinic.Zone).start(advisable + 1); read.until.After(last) {
		a.advise("until", "It lasts longer than %d days; an earlier end, such as %s, is a day to ask whether it is still needed.", advisable,
			last.Add(-time.Minute).In(ctx.Clinic.Zone).Format(time.DateOnly))
	}
	for i := range read.permissions {
		a.permission(fmt.Sprintf("permissions[%d]", i), &read.permissions[i], read)
	}
	return a.advice
}

// adviser collects what there is to say.
type adviser struct {
	reader reader
	advice []*fhir.Error
}

func (a *adviser) advise(path, format string, args ...any) {
	a.advice = append(a.advice, fhir.E("policy.Advise", fhir.KindUnprocessable, "broad-grant", fmt.Sprintf(format, args...)).At(path))
}

// holder is about a grant to many, or to a program: what holds for one named person by their contract and their conscience.
func (a *adviser) holder(g Grant) {
	if g.To.Platform != "" {
		var open []string
		for _, lack := range []struct {
			is   bool
			text string
		}{
			{g.Hours == "", "hours: at any time"}, {len(g.Networks) == 0, "networks: from anywhere"}, {len(g.Purposes) == 0, "purposes: for any purpose that can be granted"},
		} {
			if lack.is {
				open = append(open, lack.text)
			}
		}
		if len(open) > 0 {
			a.advise("to.platform", "It is for a whole platform and leaves open %s. Narrow these, or name a person or a team.", strings.Join(open, "; "))
		}
	}
	if g.Limits == (Limits{}) && (g.To.Platform != "" || g.To.Automated) {
		a.advise("limits", "It is for a %s and has no limits; say at least patientsPerDay and requestsPerMinute.", holderInWords(g.To))
	}
}

func holderInWords(to To) string {
	if to.Automated {
		return "program"
	}
	return "whole platform"
}

func (a *adviser) permission(path string, p *permission, g *grant) {
	s := p.scope
	reading := s.letters&lettersReading != 0
	if s.legacy {
		a.advise(path+".scope", "That is SMART v1 and gives all of %s; write those that are needed, such as %s/%s.%s.", s.letters, s.level, s.typ, narrower(s.letters))
	}
	if len(s.criteria) == 0 {
		a.advise(path+".scope", "It is about every %s of the clinic; add criteria, such as ?%s.", s.typ, criterionFor(s.typ))
	}
	if !p.windowed && s.typ != "DocumentReference" && s.letters != letterCreate {
		a.advise(path, "It has no window, so it reaches as far back and ahead as the EMR does; such as window: -1d..+90d.")
	}
	if reading && len(p.src.Elements) == 0 {
		a.advise(path, "It has no elements, so it shows everything of each %s; name what is needed, such as elements: [%s].", s.typ, ElementSets(s.typ)[0].Name)
	}
	if slices.Contains(p.write, "status") && len(p.transitions) == 0 {
		a.advise(path+".write", "The status may become anything; say which changes are needed, such as transitions: [%s].", transitionFor(s))
	}
	if slices.ContainsFunc(p.transitions, func(t transition) bool { return t.from != "" }) && !showsStatus(g, s.typ) {
		a.advise(path+".transitions", "A change of status is granted only to who is shown the status, and nothing in this grant shows it.")
	}
}

// narrower are fewer interactions than a SMART v1 scope gives.
func narrower(l letters) letters {
	if l&letterRead != 0 {
		return letterRead | letterSearch
	}
	return letterUpdate
}

// criterionFor is an example of a criterion that narrows what somebody at a desk needs.
func criterionFor(typ string) string {
	return map[string]string{
		"Appointment": "practitioner=Practitioner/42", "Task": "owner=Organization/front-desk", "DocumentReference": "category=referral",
	}[typ]
}

func transitionFor(s scope) string {
	codes := fhir.StatusCodes(s.typ)
	if s.letters&letterUpdate == 0 {
		return transition{to: codes[0]}.String()
	}
	return transition{codes[0], codes[1]}.String()
}

// showsStatus reports whether some permission of g lets its holder read the status of a typ.
func showsStatus(g *grant, typ string) bool {
	return slices.ContainsFunc(g.permissions, func(p permission) bool {
		return p.scope.typ == typ && p.scope.letters&lettersReading != 0 && p.shown.Shows("status")
	})
}
