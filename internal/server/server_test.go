package server_test

import (
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"vestibule/internal/demo"
	"vestibule/internal/demo/stage"
	"vestibule/internal/demo/stage/stagetest"
)

// gate is a gateway over the demo's world, reached over HTTP.
type gate struct {
	*stage.Stage
	log *lines
}

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func open(t *testing.T) *gate {
	t.Helper()
	g := &gate{log: &lines{}}
	folder := t.TempDir()
	t.Cleanup(func() { events.TakeFolder(t, folder) }) // once it is down
	g.Stage, _ = stagetest.Up(t, stage.Options{Data: folder, Log: slog.New(slog.NewTextHandler(g.log, nil))})
	return g
}

// asked is one raw request: the path is sent as it stands.
type asked struct {
	method, path, body string
	header             map[string]string // Authorization is the assistant's unless it is named here
}

type answer struct {
	status int
	header http.Header
	body   string
	code   string // the reason code of an OperationOutcome
}

// ask sends a request over a connection of its own, so that nothing cleans the path on its way.
func (g *gate) ask(t *testing.T, q asked) answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.Ready.Console, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var b strings.Builder
	b.WriteString(q.method + " " + q.path + " HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n")
	header := map[string]string{"Authorization": "Bearer " + g.Ready.Tokens[demo.Assistant]}
	if q.body != "" {
		header["Content-Type"] = "application/fhir+json"
	}
	for name, value := range q.header {
		header[name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if value := header[name]; value != "" {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	if q.body != "" && header["Transfer-Encoding"] == "" {
		b.WriteString("Content-Length: " + itoa(len(q.body)) + "\r\n")
	}
	b.WriteString("\r\n" + q.body)
	if _, err := io.WriteString(conn, b.String()); err != nil {
		t.Fatal(err)
	}
	return read(t, conn, q)
}
