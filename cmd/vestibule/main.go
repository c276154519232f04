// Command vestibule is the gateway and what is needed to look after it. `vestibule --help` says what it can do.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // clinics' time zones, where the system has none

	"github.com/alecthomas/kong"

	"vestibule/fhir"
)

// What the process exits with.
const (
	exitFailure = 1 // it could not be done, or a verdict is bad
	exitUsage   = 2 // it was asked for wrongly
)

// What SQLite's codes mean for a data folder (https://www.sqlite.org/rescode.html).
const (
	sqliteReadOnly = 8
	sqliteFull     = 13
)

// commands is every command, in the order of the help.
type commands struct {
	Demo       demoCmd       `cmd:"" help:"Try it: two made-up clinics, an issuer and the gateway, on this machine only."`
	Serve      serveCmd      `cmd:"" help:"Run the gateway."`
	Apply      applyCmd      `cmd:"" help:"Put documents in force: clinics, connections, platforms, grants, directives, guardrails."`
	Grants     grantsCmd     `cmd:"" help:"See, approve, explain and revoke grants."`
	Stop       stopCmd       `cmd:"" help:"Hold up a grant, a person, a platform or a clinic, at once."`
	Resume     resumeCmd     `cmd:"" help:"Let what was stopped go on."`
	Directives directivesCmd `cmd:"" help:"See patients' lock-boxes, and make them of FHIR Consents."`
	Holds      holdsCmd      `cmd:"" help:"See what is under a legal hold and is not deleted."`
	Withdraw   withdrawCmd   `cmd:"" help:"Take a directive, a guardrail or another document back."`
	Audit      auditCmd      `cmd:"" help:"Search, export and verify the trail."`
	Forward    forwardCmd    `cmd:"" help:"See where the trail is sent on to, and send it again."`
	Witness    witnessCmd    `cmd:"" help:"Cosign the trails of other gateways, so that nobody can show two histories."`
	Connect    connectCmd    `cmd:"" help:"Set up and try the connection to a clinic's EMR."`
	Probe      probeCmd      `cmd:"" help:"Look for leaks in any FHIR R4 server, as the holder of a token."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], &terminal{In: interruptible{ctx, os.Stdin}, Out: os.Stdout, Err: os.Stderr, Now: time.Now}))
}

// terminal is what a command talks to.
type terminal struct {
	In       io.Reader
	Out, Err io.Writer
	Now      func() time.Time
}

// run is the whole program but for the process: arguments in, exit code out. Only a request for help ends the process
// from inside.
func run(ctx context.Context, args []string, t *terminal) int {
	parser, err := newParser(ctx, t)
	if err != nil {
		fmt.Fprintln(t.Err, "vestibule:", err)
		return exitFailure
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(t.Err, "vestibule: %v\nRun \"vestibule --help\", or a command with --help.\n", err)
		return exitUsage
	}
	switch err := parsed.Run(); {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled): // half of a check must not pass for a whole one
		fmt.Fprintln(t.Err, "vestibule: interrupted")
		return exitInterrupted
	default:
		fmt.Fprintln(t.Err, "vestibule:", said(err))
		return codeOf(err)
	}
}

// interruptible is a reader until ctx ends: who is asked something can still press Ctrl-C.
type interruptible struct {
	ctx context.Context
	in  io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	read, buffer := make(chan result, 1), make([]byte, len(p)) // not p, which is the caller's again once ctx ends
	go func() {
		n, err := r.in.Read(buffer)
		read <- result{n, err}
	}()
	select {
	case got := <-read:
		return copy(p, buffer[:got.n]), got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}

// said is an error for people: without the names of this program's own parts.
func said(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*fhir.Error](err); ok && e.Op != "" {
		text = strings.Replace(text, e.Op+": ", "", 1)
	}
	if part, rest, ok := strings.Cut(text, ": "); ok && (part == "store" || strings.HasPrefix(part, "store.") || strings.HasPrefix(part, "audit.")) {
		text = rest
	}
	coded, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	switch {
	case ok && coded.Code()&0xff == sqliteFull:
		return "the disk of the data folder is full; make room on it and do this again (" + text + ")"
	case ok && coded.Code()&0xff == sqliteReadOnly:
		return "the data folder cannot be written to; be the user that the gateway runs as, or work on a copy that can be (" + text + ")"
	}
	return text
}

// newParser understands the command line; more is for tests.
func newParser(ctx context.Context, t *terminal, more ...kong.Option) (*kong.Kong, error) {
	options := []kong.Option{
		kong.Name("vestibule"), kong.Writers(t.Out, t.Err), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Description("A vestibule between virtual medical assistants and a clinic's EMR: one FHIR R4 API outside, any EMR inside, nobody further than the clinic allowed, and every passage on record."),
		kong.Bind(t), kong.BindTo(ctx, (*context.Context)(nil)),
	}
	return kong.New(new(commands), append(options, more...)...)
}
