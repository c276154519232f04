package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
)

// auditProof is the action of making a proof.
const auditProof = audit.InteractionAuditProof

type auditProofCmd struct {
	dataFlags
	byFlag
	Receipt  string `arg:"" placeholder:"RECEIPT" help:"As the Audit-Receipt header of an answer has it: LOG/INDEX."`
	Output   string `short:"o" required:"" placeholder:"FILE" type:"path" help:"The file to write, a .tlog-proof; it must not exist."`
	NoRecord bool   `help:"Leave the record out: the file then says nothing about anybody, and whoever verifies it has to have the record."`
}

// Help is shown below the flags.
func (auditProofCmd) Help() string {
	return `The file shows to anybody who has the public key that this very record is in the trail at that place, with no network and
nothing else of the trail:

    vestibule audit proof 1f6f0c9d6e3b7a52/4711 --data ./data -o access.tlog-proof
    vestibule audit verify --proof access.tlog-proof --key log.pub

Making a proof goes on record before it is written.`
}

// Run reports that a proof is made, then writes it.
func (c auditProofCmd) Run(ctx context.Context, t *terminal) error {
	log, index, err := audit.ParseReceipt(c.Receipt)
	if err != nil {
		return err
	}
	return c.within(func(d *data) error {
		if _, err := publicKey(d.dir); err != nil {
			return err
		}
		trail := audit.NewReader(d.db)
		clinic, err := trail.ClinicOf(ctx, log)
		if err != nil {
			return fmt.Errorf("no trail here gave the receipt %s: %w", c.Receipt, err)
		}
		if err := d.reported(ctx, t, c.byFlag, auditProof, clinic, c.Receipt); err != nil {
			return err
		}
		proof, err := c.prove(ctx, trail, clinic, index)
		if err != nil {
			return err
		}
		if err := writeNew(c.Output, proof); err != nil {
			return err
		}
		fmt.Fprintf(t.Out, "proved  record %d of %s  in %s\n", index, clinic, c.Output)
		deletions, err := trail.Deletions(ctx, clinic)
		for _, gone := range deletions {
			if gone.Covers(index) {
				fmt.Fprintf(t.Out, "its body was %s; the file proves its hash\n", gone.String())
				break
			}
		}
		return err
	})
}

// prove waits until the record is signed, which takes a second where a gateway runs.
func (c auditProofCmd) prove(ctx context.Context, trail *audit.Reader, clinic string, index int64) ([]byte, error) {
	for end := time.Now().Add(patience); ; {
		proof, err := trail.Proof(ctx, clinic, index, !c.NoRecord)
		if err == nil || fhir.AsError(err).Reason() != "not-signed-yet" {
			return proof, err
		}
		if time.Now().After(end) {
			return nil, errors.New("this record is not signed yet, and no gateway signs it; start the gateway and ask again")
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// newFile makes a file that must not exist.
func newFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s is there already; give another name, or remove it", path)
	}
	return f, err
}

// writeNew writes a file that must not exist, whole or not at all.
func writeNew(path string, text []byte) error {
	f, err := newFile(path)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// proof checks the proof of one record and prints what it shows.
func (c auditVerifyCmd) proof(t *terminal, held [][]byte) error {
	key, err := c.given()
	if err != nil {
		return err
	}
	if len(held) > 0 {
		return errors.New("--checkpoint says nothing about the proof of one record; check an export with it")
	}
	text, err := os.ReadFile(c.Proof)
	if err != nil {
		return err
	}
	var line []byte
	if c.Record != "" {
		if line, err = os.ReadFile(c.Record); err != nil {
			return err
		}
		line = trimNewline(line)
	}
	p, err := audit.CheckProof(text, key, line)
	if err != nil {
		fmt.Fprintf(t.Out, "NOT VERIFIED: %s\n", said(err))
		return errNotVerified
	}
	if p.Deleted() {
		_, err := fmt.Fprintf(t.Out, "VERIFIED: a record with this hash is in the log that was signed. Its body was deleted since; whoever kept it can check it with --record.\n\nlog          %s\nrecord       %d of %d signed\nhash         %s\n", p.Origin, p.Index, p.Size, p.Leaf)
		return err
	}
	r := p.Record
	_, err = fmt.Fprintf(t.Out, "VERIFIED: this record is in the log that was signed.\n\nlog          %s\nrecord       %d of %d signed\nclinic       %s\ntime         %s\nwho          %s\nwhat         %s\noutcome      %s\ndecision     %s\n\n%s\n",
		p.Origin, p.Index, p.Size, r.Clinic, r.Time.Format(time.RFC3339), who(r), what(r), outcomeName(r), r.ID, p.Line)
	return err
}

// trimNewline is a record's bytes without the end of the line that tools put behind them.
func trimNewline(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		return line[:n-1]
	}
	return line
}
