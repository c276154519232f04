package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"vestibule/internal/demo"
	"vestibule/internal/demo/stage"
)

// demoCmd runs a gateway over a small made-up world.
type demoCmd struct {
	Listen         string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the gateway listens, on loopback; port 0 picks one. Default: ${default}."`
	Metrics        string `default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Where metrics are served, on loopback; port 0 picks one. Default: ${default}."`
	Data           string `default:"vestibule-demo" placeholder:"DIR" type:"path" help:"The folder that holds the world. A second start on it goes on where the first stopped. Default: vestibule-demo."`
	CheckpointCopy string `placeholder:"DIR" type:"path" help:"Keep the newest checkpoints of the trails here a second time. Default: nowhere, so that the folder can be removed to start anew."`
	SecondEMR      string `default:"oscar" enum:"oscar,fhir" name:"second-emr" help:"What the second clinic of a new folder runs on: oscar, or fhir as the first. Default: oscar."`
	ReadyFile      string `placeholder:"FILE" type:"path" help:"Write a JSON file with every address and token once the demo serves."`
}

// Help is shown below the flags.
func (demoCmd) Help() string {
	return `Two clinics, one on an EMR that speaks FHIR and one on an OSCAR, an identity provider, ready-made tokens, patients, schedules, tasks and documents: all made up,
all on this machine, nothing to install. It prints a tour of lines to paste. Ctrl-C stops it; remove the folder to start anew.`
}

// Run serves until ctx ends.
func (c demoCmd) Run(ctx context.Context, t *terminal) (err error) {
	log := slog.New(slog.NewTextHandler(t.Err, nil))
	s, err := stage.Open(ctx, stage.Options{Listen: c.Listen, Metrics: c.Metrics, Data: c.Data, Version: version(), Log: log,
		CheckpointCopy: c.CheckpointCopy, OSCAR: c.SecondEMR == "oscar"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	if c.ReadyFile != "" {
		if err := writeReady(c.ReadyFile, s.Ready); err != nil {
			return err
		}
	}
	if err := printTour(t.Out, s); err != nil {
		return err
	}
	return <-served
}

// writeReady writes the file under another name first, so that nobody reads half of it. It holds tokens: its owner reads it.
func writeReady(path string, ready stage.Ready) error {
	b, err := json.MarshalIndent(ready, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func printTour(out io.Writer, s *stage.Stage) error {
	fmt.Fprintf(out, "Vestibule's demo is running. Everybody and everything in it is made up.\n\n")
	fmt.Fprintf(out, "  In a browser   %s\n", s.Ready.Console)
	var steps []stage.Step
	for i, name := range demo.Clinics() {
		compare := "   (asked directly, to compare)"
		if s.OnOSCAR(name) {
			compare = "   (an OSCAR; it answers signed requests only)"
		}
		fmt.Fprintf(out, "  FHIR R4        %s\n  its EMR        %s%s\n", s.Ready.FHIR[name], s.Ready.EMR[name], compare)
		if i > 0 && !s.OnOSCAR(name) {
			continue // the same once more
		}
		walk, err := s.Walk(name, program())
		if err != nil {
			return err
		}
		steps = append(steps, walk...)
	}
	fmt.Fprintf(out, "  Issuer         %s\n  Metrics        %s\n  Folder         %s\n\nA tour, to paste line by line into another terminal:\n", s.Ready.Issuer, s.Ready.Metrics, s.Folder)
	for i, step := range steps {
		fmt.Fprintf(out, "\n# %d. %s\n%s\n", i+1, step.Say, step.Run)
	}
	fmt.Fprintf(out, "\nWho may do what: %s grants list --data %s\nCtrl-C stops the demo; the folder keeps what was done.\n", program(), s.Folder)
	return nil
}

// program is how to run this program again: by its path, or with go run where that is how it was started.
func program() string {
	path, err := os.Executable()
	if err != nil || strings.Contains(path, string(filepath.Separator)+"go-build") {
		return "go run -tags nomsgpack ./cmd/vestibule"
	}
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
			return "./" + rel
		}
	}
	return path
}
