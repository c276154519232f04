package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCmd prints what was built.
type versionCmd struct{}

// Run prints the program's version and the Go version it was built with.
func (versionCmd) Run(t *terminal) error {
	_, err := fmt.Fprintf(t.Out, "vestibule %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is the tag or commit that the program was built from, as the Go command stamped it; "devel" where it did not, as
// with go run.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
