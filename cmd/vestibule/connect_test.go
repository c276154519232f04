package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vestibule/adapters/oscar/oscartest"
)

// oscarClinic is a clinic with a stand-in for its OSCAR, applied to a data folder. The token's file is not there yet.
type oscarClinic struct {
	*oscartest.Server
	data, token string
}

func newOSCARClinic(t *testing.T, dialect oscartest.Dialect) oscarClinic {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	s, err := oscartest.New(oscartest.Config{Dialect: dialect, Zone: zone, Clients: []oscartest.Client{{Key: "vestibule", Secret: "client-secret", Name: "Vestibule"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.AddProviders(oscartest.Provider{No: "999998", LastName: "Okafor", FirstName: "Ngozi", User: "ngozi", Password: "made-up"})
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	dir := t.TempDir()
	c := oscarClinic{s, filepath.Join(dir, "data"), filepath.Join(dir, "maple.token")}
	t.Setenv("OSCAR_CLIENT_SECRET", "client-secret")
	t.Setenv("OSCAR_SOAP_PASSWORD", "made-up")
	documents := filepath.Join(dir, "clinic.yaml")
	text := "kind: Clinic\nname: maple\ntitle: Maple Family Practice\nzone: America/Toronto\n---\nkind: Connection\nclinic: maple\nadapter: oscar\nbase: " + ts.URL + "/oscar\nlogin:\n" +
		"  mode: oauth1\n  clientId: vestibule\n  secret: env:OSCAR_CLIENT_SECRET\n  token: file:" + c.token + "\n  soapUser: ngozi\n  soapPassword: env:OSCAR_SOAP_PASSWORD\noscar:\n  dialect: " + string(dialect) + "\n"
	if err := os.WriteFile(documents, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := typing(t, strings.NewReader(""), "apply", "--data", c.data, "-f", documents); code != 0 {
		t.Fatal(out, errs)
	}
	return c
}

func typing(t *testing.T, in io.Reader, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &terminal{In: in, Out: &o, Err: &e, Now: time.Now})
	return code, o.String(), e.String()
}

var requestToken = regexp.MustCompile(`oauth_token=([^&\s]+)`)

// consentBy has the provider consent as soon as the command has printed where, and returns the verifier that OSCAR shows.
func consentBy(t *testing.T, c oscarClinic, printed io.Reader) (verifier string) {
	t.Helper()
	lines := bufio.NewScanner(printed)
	for lines.Scan() {
		if m := requestToken.FindStringSubmatch(lines.Text()); m != nil {
			key, err := url.QueryUnescape(m[1])
			if err != nil {
				t.Error(err)
			}
			return c.Consent(key, "999998")
		}
	}
	t.Error("no address was printed")
	return ""
}

func TestAProviderConsentsAndTheConnectionWorks(t *testing.T) {
	for _, dialect := range []oscartest.Dialect{oscartest.OpenO, oscartest.CARLOS} {
		t.Run(string(dialect), func(t *testing.T) {
			c := newOSCARClinic(t, dialect)
			if code, _, errs := typing(t, strings.NewReader(""), "connect", "check", "maple", "--data", c.data); code != 1 || !strings.Contains(errs, "vestibule connect oscar maple") {
				t.Errorf("before anybody consented: %d %s", code, errs)
			}
			in, typed := io.Pipe()
			printed, out := io.Pipe()
			go func() {
				_, _ = io.WriteString(typed, consentBy(t, c, printed)+"\n")
				_, _ = io.Copy(io.Discard, printed)
			}()
			var errs bytes.Buffer
			code := run(t.Context(), []string{"connect", "oscar", "maple", "--data", c.data}, &terminal{In: in, Out: out, Err: &errs, Now: time.Now})
			_ = out.Close()
			if code != 0 {
				t.Fatal(errs.String())
			}
			info, err := os.Stat(c.token)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("%v %v", info, err)
			}
			code, said, problems := typing(t, strings.NewReader(""), "connect", "check", "maple", "--data", c.data)
			if code != 0 {
				t.Error(problems)
			}
			for _, want := range []string{"ok       OSCAR answers as " + string(dialect) + ".", "acts as provider 999998, Ngozi Okafor", "The clocks agree", "The privilege _appointment r is there.",
				"The log-in for SOAP works.", "13 states", "Task: read, search-type, create, update.", "DocumentReference: read, search-type, create; refused: update."} {
				if !strings.Contains(said, want) {
					t.Errorf("not said: %s\n%s", want, said)
				}
			}
			token, err := os.ReadFile(c.token)
			if secret := strings.Fields(string(token)); err != nil || strings.Contains(said, secret[0]) || strings.Contains(said, secret[1]) {
				t.Error("the check prints the token")
			}
		})
	}
}

func TestABrowserOnThisMachineBringsTheVerifier(t *testing.T) {
	c := newOSCARClinic(t, oscartest.OpenO)
	printed, out := io.Pipe()
	go func() {
		lines := bufio.NewScanner(printed)
		for lines.Scan() {
			m := requestToken.FindStringSubmatch(lines.Text())
			if m == nil {
				continue
			}
			base := "http://127.0.0.1:18799/callback?oauth_token="
			if resp, err := http.Get(base + "forged&oauth_verifier=x"); err == nil {
				if resp.StatusCode != http.StatusBadRequest {
					t.Error("a forged callback is taken")
				}
				_ = resp.Body.Close()
			}
			if resp, err := http.Get(base + m[1] + "&oauth_verifier=" + c.Consent(m[1], "999998")); err == nil {
				_ = resp.Body.Close()
			}
		}
	}()
	var errs bytes.Buffer
	code := run(t.Context(), []string{"connect", "oscar", "maple", "--data", c.data, "--callback", "127.0.0.1:18799"}, &terminal{In: strings.NewReader(""), Out: out, Err: &errs, Now: time.Now})
	_ = out.Close()
	if code != 0 {
		t.Fatal(errs.String())
	}
	if _, err := os.Stat(c.token); err != nil {
		t.Error(err)
	}
}

func TestTheCheckNamesWhatIsMissing(t *testing.T) {
	c := newOSCARClinic(t, oscartest.OpenO)
	token := c.Issue("vestibule", "999998")
	if err := os.WriteFile(c.token, []byte(token.Key+" "+token.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	c.AddProviders(oscartest.Provider{No: "999998", LastName: "Okafor", FirstName: "Ngozi", User: "ngozi", Password: "made-up", Privileges: oscartest.Privileges{"_appointment": "r", "_demographic": "r"}})
	code, said, _ := typing(t, strings.NewReader(""), "connect", "check", "maple", "--data", c.data)
	for _, want := range []string{"bad      The provider lacks the privilege _tickler r", "bad      The provider lacks the privilege _appointment w", "ok       The privilege _appointment r is there.", "By SOAP documents cannot be read"} {
		if code != 1 || !strings.Contains(said, want) {
			t.Errorf("not said: %s\n%s", want, said)
		}
	}
	c.Switch(func(s *oscartest.Switches) { s.ClockOffset = 10 * time.Minute })
	if code, said, _ = typing(t, strings.NewReader(""), "connect", "check", "maple", "--data", c.data); code != 1 || !strings.Contains(said, "clocks") || !strings.Contains(said, "apart; signatures hold") {
		t.Errorf("with a clock that is ten minutes off: %s", said)
	}
	c.Switch(func(s *oscartest.Switches) { s.ClockOffset = 0 })
	c.Revoke(token.Key)
	if code, said, _ = typing(t, strings.NewReader(""), "connect", "check", "maple", "--data", c.data); code != 1 || !strings.Contains(said, "invalid_signature") {
		t.Errorf("with a token that was revoked: %s", said)
	}
}
