package probe

import (
	"bytes"
	"slices"
	"strings"
)

// writeProbes try writes, only with Options.Writes, and only on the resource that the known-file gives for it; what they
// change they put back (hazards H9, H11, H12).
func writeProbes() []Probe {
	writing := func(name, hazard, shows string, try func(t *trial, w *scratch)) Probe {
		return Probe{Name: name, Hazard: hazard, Shows: shows, none: noHiding, try: func(t *trial) {
			if w := t.scratch(); w != nil {
				try(t, w)
			}
		}}
	}
	return []Probe{
		writing("write-duplicate-members", "H11", "Whether a write with a member twice is taken: of two readers each takes another one.", func(t *trial, w *scratch) {
			body := insert(w.body, `"language":"en","language":"fr",`)
			w.accepted(t, w.put(body), "a body that holds a member twice is taken")
		}),
		writing("write-escaped-members", "H11", "Whether an element that may not be written is taken when its name is spelled with an escape.", escapedWrite),
		writing("write-deep-nesting", "H11", "Whether a body nested a thousand deep is taken.", func(t *trial, w *scratch) {
			deep := strings.Repeat(`{"url":"urn:zqx","extension":[`, 1000) + `{"url":"urn:zqx","valueBoolean":true}` + strings.Repeat(`]}`, 1000)
			w.accepted(t, w.put(insert(w.body, `"extension":[`+deep+`],`)), "a body nested a thousand deep is taken")
		}),
		writing("write-hidden-element", "H12", "Whether an element that the known-file hides can be written by a caller who does not see it.", func(t *trial, w *scratch) {
			name := t.hiddenName(w)
			if name == "" {
				t.note(NotApplicable, "the known-file hides no text of "+w.typ+" at the top that the scratch resource does not show")
				return
			}
			w.accepted(t, w.put(insert(w.body, `"`+name+`":"zqx vestibule probe",`)), "an element that is hidden is written")
		}),
		writing("write-stale", "H12", "Whether a change based on a version that never was is taken, over what somebody else has written.", func(t *trial, w *scratch) {
			stale := w.put(w.body)
			stale.headers = []string{"If-Match", `W/"zqx-vestibule"`}
			w.accepted(t, stale, "a change based on a version that never was is taken")
		}),
		writing("write-erases", "H12", "Whether sending back a part, as a caller sees it, erases the rest.", erases),
		writing("exists-update", "H9", "Whether a write tells an id that exists out of reach from one that nobody has. Its body is no JSON, so that nobody can take it.", func(t *trial, _ *scratch) {
			for _, method := range []string{"PUT", "PATCH"} {
				t.twins(func(typ string) ask {
					return ask{method: method, path: "/" + typ + "/{}", body: "{", headers: []string{"If-Match", `W/"zqx-vestibule"`}}
				}, differentAtAll)
			}
		}),
		writing("conditional-create", "H1", "Whether If-None-Exist tells what exists out of reach. A server that does not honour it may store two empty resources, entered in error.", func(t *trial, w *scratch) {
			way := func(typ string) ask {
				return ask{method: "POST", path: "/" + typ, body: `{"resourceType":"` + typ + `","status":"entered-in-error"}`, exist: "_id={}"}
			}
			for _, ref := range t.hidingOf(w.typ, 1) {
				t.twin(way, differentAtAll, w.typ, ref)
			}
		}),
	}
}

// scratch is the resource that may be spoilt, as it is read now.
type scratch struct {
	typ, id string
	read    *answer
	body    string
}

func (t *trial) scratch() *scratch {
	if !t.Writes || t.Known.Scratch == "" {
		t.note(NotApplicable, "writes are tried only with --writes, on the resource that the known-file names as scratch")
		return nil
	}
	w := &scratch{}
	w.typ, w.id, _ = strings.Cut(t.Known.Scratch, "/")
	if w.read = t.do(get("/{}", t.Known.Scratch)); !w.read.good() || refOf(w.read.doc) != t.Known.Scratch {
		t.note(NotApplicable, "the scratch resource cannot be read")
		return nil
	}
	w.body = string(bytes.TrimSpace(w.read.body))
	return w
}

// put is an update of the scratch resource on the version that was read.
func (w *scratch) put(body string) ask {
	a := ask{method: "PUT", path: "/{}", args: []string{w.typ + "/" + w.id}, body: "{}", filled: []string{body}}
	if tag := w.read.header.Get("ETag"); tag != "" {
		a = a.with("If-Match", tag)
	}
	return a
}

// insert puts members in front of those of a JSON object.
func insert(body, members string) string {
	return strings.Replace(body, "{", "{"+members, 1)
}

// accepted sends a write that has to be refused; where it is taken, the resource is put back.
func (w *scratch) accepted(t *trial, a ask, leak string) bool {
	got := t.do(a)
	switch {
	case t.over() || t.failed(got):
		return false
	case !got.good():
		t.note(OK, "refused")
		return false
	}
	t.note(Leak, leak, got)
	w.restore(t)
	return true
}

// restore writes back what was read at first.
func (w *scratch) restore(t *trial) {
	now := t.do(get("/{}", w.typ+"/"+w.id))
	back := scratch{typ: w.typ, id: w.id, read: now}
	if got := t.do(back.put(w.body)); !got.good() {
		t.note(Warning, "the scratch resource could not be put back", got)
	}
}

// hiddenName is a hidden element at the top of the scratch resource's type that takes a text and is not shown.
func (t *trial) hiddenName(w *scratch) string {
	for _, path := range t.Known.Elements[w.typ] {
		if slices.Contains([]string{"comment", "description", "patientInstruction", "implicitRules", "language"}, path) && !shows(w.read.doc, path) {
			return path
		}
	}
	return ""
}

func escapedWrite(t *trial, w *scratch) {
	name := t.hiddenName(w)
	if name == "" {
		name = "implicitRules"
	}
	control := t.do(w.put(insert(w.body, `"`+name+`":"urn:zqx:vestibule-probe",`)))
	if control.good() {
		w.restore(t)
		t.note(NotApplicable, "the element may be written under its own name")
		return
	}
	spelled := `\u00` + strings.ToLower(hexed(name[0])[1:]) + name[1:]
	w.accepted(t, w.put(insert(w.body, `"`+spelled+`":"urn:zqx:vestibule-probe",`)), "an element that is refused under its name is taken with an escape in it")
}

// erases sends back id, type and status alone, and looks whether the rest is still there.
func erases(t *trial, w *scratch) {
	status := string(rawOf(w.read.doc.Get("status")))
	if status == "" {
		t.note(NotApplicable, "the scratch resource has no status")
		return
	}
	part := `{"resourceType":"` + w.typ + `","id":"` + w.id + `","meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]},"status":` + status + `}`
	got := t.do(w.put(part))
	if t.over() || t.failed(got) {
		return
	}
	if !got.good() {
		t.note(OK, "refused")
		return
	}
	after := t.do(get("/{}", w.typ+"/"+w.id))
	for name := range w.read.doc.Members() {
		if name != "meta" && !after.doc.Get(name).Exists() {
			t.note(Leak, "sending back a part that says SUBSETTED erased the rest", got, after)
			w.restore(t)
			return
		}
	}
	t.note(OK, "what was not sent back is still there")
}
