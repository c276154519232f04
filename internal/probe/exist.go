package probe

import (
	"fmt"
	"slices"
	"strings"
)

// existProbes hold what exists out of reach against what does not exist (hazard H9).
func existProbes() []Probe {
	compare := func(name, shows string, way func(typ string) ask, what func(a, b *answer) string) Probe {
		return Probe{Name: name, Hazard: "H9", Shows: shows, none: noHiding, try: func(t *trial) { t.twins(way, what) }}
	}
	read := func(typ string) ask { return get("/" + typ + "/{}") }
	below := func(rest string) func(string) ask {
		return func(typ string) ask { return get("/" + typ + "/{}" + rest) }
	}
	return []Probe{
		{Name: "read-out-of-reach", Hazard: "H9", Shows: "Whether what the known-file puts out of reach is simply answered.", none: "the known-file names no resources", try: readOutOfReach},
		compare("exists-status", "Whether the status tells an id that exists out of reach from one that nobody has.", read, differentStatus),
		compare("exists-text", "Whether the text does.", read, differentText),
		compare("exists-headers", "Whether the headers do (ETag, Last-Modified, Location).", read, differentHeaders),
		compare("exists-length", "Whether the length does.", read, differentLength),
		compare("exists-head", "Whether HEAD does.", func(typ string) ask { return ask{method: "HEAD", path: "/" + typ + "/{}"} }, differentAtAll),
		compare("exists-options", "Whether OPTIONS does.", func(typ string) ask { return ask{method: "OPTIONS", path: "/" + typ + "/{}"} }, differentAtAll),
		compare("exists-search", "Whether a search by _id does.", func(typ string) ask { return get("/" + typ + "?_id={}") }, differentAtAll),
		compare("exists-if-none-match", "Whether If-None-Match does (304 for what exists).", func(typ string) ask { return read(typ).with("If-None-Match", `W/"1"`) }, differentAtAll),
		compare("exists-if-none-match-any", "Whether If-None-Match: * does.", func(typ string) ask { return read(typ).with("If-None-Match", "*") }, differentAtAll),
		compare("exists-if-modified-since", "Whether If-Modified-Since does.", func(typ string) ask { return read(typ).with("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT") }, differentAtAll),
		compare("exists-if-match", "Whether If-Match on a read does (412 for what exists).", func(typ string) ask { return read(typ).with("If-Match", `W/"zqx-vestibule"`) }, differentAtAll),
		compare("exists-version", "Whether reading a version does.", below("/_history/1"), differentAtAll),
		compare("exists-history", "Whether the history does.", below("/_history"), differentAtAll),
		compare("exists-operation", "Whether an operation on the instance does ($everything, $meta, $validate).", below("/$everything"), differentAtAll),
		compare("exists-compartment", "Whether a compartment does.", below("/Appointment"), differentAtAll),
		compare("exists-below", "Whether a path below the resource does.", below("/zqx"), differentAtAll),
		compare("exists-elements", "Whether a read with _elements or _summary does.", below("?_elements=id"), differentAtAll),
		compare("exists-format", "Whether an unsupported representation does.", below("?_format=zqx"), differentAtAll),
		{Name: "exists-reference", Hazard: "H9", Shows: "Whether a search by a reference tells a patient who exists out of reach from one who does not.", try: referencedTwins},
		{Name: "exists-timing", Hazard: "H9", Shows: "Whether the time that an answer takes does.", none: noHiding, try: timing},
	}
}

func readOutOfReach(t *trial) {
	for i, ref := range t.Known.Resources {
		a := t.do(get("/{}", ref))
		switch {
		case t.over() || t.failed(a):
		case a.good() && refOf(a.doc) == ref:
			t.note(Leak, fmt.Sprintf("resource %d of the known-file is answered", i+1), a)
		default:
			t.note(OK, "refused")
		}
	}
}

const noHiding = "no id is known to exist out of reach; name resources in the known-file"

// twins asks for ids that exist, or may exist, out of reach, and for their twins, which nobody has.
func (t *trial) twins(way func(typ string) ask, what func(a, b *answer) string) {
	for _, typ := range t.hidingTypes() {
		for _, ref := range t.hidingOf(typ, 4) {
			if t.over() {
				return
			}
			t.twin(way, what, typ, ref)
		}
	}
}

func (t *trial) twin(way func(typ string) ask, what func(a, b *answer) string, typ, ref string) {
	one, other := way(typ), way(typ)
	id := ref[len(typ)+1:]
	one.args, other.args = []string{id}, []string{twin(id)}
	a, b := t.do(one), t.do(other)
	if t.over() || t.failed(a) || t.failed(b) {
		return
	}
	diff := what(a, b)
	if diff != "" {
		diff = what(t.do(one), t.do(other))
	}
	switch {
	case diff == "" || t.over():
		t.note(OK, "an id out of reach and one that nobody has are answered alike")
	case !t.isOutOfReach(ref):
		t.note(NotApplicable, "the resource can be read after all")
	default:
		t.note(Leak, diff+" tells an id of "+typ+" that exists from one that nobody has", a, b)
	}
}

// isOutOfReach reports whether the known-file names ref, its type is denied, or it is not answered when asked for.
func (t *trial) isOutOfReach(ref string) bool {
	typ, _, _ := strings.Cut(ref, "/")
	return slices.Contains(t.Known.Resources, ref) || t.denied(typ) || !t.do(get("/{}", ref)).good()
}

func differentStatus(a, b *answer) string {
	if a.status != b.status {
		return "the status"
	}
	return ""
}

func differentText(a, b *answer) string {
	if a.plain() != b.plain() {
		return "the text"
	}
	return ""
}

func differentHeaders(a, b *answer) string {
	if a.headline() != b.headline() {
		return "a header"
	}
	return ""
}

func differentLength(a, b *answer) string {
	if len(a.body) != len(b.body) && len(a.plain()) != len(b.plain()) {
		return "the length"
	}
	return ""
}

func differentAtAll(a, b *answer) string {
	if a.isSearchset() && b.isSearchset() {
		return differentSets(a, b)
	}
	for _, f := range []func(a, b *answer) string{differentStatus, differentText, differentHeaders} {
		if what := f(a, b); what != "" {
			return what
		}
	}
	return ""
}

// referencedTwins searches by references to hidden patients whom no visible resource names.
func referencedTwins(t *trial) {
	visible := t.referred("")
	var list []pair
	for _, ref := range t.Known.Resources {
		typ, id, _ := strings.Cut(ref, "/")
		if slices.Contains(visible, ref) || typ != "Patient" {
			continue
		}
		for _, k := range t.searched() {
			for _, key := range []string{"patient", "patient:Patient", "patient:missing=false&patient"} {
				p := pair{k: k, hit: key + "=Patient/{}", miss: key + "=Patient/{}", hitArgs: []string{id}, missArgs: []string{twin(id)}, tells: "a patient out of reach"}
				if key == "patient:Patient" {
					p.hit, p.miss = key+"={}", key+"={}"
				}
				list = append(list, p)
			}
		}
	}
	t.pairs(list, "the known-file names no Patient whom no visible resource refers to")
}

// errorProbes are about what refusals say (hazards H9 and H1).
func errorProbes() []Probe {
	return []Probe{
		{Name: "canaries", Hazard: "H9", Shows: "Whether a value of the known-file stands in any answer of the whole run, error or header.", late: true, try: func(t *trial) {
			if len(t.Known.Values) == 0 {
				t.note(NotApplicable, "the known-file names no values")
				return
			}
			t.malformed()
			t.watched(t.watch.canaries, "a value of the known-file stands in an answer")
		}},
		{Name: "error-echo", Hazard: "H9", Shows: "Whether an error repeats what was sent, so that a patient's name put into the wrong place ends in logs, or as markup in a page.", try: echoes},
		{Name: "error-stack", Hazard: "H9", Shows: "Whether errors show stack traces, SQL or paths of files.", late: true, try: traces},
		{Name: "error-server", Hazard: "H9", Shows: "Whether a malformed request makes the server fail (5xx), which tells how it is built.", late: true, try: func(t *trial) {
			t.malformed()
			if len(t.watch.failing) > 0 {
				t.note(Warning, "some requests of this run were answered with 5xx", t.watch.failing...)
				for _, a := range t.watch.failing {
					t.spilled(a)
				}
				return
			}
			t.note(OK, "nothing made the server fail")
		}},
	}
}

const echoed = "zqxVestibuleEcho"

func echoes(t *trial) {
	mark := "%3Cb%3E" + echoed + "%3C%2Fb%3E"
	for _, a := range []ask{
		get("/Appointment?date=" + mark), get("/Appointment?" + mark + "=1"), get("/Appointment?status%3A" + mark + "=1"), get("/Appointment/" + mark), get("/" + mark),
		get("/Appointment?_sort=" + mark), get("/Appointment?_format=" + mark), get("/metadata").with("Accept", "text/<b>"+echoed),
	} {
		got := t.do(a)
		switch {
		case t.over() || t.failed(got) || got.good():
		case strings.Contains(string(got.body), "<b>"+echoed) && strings.Contains(got.header.Get("Content-Type"), "html"):
			t.note(Leak, "an error repeats what was sent as markup in a page", got)
		case strings.Contains(string(got.body), echoed):
			t.note(Warning, "an error repeats what was sent; a value in the wrong place ends in logs and screens", got)
		default:
			t.note(OK, "errors do not repeat what was sent")
		}
	}
	if len(t.notes) == 0 {
		t.note(OK, "none of the malformed requests was refused with a text")
	}
}

// malformed sends what no server understands.
func (t *trial) malformed() {
	for _, a := range []ask{
		get("/Appointment?date=zqx"), get("/Appointment?date=2026-02-31T25:61:00"), get("/Appointment?_count=zqx"), get("/Appointment?status=%27%22%5C"), get("/Appointment?%ZZ"),
		get("/Appointment/%00"), get("/Appointment?_id=" + strings.Repeat("9", 400)), get("/Appointment?status=%FF%FE"), get("/Appointment?_sort=%27"), get("/Appointment?_cursor=zqx"),
		get("/?_getpages=zqx"), {method: "POST", path: "/Appointment/_search", body: "%ZZ=%", form: true}, get("/Appointment").with("Accept", "*/zqx;q=zqx"),
		{method: "POST", path: "/Appointment/_search", body: `{"a":`}, get("/Appointment").with("If-None-Match", strings.Repeat("z", 4000)), get("/Appointment?" + strings.Repeat("zqx=1&", 3000)),
	} {
		if !t.over() {
			t.do(a)
		}
	}
}

func traces(t *trial) {
	t.malformed()
	if len(t.watch.traces) == 0 {
		t.note(OK, "no error of this run shows one")
		return
	}
	t.note(Leak, "an error shows a stack trace, SQL or a path of a file", t.watch.traces...)
}
