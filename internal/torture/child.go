package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"vestibule/internal/daemon"
	"vestibule/internal/store"
)

// orderEnv holds the order of a process that is to be the gateway.
const orderEnv = "VESTIBULE_TORTURE"

// deployment names the gateway in its checkpoints.
const deployment = "gateway.test"

// isChild reports whether this process is to be the gateway.
func isChild() bool { return os.Getenv(orderEnv) != "" }

// child is the gateway: it serves until it is killed, or asked to end.
func child() int {
	var o order
	if err := json.Unmarshal([]byte(os.Getenv(orderEnv)), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, o order) error {
	t := newTrap(o)
	go t.listen(bufio.NewReader(os.Stdin))
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		return err
	}
	d, err := daemon.Open(ctx, daemon.Options{
		Data: o.Data, Deployment: deployment, PublicURL: "http://" + o.Address, Version: "torture",
		Log:      slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Database: func(dir string) (*sql.DB, error) { return openTrapped(dir, t) },
	})
	if err != nil {
		return err
	}
	listeners := daemon.Listeners{Public: trappedListener{l, t}}
	if o.Metrics != "" {
		if listeners.Metrics, err = net.Listen("tcp", o.Metrics); err != nil {
			return err
		}
	}
	if err := d.Serve(ctx, listeners); err != nil {
		return err
	}
	return d.Close()
}

// openTrapped is store.CreateFolder with the driver wrapped.
func openTrapped(dir string, t *trap) (*sql.DB, error) {
	name := filepath.Join(dir, store.DatabaseFile)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	c, err := store.Connector(name)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(trappedDriver{c, t}), nil
}
