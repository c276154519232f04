package plain

// inFrench is the table of package reasons in French.
var inFrench = map[string]struct{ means, next string }{}
