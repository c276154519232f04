package server

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"vestibule"
)

// documentHeaders keep a browser from taking a document, which somebody outside wrote and of which nobody knows what is in it,
// for a page of the gateway's: it is saved, not shown, as what it says it is, and runs nothing.
func documentHeaders(h http.Header) {
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

// mostRanges bounds how many media ranges of an Accept header are looked at.
const mostRanges = 32

// mediaRange is one of the media ranges that a caller accepts (RFC 9110 section 12.5.1).
type mediaRange struct {
	media string // "application/pdf", "image/*", "*/*"
	q     float64
}

// wanted reads in which form a document is wanted: a Binary resource where FHIR JSON is named, in _format or in Accept, its bytes
// where their type is (http://hl7.org/fhir/R4/binary.html#rest); of both, what is preferred.
func wanted(accept string, formatted bool) func(media string) vestibule.Form {
	ranges := mediaRanges(accept)
	return func(media string) vestibule.Form {
		if formatted {
			return vestibule.FormResource
		}
		if len(ranges) == 0 {
			return vestibule.FormBytes
		}
		bytes, resource := quality(ranges, media), named(ranges, "application/fhir+json")
		switch {
		case resource > 0 && resource >= bytes:
			return vestibule.FormResource
		case bytes > 0:
			return vestibule.FormBytes
		case quality(ranges, "application/json") > 0, quality(ranges, "application/fhir+json") > 0:
			return vestibule.FormResource
		}
		return vestibule.FormNone
	}
}

func mediaRanges(accept string) (out []mediaRange) {
	for part := range strings.SplitSeq(accept, ",") {
		if part = strings.TrimSpace(part); part == "" || len(out) == mostRanges {
			continue
		}
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			media, _, _ = strings.Cut(part, ";")
			media, params = strings.ToLower(strings.TrimSpace(media)), nil
		}
		r := mediaRange{media, 1}
		if text, given := params["q"]; given {
			if q, err := strconv.ParseFloat(text, 64); err == nil && q >= 0 && q <= 1 {
				r.q = q
			}
		}
		out = append(out, r)
	}
	return out
}

// named is how much a media type is wanted by its own name; 0 where it is not named.
func named(ranges []mediaRange, media string) (q float64) {
	for _, r := range ranges {
		if r.media == media {
			q = max(q, r.q)
		}
	}
	return q
}

// quality is how much a media type is wanted: what is said of it by name counts, else of its kind, else of everything.
func quality(ranges []mediaRange, media string) float64 {
	media, _, _ = strings.Cut(media, ";")
	major, _, _ := strings.Cut(media, "/")
	for _, name := range []string{media, major + "/*", "*/*"} {
		if slices.ContainsFunc(ranges, func(r mediaRange) bool { return r.media == name }) {
			return named(ranges, name)
		}
	}
	return 0
}
