package probe

import (
	"slices"
	"strings"

	"vestibule/fhir"
)

const mostParams = 5 // hidden parameters that one probe tries of a type

// hiddenProbe tries a modifier on parameters that look at elements that are not shown.
func hiddenProbe(name, shows string, types []fhir.ParamType, pairs func(t *trial, k *kind, p hiddenParam) []pair) Probe {
	return Probe{Name: name, Hazard: "H1", Shows: shows, try: func(t *trial) {
		var list []pair
		for _, k := range t.searched() {
			n := 0
			for _, p := range t.hiddenParams(k) {
				if n == mostParams || !slices.Contains(types, p.Type) {
					continue
				}
				n++
				for _, q := range pairs(t, k, p) {
					q.k, q.tells = k, k.typ+"."+p.Paths[0]
					if !p.known {
						q.lacks = p.Paths
					}
					list = append(list, q)
				}
			}
		}
		t.pairs(list, "no parameter of this sort looks at an element that is not shown")
	}}
}

// by is a pair for a fixed hit and miss.
func by(key, hit, miss string, accepting bool) []pair {
	return []pair{{hit: key + "=" + hit, miss: key + "=" + miss, accepting: accepting}}
}

// byKnown are pairs by the values that the known-file has for a parameter, otherwise by a guess.
func byKnown(t *trial, p hiddenParam, key string, guess ...pair) []pair {
	var out []pair
	for _, v := range t.Known.searchesBy(p.typ, p.Name) {
		out = append(out, pair{hit: key + "={}", miss: key + "={}", hitArgs: []string{v}, missArgs: []string{twinValue(v)}})
	}
	if len(out) == 0 {
		return guess
	}
	return out
}

// guesses are values of a parameter that many resources have, and that none has.
func guesses(p hiddenParam, key string) []pair {
	switch p.Type {
	case fhir.ParamDate:
		return by(key, "ge1800-01-01", "ge2900-01-01", false)
	case fhir.ParamString:
		return by(key, "r", "zqxvestibulezqx", false)
	case fhir.ParamToken:
		return slices.Concat(by(key, "http%3A%2F%2Fsnomed.info%2Fsct%7C", "urn%3Azqx%7C", false), by(key, "N", "zqxvestibulezqx", false))
	case fhir.ParamURI:
		return by(key, "https://", "urn:zqx", false)
	}
	return by(key, "Practitioner/1", "Practitioner/zqx-vestibule", false)
}

func hiddenProbes() []Probe {
	all := []fhir.ParamType{fhir.ParamToken, fhir.ParamReference, fhir.ParamDate, fhir.ParamString, fhir.ParamURI}
	token, text, date := []fhir.ParamType{fhir.ParamToken}, []fhir.ParamType{fhir.ParamString, fhir.ParamToken, fhir.ParamReference}, []fhir.ParamType{fhir.ParamDate}
	return []Probe{
		hiddenProbe("hidden-value", "Whether searching by an element that is not shown tells its value.", all,
			func(t *trial, _ *kind, p hiddenParam) []pair { return byKnown(t, p, p.Name, guesses(p, p.Name)...) }),
		hiddenProbe("hidden-missing", "Whether :missing tells which resources have an element that is not shown.", all,
			func(_ *trial, _ *kind, p hiddenParam) []pair { return by(p.Name+":missing", "false", "true", false) }),
		hiddenProbe("hidden-not", "Whether :not tells the value of an element that is not shown.", token, func(t *trial, _ *kind, p hiddenParam) []pair {
			return byKnown(t, p, p.Name+":not", by(p.Name+":not", "N", "zqxvestibulezqx", true)...)
		}),
		hiddenProbe("hidden-in", "Whether :in tells to which set of values an element that is not shown belongs.", token, func(_ *trial, _ *kind, p hiddenParam) []pair {
			return by(p.Name+":in", "http%3A%2F%2Fsnomed.info%2Fsct%3Ffhir_vs", "urn%3Azqx%3Avs", false)
		}),
		hiddenProbe("hidden-not-in", "The same with :not-in.", token, func(_ *trial, _ *kind, p hiddenParam) []pair {
			return by(p.Name+":not-in", "http%3A%2F%2Fsnomed.info%2Fsct%3Ffhir_vs", "urn%3Azqx%3Avs", true)
		}),
		hiddenProbe("hidden-above", "Whether :above tells where in a hierarchy the value of an element that is not shown stands.", []fhir.ParamType{fhir.ParamToken, fhir.ParamURI},
			func(t *trial, _ *kind, p hiddenParam) []pair {
				return byKnown(t, p, p.Name+":above", guesses(p, p.Name+":above")...)
			}),
		hiddenProbe("hidden-below", "The same with :below.", []fhir.ParamType{fhir.ParamToken, fhir.ParamURI}, func(t *trial, _ *kind, p hiddenParam) []pair {
			return byKnown(t, p, p.Name+":below", by(p.Name+":below", "http%3A%2F%2Fsnomed.info%2Fsct%7C138875005", "http%3A%2F%2Fsnomed.info%2Fsct%7C1", false)...)
		}),
		hiddenProbe("hidden-text", "Whether :text searches the texts of an element that is not shown.", text, func(t *trial, _ *kind, p hiddenParam) []pair {
			return append(t.textsOf(p, ":text"), by(p.Name+":text", "a", "zqxvestibulezqx", false)...)
		}),
		hiddenProbe("hidden-of-type", "Whether :of-type tells an identifier that is not shown.", token, func(t *trial, _ *kind, p hiddenParam) []pair {
			return byKnown(t, p, p.Name+":of-type", by(p.Name+":of-type", "http%3A%2F%2Fterminology.hl7.org%2FCodeSystem%2Fv2-0203%7CMR%7C1", "urn%3Azqx%7Czqx%7Czqx", false)...)
		}),
		{Name: "hidden-identifier", Hazard: "H1", Shows: "Whether :identifier on a reference tells the identifier of what it leads to.", try: referencedIdentifiers},
		hiddenProbe("hidden-contains", "Whether :contains tells parts of a text that is not shown.", text, func(t *trial, _ *kind, p hiddenParam) []pair {
			return append(t.textsOf(p, ":contains"), by(p.Name+":contains", "e", "zqxvestibulezqx", false)...)
		}),
		hiddenProbe("hidden-exact", "Whether :exact tells a text that is not shown.", text, func(t *trial, _ *kind, p hiddenParam) []pair {
			return append(byKnown(t, p, p.Name+":exact", by(p.Name+":exact", "N", "zqxvestibulezqx", false)...), t.textsOf(p, ":exact")...)
		}),
		hiddenProbe("hidden-comparison", "Whether comparing (sa, eb, lt, ap) tells a date that is not shown.", date, func(_ *trial, _ *kind, p hiddenParam) []pair {
			return slices.Concat(by(p.Name, "sa1800-01-01", "sa2900-01-01", false), by(p.Name, "lt2900-01-01", "lt1800-01-01", false))
		}),
		{Name: "hidden-sort", Hazard: "H1", Shows: "Whether results can be put in order by an element that is not shown.", none: "no parameter looks at an element that is not shown", try: sortByHidden},
		{Name: "hidden-known-value", Hazard: "H1", Shows: "Whether a search of the known-file finds a hidden value that exists, and not a made-up one.", try: func(t *trial) {
			t.pairs(t.knownSearches(plainKey), "the known-file names no plain search of a type that can be searched")
		}},
		{Name: "elements-asks-hidden", Hazard: "H1", Shows: "Whether asking for an element by name in _elements shows it although plain requests do not.", try: elementsByName},
		{Name: "summary", Hazard: "H1", Shows: "Whether _summary (true, text, data) shows elements or narratives that plain requests do not.",
			try: func(t *trial) { t.shapes("_summary=true", "_summary=text", "_summary=data") }},
		{Name: "elements-contained", Hazard: "H1", Shows: "Whether _elements=contained returns resources within resources.", try: func(t *trial) { t.shapes("_elements=contained") }},
	}
}

func plainKey(key string) bool { return !strings.Contains(key, ".") && !strings.HasPrefix(key, "_has") }

// textsOf are pairs by canaries that are no codes, for parameters over texts.
func (t *trial) textsOf(p hiddenParam, modifier string) []pair {
	var out []pair
	for _, v := range t.Known.Values[:min(2, len(t.Known.Values))] {
		if p.known {
			out = append(out, pair{hit: p.Name + modifier + "={}", miss: p.Name + modifier + "={}", hitArgs: []string{v}, missArgs: []string{twin(v)}})
		}
	}
	return out
}

func referencedIdentifiers(t *trial) {
	var list []pair
	for _, k := range t.searched() {
		for _, to := range through(k.typ) {
			if t.denied(to[1]) {
				list = append(list, pair{k: k, hit: to[0] + ":identifier=http%3A%2F%2Fterminology.hl7.org%7C1", miss: to[0] + ":identifier=urn%3Azqx%7Czqx", tells: "an identifier of a " + to[1]})
				for _, v := range t.Known.searchesBy(k.typ, to[0]) {
					list = append(list, pair{k: k, hit: to[0] + ":identifier={}", miss: to[0] + ":identifier={}", hitArgs: []string{v}, missArgs: []string{twinValue(v)}, tells: "an identifier of a " + to[1]})
				}
			}
		}
	}
	t.pairs(list, "the token may read what the references lead to; name the types in the known-file that it should not")
}

func sortByHidden(t *trial) {
	for _, k := range t.searched() {
		n := 0
		for _, p := range t.hiddenParams(k) {
			if n == mostParams || p.Type == fhir.ParamComposite || t.over() {
				break
			}
			n++
			t.order(k, p.Name, k.typ+"."+p.Paths[0], p.known)
		}
	}
}

// elementsByName asks for each hidden element and for what a plain answer never shows.
func elementsByName(t *trial) {
	for _, k := range t.searched() {
		for _, path := range append(slices.Clone(t.Known.Elements[k.typ]), "text", "contained") {
			if t.over() {
				return
			}
			t.element(k, path)
		}
	}
}

func (t *trial) element(k *kind, path string) {
	a := t.do(pair{k: k}.ask("_elements="+path, nil))
	if t.failed(a) || t.spilled(a, k.pages...) {
		return
	}
	if !a.isSearchset() {
		t.note(OK, "refused")
		return
	}
	shown := slices.ContainsFunc(k.visible, func(r fhir.Value) bool { return shows(r, path) })
	if !shown && slices.ContainsFunc(a.matches(), func(e entry) bool { return shows(e.resource, path) }) {
		t.note(Leak, k.typ+"."+path+" is shown when it is asked for by name, and otherwise not", a, k.plain)
		return
	}
	t.note(OK, "answered with no more than the control")
}
