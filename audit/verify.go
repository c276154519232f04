package audit

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxExportLine bounds a line of an export.
const maxExportLine = 64 << 20

// exportLine is any line of an export: the header, a record or a checkpoint, and nothing of the others.
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
	if err != nil || !header.isHeader() || header.Format != exportFormat {
		return nil, fmt.Errorf("audit.Verify: this is not the export of a trail: its first line is not that of a %s file", exportFormat)
	}
	c := newChecker(v, header.Origin, header.Clinic, heads)
	if len(c.held) < len(heads) {
		c.problem(-1, "a checkpoint that you hold belongs to another log than %q", header.Origin)
	}
	if !v.couldBe(header.Key) {
		c.problem(-1, "the key in the first line is none of this gateway's: the line was changed, or the file is another gateway's")
	}
	signedTo := int64(-1)
	var record quickLine
	for {
		text, err := nextText(lines)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && record.read(text) && record.index == c.next() && c.unread == 0 {
			c.take(text, &record)
			continue
		}
		line, err := parseLine(text, err)
		if err := c.line(line, err, &signedTo); err != nil {
			return nil, fmt.Errorf("audit.Verify: %w", err)
		}
	}
	switch {
	case signedTo == c.edge.size || c.cut:
	case c.edge.size == 0:
		c.problem(-1, "the file holds no record and no checkpoint: its end is missing")
	default:
		c.cut = true
		c.problem(-1, "the file does not end with a checkpoint of its last record, %d: its end is missing", c.next()-1)
	}
	return c.finish(), nil
}

// line takes one line of a file, or what went wrong reading it; the error returned is the reader's own.
func (c *checker) line(line exportLine, err error, signedTo *int64) error {
	switch {
	case errors.Is(err, errCut):
		c.cut = true
		c.problem(-1, "the file ends in the middle of a line, behind %d whole records: its end is missing", c.edge.size)
	case errors.Is(err, errLine), err == nil && !line.isRecord() && !line.isCheckpoint():
		c.problem(c.next()+c.unread, "the line where it should be is not one of this format")
		c.unread++
	case err != nil:
		return err
	case line.isCheckpoint():
		c.checkpoint(*line.Size, *line.Checkpoint)
		*signedTo = c.edge.size
	default:
		c.numbered(*line.Index, "record %d stands in its place: records are missing, added or moved")
		var leaf []byte
		if h, ok := exactHash(line.Leaf); ok {
			leaf = h[:]
		}
		if line.Record == nil {
			c.gone(leaf)
			return nil
		}
		c.record(line.Record, leaf)
	}
	return nil
}

func (x *exportLine) isHeader() bool {
	return x.Format != "" && x.Index == nil && x.Leaf == "" && x.Record == nil && x.Size == nil && x.Checkpoint == nil
}

func (x *exportLine) isRecord() bool {
	return x.Index != nil && *x.Index >= 0 && x.Size == nil && x.Checkpoint == nil && x.Format+x.Origin+x.Clinic+x.Key == ""
}

func (x *exportLine) isCheckpoint() bool {
	return x.Size != nil && x.Checkpoint != nil && x.Index == nil && x.Leaf == "" && x.Record == nil && x.Format+x.Origin+x.Clinic+x.Key == ""
}

// couldBe reports whether a header's list is of keys of the same deployment. Which of them sign is seen at the checkpoints.
func (k keyring) couldBe(list string) bool {
	named, err := parseKeys(list)
	if err != nil || named.name() != k.name() {
		return false
	}
	return !slices.ContainsFunc(named, func(v note.Verifier) bool { // whose number is written in the one way there is
		return !strings.Contains(list, fmt.Sprintf("%s+%08x+", v.Name(), v.KeyHash()))
	})
}

// exactHash reads a hash in base64 that is written in the one way in which it is written here.
func exactHash(text string) (tlog.Hash, bool) {
	h, err := tlog.ParseHash(text)
	return h, err == nil && h.String() == text
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

// errLine says that a line is not of the format, errCut that the file ends inside it.
var (
	errLine = errors.New("not a line of an export")
	errCut  = errors.New("the end of a line of an export is missing")
)

// nextLine reads a line and what it says.
func nextLine(r *bufio.Reader) (exportLine, error) { return parseLine(nextText(r)) }

// nextText reads a line with its end; it is good until the next one.
func nextText(r *bufio.Reader) ([]byte, error) {
	text, err := r.ReadSlice('\n')
	if err == nil {
		return text, nil
	}
	text = slices.Clone(text)
	for errors.Is(err, bufio.ErrBufferFull) {
		var part []byte
		part, err = r.ReadSlice('\n')
		if len(text) <= maxExportLine { // what is longer is read, and is none
			text = append(text, part...)
		}
	}
	switch {
	case errors.Is(err, io.EOF) && len(text) > 0:
		return nil, errCut // the next call says io.EOF
	case err == nil && len(text) > maxExportLine:
		return nil, errLine
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
