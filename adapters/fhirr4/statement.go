package fhirr4

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"vestibule/adapters"
	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// statementAge is how long a CapabilityStatement is believed.
const statementAge = time.Hour

// statement fetches the CapabilityStatement, without log-in first: it is public with nearly every vendor, and it may be what
// names the token endpoint.
func (a *Adapter) statement(ctx context.Context) (fhir.Value, error) {
	x := exchange{op: opCapability, typ: "CapabilityStatement", method: http.MethodGet, path: "metadata", again: true, anonymous: true}
	ans, err := a.do(ctx, x)
	if err != nil && fhir.AsError(err).Code == "emr-login-refused" && a.tokens != nil && !a.findsTokenEndpoint() {
		x.anonymous = false
		ans, err = a.do(ctx, x)
	}
	if err != nil {
		return fhir.Value{}, err
	}
	v, err := fhir.Parse(ans.body, a.limits)
	if err != nil {
		return fhir.Value{}, broken(opCapability, x.typ, err)
	}
	if v.Get("resourceType").Text() != "CapabilityStatement" {
		return fhir.Value{}, upstream(opCapability, x.typ, "emr-answer-wrong", "The EMR does not say what it can do.")
	}
	return v, nil
}

func (a *Adapter) loadCapability(ctx context.Context) (adapters.Capability, time.Duration, error) {
	v, err := a.statement(ctx)
	if err != nil {
		return adapters.Capability{}, 0, err
	}
	c, err := ReadCapability(v, a.conf.Quirks)
	product := productOf(v)
	a.product.Store(&product)
	return c, statementAge, err
}

// maxProduct bounds what an EMR may call itself: it stands in every record.
const maxProduct = 80

// productOf is the software that a CapabilityStatement names, printable and short.
func productOf(statement fhir.Value) string {
	software := statement.Get("software")
	text := strings.TrimSpace(software.Get("name").Text() + " " + software.Get("version").Text())
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if len(text) > maxProduct {
		text = strings.ToValidUTF8(text[:maxProduct], "")
	}
	return text
}

// ReadCapability makes the table of a CapabilityStatement, leniently: what it does not say clearly is not there. Only the
// resource types and search parameters that the gateway knows are listed.
func ReadCapability(statement fhir.Value, q Quirks) (adapters.Capability, error) {
	if v := statement.Get("fhirVersion").Text(); v != "" && !strings.HasPrefix(v, "4.0") {
		return adapters.Capability{}, upstream(opCapability, "CapabilityStatement", "emr-not-r4", "The EMR serves another version of FHIR than R4.")
	}
	var rows []adapters.Type
	for rest := range statement.Path("rest") {
		if mode := rest.Get("mode").Text(); mode != "" && mode != "server" {
			continue
		}
		common := names(rest, "searchParam", "name")
		for r := range rest.Path("resource") {
			if t := r.Get("type").Text(); fhir.IsType(t) {
				rows = append(rows, row(t, r, common, q))
			}
		}
	}
	return adapters.NewCapability(rows...), nil
}

func row(typ string, r fhir.Value, common []string, q Quirks) adapters.Type {
	t := adapters.Type{
		Name: typ, Sort: !q.NoSort, Count: !q.NoCount, StablePages: q.StablePages,
		Versions:          strings.HasPrefix(r.Get("versioning").Text(), "versioned"),
		ConditionalCreate: r.Get("conditionalCreate").Kind() == fhir.True,
	}
	for _, code := range names(r, "interaction", "code") {
		switch kind := fhir.InteractionKind(code); kind {
		case fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate:
			t.Interactions = append(t.Interactions, kind)
		}
	}
	for _, name := range append(names(r, "searchParam", "name"), common...) {
		_, known := fhir.LookUpParam(typ, name)
		if known && !slices.Contains(q.Ignored[typ], name) && !slices.Contains(t.Search, name) {
			t.Search = append(t.Search, name)
		}
	}
	return t
}

func names(v fhir.Value, list, member string) []string {
	var out []string
	for s := range v.Path(list + "." + member) {
		out = append(out, s.Text())
	}
	return out
}

// oauthURIs is the extension by which a CapabilityStatement names its OAuth endpoints
// (http://hl7.org/fhir/smart-app-launch/1.0.0/conformance/index.html).
const oauthURIs = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"

// tokenEndpoint asks the EMR where its tokens come from.
func (a *Adapter) tokenEndpoint(ctx context.Context) (*url.URL, error) {
	found, err := a.smartConfiguration(ctx)
	if err != nil {
		return nil, err
	}
	if found == "" {
		if found, err = a.statedTokenEndpoint(ctx); err != nil {
			return nil, err
		}
	}
	u, err := url.Parse(found)
	if err != nil || found == "" || u.Host == "" || u.User != nil || u.Fragment != "" || !wire.Protected(u) {
		return nil, upstream(opLogin, "", "emr-login-refused", "The EMR names no usable token endpoint; give it in the connection's settings.")
	}
	return u, nil
}

// smartConfiguration reads .well-known/smart-configuration; "" where the EMR has none.
func (a *Adapter) smartConfiguration(ctx context.Context) (string, error) {
	ans, err := a.do(ctx, exchange{
		op: opLogin, method: http.MethodGet, path: ".well-known/smart-configuration", again: true, anonymous: true, plainJSON: true,
	})
	if err != nil {
		if fhir.KindOf(err) == fhir.KindUpstream { // not there, or a page for people
			return "", nil
		}
		return "", err
	}
	v, err := fhir.Parse(ans.body, fhir.Limits{Bytes: 1 << 20})
	if err != nil {
		return "", nil
	}
	return v.Get("token_endpoint").Text(), nil
}

func (a *Adapter) statedTokenEndpoint(ctx context.Context) (string, error) {
	v, err := a.statement(ctx)
	if err != nil {
		return "", err
	}
	for ext := range v.Path("rest.security.extension") {
		if ext.Get("url").Text() != oauthURIs {
			continue
		}
		for e := range ext.Path("extension") {
			if e.Get("url").Text() == "token" {
				return e.Get("valueUri").Text(), nil
			}
		}
	}
	return "", nil
}
