package daemon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"vestibule/internal/server"
)

// Listeners are where a daemon answers.
type Listeners struct {
	Public  net.Listener
	Metrics net.Listener // nil: metrics are not served
	TLS     *tls.Config  // nil: clear text, on loopback only
}

// Serve answers on the listeners until ctx ends, then finishes what is under way, for twenty seconds at the most. Meanwhile
// it watches the folder and settles what the last run left open. The listeners are closed when it returns.
func (d *Daemon) Serve(ctx context.Context, l Listeners) error {
	if l.TLS == nil && !onLoopback(l.Public) {
		return fmt.Errorf("%s is not a loopback address: clear text stays on this machine; give tls.cert and tls.key", l.Public.Addr())
	}
	front := server.HTTPServer(server.New(server.Config{
		Gateway: d.gateway, Verifier: d.verifier, PublicURL: d.opts.PublicURL, Log: d.opts.Log, Metrics: d.metrics, SMART: d.smart,
	}), d.opts.Log)
	servers := map[*http.Server]net.Listener{front: l.Public}
	if l.TLS != nil {
		servers[front] = tls.NewListener(l.Public, l.TLS)
	}
	if l.Metrics != nil {
		servers[server.HTTPServer(d.metrics.Handler(), d.opts.Log)] = l.Metrics
	}
	sinks := d.forwarding()
	d.metrics.Forwarding(sinks.States)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var background sync.WaitGroup
	background.Go(func() { sinks.Run(ctx) })
	background.Go(func() { d.Watch(ctx) })
	background.Go(func() { d.settle(ctx) })
	background.Go(func() { d.keep(ctx) })
	background.Go(func() { d.keepCopy(ctx) })
	background.Go(func() { d.keepHouse(ctx) })
	background.Go(func() { d.askWitnesses(ctx, witnessEvery) })
	failed := make(chan error, len(servers))
	for s, on := range servers {
		go func() { failed <- s.Serve(on) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	cancel()
	for s := range servers {
		err = errors.Join(err, shutDown(s))
	}
	background.Wait()
	return ignoreClosed(err)
}

// settle closes what the last run left open, and accesses of this one whose outcome could not be recorded. What it cannot close
// now, the next start finds again.
func (d *Daemon) settle(ctx context.Context) {
	d.settling.Lock()
	defer d.settling.Unlock()
	left, err := d.gateway.Abandoned(ctx)
	if err == nil {
		err = d.gateway.Settle(ctx, left)
	}
	if err != nil {
		d.opts.Log.Error("writes that were left open are not settled; the next start tries again", "error", err)
	}
}

func shutDown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	return nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func onLoopback(l net.Listener) bool {
	addr, err := netip.ParseAddrPort(l.Addr().String())
	return err == nil && addr.Addr().Unmap().IsLoopback()
}
