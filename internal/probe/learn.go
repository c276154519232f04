package probe

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"vestibule/fhir"
)

// kind is what plain requests show of one type.
type kind struct {
	typ      string
	plain    *answer // GET /Type?_count=…
	query    string  // of that search: the control of every search of the type
	visible  []fhir.Value
	listed   map[string]bool // "Type/id"
	complete bool            // listed holds all there is
	pages    []*answer
}

const (
	pageSize   = 50
	mostPages  = 40 // of a listing
	mostHiding = 6  // candidates for what exists out of reach, by type
)

// mainTypes are the types that probes search; otherTypes are asked for once, to know what is denied.
func mainTypes() []string { return []string{"Appointment", "Task", "DocumentReference"} }

func otherTypes() []string {
	return []string{"Patient", "Practitioner", "Organization", "Location", "Observation", "Condition", "Encounter", "MedicationRequest",
		"AllergyIntolerance", "DiagnosticReport", "ServiceRequest", "Slot", "Schedule", "RelatedPerson", "Coverage", "Consent", "AuditEvent", "Provenance", "Subscription", "Group"}
}

// learn finds out what the token sees.
func (s *session) learn() error {
	about := s.do(get("/metadata"))
	if about.err != nil {
		return fmt.Errorf("%w: GET %s/metadata: %s", ErrNotRun, s.base, reason(about.err))
	}
	answered := about.doc.Get("resourceType").Text() == "CapabilityStatement"
	unauthorized, missing := 0, 0
	for _, typ := range slices.Concat(mainTypes(), otherTypes()) {
		k := s.see(typ)
		s.kinds[typ] = k
		answered = answered || k.plain.isSearchset() || k.plain.doc.Get("resourceType").Text() == "OperationOutcome" || k.plain.broken != nil
		switch k.plain.status {
		case http.StatusUnauthorized:
			unauthorized++
		case http.StatusNotFound:
			missing++
		}
		if s.ctx.Err() != nil {
			return nil
		}
	}
	switch {
	case !answered:
		return fmt.Errorf("%w: %s does not answer like a FHIR server; give the FHIR base, below which /metadata stands", ErrNotRun, s.base)
	case missing == len(s.kinds) && about.status == http.StatusNotFound:
		return fmt.Errorf("%w: %s answers 404 to /metadata and to every type; is that the base, and is the clinic's name right?", ErrNotRun, s.base)
	case unauthorized == len(s.kinds):
		return fmt.Errorf("%w: the server refuses the token (401) for every type", ErrNotRun)
	}
	for _, typ := range append(mainTypes(), "Patient") {
		s.list(s.kinds[typ])
	}
	s.hiding = s.findHiding()
	return nil
}

// see searches a type plainly.
func (s *session) see(typ string) *kind {
	k := &kind{typ: typ, listed: map[string]bool{}}
	for _, query := range []string{fmt.Sprintf("_count=%d", pageSize), ""} {
		k.query = query
		k.plain = s.do(get("/" + typ + questioned(query)))
		if k.plain.isSearchset() || k.plain.err != nil || k.plain.status != http.StatusBadRequest {
			break
		}
	}
	if k.plain.isSearchset() {
		k.take(k.plain)
	}
	return k
}

func questioned(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

func (k *kind) take(a *answer) {
	k.pages = append(k.pages, a)
	for _, e := range a.matches() {
		if e.resource.Get("resourceType").Text() == k.typ && !k.listed[refOf(e.resource)] {
			k.listed[refOf(e.resource)] = true
			k.visible = append(k.visible, e.resource)
		}
	}
}

// list follows the next links to the end.
func (s *session) list(k *kind) {
	if !k.plain.isSearchset() {
		return
	}
	a := k.plain
	for range mostPages {
		next := a.link("next")
		if next == "" {
			k.complete = true
			return
		}
		if a = s.do(ask{link: next}); !a.isSearchset() {
			return
		}
		k.take(a)
	}
}

// sees is what the token sees, a line for each type that answers and one for those that do not.
func (s *session) sees() []string {
	var out, none []string
	for _, typ := range slices.Concat(mainTypes(), otherTypes()) {
		k := s.kinds[typ]
		switch {
		case k == nil:
		case len(k.visible) == 0:
			none = append(none, typ)
		case k.complete || k.plain.link("next") == "":
			out = append(out, fmt.Sprintf("%s: %d", typ, len(k.visible)))
		default:
			out = append(out, fmt.Sprintf("%s: %d and more", typ, len(k.visible)))
		}
	}
	if len(none) > 0 {
		out = append(out, "nothing of "+strings.Join(none, ", "))
	}
	return out
}

// denied reports whether nothing of a type is to be seen: the known-file says so, or plain requests give none.
func (s *session) denied(typ string) bool {
	if slices.Contains(s.Known.Types, typ) {
		return true
	}
	k := s.kinds[typ]
	return k == nil || len(k.visible) == 0
}

// unlisted reports whether a complete listing of a type lacks ref.
func (s *session) unlisted(typ, ref string) bool {
	k := s.kinds[typ]
	return k != nil && k.complete && len(k.visible) > 0 && !k.listed[ref]
}

// searched are the types of which something is visible.
func (s *session) searched() []*kind {
	var out []*kind
	for _, typ := range mainTypes() {
		if k := s.kinds[typ]; k != nil && len(k.visible) > 0 {
			out = append(out, k)
		}
	}
	return out
}

const nothingVisible = "the token sees no Appointment, Task or DocumentReference to hold an answer against"

// referred are the references to a type that visible resources hold, each once.
func (s *session) referred(typ string) []string {
	var out []string
	for _, k := range s.searched() {
		for _, r := range k.visible {
			eachReference(r, func(text string) {
				ref, ok := fhir.ParseRef(text)
				if name := ref.Type + "/" + ref.ID; ok && (typ == "" || ref.Type == typ) && !slices.Contains(out, name) {
					out = append(out, name)
				}
			})
		}
	}
	return out
}

func eachReference(v fhir.Value, yield func(string)) {
	for name, member := range v.Members() {
		for item := range member.Items() {
			switch {
			case name == "reference" && item.Kind() == fhir.String:
				yield(item.Text())
			case item.Kind() == fhir.Object:
				eachReference(item, yield)
			}
		}
	}
}

// findHiding collects what exists and cannot be read: what the known-file names, what visible resources refer to, and the
// neighbours of visible ids that end in digits, one of which may exist.
func (s *session) findHiding() []string {
	out := slices.Clone(s.Known.Resources)
	count := map[string]int{}
	add := func(ref string) {
		typ, _, _ := strings.Cut(ref, "/")
		if k := s.kinds[typ]; count[typ] >= mostHiding || slices.Contains(out, ref) || k != nil && k.listed[ref] {
			return
		}
		count[typ]++
		out = append(out, ref)
	}
	for _, ref := range s.referred("") {
		add(ref)
	}
	for _, k := range s.searched() {
		for _, r := range k.visible {
			for _, id := range neighbours(r.Get("id").Text()) {
				add(k.typ + "/" + id)
			}
		}
	}
	return out
}

// neighbours are the ids one before and one after an id that ends in digits.
func neighbours(id string) []string {
	head := strings.TrimRight(id, "0123456789")
	tail := id[len(head):]
	if tail == "" || len(tail) > 9 {
		return nil
	}
	var n int
	_, _ = fmt.Sscanf(tail, "%d", &n)
	return []string{fmt.Sprintf("%s%0*d", head, len(tail), n+1), fmt.Sprintf("%s%0*d", head, len(tail), max(0, n-1))}
}

// hidingOf are the candidates of a type, at most n.
func (s *session) hidingOf(typ string, n int) []string {
	var out []string
	for _, ref := range s.hiding {
		if strings.HasPrefix(ref, typ+"/") && len(out) < n {
			out = append(out, ref)
		}
	}
	return out
}

// hidingTypes are the types of all candidates, those of the known-file first.
func (s *session) hidingTypes() []string {
	var out []string
	for _, ref := range s.hiding {
		if typ, _, _ := strings.Cut(ref, "/"); !slices.Contains(out, typ) {
			out = append(out, typ)
		}
	}
	return out
}

// isHidden reports whether the known-file hides an element or one that it lies in.
func (s *session) isHidden(typ, path string) bool {
	return slices.ContainsFunc(s.Known.Elements[typ], func(h string) bool {
		return h == path || strings.HasPrefix(path, h+".")
	})
}

// hiddenParam is a search parameter that looks at what is not shown.
type hiddenParam struct {
	fhir.SearchParam
	typ   string
	known bool // the known-file says so; otherwise no visible resource shows it, which may mean that none has it
}

// hiddenParams are the parameters of a type that look at elements that are not shown, those of the known-file first.
func (s *session) hiddenParams(k *kind) []hiddenParam {
	var known, guessed []hiddenParam
	for _, p := range fhir.SearchParams(k.typ) {
		switch {
		case slices.ContainsFunc(p.Paths, func(path string) bool { return s.isHidden(k.typ, path) }):
			known = append(known, hiddenParam{p, k.typ, true})
		case strings.HasPrefix(p.Name, "_"):
		case !slices.ContainsFunc(k.visible, func(r fhir.Value) bool { return showsAny(r, p.Paths) }):
			guessed = append(guessed, hiddenParam{p, k.typ, false})
		}
	}
	return append(known, guessed...)
}

func showsAny(r fhir.Value, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool { return shows(r, path) })
}
