package audit

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"io"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"vestibule/fhir"
)

// exportFormat is the first member of an export's header.
const exportFormat = "vestibule-audit-export/2"

// Export writes a clinic's whole log, to its newest state, as a file that Verify can check with nothing but the public key:
// see the package comment for its form. An error of w is returned as it is.
func (l *Ledger) Export(ctx context.Context, clinic string, w io.Writer) error {
	if _, err := l.Checkpoint(ctx, clinic); err != nil { // signs the newest state
		return err
	}
	vkey, err := l.VerifierKey()
	if err != nil {
		return err
	}
	return l.Reader.Export(ctx, clinic, vkey, w)
}

// Export writes a clinic's log up to its newest signed checkpoint, in the form of Ledger.Export: what was recorded within
// the last second or so may be missing. vkey is the public key of the deployment whose ledger it is.
func (r *Reader) Export(ctx context.Context, clinic, vkey string, w io.Writer) error {
	const op = "audit.Export"
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return readFailed(op, err)
	}
	defer tx.Rollback()
	x := &exporter{ctx: ctx, q: tx, w: bufio.NewWriterSize(w, 1<<16)}
	switch err := x.run(clinic, vkey); {
	case errors.Is(err, sql.ErrNoRows):
		return fhir.E(op, fhir.KindNotFound, "no-log", "This clinic has no log yet.")
	case x.writing != nil:
		return x.writing
	case err != nil:
		return readFailed(op, err)
	}
	return x.w.Flush()
}

// VerifierKey is the public key that the ledger's newest checkpoints are checked with.
func (l *Ledger) VerifierKey() (string, error) { return l.signer.Load().public, nil }

// exporter writes one log.
type exporter struct {
	ctx     context.Context
	q       querier
	w       *bufio.Writer
	buf     []byte
	writing error // of w, told apart from those of the database
}

// kept is one stored checkpoint.
type kept struct {
	size int64
	note string
}

func (x *exporter) run(clinic, vkey string) error {
	var log int64
	var name, deployment string
	err := x.q.QueryRowContext(x.ctx, `SELECT log.id, log.name, ledger.deployment FROM log, ledger WHERE log.clinic = $1`, clinic).
		Scan(&log, &name, &deployment)
	if err != nil {
		return err
	}
	checkpoints, err := keptCheckpoints(x.ctx, x.q, log)
	if err != nil {
		return err
	}
	if len(checkpoints) == 0 {
		return errors.New("the log has no checkpoint")
	}
	x.buf = appendString(x.buf, `{"format":`, exportFormat)
	x.buf = appendString(x.buf, `,"origin":`, origin(deployment, name))
	x.buf = appendString(x.buf, `,"clinic":`, clinic)
	x.buf = appendString(x.buf, `,"key":`, vkey)
	if err := x.line(); err != nil {
		return err
	}
	return x.records(log, checkpoints)
}

// records writes the records up to the newest checkpoint, each checkpoint after the record that completes it.
func (x *exporter) records(log int64, checkpoints []kept) error {
	size := checkpoints[len(checkpoints)-1].size
	for next := int64(0); next < size; {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		b, err := readBatch(x.ctx, x.q, log, next)
		if err != nil {
			return err
		}
		for i := int64(0); i < b.count && next < size; i, next = i+1, next+1 {
			line, ok := b.body(i).text()
			leaf := tlog.RecordHash(line)
			if !ok {
				if leaf, err = b.leaf(i); err != nil {
					return err
				}
			}
			if err := x.record(next, leaf, line); err != nil {
				return err
			}
			if checkpoints[0].size == next+1 {
				if err := x.checkpoint(checkpoints[0]); err != nil {
					return err
				}
				checkpoints = checkpoints[1:]
			}
		}
	}
	return nil
}

// record writes a record as it is stored; one whose body was deleted has none.
func (x *exporter) record(index int64, leaf tlog.Hash, line []byte) error {
	x.buf = strconv.AppendInt(append(x.buf, `{"index":`...), index, 10)
	x.buf = base64.StdEncoding.AppendEncode(append(x.buf, `,"leaf":"`...), leaf[:])
	x.buf = append(x.buf, '"')
	if len(line) > 0 {
		x.buf = append(append(x.buf, `,"record":`...), line...)
	}
	return x.line()
}

func (x *exporter) checkpoint(c kept) error {
	x.buf = strconv.AppendInt(append(x.buf, `{"size":`...), c.size, 10)
	x.buf = appendString(x.buf, `,"checkpoint":`, c.note)
	return x.line()
}

// line ends the object in buf and writes it.
func (x *exporter) line() error {
	x.buf = append(x.buf, '}', '\n')
	_, x.writing = x.w.Write(x.buf)
	x.buf = x.buf[:0]
	return x.writing
}

// keptCheckpoints are a log's stored checkpoints, smallest first, one for each size.
func keptCheckpoints(ctx context.Context, q querier, log int64) ([]kept, error) {
	rows, err := q.QueryContext(ctx, `SELECT size, note FROM checkpoint WHERE log = $1 ORDER BY size, slot`, log)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []kept
	for rows.Next() {
		var c kept
		if err := rows.Scan(&c.size, &c.note); err != nil {
			return nil, err
		}
		if n := len(out); n > 0 && out[n-1].size == c.size {
			continue
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
