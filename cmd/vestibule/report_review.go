package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"vestibule/internal/report"
	"vestibule/internal/report/review"
)

// monthFlag is the month that a review is of.
type monthFlag struct {
	Month string `placeholder:"YEAR-MONTH" help:"The month, such as 2026-10. Default: the last one that is over."`
}

// month is the month's first day and the next one's, in a clinic's zone.
func (f monthFlag) month(now time.Time, zone *time.Location) (from, until time.Time, err error) {
	y, m, _ := now.In(zone).Date()
	from = time.Date(y, m-1, 1, 0, 0, 0, 0, zone)
	if f.Month != "" {
		if from, err = time.ParseInLocation("2006-01", f.Month, zone); err != nil {
			return from, until, fmt.Errorf("--month: %q is no month; write one such as 2026-10", f.Month)
		}
	}
	if from.After(now) {
		return from, until, errors.New("--month: it has not begun yet")
	}
	return from, from.AddDate(0, 1, 0), nil
}

type reportReviewCmd struct {
	monthFlag
	Draw int `default:"20" placeholder:"N" help:"How many accesses are drawn by lot. Default 20, at most 500."`
	signalFlags
	reportFlags
}

// Help is shown below the flags.
func (reportReviewCmd) Help() string {
	return `The sheet for the monthly review: the month in figures, what was flagged, accesses drawn by lot, unused grants, and who signed.
Write it to a file, go through it, and sign that file:

    vestibule audit report review --clinic maple --data ./data --month 2026-10 --format html -o review-2026-10.html
    vestibule audit sign-off --clinic maple --data ./data --month 2026-10 --sheet review-2026-10.html --by 'Ann Roy'

--since and --until are the month's.`
}

// Run makes the sheet.
func (c reportReviewCmd) Run(ctx context.Context, t *terminal) error {
	if c.Since != "" || c.Until != "" {
		return errors.New("a review is of a month: give --month instead of --since and --until")
	}
	if c.Draw < 0 || c.Draw > 500 {
		return fmt.Errorf("--draw: from 0 to 500, not %d", c.Draw)
	}
	zone, err := c.zone(ctx)
	if err != nil {
		return err
	}
	from, until, err := c.month(t.Now(), zone)
	if err != nil {
		return err
	}
	c.Since, c.Until = from.Format(time.RFC3339), until.Format(time.RFC3339)
	return c.make(ctx, t, "review", nil, func(ctx context.Context, m *making) (report.Report, error) {
		o, err := c.options(ctx, m)
		if err != nil {
			return report.Report{}, err
		}
		r := review.Options{Options: o, Month: from.Format("2006-01"), Drawn: c.Draw}
		if r.Grants, err = m.grants(ctx, t); err != nil {
			return report.Report{}, err
		}
		return review.Make(ctx, m.trail, r)
	})
}

// zone is the clinic's.
func (f reportFlags) zone(ctx context.Context) (zone *time.Location, err error) {
	err = f.within(func(d *data) error {
		m, err := d.making(ctx, f.Clinic)
		if err == nil {
			zone = m.head.Zone
		}
		return err
	})
	return zone, err
}

type auditSignOffCmd struct {
	dataFlags
	byFlag
	monthFlag
	Clinic   string `required:"" placeholder:"NAME" help:"The clinic whose trail was reviewed."`
	Sheet    string `required:"" placeholder:"FILE" type:"existingfile" help:"The sheet that was gone through, as audit report review wrote it; its digest goes on record, so keep the file."`
	FollowUp int    `default:"0" placeholder:"N" help:"How many accesses need a follow-up."`
	Note     string `placeholder:"TEXT" help:"What else is to be on record, at most 500 letters; name no patients."`
}

// Help is shown below the flags.
func (auditSignOffCmd) Help() string {
	return `Puts on record that somebody went through the monthly sheet. The next sheet of that month lists it:

    vestibule audit sign-off --clinic maple --data ./data --month 2026-10 --sheet review-2026-10.html --by 'Ann Roy' --follow-up 1`
}

// Run puts the signature on record.
func (c auditSignOffCmd) Run(ctx context.Context, t *terminal) error {
	switch {
	case c.FollowUp < 0:
		return errors.New("--follow-up: a number of accesses, 0 or more")
	case utf8.RuneCountInString(c.Note) > 500 || !utf8.ValidString(c.Note):
		return errors.New("--note: at most 500 letters")
	}
	digest, err := digestOf(c.Sheet)
	if err != nil {
		return err
	}
	return c.within(func(d *data) error {
		if err := d.known(ctx, c.Clinic); err != nil {
			return err
		}
		m, err := d.making(ctx, c.Clinic)
		if err != nil {
			return err
		}
		from, until, err := c.month(t.Now(), m.head.Zone)
		if err != nil {
			return err
		}
		if until.After(t.Now()) {
			return errors.New("--month: it is not over yet")
		}
		month := from.Format("2006-01")
		note := strings.Join(strings.Fields(report.Clean(c.Note)), " ")
		if err := d.reported(ctx, t, c.byFlag, review.Action, c.Clinic, review.SignedOff(month, digest, c.FollowUp, note)); err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.Out, "signed  the review of %s for %s, sheet sha256:%s\nKeep the sheet: the trail holds only its digest.\n", month, c.Clinic, digest)
		return err
	})
}

// digestOf is the SHA-256 of a file, in hex.
func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
