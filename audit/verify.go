package audit

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/tlog"
)

// maxExportLine bounds a line of an export.
const maxExportLine = 64 << 20

// exportLine is any line of an export: the header, a record or a checkpoint.
type exportLine struct {
	Format     string         `json:"format"`
	Origin     string         `json:"origin"`
	Clinic     string         `json:"clinic"`
	Key        string         `json:"key"`
	Index      *int64         `json:"index"`
	Leaf       string         `json:"leaf"`
	Record     jsontext.Value `json:"record"`
	Size       *int64         `json:"size"`
	Checkpoint *string        `json:"checkpoint"`
}

// Verify checks an exported file with the deployment's public key (a note verifier key, or several, one in each line, oldest
// first) and nothing else. The key inside the file is never believed. held are checkpoints of this log that the verifier got by other ways, with an answer or a
// report: with them a log that was cut back and signed afresh is found out too. An error means that nothing could be
// checked; what is wrong with the log is in the report.
func Verify(r io.Reader, vkey string, held ...[]byte) (*Report, error) {
	v, heads, err := trust(vkey, held)
	if err != nil {
		return nil, fmt.Errorf("audit.Verify: %w", err)
	}
	lines := bufio.NewReaderSize(r, 1<<18)
	header, err := nextLine(lines)
	if err != nil || header.Format != exportFormat {
		return nil, fmt.Errorf("audit.Verify: this is not a %s file", exportFormat)
	}
	c := newChecker(v, header.Origin, header.Clinic, heads)
	if len(c.held) < len(heads) {
		c.problem(-1, "a checkpoint that you hold belongs to another log than %q", header.Origin)
	}
	signedTo := int64(-1)
	var record quickLine
	for {
		text, err := nextText(lines)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && record.read(text) && record.index == c.edge.size {
			c.take(text, &record)
			continue
		}
		line, err := parseLine(text, err)
		if err := c.line(line, err, &signedTo); err != nil {
			return nil, fmt.Errorf("audit.Verify: %w", err)
		}
	}
	if signedTo != c.edge.size {
		c.problem(-1, "the file does not end with a checkpoint of its last record: its end is missing")
	}
	return c.finish(), nil
}

// line takes one line of a file, or what went wrong reading it; the error returned is the reader's own.
func (c *checker) line(line exportLine, err error, signedTo *int64) error {
	switch {
	case errors.Is(err, errLine):
		c.problem(c.edge.size, "the line where it should be is not one of this format")
	case err != nil:
		return err
	case line.Checkpoint != nil:
		c.checkpoint(*line.Checkpoint)
		*signedTo = c.edge.size
	case line.Index == nil:
		c.problem(c.edge.size, "the line where it should be is not one of this format")
	default:
		if *line.Index != c.edge.size {
			c.problem(c.edge.size, "record %d stands in its place: records are missing, added or moved", *line.Index)
		}
		leaf, err := base64.StdEncoding.DecodeString(line.Leaf)
		if err != nil {
			leaf = nil
		}
		if line.Record == nil {
			c.gone(leaf)
			return nil
		}
		c.record(line.Record, leaf)
	}
	return nil
}

// take takes the line of a record that was read quickly. What is hashed, a zero byte and the record, is made in place.
func (c *checker) take(text []byte, q *quickLine) {
	if q.begin == 0 {
		c.gone(q.leaf[:tlog.HashSize])
		return
	}
	text[q.begin-1] = 0
	c.recordOf(text[q.begin-1:q.end], q.leaf[:tlog.HashSize])
}

// errLine says that a line is not of the format.
var errLine = errors.New("not a line of an export")

// nextLine reads a line and what it says.
func nextLine(r *bufio.Reader) (exportLine, error) { return parseLine(nextText(r)) }

// nextText reads a line with its end; it is good until the next one.
func nextText(r *bufio.Reader) ([]byte, error) {
	text, err := r.ReadSlice('\n')
	if err == nil {
		return text, nil
	}
	text = slices.Clone(text)
	for errors.Is(err, bufio.ErrBufferFull) && len(text) <= maxExportLine {
		var part []byte
		part, err = r.ReadSlice('\n')
		text = append(text, part...)
	}
	if errors.Is(err, io.EOF) && len(text) > 0 {
		return nil, errLine // cut inside a line; the next call says io.EOF
	}
	return text, err
}

// parseLine reads what a line says; err is what went wrong before.
func parseLine(text []byte, err error) (exportLine, error) {
	var out exportLine
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(text, &out, json.RejectUnknownMembers(true)); err != nil {
		return exportLine{}, errLine
	}
	return out, nil
}

// quickLine is the line of a record, read as Export writes it; whatever is written otherwise is left to a JSON decoder. Where
// the record stands is told by the bytes around it alone. If it is not one JSON value, so that another reader might see
// something else in the line, it is no record either, and whoever reads it says so.
type quickLine struct {
	index      int64
	leaf       [tlog.HashSize + 1]byte // of 44 digits of base64, the last of which says that the last byte is none
	begin, end int                     // of the record's bytes in the line; begin 0: it has none
}

func (q *quickLine) read(text []byte) bool {
	const index, leaf, record, end, digits = `{"index":`, `,"leaf":"`, `","record":`, "}\n", 44
	if !bytes.HasPrefix(text, []byte(index)) || !bytes.HasSuffix(text, []byte(end)) {
		return false
	}
	var s sketch
	i := s.number(text, len(index), keepIntent)
	if i < 0 || len(text)-i < len(leaf)+digits+1+len(end) || string(text[i:i+len(leaf)]) != leaf {
		return false
	}
	q.index = s.intent
	i += len(leaf)
	n, err := base64.StdEncoding.Strict().Decode(q.leaf[:], text[i:i+digits])
	if err != nil || n != tlog.HashSize {
		return false
	}
	i += digits
	if string(text[i:]) == `"`+end {
		q.begin = 0
		return true
	}
	if q.begin, q.end = i+len(record), len(text)-len(end); q.begin >= q.end || string(text[i:q.begin]) != record || text[q.begin] != '{' || text[q.end-1] != '}' {
		return false
	}
	return true
}

// trust reads the list of keys that the verifier believes and the checkpoints it holds; those that no key signed are refused.
func trust(list string, held [][]byte) (keyring, []treeHead, error) {
	keys, err := parseKeys(list)
	if err != nil {
		return nil, nil, err
	}
	var heads []treeHead
	for _, signed := range held {
		h, err := openCheckpoint(string(signed), keys)
		if err != nil {
			return nil, nil, fmt.Errorf("a checkpoint that you hold was not signed by this key: %w", err)
		}
		heads = append(heads, h)
	}
	return keys, heads, nil
}
