package policy

import (
	"slices"
	"strings"

	"vestibule/fhir"
)

const (
	typDocument = "DocumentReference"
	ofDocument  = "content.attachment.data" // shown by content: true, and by nothing else
	ofMedia     = "content.attachment.contentType"
)

// opening is what is known of a document that may be opened.
type opening struct {
	index int
	media string // MediaOctets where the caller is not shown of which type it is
}

// Opened is a document itself that may leave. Only Released.Open makes one that holds a document; the zero Opened holds none.
type Opened struct {
	of   *opening
	what fhir.Binary
}

// opens reports whether the permission serves the request and shows documents.
func (c *candidate) opens() bool { return c.serves && c.perm.shown.Shows(ofDocument) }

// opensAny reports whether some candidate lets documents be opened.
func (a *reach) opensAny() bool {
	return slices.ContainsFunc(a.candidates, func(c candidate) bool { return c.opens() })
}

// opening releases a document of r for opening, where v shows it.
func (p *plan) opening(r fhir.Resource, v *view) (Released, []Reason) {
	if !v.elements.Shows(ofDocument) {
		return Released{}, []Reason{p.contentNotGranted(v.reasons)}
	}
	o := &opening{index: p.req.Interaction.Attachment, media: fhir.MediaOctets}
	if v.elements.Shows(ofMedia) {
		o.media = fhir.MediaType(r.Attachment(o.index).Get("contentType").Text())
	}
	return Released{cut: r.Cut(fhir.Elements{}), patients: patientsOf(r), grants: v.grants, opens: o}, v.reasons
}

// contentNotGranted is why a document is not opened of which the caller is shown something. matching are the permissions by which;
// the text depends on the caller's grants alone.
func (p *plan) contentNotGranted(matching []Reason) Reason {
	r := because(CodeContentNotGranted)
	if len(matching) > 0 {
		r.Grant, r.Detail = matching[0].Grant, matching[0].Detail
	}
	var names []string
	for _, cite := range citesOf(p.use.reasons(func(c *candidate) bool { return c.serves && !c.opens() })) {
		name, _, _ := strings.Cut(cite, "@")
		names = append(names, name)
	}
	if len(names) > mostNamed {
		names = append(names[:mostNamed], "and more")
	}
	r.Text = "You are shown what is known about documents by " + strings.Join(names, ", ") + ", not the documents themselves. Ask the clinic for a permission with content: true."
	return r
}

// Media is the media type of a document that may be opened, as far as the caller is shown it; empty where none may be.
func (r Released) Media() string {
	if r.opens == nil {
		return ""
	}
	return r.opens.media
}

// Open is the document that was released for opening; the zero Opened where r is something else. b is what an EMR opened for the
// resource that was released, in that very version.
func (r Released) Open(b []byte) Opened {
	if r.opens == nil || r.IsZero() {
		return Opened{}
	}
	ref := r.Ref()
	id := strings.TrimPrefix(fhir.BinaryLink(ref.ID, r.opens.index), "Binary/")
	return Opened{of: r.opens, what: fhir.Binary{ID: id, Version: ref.Version, Media: r.opens.media, Subject: ref, Data: b}}
}

// IsZero reports whether nothing may leave.
func (o Opened) IsZero() bool { return o.of == nil }

// Media is the media type of the bytes.
func (o Opened) Media() string { return o.what.Media }

// AppendBytes appends the document as it is to dst.
func (o Opened) AppendBytes(dst []byte) []byte { return append(dst, o.what.Data...) }

// AppendBinary appends the document to dst as a Binary resource in JSON.
func (o Opened) AppendBinary(dst []byte) []byte {
	if o.IsZero() {
		return dst
	}
	return o.what.AppendTo(dst)
}
