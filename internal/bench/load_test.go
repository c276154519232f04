package main

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestAnswersAreReadWholeOrNotAtAll(t *testing.T) {
	tests := []struct {
		name, text string
		want       reply
		wrong      string
	}{
		{"whole", "HTTP/1.1 200 OK\r\nServer: x\r\nCONTENT-Length: 5\r\n\r\nhello", reply{200, 5}, ""},
		{"empty", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", reply{404, 0}, ""},
		{"cut off", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", reply{}, "EOF"},
		{"no length", "HTTP/1.1 200 OK\r\n\r\nhello", reply{}, "without Content-Length"},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", reply{}, "chunked"},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", reply{}, "-1"},
		{"not HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n", reply{}, "not an answer"},
	}
	for _, test := range tests {
		c := &caller{in: bufio.NewReader(strings.NewReader(test.text))}
		got, err := c.read()
		switch {
		case test.wrong == "" && (err != nil || got != test.want):
			t.Errorf("%s: %+v, %v", test.name, got, err)
		case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
			t.Errorf("%s: error %v, want one about %q", test.name, err, test.wrong)
		}
	}
}

// served is the made-up EMR on loopback, as a target, and how often it was asked.
func served(t *testing.T, asked *atomic.Int64, status int) *target {
	w, err := newWorld("http://emr.example.test"+basePath, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	e := newEMR(w)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		e.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return &target{name: "test", addr: srv.Listener.Addr().String()}
}

func TestEveryAnswerCountsOnce(t *testing.T) {
	for _, s := range scenarios() {
		var asked atomic.Int64
		target := served(t, &asked, http.StatusOK)
		c := cell{target: target, requests: s.requests(target.addr, []string{"a", "b"}, time.Now()), callers: 4, time: time.Minute, most: 40}
		got, err := c.measure(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if got.requests != 40 || got.errors != 0 || got.p50 <= 0 || got.p99 < got.p50 || got.bytes < 1500 {
			t.Errorf("%s: %+v", s.name, got)
		}
		if n := int(asked.Load()); n != target.answered || n != 80 { // warm-up and measurement
			t.Errorf("%s: %d asked, %d answered, want 80", s.name, n, target.answered)
		}
	}
}

func TestErrorsAreCountedAsErrors(t *testing.T) {
	var asked atomic.Int64
	target := served(t, &asked, http.StatusServiceUnavailable)
	c := cell{target: target, requests: scenarios()[0].requests(target.addr, []string{"a"}, time.Now()), callers: 2, time: time.Minute, most: 10}
	got, err := c.measure(context.Background())
	if err != nil || got.errors != 10 {
		t.Errorf("%+v, %v, want 10 errors", got, err)
	}
}
