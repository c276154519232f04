package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Verdict is what somebody decided about a version.
type Verdict string

// The verdicts there are. Each is the end of the action under which it stands in the trail: grant-approve.
const (
	VerdictApprove Verdict = "approve" // the draft shall be in force
	VerdictReject  Verdict = "reject"  // the draft shall never be in force
	VerdictReview  Verdict = "review"  // the version in force is still right
)

// Approval is a verdict about one version of a document.
type Approval struct {
	Verdict  Verdict
	By       string
	At       time.Time
	OnRecord bool // without that it has no effect yet
}

// Errors of Approve, Reject and Review, to be told apart with errors.Is.
var (
	ErrSamePerson = errors.New("by somebody else")                    // than the one who applied it
	ErrNoDraft    = errors.New("is no draft that waits for approval") // any more, or never was
)

// Waits reports whether the version is a draft about which nobody has decided.
func (d Document) Waits() bool { return d.Draft && len(d.Approvals) == 0 }

// Rejected reports whether the version is a draft that somebody decided against.
func (d Document) Rejected() bool {
	return slices.ContainsFunc(d.Approvals, func(a Approval) bool { return a.Verdict == VerdictReject })
}

// Approved says who put this version in force, and when they said so: for a draft whoever approved it, otherwise whoever
// applied it. It is zero for a draft that waits or was rejected.
func (d Document) Approved() Approval {
	if !d.Draft {
		return Approval{Verdict: VerdictApprove, By: d.By, At: d.At, OnRecord: d.OnRecord}
	}
	for _, a := range d.Approvals {
		if a.Verdict == VerdictApprove {
			return a
		}
	}
	return Approval{}
}

// Reviewed is the newest verdict by which the version is in force: its last review, or else its approval.
func (d Document) Reviewed() Approval {
	for _, a := range slices.Backward(d.Approvals) {
		if a.Verdict == VerdictReview {
			return a
		}
	}
	return d.Approved()
}

// Approve puts a draft in force: version, or with 0 the newest that waits. It has to be somebody else than the one who
// applied it (ErrSamePerson). A version that is no waiting draft, or after which another came into force, is an error that
// wraps ErrNoDraft. The result carries the event that has to be on record first.
func (s *Store) Approve(ctx context.Context, by string, now time.Time, kind, clinic, name string, version int) (Document, error) {
	return s.decide(ctx, VerdictApprove, by, now, kind, clinic, name, func(versions []Document) (Document, error) {
		d, err := draftAmong(versions, version)
		if err == nil && samePerson(by, d.By) {
			err = fmt.Errorf("version %d was applied by %s and is to be approved %w", d.Version, d.By, ErrSamePerson)
		}
		return d, err
	})
}

// Reject decides against a draft: version, or with 0 the newest that waits. Anybody may, also the one who applied it.
func (s *Store) Reject(ctx context.Context, by string, now time.Time, kind, clinic, name string, version int) (Document, error) {
	return s.decide(ctx, VerdictReject, by, now, kind, clinic, name, func(versions []Document) (Document, error) {
		return draftAmong(versions, version)
	})
}

// Review says that the version in force is still right. What was a draft is reviewed, as it was approved, by somebody else
// than the one who applied it (ErrSamePerson). Nothing in force is an error that wraps ErrNotApplied.
func (s *Store) Review(ctx context.Context, by string, now time.Time, kind, clinic, name string) (Document, error) {
	return s.decide(ctx, VerdictReview, by, now, kind, clinic, name, func(versions []Document) (Document, error) {
		d := standing(versions)
		switch {
		case d.Version == 0 || d.Withdrawn:
			return d, fmt.Errorf("%s %q of clinic %q %w", kind, name, clinic, ErrNotApplied)
		case d.Draft && samePerson(by, d.By):
			return d, fmt.Errorf("version %d was applied by %s and is to be reviewed %w", d.Version, d.By, ErrSamePerson)
		}
		return d, nil
	})
}

// decide writes a verdict about the version that pick chooses, and its event, in one transaction.
func (s *Store) decide(ctx context.Context, v Verdict, by string, now time.Time, kind, clinic, name string,
	pick func(versions []Document) (Document, error)) (d Document, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		versions, err := read(ctx, tx, ofOne, kind, clinic, name)
		if err != nil {
			return err
		}
		if d, err = pick(versions); err != nil {
			return err
		}
		at := wholeMillis(now)
		d.Event, err = report(ctx, tx, Event{At: at, By: by, Action: strings.ToLower(kind) + "-" + string(v), Clinic: clinic, Subject: name, Version: d.Version})
		if err != nil {
			return err
		}
		d.Approvals = append(d.Approvals, Approval{Verdict: v, By: by, At: at})
		_, err = tx.ExecContext(ctx, `INSERT INTO approval (kind, clinic, name, version, event, verdict) VALUES ($1, $2, $3, $4, $5, $6)`,
			kind, clinic, name, d.Version, d.Event, string(v))
		return err
	})
	if err != nil {
		return Document{}, fmt.Errorf("store: %w", err)
	}
	return d, nil
}

// draftAmong is the draft meant by version, which still waits and would have an effect.
func draftAmong(versions []Document, version int) (Document, error) {
	now := standing(versions)
	for _, d := range slices.Backward(versions) {
		switch {
		case version == 0 && d.Waits() && d.Version > now.Version, version == d.Version && d.Waits() && d.Version > now.Version:
			return d, nil
		case version != d.Version:
		case d.Waits():
			return d, fmt.Errorf("version %d %w: version %d came after it", version, ErrNoDraft, now.Version)
		case d.Draft:
			last := d.Approvals[0]
			return d, fmt.Errorf("version %d %w: %s by %s", version, ErrNoDraft, last.Verdict, last.By)
		default:
			return d, fmt.Errorf("version %d %w", version, ErrNoDraft)
		}
	}
	if version == 0 {
		return Document{}, fmt.Errorf("the newest version %w", ErrNoDraft)
	}
	return Document{}, fmt.Errorf("version %d %w: there is none", version, ErrNoDraft)
}

// standing is the newest version that is in force once everything is on record, a withdrawal among them; Version 0: none.
func standing(versions []Document) Document {
	for _, d := range slices.Backward(versions) {
		if d.Approved() != (Approval{}) {
			return d
		}
	}
	return Document{}
}

// samePerson compares names as people write them. It cannot tell whether somebody gave another's name.
func samePerson(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}
