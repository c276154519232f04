package probe

// spliceProbes are about values that are put into other texts (hazard H7), and parsers that disagree about them.
func spliceProbes() []Probe {
	return []Probe{
		{Name: "value-splice", Hazard: "H7", Shows: "Whether a value that holds '&' and a parameter becomes a parameter of the request behind.", try: func(t *trial) {
			for _, k := range t.searched() {
				for _, sep := range []string{"%26", "%3B", "%0D%0A%26", "%00%26", "%2526"} {
					t.trick(get("/"+k.typ+"?"+k.and("_id={}"+sep+"_include="+k.typ+":patient"), t.first(k)), k.pages...)
				}
			}
		}},
		{Name: "path-splice", Hazard: "H7", Shows: "Whether an id that holds '?', '#' or '&' becomes part of the query of the request behind.", try: func(t *trial) {
			for _, k := range t.searched() {
				for _, sep := range []string{"%3F", "%23", "%26", "%3F_elements=id%26"} {
					t.trick(get("/"+k.typ+"/{}"+sep+"_include="+k.typ+":patient", t.first(k)), k.pages...)
				}
				for _, sep := range []string{"%3F", "?"} {
					t.trick(get("/"+k.typ+sep+"_include="+k.typ+":patient"), k.pages...)
				}
			}
		}},
		{Name: "value-list", Hazard: "H7", Shows: "Whether an id in a list with a visible one is given out although it is out of reach by itself.", none: noneOutOfReach, try: func(t *trial) {
			t.joined(func(own, other string) []ask {
				return []ask{get("?_id={},{}", own, other), get("?_id={}%5C,{}", own, other), get("?_id={}%7C{}", own, other)}
			})
		}},
		{Name: "parameter-repeated", Hazard: "H7", Shows: "Whether a repeated parameter gives what one of its values does not, where one part reads the first and another the last.", none: noneOutOfReach, try: func(t *trial) {
			t.joined(func(own, other string) []ask {
				return []ask{get("?_id={}&_id={}", own, other), get("?_id={}&_id={}", other, own), get("?_id={}&_ID={}", own, other), get("?_id={}&_id[]={}", own, other)}
			})
		}},
		{Name: "value-template", Hazard: "H7", Shows: "Whether a value in a template's syntax is replaced or evaluated.", try: func(t *trial) {
			var list []pair
			for _, k := range t.searched() {
				for _, v := range [][2]string{{"%25patient.id", "%25zqxvest.id"}, {"%7B%7B7*7%7D%7D", "%7B%7Bzqx%7D%7D"}, {"*", "~"}, {"%25", "~"}, {"%27%20or%20%271%27%3D%271", "%27%20or%20%271%27%3D%272"}, {"%24%7B1%7D", "%24%7Bz%7D"}} {
					list = append(list, pair{k: k, hit: "_id=" + v[0], miss: "_id=" + v[1], tells: "that values are evaluated, not compared"})
				}
			}
			t.pairs(list, nothingVisible)
		}},
	}
}

const noneOutOfReach = "no id of a visible type is known to be out of reach; name resources in the known-file"

// and adds a parameter to the type's plain query.
func (k *kind) and(params string) string {
	if k.query == "" {
		return params
	}
	return k.query + "&" + params
}

func (t *trial) first(k *kind) string { return k.visible[0].Get("id").Text() }

// joined asks for an id out of reach together with a visible one; the control asks for it by itself.
func (t *trial) joined(asks func(own, other string) []ask) {
	for _, k := range t.searched() {
		for _, ref := range t.hidingOf(k.typ, 2) {
			other := ref[len(k.typ)+1:]
			control := t.do(get("/"+k.typ+"?_id={}", other))
			for _, a := range asks(t.first(k), other) {
				a.path = "/" + k.typ + a.path
				t.trick(a, append(k.pages, control)...)
			}
		}
	}
}
