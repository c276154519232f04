package probe

import "strings"

// headerProbes are about headers and representations that change what a server does (hazards H5, H6, H9).
func headerProbes() []Probe {
	other := func(name, shows string, ways ...func(ask) ask) Probe {
		return Probe{Name: name, Hazard: "H11", Shows: shows, try: func(t *trial) { t.represented(ways) }}
	}
	accept := func(v string) func(ask) ask { return func(a ask) ask { return a.with("Accept", v) } }
	format := func(v string) func(ask) ask {
		return func(a ask) ask { a.path = joined(a.path, "_format="+v); return a }
	}
	return []Probe{
		{Name: "original-url", Hazard: "H5", Shows: "Whether a header with another address than the path makes the server answer that one.", none: nothingDenied, try: originalURL},
		{Name: "cors-credentials", Hazard: "H6", Shows: "Whether any web page may ask with the caller's credentials and read the answer.", try: crossOrigin},
		{Name: "trace", Hazard: "H6", Shows: "Whether TRACE sends back the request with its token.", try: func(t *trial) {
			for _, method := range []string{"TRACE", "TRACK"} {
				a := t.do(ask{method: method, path: "/metadata", headers: []string{"X-Vestibule-Probe", "zqx-vestibule-trace"}})
				switch {
				case t.over() || a.err != nil:
					t.note(OK, "not answered")
				case strings.Contains(string(a.body), "zqx-vestibule-trace") || len(t.Token) >= 8 && strings.Contains(string(a.body), t.Token):
					t.note(Leak, method+" sends back the request with its headers", a)
				default:
					t.note(OK, "refused")
				}
			}
		}},
		other("representation-xml", "Whether XML shows elements that JSON hides.", accept("application/fhir+xml"), accept("application/xml"), format("xml"), format("application/fhir%2Bxml")),
		other("representation-html", "Whether a page for people shows elements that JSON hides.", accept("text/html"), format("html"), format("html/json")),
		other("representation-other", "Whether Turtle, CSV or newline-delimited JSON shows elements that JSON hides.", accept("text/turtle"), accept("text/csv"), accept("application/fhir+ndjson"), format("ttl"), format("ndjson")),
		other("pretty", "Whether a printed or cut answer (_pretty, Range, Prefer) shows elements that a plain one hides.", format("json&_pretty=true"),
			func(a ask) ask { return a.with("Range", "bytes=0-100000") }, func(a ask) ask { return a.with("Prefer", "return=representation, handling=lenient") }),
	}
}

func originalURL(t *trial) {
	visible, plain := "/metadata", []*answer(nil)
	if list := t.searched(); len(list) > 0 {
		visible, plain = "/"+list[0].typ+questioned(list[0].query), list[0].pages
	}
	for _, x := range t.targets() {
		if len(x.args) > 0 {
			continue // a header is shown in reports; only requests without values go into one
		}
		for _, name := range []string{"X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Original-URI", "X-Forwarded-Path"} {
			t.trick(get(visible).with(name, pathOf(t.base)+"/"+x.path), append(plain, x.control)...)
		}
		t.trick(get("/"+x.path).with("X-Original-URL", pathOf(t.base)+visible), append(plain, x.control)...)
	}
}

func pathOf(base string) string {
	_, rest, _ := strings.Cut(base, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}

const foreignOrigin = "https://probe.vestibule.example"

func crossOrigin(t *trial) {
	paths := []string{"/metadata"}
	for _, k := range t.searched() {
		paths = append(paths, "/"+k.typ+questioned(k.query))
	}
	for _, path := range paths {
		for _, origin := range []string{foreignOrigin, "null"} {
			for _, a := range []ask{get(path).with("Origin", origin), {method: "OPTIONS", path: path, headers: []string{"Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization"}}} {
				got := t.do(a)
				if t.over() || got.err != nil {
					continue
				}
				allowed, withCredentials := got.header.Get("Access-Control-Allow-Origin"), got.header.Get("Access-Control-Allow-Credentials") == "true"
				switch {
				case withCredentials && (allowed == origin || allowed == "*"):
					t.note(Leak, "any origin may ask with credentials and read the answer", got)
				case path != "/metadata" && (allowed == "*" || allowed == origin):
					t.note(Warning, "any origin may read answers, if it has a token", got)
				default:
					t.note(OK, "no foreign origin is allowed")
				}
			}
		}
	}
}

// represented asks for a visible resource in another representation and looks for what JSON hides.
func (t *trial) represented(ways []func(ask) ask) {
	for _, k := range t.searched() {
		for _, way := range ways {
			plain := get("/"+k.typ+"/{}", t.first(k))
			control := t.do(plain)
			for _, a := range []ask{way(plain), way(get("/" + k.typ + questioned(k.query)))} {
				got := t.do(a)
				switch {
				case t.over() || t.failed(got) || t.spilled(got, append(k.pages, control)...):
				case got.good() && !got.doc.Exists() && t.namesHidden(k, got) != "":
					t.note(Leak, "another representation shows "+k.typ+"."+t.namesHidden(k, got)+", which JSON hides", got, control)
				case got.refused():
					t.note(OK, "refused")
				default:
					t.note(OK, "answered with no more than the control")
				}
			}
		}
	}
}

// namesHidden finds an element in a text that is no JSON, which visible resources do not show: one that the known-file hides,
// or a narrative.
func (t *trial) namesHidden(k *kind, a *answer) string {
	for _, path := range t.Known.Elements[k.typ] {
		first, _, _ := strings.Cut(path, ".")
		shown := false
		for _, r := range k.visible {
			shown = shown || shows(r, first)
		}
		for _, mark := range []string{"<" + first + " ", "<" + first + ">", `"` + first + `"`, "fhir:" + k.typ + "." + first, "&lt;" + first, "&quot;" + first + "&quot;"} {
			if !shown && strings.Contains(string(a.body), mark) {
				return first
			}
		}
	}
	return ""
}
