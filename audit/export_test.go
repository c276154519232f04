package audit

// EncodeForTest is the encoder, which Append alone calls otherwise.
func EncodeForTest(r *Record) []byte { return appendRecord(nil, r) }
