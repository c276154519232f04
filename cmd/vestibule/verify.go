package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"vestibule/audit"
)

// keyFile is the file in a data folder that holds the public key of its ledger, as auditors get it.
const keyFile = "log.pub"

// errNotVerified ends the program with a failure after the verdict has been printed.
var errNotVerified = errors.New("the trail is not what was signed")

type auditVerifyCmd struct {
	Data   string   `placeholder:"DIR" type:"path" xor:"what" required:"" help:"Check every clinic's trail in this data folder, served or not; or --export, or --proof."`
	Export string   `placeholder:"FILE" type:"path" xor:"what" required:"" help:"Check an exported file."`
	Proof  string   `placeholder:"FILE" type:"path" xor:"what" required:"" help:"Check the proof of one record."`
	Record string   `placeholder:"FILE" type:"path" help:"The record that --proof is about, where the proof does not bring it along."`
	Key    string   `placeholder:"FILE" type:"path" help:"The public keys: one in each line, oldest first, as log.pub has them. With --data the folder's own log.pub unless given."`
	Held   []string `name:"checkpoint" aliases:"held" placeholder:"FILE" type:"path" sep:"none" help:"A checkpoint that you kept; finds out a trail that was cut back and signed afresh. May be repeated."`
	byFlag
}

// Help is shown below the flags.
func (auditVerifyCmd) Help() string {
	return `Editing, dropping, adding, reordering or cutting back records is found out:

    vestibule audit verify --export maple.ndjson --key log.pub --checkpoint june.checkpoint
    vestibule audit verify --data ./data
    vestibule audit verify --proof receipt.tlog-proof --key log.pub

The verdict is printed, and the exit code is 1 when anything is off. A file is checked without any network or database.`
}

// Run prints the verdict.
func (c auditVerifyCmd) Run(ctx context.Context, t *terminal) error {
	held, err := readAll(c.Held)
	if err != nil {
		return err
	}
	switch {
	case c.Export != "":
		return c.file(t, held)
	case c.Proof != "":
		return c.proof(t, held)
	}
	return c.folder(ctx, t, held)
}

// given is the key that a file is checked with.
func (c auditVerifyCmd) given() (string, error) {
	if c.Key == "" {
		return "", errors.New("--key FILE is needed: the public key, from another hand than the file; the key inside the file proves nothing")
	}
	return readKey(c.Key)
}

func (c auditVerifyCmd) file(t *terminal, held [][]byte) error {
	key, err := c.given()
	if err != nil {
		return err
	}
	f, err := os.Open(c.Export)
	if err != nil {
		return err
	}
	defer f.Close()
	report, err := audit.Verify(f, key, held...)
	if err != nil {
		return err
	}
	return verdict(t, report)
}

func (c auditVerifyCmd) folder(ctx context.Context, t *terminal, held [][]byte) error {
	read, path := readKey, c.Key
	if path == "" {
		read, path = publicKey, c.Data
		fmt.Fprintf(t.Err, "checking with the folder's own %s; give --key FILE to check with a key from another hand\n", keyFile)
	}
	key, err := read(path)
	if err != nil {
		return err
	}
	return dataFlags{Data: c.Data}.within(func(d *data) error {
		// What cannot be put on record is checked all the same; that is said.
		if err := d.reported(ctx, t, c.byFlag, auditVerify, "", ""); err != nil {
			fmt.Fprintln(t.Err, "this check is not on record:", said(err))
		}
		receipts, err := d.Receipts(ctx) // before the trail is read, which grows
		if err != nil {
			return err
		}
		reports, err := audit.VerifyDB(ctx, d.db, key, held...)
		if err != nil {
			return err
		}
		reports = audit.Owed(reports, receipts)
		if len(reports) == 0 {
			return errors.New("the folder holds no trail yet")
		}
		return verdict(t, reports...)
	})
}

// verdict prints the reports; one that is not in order is an error.
func verdict(t *terminal, reports ...*audit.Report) error {
	var err error
	for i, r := range reports {
		if i > 0 {
			fmt.Fprintln(t.Out)
		}
		if _, werr := fmt.Fprint(t.Out, r); werr != nil {
			return werr
		}
		if !r.OK() {
			err = errNotVerified
		}
	}
	return err
}

// publicKey is the key of the ledger in a data folder. A folder without one has no trail.
func publicKey(dir string) (string, error) {
	key, err := readKey(filepath.Join(dir, keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no gateway has been started in %s yet; there is no trail", dir)
	}
	return key, err
}

func readKey(path string) (string, error) {
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

func readAll(paths []string) (out [][]byte, err error) {
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}
