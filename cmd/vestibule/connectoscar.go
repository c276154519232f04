package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vestibule/adapters/oscar"
)

// connectOscarCmd asks a provider for consent.
type connectOscarCmd struct {
	dataFlags
	Clinic   string   `arg:"" help:"The clinic whose OSCAR it is."`
	Callback string   `placeholder:"HOST:PORT" help:"Wait for OSCAR's answer on this loopback address, such as 127.0.0.1:8799, where your browser runs on this machine, instead of asking for the verifier."`
	Scope    []string `placeholder:"NAME" help:"CARLOS only: what to ask for, separated by commas. Default: schedule.write,tickler.write,document.write,demographic.read,provider.read where the connection names that dialect."`
}

// Help is shown below the flags.
func (connectOscarCmd) Help() string {
	return `OSCAR lets the gateway in when a provider of the clinic has consented to it, in a browser. This command prints the address to
open, takes the verifier that OSCAR shows then, and keeps the token in the file that the connection names:

    login:
      mode: oauth1
      clientId: the-key-of-the-REST-client
      secret: env:OSCAR_CLIENT_SECRET
      token: file:/etc/vestibule/maple.token

    vestibule connect oscar maple --config vestibule.yaml
    vestibule connect check maple --config vestibule.yaml

The file is made with mode 0600 and replaced when somebody consents anew. A gateway that runs takes a new token up when it is
started anew. docs/emr/oscar.md says which client and which role the clinic needs.`
}

// consentPatience is how long a provider may take: OSCAR's request tokens are good for an hour.
const consentPatience = time.Hour

// Run asks, waits, and keeps.
func (c connectOscarCmd) Run(ctx context.Context, t *terminal) error {
	return c.within(func(d *data) error {
		documents, err := d.Current(ctx)
		if err != nil {
			return err
		}
		conf, connection, err := connectionTo(documents, c.Clinic)
		if err != nil {
			return err
		}
		file, ok := strings.CutPrefix(string(connection.Login.Token), "file:")
		if !ok {
			return errors.New("login.token has to name a file (file:/absolute/path) for the token to be kept in")
		}
		conf.Now = t.Now
		ctx, cancel := context.WithTimeout(ctx, consentPatience)
		defer cancel()
		token, err := c.consent(ctx, t, conf)
		if err != nil {
			return err
		}
		if err := keepToken(file, token); err != nil {
			return err
		}
		fmt.Fprintf(t.Out, "The token is kept in %s. A gateway that runs already has to be started anew.\nNext: vestibule connect check %s\n", file, c.Clinic)
		return nil
	})
}

// scopes are what is asked for.
func (c connectOscarCmd) scopes(d oscar.Dialect) []string {
	if len(c.Scope) == 0 && d == oscar.CARLOS {
		return []string{"schedule.write", "tickler.write", "document.write", "demographic.read", "provider.read"}
	}
	return c.Scope
}

func (c connectOscarCmd) consent(ctx context.Context, t *terminal, conf oscar.Config) (oscar.Credential, error) {
	if c.Callback == "" {
		consent, err := oscar.Begin(ctx, conf, oscar.OutOfBand, c.scopes(conf.Dialect)...)
		if err != nil {
			return oscar.Credential{}, errors.New(reasonOf(err))
		}
		fmt.Fprintf(t.Out, "Have the provider in whose name the gateway shall act sign in and consent here:\n\n    %s\n\nThen enter the verifier that OSCAR shows: ", consent.URL())
		line, err := bufio.NewReader(io.LimitReader(t.In, 4096)).ReadString('\n')
		fmt.Fprintln(t.Out)
		verifier := strings.TrimSpace(line)
		if verifier == "" {
			return oscar.Credential{}, errors.Join(errors.New("no verifier was entered"), ignoreEOF(err))
		}
		return finish(ctx, consent, verifier)
	}
	l, err := loopback(c.Callback)
	if err != nil {
		return oscar.Credential{}, err
	}
	defer l.Close()
	return c.await(ctx, t, conf, l)
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func finish(ctx context.Context, consent *oscar.Consent, verifier string) (oscar.Credential, error) {
	token, err := consent.Finish(ctx, verifier)
	if err != nil {
		return oscar.Credential{}, errors.New(reasonOf(err))
	}
	return token, nil
}

// await serves the callback until OSCAR's answer to this consent comes.
func (c connectOscarCmd) await(ctx context.Context, t *terminal, conf oscar.Config, l net.Listener) (oscar.Credential, error) {
	consent, err := oscar.Begin(ctx, conf, "http://"+l.Addr().String()+"/callback", c.scopes(conf.Dialect)...)
	if err != nil {
		return oscar.Credential{}, errors.New(reasonOf(err))
	}
	verifiers := make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if !consent.Is(q.Get("oauth_token")) || q.Get("oauth_verifier") == "" {
			http.Error(w, "This is not the consent that the gateway waits for.", http.StatusBadRequest)
			return
		}
		select {
		case verifiers <- q.Get("oauth_verifier"):
		default:
		}
		fmt.Fprintln(w, "The gateway has heard of your consent. You may close this page.")
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }() // ends with Close
	defer s.Close()
	fmt.Fprintf(t.Out, "Have the provider in whose name the gateway shall act sign in and consent here, in a browser on this machine:\n\n    %s\n\n", consent.URL())
	select {
	case v := <-verifiers:
		return finish(ctx, consent, v)
	case <-ctx.Done():
		return oscar.Credential{}, errors.New("nobody consented in time; begin again")
	}
}

// keepToken writes the token where only the gateway's user reads it: into a new file that takes the old one's place.
func keepToken(path string, token oscar.Credential) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %s\n", token.Key, token.Secret)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
