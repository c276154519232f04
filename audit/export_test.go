package audit

// EncodeForTest is the encoder, which Append alone calls otherwise.
func EncodeForTest(r *Record) []byte { return appendRecord(nil, r) }

// DecodeQuicklyForTest is the decoder of lines in the encoder's own form; DecodeStrictlyForTest that of every other line.
func DecodeQuicklyForTest(line []byte) (r Record, ok bool) {
	ok = new(quick).decode(line, &r)
	return r, ok
}

func DecodeStrictlyForTest(line []byte) (Record, error) { return decodeStrictly(line) }

// SmallIndex has the index made of small segments, which are merged few at a time and in many steps.
func (o *Options) SmallIndex() { o.sizes = indexSizes{segment: 8, fanOut: 3, merge: 300, clean: 2} }
