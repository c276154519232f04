package oscar

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// addTickler creates a tickler. tickler/add tells no id, so it is found again by its marker among the patient's.
func (a *Adapter) addTickler(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
	row, added, err := a.wanted(c.Resource, tickler{}, c.Operation)
	if err != nil {
		return fhir.Resource{}, taskError(err)
	}
	if len(added) > 0 {
		return fhir.Resource{}, taskError(refused("A new tickler has no notes yet. Create it first, then add a note to it.").At("note"))
	}
	if err := a.keptTask(ctx, c.Resource, row, nil, nil); err != nil {
		return fhir.Resource{}, err
	}
	look := func(ctx context.Context) (fhir.Resource, bool, error) { return a.added(ctx, row.patient, c.Operation) }
	if r, found, err := look(ctx); found || err != nil {
		return r, err
	}
	body := a.addTicklerBody(row)
	send := func(ctx context.Context) error { return a.told(ctx, "/ws/services/tickler/add", body) }
	r, err := a.attempts(ctx, typTask, send, look)
	if err != nil || !r.IsZero() {
		return r, err
	}
	r, found, err := look(ctx)
	if !found {
		return fhir.Resource{}, unknown(typTask, err)
	}
	return r, nil
}

func taskError(err error) error {
	e := fhir.AsError(err)
	e.Ref.Type = typTask
	return e
}

// keptTask holds a Task against the row that it becomes. New notes are in neither yet.
func (a *Adapter) keptTask(ctx context.Context, sent fhir.Resource, row tickler, added []remark, base *tickler) error {
	var before fhir.Resource
	if base != nil {
		var err error
		if before, err = a.taskResource(opWrite, *base); err != nil {
			return err
		}
	} else {
		row.id = 1
		if sent.Value().Get("requester").Exists() {
			me, err := a.myself(ctx, opWrite)
			if err != nil {
				return err
			}
			row.creator = me
		}
	}
	row.comments = append(row.comments[:len(row.comments):len(row.comments)], added...) // as if the new notes were there
	will, err := a.taskResource(opWrite, row)
	if err != nil {
		return err
	}
	return kept(sent, will, before)
}

// added looks among the patient's ticklers for the one that the operation made.
func (a *Adapter) added(ctx context.Context, patient int64, operation string) (fhir.Resource, bool, error) {
	rows, err := a.ticklers(ctx, opWrite, "demographicNo", strconv.FormatInt(patient, 10))
	if err != nil {
		return fhir.Resource{}, false, err
	}
	for _, row := range rows {
		if _, op := unmarked(row.message); op != "" && op == mark(operation) && row.patient == patient {
			r, err := a.taskResource(opWrite, row)
			return r, err == nil, err
		}
	}
	return fhir.Resource{}, false, nil
}

func (a *Adapter) addTicklerBody(row tickler) []byte {
	w := writer{}
	w.open("", '{')
	w.number("demographicNo", row.patient)
	a.ticklerBody(&w, row)
	w.close('}')
	return w.b
}

func (a *Adapter) ticklerBody(w *writer, row tickler) {
	w.text("taskAssignedTo", row.owner)
	w.text("message", row.message)
	w.key("serviceDate")
	w.b = append(append(append(w.b, '"'), row.service.In(a.conf.Zone).Format("2006-01-02T15:04:05.000-07:00")...), '"')
	w.text("priority", row.priority)
	w.text("status", row.status)
}

// told sends what is answered with success or not: OSCAR says no with status 200.
func (a *Adapter) told(ctx context.Context, path string, body []byte) error {
	b, err := a.link.write(ctx, exchange{typ: typTask, method: post, path: path, body: body})
	if err != nil {
		return err
	}
	v, err := a.parse(opWrite, typTask, b)
	if err != nil {
		return err
	}
	switch v.Get("success").Kind() {
	case fhir.True:
		return nil
	case fhir.False:
		return &wire.Fault{Err: refused("The EMR refused the tickler: it may not know the patient or the owner.")}
	}
	return &wire.Fault{Err: wrong(opWrite, typTask, "The EMR answered something else than what was asked for."), Fate: wire.Finished}
}

// changeTickler updates a tickler: by the calls for completing and deleting where nothing else changes, else by the one that
// replaces it and adds comments.
func (a *Adapter) changeTickler(ctx context.Context, t traits, id int64, c fhir.Change) (fhir.Resource, error) {
	base, err := a.tickler(ctx, opWrite, t, id)
	if err != nil {
		return fhir.Resource{}, err
	}
	if base.version() != c.Base.Version {
		return fhir.Resource{}, stale(typTask)
	}
	row, added, err := a.wanted(c.Resource, base, "")
	if err != nil {
		return fhir.Resource{}, taskError(err)
	}
	if len(added) > 0 && t.ticklerIDs {
		return fhir.Resource{}, taskError(refused("This EMR's interface takes no notes for a tickler.").At("note"))
	}
	if err := a.keptTask(ctx, c.Resource, row, added, &base); err != nil {
		return fhir.Resource{}, err
	}
	if row.says() == base.says() && len(added) == 0 {
		return a.taskResource(opWrite, base)
	}
	send, err := a.ticklerChanger(ctx, t, base, row, added)
	if err != nil {
		return fhir.Resource{}, err
	}
	row.comments = append(row.comments[:len(row.comments):len(row.comments)], added...)
	look := func(ctx context.Context) (fhir.Resource, bool, error) {
		now, err := a.tickler(ctx, opWrite, t, id)
		switch {
		case err != nil:
			return fhir.Resource{}, false, err
		case now.version() == base.version():
			return fhir.Resource{}, false, nil
		case now.says() == row.says():
			r, err := a.taskResource(opWrite, now)
			return r, err == nil, err
		}
		return fhir.Resource{}, false, errChangedSince
	}
	r, err := a.attempts(ctx, typTask, send, look)
	if err != nil || !r.IsZero() {
		return r, err
	}
	now, err := a.tickler(ctx, opWrite, t, id)
	switch {
	case err != nil:
		return fhir.Resource{}, unknown(typTask, err)
	case now.version() == base.version():
		return fhir.Resource{}, unchanged(typTask)
	}
	return a.taskResource(opWrite, now)
}

// says is what a tickler says, whenever it was changed.
func (row tickler) says() string {
	row.updated = time.Time{}
	comments := make([]remark, len(row.comments))
	for i, c := range row.comments {
		comments[i] = remark{text: c.text}
	}
	row.comments = comments
	return row.version()
}

// ticklerChanger is the call that turns base into row.
func (a *Adapter) ticklerChanger(ctx context.Context, t traits, base, row tickler, added []remark) (func(context.Context) error, error) {
	only := base
	only.status = row.status
	switch {
	case t.ticklerIDs:
		return a.junoChanger(row), nil
	case len(added) == 0 && only.says() == row.says() && (row.status == "C" || row.status == "D"):
		path := map[string]string{"C": "/ws/services/tickler/complete", "D": "/ws/services/tickler/delete"}[row.status]
		body := []byte(`{"ticklers":[` + strconv.FormatInt(row.id, 10) + `]}`)
		return func(ctx context.Context) error { return a.told(ctx, path, body) }, nil
	}
	me := ""
	if len(added) > 0 {
		var err error
		if me, err = a.myself(ctx, opWrite); err != nil {
			return nil, err
		}
	}
	body := a.updateTicklerBody(row, added, me)
	return func(ctx context.Context) error { return a.told(ctx, "/ws/services/tickler/update", body) }, nil
}

// updateTicklerBody has all that tickler/update asks for, and the new comments.
func (a *Adapter) updateTicklerBody(row tickler, added []remark, me string) []byte {
	w := writer{}
	w.open("", '{')
	w.number("id", row.id)
	a.ticklerBody(&w, row)
	if len(added) > 0 {
		w.open("ticklerComments", '[')
		for _, c := range added {
			w.open("", '{')
			w.key("newComment")
			w.b = append(w.b, "true"...)
			w.text("providerNo", me)
			w.text("message", c.text)
			w.close('}')
		}
		w.close(']')
	}
	w.close('}')
	return w.b
}

// junoChanger is Juno's PUT, whose times have no zone: they are the clinic's.
func (a *Adapter) junoChanger(row tickler) func(context.Context) error {
	body := a.junoBody(row)
	return func(ctx context.Context) error {
		b, err := a.link.write(ctx, exchange{typ: typTask, method: http.MethodPut, path: "/ws/services/v1/tickler/" + strconv.FormatInt(row.id, 10), body: body})
		if err != nil {
			return err
		}
		_, err = a.junoTickler(opWrite, b)
		return err
	}
}

func (a *Adapter) junoBody(row tickler) []byte {
	w := writer{}
	w.open("", '{')
	w.number("id", row.id)
	w.number("demographicNo", row.patient)
	w.text("message", row.message)
	w.text("status", row.status)
	w.text("serviceDateTime", row.service.In(a.conf.Zone).Format("2006-01-02T15:04:05"))
	w.text("creator", row.creator)
	w.text("priority", row.priority)
	w.text("taskAssignedTo", row.owner)
	if row.category != "" {
		w.key("categoryId")
		w.b = append(w.b, row.category...)
	}
	w.close('}')
	return w.b
}
