package probe

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"

	"vestibule/fhir"
)

// addressProbes are about addresses in answers (hazard H10).
func addressProbes() []Probe {
	return []Probe{
		{Name: "foreign-links", Hazard: "H10", Shows: "Whether links, fullUrls or redirects lead to another origin than the base's: an EMR's own address leaves.", late: true, try: func(t *trial) {
			t.watched(t.watch.foreign, "a link, a fullUrl or a redirect leads to another origin")
		}},
		{Name: "attachment-url", Hazard: "H10", Shows: "Whether attachment.url leads to another origin: such addresses often open a document without a log-in.", late: true, try: func(t *trial) {
			if len(t.kinds["DocumentReference"].visible) == 0 && len(t.watch.documents) == 0 {
				t.note(NotApplicable, "no DocumentReference is visible")
				return
			}
			t.watched(t.watch.documents, "an attachment's address leads to another origin")
		}},
		{Name: "attachment-open", Hazard: "H10", Shows: "Whether an attachment at the base's origin opens without a token.", none: "no visible DocumentReference has an attachment at the base's origin", try: openAttachments},
		{Name: "absolute-references", Hazard: "H10", Shows: "Whether references lead to another origin: an EMR's own address leaves.", late: true, try: func(t *trial) {
			t.watched(t.watch.refs, "a reference leads to another origin")
		}},
		{Name: "forwarded-host", Hazard: "H10", Shows: "Whether a caller can choose the host in links, with X-Forwarded-Host and its like, and so poison what is kept or followed.", try: forwardedHost},
	}
}

// foreign reports whether an address is absolute and at another origin than the base's.
func (s *session) foreign(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "") && originOf(u) != s.origin
}

// leadsAway reports whether an answer's links, fullUrls or redirect lead to another origin. A CapabilityStatement may name
// others.
func (s *session) leadsAway(a *answer) bool {
	away := s.foreign(a.header.Get("Location")) || s.foreign(a.header.Get("Content-Location"))
	if a.doc.Get("resourceType").Text() != "Bundle" || !a.good() {
		return away
	}
	for l := range a.doc.Path("link.url") {
		away = away || s.foreign(l.Text())
	}
	for _, e := range a.entries() {
		away = away || s.foreign(e.url)
	}
	return away
}

// absoluteRefs reports whether a resource holds a reference to a FHIR resource at another origin.
func (s *session) absoluteRefs(r fhir.Value) bool {
	hit := false
	eachReference(r, func(text string) { hit = hit || s.foreign(text) })
	return hit
}

func eachDisplay(v fhir.Value, yield func(string)) {
	for name, member := range v.Members() {
		for item := range member.Items() {
			switch {
			case name == "display" && item.Kind() == fhir.String && v.Get("reference").Exists():
				yield(item.Text())
			case item.Kind() == fhir.Object:
				eachDisplay(item, yield)
			}
		}
	}
}

func openAttachments(t *trial) {
	for _, r := range t.kinds["DocumentReference"].visible {
		for v := range r.Path("content.attachment.url") {
			if t.foreign(v.Text()) || v.Text() == "" || t.over() {
				continue
			}
			a := t.do(ask{link: v.Text(), bare: true})
			switch {
			case a.err != nil:
				t.note(Warning, reason(a.err), a)
			case a.good() && len(a.body) > 0:
				t.note(Leak, "an attachment opens without a token", a)
			default:
				t.note(OK, "refused without a token")
			}
			return
		}
	}
}

func forwardedHost(t *trial) {
	for _, k := range t.searched() {
		for _, header := range [][]string{
			{"X-Forwarded-Host", "probe.vestibule.example", "X-Forwarded-Proto", "https"}, {"Forwarded", "host=probe.vestibule.example;proto=https"}, {"X-Host", "probe.vestibule.example"},
			{"X-Forwarded-Server", "probe.vestibule.example"}, {"X-Original-Host", "probe.vestibule.example"},
		} {
			a := get("/" + k.typ + "?_count=1")
			a.headers = header
			got := t.do(a)
			switch {
			case t.over() || t.failed(got):
			case bytes.Contains(got.body, []byte("probe.vestibule.example")) || strings.Contains(got.header.Get("Location"), "probe.vestibule.example"):
				t.note(Leak, "the answer's links lead to the host that the caller named in a header", got, k.plain)
			default:
				t.note(OK, "links do not follow the caller's header")
			}
		}
	}
}

// revealing are marks of what an error should not show.
var revealing = regexp.MustCompile(`(?i)\bat [\w$.]+\([\w$]+\.(java|kt):\d+\)|\bat .{0,120}\.(js|ts|mjs):\d+:\d+|goroutine \d+ \[|\.go:\d+ \+0x|Traceback \(most recent call last\)|File \\?".{1,200}\.py\\?", line|\bselect\b.{1,200}\bfrom\b.{1,200}\bwhere\b|ORA-\d{5}|SQLSTATE|SQLITE_|pq: |org\.(hibernate|postgresql|springframework)\.|/(home|usr|var|opt|srv)/[\w./-]+\.(js|py|rb|php|java|go)\b|System\.[\w.]+Exception`)
