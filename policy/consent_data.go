package policy

import (
	"fmt"
	"slices"
	"strings"

	"vestibule/fhir"
)

// resources are what a denial is about, as a directive names it; nil is everything. served is false where it is only about
// what is not served here, so that there is nothing to lock.
func (c *consentReader) resources(v fhir.Value, path string) (out []string, served bool) {
	types, limited := c.classes(v, path)
	codes, labels := c.codes(v, path), c.labels(v, path)
	if v.Get("data").Exists() {
		if limited || codes != "" || labels != "" {
			c.add(path+".data", "Beside class, code or securityLabel it cannot be said; make it a rule of its own.")
		}
		return c.instances(v, path)
	}
	if codes != "" && !slices.Equal(types, []string{"DocumentReference"}) {
		c.add(path+".code", "It is looked for in documents only; give class DocumentReference and no other beside it.")
	}
	if !limited && labels == "" {
		return nil, true
	}
	for _, typ := range types {
		out = append(out, selectorsOf(typ, codes, labels)...)
	}
	return out, len(types) > 0
}

// selectorsOf are selectors that together pick the resources of a type with one of codes, wherever it may stand, and one of
// labels; empty is any.
func selectorsOf(typ, codes, labels string) (out []string) {
	byCode, byLabel := []string{""}, []string{""}
	if codes != "" {
		byCode = byCode[:0]
		for _, param := range []string{"category", "event", "facility", "format", "setting", "type"} { // where R4 has coded elements
			byCode = append(byCode, param+"="+codes)
		}
	}
	if labels != "" {
		byLabel = []string{"_security=" + labels}
		if typ == "DocumentReference" {
			byLabel = append(byLabel, "security-label="+labels)
		}
	}
	for _, code := range byCode {
		for _, label := range byLabel {
			criteria := strings.Trim(code+"&"+label, "&")
			out = append(out, strings.TrimSuffix(typ+"?"+criteria, "?"))
		}
	}
	return out
}

// classes are the types that a denial is about: all that are served where it has no class, and then limited is false.
func (c *consentReader) classes(v fhir.Value, path string) (types []string, limited bool) {
	items := c.items(v, path, "class")
	if len(items) == 0 {
		return fhir.Types(), false
	}
	for i, coding := range items {
		at, code := fmt.Sprintf("%s.class[%d]", path, i), coding.Get("code").Text()
		switch {
		case coding.Get("system").Text() != systemResourceTypes || code == "":
			c.add(at, "It has to be a resource type, with the system %s.", systemResourceTypes)
		case !fhir.IsType(code):
			c.note("%s: no %s is served here, so that there is nothing to lock", at, code)
		case !slices.Contains(types, code):
			types = append(types, code)
		}
	}
	return types, true
}

// codes are the codings of code as the value of a search parameter. Several, also of one concept, are alternatives.
func (c *consentReader) codes(v fhir.Value, path string) string {
	var out []string
	for i, concept := range c.items(v, path, "code") {
		before := len(out)
		for coding := range concept.Get("coding").Items() {
			system, code := coding.Get("system").Text(), coding.Get("code").Text()
			if system == "" || code == "" {
				out = out[:before]
				break
			}
			out = append(out, token(system, code))
		}
		if len(out) == before {
			c.add(fmt.Sprintf("%s.code[%d]", path, i), "Each coding needs its system and its code; words cannot be looked for.")
		}
	}
	return strings.Join(out, ",")
}

// labels is the one label as the value of a search parameter. R4 lets a label of sensitivity stand for all below it; one of
// confidentiality stands for everything up to it, and several are not said to be alternatives or conditions.
func (c *consentReader) labels(v fhir.Value, path string) string {
	items := c.items(v, path, "securityLabel")
	if len(items) == 0 {
		return ""
	}
	code := items[0].Get("code").Text()
	if len(items) > 1 || items[0].Get("system").Text() != systemActCode || sensitivityOf(systemName(systemActCode), code) == 0 || strings.HasPrefix(code, "_") {
		c.add(path+".securityLabel", "It has to be one sensitivity code, such as PSY, of %s; make others rules of their own.", systemActCode)
		return ""
	}
	out := []string{token(systemActCode, code)}
	for _, narrower := range sensitivityBelow(code) {
		out = append(out, token(systemActCode, narrower))
	}
	return strings.Join(out, ",")
}

// token is system|code as it stands in a selector's criteria.
func token(system, code string) string {
	fhirText := strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`)
	inURL := strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", " ", "%20", "#", "%23")
	return inURL.Replace(fhirText.Replace(system) + "|" + fhirText.Replace(code))
}

// instances are the single resources that a denial names.
func (c *consentReader) instances(v fhir.Value, path string) (out []string, served bool) {
	for i, data := range c.items(v, path, "data") {
		at := fmt.Sprintf("%s.data[%d]", path, i)
		c.only(data, at, "meaning", "reference")
		if meaning := data.Get("meaning").Text(); meaning != "instance" {
			c.add(at+".meaning", "A directive locks the resource itself (instance); what else a Consent may mean by it cannot be said.")
		}
		ref, ok := fhir.ParseRef(data.Get("reference").Get("reference").Text())
		switch {
		case !ok || ref.Version != "":
			c.add(at+".reference", `It has to name a resource of the EMR, without a version, such as {"reference": "Task/9"}.`)
		case !fhir.IsType(ref.Type):
			c.note("%s: no %s is served here, so that there is nothing to lock", at, ref.Type)
		case !slices.Contains(out, ref.String()):
			out = append(out, ref.String())
		}
	}
	return out, len(out) > 0
}
