package oscar

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
	"vestibule/fhir"
)

// provider is a line of the clinic's list of providers.
type provider struct {
	no, last, first    string
	licence, licenceBy string
	enabled            bool
}

// loadProviders reads the clinic's providers: those who are enabled, and those who were, since their sheets still stand.
func (a *Adapter) loadProviders(ctx context.Context) ([]provider, time.Duration, error) {
	t, _, err := a.can(ctx)
	if err != nil {
		return nil, 0, err
	}
	if !t.schedule && a.soap != nil {
		if found, good, err := a.providersBySOAP(ctx); err == nil || wire.AsFault(err).Status == 0 {
			return found, good, err
		}
	}
	v, err := a.getJSON(ctx, opSearch, "Practitioner", "/ws/services/providerService/providers_json")
	if err != nil {
		return nil, 0, readFault(err, opSearch)
	}
	list := v.Get("content")
	if list.Kind() != fhir.Array {
		return nil, 0, wrong(opSearch, "Practitioner", "The EMR answered something else than what was asked for.")
	}
	var out []provider
	for m := range list.Items() {
		out = append(out, a.providerRow(m))
	}
	return out, time.Hour, nil
}

// providersBySOAP asks for all: Juno's REST has no list of providers, or an older one where this service is closed.
func (a *Adapter) providersBySOAP(ctx context.Context) ([]provider, time.Duration, error) {
	nodes, err := a.soap.call(ctx, soapCall{op: opSearch, typ: "Practitioner", service: "ProviderService", method: "getProviders2", again: true})
	if err != nil {
		return nil, 0, readFault(err, opSearch)
	}
	var out []provider
	for _, n := range nodes {
		out = append(out, provider{no: n.get("providerNo"), last: n.get("lastName"), first: n.get("firstName"),
			licence: n.get("practitionerNo"), licenceBy: n.get("practitionerNoType"), enabled: n.get("status") != "0"})
	}
	return out, time.Hour, nil
}

func (a *Adapter) providerRow(v fhir.Value) provider {
	p := provider{no: plainText(v.Get("providerNo")), last: plainText(v.Get("lastName")), first: plainText(v.Get("firstName")),
		licence: plainText(v.Get("practitionerNo")), licenceBy: plainText(v.Get("practitionerNoType")), enabled: v.Get("enabled").Kind() != fhir.False}
	for name, m := range v.Members() {
		switch name {
		case "providerNo", "lastName", "firstName", "practitionerNo", "practitionerNoType", "enabled":
		default:
			a.notes.unlisted("Practitioner", name, says(m))
		}
	}
	return p
}

// Practitioner is a provider of the clinic as FHIR: number, name and licence. The gateway's front door does not serve the type;
// this is for what runs beside it.
func (a *Adapter) Practitioner(ctx context.Context, no string) (fhir.Resource, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	l, err := a.providers.Get(ctx)
	if err != nil {
		return fhir.Resource{}, wire.Plain(err)
	}
	for _, p := range l.Value {
		if p.no == no && fhir.ValidID(no) {
			return a.practitionerResource(p)
		}
	}
	return fhir.Resource{}, notFound(opRead, "Practitioner")
}

func (a *Adapter) practitionerResource(p provider) (fhir.Resource, error) {
	w := writer{}
	w.open("", '{')
	w.text("resourceType", "Practitioner")
	w.text("id", p.no)
	w.open("identifier", '[')
	w.identifier(a.system("provider"), p.no)
	if p.licence != "" && p.licenceBy != "" {
		w.identifier(a.system("licence-"+strings.ToLower(p.licenceBy)), p.licence)
	}
	w.close(']')
	w.key("active")
	w.b = strconv.AppendBool(w.b, p.enabled)
	name(&w, p.last, p.first)
	w.close('}')
	return resource(opRead, "Practitioner", w.b)
}

func name(w *writer, last, first string) {
	if last == "" && first == "" {
		return
	}
	w.open("name", '[')
	w.open("", '{')
	w.text("family", last)
	if first != "" {
		w.open("given", '[')
		w.sep()
		w.b = appendQuoted(w.b, first)
		w.close(']')
	}
	w.close('}')
	w.close(']')
}

// Patient is a chart as FHIR, minimal: number, health number, name, date of birth, sex, language. The gateway's front door does
// not serve the type; this is for what runs beside it.
func (a *Adapter) Patient(ctx context.Context, id string) (fhir.Resource, error) {
	ctx, cancel := wire.Within(ctx, a.conf.Timeout)
	defer cancel()
	n, ok := rowID(id)
	if !ok {
		return fhir.Resource{}, notFound(opRead, "Patient")
	}
	v, err := a.chart(ctx, opRead, n)
	if err != nil {
		return fhir.Resource{}, wire.Plain(err)
	}
	return a.patientResource(v)
}

// chart reads a patient's basic data. A patient who is not there is answered like a failure.
func (a *Adapter) chart(ctx context.Context, op string, id int64) (fhir.Value, error) {
	b, err := a.link.do(ctx, exchange{op: op, typ: "Patient", method: "GET", path: "/ws/services/demographics/basic/" + strconv.FormatInt(id, 10), again: true, absent: true})
	if errors.Is(err, errPerhapsAbsent) {
		return fhir.Value{}, notFound(op, "Patient")
	}
	if err != nil {
		return fhir.Value{}, readFault(err, op)
	}
	v, err := a.parse(op, "Patient", b)
	if err == nil && integer(v.Get("demographicNo")) != id {
		err = wrong(op, "Patient", "The EMR answered with another patient than the one asked for.")
	}
	return v, err
}

func (a *Adapter) patientResource(v fhir.Value) (fhir.Resource, error) {
	for member, m := range v.Members() {
		switch member {
		case "demographicNo", "firstName", "lastName", "hin", "ver", "hcType", "dateOfBirth", "sex", "patientStatus", "officialLanguage":
		default:
			a.notes.unlisted("Patient", member, says(m))
		}
	}
	w := writer{}
	w.open("", '{')
	w.text("resourceType", "Patient")
	w.text("id", positiveID(integer(v.Get("demographicNo"))))
	w.open("identifier", '[')
	w.identifier(a.system("demographic"), positiveID(integer(v.Get("demographicNo"))))
	a.healthNumber(&w, v)
	w.close(']')
	w.key("active")
	w.b = strconv.AppendBool(w.b, plainText(v.Get("patientStatus")) == "AC")
	name(&w, plainText(v.Get("lastName")), plainText(v.Get("firstName")))
	w.text("gender", map[string]string{"F": "female", "M": "male", "T": "other", "O": "other", "U": "unknown"}[plainText(v.Get("sex"))])
	if born := a.dayIn(v.Get("dateOfBirth")); !born.isZero() {
		w.text("birthDate", born.String())
	}
	if language := map[string]string{"French": "fr-CA", "English": "en-CA"}[plainText(v.Get("officialLanguage"))]; language != "" {
		w.open("communication", '[')
		w.open("", '{')
		w.concept("language", "urn:ietf:bcp:47", language, "")
		w.close('}')
		w.close(']')
	}
	w.close('}')
	return resource(opRead, "Patient", w.b)
}

// healthNumber writes the number of a health card with its province's system. The version code is a thing of its own and is
// never put behind the number.
func (a *Adapter) healthNumber(w *writer, v fhir.Value) {
	number, province := plainText(v.Get("hin")), strings.ToLower(plainText(v.Get("hcType")))
	if number == "" || len(province) != 2 {
		return
	}
	w.open("", '{')
	if ver := plainText(v.Get("ver")); ver != "" {
		w.open("extension", '[')
		w.open("", '{')
		w.text("url", "urn:vestibule:oscar:health-card-version")
		w.text("valueString", ver)
		w.close('}')
		w.close(']')
	}
	kind := "hcn"
	if province == "bc" {
		kind = "healthcare-id"
	}
	w.text("system", "https://fhir.infoway-inforoute.ca/NamingSystem/ca-"+province+"-patient-"+kind)
	w.text("value", number)
	w.close('}')
}
