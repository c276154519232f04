package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"vestibule/audit"
	"vestibule/internal/store"
)

// auditCmd is the commands about the trail.
type auditCmd struct {
	Search  auditSearchCmd  `cmd:"" help:"Print who did what at a clinic."`
	Export  auditExportCmd  `cmd:"" help:"Write a clinic's whole trail to a file that proves itself."`
	Proof   auditProofCmd   `cmd:"" help:"Turn a receipt into a file that proves its record."`
	Keys    auditKeysCmd    `cmd:"" help:"See and replace the keys that sign the trail."`
	Retain  auditRetainCmd  `cmd:"" help:"Delete the bodies of records that are older than the clinic keeps them."`
	Erase   auditEraseCmd   `cmd:"" help:"Delete from the trail what names one patient."`
	Recover auditRecoverCmd `cmd:"" help:"Put on record that the end of the trail is lost, so that the gateway starts again."`
	Reindex auditReindexCmd `cmd:"" help:"Throw the index of the trail away, so that the next start makes it again."`
	Report  reportCmd       `cmd:"" help:"Make a report for people: who looked, what was refused."`
	SignOff auditSignOffCmd `cmd:"" help:"Put on record that the monthly sheet was gone through."`
	Verify  auditVerifyCmd  `cmd:"" help:"Check a trail: an exported file, a data folder, the proof of one record."`
}

// auditVerify is the action of verifying a data folder; the others are FHIR-like interactions of package audit.
const auditVerify = "audit-verify"

// reported writes down that the trail was read, before it is: without that nothing is shown.
func (d *data) reported(ctx context.Context, t *terminal, by byFlag, action, clinic, subject string) error {
	name, err := by.name()
	if err != nil {
		return err
	}
	if of, _, sealed := strings.Cut(clinic, "#"); sealed {
		clinic, subject = of, strings.TrimSpace(subject+" in "+clinic)
	}
	return d.Report(ctx, store.Event{At: t.Now(), By: name, Action: action, Clinic: clinic, Subject: subject})
}

// known makes sure that there is, or was, such a clinic: a slip of the pen must not look like an empty trail.
func (d *data) known(ctx context.Context, clinic string) error {
	if _, err := publicKey(d.dir); err != nil {
		return err
	}
	names, err := audit.NewReader(d.db).Clinics(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(names, clinic) {
		return fmt.Errorf("clinic %q has no trail here; those that have: %s", clinic, strings.Join(names, ", "))
	}
	return nil
}

// zone is the clinic's; UTC where there is no such clinic.
func (d *data) zone(ctx context.Context, clinic string) (*time.Location, error) {
	docs, err := d.documents(ctx)
	if err != nil {
		return nil, err
	}
	for _, doc := range docs {
		if doc.OfClinic != nil && doc.Name == clinic {
			return doc.OfClinic.Location()
		}
	}
	return time.UTC, nil
}

type auditSearchCmd struct {
	dataFlags
	byFlag
	Clinic  string   `required:"" placeholder:"NAME" help:"The clinic whose trail is searched."`
	Patient []string `placeholder:"ID" help:"Only accesses to this patient."`
	Agent   []string `placeholder:"WHO" help:"Only what this person did: \"issuer|subject\", or the subject alone."`
	Since   string   `placeholder:"WHEN" help:"Not before: 2026-11-01, 2026-11-01T08:00, or as long ago as 36h or 14d."`
	Until   string   `placeholder:"WHEN" help:"Before: as for --since."`
	Outcome []string `placeholder:"WHAT" enum:"success,minor,serious,major" help:"Only what ended like this: success; minor (the caller can mend it); serious (refused); major (failed)."`
	Limit   int      `default:"50" placeholder:"N" help:"At most so many, the newest. Default 50, at most 1000."`
	Format  string   `default:"table" enum:"table,ndjson" help:"table, or ndjson with everything that is on record."`
	Intents bool     `help:"Also the intents that precede writes."`
}

// Help is shown below the flags.
func (auditSearchCmd) Help() string {
	return `What was refused lately, and who looked at one patient's data:

    vestibule audit search --clinic maple --data ./data --since 14d --outcome serious
    vestibule audit search --clinic maple --data ./data --patient pat-0007 --format ndjson

Times are the clinic's. The search itself goes on record before anything is shown.`
}

// Run reports the search, then prints what it found, newest first.
func (c auditSearchCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		if err := d.known(ctx, c.Clinic); err != nil {
			return err
		}
		zone, err := d.zone(ctx, c.Clinic)
		if err != nil {
			return err
		}
		q, err := c.search(t.Now(), zone)
		if err != nil {
			return err
		}
		if err := d.reported(ctx, t, c.byFlag, audit.InteractionAuditSearch, c.Clinic, c.criteria()); err != nil {
			return err
		}
		found, err := audit.NewReader(d.db).Search(ctx, c.Clinic, q)
		if err != nil {
			return err
		}
		if c.Format == "ndjson" {
			return printRecords(t, found.Entries)
		}
		return c.table(t, found, zone)
	})
}

// search is the flags as the ledger understands them.
func (c auditSearchCmd) search(now time.Time, zone *time.Location) (audit.Search, error) {
	q := audit.Search{Agents: c.Agent, Count: c.Limit}
	if !c.Intents {
		q.Phases = []audit.Phase{audit.PhaseOutcome, audit.PhaseDenial, audit.PhaseAdmin, audit.PhaseSystem, audit.PhaseUnresolved}
	}
	for _, p := range c.Patient {
		q.Patients = append(q.Patients, "Patient/"+strings.TrimPrefix(p, "Patient/"))
	}
	for _, o := range c.Outcome {
		q.Outcomes = append(q.Outcomes, outcomeCode(o))
	}
	var err error
	if c.Limit < 1 || c.Limit > audit.MaxCount {
		return q, fmt.Errorf("--limit: from 1 to %d, not %d", audit.MaxCount, c.Limit)
	}
	if q.From, err = moment(c.Since, now, zone); err != nil {
		return q, fmt.Errorf("--since: %w", err)
	}
	if q.Until, err = moment(c.Until, now, zone); err != nil {
		return q, fmt.Errorf("--until: %w", err)
	}
	return q, nil
}

// criteria is what was searched for, for the record.
func (c auditSearchCmd) criteria() string {
	v := url.Values{}
	for name, values := range map[string][]string{"patient": c.Patient, "agent": c.Agent, "outcome": c.Outcome, "since": {c.Since}, "until": {c.Until}} {
		for _, one := range values {
			if one != "" {
				v.Add(name, one)
			}
		}
	}
	return v.Encode()
}

func printRecords(t *terminal, entries []audit.Entry) error {
	out := json.NewEncoder(t.Out)
	out.SetEscapeHTML(false)
	for _, e := range entries {
		if err := out.Encode(struct {
			Log    string       `json:"log"`
			Index  int64        `json:"index"`
			Record audit.Record `json:"record"`
		}{e.Log, e.Index, e.Record}); err != nil {
			return err
		}
	}
	return nil
}

func (c auditSearchCmd) table(t *terminal, found audit.Result, zone *time.Location) error {
	if len(found.Entries) == 0 {
		_, err := fmt.Fprintln(t.Out, "nothing found")
		return err
	}
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "TIME, %s\tWHO\tWHAT\tPATIENTS\tOUTCOME\tREASONS\tDECISION\n", zone)
	for _, e := range found.Entries {
		r := e.Record
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Time.In(zone).Format("2006-01-02 15:04:05"), who(r), what(r),
			patientsOf(r, c.Patient), outcomeName(r), strings.Join(r.Reasons, " "), r.ID)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if found.Next > 0 {
		fmt.Fprintf(t.Out, "there is more; narrow the search or raise --limit above %d\n", c.Limit)
	}
	return nil
}

type auditExportCmd struct {
	dataFlags
	byFlag
	Clinic string `required:"" placeholder:"NAME" help:"The clinic whose trail is written."`
	Output string `short:"o" required:"" placeholder:"FILE" type:"path" help:"The file to write; it must not exist."`
}

// Help is shown below the flags.
func (auditExportCmd) Help() string {
	return `The file is one that anybody can check with the public key and nothing else:

    vestibule audit export --clinic maple --data ./data -o maple.ndjson
    vestibule audit verify --export maple.ndjson --key ./data/log.pub

Whoever verifies should have the key from another hand than the file. The export goes on record before it is written.`
}

// patience is how long an export waits for the serving process to sign what is on record; it takes a second.
const patience = 5 * time.Second

// signed waits until everything that is on record now is signed, so that it will be in the export. Where no gateway runs
// that may be never, after one was killed: then it says what follows for what is not.
func signed(ctx context.Context, t *terminal, trail *audit.Reader, clinic, follows string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	wanted, signed, err := trail.Size(ctx, clinic)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for err == nil && signed < wanted {
		select {
		case <-ctx.Done():
			fmt.Fprintf(t.Err, "the newest %d records are not signed and %s\n", wanted-signed, follows)
			return nil
		case <-tick.C:
			_, signed, err = trail.Size(ctx, clinic)
		}
	}
	return err
}

// Run reports the export, then writes the file: whole, or not at all.
func (c auditExportCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		if err := d.known(ctx, c.Clinic); err != nil {
			return err
		}
		key, err := publicKey(d.dir)
		if err != nil {
			return err
		}
		f, err := newFile(c.Output)
		if err != nil {
			return err
		}
		err = d.reported(ctx, t, c.byFlag, audit.InteractionAuditExport, c.Clinic, filepath.Base(c.Output))
		if err == nil {
			err = signed(ctx, t, audit.NewReader(d.db), c.Clinic, "will not be in the file; start the gateway and export again")
		}
		if err == nil {
			err = audit.NewReader(d.db).Export(ctx, c.Clinic, key, f)
		}
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return errors.Join(err, os.Remove(c.Output))
		}
		_, err = fmt.Fprintf(t.Out, "exported  %s  to %s\n", c.Clinic, c.Output)
		return err
	})
}
