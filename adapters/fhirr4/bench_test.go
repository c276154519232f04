package fhirr4

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"vestibule/fhir"
)

// The same answer, fetched through the adapter and by http.Transport alone: the difference is what the adapter costs.

func BenchmarkRead(b *testing.B) {
	text := appointment("a1", "1")
	s := benchServer(b, text)
	b.Run("transport", func(b *testing.B) { bare(b, s.URL+"/fhir/Appointment/a1") })
	b.Run("adapter", func(b *testing.B) {
		a := open(b, Config{Base: s.URL + "/fhir"})
		parallel(b, func() error {
			_, err := a.Read(background, fhir.Ref{Type: "Appointment", ID: "a1"})
			return err
		})
	})
}

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{20, 100, 1000} {
		var all []string
		for i := range n {
			all = append(all, visit("p1", "2026-12-04T09:00:00-05:00", "booked")[:1]+fmt.Sprintf(`"id":"a%d",`, i)+visit("p1", "2026-12-04T09:00:00-05:00", "booked")[1:])
		}
		s := benchServer(b, searchset("", all...))
		q := query(b, "Appointment", "status=booked&date=ge2026-12-04T00:00:00-05:00").WithCount(n)
		b.Run(fmt.Sprintf("transport/%d", n), func(b *testing.B) { bare(b, s.URL+"/fhir/Appointment") })
		b.Run(fmt.Sprintf("adapter/%d", n), func(b *testing.B) {
			a := open(b, Config{Base: s.URL + "/fhir"})
			parallel(b, func() error {
				p, err := a.Search(background, q, "")
				if err == nil && len(p.Resources) != n {
					err = fmt.Errorf("%d resources", len(p.Resources))
				}
				return err
			})
		})
	}
}

func benchServer(b *testing.B, text string) *httptest.Server {
	out := []byte(text)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
		if r.URL.Path == "/fhir/metadata" {
			_, _ = io.WriteString(w, statement)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(out)))
		_, _ = w.Write(out)
	}))
	b.Cleanup(s.Close)
	return s
}

func bare(b *testing.B, url string) {
	t := NewTransport(nil)
	b.Cleanup(t.CloseIdleConnections)
	parallel(b, func() error {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := t.RoundTrip(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.ReadFull(resp.Body, make([]byte, resp.ContentLength))
		return err
	})
}

func parallel(b *testing.B, one func() error) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := one(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
