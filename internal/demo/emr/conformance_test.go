package emr_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"vestibule/adapters"
	"vestibule/adapters/adaptertest"
	"vestibule/adapters/fhirr4"
	"vestibule/internal/demo/emr"
)

func TestTheAdapterOverThisEMRKeepsTheContract(t *testing.T) {
	adaptertest.Run(t, startWorld)
}

// startWorld starts an EMR that wants a log-in. Its rows are put in with a token that no adapter has.
func startWorld(t testing.TB, zone *time.Location) *adaptertest.World {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewUnstartedServer(nil)
	e, err := emr.New(emr.Config{
		Base: "http://" + ts.Listener.Addr().String() + "/fhir", Zone: zone, RequireLogin: true,
		Clients: map[string]jose.JSONWebKeySet{client: {Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ts.Config.Handler = e
	ts.Start()
	t.Cleanup(ts.Close)
	w := adaptertest.FHIRServerAs(e.URL(), "Bearer "+token(t, e, key))
	var patients atomic.Int32
	w.Patient = func(t testing.TB, family string) string { // patients come with the demo and are not created over HTTP
		t.Helper()
		id := fmt.Sprintf("made-up-%d", patients.Add(1))
		if err := e.Load(fmt.Appendf(nil, `{"resourceType":"Patient","id":%q,"name":[{"family":%q}]}`, id, family)); err != nil {
			t.Fatal(err)
		}
		return id
	}
	w.Open = func(t testing.TB, o adaptertest.Opening) adapters.EMR {
		t.Helper()
		a, err := fhirr4.Open(fhirr4.Config{
			Base: o.Base, Aliases: []string{e.URL()}, Timeout: o.Timeout, MaxBody: o.MaxBody, Now: o.Now, Quirks: fhirr4.Quirks{StablePages: true},
			Login: fhirr4.Login{ClientID: client, Key: key, KeyID: "k1", Scopes: []string{"system/*.rs"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Close)
		return a
	}
	return w
}

// token logs in as SMART Backend Services has it.
func token(t testing.TB, e *emr.EMR, key *ecdsa.PrivateKey) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: client, Subject: client, Audience: jwt.Audience{e.URL() + "/auth/token"}, ID: rand.Text(), Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute)),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"system/*.rs"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	r := httptest.NewRequest(http.MethodPost, e.URL()+"/auth/token", strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("no token: %v %s", err, w.Body)
	}
	return answer.AccessToken
}
