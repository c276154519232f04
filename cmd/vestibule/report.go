package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/report"
)

// auditReport is the action of making a report.
const auditReport = "audit-report"

// reportCmd is the reports, what each answers.
type reportCmd struct {
	Patient   reportPatientCmd   `cmd:"" help:"Who looked at one patient's record, for the patient; with proofs."`
	Assistant reportAssistantCmd `cmd:"" help:"What one assistant did, in sessions of work."`
	Documents reportDocumentsCmd `cmd:"" help:"Documents sent and received: who, to whom, when."`
	AccessLog reportAccessLogCmd `cmd:"" help:"Every access with the elements that a provincial law lists."`
	Denials   reportDenialsCmd   `cmd:"" help:"What was refused, to whom, why, and what can be done about it."`
	Signals   reportSignalsCmd   `cmd:"" help:"What somebody should look at: after hours, unusual volume, same surname and others."`
	Usage     reportUsageCmd     `cmd:"" help:"Which grants and permissions are used, and which never."`
	Review    reportReviewCmd    `cmd:"" help:"The sheet for the monthly review, to go through and sign."`
}

// reportFlags are what every report has.
type reportFlags struct {
	dataFlags
	byFlag
	Clinic   string `required:"" placeholder:"NAME" help:"The clinic whose trail it is made of."`
	Since    string `placeholder:"WHEN" help:"Not before: 2026-11-01, 2026-11-01T08:00, or as long ago as 36h or 14d. Default: the beginning of the trail."`
	Until    string `placeholder:"WHEN" help:"Before: as for --since. Default: now."`
	Format   string `default:"table" enum:"table,csv,ndjson,html,pdf" help:"table, csv, ndjson, html or pdf. Default table."`
	Section  string `placeholder:"NAME" help:"Which table csv holds. Default: the first, with those that have the same columns; the others are named."`
	Language string `default:"en" enum:"en,fr" help:"en or fr: English or French. Default en."`
	Output   string `short:"o" placeholder:"FILE" type:"path" help:"The file to write, for its owner alone. Default: standard output."`
	Force    bool   `help:"Replace the file where there is one."`

	usual int // so many days before its end the period begins where --since does not say; 0: with the trail
}

// making is a report that is being made: what it is made of.
type making struct {
	data      *data
	trail     report.Trail
	head      report.Head
	now       time.Time
	platforms map[string]string // titles by name
	documents []config.Document
	withdrawn bool // the clinic
}

// make makes and writes a report. asked says whom and what it is about, for the record of its making; build makes it of the trail.
func (f reportFlags) make(ctx context.Context, t *terminal, name string, asked url.Values, build func(context.Context, *making) (report.Report, error)) error {
	if f.Format == string(report.PDF) && f.Output == "" && isTerminal(t.Out) {
		return errors.New("a PDF is nothing for a terminal; give --output FILE")
	}
	if f.Section != "" && f.Format != string(report.CSV) {
		return errors.New("--section is for --format csv, which holds one table; the other formats hold all")
	}
	return f.within(func(d *data) error {
		m, err := f.begin(ctx, t, d)
		if err != nil {
			return err
		}
		if err := f.free(); err != nil {
			return err
		}
		if err := d.reported(ctx, t, f.byFlag, auditReport, f.Clinic, f.criteria(name, asked)); err != nil {
			return err
		}
		if err := m.sign(ctx, t); err != nil {
			return err
		}
		r, err := build(ctx, m)
		if err != nil {
			return unfinished(err)
		}
		r.Name, r.Head = name, m.head
		err = f.write(t, func(w io.Writer) error {
			return unfinished(report.WriteSection(w, r, report.Format(f.Format), report.Language(f.Language), f.Section))
		})
		if others := r.Others(); err == nil && f.Format == string(report.CSV) && f.Section == "" && len(others) > 0 {
			_, err = fmt.Fprintf(t.Err, "this is the table %s; --section NAME gives the others: %s\n", r.Sections[0].ID, strings.Join(others, ", "))
		}
		return err
	})
}

// begin finds the clinic and the period.
func (f reportFlags) begin(ctx context.Context, t *terminal, d *data) (*making, error) {
	if err := d.known(ctx, f.Clinic); err != nil {
		return nil, err
	}
	by, err := f.name()
	if err != nil {
		return nil, err
	}
	m, err := d.making(ctx, f.Clinic)
	if err != nil {
		return nil, err
	}
	m.now = t.Now()
	m.head.Made, m.head.By, m.head.Program = m.now, by, version()
	if err := f.period(&m.head); err != nil {
		return nil, err
	}
	m.trail, err = report.Open(ctx, audit.NewReader(d.db), f.Clinic, m.head.From, m.head.Until)
	m.trail.Progress = t.counting(m.now)
	return m, err
}

// making is of what the documents say of the clinic; of one that was withdrawn, of what its newest access does.
func (d *data) making(ctx context.Context, clinic string) (m *making, err error) {
	m = &making{data: d, platforms: map[string]string{}, head: report.Head{Clinic: clinic}}
	if m.documents, err = d.documents(ctx); err != nil {
		return nil, err
	}
	zone := ""
	for _, doc := range m.documents {
		switch {
		case doc.OfPlatform != nil:
			m.platforms[doc.Name] = doc.OfPlatform.Title
		case doc.OfClinic != nil && doc.Name == clinic:
			zone, m.head.ClinicTitle = doc.OfClinic.Zone, doc.OfClinic.Title
		}
	}
	if zone == "" {
		m.withdrawn = true
		found, err := audit.NewReader(d.db).Search(ctx, clinic, audit.Search{Phases: []audit.Phase{audit.PhaseOutcome, audit.PhaseDenial}, Count: 1})
		if err != nil {
			return nil, err
		}
		for _, e := range found.Entries {
			zone, m.head.ClinicTitle = e.Record.Zone, e.Record.Title
		}
	}
	m.head.Zone, err = time.LoadLocation(cmp.Or(zone, "UTC"))
	return m, err
}

// period reads the period, in the clinic's zone.
func (f reportFlags) period(h *report.Head) (err error) {
	if h.From, err = moment(f.Since, h.Made, h.Zone); err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	if h.Until, err = moment(f.Until, h.Made, h.Zone); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	if f.Since == "" && f.usual > 0 {
		h.From = h.End().In(h.Zone).AddDate(0, 0, -f.usual)
	}
	if !h.From.Before(h.End()) {
		return errors.New("--since: the period ends before it begins")
	}
	return nil
}

// sign settles what the report is made of: what is on record now. It waits until that is signed, and writes down the state of the logs.
func (m *making) sign(ctx context.Context, t *terminal) (err error) {
	if err := m.trail.Bound(ctx); err != nil {
		return err
	}
	if err := signed(ctx, t, m.trail.Reader, m.head.Clinic, "are in the report without proof; start the gateway and make it again"); err != nil {
		return err
	}
	m.head.Logs, err = m.trail.State(ctx)
	return err
}

// criteria is what was asked, for the record.
func (f reportFlags) criteria(name string, asked url.Values) string {
	v := url.Values{"report": {name}}
	for key, values := range asked {
		v[key] = values
	}
	for key, value := range map[string]string{"since": f.Since, "until": f.Until} {
		if value != "" {
			v.Set(key, value)
		}
	}
	return v.Encode()
}

// unfinished tells that a report was stopped: without an error, half of one would pass for whole.
func unfinished(err error) error {
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped: the report is not whole")
	}
	return err
}

// free makes sure, before anything is done, that the file may be written.
func (f reportFlags) free() error {
	if f.Output == "" {
		return nil
	}
	if err := parent(f.Output); err != nil {
		return err
	}
	switch info, err := os.Lstat(f.Output); {
	case err != nil:
		return nil
	case info.IsDir():
		return fmt.Errorf("%s is a folder; name a file", f.Output)
	case !f.Force:
		return fmt.Errorf("%s is there already; give another name, or --force to replace it", f.Output)
	}
	return nil
}

// parent makes sure that there is a folder to write a file to.
func parent(path string) error {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s to write %s to", filepath.Dir(path), filepath.Base(path))
	}
	return nil
}

// write writes to standard output, or a file: whole, or not at all.
func (f reportFlags) write(t *terminal, write func(io.Writer) error) error {
	if f.Output == "" {
		return write(t.Out)
	}
	if err := writeWhole(f.Output, f.Force, write); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.Err, "wrote  %s\n", f.Output)
	return err
}

// writeWhole writes a file under another name first; what is at its place is replaced where that is wanted.
func writeWhole(path string, replace bool, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".report-*") // 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, gone(tmp.Name())) }()
	err = write(tmp)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if replace {
		return os.Rename(tmp.Name(), path)
	}
	if err := os.Link(tmp.Name(), path); err != nil { // fails where there is one now
		return fmt.Errorf("%s was not written: %w", path, err)
	}
	return nil
}

// gone removes a file that may have been renamed.
func gone(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// isTerminal reports whether somebody looks at a stream.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// counting tells on standard error, where that is a terminal, how far reading has come: once a second, and not before two.
func (t *terminal) counting(began time.Time) func(int) {
	if !isTerminal(t.Err) {
		return nil
	}
	last := began.Add(time.Second)
	return func(records int) {
		if now := t.Now(); now.Sub(last) >= time.Second {
			last = now
			fmt.Fprintf(t.Err, "%d records read\n", records)
		}
	}
}
