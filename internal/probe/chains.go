package probe

import (
	"fmt"
	"strings"
)

// byValue says "exists" and "does not exist" of a resource behind a reference without knowing anything of it.
func byValue(typ string) (exists, none string) {
	if typ == "Patient" {
		return "birthdate=ge1800-01-01", "birthdate=ge2900-01-01"
	}
	return "_lastUpdated=ge1800-01-01", "_lastUpdated=ge2900-01-01"
}

// through are the reference parameters that are chained, by type, with what they lead to.
func through(typ string) [][2]string {
	switch typ {
	case "Appointment":
		return [][2]string{{"patient", "Patient"}, {"practitioner", "Practitioner"}, {"location", "Location"}}
	case "Task":
		return [][2]string{{"patient", "Patient"}, {"requester", "Practitioner"}}
	case "DocumentReference":
		return [][2]string{{"patient", "Patient"}, {"author", "Practitioner"}}
	}
	return nil
}

// chains makes pairs for every visible type and every reference into a denied one; spell writes the chain.
func (t *trial) chains(form bool, spell func(param, target, rest string) string) {
	var list []pair
	for _, k := range t.searched() {
		for _, to := range through(k.typ) {
			if t.denied(to[1]) {
				exists, none := byValue(to[1])
				list = append(list, pair{k: k, hit: spell(to[0], to[1], exists), miss: spell(to[0], to[1], none), tells: "of a " + to[1], form: form})
			}
		}
	}
	t.pairs(list, "the token may read what the references lead to; name the types in the known-file that it should not")
}

// known chains are those of the known-file, sharp: by a value that is there.
func (t *trial) knownSearches(where func(key string) bool) []pair {
	var list []pair
	for _, text := range t.Known.Searches {
		found, ok := parseSearch(text)
		k := t.kinds[found.typ]
		if !ok || k == nil || !k.plain.isSearchset() || !where(found.key) {
			continue
		}
		list = append(list, pair{k: k, hit: found.key + "={}", miss: found.key + "={}", hitArgs: []string{found.value}, missArgs: []string{twinValue(found.value)},
			tells: "a hidden value (" + found.typ + " by " + found.key + ")"})
	}
	return list
}

func chainProbe(name, shows string, spell func(param, target, rest string) string) Probe {
	return Probe{Name: name, Hazard: "H1", Shows: shows, try: func(t *trial) { t.chains(false, spell) }}
}

func chainProbes() []Probe {
	return []Probe{
		chainProbe("chain", "Whether a chained parameter (patient.birthdate) answers questions about a resource that the caller may not read.",
			func(p, _, rest string) string { return p + "." + rest }),
		chainProbe("chain-typed", "The same with the target's type in the chain (patient:Patient.birthdate).",
			func(p, typ, rest string) string { return p + ":" + typ + "." + rest }),
		chainProbe("chain-percent-encoded", "The same with the dot percent-encoded, past a filter that looks at the query as sent.",
			func(p, _, rest string) string { return p + "%2E" + rest }),
		chainProbe("chain-name-percent-encoded", "The same with a letter of the parameter's name percent-encoded.",
			func(p, _, rest string) string { return fmt.Sprintf("%%%02x%s.%s", p[0], p[1:], rest) }),
		chainProbe("chain-mixed-case", "The same in capitals, past a filter that compares names as written.",
			func(p, _, rest string) string { return strings.ToUpper(p[:1]) + p[1:] + "." + rest }),
		chainProbe("chain-repeated", "The same behind a harmless parameter of the same name, past a filter that reads the first only.",
			func(p, _, rest string) string { return p + ":missing=false&" + p + "." + rest }),
		chainProbe("chain-two-levels", "A chain through two references.", func(p, typ, rest string) string {
			_, value, _ := strings.Cut(rest, "=")
			return p + ":" + typ + ".organization._lastUpdated=" + value
		}),
		chainProbe("chain-has", "A _has behind a chain (patient:Patient._has:Appointment:actor:date).", func(p, typ, rest string) string {
			return p + ":" + typ + "._has:Appointment:actor:" + strings.Replace(rest, "birthdate", "date", 1)
		}),
		{Name: "chain-by-post", Hazard: "H1", Shows: "A chained parameter in the body of a POST _search.", try: func(t *trial) {
			t.chains(true, func(p, _, rest string) string { return p + "." + rest })
		}},
		{Name: "chain-sort", Hazard: "H1", Shows: "Whether results can be put in order by an element of a resource that the caller may not read.", try: sortByChain},
		{Name: "chain-known-value", Hazard: "H1", Shows: "Whether a chain of the known-file finds a hidden value that exists, and not a made-up one.", try: func(t *trial) {
			t.pairs(t.knownSearches(func(key string) bool { return !plainKey(key) }),
				"the known-file names no search with a chain or _has, of a type that can be searched")
		}},
	}
}

func sortByChain(t *trial) {
	for _, k := range t.searched() {
		for _, to := range through(k.typ)[:1] {
			if !t.denied(to[1]) {
				t.note(NotApplicable, "the token may read "+to[1]+"; name it in the known-file if it should not")
				continue
			}
			t.order(k, to[0]+".birthdate", "of a "+to[1], true)
		}
	}
}

// order sorts by a key both ways: another order of the same resources is a leak, if it is known that they have what the key
// looks at; otherwise it may be the way in which a server breaks ties.
func (t *trial) order(k *kind, key, tells string, known bool) {
	up, down := t.do(pair{k: k}.ask("_sort="+key, nil)), t.do(pair{k: k}.ask("_sort=-"+key, nil))
	if t.over() || t.failed(up) || t.failed(down) || t.spilled(up, k.pages...) {
		return
	}
	switch {
	case !up.isSearchset() || !down.isSearchset():
		t.note(OK, "refused")
	case strings.Join(up.refs(), " ") != strings.Join(down.refs(), " "):
		verdict := Warning
		if known {
			verdict = Leak
		}
		t.note(verdict, "the order of the matches tells "+tells+", which is not shown: it changes with the sort key", up, down)
	case len(k.visible) < 2:
		t.note(OK, "too few are visible for an order")
	default:
		t.note(Warning, "ignored: the order is the same both ways", up, down)
	}
}

func hasProbe(name, shows string, spell func(rest string) string) Probe {
	return Probe{Name: name, Hazard: "H1", Shows: shows, try: func(t *trial) { t.reversed(false, spell) }}
}

// reversed makes pairs of _has: of visible types, and of Patient, which a server may give out through it.
func (t *trial) reversed(form bool, spell func(rest string) string) {
	var list []pair
	kinds := t.searched()
	if p := t.kinds["Patient"]; p != nil && p.plain.isSearchset() {
		kinds = append(kinds, p)
	}
	for _, k := range kinds {
		for _, rest := range pointing(k.typ) {
			list = append(list, pair{k: k, hit: spell(rest + "=ge1800-01-01"), miss: spell(rest + "=ge2900-01-01"), tells: "of resources that refer to a " + k.typ, form: form})
		}
	}
	t.pairs(list, nothingVisible)
}

// pointing are reverse chains to a type, by a date that any resource has.
func pointing(typ string) []string {
	switch typ {
	case "Patient":
		return []string{"Appointment:patient:date", "Observation:patient:_lastUpdated", "Task:patient:authored-on"}
	case "Appointment":
		return []string{"Encounter:appointment:_lastUpdated", "Task:focus:authored-on"}
	case "Task":
		return []string{"Task:part-of:authored-on", "Provenance:target:recorded"}
	}
	return []string{"DocumentReference:relatesto:date", "Task:focus:authored-on", "Provenance:target:recorded"}
}

func hasProbes() []Probe {
	return []Probe{
		hasProbe("has", "Whether _has answers questions about resources that refer to visible ones and that the caller may not read.",
			func(rest string) string { return "_has:" + rest }),
		hasProbe("has-percent-encoded", "The same with a letter of _has percent-encoded (_h%61s).", func(rest string) string { return "_h%61s:" + rest }),
		hasProbe("has-colons-percent-encoded", "The same with the colons percent-encoded.", func(rest string) string {
			key, value, _ := strings.Cut(rest, "=")
			return "_has%3A" + strings.ReplaceAll(key, ":", "%3a") + "=" + value
		}),
		hasProbe("has-mixed-case", "The same in capitals.", func(rest string) string { return "_HAS:" + rest }),
		hasProbe("has-unicode", "The same with a full-width letter, past a filter that compares before a server folds.", func(rest string) string { return "_h%EF%BD%81s:" + rest }),
		hasProbe("has-brackets", "The same with brackets behind the name, which some frameworks take for a list.", func(rest string) string {
			key, value, _ := strings.Cut(rest, "=")
			return "_has:" + key + "[]=" + value
		}),
		hasProbe("has-semicolon", "The same behind a semicolon, which some servers take for '&'.", func(rest string) string { return "_total=none;_has:" + rest }),
		hasProbe("has-nested", "A _has within a _has.", func(rest string) string { return "_has:Task:focus:_has:" + rest }),
		hasProbe("has-long-query", "The same behind kilobytes of other parameters, past a filter that reads only the beginning.",
			func(rest string) string { return strings.Repeat("_format=json&", 600) + "_has:" + rest }),
		{Name: "has-by-post", Hazard: "H1", Shows: "_has in the body of a POST _search.", try: func(t *trial) {
			t.reversed(true, func(rest string) string { return "_has:" + rest })
		}},
	}
}

// textProbes are about parameters that look at more than a resource's visible elements.
func textProbes() []Probe {
	texted := func(name, shows, hit, miss string) Probe {
		return Probe{Name: name, Hazard: "H1", Shows: shows, try: func(t *trial) {
			var list []pair
			for _, k := range t.searched() {
				list = append(list, pair{k: k, hit: hit, miss: miss, tells: "what is not shown"})
			}
			t.pairs(list, nothingVisible)
		}}
	}
	shaping := func(name, shows string, params ...string) Probe {
		return Probe{Name: name, Hazard: "H1", Shows: shows, try: func(t *trial) { t.shapes(params...) }}
	}
	return []Probe{
		texted("filter", "Whether _filter, which can say everything that other parameters can, gets past what refuses them.",
			"_filter=patient.birthdate%20ge%201800-01-01", "_filter=patient.birthdate%20ge%202900-01-01"),
		texted("text", "Whether _text searches narratives that are not shown.", "_text=a", "_text=zqxvestibulezqx"),
		texted("content", "Whether _content searches whole resources, hidden elements included.", "_content=a", "_content=zqxvestibulezqx"),
		texted("list", "Whether _list tells who is on a list that the caller may not read.", "_list=$current-patients", "_list=zqxvestibulezqx"),
		texted("query", "Whether _query runs a stored query.", "_query=current-high-risk", "_query=zqxvestibulezqx"),
		{Name: "content-known-value", Hazard: "H1", Shows: "Whether _content, _text or _filter finds a canary of the known-file, and not a made-up text.", try: canariesByText},
		shaping("contained", "Whether _contained finds or returns resources within resources.", "_contained=true", "_contained=both"),
		shaping("contained-type", "Whether _containedType returns what contains or is contained.", "_contained=both&_containedType=contained"),
		shaping("type-parameter", "Whether _type adds other types to a search.", "_type=Patient", "_type=Appointment,Patient"),
		{Name: "unknown-parameter", Hazard: "H1", Shows: "Whether a parameter that nobody knows gives more than the search without it; one that is ignored may hide one that filters.",
			try: func(t *trial) { t.shapes("zqx-vestibule=1") }},
	}
}

func canariesByText(t *trial) {
	var list []pair
	for _, k := range t.searched() {
		for _, v := range t.Known.Values[:min(3, len(t.Known.Values))] {
			for _, param := range []string{"_content", "_text"} {
				list = append(list, pair{k: k, hit: param + "={}", miss: param + "={}", hitArgs: []string{v}, missArgs: []string{twin(v)}, tells: "a hidden value"})
			}
		}
	}
	t.pairs(list, "the known-file names no values, or "+nothingVisible)
}
