package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"vestibule/internal/demo/issuer"
)

// people is how many assistants ask; their tokens take turns.
const people = 16

const clientID = "assistco-desktop"

// gateway is a prepared Vestibule: the program, its data folder, and who may ask.
type gateway struct {
	binary  string
	config  string
	data    string
	addr    string
	before  int          // the clinic's records before it was asked anything
	log     bytes.Buffer // what it says; read only after it has ended
	process *process     // nil while it is not running
}

// prepareGateway builds the program, starts the issuer that the tokens come from, and applies the documents.
func (b *bench) prepareGateway(ctx context.Context, upstream string) error {
	g := &gateway{binary: filepath.Join(b.dir, "vestibule"), config: filepath.Join(b.dir, "serve.yaml"), data: filepath.Join(b.dir, "data")}
	if err := build(ctx, g.binary); err != nil {
		return err
	}
	var err error
	if g.addr, err = freeAddress(ctx); err != nil {
		return err
	}
	iss, err := b.startIssuer(ctx, "http://"+g.addr)
	if err != nil {
		return err
	}
	serve := fmt.Sprintf("listen: %s\ndata: %s\n", g.addr, g.data)
	if err := os.WriteFile(g.config, []byte(serve), 0o600); err != nil {
		return err
	}
	documents := filepath.Join(b.dir, "clinic.yaml")
	if err := os.WriteFile(documents, clinicDocuments(iss, "http://"+upstream+basePath, b.now), 0o600); err != nil {
		return err
	}
	b.gateway = g
	return g.run(ctx, "apply", "--data", g.data, "-f", documents)
}

// build builds the program as it is released: static, without paths.
func build(ctx context.Context, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "nomsgpack", "-trimpath", "-o", out, "vestibule/cmd/vestibule")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build vestibule/cmd/vestibule (in the project's folder): %w\n%s", err, text)
	}
	return nil
}

// run runs one command of the program to its end.
func (g *gateway) run(ctx context.Context, args ...string) error {
	_, err := g.output(ctx, args...)
	return err
}

func (g *gateway) output(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, g.binary, args...)
	var out, text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &text
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("vestibule %s: %w\n%s%s", args[0], err, out.Bytes(), text.Bytes())
	}
	return out.String(), nil
}

// start starts serving and returns how long it took from there to the first answer of /readyz.
func (g *gateway) start(ctx context.Context) (time.Duration, error) {
	g.log.Reset()
	begin := time.Now()
	p, err := start("gateway", &g.log, g.binary, "serve", "--config", g.config)
	if err != nil {
		return 0, err
	}
	if err := awaitAnswer(ctx, p, g.addr, "/readyz", time.Millisecond); err != nil {
		p.stop()
		return 0, fmt.Errorf("%w\n%s", err, g.log.Bytes())
	}
	g.process = p
	return time.Since(begin), nil
}

func (g *gateway) stop() {
	if g.process != nil {
		g.process.stop()
		g.process = nil
	}
}

// startIssuer serves the demo's issuer in this process and mints the tokens; it returns its URL.
func (b *bench) startIssuer(ctx context.Context, audience string) (string, error) {
	cfg := issuer.Config{Audiences: []string{audience}, Clients: []issuer.Client{{ID: clientID, Name: "AssistCo desktop"}}}
	for i := range people {
		cfg.People = append(cfg.People, issuer.Person{Subject: subject(i), Name: personName(i), Purposes: []string{"PATADMIN"}})
	}
	iss, server, err := issuer.Start(cfg)
	if err != nil {
		return "", err
	}
	context.AfterFunc(ctx, func() { server.Close() })
	for i := range people {
		token, err := iss.Mint(subject(i), clientID, []string{"user/Appointment.rs", "user/Task.rs"}, 2*time.Hour)
		if err != nil {
			return "", err
		}
		b.tokens = append(b.tokens, token)
	}
	return iss.URL(), nil
}

func subject(i int) string { return fmt.Sprintf("amara-%02d", i) }

func personName(i int) string { return "Amara Okafor " + string(rune('A'+i)) + "." }
