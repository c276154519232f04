package oscar

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// sheet is all that stands on a provider's day: visits and blocks, with their ends.
func (a *Adapter) sheet(ctx context.Context, op string, t traits, no string, d day) ([]appointment, error) {
	if !t.schedule {
		midnight, _ := at(d, 12*3600, a.conf.Zone)
		nodes, err := a.soap.call(ctx, soapCall{op: op, typ: typAppointment, service: "ScheduleService", method: "getAppointmentsForProvider2", again: true,
			args: []argument{{text: no}, {text: dateTime(midnight)}, {text: "false"}}})
		if err != nil {
			return nil, readFault(err, op)
		}
		return slices.DeleteFunc(a.soapRows(nodes), func(row appointment) bool { return row.day != d || row.provider != no }), nil
	}
	v, err := a.getJSON(ctx, op, typAppointment, "/ws/services/schedule/"+segment(no)+"/day/"+d.String())
	if err != nil {
		return nil, readFault(err, op)
	}
	list, ok := sheetRows(v)
	if !ok {
		return nil, wrong(op, typAppointment, "The EMR answered something else than what was asked for.")
	}
	var rows []appointment
	for m := range list.Items() {
		rows = append(rows, a.sheetRow(m, no, d))
	}
	return rows, a.lengthen(ctx, op, rows)
}

// lengthen finds out how long the rows of a sheet are that does not say it: OSCAR 19's has no duration (ws/rest/ScheduleService
// in the mirror of 2019). A row that is gone meanwhile takes no time.
func (a *Adapter) lengthen(ctx context.Context, op string, rows []appointment) error {
	return a.each(ctx, len(rows), func(ctx context.Context, i int) error {
		if rows[i].end != noClock || rows[i].start == noClock || rows[i].id <= 0 {
			return nil
		}
		whole, err := a.appointmentByREST(ctx, op, rows[i].id)
		switch {
		case errors.Is(err, errPerhapsAbsent), err == nil && whole.id != rows[i].id:
			return nil
		case err != nil:
			return err
		}
		rows[i].end = whole.end
		return nil
	})
}

// sheetRows finds the rows of a day sheet: a bare array (Open-O), {patients: […]} (OSCAR 19), or, for a provider who is not
// there, an envelope of something else without any.
func sheetRows(v fhir.Value) (fhir.Value, bool) {
	switch {
	case v.Kind() == fhir.Array:
		return v, true
	case v.Get("patients").Exists():
		return v.Get("patients"), v.Get("patients").Kind() == fhir.Array || v.Get("patients").Kind() == fhir.Null
	case v.Get("drug").Exists():
		return fhir.Value{}, true
	}
	return fhir.Value{}, false
}

// opening is a stretch of a provider's day template.
type opening struct {
	start clock
	code  string
}

// template is a provider's day template: when which kind of visit may be booked, each for so many minutes. Only SOAP tells it,
// and the names of the members are unverified: Open-O's CalendarScheduleCodePairTransfer has date and scheduleCode, a Java char.
func (a *Adapter) template(ctx context.Context, op, no string, d day) (openings []opening, minutes int, err error) {
	if a.soap == nil {
		return nil, 0, nil
	}
	noon, _ := at(d, 12*3600, a.conf.Zone)
	nodes, err := a.soap.call(ctx, soapCall{op: op, typ: "Slot", service: "ScheduleService", method: "getDayWorkSchedule", again: true,
		args: []argument{{text: no}, {text: dateTime(noon)}}})
	if err != nil || len(nodes) == 0 || nodes[0].get("holiday") == "true" || nodes[0].get("isHoliday") == "true" {
		return nil, 0, err
	}
	minutes, _ = strconv.Atoi(nodes[0].get("timeSlotDurationMin"))
	for _, k := range nodes[0].kids {
		if k.name != "timeSlots" {
			continue
		}
		code := k.get("scheduleCode") + k.get("code")
		if n, err := strconv.Atoi(code); err == nil && len(code) > 1 && n > ' ' && n < 127 {
			code = string(rune(n))
		}
		if t := a.instantAt(k.get("date") + k.get("time")); !t.IsZero() && code != "" && code != "_" && dayOf(t) == d {
			openings = append(openings, opening{clockOf(t), code})
		}
	}
	return openings, minutes, nil
}

// Slots are a provider's day as FHIR Slots: what the day template opens and nobody has taken is free, visits and blocks are
// busy. Whose visit it is, and what a block is called, is not in them. The gateway's front door does not serve the type; this is
// for what runs beside it.
func (a *Adapter) Slots(ctx context.Context, practitioner, date string) ([]fhir.Resource, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	out, err := a.slots(ctx, practitioner, date)
	if err != nil {
		return nil, wire.Plain(err)
	}
	return out, nil
}

func (a *Adapter) slots(ctx context.Context, no, date string) ([]fhir.Resource, error) {
	when, err := time.Parse("2006-01-02", date)
	if err != nil || !fhir.ValidID(no) {
		return nil, fhir.E(opSearch, fhir.KindInvalid, "invalid-value", "A practitioner's number and a date such as 2026-12-01 are wanted.")
	}
	d := dayOf(when)
	t, _, err := a.can(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := a.sheet(ctx, opSearch, t, no, d)
	if err != nil {
		return nil, err
	}
	openings, minutes, err := a.template(ctx, opSearch, no, d)
	if err != nil {
		return nil, err
	}
	var out []fhir.Resource
	add := func(id, status, code string, from, to clock) error {
		r, err := a.slotResource(id, no, status, code, d, from, to)
		out = append(out, r)
		return err
	}
	taken := slices.DeleteFunc(rows, func(row appointment) bool { return !a.takesTime(row) })
	for _, row := range taken {
		if err := add("taken-"+strconv.FormatInt(row.id, 10), "busy", "", row.start, max(row.end, row.start+60)); err != nil {
			return nil, err
		}
	}
	for _, o := range openings {
		end := o.start + clock(minutes)*60
		if minutes <= 0 || slices.ContainsFunc(taken, func(row appointment) bool { return row.start < end && o.start < max(row.end, row.start+60) }) {
			continue
		}
		id := no + "-" + d.String() + "-" + strings.ReplaceAll(o.start.String()[:5], ":", "")
		if err := add(id, "free", o.code, o.start, end); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a *Adapter) slotResource(id, no, status, code string, d day, from, to clock) (fhir.Resource, error) {
	start, end := a.when(appointment{day: d, start: from, end: to})
	w := writer{}
	w.open("", '{')
	w.text("resourceType", "Slot")
	w.text("id", id)
	if code != "" {
		w.open("serviceType", '[')
		w.concept("", a.system("schedule-code"), code, "")
		w.close(']')
	}
	w.reference("schedule", "Schedule", no, "")
	w.text("status", status)
	w.instant("start", start, a.conf.Zone)
	w.instant("end", end, a.conf.Zone)
	w.close('}')
	return resource(opSearch, "Slot", w.b)
}
