package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"vestibule/fhir"
	"vestibule/internal/report"
	"vestibule/internal/report/patient"
	words "vestibule/internal/report/plain"
)

type reportPatientCmd struct {
	Patient   string `arg:"" help:"The patient: Patient/123, as the clinic's EMR numbers them."`
	Proof     string `placeholder:"DIR" type:"path" help:"Also make this folder, or FILE.zip, with a proof of every row that anybody can check."`
	ShownOnly bool   `help:"Only what was shown or changed: quicker on a long trail, as requests that were refused or found nothing are not looked for."`
	reportFlags
}

// Help is shown below the flags.
func (reportPatientCmd) Help() string {
	return `The answer to a patient who asks who looked: names, organisations, when in the clinic's time, what kind of information, why, on
whose authority, and what was refused or withheld. Nothing of any other patient is in it:

    vestibule audit report patient Patient/pat-0007 --clinic maple --data ./data
    vestibule audit report patient Patient/pat-0007 --clinic maple --data ./data --language fr --format pdf -o acces.pdf --proof preuves

The bundle's README says how each row is checked, with the public key alone. Making a report goes on record, with the patient's
number, before anything is read.`
}

// Run makes the report, and the bundle of proofs.
func (c reportPatientCmd) Run(ctx context.Context, t *terminal) error {
	ref, ok := fhir.ParseRef("Patient/" + strings.TrimPrefix(c.Patient, "Patient/"))
	if !ok || ref.Version != "" {
		return fmt.Errorf("%q is no patient; write Patient/ and the number that the clinic's EMR gives them", c.Patient)
	}
	if err := newFolder(c.Proof, c.Force); err != nil {
		return err
	}
	asked := url.Values{"patient": {ref.ID}}
	if c.Proof != "" {
		asked.Set("proof", "true")
	}
	placed := false
	err := c.make(ctx, t, "patient", asked, func(ctx context.Context, m *making) (report.Report, error) {
		because, err := m.because(ctx)
		if err != nil {
			return report.Report{}, err
		}
		made, err := patient.Make(ctx, m.trail, patient.Options{Patient: ref.String(), Platforms: m.platforms, Because: because, ShownOnly: c.ShownOnly, Proof: c.Proof != ""})
		if err != nil {
			return report.Report{}, err
		}
		if c.Proof != "" {
			if err := c.bundle(ctx, t, m, made); err != nil {
				return report.Report{}, err
			}
			placed = true
		}
		return made.Report, nil
	})
	if err != nil && placed { // proofs of a report that there is not
		return errors.Join(err, os.RemoveAll(c.Proof))
	}
	return err
}

// bundle writes the proofs.
func (c reportPatientCmd) bundle(ctx context.Context, t *terminal, m *making, made *patient.Made) error {
	out, err := openBundle(c.Proof, c.Force, m.now)
	if err != nil {
		return err
	}
	n, err := made.Bundle(ctx, m.trail.Reader, report.Voice{Language: report.Language(c.Language), Zone: m.head.Zone}, out.put)
	if err := errors.Join(err, out.close(err == nil)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.Err, "proofs  %s: %d rows with their record, %d sealed\n", c.Proof, n.Whole, n.Sealed)
	return err
}

// because is why each version of each grant of the clinic was given.
func (m *making) because(ctx context.Context) (map[string]words.Because, error) {
	stored, err := m.data.History(ctx, "Grant")
	if err != nil {
		return nil, err
	}
	out := map[string]words.Because{}
	for _, s := range stored {
		if s.Clinic != m.head.Clinic || s.Withdrawn || !s.Erased.IsZero() {
			continue
		}
		doc, err := read(s)
		if err != nil || doc.OfGrant == nil {
			continue // written by another version of the program: the grant is cited without its reason
		}
		by := s.By
		if n := len(s.Approvals); n > 0 {
			by = s.Approvals[n-1].By
		}
		out[fmt.Sprintf("%s@%d", s.Name, s.Version)] = words.Because{Text: doc.OfGrant.Because, By: by}
	}
	return out, nil
}
