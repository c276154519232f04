package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

// newReverseProxy is the Go baseline: what the standard library does for an access without looking at it. It is bare, as
// the budgets were set against it, but for the number of kept connections.
func newReverseProxy(upstream string) http.Handler {
	to := &url.URL{Scheme: "http", Host: upstream}
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
	}
}

// runReverseProxy is the process of the baseline.
func runReverseProxy(ctx context.Context, upstream string) error {
	l, err := listen(ctx)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return serve(ctx, l, newReverseProxy(upstream))
}

func listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", "127.0.0.1:0")
}

// serve answers until the context ends, or until standard input does: then the bench that started this process is gone,
// in whatever way it went.
func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		var b [1]byte
		_, _ = os.Stdin.Read(b[:])
		cancel()
	}()
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		srv.Close()
	}()
	if err := srv.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}
