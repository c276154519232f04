package oscar

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// book creates an appointment: looked for first, then added once, then read back.
func (a *Adapter) book(ctx context.Context, t traits, c fhir.Change) (fhir.Resource, error) {
	row, err := a.desired(c.Resource, appointment{start: noClock, end: noClock}, c.Operation)
	if err != nil {
		return fhir.Resource{}, err
	}
	if err := a.inTables(ctx, row, appointment{}); err != nil {
		return fhir.Resource{}, err
	}
	will := row
	will.id = 1
	said, err := a.appointmentResource(opWrite, will)
	if err != nil {
		return fhir.Resource{}, err
	}
	if err := kept(c.Resource, said, fhir.Resource{}); err != nil {
		return fhir.Resource{}, err
	}
	look := func(ctx context.Context) (fhir.Resource, bool, error) {
		return a.booked(ctx, t, row.patient, c.Operation)
	}
	if r, found, err := look(ctx); found || err != nil {
		return r, err
	}
	unlock, err := a.takeTime(ctx, t, row)
	if err != nil {
		return fhir.Resource{}, err
	}
	defer unlock()
	var id int64
	r, err := a.attempts(ctx, typAppointment, func(ctx context.Context) (err error) { id, err = a.add(ctx, t, row); return err }, look)
	if err != nil || !r.IsZero() {
		return r, err
	}
	if id > 0 {
		if back, err := a.appointment(ctx, opWrite, t, id); err == nil {
			if _, op := unmarked(back.notes); op == mark(c.Operation) {
				return a.appointmentResource(opWrite, back)
			}
		}
	}
	r, found, err := look(ctx)
	if found {
		return r, nil
	}
	return fhir.Resource{}, unknown(typAppointment, err)
}

// booked looks among the patient's appointments for the one that the operation made.
func (a *Adapter) booked(ctx context.Context, t traits, patient int64, operation string) (fhir.Resource, bool, error) {
	rows, err := a.history(ctx, opWrite, t, patient)
	if err != nil {
		return fhir.Resource{}, false, err
	}
	for _, row := range rows {
		if _, op := unmarked(row.notes); op != "" && op == mark(operation) {
			r, err := a.appointmentResource(opWrite, row)
			return r, err == nil, err
		}
	}
	return fhir.Resource{}, false, nil
}

// takeTime holds the practitioner's day while an appointment is put there, and refuses one whose time is taken, by a visit or by
// a block. OSCAR itself checks nothing. A cancelled visit or one that nobody came to takes no time.
func (a *Adapter) takeTime(ctx context.Context, t traits, row appointment) (unlock func(), err error) {
	if a.conf.Settings.DoubleBooking || !a.takesTime(row) {
		return func() {}, nil
	}
	unlock, err = a.locks.Lock(ctx, "sheet/"+row.provider+"/"+row.day.String())
	if err != nil {
		return nil, err
	}
	sheet, err := a.sheet(ctx, opWrite, t, row.provider, row.day)
	if err != nil {
		unlock()
		return nil, err
	}
	for _, other := range sheet {
		if other.id != row.id && a.takesTime(other) && other.start < row.end && row.start < max(other.end, other.start+60) {
			unlock()
			e := fhir.E(opWrite, fhir.KindConflict, "emr-conflict", "The practitioner's time is taken. Choose another time.").At("start")
			e.Ref.Type = typAppointment
			return nil, e
		}
	}
	return unlock, nil
}

func (a *Adapter) takesTime(row appointment) bool {
	status := a.conf.Settings.appointmentStatus(row.status)
	return row.start != noClock && status != "cancelled" && status != "noshow"
}

// add sends a new row and returns its number, where the answer tells.
func (a *Adapter) add(ctx context.Context, t traits, row appointment) (int64, error) {
	if !t.schedule {
		if chart, err := a.chart(ctx, opWrite, row.patient); err == nil { // SOAP, unlike REST, writes the name that is sent
			row.name = strings.Trim(plainText(chart.Get("lastName"))+", "+plainText(chart.Get("firstName")), ", ")
			row.name = string([]rune(row.name)[:min(len([]rune(row.name)), 50)])
		}
		nodes, err := a.soap.call(ctx, soapCall{op: opWrite, typ: typAppointment, service: "ScheduleService", method: "addAppointment",
			args: []argument{{raw: a.transfer(row)}}})
		if err != nil || len(nodes) == 0 {
			return 0, err
		}
		id, _ := rowID(strings.TrimSpace(nodes[0].text))
		return id, nil
	}
	w := writer{}
	w.open("", '{')
	w.text("providerNo", row.provider)
	w.text("appointmentDate", row.day.String())
	w.text("startTime", row.start.String()[:5])
	w.number("demographicNo", row.patient)
	w.number("duration", int64(row.end-row.start)/60)
	w.text("status", row.status)
	a.bodyTexts(&w, row)
	w.close('}')
	b, err := a.link.write(ctx, exchange{typ: typAppointment, method: post, path: "/ws/services/schedule/add", body: w.b})
	if err != nil {
		return 0, err
	}
	v, err := a.parse(opWrite, typAppointment, b)
	if err != nil {
		return 0, err
	}
	return integer(v.Get("appointment").Get("id")), nil
}

// bodyTexts are the texts of a row, the empty ones too: what is not sent is not changed.
func (a *Adapter) bodyTexts(w *writer, row appointment) {
	for _, f := range [][2]string{{"type", row.kind}, {"reason", row.reason}, {"notes", row.notes}, {"location", row.location},
		{"resources", row.resources}, {"urgency", row.urgency}} {
		w.key(f[0])
		w.b = appendQuoted(w.b, f[1])
	}
	if row.reasonCode != 0 {
		w.number("reasonCode", row.reasonCode)
	}
}

// change updates an appointment: by the call for its status or its type where nothing else changes, else by the one that
// replaces the whole row.
func (a *Adapter) change(ctx context.Context, t traits, id int64, c fhir.Change) (fhir.Resource, error) {
	base, err := a.appointment(ctx, opWrite, t, id)
	if err != nil {
		return fhir.Resource{}, err
	}
	if base.version() != c.Base.Version {
		return fhir.Resource{}, stale(typAppointment)
	}
	before, err := a.appointmentResource(opWrite, base)
	if err != nil {
		return fhir.Resource{}, err
	}
	row, err := a.desired(c.Resource, base, "")
	if err == nil {
		err = a.inTables(ctx, row, base)
	}
	if err != nil {
		return fhir.Resource{}, err
	}
	will, err := a.appointmentResource(opWrite, row)
	if err != nil {
		return fhir.Resource{}, err
	}
	if err := kept(c.Resource, will, before); err != nil {
		return fhir.Resource{}, err
	}
	send, err := a.changer(t, base, row)
	if err != nil || send == nil {
		return before, err
	}
	if moved := row.day != base.day || row.start != base.start || row.end != base.end || row.provider != base.provider || !a.takesTime(base); moved {
		unlock, err := a.takeTime(ctx, t, row)
		if err != nil {
			return fhir.Resource{}, err
		}
		defer unlock()
	}
	read := func(ctx context.Context) (appointment, error) { return a.appointment(ctx, opWrite, t, id) }
	return a.replace(ctx, base, row, send, read)
}

// replace carries the change out and reads the row back.
func (a *Adapter) replace(ctx context.Context, base, row appointment, send func(context.Context) error, read func(context.Context) (appointment, error)) (fhir.Resource, error) {
	look := func(ctx context.Context) (fhir.Resource, bool, error) {
		now, err := read(ctx)
		switch {
		case err != nil:
			return fhir.Resource{}, false, err
		case now.version() == base.version():
			return fhir.Resource{}, false, nil
		case now.content() == row.content():
			r, err := a.appointmentResource(opWrite, now)
			return r, err == nil, err
		}
		return fhir.Resource{}, false, errChangedSince
	}
	r, err := a.attempts(ctx, typAppointment, send, look)
	if err != nil || !r.IsZero() {
		return r, err
	}
	now, err := read(ctx)
	if err != nil {
		return fhir.Resource{}, unknown(typAppointment, err)
	}
	return a.appointmentResource(opWrite, now)
}

// content is what a row says, whoever wrote it and when.
func (row appointment) content() string {
	row.updated, row.created = time.Time{}, time.Time{}
	return row.version()
}

// changer is the call that turns base into row; nil where there is nothing to change.
func (a *Adapter) changer(t traits, base, row appointment) (func(context.Context) error, error) {
	status, kind := row.status != base.status, row.kind != base.kind
	rest := base
	rest.status, rest.kind = row.status, row.kind
	others := rest.content() != row.content()
	path := "/ws/services/schedule/appointment/" + strconv.FormatInt(row.id, 10)
	switch {
	case !status && !kind && !others:
		return nil, nil
	case t.schedule && !others && !kind:
		return a.setter(path+"/updateStatus", "status", row.status), nil
	case t.schedule && !others && !status:
		return a.setter(path+"/updateType", "type", row.kind), nil
	case t.update:
		return a.replaceByREST(row), nil
	case a.soap == nil:
		e := notSupported(opWrite, typAppointment, "This clinic's EMR, as the gateway reaches it, changes an appointment's status or its type, one at a time. Moving one needs the SOAP log-in.")
		return nil, e
	case row.reasonCode != base.reasonCode:
		return nil, refused("This EMR cannot change the code of a reason, only its text.").At("reasonCode")
	}
	return func(ctx context.Context) error { return a.replaceBySOAP(ctx, row) }, nil
}

func (a *Adapter) setter(path, name, value string) func(context.Context) error {
	body := append(appendQuoted([]byte(`{"`+name+`":`), value), '}')
	return func(ctx context.Context) error {
		b, err := a.link.write(ctx, exchange{typ: typAppointment, method: post, path: path, body: body})
		if err != nil {
			return err
		}
		return a.echoed(b)
	}
}

// echoed checks that an answer is the row that was changed.
func (a *Adapter) echoed(b []byte) error {
	v, err := a.parse(opWrite, typAppointment, b)
	if err != nil {
		return err
	}
	if integer(v.Get("appointment").Get("id")) == 0 {
		return &wire.Fault{Err: wrong(opWrite, typAppointment, "The EMR answered something else than what was asked for."), Fate: wire.Finished}
	}
	return nil
}

// replaceByREST is CARLOS's updateAppointment. Times are as the EMR stores them: the last minute is still taken.
func (a *Adapter) replaceByREST(row appointment) func(context.Context) error {
	midnight, _ := at(row.day, 0, a.conf.Zone)
	w := writer{}
	w.open("", '{')
	w.number("id", row.id)
	w.text("providerNo", row.provider)
	w.number("appointmentDate", midnight.UnixMilli())
	w.text("startTime", row.start.String())
	w.text("endTime", ((row.end - 60) % (24 * 3600)).String())
	w.number("demographicNo", row.patient)
	w.text("status", row.status)
	a.bodyTexts(&w, row)
	w.close('}')
	return func(ctx context.Context) error {
		b, err := a.link.write(ctx, exchange{typ: typAppointment, method: post, path: "/ws/services/schedule/updateAppointment", body: w.b})
		if err != nil {
			return err
		}
		return a.echoed(b)
	}
}

// replaceBySOAP sends every column that AppointmentTransfer has, since what is missing is erased: those that FHIR does not show
// are fetched first.
func (a *Adapter) replaceBySOAP(ctx context.Context, row appointment) error {
	hidden, err := a.appointmentBySOAP(ctx, opWrite, row.id)
	if err != nil {
		return notSent(err)
	}
	row.program, row.style, row.billing, row.remarks, row.booking, row.name = hidden.program, hidden.style, hidden.billing, hidden.remarks, hidden.booking, hidden.name
	_, err = a.soap.call(ctx, soapCall{op: opWrite, typ: typAppointment, service: "ScheduleService", method: "updateAppointment",
		args: []argument{{raw: a.transfer(row)}}})
	return err
}

// transfer is AppointmentTransfer; its end is exclusive.
func (a *Adapter) transfer(row appointment) []byte {
	start, _ := at(row.day, row.start, a.conf.Zone)
	end := start.Add(time.Duration(row.end-row.start) * time.Second)
	id := ""
	if row.id > 0 {
		id = strconv.FormatInt(row.id, 10)
	}
	var b bytes.Buffer
	for _, f := range [][2]string{
		{"appointmentEndDateTime", dateTime(end)}, {"appointmentStartDateTime", dateTime(start)}, {"billing", row.billing}, {"bookingSource", row.booking},
		{"demographicNo", strconv.FormatInt(row.patient, 10)}, {"id", id}, {"location", row.location}, {"name", row.name}, {"notes", row.notes},
		{"programId", row.program}, {"providerNo", row.provider}, {"reason", row.reason}, {"remarks", row.remarks}, {"resources", row.resources},
		{"status", row.status}, {"style", row.style}, {"type", row.kind}, {"urgency", row.urgency},
	} {
		if f[1] == "" && (f[0] == "id" || f[0] == "programId" || f[0] == "bookingSource") {
			continue // not texts: an empty element is no number
		}
		b.WriteString("<" + f[0] + ">")
		escapeXML(&b, f[1])
		b.WriteString("</" + f[0] + ">")
	}
	return b.Bytes()
}
