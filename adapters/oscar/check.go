package oscar

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// Finding is one sentence about a connection, for the person who sets it up. It holds no patient's data and no secret.
type Finding struct {
	Level Level
	Text  string
}

// Level is how much a Finding matters.
type Level string

// The levels.
const (
	Good    Level = "ok"
	Warning Level = "warning" // something will be refused, or may be wrong
	Bad     Level = "bad"     // the connection cannot be used as it is
)

// checker gathers findings.
type checker struct {
	a   *Adapter
	out []Finding
}

func (c *checker) say(l Level, text string, args ...any) {
	c.out = append(c.out, Finding{l, fmt.Sprintf(text, args...)})
}

// failed says why something does not work, with what OSCAR's own words ask for.
func (c *checker) failed(l Level, what string, err error) {
	e := fhir.AsError(err)
	text := what + ": " + e.Text
	if e.Err != nil && !errors.Is(e.Err, errPerhapsAbsent) {
		text += " (" + e.Err.Error() + ")"
	}
	c.say(l, "%s", text)
}

// Check tries what the connection can do, without changing anything and without asking for patients' data, and says it in
// sentences.
func (a *Adapter) Check(ctx context.Context) []Finding {
	c := &checker{a: a}
	d, err := a.dialect.Get(ctx)
	if err != nil {
		c.failed(Bad, "OSCAR does not let the gateway in", err)
		c.clocks()
		return c.out
	}
	t := d.Value.traits()
	c.say(Good, "OSCAR answers as %s.", d.Value)
	if !c.provider(ctx, t) {
		return c.out
	}
	c.clocks()
	c.zone(ctx, t)
	c.privileges(ctx, t)
	c.soap(ctx)
	c.tables(ctx, t)
	c.capability(t)
	return c.out
}

// provider says in whose name the gateway acts, and reports whether it does at all.
func (c *checker) provider(ctx context.Context, t traits) bool {
	if !t.schedule && c.a.soap == nil {
		c.say(Warning, "In whose name the gateway acts cannot be asked without the log-in for SOAP.")
		return true
	}
	no, err := c.a.myself(ctx, opCapability)
	if err != nil {
		c.clocks()
		c.failed(Bad, "OSCAR does not let the gateway in", err)
		return false
	}
	name := ""
	if l, err := c.a.providers.Get(ctx); err == nil {
		for _, p := range l.Value {
			if p.no == no {
				name = ", " + strings.TrimSpace(p.first+" "+p.last)
			}
		}
	} else {
		c.failed(Warning, "The list of providers cannot be read, so searches have to name a practitioner", err)
	}
	c.say(Good, "The gateway acts as provider %s%s: that is whom OSCAR's own log will show.", no, name)
	return true
}

func (c *checker) clocks() {
	switch diff := c.a.link.clockDifference(); {
	case diff.Abs() > signatureWindow:
		c.say(Bad, "OSCAR's clock and the gateway's are %v apart; signatures hold for 5 minutes. Set both by network time.", diff.Abs())
	case diff.Abs() > time.Minute:
		c.say(Warning, "OSCAR's clock and the gateway's are %v apart. Beyond 5 minutes OSCAR refuses the gateway; set both by network time.", diff.Abs())
	default:
		c.say(Good, "The clocks agree to the minute.")
	}
}

// zone holds times that OSCAR sends both ways, as a moment and as the wall's, against the clinic's zone.
func (c *checker) zone(ctx context.Context, t traits) {
	zone := c.a.conf.Zone
	if !t.schedule {
		return
	}
	v, err := c.a.getJSON(ctx, opCapability, typAppointment, "/ws/services/schedule/day/"+c.a.today().String())
	if err != nil {
		return // privileges says so
	}
	list, _ := sheetRows(v)
	for m := range list.Items() {
		when, wall := c.a.instantIn(m.Get("date")), c.a.clockIn(m.Get("startTime"))
		if when.IsZero() || wall == noClock {
			continue
		}
		if got := clockOf(when); got != 0 && got != wall {
			c.say(Bad, "OSCAR's server is in another time zone than the clinic's document says (%s): appointments would be shown at the wrong time.", zone)
			return
		}
		c.say(Good, "OSCAR's times agree with the zone %s.", zone)
		return
	}
	c.say(Warning, "Today's sheet is empty, so OSCAR's time zone could not be compared with %s. Check again on a day with appointments.", zone)
}

// privileges tries calls that need them. Those for writing are tried on row 0, which no OSCAR has.
func (c *checker) privileges(ctx context.Context, t traits) {
	type try struct {
		need, what string
		ask        func() error
	}
	get := func(path string, query ...string) func() error {
		return func() error { _, err := c.a.getJSON(ctx, opCapability, "", path, query...); return err }
	}
	send := func(path, body string) func() error {
		return func() error {
			_, f := c.a.link.send(ctx, &exchange{op: opCapability, method: post, path: "/ws/services" + path, body: []byte(body)})
			if f != nil {
				return f
			}
			return nil
		}
	}
	var tries []try
	if t.schedule {
		tries = append(tries, try{"_demographic r", "patients cannot be looked up", c.noChart(ctx)}, try{"_appointment r", "no appointment can be read", get("/ws/services/schedule/day/" + c.a.today().String())},
			try{"_appointment w", "no appointment can be booked or changed", send("/schedule/appointment/0/updateStatus", `{"status":"t"}`)})
	}
	if t.ticklers {
		tries = append(tries, try{"_tickler r", "no task can be read", get("/ws/services/tickler/ticklers", "count", "1", "page", "1", "status", "A", "demographicNo", "-1")},
			try{"_tickler u", "no task can be changed", send("/tickler/complete", `{"ticklers":[]}`)})
	}
	for _, p := range tries {
		err := p.ask()
		f := wire.AsFault(err)
		switch {
		case errors.Is(err, errMissingPrivilege), err != nil && f.Status == 403:
			c.say(Bad, "The provider lacks the privilege %s: %s.", p.need, p.what)
		case err != nil && f.Status != 500 && f.Status != 400:
			c.failed(Bad, "The privilege "+p.need+" cannot be tried", err)
		default:
			c.say(Good, "The privilege %s is there.", p.need)
		}
	}
	c.say(Warning, "%s cannot be tried without writing; see docs/emr/oscar.md.", untried(t))
}

// untried are the privileges that nothing but a write would show.
func untried(t traits) string {
	if t.ticklers {
		return "The privileges _tickler w and _edoc w"
	}
	return "The provider's privileges"
}

// noChart asks for the chart of patient 0, whom no OSCAR has.
func (c *checker) noChart(ctx context.Context) func() error {
	return func() error {
		_, f := c.a.link.send(ctx, &exchange{op: opCapability, method: "GET", path: "/ws/services/demographics/basic/0"})
		if f != nil {
			return f
		}
		return nil
	}
}

func (c *checker) soap(ctx context.Context) {
	if c.a.soap == nil {
		c.say(Warning, "There is no log-in for SOAP (login.soapUser).")
		return
	}
	if _, err := c.a.soap.who.Get(ctx); err != nil {
		c.failed(Bad, "OSCAR does not let the gateway in by SOAP", err)
		return
	}
	c.say(Good, "The log-in for SOAP works.")
	if _, err := c.a.changes(ctx, opCapability, c.a.conf.Now(), 1); err != nil {
		c.failed(Bad, "By SOAP the schedule cannot be read", err)
	}
	if _, err := c.a.changedDocuments(ctx, opCapability, c.a.conf.Now(), 1); err != nil {
		c.failed(Bad, "By SOAP documents cannot be read", err)
	}
}

func (c *checker) tables(ctx context.Context, t traits) {
	if !t.schedule {
		return
	}
	l, err := c.a.tables.Get(ctx)
	if err != nil {
		c.failed(Bad, "The clinic's code tables cannot be read", err)
		return
	}
	var said []string
	for _, code := range slices.Sorted(maps.Keys(l.Value.statuses)) {
		said = append(said, code+" ("+l.Value.statuses[code]+") is "+c.a.conf.Settings.appointmentStatus(code))
	}
	c.say(Good, "The clinic's %d states and %d reasons are read. A visit in state %s.", len(l.Value.statuses), len(l.Value.reasons), strings.Join(said, ", "))
}

// capability says what will be refused.
func (c *checker) capability(t traits) {
	can := t.capability(c.a.soap != nil)
	for _, typ := range fhir.Types() {
		var does, not []string
		for _, kind := range []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate} {
			if can.Supports(typ, kind) {
				does = append(does, string(kind))
			} else {
				not = append(not, string(kind))
			}
		}
		switch {
		case len(does) == 0:
			c.say(Warning, "%s: nothing is offered; the gateway refuses it.", typ)
		case len(not) == 0:
			c.say(Good, "%s: %s.", typ, strings.Join(does, ", "))
		default:
			c.say(Warning, "%s: %s; refused: %s.", typ, strings.Join(does, ", "), strings.Join(not, ", "))
		}
	}
	if !t.update && c.a.soap == nil && t.schedule {
		c.say(Warning, "Appointments can change their status or their type; moving one needs the log-in for SOAP.")
	}
	if can.Supports("Appointment", fhir.InteractionSearch) {
		c.say(Good, "A search for appointments names a patient, or at most %s days.", strconv.Itoa(c.a.conf.Settings.MaxDays))
	}
}
