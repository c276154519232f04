package oscar

import (
	"context"
	"time"

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
	switch {
	case err != nil:
		return fhir.Resource{}, unknown(typAppointment, err)
	case now.version() == base.version():
		return fhir.Resource{}, unchanged(typAppointment)
	}
	return a.appointmentResource(opWrite, now)
}

// content is what a row says, whoever wrote it and when.
func (row appointment) content() string {
	row.updated, row.created = time.Time{}, time.Time{}
	return row.version()
}
