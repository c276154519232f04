package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vestibule/policy"
)

func TestAGoodTokenSaysWhoIsAsking(t *testing.T) {
	w := newWorld(t)
	got, err := w.ask(w.token(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Caller{
		Issuer: issuerA, Subject: "amara", Name: "Amara Okafor", Platform: "assistco", ClientID: "assistco-web", TokenID: "j1",
		Scopes: []string{"user/Appointment.rs", "user/Task.rsu"}, Purposes: []string{"PATADMIN"},
		Address: netip.MustParseAddr("203.0.113.9"), Expires: w.clock.Now().Add(5 * time.Minute),
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("caller (-want +got):\n%s", diff)
	}
	if !got.Valid() {
		t.Error("the caller is not valid")
	}
}

func TestWhatATokenMayLookLike(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		changes members
		check   func(policy.Caller) bool
	}{
		"several audiences":    {members{"aud": []string{"x", audience}}, policy.Caller.Valid},
		"scopes as an array":   {members{"scope": []string{"a", "b c"}}, func(c policy.Caller) bool { return len(c.Scopes) == 3 }},
		"no scope":             {members{"scope": nil}, func(c policy.Caller) bool { return len(c.Scopes) == 0 }},
		"no purpose":           {members{"purpose_of_use": nil}, func(c policy.Caller) bool { return len(c.Purposes) == 0 }},
		"azp for client_id":    {members{"client_id": nil, "azp": "assistco-web"}, func(c policy.Caller) bool { return c.ClientID == "assistco-web" }},
		"both, in agreement":   {members{"azp": "assistco-web"}, policy.Caller.Valid},
		"name in two parts":    {members{"name": nil, "given_name": "Amara", "family_name": "Okafor"}, func(c policy.Caller) bool { return c.Name == "Amara Okafor" }},
		"a blank name claim":   {members{"name": "  ", "given_name": "Amara", "family_name": "Okafor"}, func(c policy.Caller) bool { return c.Name == "Amara Okafor" }},
		"spaces around a name": {members{"name": " Amara Okafor\u00a0"}, func(c policy.Caller) bool { return c.Name == "Amara Okafor" }},
		"a French name":        {members{"name": "Zo\u00e9 L\u00e9vesque-C\u00f4t\u00e9"}, policy.Caller.Named},
		"a name with a joiner": {members{"name": "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"}, policy.Caller.Named},
		"a single name":        {members{"name": "Sukarno"}, policy.Caller.Named},
		"a person, says so":    {members{"vestibule_actor": "person"}, policy.Caller.Named},
		"an agent":             {members{"vestibule_actor": "automated", "name": nil, "sub": "assistco-web"}, func(c policy.Caller) bool { return c.Automated && c.Name == "assistco-web" && !c.Named() }},
		"an agent by name":     {members{"vestibule_actor": "automated", "name": "Booking bot"}, func(c policy.Caller) bool { return c.Automated && c.Name == "Booking bot" }},
		"how one signed in":    {members{"acr": "urn:example:2", "amr": []string{"pwd", "otp"}}, func(c policy.Caller) bool { return c.Assurance == "urn:example:2 pwd otp" }},
		"a strange acr":        {members{"acr": 2, "amr": members{"a": 1}}, func(c policy.Caller) bool { return c.Assurance == "" }},
		"a long amr":           {members{"amr": []string{strings.Repeat("x", 100), strings.Repeat("y", 100)}}, func(c policy.Caller) bool { return len(c.Assurance) == 120 }},
		"no jti":               {members{"jti": nil}, func(c policy.Caller) bool { return c.TokenID == "" && c.Valid() }},
		"issued just ahead":    {members{"iat": w.clock.Now().Unix() + 59, "nbf": w.clock.Now().Unix() + 60}, policy.Caller.Valid},
		"a fraction of time":   {members{"exp": float64(w.clock.Now().Unix()) + 10.5}, func(c policy.Caller) bool { return c.Expires.Equal(w.clock.Now().Add(10500 * time.Millisecond)) }},
	} {
		got, err := w.ask(w.token(t, c.changes))
		if err != nil || !got.Valid() || !c.check(got) {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
}

func TestPurposesOfUseInEverySpelling(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		changes members
		want    []string
	}{
		"code":       {members{"purpose_of_use": "TREAT"}, []string{"TREAT"}},
		"array":      {members{"purpose_of_use": []string{"TREAT", "PATADMIN", "TREAT"}}, []string{"TREAT", "PATADMIN"}},
		"urn":        {members{"purpose_of_use": "urn:oid:2.16.840.1.113883.5.8#COC"}, []string{"COC"}},
		"token":      {members{"purpose_of_use": "http://terminology.hl7.org/CodeSystem/v3-ActReason|COC"}, []string{"COC"}},
		"coding":     {members{"purpose_of_use": members{"system": "urn:x", "code": "COC", "display": "d"}}, []string{"COC"}},
		"codings":    {members{"purpose_of_use": []members{{"code": "COC"}, {"code": "TREAT"}}}, []string{"COC", "TREAT"}},
		"b2b":        {members{"purpose_of_use": nil, "extensions": members{"hl7-b2b": members{"version": "1", "purpose_of_use": []string{"urn:oid:2.16.840.1.113883.5.8#TREAT"}}}}, []string{"TREAT"}},
		"both":       {members{"extensions": members{"hl7-b2b": members{"purpose_of_use": "TREAT"}}}, []string{"PATADMIN", "TREAT"}},
		"empty":      {members{"purpose_of_use": ""}, nil},
		"empty code": {members{"purpose_of_use": "urn:oid:1#"}, nil},
	} {
		got, err := w.ask(w.token(t, c.changes))
		if diff := cmp.Diff(c.want, got.Purposes); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// TestEveryRefusal walks the reason codes of the package comment with tokens that a trusted issuer really signed.
func TestEveryRefusal(t *testing.T) {
	w := newWorld(t)
	now := w.clock.Now().Unix()
	for _, c := range []struct {
		code, name string
		changes    members
	}{
		{CodeUnknownIssuer, "another issuer", members{"iss": "https://evil.example"}},
		{CodeUnknownIssuer, "the issuer with a slash", members{"iss": issuerA + "/"}},
		{CodeMalformed, "no issuer", members{"iss": nil}},
		{CodeMalformed, "an issuer that is no string", members{"iss": 7}},
		{CodeMalformed, "no subject", members{"sub": nil}},
		{CodeMalformed, "a subject with a line break", members{"sub": "a\nb"}},
		{CodeMalformed, "an endless subject", members{"sub": strings.Repeat("x", 256)}},
		{CodeMalformed, "a jti with a line break", members{"jti": "a\nb"}},
		{CodeMalformed, "no expiry", members{"exp": nil}},
		{CodeMalformed, "an expiry in words", members{"exp": "tomorrow"}},
		{CodeMalformed, "an expiry beyond all times", members{"exp": 1e300}},
		{CodeMalformed, "an expiry before all times", members{"exp": -1}},
		{CodeMalformed, "no iat", members{"iat": nil}},
		{CodeMalformed, "an audience that is no string", members{"aud": 7}},
		{CodeMalformed, "audiences that are no strings", members{"aud": []any{audience, 7}}},
		{CodeMalformed, "a purpose that is no code", members{"purpose_of_use": "a\nb"}},
		{CodeMalformed, "a purpose that is a number", members{"purpose_of_use": 1}},
		{CodeMalformed, "purposes among which is a number", members{"purpose_of_use": []any{"TREAT", 1}}},
		{CodeMalformed, "a purpose whose code is a number", members{"purpose_of_use": members{"code": 1}}},
		{CodeMalformed, "an unknown kind of actor", members{"vestibule_actor": "ghost"}},
		{CodeMalformed, "a name with a line break", members{"name": "Amara\nOkafor"}},
		{CodeMalformed, "a name that turns the writing around", members{"name": "Amara \u202erofako"}},
		{CodeMalformed, "an endless name", members{"name": strings.Repeat("Amara ", 50)}},
		{CodeMalformed, "a distributed claim without a source", members{"_claim_names": members{"x": "src"}}},
		{CodeExpired, "expired now", members{"exp": now}},
		{CodeExpired, "expired long ago", members{"exp": now - 3600}},
		{CodeNotYetValid, "valid later", members{"nbf": now + 61}},
		{CodeNotYetValid, "issued later", members{"iat": now + 61}},
		{CodeClient, "no client", members{"client_id": nil}},
		{CodeClient, "another client", members{"client_id": "x"}},
		{CodeClient, "two clients", members{"azp": "assistco-agent"}},
		{CodeType, "an ID token by nonce", members{"nonce": "n"}},
		{CodeType, "an ID token by at_hash", members{"at_hash": "n"}},
		{CodeType, "an ID token by c_hash", members{"c_hash": "n"}},
		{CodeType, "an ID token by s_hash", members{"s_hash": "n"}},
		{CodeBound, "bound to a key", members{"cnf": members{"jkt": "x"}}},
		{CodeDelegated, "someone acts for the subject", members{"act": members{"sub": "luc"}}},
		{CodeAudience, "no audience", members{"aud": nil}},
		{CodeAudience, "another audience", members{"aud": "https://else.example"}},
		{CodeAudience, "an audience that begins alike", members{"aud": audience + "/x"}},
		{CodeAudience, "no audience in the array", members{"aud": []string{}}},
		{CodeNameless, "no name", members{"name": nil}},
		{CodeNameless, "only a given name", members{"name": nil, "given_name": "Amara"}},
		{CodeNameless, "only a user name", members{"name": nil, "preferred_username": "amara"}},
		{CodeNameless, "an e-mail address", members{"name": "amara@assistco.example"}},
		{CodeNameless, "no letters", members{"name": "007"}},
		{CodeNameless, "client credentials that do not say so", members{"name": nil, "sub": "assistco-web"}},
		{CodeSharedLogin, "a generic name", members{"name": "Front Desk"}},
		{CodeSharedLogin, "a numbered one", members{"name": "frontdesk-02"}},
		{CodeSharedLogin, "a French one", members{"name": "R\u00e9ception"}},
		{CodeSharedLogin, "one with loose accents", members{"name": "Re\u0301ception"}},
		{CodeSharedLogin, "one with a joiner inside", members{"name": "ad\u200dmin"}},
		{CodeSharedLogin, "the platform's name", members{"name": "Assist Co"}},
		{CodeSharedLogin, "the client's name", members{"name": "assistco web"}},
	} {
		got, err := w.ask(w.token(t, c.changes))
		if err == nil {
			t.Errorf("%s: accepted", c.name)
			continue
		}
		t.Run(c.name, func(t *testing.T) { wantCode(t, got, err, c.code) })
		for _, secret := range []string{"amara", "Okafor", "evil.example", "else.example"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error repeats the token: %v", c.name, err)
			}
		}
	}
}

func TestTheHeadersTypeDecides(t *testing.T) {
	w := newWorld(t)
	types := func(wanted ...string) {
		p := assistco()
		p.TokenTypes = wanted
		if err := w.SetPlatforms([]Platform{p}); err != nil {
			t.Fatal(err)
		}
	}
	try := func(head members) error {
		_, err := w.ask(w.key.sign(t, head, w.claims(nil)))
		return err
	}
	for _, typ := range []string{"at+jwt", "AT+JWT", "application/at+jwt"} {
		if err := try(members{"typ": typ}); err != nil {
			t.Errorf("typ %q: %v", typ, err)
		}
	}
	for _, head := range []members{{}, {"typ": "JWT"}, {"typ": ""}, {"typ": "dpop+jwt"}, {"typ": "logout+jwt"}} {
		wantCode(t, policy.Caller{}, try(head), CodeType)
	}
	types("JWT")
	if err := try(members{"typ": "JWT"}); err != nil {
		t.Errorf("a platform that is known to write JWT: %v", err)
	}
	wantCode(t, policy.Caller{}, try(members{"typ": "at+jwt"}), CodeType)
	wantCode(t, policy.Caller{}, try(members{}), CodeType)
}

func TestWhatIsNoTokenIsRefusedBeforeAnythingIsFetched(t *testing.T) {
	w := newWorld(t)
	good := w.token(t, nil)
	head, rest, _ := strings.Cut(good, ".")
	body, sig, _ := strings.Cut(rest, ".")
	for name, c := range map[string]struct{ code, token string }{
		"nothing":              {CodeMissing, ""},
		"opaque":               {CodeMalformed, "2YotnFZFEjr1zCsicMWpAA"},
		"two parts":            {CodeMalformed, head + "." + body},
		"four parts":           {CodeMalformed, good + "." + sig},
		"five parts (JWE)":     {CodeMalformed, "a.b.c.d.e"},
		"JSON serialization":   {CodeMalformed, `{"payload":"` + body + `","protected":"` + head + `","signature":"` + sig + `"}`},
		"padding":              {CodeMalformed, head + "." + body + "=." + sig},
		"a line break":         {CodeMalformed, head + "." + body[:10] + "\n" + body[10:] + "." + sig},
		"plain base64":         {CodeMalformed, head + ".++//." + sig},
		"another spelling":     {CodeMalformed, good[:len(good)-1] + string(good[len(good)-1]+1)}, // of the last bits, which say nothing
		"empty claims":         {CodeMalformed, head + ".." + sig},
		"too long":             {CodeMalformed, head + "." + strings.Repeat("A", MaxToken) + "." + sig},
		"header no JSON":       {CodeMalformed, b64("x") + "." + body + "." + sig},
		"header twice alg":     {CodeMalformed, b64(`{"alg":"ES256","alg":"none"}`) + "." + body + "." + sig},
		"header crit":          {CodeMalformed, b64(`{"alg":"ES256","crit":["exp"],"exp":1}`) + "." + body + "." + sig},
		"claims no JSON":       {CodeMalformed, head + "." + b64("{") + "." + sig},
		"claims no object":     {CodeMalformed, head + "." + b64(`["x"]`) + "." + sig},
		"claims with a tail":   {CodeMalformed, head + "." + b64(`{"iss":"`+issuerA+`"} {}`) + "." + sig},
		"a claim twice":        {CodeMalformed, head + "." + b64(`{"iss":"`+issuerA+`","sub":"a","sub":"b"}`) + "." + sig},
		"a claim twice, spelt": {CodeMalformed, head + "." + b64(`{"iss":"`+issuerA+`","sub":"a","\u0073ub":"b"}`) + "." + sig},
		"twice further down":   {CodeMalformed, head + "." + b64(`{"iss":"`+issuerA+`","x":{"y":[{"a":1,"a":2}]}}`) + "." + sig},
		"not UTF-8":            {CodeMalformed, head + "." + b64("{\"iss\":\"\xff\"}") + "." + sig},
		"deep":                 {CodeMalformed, head + "." + b64(`{"x":`+strings.Repeat("[", 9000)) + "." + sig},
		"no algorithm":         {CodeSignature, b64(`{"kid":"k1"}`) + "." + body + "." + sig},
		"alg none":             {CodeSignature, b64(`{"alg":"none"}`) + "." + body + "."},
		"alg nOnE":             {CodeSignature, b64(`{"alg":"nOnE"}`) + "." + body + "."},
		"alg HS256":            {CodeSignature, b64(`{"alg":"HS256","kid":"k1"}`) + "." + body + "." + sig},
		"alg RS512":            {CodeSignature, b64(`{"alg":"RS512","kid":"k1"}`) + "." + body + "." + sig},
	} {
		got, err := w.ask(c.token)
		t.Run(name, func(t *testing.T) { wantCode(t, got, err, c.code) })
	}
	if n := len(w.issuer.asked); n != 0 {
		t.Errorf("%d documents were fetched", n)
	}
}

func TestThePublicKeyIsNoSecret(t *testing.T) {
	w := newWorld(t)
	der, err := x509.MarshalPKIXPublicKey(w.key.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(w.key.public())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{der, jwk} {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: secret, KeyID: "k1"}}, (&jose.SignerOptions{}).WithType("at+jwt"))
		if err != nil {
			t.Fatal(err)
		}
		jws, err := signer.Sign(w.claims(nil))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := jws.CompactSerialize()
		got, err := w.ask(text)
		wantCode(t, got, err, CodeSignature)
	}
}

func TestATokenBringsNoKeysOfItsOwn(t *testing.T) {
	w := newWorld(t)
	thief := newES256(t, "thief")
	for name, head := range map[string]members{
		"jwk": {"typ": "at+jwt", "jwk": thief.public()},
		"jku": {"typ": "at+jwt", "jku": "https://evil.example/jwks"},
		"x5u": {"typ": "at+jwt", "x5u": "https://evil.example/cert"},
	} {
		got, err := w.ask(thief.sign(t, head, w.claims(nil)))
		t.Run(name, func(t *testing.T) { wantCode(t, got, err, CodeSignature) })
	}
	for path := range w.issuer.asked {
		if path != "/jwks" && path != "/.well-known/openid-configuration" {
			t.Errorf("fetched %s", path)
		}
	}
	if _, err := w.ask(w.key.sign(t, members{"typ": "at+jwt", "jku": "https://evil.example/jwks"}, w.claims(nil))); err != nil {
		t.Errorf("a good token with a jku that is not looked at: %v", err)
	}
}

func TestEveryAlgorithmWithItsKeyAndNoOther(t *testing.T) {
	w := newWorld(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := []signingKey{
		{"rs256", jose.RS256, rsaKey}, {"rs384", jose.RS384, rsaKey}, {"ps256", jose.PS256, rsaKey},
		{"es256", jose.ES256, newES256(t, "").key}, {"es384", jose.ES384, p384}, {"ed", jose.EdDSA, ed},
	}
	w.issuer.publish(keys...)
	for _, k := range keys {
		if _, err := w.ask(k.sign(t, members{"typ": "at+jwt"}, w.claims(nil))); err != nil {
			t.Errorf("%s: %v", k.alg, err)
		}
	}
	crossed := signingKey{"rs256", jose.PS256, rsaKey} // the key is published for RS256
	got, err := w.ask(crossed.sign(t, members{"typ": "at+jwt"}, w.claims(nil)))
	wantCode(t, got, err, CodeSignature)
}
