package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/store"
	"vestibule/policy"
)

// applied is one grant: the version in force, or a draft, or with its last version the one that was revoked.
type applied struct {
	doc    store.Document
	grant  policy.Grant
	zone   *time.Location
	review int              // days for which an approval is good
	stops  []store.Document // those that hold it up
}

// name is "clinic/grant".
func (a applied) name() string { return a.doc.Clinic + "/" + a.doc.Name }

// lastDays is when a grant is due for review before its end.
const lastDays = 14

// state says what has become of the grant at now. Dates are days of the clinic's zone; in this form they sort like the days
// they name.
func (a applied) state(now time.Time) string {
	today := now.In(a.zone).Format(time.DateOnly)
	switch {
	case a.doc.Withdrawn:
		return "revoked by " + a.doc.By
	case a.doc.Waits():
		return "draft, waits for approval by somebody other than " + a.doc.By
	case a.grant.Until < today:
		return "over"
	case !a.doc.Approved().OnRecord:
		return "waits to be put on record by the gateway"
	case len(a.stops) > 0:
		return a.paused()
	case a.grant.From > today:
		return "starts " + a.grant.From
	}
	if since := a.due(); since <= today {
		return "in force, due for review since " + since
	}
	return "in force"
}

// paused says what holds the grant up.
func (a applied) paused() string {
	for _, s := range a.stops {
		if s.OnRecord {
			return "paused by " + s.By + " (stop " + s.Name + ")"
		}
	}
	return "in force, stop " + a.stops[0].Name + " waits to be put on record"
}

// due is the day from which the grant is due for review: as many days after its last approval or review as the clinic says,
// or the first of its last days, unless it was approved or reviewed within these.
func (a applied) due() string {
	reviewed := a.doc.Reviewed().At.In(a.zone)
	due := time.Date(reviewed.Year(), reviewed.Month(), reviewed.Day()+a.review, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	until, err := time.Parse(time.DateOnly, a.grant.Until)
	if err != nil { // apply has refused it
		return due
	}
	if last := until.AddDate(0, 0, -lastDays).Format(time.DateOnly); last < due && reviewed.Format(time.DateOnly) < last {
		return last
	}
	return due
}

// holder is whom the grant is for.
func (a applied) holder() string {
	to := a.grant.To
	_, subject, _ := strings.Cut(to.User, "|")
	who := cmp.Or(subject, to.Team, to.Platform)
	if to.Automated {
		who += " (automated)"
	}
	return who
}

// grants are those in force or to be, and the drafts that wait, in the order of their names and versions; with all also the
// last version of those that were revoked.
func (d *data) grants(ctx context.Context, clinic string, all bool) ([]applied, error) {
	current, err := d.Current(ctx)
	if err != nil {
		return nil, err
	}
	drafts, err := d.Drafts(ctx)
	if err != nil {
		return nil, err
	}
	found := slices.Concat(ofKind(current, config.KindGrant), ofKind(drafts, config.KindGrant))
	if all {
		gone, err := d.revoked(ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, gone...)
	}
	slices.SortStableFunc(found, func(a, b store.Document) int {
		return cmp.Or(cmp.Compare(a.Clinic, b.Clinic), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	clinics, err := clinicsOf(current)
	if err != nil {
		return nil, err
	}
	var out []applied
	for _, s := range found {
		if clinic != "" && clinic != s.Clinic {
			continue
		}
		doc, err := read(s)
		if err != nil {
			return nil, err
		}
		a := applied{doc: s, grant: *doc.OfGrant, zone: time.UTC}
		if c := clinics[s.Clinic]; c != nil {
			a.review = c.ReviewEvery
			if a.zone, err = c.Location(); err != nil {
				return nil, err
			}
		}
		if a.stops, err = stopsOf(current, a.grant); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func ofKind(docs []store.Document, kind string) []store.Document {
	return slices.DeleteFunc(slices.Clone(docs), func(d store.Document) bool { return d.Kind != kind })
}

// clinicsOf are the clinics among docs, by name.
func clinicsOf(docs []store.Document) (map[string]*config.Clinic, error) {
	out := map[string]*config.Clinic{}
	for _, s := range ofKind(docs, config.KindClinic) {
		doc, err := read(s)
		if err != nil {
			return nil, err
		}
		out[s.Clinic] = doc.OfClinic
	}
	return out, nil
}

// revoked is the last version of each grant that was taken back.
func (d *data) revoked(ctx context.Context) ([]store.Document, error) {
	versions, err := d.History(ctx, config.KindGrant)
	if err != nil {
		return nil, err
	}
	var out []store.Document
	for i, v := range versions {
		last := i+1 == len(versions) || versions[i+1].Clinic != v.Clinic || versions[i+1].Name != v.Name
		if last && v.Withdrawn {
			out = append(out, v)
		}
	}
	return out, nil
}

// stopsOf are the stops among docs that hold up g, in the order in which they were made.
func stopsOf(docs []store.Document, g policy.Grant) ([]store.Document, error) {
	var out []store.Document
	for _, s := range ofKind(docs, config.KindStop) {
		doc, err := read(s)
		if err != nil {
			return nil, err
		}
		if holdsUp(*doc.OfStop, g) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b store.Document) int { return cmp.Compare(a.Event, b.Event) })
	return out, nil
}

// holdsUp reports whether s holds up all of g.
func holdsUp(s policy.Stop, g policy.Grant) bool {
	if s.Clinic != "" && s.Clinic != g.Clinic {
		return false
	}
	platform, _, _ := strings.Cut(g.To.Team, "/")
	switch {
	case s.Everything:
		return true
	case s.Platform != "":
		return s.Platform == g.To.Platform || s.Platform == platform
	case s.Person != "":
		return s.Person == g.To.User
	}
	return s.Grant == g.Name && s.Clinic == g.Clinic
}

// versionsNamed are the grants of that name, or of clinic/name: the version in force before its drafts.
func (d *data) versionsNamed(ctx context.Context, clinic, name string, all bool) ([]applied, error) {
	clinic, name = parted(clinic, name)
	grants, err := d.grants(ctx, clinic, all)
	if err != nil {
		return nil, err
	}
	return named("grant", name, grants, func(a applied) store.Document { return a.doc })
}

// parted is a clinic and a name, which may be given as clinic/name.
func parted(clinic, name string) (string, string) {
	if c, n, ok := strings.Cut(name, "/"); ok && clinic == "" {
		return c, n
	}
	return clinic, name
}

// named are the versions of that name among all; kind is what they are called. Of several clinics it has to be said which.
func named[T any](kind, name string, all []T, doc func(T) store.Document) ([]T, error) {
	var found []T
	var names []string
	for _, one := range all {
		names = append(names, path(doc(one)))
		if doc(one).Name == name {
			found = append(found, one)
		}
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("there are no %ss", kind)
	case len(found) == 0:
		return nil, fmt.Errorf("there is no %s %q; there are %s", kind, name, strings.Join(slices.Compact(names), ", "))
	case doc(found[0]).Clinic != doc(found[len(found)-1]).Clinic:
		return nil, fmt.Errorf("several clinics have a %s %q; say which with --clinic", kind, name)
	}
	return found, nil
}
