package probe

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The token goes to the base's origin only: links and redirects to another one are not followed.
func TestTheTokenStaysAtTheBasesOrigin(t *testing.T) {
	var asked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); w.WriteHeader(200) }))
	defer other.Close()
	base := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/fhir", http.StatusFound) }))
	defer base.Close()
	s, err := newSession(t.Context(), Options{Base: base.URL + "/fhir", Token: fakeToken, Rate: 1e6}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if a := s.do(get("/Appointment")); a.status != http.StatusFound {
		t.Errorf("a redirect gives %d, %v", a.status, a.err)
	}
	for _, link := range []string{other.URL + "/fhir?page=2", "//" + strings.TrimPrefix(other.URL, "http://") + "/x", "https" + strings.TrimPrefix(base.URL, "http") + "/fhir"} {
		if a := s.do(ask{link: link}); !errors.Is(a.err, errForeign) {
			t.Errorf("%s: %v", link, a.err)
		}
	}
	if a := s.do(ask{link: "?page=2"}); a.err != nil {
		t.Errorf("a relative link: %v", a.err)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("another origin was asked %d times", n)
	}
}

// What a template says is what goes out, with values escaped and tricks as they stand.
func TestRequestsGoOutAsWritten(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.RequestURI + " " + string(b)
	}))
	defer server.Close()
	s, err := newSession(t.Context(), Options{Base: server.URL + "/fhir/", Token: fakeToken, Rate: 1e6}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		ask  ask
		want string
	}{
		{get("/Appointment/{}?x={}", "a/b c", "d&e=é"), "GET /fhir/Appointment/a/b%20c?x=d%26e%3D%C3%A9 "},
		{get("/Appointment/../Patient"), "GET /fhir/Appointment/../Patient "},
		{get("/V/%2e%2e//x;y=%00?_h%61s:a=1;b"), "GET /fhir/V/%2e%2e//x;y=%00?_h%61s:a=1;b "},
		{ask{method: "POST", path: "/Task/_search", body: "patient={}", filled: []string{"Patient/1&x"}, form: true}, "POST /fhir/Task/_search patient=Patient%2F1%26x"},
	} {
		if s.do(test.ask); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// A server that says "too many" is waited for.
func TestTooManyRequestsAreWaitedFor(t *testing.T) {
	var n atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer server.Close()
	s, err := newSession(t.Context(), Options{Base: server.URL, Rate: 1e6}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if a := s.do(get("/metadata")); a.status != 200 || s.requests != 2 {
		t.Errorf("%d after %d requests", a.status, s.requests)
	}
}

// What is no FHIR server, refuses the token, or is not there, ends the run before the first probe.
func TestWhatCannotBeProbedSaysSo(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hello</html>") }))
	defer web.Close()
	nowhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found"}]}`))
	}))
	defer nowhere.Close()
	locked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(401)
		_, _ = io.WriteString(w, `{"resourceType":"OperationOutcome"}`)
	}))
	defer locked.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Base: web.URL}, "does not answer like a FHIR server"},
		{Options{Base: locked.URL}, "refuses the token"},
		{Options{Base: nowhere.URL}, "answers 404 to /metadata and to every type"},
		{Options{Base: gone.URL}, "no answer"},
		{Options{Base: "ftp://x"}, "http or https"},
		{Options{Base: "https://user:word@x/fhir"}, "without user"},
		{Options{Base: web.URL, Only: []string{"zqx"}}, `no probe "zqx"`},
		{Options{Base: web.URL, Known: Known{Values: []string{"R"}}}, "at least 4 characters"},
		{Options{Base: web.URL, Known: Known{Resources: []string{"123"}}}, "Type/id"},
		{Options{Base: web.URL, Known: Known{Searches: []string{"Appointment?a=1&b=2"}}}, "one parameter"},
	} {
		test.o.Rate = 1e6
		if _, err := Run(t.Context(), test.o); !errors.Is(err, ErrNotRun) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.o, err, test.want)
		}
	}
}

// A difference in time counts only if it is large and cannot be chance.
func TestOnlyAClearDifferenceInTimeCounts(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	around := func(middle, spread time.Duration) []time.Duration {
		out := make([]time.Duration, 60)
		for i := range out {
			out[i] = middle + time.Duration(noise.Int64N(int64(spread)))
		}
		return out
	}
	ms := time.Millisecond
	for _, test := range []struct {
		name string
		x, y []time.Duration
		want int
	}{
		{"slower", around(6*ms, 2*ms), around(3*ms, 2*ms), 1},
		{"faster", around(3*ms, 2*ms), around(6*ms, 2*ms), -1},
		{"alike", around(3*ms, 2*ms), around(3*ms, 2*ms), 0},
		{"certain but small", around(3*ms+150*time.Microsecond, 50*time.Microsecond), around(3*ms, 50*time.Microsecond), 0},
		{"large but few", []time.Duration{9 * ms, 9 * ms, 9 * ms}, []time.Duration{3 * ms, 3 * ms, 3 * ms}, 0},
		{"none", nil, nil, 0},
	} {
		if got, _ := clearly(test.x, test.y); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
	for range 2000 {
		if sign, _ := clearly(around(3*ms, 3*ms), around(3*ms, 3*ms)); sign != 0 {
			t.Fatal("chance is taken for a difference")
		}
	}
}

// A twin has the shape of what it stands for, and is not it.
func TestATwinHasTheSameShape(t *testing.T) {
	for in, want := range map[string]string{
		"appt-1006": "nccg-8993", "0123456789": "9876543219", "1961-02-03": "1801-01-01", "Zoé": "Mbé", "": "",
		"deadbeef-0000-4000-8000-00000000000f": "cbfcebba-9999-5999-1999-99999999999a",
	} {
		if got := twin(in); got != want || got == in && in != "" {
			t.Errorf("twin of %q: %q, want %q", in, got, want)
		}
	}
	if got := twinValue("http://snomed.info/sct|73211009"); got != "http://snomed.info/sct|27811890"[:23]+twin("73211009") {
		t.Errorf("the system changed: %q", got)
	}
}
