package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"runtime/debug"

	"vestibule/internal/config"
	"vestibule/internal/daemon"
)

// serveCmd runs a gateway.
type serveCmd struct {
	Config string `required:"" placeholder:"FILE" type:"path" help:"The file that says where to listen and which data folder to serve."`
}

// Help is shown below the flags.
func (serveCmd) Help() string {
	return `A minimal file:

    listen: 127.0.0.1:8080
    data: ./data

Beyond loopback, tls.cert, tls.key and publicUrl are required. Clinics, connections, platforms and grants are applied to
the data folder with "vestibule apply"; a running gateway takes them up within a quarter of a second.`
}

// Run serves until ctx ends.
func (c serveCmd) Run(ctx context.Context, t *terminal) error {
	conf, err := config.LoadServe(c.Config)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(t.Err, nil))
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	l, err := listeners(conf)
	if err != nil {
		return err
	}
	public, err := url.Parse(conf.PublicURL)
	if err != nil {
		return err
	}
	d, err := daemon.Open(ctx, daemon.Options{Data: conf.Data, Deployment: public.Hostname(), PublicURL: conf.PublicURL,
		Audience: conf.Audience, Version: version(), Log: log,
		LogKey: conf.LogKey, CheckpointCopy: conf.CheckpointCopy, Witnesses: witnesses(conf), RequireWitness: conf.RequireWitness, Forward: conf.Forward})
	if err != nil {
		return err
	}
	log.Info("serving", "url", conf.PublicURL, "clinics", len(d.Gateway().Clinics()))
	if err := d.Serve(ctx, l); err != nil {
		d.Close()
		return err
	}
	return d.Close()
}

func witnesses(conf config.Serve) (out []daemon.Witness) {
	for _, w := range conf.Witnesses {
		out = append(out, daemon.Witness(w))
	}
	return out
}

// gcPercent is how far the heap may grow between two collections, unless GOGC says otherwise. What lives long is a few
// megabytes, what an access needs lives shortly: 400 took a fifth to a quarter off the CPU of searches of 20 and 100. 800 and
// 1,600 gained nothing that could be told from noise, and at 16 callers of 1,000 entries the process grew to the memory limit
// of 512 MiB it was given for the trial, from 350 to 450 MB at 400: a small clinic's machine may have 1 GB in all.
const gcPercent = 400

// listeners opens what the file names.
func listeners(conf config.Serve) (daemon.Listeners, error) {
	var l daemon.Listeners
	var err error
	if conf.TLS.Cert != "" {
		cert, err := tls.LoadX509KeyPair(conf.TLS.Cert, conf.TLS.Key)
		if err != nil {
			return l, fmt.Errorf("tls: %w", err)
		}
		l.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	}
	if l.Public, err = net.Listen("tcp", conf.Listen); err != nil {
		return l, fmt.Errorf("listen: %w", err)
	}
	if conf.Metrics != "" {
		if l.Metrics, err = net.Listen("tcp", conf.Metrics); err != nil {
			l.Public.Close()
			return l, fmt.Errorf("metrics: %w", err)
		}
	}
	return l, nil
}
