package patient

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"vestibule/audit"
	"vestibule/fhir"
	"vestibule/internal/report"
)

// Names in a bundle, beside a proof for each row: "0001.tlog-proof", or "sealed/0001.tlog-proof" without its record.
const (
	Readme = "README.txt"
	Rows   = "rows.ndjson"
	Sealed = "sealed/"
	ending = ".tlog-proof"
)

// bundled is a line of Rows: what proves a row.
type bundled struct {
	Row      string    `json:"row"`
	File     string    `json:"file"`
	Whole    bool      `json:"whole"` // the record is inside
	Log      string    `json:"log"`
	Index    int64     `json:"index"`
	Decision string    `json:"decision"`
	Time     time.Time `json:"time"`
}

// Proven is how many rows a bundle proves: with the record inside, and sealed.
type Proven struct{ Whole, Sealed int }

// Bundle gives put every file of the proof bundle.
func (m *Made) Bundle(ctx context.Context, trail *audit.Reader, v report.Voice, put func(name string, b []byte) error) (Proven, error) {
	var n Proven
	var rows bytes.Buffer
	for i := range m.g.found {
		f := &m.g.found[i]
		proof, whole, err := m.g.proof(ctx, trail, f)
		if err != nil {
			return n, err
		}
		b := bundled{Row: fileOf(i), File: fileOf(i) + ending, Whole: whole, Log: f.log, Index: f.index, Decision: f.entry.Record.ID, Time: f.entry.Record.Time}
		if whole {
			n.Whole++
		} else {
			n.Sealed++
			b.File = Sealed + b.File
		}
		line, err := json.Marshal(b)
		if err != nil {
			return n, err
		}
		rows.Write(append(line, '\n'))
		if err := put(b.File, proof); err != nil {
			return n, err
		}
	}
	if err := put(Rows, rows.Bytes()); err != nil {
		return n, err
	}
	return n, put(Readme, []byte(readme.With(report.Number(n.Whole), report.Number(n.Sealed)).In(v)))
}

// proof is the proof of a row, with its record where that says nothing about anybody else.
func (g *gatherer) proof(ctx context.Context, trail *audit.Reader, f *found) (proof []byte, whole bool, err error) {
	clinic, err := trail.ClinicOf(ctx, f.log)
	if err != nil {
		return nil, false, err
	}
	proof, err = trail.Proof(ctx, clinic, f.index, true)
	if err != nil {
		if fhir.AsError(err).Reason() == "not-signed-yet" {
			return nil, false, fmt.Errorf("record %d is not signed yet; start the gateway, or make the report again in a second", f.index)
		}
		return nil, false, err
	}
	line, bare, ok := opened(proof)
	if ok && alone(&f.entry.Record, line, g.patient, g.own) {
		return proof, true, nil
	}
	if !ok {
		return nil, false, fmt.Errorf("the proof of record %d has an unknown form", f.index)
	}
	return bare, false, nil
}

// opened takes the record out of a tlog-proof.
func opened(proof []byte) (line, bare []byte, ok bool) {
	head, rest, ok1 := bytes.Cut(proof, []byte("\n"))
	extra, rest, ok2 := bytes.Cut(rest, []byte("\n"))
	text, ok3 := bytes.CutPrefix(extra, []byte("extra "))
	line, err := base64.StdEncoding.DecodeString(string(text))
	return line, append(append(append(bare, head...), '\n'), rest...), ok1 && ok2 && ok3 && err == nil
}
