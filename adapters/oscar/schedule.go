package oscar

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

const typAppointment = "Appointment"

// appointment reads one row of the schedule; a block is none.
func (a *Adapter) appointment(ctx context.Context, op string, t traits, id int64) (appointment, error) {
	ask := a.appointmentByREST
	if !t.schedule {
		ask = a.appointmentBySOAP
	}
	row, err := ask(ctx, op, id)
	if errors.Is(err, errPerhapsAbsent) {
		if err := a.proveSchedule(ctx, op, t); err != nil {
			return appointment{}, err
		}
		row, err = ask(ctx, op, id)
	}
	switch {
	case err != nil:
		return appointment{}, err
	case row.id == 0, row.patient <= 0:
		return appointment{}, notFound(op, typAppointment)
	case row.id != id:
		return appointment{}, wrong(op, typAppointment, "The EMR answered with another row than the one asked for.")
	}
	return row, nil
}

// appointmentByREST uses getAppointment, which fails with 500 for a row that is not there.
func (a *Adapter) appointmentByREST(ctx context.Context, op string, id int64) (appointment, error) {
	v, err := a.askJSON(ctx, exchange{op: op, typ: typAppointment, path: "/ws/services/schedule/getAppointment",
		body: []byte(`{"id":` + strconv.FormatInt(id, 10) + `}`), absent: true})
	if err != nil {
		return appointment{}, readFault(err, op)
	}
	row := v.Get("appointment")
	if v.Kind() != fhir.Object || !row.Exists() {
		return appointment{}, wrong(op, typAppointment, "The EMR answered something else than what was asked for.")
	}
	return a.fullRow(row), nil
}

func (a *Adapter) appointmentBySOAP(ctx context.Context, op string, id int64) (appointment, error) {
	rows, err := a.soap.call(ctx, soapCall{op: op, typ: typAppointment, service: "ScheduleService", method: "getAppointment2", again: true, absent: true,
		args: []argument{{text: strconv.FormatInt(id, 10)}, {text: "false"}}})
	if err != nil || len(rows) == 0 {
		return appointment{}, readFault(err, op)
	}
	return a.soapRow(rows[0]), nil
}

// readFault is a fault met while reading in the course of a write: 400 and 422 then say nothing about what was to be written.
func readFault(err error, op string) error {
	f, ok := errors.AsType[*wire.Fault](err)
	if !ok || op != opWrite || f.Err.Code != "emr-refused" {
		return err
	}
	e := upstream(op, f.Err.Ref.Type, "emr-request-refused", "The EMR did not accept the gateway's request.")
	return &wire.Fault{Err: e, Status: f.Status}
}

// proveSchedule asks for something that is there, to tell a row that is missing from an EMR that fails: OSCAR answers both with
// 500.
func (a *Adapter) proveSchedule(ctx context.Context, op string, t traits) error {
	if t.schedule {
		_, err := a.getJSON(ctx, op, typAppointment, "/ws/services/schedule/day/"+a.today().String())
		return err
	}
	_, err := a.changes(ctx, op, a.conf.Now(), 1)
	return err
}

// changes is the change feed: rows updated after a moment, at most so many.
func (a *Adapter) changes(ctx context.Context, op string, after time.Time, most int) ([]appointment, error) {
	nodes, err := a.soap.call(ctx, soapCall{op: op, typ: typAppointment, service: "ScheduleService", method: "getAppointmentsUpdatedAfterDate", again: true,
		args: []argument{{text: dateTime(after)}, {text: strconv.Itoa(most)}, {text: "false"}}})
	return a.soapRows(nodes), err
}

// feedPage is how many rows of the change feed are asked for at once.
const feedPage = 500

// feed is every visit that was changed after a moment. The feed is in order of change (Open-O's findByUpdateDate) and stops at
// so many rows without saying so, which is followed; part of it would look like all of it.
func (a *Adapter) feed(ctx context.Context, after time.Time) ([]appointment, error) {
	var rows []appointment
	for {
		page, err := a.changes(ctx, opSearch, after, feedPage)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page...)
		if len(page) < feedPage {
			return visits(rows, 0), nil
		}
		next := page[len(page)-1].updated.Add(-time.Second) // others may have been changed in the same second
		if !next.After(after) || len(rows) >= 10*a.conf.Settings.MaxRows {
			return nil, unbounded("More appointments were changed than the gateway looks at. Search by patient, or by a range of dates.")
		}
		after = next
	}
}

func (a *Adapter) soapRows(nodes []node) []appointment {
	rows := make([]appointment, 0, len(nodes))
	for _, n := range nodes {
		rows = append(rows, a.soapRow(n))
	}
	return rows
}

// dateTime is an xs:dateTime.
func dateTime(t time.Time) string { return t.Format("2006-01-02T15:04:05Z07:00") }

// historyCap is how many rows appointmentHistory returns at most (Open-O's OscarAppointmentDao.MAX_LIST_RETURN_SIZE).
const historyCap = 5000

// history is every appointment of a patient, whole.
func (a *Adapter) history(ctx context.Context, op string, t traits, patient int64) ([]appointment, error) {
	if !t.schedule {
		return a.historyBySOAP(ctx, op, patient)
	}
	v, err := a.askJSON(ctx, exchange{op: op, typ: typAppointment, path: "/ws/services/schedule/" + strconv.FormatInt(patient, 10) + "/appointmentHistory"})
	if err != nil {
		return nil, readFault(err, op)
	}
	list := v.Get("appointments")
	if list.Kind() != fhir.Array && (list.Kind() != fhir.Null || !v.Get("appointment").Exists()) {
		return nil, wrong(op, typAppointment, "The EMR answered something else than what was asked for.")
	}
	var rows []appointment
	for m := range list.Items() {
		if m.Kind() == fhir.Object {
			rows = append(rows, a.fullRow(m))
		}
	}
	if len(rows) >= historyCap {
		return nil, unbounded("This patient has more appointments than the EMR lists at once. Search by practitioner and date.")
	}
	return visits(rows, patient), nil
}

// visits are rows that are a patient's, each once; all of them where patient is 0.
func visits(rows []appointment, patient int64) []appointment {
	seen := map[int64]bool{}
	return slices.DeleteFunc(rows, func(row appointment) bool {
		out := row.id <= 0 || row.patient <= 0 || patient > 0 && row.patient != patient || seen[row.id]
		seen[row.id] = true
		return out
	})
}

func (a *Adapter) historyBySOAP(ctx context.Context, op string, patient int64) ([]appointment, error) {
	const page = 500
	var rows []appointment
	for start := 0; ; start += page {
		nodes, err := a.soap.call(ctx, soapCall{op: op, typ: typAppointment, service: "ScheduleService", method: "getAppointmentsForPatient2", again: true,
			args: []argument{{text: strconv.FormatInt(patient, 10)}, {text: strconv.Itoa(start)}, {text: strconv.Itoa(page)}, {text: "false"}}})
		if err != nil {
			return nil, readFault(err, op)
		}
		rows = append(rows, a.soapRows(nodes)...)
		switch {
		case len(nodes) < page:
			return visits(rows, patient), nil
		case len(rows) >= a.conf.Settings.MaxRows:
			return nil, unbounded("This patient has more appointments than the gateway looks at. Search by practitioner and date.")
		}
	}
}

// between is what stands on providers' sheets from one day to another, both included. By REST these are candidates; by SOAP
// whole rows. A day more on either side is asked for, since OSCARs differ in whether the last one counts.
func (a *Adapter) between(ctx context.Context, op string, t traits, providers []string, from, to day) ([]appointment, error) {
	if len(providers) == 0 {
		return nil, nil
	}
	if !t.schedule {
		return a.betweenBySOAP(ctx, op, providers, from, to)
	}
	v, err := a.getJSON(ctx, op, typAppointment, "/ws/services/schedule/fetchDays/"+from.plus(-1).String()+"/"+to.plus(1).String()+"/"+strings.Join(providers, ",")) // numbers, see numeric
	if err != nil {
		return nil, readFault(err, op)
	}
	list := v.Get("content")
	if list.Kind() != fhir.Array && (list.Kind() != fhir.Null || !v.Get("total").Exists()) {
		return nil, wrong(op, typAppointment, "The EMR answered something else than what was asked for.")
	}
	var rows []appointment
	for m := range list.Items() {
		if m.Kind() == fhir.Object {
			rows = append(rows, a.candidate(m))
		}
	}
	return visits(rows, 0), nil
}

func (a *Adapter) betweenBySOAP(ctx context.Context, op string, providers []string, from, to day) ([]appointment, error) {
	first, _ := at(from.plus(-1), 0, a.conf.Zone)
	last, _ := at(to.plus(2), 0, a.conf.Zone)
	var rows []appointment
	for _, p := range providers {
		nodes, err := a.soap.call(ctx, soapCall{op: op, typ: typAppointment, service: "ScheduleService", method: "getAppointmentsForDateRangeAndProvider2", again: true,
			args: []argument{{text: dateTime(first)}, {text: dateTime(last)}, {text: p}, {text: "false"}}})
		if err != nil {
			return nil, readFault(err, op)
		}
		rows = append(rows, a.soapRows(nodes)...)
	}
	return visits(rows, 0), nil
}

// unbounded is a search that this EMR cannot answer whole.
func unbounded(text string) *fhir.Error {
	return fhir.E(opSearch, fhir.KindUnprocessable, "emr-search-unbounded", text)
}

// whole reads the rows that candidates stand for, several at a time. Rows that are gone in the meantime are left out.
func (a *Adapter) whole(ctx context.Context, t traits, ids []int64) ([]appointment, error) {
	rows := make([]appointment, len(ids))
	err := a.each(ctx, len(ids), func(ctx context.Context, i int) error {
		row, err := a.appointment(ctx, opSearch, t, ids[i])
		if fhir.KindOf(err) == fhir.KindNotFound && err != nil {
			return nil
		}
		rows[i] = row
		return err
	})
	return slices.DeleteFunc(rows, func(row appointment) bool { return row.id == 0 }), err
}

// each does f for 0 to n-1, Parallel at a time, and stops at the first error.
func (a *Adapter) each(ctx context.Context, n int, f func(context.Context, int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan int)
	done := make(chan error, a.conf.Parallel)
	workers := min(a.conf.Parallel, n)
	for range workers {
		go func() {
			var failed error
			for i := range next {
				if failed == nil {
					if failed = f(ctx, i); failed != nil {
						stop(failed)
					}
				}
			}
			done <- failed
		}()
	}
	for i := range n {
		next <- i
	}
	close(next)
	var first error
	for range workers {
		if err := <-done; err != nil && (first == nil || errors.Is(first, context.Canceled)) {
			first = err
		}
	}
	return first
}

// method of writes.
const post = http.MethodPost
