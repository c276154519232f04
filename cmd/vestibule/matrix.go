package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"vestibule/policy"
)

type grantsMatrixCmd struct {
	Format string `default:"table" enum:"table,csv,json" help:"table, csv or json."`
	clinicFlag
	dataFlags
}

// Help is shown below the flags.
func (grantsMatrixCmd) Help() string {
	return `Who may do what, a line for each person and type, with the grants that say so:

    vestibule grants matrix --data ./data
    vestibule grants matrix --clinic maple --format csv --data ./data > access.csv

It is what the grants in force give before they end, under whatever hours, networks and purposes they ask for; what is
stopped is not in it. vestibule grants who-can says more about one resource.`
}

// matrixRow is a row of one clinic.
type matrixRow struct {
	Clinic string `json:"clinic"`
	policy.Row
}

// Run prints the matrix.
func (c grantsMatrixCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		rows, err := c.rows(ctx, t, d)
		if err != nil {
			return err
		}
		switch c.Format {
		case "json":
			return printJSON(t, rows)
		case "csv":
			return printCSV(t, rows)
		}
		return printMatrix(t, rows)
	})
}

func (c grantsMatrixCmd) rows(ctx context.Context, t *terminal, d *data) ([]matrixRow, error) {
	documents, err := d.Effective(ctx)
	if err != nil {
		return nil, err
	}
	names := clinicNames(documents)
	if c.Clinic != "" || len(names) == 0 {
		names = []string{c.Clinic}
	}
	out := []matrixRow{}
	for i, name := range names {
		told := *t
		if i > 0 {
			told.Err = nowhere{} // what is not on record is said once
		}
		rules, err := d.ruled(ctx, &told, name)
		if err != nil {
			return nil, err
		}
		for _, r := range rules.set.Matrix(t.Now(), rules.platforms) {
			out = append(out, matrixRow{rules.clinic.Name, r})
		}
	}
	return out, nil
}

// nowhere takes what nobody needs to read.
type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }

func matrixColumns() []string {
	return []string{"clinic", "platform", "who", "type", "read", "search", "create", "update"}
}

func (r matrixRow) cells(empty string) []string {
	out := []string{r.Clinic, r.Platform, holderName(r.Holder), r.Type}
	for _, cites := range [][]string{r.Read, r.Search, r.Create, r.Update} {
		out = append(out, strings.Join(cites, " "))
	}
	for i := range out {
		if out[i] == "" {
			out[i] = empty
		}
	}
	return out
}

func printMatrix(t *terminal, rows []matrixRow) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(t.Out, "nobody may do anything")
		return err
	}
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(matrixColumns(), "\t")))
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r.cells("-"), "\t"))
	}
	return w.Flush()
}

func printCSV(t *terminal, rows []matrixRow) error {
	w := csv.NewWriter(t.Out)
	err := w.Write(matrixColumns())
	for _, r := range rows {
		err = errors.Join(err, w.Write(r.cells("")))
	}
	w.Flush()
	return errors.Join(err, w.Error())
}
