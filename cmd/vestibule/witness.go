package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"vestibule/audit"
	"vestibule/internal/store"
)

// witnessCmd runs a witness.
type witnessCmd struct {
	Listen string `default:"127.0.0.1:8090" placeholder:"HOST:PORT" help:"Where the witness listens, in clear text: on loopback, behind something that serves TLS. Default: ${default}."`
	Name   string `required:"" placeholder:"NAME" help:"The witness's name in its cosignatures: a URL without scheme, such as witness.college.example."`
	Key    string `required:"" placeholder:"FILE" type:"path" help:"The witness's Ed25519 key, mode 0600; made where there is none."`
	Logs   string `required:"" placeholder:"FILE" type:"path" help:"The public keys of the gateways whose trails are witnessed: a line for each, as in their log.pub."`
	Data   string `required:"" placeholder:"DIR" type:"path" help:"The folder that remembers what was seen. To lose it is to be ready to cosign another history."`
}

// Help is shown below the flags.
func (witnessCmd) Help() string {
	return `A witness remembers how far each trail had come and cosigns what follows from it, and nothing else. A gateway that puts an
old database back, or whose owner signs a second history, gets no cosignature. It sees sizes and hashes, no records:

    vestibule witness --name witness.college.example --key witness.key --logs clinics.pub --data seen

It speaks the C2SP tlog-witness protocol (add-checkpoint), so that it serves other logs, and other software asks it, as well.
The line that it prints is its public key, for those who rely on it.`
}

// Run serves until ctx ends.
func (c witnessCmd) Run(ctx context.Context, t *terminal) (err error) {
	key, err := audit.LoadOrGenerateKey(c.Key, rand.Reader)
	if err != nil {
		return err
	}
	logs, err := os.ReadFile(c.Logs)
	if err != nil {
		return err
	}
	unlock, err := store.Lock(c.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	w, err := audit.OpenWitness(c.Data, c.Name, key, string(logs), t.Now)
	if err != nil {
		return err
	}
	public, err := audit.WitnessKey(c.Name, key.Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	l, err := loopback(c.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Out, "witness  %s\nserves   http://%s/add-checkpoint\n", public, l.Addr())
	s := &http.Server{Handler: witnessHandler(w), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	select {
	case err = <-served:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return s.Shutdown(stop)
}

// loopback listens on an address of this machine.
func loopback(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if at, ok := l.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%s is not a loopback address: clear text stays on this machine; put a TLS proxy before it", l.Addr()), l.Close())
	}
	return l, nil
}

// maxAddCheckpoint bounds a request: 63 hashes, and a checkpoint with many signatures.
const maxAddCheckpoint = 64 << 10

func witnessHandler(w *audit.Witness) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxAddCheckpoint))
		if err != nil {
			http.Error(rw, "the request is too long, or ended early", http.StatusBadRequest)
			return
		}
		status, media, answer := w.AddCheckpoint(body)
		rw.Header().Set("Content-Type", media)
		rw.WriteHeader(status)
		_, _ = rw.Write(answer)
	})
	return mux
}
