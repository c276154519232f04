package oscar

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
)

// add sends a new row and returns its number, where the answer tells.
func (a *Adapter) add(ctx context.Context, t traits, row appointment) (int64, error) {
	if !t.schedule {
		nodes, err := a.soap.call(ctx, soapCall{op: opWrite, typ: typAppointment, service: "ScheduleService", method: "addAppointment",
			args: []argument{{raw: a.transfer(row)}}})
		if err != nil || len(nodes) == 0 {
			return 0, err
		}
		id, _ := rowID(strings.TrimSpace(nodes[0].text))
		return id, nil
	}
	b, err := a.link.write(ctx, exchange{typ: typAppointment, method: post, path: "/ws/services/schedule/add", body: a.addBody(row)})
	if err != nil {
		return 0, err
	}
	v, err := a.parse(opWrite, typAppointment, b)
	if err != nil {
		return 0, err
	}
	return integer(v.Get("appointment").Get("id")), nil
}

// addBody is NewAppointmentTo1.
func (a *Adapter) addBody(row appointment) []byte {
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
	return w.b
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
		return a.replaceByREST(base, row), nil
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

// replaceByREST is CARLOS's updateAppointment. It is documented with times of day, and its source (AppointmentTo1) has dates, of
// which a time of day is none: one that is not understood is said the other way, if the row still is as it was.
func (a *Adapter) replaceByREST(base, row appointment) func(context.Context) error {
	send := func(ctx context.Context, body []byte) error {
		b, err := a.link.write(ctx, exchange{typ: typAppointment, method: post, path: "/ws/services/schedule/updateAppointment", body: body})
		if err != nil {
			return err
		}
		return a.echoed(b)
	}
	return func(ctx context.Context) error {
		err := send(ctx, a.replaceBody(row, false))
		f := wire.AsFault(err)
		if err == nil || f.Status != http.StatusBadRequest && f.Status != http.StatusInternalServerError || errors.Is(err, errMissingPrivilege) {
			return err
		}
		if now, readErr := a.appointmentByREST(ctx, opWrite, row.id); readErr != nil || now.version() != base.version() {
			return err
		}
		return send(ctx, a.replaceBody(row, true))
	}
}

// replaceBody is AppointmentTo1, with times of day or as the moments that they are on that day. Times are as the EMR stores
// them: the last minute is still taken. What FHIR does not show goes along as it was, lest it be erased.
func (a *Adapter) replaceBody(row appointment, moments bool) []byte {
	midnight, _ := at(row.day, 0, a.conf.Zone)
	w := writer{}
	w.open("", '{')
	w.number("id", row.id)
	w.text("providerNo", row.provider)
	w.number("appointmentDate", midnight.UnixMilli())
	for _, f := range []struct {
		name string
		c    clock
	}{{"startTime", row.start}, {"endTime", (row.end - 60) % (24 * 3600)}} {
		if moments {
			t, _ := at(row.day, f.c, a.conf.Zone)
			w.number(f.name, t.UnixMilli())
		} else {
			w.text(f.name, f.c.String())
		}
	}
	w.text("name", row.name)
	w.number("demographicNo", row.patient)
	if row.program != "" {
		w.key("programId")
		w.b = append(w.b, row.program...)
	}
	w.text("style", row.style)
	w.text("billing", row.billing)
	w.text("remarks", row.remarks)
	w.text("status", row.status)
	a.bodyTexts(&w, row)
	w.close('}')
	return w.b
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
		if f[1] == "" && slices.Contains([]string{"id", "programId", "bookingSource", "billing", "style", "remarks"}, f[0]) {
			continue // not texts, where an empty element is no number, or texts that FHIR does not show and that stay what they are
		}
		b.WriteString("<" + f[0] + ">")
		escapeXML(&b, f[1])
		b.WriteString("</" + f[0] + ">")
	}
	return b.Bytes()
}
