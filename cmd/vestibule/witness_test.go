package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"vestibule/audit"
	"vestibule/internal/store"
)

// askWitness is the program `witnessed DATA LOGS SEEN`: it asks a witness, as a gateway would, and prints the answers.
func askWitness() {
	if err := askedWitness(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func askedWitness(dir, logs, seen string) error {
	db, err := store.OpenFolder(dir)
	if err != nil {
		return err
	}
	body, err := audit.NewReader(db).Addition(context.Background(), "maple", 0)
	if err != nil {
		return err
	}
	known, err := os.ReadFile(logs)
	if err != nil {
		return err
	}
	key, err := audit.LoadKey("witness.key")
	if err != nil {
		return err
	}
	w, err := audit.OpenWitness(seen, "witness.test", key, string(known), time.Now)
	if err != nil {
		return err
	}
	s := httptest.NewServer(witnessHandler(w))
	defer s.Close()
	for _, ask := range []struct{ name, method, body string }{
		{"first", http.MethodPost, string(body)}, {"again", http.MethodPost, string(body)}, {"get", http.MethodGet, ""},
		{"long", http.MethodPost, strings.Repeat("x", maxAddCheckpoint+1)},
	} {
		req, err := http.NewRequest(ask.method, s.URL+"/add-checkpoint", strings.NewReader(ask.body))
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		fmt.Printf("%s %d %s %s\n", ask.name, resp.StatusCode, resp.Header.Get("Content-Type"), strings.TrimSpace(string(answer)))
	}
	return nil
}
