package audit

import (
	"database/sql"
	"fmt"
	"strings"
)

// body is a record's, out of the rows read last where it is in them.
func (s *searcher) body(index int64) (body, error) {
	if b := s.batch; b != nil && b.has(index) {
		return b.body(index - b.first), nil
	}
	if err := s.ctx.Err(); err != nil {
		return body{}, err
	}
	for _, b := range s.ahead {
		if b.has(index) {
			s.batch = b
			return b.body(index - b.first), nil
		}
	}
	b, err := s.readRow(index)
	if err != nil {
		return body{}, err
	}
	s.batch = b
	return b.body(index - b.first), nil
}

// readRow reads the records of the row that holds one.
func (s *searcher) readRow(index int64) (*batch, error) {
	rows, err := s.readRows(`first <= $2 ORDER BY first DESC LIMIT 1`, s.log, index)
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0 || !rows[0].has(index):
		return nil, fmt.Errorf("record %d is missing: its batch is not there", index)
	}
	return rows[0], nil
}

// aheadRecords is how many records are read at once where a search has so many to look at: to ask takes as long as to read.
const aheadRecords = 16

// readAhead reads the rows of some records, so that body finds them.
func (s *searcher) readAhead(indexes []int64) (err error) {
	if len(indexes) < aheadRecords/4 || s.ctx.Err() != nil {
		return nil
	}
	args := make([]any, 1, 1+aheadRecords)
	args[0] = s.log
	for i := range aheadRecords {
		args = append(args, indexes[min(i, len(indexes)-1)])
	}
	s.ahead, err = s.readRows(rowsOfMany, args...)
	return err
}

// rowsOfMany finds the rows of aheadRecords records; never written to.
var rowsOfMany = func() string {
	var b strings.Builder
	b.WriteString(`first IN (SELECT (SELECT MAX(o.first) FROM batch o WHERE o.log = $1 AND o.first <= v.column1) FROM (VALUES `)
	for i := range aheadRecords {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "(CAST($%d AS BIGINT))", i+2)
	}
	return b.String() + `) v)`
}()

func (s *searcher) readRows(where string, args ...any) (out []*batch, err error) {
	rows, err := s.query(`SELECT first, count, records FROM batch WHERE log = $1 AND `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		b := new(batch)
		if err := rows.Scan(&b.first, &b.count, &b.records); err != nil {
			return nil, err
		}
		if err := b.split(); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// query is the transaction's, prepared once, as a search asks hundreds of times: SQLite takes longer to understand a question than
// to answer it. The statements are closed with the transaction. Where there is none, each question is asked by itself.
func (s *searcher) query(text string, args ...any) (*sql.Rows, error) {
	tx, ok := s.q.(*sql.Tx)
	if !ok {
		return s.q.QueryContext(s.ctx, text, args...)
	}
	stmt := s.prepared[text]
	if stmt == nil {
		var err error
		if stmt, err = tx.PrepareContext(s.ctx, text); err != nil {
			return nil, err
		}
		if s.prepared == nil {
			s.prepared = make(map[string]*sql.Stmt, 3)
		}
		s.prepared[text] = stmt
	}
	return stmt.QueryContext(s.ctx, args...)
}

// scanAhead is how many records that follow one another are read at once.
const scanAhead = 64

// readSpan reads the rows that begin among the n records from index on, in the order of the search.
func (s *searcher) readSpan(index, n int64) (err error) {
	low, high := index-n, index
	if s.want.Ascending {
		low, high = index, index+n
	}
	s.ahead, err = s.readRows(`first >= $2 AND first <= $3`, s.log, low, high)
	return err
}
