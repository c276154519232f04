package probe

import (
	"net/http"
	"strings"
)

// pathProbes write the path of what is denied in other ways (hazard H13).
func pathProbes() []Probe {
	trick := func(name, shows string, spell func(v, typ, path string) []string) Probe {
		return Probe{Name: name, Hazard: "H13", Shows: shows, none: nothingDenied, try: func(t *trial) {
			visible := "Appointment"
			if list := t.searched(); len(list) > 0 {
				visible = list[0].typ
			}
			t.denials(func(x target) []ask {
				var out []ask
				for _, path := range spell(visible, x.typ, x.path) {
					out = append(out, get(path, x.args...))
				}
				return out
			})
		}}
	}
	before := func(prefixes ...string) func(v, typ, path string) []string {
		return func(v, _, path string) []string {
			var out []string
			for _, p := range prefixes {
				out = append(out, strings.ReplaceAll(p, "V", v)+path)
			}
			return out
		}
	}
	behind := func(suffixes ...string) func(v, typ, path string) []string {
		return func(_, _, path string) []string {
			at, query, found := strings.Cut(path, "?")
			if found {
				query = "?" + query
			}
			var out []string
			for _, s := range suffixes {
				out = append(out, "/"+at+s+query)
			}
			return out
		}
	}
	renamed := func(names ...func(string) string) func(v, typ, path string) []string {
		return func(_, typ, path string) []string {
			var out []string
			for _, f := range names {
				out = append(out, "/"+f(typ)+strings.TrimPrefix(path, typ))
			}
			return out
		}
	}
	return []Probe{
		trick("path-dot-dot", "Whether Appointment/../Patient reaches what is denied.", before("/V/../", "/V/x/../../", "/./", "/V/./../")),
		trick("path-dot-dot-encoded", "The same percent-encoded.", before("/V/%2e%2e/", "/V/%2E%2E/", "/V/.%2e/")),
		trick("path-double-encoded", "The same percent-encoded twice.", before("/V/%252e%252e/", "/V%252f..%252f")),
		trick("path-overlong", "The same in overlong UTF-8.", before("/V/%c0%ae%c0%ae/", "/V/%e0%80%ae%e0%80%ae/")),
		trick("path-slashes", "Whether doubled slashes reach what is denied.", before("//", "/V//../", "///")),
		trick("path-slash-encoded", "Whether an encoded slash does.", before("/V%2f..%2f", "/V%2F..%2F", "/%2f")),
		trick("path-backslash", "Whether a backslash does.", before("/V%5c..%5c", "/V/..%5c", "/%5c")),
		trick("path-parameters", "Whether path parameters behind a semicolon do.", func(v, typ, path string) []string {
			return []string{"/" + v + ";/../" + path, "/" + v + "/..;/" + path, "/" + typ + ";x=1" + strings.TrimPrefix(path, typ), "/;/" + path}
		}),
		trick("path-null", "Whether a zero byte or a line break does.", behind("%00", "%00.json", "%0a", "%0d%0a")),
		trick("path-suffix", "Whether a suffix that servers strip does.", behind("/", ".json", "%20", ".", "/.", "%09", "/%2e", "%3f", "%23")),
		trick("path-case", "Whether another case of the type does.", renamed(strings.ToLower, strings.ToUpper, func(s string) string { return strings.ToLower(s[:1]) + s[1:] })),
		trick("path-type-encoded", "Whether percent-encoded letters of the type do.", renamed(func(s string) string { return hexed(s[0]) + s[1:] }, func(s string) string { return s[:1] + hexed(s[1]) + s[2:] })),
		trick("path-type-unicode", "Whether letters that look alike or fold do.", renamed(func(s string) string { return strings.Replace(s, "i", "%C4%B1", 1) }, func(s string) string { return "%EF%BB%BF" + s })),
		trick("path-nested", "Whether a path below a visible type does.", func(v, typ, path string) []string {
			return []string{"/" + v + "/" + path, "/fhir/" + path, "/R4/" + path, "/baseR4/" + path, "/DEFAULT/" + path}
		}),
	}
}

func hexed(c byte) string {
	const digits = "0123456789ABCDEF"
	return "%" + string(digits[c>>4]) + string(digits[c&15])
}

// typeProbes are about types that the caller has no business with (hazard H6).
func typeProbes() []Probe {
	return []Probe{
		{Name: "type-search", Hazard: "H6", Shows: "Whether a type that the known-file puts out of reach can be searched.", try: searchTypes},
		{Name: "type-read", Hazard: "H6", Shows: "Whether a resource of such a type can be read by an id that visible resources name.", none: "no visible resource names one of a denied type", try: readTypes},
		{Name: "search-all-types", Hazard: "H6", Shows: "Whether a search without a type gives what a search of the type does not.", none: nothingDenied, try: func(t *trial) {
			for _, path := range []string{"?_type={}&_count=2", "/?_type={}&_count=2", "/_search?_type={}&_count=2", "?_count=2&_lastUpdated=ge1800-01-01", "/?_id={}"} {
				for _, typ := range t.deniedTypes() {
					t.beyondSearches(ask{path: strings.Replace(path, "{}", typ, 1)})
				}
			}
		}},
		{Name: "search-all-by-post", Hazard: "H6", Shows: "The same by POST.", none: nothingDenied, try: func(t *trial) {
			for _, typ := range t.deniedTypes() {
				for _, path := range []string{"/_search", "/?_type=" + typ} {
					t.beyondSearches(ask{method: "POST", path: path, body: "_type=" + typ + "&_count=2", form: true})
				}
			}
		}},
	}
}

func searchTypes(t *trial) {
	for _, typ := range t.Known.Types {
		a := t.do(get("/" + typ + "?_count=2"))
		if !t.over() && !t.failed(a) && !t.spilled(a) {
			t.note(OK, "refused, or answered without such a resource")
		}
	}
	if len(t.Known.Types) > 0 {
		return
	}
	for _, typ := range otherTypes() {
		if !t.denied(typ) {
			t.note(Warning, typ+" can be searched; if the caller has no business with it, name it in the known-file", t.kinds[typ].plain)
		}
	}
	if len(t.notes) == 0 {
		t.note(OK, "no other type can be searched")
	}
}

func readTypes(t *trial) {
	for _, typ := range t.deniedTypes() {
		for _, ref := range t.referred(typ)[:min(2, len(t.referred(typ)))] {
			a := t.do(get("/{}", ref))
			if !t.over() && !t.failed(a) && !t.spilled(a) {
				t.note(OK, "refused, or answered without such a resource")
			}
		}
	}
}

// beyondSearches notes what an answer gives that plain searches of all types do not.
func (t *trial) beyondSearches(a ask) { t.trick(a, t.allPages()...) }

func (t *trial) allPages() []*answer {
	var out []*answer
	for _, k := range t.kinds {
		out = append(out, k.pages...)
	}
	return out
}

// operationProbes are about operations, histories and compartments (hazard H13).
func operationProbes() []Probe {
	beyond := func(name, shows string, asks func(t *trial) []ask) Probe {
		none := "no patient is known to ask about; name one under resources in the known-file"
		return Probe{Name: name, Hazard: "H13", Shows: shows, none: none, try: func(t *trial) {
			for _, a := range asks(t) {
				t.beyondSearches(a)
			}
		}}
	}
	each := func(t *trial, paths ...string) []ask {
		var out []ask
		for _, ref := range append(t.hidingOf("Patient", 1), t.referred("Patient")...)[:min(1, len(t.hidingOf("Patient", 1))+len(t.referred("Patient")))] {
			for _, p := range paths {
				out = append(out, get("/{}"+p, ref))
			}
		}
		return out
	}
	return []Probe{
		beyond("everything", "Whether $everything gives a patient's whole record.", func(t *trial) []ask { return each(t, "/$everything", "/%24everything", "/$summary", "/$ips") }),
		beyond("compartment", "Whether a patient's compartment gives what a search does not.", func(t *trial) []ask {
			return each(t, "/Appointment", "/Task", "/DocumentReference", "/Observation", "/*", "/_history")
		}),
		beyond("history-type", "Whether the history of a type gives versions of resources that a search does not.", func(t *trial) []ask {
			return []ask{get("/Appointment/_history"), get("/Task/_history?_count=50"), get("/DocumentReference/_history"), get("/Patient/_history?_count=2")}
		}),
		beyond("history-system", "Whether the history of everything is answered.", func(t *trial) []ask {
			return []ask{get("/_history?_count=20"), get("/_history?_since=2000-01-01T00:00:00Z&_count=20")}
		}),
		beyond("lists-as-data", "Whether operations that list a type ($csv, $lastn) give what a search does not.", func(t *trial) []ask {
			return []ask{get("/Patient/$csv?_fields=id,name&_count=2"), get("/Appointment/$csv?_fields=id"), get("/Observation/$lastn?max=1"), get("/Patient/$everything?_count=2"), get("/Encounter/$everything?_count=2")}
		}),
		{Name: "export", Hazard: "H13", Shows: "Whether a bulk export begins. It is asked for data of the far future only, and cancelled when it begins.", try: export},
		{Name: "resource-counts", Hazard: "H13", Shows: "Whether an operation counts the resources of types that cannot be searched.", try: func(t *trial) {
			control := t.do(get("/$zqx-vestibule"))
			for _, a := range []ask{get("/$get-resource-counts"), get("/$graphiql"), get("/$status"), get("/Patient?_summary=count"), get("/Patient/$count")} {
				got := t.do(a)
				switch _, counted := got.total(); {
				case t.over() || t.failed(got):
				case got.good() && !control.good() && (counts(got) || counted && t.denied("Patient") && !t.kinds["Patient"].plain.good()):
					t.note(Leak, "resources of denied types are counted", got, control)
				default:
					t.note(OK, "refused")
				}
			}
		}},
	}
}

// counts reports whether an answer is a list of numbers by resource type.
func counts(a *answer) bool {
	for p := range a.doc.Path("parameter") {
		if isTypeName(p.Get("name").Text()) && (p.Get("valueInteger").Exists() || p.Get("valueString").Exists()) {
			return true
		}
	}
	return false
}

func export(t *trial) {
	for _, path := range []string{"/$export", "/Patient/$export", "/Group/all/$export"} {
		a := t.do(get(path+"?_since=2999-01-01T00:00:00Z").with("Prefer", "respond-async"))
		switch {
		case t.over() || t.failed(a):
		case a.status == http.StatusAccepted:
			t.note(Leak, "an export of everything begins", a)
			if job := a.header.Get("Content-Location"); job != "" && !t.foreign(job) {
				t.do(ask{method: "DELETE", link: job}) // http://hl7.org/fhir/uv/bulkdata: "Bulk Data Delete Request"
			}
		default:
			t.note(OK, "refused")
		}
	}
}
