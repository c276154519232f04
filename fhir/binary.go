package fhir

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // Attachment.hash is SHA-1 (http://hl7.org/fhir/R4/datatypes-definitions.html#Attachment.hash)
	"encoding/base64"
	"encoding/json"
	"mime"
	"strconv"
	"strings"
)

// typBinary is the type under which the documents behind DocumentReferences are read. It is none of Types: nobody is granted
// Binaries, a document is read by who may read its DocumentReference with its documents.
const typBinary = "Binary"

// mostAttachments bounds the place of an attachment in a Binary's id.
const mostAttachments = 1000

// BinaryLink is the address, relative to the service base, of the document at content[index] of the DocumentReference with that
// id: "Binary/17.0". It is empty where there is none, because it would be no id any more
// (http://hl7.org/fhir/R4/datatypes.html#id).
func BinaryLink(document string, index int) string {
	id := document + "." + strconv.Itoa(index)
	if !ValidID(document) || !ValidID(id) || index < 0 || index >= mostAttachments {
		return ""
	}
	return typBinary + "/" + id
}

// parseBinaryID takes apart what BinaryLink puts together. The index is behind the last dot, because ids may hold dots.
func parseBinaryID(id string) (document string, index int, ok bool) {
	dot := strings.LastIndexByte(id, '.')
	if dot < 0 {
		return "", 0, false
	}
	index, err := strconv.Atoi(id[dot+1:])
	if err != nil || BinaryLink(id[:dot], index) != typBinary+"/"+id { // one document has one address: "17.00" is none
		return "", 0, false
	}
	return id[:dot], index, true
}

// Attachment is the attachment at content[index] of a DocumentReference; absent where there is none.
func (r Resource) Attachment(index int) Value {
	if r.IsZero() || r.Type() != "DocumentReference" {
		return Value{}
	}
	i := 0
	for content := range r.root.Get("content").Items() {
		if i == index {
			return content.Get("attachment")
		}
		i++
	}
	return Value{}
}

// IsIntact reports whether b is what an attachment says that it is, by its size and its SHA-1, as far as it says so.
func IsIntact(attachment Value, b []byte) bool {
	if size := attachment.Get("size"); size.Exists() && string(size.Raw()) != strconv.Itoa(len(b)) {
		return false
	}
	hash := attachment.Get("hash")
	if !hash.Exists() {
		return true
	}
	want, err := base64.StdEncoding.DecodeString(hash.Text())
	got := sha1.Sum(b) //nolint:gosec // as above: against accidents
	return err == nil && bytes.Equal(want, got[:])
}

// MediaOctets is the media type of a document that does not say what it is.
const MediaOctets = "application/octet-stream"

// mostMedia bounds a media type; longer than this is none that anybody has registered (RFC 6838 section 4.2).
const mostMedia = 255

// MediaType is what an attachment's contentType says, in its canonical form; MediaOctets where that is none. It holds nothing
// that could end a header.
func MediaType(contentType string) string {
	media, params, err := mime.ParseMediaType(contentType)
	major, minor, ok := strings.Cut(media, "/")
	if err != nil || !ok || major == "" || minor == "" || major == "*" || minor == "*" || len(contentType) > mostMedia {
		return MediaOctets
	}
	formatted := mime.FormatMediaType(media, params)
	if formatted == "" || len(formatted) > mostMedia {
		return MediaOctets
	}
	return formatted
}

// Binary is a document with what there is to say about it.
type Binary struct {
	ID      string
	Version string // of the DocumentReference; empty where there is none
	Media   string
	Subject Ref // the DocumentReference, whose access rules are the document's (Binary.securityContext)
	Data    []byte
}

// AppendTo appends the Binary resource in JSON (http://hl7.org/fhir/R4/binary.html) to dst.
func (b Binary) AppendTo(dst []byte) []byte {
	dst = append(append(dst, `{"resourceType":"Binary","id":`...), quoted(b.ID)...)
	if b.Version != "" {
		dst = append(append(append(dst, `,"meta":{"versionId":`...), quoted(b.Version)...), '}')
	}
	dst = append(append(dst, `,"contentType":`...), quoted(b.Media)...)
	dst = append(append(dst, `,"securityContext":{"reference":`...), quoted(Ref{Type: b.Subject.Type, ID: b.Subject.ID}.String())...)
	dst = append(dst, `},"data":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, b.Data)
	return append(dst, `"}`...)
}

func quoted(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return []byte(`""`)
	}
	return b
}
