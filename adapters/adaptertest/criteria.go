package adaptertest

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
)

// criteria are searches by one parameter that the rows give reason to try: for values that rows have, for one that none has,
// and with the modifiers that leave out or ask for absence.
func (s *suite) criteria(h subject, p fhir.SearchParam, rows []fhir.Resource) []string {
	var out []string
	add := func(key, value string) {
		c := url.QueryEscape(key) + "=" + url.QueryEscape(value)
		if _, err := s.ask(h, c); err == nil && !slices.Contains(out, c) { // what the gateway refuses, no adapter sees
			out = append(out, c)
		}
	}
	found := values(p, rows)
	if len(found) > 8 {
		found = append(found[:6:6], found[len(found)-2:]...)
	}
	for _, v := range found {
		add(p.Name, v)
		if p.Type == fhir.ParamToken {
			add(p.Name+":not", v)
		}
		if p.Type == fhir.ParamDate {
			for _, prefixed := range dates(v, s.zone) {
				add(p.Name, prefixed)
			}
		}
		if p.Type == fhir.ParamString {
			add(p.Name, strings.ToUpper(v[:min(len(v), 4)]))
			add(p.Name+":contains", v[min(len(v), 3):])
			add(p.Name+":exact", v)
		}
	}
	if len(found) > 1 {
		add(p.Name, found[0]+","+found[len(found)-1])
	}
	add(p.Name, nothing(p))
	if p.Type != fhir.ParamReference && p.Type != fhir.ParamDate && p.Type != fhir.ParamComposite {
		for _, v := range hostile() {
			add(p.Name, escape(v))
		}
	}
	add(p.Name+":missing", "true")
	add(p.Name+":missing", "false")
	return out
}

// hostile are values that mean something in a URL, a query language, a header or a document. In a search they are values.
func hostile() []string {
	return []string{"x&status=booked", "x&_include=*", "' OR '1'='1", "*", "%", "_", "x#y", "x;y", "x y+z", "x\r\nX-Injected: 1", "<x/>&amp;]]>", "${x}", "../../Patient", "%26"}
}

// nothing is a value of the parameter that no row has.
func nothing(p fhir.SearchParam) string {
	switch p.Type {
	case fhir.ParamReference:
		typ := "Patient"
		if len(p.Targets) > 0 {
			typ = p.Targets[0]
		}
		if p.Target != "" {
			typ = p.Target
		}
		return typ + "/999999998"
	case fhir.ParamDate:
		return "1931-05-05"
	}
	return "urn-of-nobody"
}

// dates are searches around a moment: prefixes, the clinic's day, another zone.
func dates(v string, zone *time.Location) []string {
	at, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return []string{"ge" + v, "lt" + v}
	}
	exact := at.Format(time.RFC3339)
	return []string{"ge" + exact, "gt" + exact, "le" + exact, "lt" + exact, "ne" + exact, "sa" + exact, "eb" + exact,
		at.In(zone).Format("2006-01-02"), "ge" + at.In(zone).Format("2006-01-02"), "lt" + at.In(zone).Format("2006-01-02"),
		at.UTC().Format("2006-01-02T15:04:05Z"), at.In(zone).Format("2006-01"), "le" + at.In(zone).Format("2006-01-02T15:04")}
}

// values are what the rows have for a parameter, as a search writes it, each once.
func values(p fhir.SearchParam, rows []fhir.Resource) []string {
	var out []string
	for _, r := range rows {
		for _, path := range p.Paths {
			for v := range r.Value().Path(path) {
				for _, s := range written(p, v) {
					if s != "" && !slices.Contains(out, s) {
						out = append(out, s)
					}
				}
			}
		}
	}
	return out
}

// written is one value of an element as a search writes it; nothing where a search cannot.
func written(p fhir.SearchParam, v fhir.Value) []string {
	switch p.Type {
	case fhir.ParamReference:
		ref, ok := fhir.ParseRef(v.Get("reference").Text())
		if !ok || p.Target != "" && ref.Type != p.Target {
			return nil
		}
		return []string{ref.Type + "/" + ref.ID}
	case fhir.ParamToken:
		return tokens(v)
	case fhir.ParamDate:
		if v.Kind() == fhir.Object {
			return []string{v.Get("start").Text()}
		}
		return []string{v.Text()}
	case fhir.ParamComposite: // DocumentReference's relationship, the only one
		return []string{escape(v.Get("target").Get("reference").Text()) + "$" + escape(v.Get("code").Text())}
	}
	return []string{escape(v.Text())}
}

// tokens are the ways to write a code, a coding, a concept or an identifier.
func tokens(v fhir.Value) []string {
	if v.Kind() == fhir.String {
		return []string{escape(v.Text())}
	}
	if v.Get("coding").Exists() {
		var out []string
		for c := range v.Get("coding").Items() {
			out = append(out, tokens(c)...)
		}
		return out
	}
	code := v.Get("code")
	if !code.Exists() {
		code = v.Get("value")
	}
	if code.Kind() != fhir.String {
		return nil
	}
	c, system := escape(code.Text()), escape(v.Get("system").Text())
	if system == "" {
		return []string{c, "|" + c}
	}
	return []string{c, system + "|" + c, system + "|"}
}

// escape writes a value's special characters (http://hl7.org/fhir/R4/search.html#escaping).
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`).Replace(s)
}
