package oscartest

// soap answers SOAP calls.
func (c *call) soap(path string) answer { return c.text(404, "") }
