package patient

// Opened is opened, for tests.
func Opened(proof []byte) (line, bare []byte, ok bool) { return opened(proof) }
