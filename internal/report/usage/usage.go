// Package usage is the report of what a clinic's grants were used for, and which of them, or of their permissions, never.
package usage

import (
	"context"
	"time"

	"vestibule/audit"
	"vestibule/internal/report"
	"vestibule/internal/signals"
	"vestibule/policy"
)

// Grant is a grant in force.
type Grant struct {
	Cite  string // name@version
	Name  string
	To    string // whom, as written
	Until string // its last day, as written
	Parts []policy.Part
}

// Make makes the report; began is when the trail begins.
func Make(ctx context.Context, trail report.Trail, grants []Grant, began time.Time) (report.Report, error) {
	used, err := Count(ctx, trail)
	if err != nil {
		return report.Report{}, err
	}
	return report.Report{Title: title, Lead: Lead(used, grants), Sections: Sections(used, grants), Notes: Notes(trail.From, began)}, nil
}

// Count goes through the trail's period.
func Count(ctx context.Context, trail report.Trail) (signals.Usage, error) {
	used := make(signals.Usage)
	err := trail.Walk(ctx, func(e audit.Entry) error {
		used.Add(e)
		return nil
	})
	return used, err
}

// Lead is how many grants and permissions were not used.
func Lead(used signals.Usage, grants []Grant) []report.Text {
	if len(grants) == 0 {
		return []report.Text{leadNoGrants}
	}
	unused, parts, idle := 0, 0, 0
	for _, g := range grants {
		if used[g.Name] == nil {
			unused++
			continue
		}
		for _, p := range g.Parts {
			parts++
			if used[g.Name].Permission(p).Accesses == 0 {
				idle++
			}
		}
	}
	return []report.Text{leadGrants.With(report.Number(unused), report.Number(len(grants))), leadParts.With(report.Number(idle), report.Number(parts))}
}

// Notes are how to read the counts.
func Notes(from, began time.Time) []report.Text {
	out := []report.Text{noteCertain, noteWhatNext}
	if began.After(from) && !from.IsZero() {
		out = append(out, noteShort.With(report.Day(began)))
	}
	return out
}

// Sections are the grants, and their permissions.
func Sections(used signals.Usage, grants []Grant) []report.Section {
	var byGrant, byPart [][]report.Value
	for _, g := range grants {
		u := used[g.Name]
		row := []report.Value{report.Code(g.Cite), report.Data(g.To), report.Data(g.Until)}
		if u == nil {
			byGrant = append(byGrant, append(row, report.Number(0), report.Number(0), report.Say(never)))
		} else {
			byGrant = append(byGrant, append(row, report.Number(u.Accesses), report.Number(len(u.People)), report.At(u.Last)))
		}
		for _, p := range g.Parts {
			use := u.Permission(p)
			last := report.Say(never)
			if use.Accesses > 0 {
				last = report.At(use.Last)
			}
			byPart = append(byPart, []report.Value{report.Code(g.Cite), report.Code(p.Scope), report.Number(use.Accesses), last})
		}
	}
	return []report.Section{
		{ID: "grants", Title: titleGrants, None: leadNoGrants, Rows: report.Fixed(byGrant), Columns: []report.Column{
			{ID: "grant", Title: columnGrant, Width: 5}, {ID: "to", Title: columnTo, Width: 5}, {ID: "until", Title: columnUntil, Width: 3},
			{ID: "accesses", Title: columnAccesses, Width: 2}, {ID: "people", Title: columnPeople, Width: 2}, {ID: "last", Title: columnLast, Width: 4},
		}},
		{ID: "permissions", Title: titleParts, Intro: []report.Text{introParts}, None: leadNoGrants, Rows: report.Fixed(byPart), Columns: []report.Column{
			{ID: "grant", Title: columnGrant, Width: 4}, {ID: "scope", Title: columnScope, Width: 7}, {ID: "accesses", Title: columnAtMost, Width: 2},
			{ID: "last", Title: columnLast, Width: 4},
		}},
	}
}
