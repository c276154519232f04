package main

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// scenario is one kind of access, at several numbers of callers.
type scenario struct {
	name    string
	entries int // of the page asked for; 0 for a read
	callers []int
	budget  float64 // CPU of the gateway in multiples of the reverse proxy's
}

// scenarios are what the budgets speak of.
func scenarios() []scenario {
	return []scenario{
		{"read", 0, []int{1, 16, 64, 256}, 1.2},
		{"search 20", 20, []int{1, 16, 64, 256}, 1.3},
		{"search 100", 100, []int{1, 16, 64}, 2},
		{"search 1000", 1000, []int{1, 16}, 3},
	}
}

// paths are what the scenario asks for below the FHIR base: a read of any appointment in reach, or the search for the next
// appointments. No parameter names the practitioner: that the page is narrowed to the grant is the gateway's work.
func (s scenario) paths(now time.Time) []string {
	if s.entries > 0 {
		q := url.Values{"date": {"ge" + now.Format(time.DateOnly)}, "_count": {strconv.Itoa(s.entries)}}
		return []string{"/Appointment?" + q.Encode()}
	}
	var out []string
	for i := range known {
		if inReach(i) {
			out = append(out, "/Appointment/"+appointmentID(i))
		}
	}
	return out
}

// requests are the bytes that callers send, the same to every target but for the Host: paths and tokens in turn.
func (s scenario) requests(host string, tokens []string, now time.Time) [][]byte {
	paths := s.paths(now)
	n := max(len(paths), len(tokens))
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, "GET %s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: application/fhir+json\r\nUser-Agent: vestibule-bench\r\n\r\n",
			basePath, paths[i%len(paths)], host, tokens[i%len(tokens)])
	}
	return out
}
