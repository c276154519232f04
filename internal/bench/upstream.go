package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pageSizes are the searchsets that the made-up EMR has ready.
func pageSizes() []int { return []int{20, 100, 1000} }

// emr serves answers that were rendered once, so that its own cost is small and the same for everyone who asks it.
type emr struct {
	capability []byte
	reads      map[string][]byte // by id
	versions   map[string]string // ETags by id
	pages      map[int][]byte    // by number of entries
}

func newEMR(w world) *emr {
	e := &emr{capability: w.capability(), reads: map[string][]byte{}, versions: map[string]string{}, pages: map[int][]byte{}}
	for i := range known {
		id := appointmentID(i)
		e.reads[id], e.versions[id] = w.appointment(nil, i), `W/"`+strconv.Itoa(1+i%7)+`"`
	}
	for _, n := range pageSizes() {
		e.pages[n] = w.page(n)
	}
	return e
}

// ServeHTTP answers metadata, reads of Appointments, and searches for them: of a search only _count is looked at, so this
// EMR over-shares, as some do.
func (e *emr) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, basePath)
	body, ok := e.capability, path == "/metadata"
	switch {
	case path == "/Appointment":
		count, _ := strconv.Atoi(r.URL.Query().Get("_count"))
		body, ok = e.pages[count]
	case strings.HasPrefix(path, "/Appointment/"):
		id := path[len("/Appointment/"):]
		if body, ok = e.reads[id]; ok {
			w.Header().Set("ETag", e.versions[id])
		}
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/fhir+json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // whoever hung up needs no answer
}

// runUpstream is the process of the EMR that is asked directly.
func runUpstream(ctx context.Context) error {
	l, err := listen(ctx)
	if err != nil {
		return err
	}
	w, err := newWorld("http://"+l.Addr().String()+basePath, time.Now())
	if err != nil {
		return err
	}
	handler := newEMR(w)
	fmt.Println(l.Addr())
	return serve(ctx, l, handler)
}
