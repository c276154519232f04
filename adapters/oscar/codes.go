package oscar

import (
	"context"
	"errors"
	"time"

	"vestibule/fhir"
)

// tables are the clinic's code tables: an appointment's states and reasons. They are read when first needed and kept for an
// hour. The zero tables say nothing and forbid nothing.
type tables struct {
	statuses map[string]string // active states to what the clinic calls them
	reasons  map[int64]string  // active reasons
	read     bool
}

func (a *Adapter) loadTables(ctx context.Context) (tables, time.Duration, error) {
	t, _, err := a.can(ctx)
	if err != nil || !t.schedule {
		return tables{}, time.Hour, err
	}
	out := tables{read: true}
	v, err := a.getJSON(ctx, opCapability, typAppointment, "/ws/services/schedule/statuses")
	if err == nil {
		out.statuses, err = statusTable(v)
	}
	if err != nil {
		return tables{}, 0, err
	}
	v, err = a.getJSON(ctx, opCapability, typAppointment, "/ws/services/schedule/reasons")
	if err == nil {
		out.reasons, err = reasonTable(v)
	}
	return out, time.Hour, err
}

// statusTable reads the states that are switched on, and what the clinic calls them.
func statusTable(v fhir.Value) (map[string]string, error) {
	if v.Get("content").Kind() != fhir.Array {
		return nil, wrong(opCapability, typAppointment, "The EMR answered something else than what was asked for.")
	}
	out := map[string]string{}
	for m := range v.Get("content").Items() {
		if integer(m.Get("active")) != 0 || m.Get("active").Kind() == fhir.True {
			out[plainText(m.Get("status"))] = plainText(m.Get("description"))
		}
	}
	return out, nil
}

// reasonTable reads the reasons that are switched on, by their numbers.
func reasonTable(v fhir.Value) (map[int64]string, error) {
	if !v.Get("reasons").Exists() {
		return nil, wrong(opCapability, typAppointment, "The EMR answered something else than what was asked for.")
	}
	out := map[int64]string{}
	for m := range v.Get("reasons").Items() {
		if m.Get("active").Kind() != fhir.False {
			out[integer(m.Get("id"))] = plainText(m.Get("label"))
		}
	}
	return out, nil
}

// inTables refuses codes that the clinic's tables do not have: OSCAR would take them, and its screens would not know them.
// Where the tables may not be read the EMR is left to decide.
func (a *Adapter) inTables(ctx context.Context, row, base appointment) error {
	l, err := a.tables.Get(ctx)
	switch {
	case errors.Is(err, errMissingPrivilege):
		return nil
	case err != nil:
		return readFault(err, opWrite)
	case !l.Value.read:
		return nil
	}
	e := fhir.E(opWrite, fhir.KindUnprocessable, "emr-refused", "The clinic has switched this state off in its EMR.").At("status")
	if row.status != base.status && row.status != "" {
		if _, ok := l.Value.statuses[row.status[:1]]; !ok {
			e.Ref.Type = typAppointment
			return e
		}
	}
	if row.reasonCode != base.reasonCode && row.reasonCode != int64(a.conf.Settings.ReasonCode) {
		if _, ok := l.Value.reasons[row.reasonCode]; !ok {
			e = fhir.E(opWrite, fhir.KindUnprocessable, "emr-refused", "The clinic's EMR has no reason with this code.").At("reasonCode")
			e.Ref.Type = typAppointment
			return e
		}
	}
	return nil
}
