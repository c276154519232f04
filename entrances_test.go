package vestibule_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule/fhir"
	"vestibule/internal/identity"
	"vestibule/internal/server"
	"vestibule/policy"
)

// door is the gateway of the tests behind its front door, with an issuer whose tokens it takes.
type door struct {
	*world
	http.Handler
	signer jose.Signer
	log    *bytes.Buffer // what the operator reads
}

func newDoor(t *testing.T) *door {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{world: newWorld(t, newEMR(t, 2), bookings...), log: &bytes.Buffer{}}
	d.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}}, (&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		t.Fatal(err)
	}
	public := jose.JSONWebKey{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}
	verifier, err := identity.New(identity.Config{Audiences: []string{"https://gw.test"}, Now: func() time.Time { return d.clock }, HTTP: &http.Client{Transport: issuer{public}},
		Platforms: []identity.Platform{{Name: "assistco", Issuer: "https://id.example", ClientIDs: []string{"desk"}}}})
	if err != nil {
		t.Fatal(err)
	}
	d.Handler = server.New(server.Config{Gateway: d.Gateway, Verifier: verifier, PublicURL: "https://gw.test", Log: slog.New(slog.NewTextHandler(d.log, nil)), Metrics: server.NewMetrics()})
	return d
}

// issuer answers for https://id.example: where its keys are, and its one key.
type issuer struct{ key jose.JSONWebKey }

func (i issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.key}})
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		text = []byte(`{"issuer":"https://id.example","jwks_uri":"https://id.example/keys"}`)
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(text))), Request: r}, err
}

// token is an access token that makes its bearer the caller.
func (d *door) token(t *testing.T, c policy.Caller) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"iss": c.Issuer, "sub": c.Subject, "name": c.Name, "aud": "https://gw.test", "client_id": c.ClientID, "jti": "j1",
		"iat": d.clock.Unix(), "exp": c.Expires.Unix(), "scope": strings.Join(c.Scopes, " ")})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := d.signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// send sends one request over HTTP, a form as the body of a POST.
func (d *door) send(token, target, form string) (status int, body string) {
	req := httptest.NewRequest("GET", target, nil)
	if strings.HasSuffix(target, "/_search") {
		req = httptest.NewRequest("POST", target, strings.NewReader(form))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, req)
	return rec.Code, rec.Body.String()
}

// views is what a caller is shown: resources by id, byte for byte. Nil where the request is denied.
type views map[string]string

// add puts a searchset into v and returns where its next page is.
func (v views) add(t *testing.T, text string) (next string) {
	t.Helper()
	bundle, err := fhir.ParseBundle([]byte(text), fhir.Limits{})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	entries, err := bundle.Entries()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, twice := v[e.Resource.ID()]; twice {
			t.Errorf("%s stands in the answer twice", e.Resource.ID())
		}
		v[e.Resource.ID()] = string(e.Resource.Bytes())
	}
	return bundle.Link("next")
}

// search follows a search over HTTP to its end.
func (d *door) search(t *testing.T, token, target, form string) views {
	t.Helper()
	out := views{}
	for {
		status, body := d.send(token, target, form)
		if status != 200 {
			return nil
		}
		if target = out.add(t, body); target == "" {
			return out
		}
	}
}

// decided is what the policy alone, asked resource by resource, shows for a search.
func (w *twins) decided(query string, of []fhir.Resource) views {
	in, err := fhir.ParseInteraction("GET", "/Task", query, "", time.UTC)
	d := w.set.Decide(policy.Request{Caller: w.caller, Clinic: "maple", Interaction: in, Now: now})
	if err != nil || !d.Permitted() {
		return nil
	}
	out := views{}
	for _, r := range of {
		if released, _ := d.Release(r); !released.IsZero() {
			out[r.ID()] = string(released.AppendTo(nil))
		}
	}
	return out
}

// read reads every id over HTTP.
func (d *door) read(t *testing.T, token string, ids int) views {
	t.Helper()
	out := views{}
	for i := range ids {
		id := "t" + string(rune('0'+i))
		switch status, body := d.send(token, "https://gw.test/fhir/maple/Task/"+id, ""); status {
		case 200:
			out[id] = body
		case 403:
			return nil
		case 404:
		default:
			t.Fatalf("%d %s", status, body)
		}
	}
	return out
}

// Hazard H5: every entrance gives the same decision. Whoever may read and search is shown the same resources with the same
// bytes by reads, by a search in the URL, by one in a form, and by the policy itself.
func TestH5EveryEntranceGivesTheSameDecision(t *testing.T) {
	d := newDoor(t)
	compared, shown, denied := 0, 0, 0
	for seed := range uint64(40) {
		w := newTwins(t, 1000+seed, d.caller, "rs")
		e := &keen{resources: w.a, careless: w.oneIn(2)}
		d.serve(w, e)
		token := d.token(t, w.caller)
		for i := range 5 {
			query := ""
			if i > 0 {
				query = w.query()
			}
			want := w.decided(query, w.a)
			ways := map[string]views{"GET": d.search(t, token, "https://gw.test/fhir/maple/Task?"+url.PathEscape(query), ""),
				"POST": d.search(t, token, "https://gw.test/fhir/maple/Task/_search", escaped(query))}
			if i == 0 && len(w.a) <= 10 {
				ways["reads"] = d.read(t, token, 7)
			}
			for name, got := range ways {
				compared++
				if !maps.Equal(got, want) || (got == nil) != (want == nil) {
					t.Fatalf("seed %d: %s?%s shows %v\nthe policy %v\nrules %+v\nscopes %v", seed, name, query, got, want, w.rules, w.caller.Scopes)
				}
			}
			if shown += len(want); want == nil {
				denied++
			}
		}
	}
	t.Logf("%d compared, %d resources shown, %d searches denied", compared, shown, denied)
	if shown < compared/2 || denied*10 < compared {
		t.Error("too little was shown or denied to say anything")
	}
}

// escaped is a query as a form has it.
func escaped(query string) string {
	var out []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		out = append(out, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	slices.Sort(out)
	if query == "" {
		return ""
	}
	return strings.Join(out, "&")
}
