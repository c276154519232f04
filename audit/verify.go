package audit

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
)

// maxExportLine bounds a line of an export.
const maxExportLine = 64 << 20

// exportLine is any line of an export: the header, a record or a checkpoint.
type exportLine struct {
	Format     string  `json:"format"`
	Origin     string  `json:"origin"`
	Clinic     string  `json:"clinic"`
	Key        string  `json:"key"`
	Index      *int64  `json:"index"`
	Leaf       string  `json:"leaf"`
	Record     string  `json:"record"`
	Size       *int64  `json:"size"`
	Checkpoint *string `json:"checkpoint"`
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
	lines := bufio.NewReaderSize(r, 1<<16)
	header, err := nextLine(lines)
	if err != nil || header.Format != exportFormat {
		return nil, fmt.Errorf("audit.Verify: this is not a %s file", exportFormat)
	}
	c := newChecker(v, header.Origin, header.Clinic, heads)
	if len(c.held) < len(heads) {
		c.problem(-1, "a checkpoint that you hold belongs to another log than %q", header.Origin)
	}
	signedTo := int64(-1)
	for {
		line, err := nextLine(lines)
		if errors.Is(err, io.EOF) {
			break
		}
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
		c.record([]byte(line.Record), leaf)
	}
	return nil
}

// errLine says that a line is not of the format.
var errLine = errors.New("not a line of an export")

func nextLine(r *bufio.Reader) (exportLine, error) {
	var out exportLine
	var text []byte
	for {
		part, err := r.ReadSlice('\n')
		text = append(text, part...)
		if errors.Is(err, bufio.ErrBufferFull) && len(text) <= maxExportLine {
			continue
		}
		if errors.Is(err, io.EOF) && len(text) > 0 {
			return out, errLine // cut inside a line; the next call says io.EOF
		}
		if err != nil {
			return out, err
		}
		break
	}
	if err := json.Unmarshal(text, &out, json.RejectUnknownMembers(true)); err != nil {
		return exportLine{}, errLine
	}
	return out, nil
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
