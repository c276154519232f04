package audit

import "strconv"

// Receipt says that one record is durable. Only Append makes one, after the commit; the zero value is no receipt.
type Receipt struct {
	log   string
	index int64
	ok    bool
}

// Valid reports whether a record is durable behind this receipt.
func (r Receipt) Valid() bool { return r.ok }

// Log is the name of the log that holds the record, empty for the zero value.
func (r Receipt) Log() string { return r.log }

// Index is the record's place in its log, from 0; -1 for the zero value.
func (r Receipt) Index() int64 {
	if !r.ok {
		return -1
	}
	return r.index
}

// String is "<log>/<index>", the value of the Audit-Receipt header; empty for the zero value.
func (r Receipt) String() string {
	if !r.ok {
		return ""
	}
	return r.log + "/" + strconv.FormatInt(r.index, 10)
}
