// Package keep deletes what a clinic keeps no longer: the bodies of records that are older than its rule, and those that name a
// patient whose data is to be erased. What a legal hold covers stays, whatever else is said.
//
// # Retention
//
// The clinic's document says for how many years each class of records is kept; a clinic without one, and what belongs to no
// clinic, has the default. The serving process applies the rule once a day.
//
// # Holds
//
// A hold counts from when it is applied until its withdrawal is on record: whichever of what is written down and what is on
// record keeps more. One that cannot be read, and a clinic that cannot be, keep everything.
//
// # Erasure
//
// In this order: the holds are read; a document that names the patient and is in force, or waits for approval, stops it; the
// bodies go; the texts of past versions of documents and the subjects of events that name the patient are blanked; the request
// itself is; the database's files are made sure to hold nothing of it any more. Each part can be done again.
package keep

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/store"
)

// Keeper does it, for one data folder.
type Keeper struct {
	DB     *sql.DB
	Store  *store.Store
	Ledger *audit.Ledger // nil: plans only
	Now    func() time.Time
	NewID  func() string
	Told   func(progress string) error // is told how far it is, for people; an error stops it between two steps
}

// Result is what was done, or would be.
type Result struct {
	audit.Forgotten
	Rule     string           // of a retention
	Standing []string         // documents in force that name the patient: nothing is erased before they do not
	Texts    int              // of past versions that are blanked
	Subjects int              // of events
	Sealed   map[string]int64 // bodies that stay in logs that are sealed, see audit.Recover: nothing can be put on record there
	Planned  bool
}

// Retention is a clinic's rule. One that cannot be read is an error: nothing is deleted by a guess.
func (k *Keeper) Retention(ctx context.Context, clinic string) (config.Retention, *time.Location, error) {
	current, err := k.Store.Current(ctx)
	if err != nil {
		return config.Retention{}, nil, err
	}
	for _, d := range current {
		if d.Kind != config.KindClinic || d.Name != clinic {
			continue
		}
		doc, err := read(d)
		if err != nil {
			return config.Retention{}, nil, fmt.Errorf("what the clinic keeps cannot be read, so nothing is deleted: %w", err)
		}
		zone, err := doc.OfClinic.Location()
		return doc.OfClinic.Retention, zone, err
	}
	return config.Retention{}, time.UTC, nil
}

// Hold is a legal hold that is applied.
type Hold struct {
	config.LegalHold
	Doc  store.Document
	Zone *time.Location
	Over bool // past its last day
}

// Holds are the legal holds of a clinic, or with no clinic of all, by name.
func (k *Keeper) Holds(ctx context.Context, clinic string) ([]Hold, error) {
	current, err := k.Store.Current(ctx)
	if err != nil {
		return nil, err
	}
	effective, err := k.Store.Effective(ctx)
	if err != nil {
		return nil, err
	}
	type place struct {
		clinic, name string
		version      int
	}
	seen := map[place]bool{}
	var out []Hold
	for _, d := range append(current, effective...) {
		at := place{d.Clinic, d.Name, d.Version}
		if d.Kind != config.KindLegalHold || clinic != "" && d.Clinic != clinic || seen[at] {
			continue
		}
		seen[at] = true
		doc, err := read(d)
		if err != nil {
			return nil, fmt.Errorf("a legal hold cannot be read, so everything is kept: %w", err)
		}
		_, zone, err := k.Retention(ctx, d.Clinic)
		if err != nil {
			return nil, err
		}
		out = append(out, Hold{*doc.OfHold, d, zone, doc.OfHold.Over(k.Now(), zone)})
	}
	return out, nil
}

// covering is what the holds in force of a clinic cover.
func (k *Keeper) covering(ctx context.Context, clinic string) ([]audit.Hold, error) {
	holds, err := k.Holds(ctx, clinic)
	if err != nil {
		return nil, err
	}
	var out []audit.Hold
	for _, h := range holds {
		if h.Over {
			continue
		}
		covers, err := h.Covers(h.Zone)
		if err != nil {
			return nil, fmt.Errorf("a legal hold cannot be read, so everything is kept: %w", err)
		}
		out = append(out, covers)
	}
	return out, nil
}

// read is a stored document.
func read(d store.Document) (config.Document, error) {
	if err := d.Readable(); err != nil {
		return config.Document{}, err
	}
	docs, err := config.Parse(d.Kind+" "+d.Name, d.Body)
	if err == nil && len(docs) != 1 {
		err = fmt.Errorf("%s %s: the stored text is not one document", d.Kind, d.Name)
	}
	if err != nil {
		return config.Document{}, err
	}
	return docs[0], nil
}

// Retain deletes the bodies of a clinic's log that are older than its rule, or with plan counts them.
func (k *Keeper) Retain(ctx context.Context, clinic, by string, plan bool) (Result, error) {
	rule, _, err := k.Retention(ctx, clinic)
	if err != nil {
		return Result{}, err
	}
	out := Result{Rule: rule.String(), Planned: plan}
	f := audit.Forgetting{Clinic: clinic, Action: audit.ActionRetention, Older: rule.Older(k.Now()), Why: rule.String(), By: by, NewID: k.NewID}
	out.Forgotten, err = k.forget(ctx, f, plan)
	return out, err
}

// Erase deletes what names a patient ("Patient/1") at a clinic, or with plan counts it. because goes on record and must not name
// the patient. unnamed is called before the files are looked at: whoever wrote the patient down to ask for this blanks it there.
func (k *Keeper) Erase(ctx context.Context, clinic, patient, because, by string, plan bool, unnamed func() error) (Result, error) {
	patient = "Patient/" + strings.TrimPrefix(patient, "Patient/")
	names := func(text string) bool { return audit.NamesPatient(text, patient) }
	f := audit.Forgetting{Clinic: clinic, Action: audit.ActionErasure, Naming: patient, Why: because, By: by, NewID: k.NewID}
	out := Result{Planned: plan}
	standing, past, events, err := k.Store.Naming(ctx, clinic, names)
	if err != nil {
		return out, err
	}
	out.Texts, out.Subjects = len(past), len(events)
	for _, d := range standing {
		out.Standing = append(out.Standing, d.Kind+" "+d.Name)
	}
	if len(out.Standing) > 0 && !plan {
		return out, fmt.Errorf("nothing was erased: %s in force, or waiting for approval, %s the patient; withdraw or change %s first",
			strings.Join(out.Standing, ", "), plural(len(standing), "names", "name"), plural(len(standing), "it", "them"))
	}
	if out.Sealed, err = k.sealed(ctx, f); err != nil {
		return out, err
	}
	if out.Forgotten, err = k.forget(ctx, f, plan); err != nil || plan {
		return out, err
	}
	if err := k.blank(ctx, &out, f, names); err != nil {
		return out, err
	}
	return out, errors.Join(unnamed(), k.scrub(ctx, f, &out, names))
}

// sealed counts what stays in the sealed logs of a clinic.
func (k *Keeper) sealed(ctx context.Context, f audit.Forgetting) (map[string]int64, error) {
	trail := audit.NewReader(k.DB)
	logs, err := trail.Clinics(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	clinic := f.Clinic
	for _, log := range logs {
		if !strings.HasPrefix(log, clinic+"#") {
			continue
		}
		f.Clinic = log
		found, err := trail.PlanForgetting(ctx, f)
		if err != nil {
			return nil, err
		}
		if n := found.Bodies + int64(len(found.Open)); n > 0 {
			out[log] = n
		}
	}
	return out, nil
}

// blank blanks texts and subjects; where no record says yet that there was an erasure, one does first.
func (k *Keeper) blank(ctx context.Context, out *Result, f audit.Forgetting, names func(string) bool) (err error) {
	if out.Texts+out.Subjects == 0 {
		return nil
	}
	if out.Bodies == 0 {
		_, err := k.Ledger.Append(ctx, audit.Record{ID: k.NewID(), Phase: audit.PhaseSystem, Clinic: f.Clinic, Outcome: audit.OutcomeSuccess,
			Admin: audit.Admin{Action: f.Action, Subject: f.Why, By: f.By}})
		if err != nil {
			return err
		}
	}
	out.Texts, out.Subjects, err = k.Store.Erase(ctx, k.Now(), f.Clinic, names)
	return err
}

// scrub makes sure that the files are clean; where something was kept on purpose they cannot be, and are not searched.
func (k *Keeper) scrub(ctx context.Context, f audit.Forgetting, out *Result, names func(string) bool) error {
	if k.Told != nil {
		if err := k.Told("making sure that no file holds anything of it"); err != nil {
			return err
		}
	}
	if !out.Complete() {
		return k.Store.Scrub(ctx)
	}
	err := k.Store.Scrub(ctx, f.Naming, strings.Replace(f.Naming, "/", "%2F", 1))
	if errors.Is(err, store.ErrRemains) {
		return k.remains(ctx, f, names, err)
	}
	return err
}

// remains says why files that were written anew still hold the patient's id: somebody asked for the patient meanwhile, or another
// clinic's EMR has given the same id to somebody, which is no fault.
func (k *Keeper) remains(ctx context.Context, f audit.Forgetting, names func(string) bool, otherwise error) error {
	trail := audit.NewReader(k.DB)
	since, err := trail.PlanForgetting(ctx, f)
	if err != nil {
		return errors.Join(otherwise, err)
	}
	if n := since.Bodies + since.HeldBodies() + int64(len(since.Open)); n > 0 {
		return fmt.Errorf("what was there is erased, but %d more %s the patient since; run it again when nobody asks for them", n, plural(int(n), "record names", "records name"))
	}
	elsewhere, err := trail.NamedElsewhere(ctx, f.Clinic, f.Naming)
	if err == nil && !elsewhere {
		elsewhere, err = k.Store.NamedElsewhere(ctx, f.Clinic, names)
	}
	if err != nil || !elsewhere {
		return errors.Join(otherwise, err)
	}
	return nil
}

// Clean is what is left to do of an erasure whose request was blanked already.
func (k *Keeper) Clean(ctx context.Context) error { return k.Store.Scrub(ctx) }

// errHolds says that holds were written while bodies were deleted.
var errHolds = errors.New("the legal holds changed meanwhile")

// forget deletes, and begins anew with the holds there are then when they change meanwhile.
func (k *Keeper) forget(ctx context.Context, f audit.Forgetting, plan bool) (audit.Forgotten, error) {
	total := audit.Forgotten{Classes: map[audit.Class]int64{}}
	for {
		written, err := k.Store.Written(ctx, config.KindLegalHold)
		if err != nil {
			return total, err
		}
		if f.Holds, err = k.covering(ctx, f.Clinic); err != nil {
			return total, err
		}
		var done audit.Forgotten
		if plan {
			done, err = audit.NewReader(k.DB).PlanForgetting(ctx, f)
		} else {
			done, err = k.step(ctx, f, written)
		}
		done.Bodies += total.Bodies
		for class, n := range total.Classes {
			done.Classes[class] += n
		}
		total = done
		if !errors.Is(err, errHolds) {
			return total, err
		}
	}
}

// step deletes until it is done, told to stop, or holds are written.
func (k *Keeper) step(ctx context.Context, f audit.Forgetting, written int64) (audit.Forgotten, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var last time.Time
	f.Told = func(done audit.Forgotten) {
		if now, err := k.Store.Written(ctx, config.KindLegalHold); err != nil || now != written {
			stop(errors.Join(errHolds, err))
		}
		if k.Told == nil || k.Now().Sub(last) < time.Second/4 {
			return
		}
		last = k.Now()
		if err := k.Told(fmt.Sprintf("%d of %d records looked at, %d bodies deleted", done.Looked, done.Size, done.Bodies)); err != nil {
			stop(err)
		}
	}
	done, err := k.Ledger.Forget(ctx, f)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return done, err
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
