package fhir

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// refused are the parameters of R4 that this server does not answer, because they look into other resources, search text or
// change what an answer holds (hazards H1, H2). They are refused by name, never ignored.
var refused = []string{
	"_contained", "_containedType", "_content", "_filter", "_has", "_include", "_list", "_query", "_revinclude", "_summary",
	"_text", "_type",
}

// ParseClause reads one criterion: key as in "status" or "status:not", value as in a URL after decoding, with \, \| \$ and
// \\ for the characters that are special. Times without a zone are in zone (nil means UTC). Errors are *Error of kind
// KindNotSupported for the key, KindInvalid or KindUnprocessable for the value, with the parameter's name in Path; no value
// is repeated in them.
func ParseClause(typ, key, value string, zone *time.Location) (Clause, error) {
	if zone == nil {
		zone = time.UTC
	}
	name, modifier, hasModifier := strings.Cut(key, ":")
	p, err := paramFor(typ, name, key)
	if err != nil {
		return Clause{}, err
	}
	if hasModifier && !allows(p, modifier) {
		return Clause{}, notAllowed(p, modifier)
	}
	written := splitValue(value, ',')
	if len(written) > maxValues || modifier == "missing" && len(written) > 1 {
		return Clause{}, badValue(p.Name, "There are too many values.")
	}
	c := Clause{typ: typ, param: p, modifier: modifier}
	for _, v := range written {
		o, err := parseOperand(typ, p, modifier, v, zone)
		if err != nil {
			return Clause{}, err
		}
		c.values = append(c.values, o)
	}
	if isTypeModifier(p, modifier) {
		c.modifier = ""
	}
	c.values = canonical(c.values)
	return c, nil
}

// paramFor finds the parameter or says why there is none.
func paramFor(typ, name, key string) (*SearchParam, error) {
	const op = "fhir.ParseClause"
	shown := showName(name)
	switch {
	case !IsType(typ):
		return nil, E(op, KindNotSupported, "type-not-supported", "Supported are "+strings.Join(Types(), ", ")+".")
	case slices.Contains(refused, name):
		return nil, E(op, KindNotSupported, "parameter-not-supported",
			fmt.Sprintf("The parameter %s is not supported here. %s", shown, possible(typ))).At(shown)
	case strings.Contains(key, "."):
		shown = showName(name[:strings.IndexByte(name+".", '.')])
		return nil, E(op, KindNotSupported, "chained-parameter",
			fmt.Sprintf("The parameter %s cannot be chained here: search by the reference itself.", shown)).At(shown)
	}
	if p := findParam(typ, name); p != nil {
		return p, nil
	}
	return nil, E(op, KindNotSupported, "unknown-parameter",
		fmt.Sprintf("%s has no search parameter %s. %s", typ, shown, possible(typ))).At(shown)
}

// showName is a parameter's name as errors may repeat it: names only, nothing that might be a value put in the wrong place.
func showName(name string) string {
	if name == "" || len(name) > 32 {
		return "of that name"
	}
	for i := range len(name) {
		if c := name[i]; !(c|0x20 >= 'a' && c|0x20 <= 'z') && c != '-' && c != '_' {
			return "of that name"
		}
	}
	return name
}

func possible(typ string) string {
	params := SearchParams(typ)
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.Name
	}
	return "Possible are " + strings.Join(names, ", ") + "."
}

// modifiers are those that R4 gives a parameter and a resource can answer by itself
// (http://hl7.org/fhir/R4/search.html#modifiers). A reference parameter also takes its target types.
func modifiers(p *SearchParam) []string {
	switch p.Type {
	case ParamToken:
		switch p.shape {
		case shapeIdentifier:
			return []string{"missing", "not", "of-type", "text"}
		case shapeConcept, shapeCoding:
			return []string{"missing", "not", "text"}
		}
		return []string{"missing", "not"}
	case ParamReference:
		return []string{"identifier", "missing"}
	case ParamDate:
		return []string{"missing"}
	case ParamString:
		return []string{"contains", "exact", "missing"}
	case ParamURI:
		return []string{"above", "below", "missing"}
	}
	return nil
}

func allows(p *SearchParam, modifier string) bool {
	return slices.Contains(modifiers(p), modifier) || isTypeModifier(p, modifier)
}

func isTypeModifier(p *SearchParam, modifier string) bool {
	return p.Type == ParamReference && validType(modifier) && (len(p.Targets) == 0 || slices.Contains(p.Targets, modifier))
}

func notAllowed(p *SearchParam, modifier string) *Error {
	list := modifiers(p)
	if p.Type == ParamReference {
		list = slices.Concat(list, p.Targets)
	}
	text := fmt.Sprintf("The parameter %s does not take that modifier.", p.Name)
	if len(list) > 0 {
		text += " Possible are :" + strings.Join(list, ", :") + "."
	}
	return E("fhir.ParseClause", KindNotSupported, "modifier-not-supported", text).At(p.Name)
}

// badValue names the parameter and what its values look like; the value itself may be a patient's.
func badValue(name, text string) *Error {
	return E("fhir.ParseClause", KindInvalid, "invalid-value", fmt.Sprintf("The value of %s is not valid. %s", name, text)).At(name)
}

// parseOperand reads one value, escapes included.
func parseOperand(typ string, p *SearchParam, modifier, s string, zone *time.Location) (operand, error) {
	switch {
	case modifier == "missing":
		if s != "true" && s != "false" {
			return nil, badValue(p.Name, "It is true or false.")
		}
		return presence{missing: s == "true", target: p.Target}, nil
	case p.Type == ParamToken || modifier == "identifier":
		return parseTokenOperand(p, modifier, s)
	case p.Type == ParamReference:
		return parseRefOperand(p, modifier, s)
	case p.Type == ParamDate:
		return parseDateOperand(p, s, zone)
	case p.Type == ParamComposite:
		v, ok := parseRelation(s, typ)
		return v, orBad(ok, p, "It is a reference and a code joined by $: DocumentReference/123$replaces.")
	case p.Type == ParamString:
		written, folded, ok := parseText(s)
		return stringValue{modifier, written, folded}, orBad(ok, p, textHelp)
	}
	text, ok := plain(s)
	return uriValue{modifier, text}, orBad(ok, p, textHelp)
}

const textHelp = `It is a text of at most 1024 bytes; a backslash goes before , | $ and \.`

// orBad is badValue unless ok.
func orBad(ok bool, p *SearchParam, text string) error {
	if ok {
		return nil
	}
	return badValue(p.Name, text)
}

func parseTokenOperand(p *SearchParam, modifier, s string) (operand, error) {
	switch modifier {
	case "text":
		written, folded, ok := parseText(s)
		return labelValue{written, folded, p.shape}, orBad(ok, p, textHelp)
	case "of-type":
		v, ok := parseTypedIdentifier(s)
		return v, orBad(ok, p, "With :of-type it is system|code|value.")
	case "identifier":
		v, ok := parseToken(s, &SearchParam{shape: shapeIdentifier})
		return refIdentifier{v, p.Target}, orBad(ok, p, "With :identifier it is value, system|value or |value.")
	}
	v, ok := parseToken(s, p)
	return v, orBad(ok, p, "It is code, system|code, |code or system|.")
}

func parseRefOperand(p *SearchParam, modifier, s string) (operand, error) {
	v, ok := parseRefValue(s, p, modifier)
	help := "It is Type/id."
	if len(p.Targets) > 0 {
		help = "It is Type/id, where Type is " + strings.Join(p.Targets, ", ") + "."
	}
	return v, orBad(ok, p, help)
}

func parseDateOperand(p *SearchParam, s string, zone *time.Location) (operand, error) {
	v, ok, skipped := parseDateValue(s, zone)
	if skipped {
		return nil, E("fhir.ParseClause", KindUnprocessable, "nonexistent-local-time",
			fmt.Sprintf("The value of %s names a time that the clinic's clock skips when it is put forward; "+
				"give another time, or one with its zone.", p.Name)).At(p.Name)
	}
	return v, orBad(ok, p, "It is a date such as 2026-02-28 or 2026-02-28T09:30:00-05:00, after eq, ne, gt, lt, ge, le, sa, eb, ap or nothing.")
}
