package fhir

import (
	"encoding/json"
	"fmt"
	"mime"
	"strings"
	"testing"
	"time"
)

func TestADocumentHasOneAddress(t *testing.T) {
	for id, want := range map[string]struct {
		document string
		index    int
	}{"17.0": {"17", 0}, "17.999": {"17", 999}, "a.b.3": {"a.b", 3}, "1.0.0": {"1.0", 0}, strings.Repeat("x", 62) + ".0": {strings.Repeat("x", 62), 0}} {
		in, err := ParseInteraction("GET", "/Binary/"+id, "", "", time.UTC)
		if err != nil || in.Kind != InteractionRead || in.Type != "DocumentReference" || !in.Opens || in.ID != want.document || in.Attachment != want.index {
			t.Errorf("%s: %+v, %v", id, in, err)
		}
		if got := BinaryLink(in.ID, in.Attachment); got != "Binary/"+id {
			t.Errorf("%s comes back as %s", id, got)
		}
	}
	for _, id := range []string{".a", "..0", "x", "x.", ".0", "x.-1", "x.00", "x.01", "x.1e3", "x.0x1", "x.1000", "x.99999999999999999999", "x.0.", "x.0-", strings.Repeat("x", 63) + ".0", "a_b.0"} {
		in, err := ParseInteraction("GET", "/Binary/"+id, "", "", time.UTC)
		if err == nil || AsError(err).Reason() != "invalid-id" || in.Opens || in.ID != "" || in.Type != "Binary" {
			t.Errorf("%q: %+v, %v", id, in, err)
		}
	}
	for _, id := range []string{".", "..", "x.+1", "x.1%30", "x%2e0", "x. 1", "x.1/", ""} {
		if in, err := ParseInteraction("GET", "/Binary/"+id, "", "", time.UTC); err == nil || in.Opens {
			t.Errorf("%q: %+v", id, in)
		}
	}
	for _, link := range []string{BinaryLink("", 0), BinaryLink("x", -1), BinaryLink("x", 1000), BinaryLink("a/b", 0), BinaryLink(strings.Repeat("x", 63), 0), BinaryLink(strings.Repeat("x", 62), 10)} {
		if link != "" {
			t.Errorf("%s is an address", link)
		}
	}
}

func TestNothingButReadingIsServedOfBinary(t *testing.T) {
	for _, q := range [][2]string{{"GET", "/Binary"}, {"POST", "/Binary"}, {"POST", "/Binary/_search"}, {"PUT", "/Binary/1.0"}, {"DELETE", "/Binary/1.0"}, {"PATCH", "/Binary/1.0"}, {"HEAD", "/Binary/1.0"},
		{"GET", "/Binary/1.0/_history"}, {"GET", "/Binary/1.0/_history/1"}, {"GET", "/Binary/_history"}, {"GET", "/Binary/$x"}, {"GET", "/Binary/1.0/$x"}, {"GET", "/Binary/_search"}} {
		in, err := ParseInteraction(q[0], q[1], "", "", time.UTC)
		if err == nil || AsError(err).Reason() != "type-not-supported" || KindOf(err) != KindNotFound || in.Opens || in.Kind != "" || !strings.Contains(AsError(err).Text, "GET Binary/{id}") {
			t.Errorf("%v: %+v, %v", q, in, err)
		}
	}
	in, err := ParseInteraction("GET", "/Binary/1.0", "_format=json", "", time.UTC)
	if err != nil || !in.Formatted {
		t.Errorf("%+v, %v", in, err)
	}
	if _, err = ParseInteraction("GET", "/Binary/1.0", "_format=pdf", "", time.UTC); err == nil {
		t.Error("_format=pdf is no FHIR format")
	}
}

// Hazard H10: of the addresses of documents only the gateway's own is shown, at its place, to who is shown the document.
func TestH10OnlyTheGatewaysOwnAddressesAreShown(t *testing.T) {
	for _, c := range []struct {
		url   string // of the second of two documents of DocumentReference/17
		shown bool
	}{
		{`"Binary/17.1"`, true}, {`"Binar\u0079/17.1"`, true},
		{`"Binary/17.0"`, false}, {`"Binary/17.2"`, false}, {`"Binary/18.1"`, false}, {`"Binary/17.01"`, false}, {`"Binary/17.1?x"`, false}, {`"https://emr.example/Binary/17.1"`, false},
		{`"/Binary/17.1"`, false}, {`"binary/17.1"`, false}, {`["Binary/17.1"]`, false}, {`{"x":"Binary/17.1"}`, false}, {`""`, false},
	} {
		r, err := ParseResource(fmt.Appendf(nil, `{"resourceType":"DocumentReference","id":"17","content":[{"attachment":{"title":"a"}},{"attachment":{"title":"b","url":%s},"url":"Binary/17.1"}],"url":"Binary/17.1"}`, c.url), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		list, err := NewElements("DocumentReference", "content")
		if err != nil {
			t.Fatal(err)
		}
		for name, e := range map[string]Elements{"all": AllElements("DocumentReference"), "a list": list} {
			if without := r.Cut(e).AppendTo(nil); strings.Contains(string(without), `"b","url"`) {
				t.Errorf("%s, without documents: %s", name, without)
			}
			with := r.Cut(e.WithContent())
			if got := strings.Contains(string(with.AppendTo(nil)), `"b","url"`); got != c.shown {
				t.Errorf("%s, with documents: %s", name, with.AppendTo(nil))
			}
			if name == "all" && with.IsWhole() != c.shown {
				t.Errorf("%s: whole: %v", c.url, with.IsWhole())
			}
		}
	}
}

func TestADocumentIsHeldAgainstWhatIsSaidOfIt(t *testing.T) {
	for attachment, want := range map[string]bool{
		`{}`: true, `{"size":3}`: true, `{"size":3,"hash":"qZk+NkcGgWq6PiVxeFDCbJzQ2J0="}`: true, `{"hash":"qZk+NkcGgWq6PiVxeFDCbJzQ2J0="}`: true,
		`{"size":2}`: false, `{"size":"3"}`: false, `{"size":3.0}`: false, `{"size":null}`: false, `{"hash":"aZk+NkcGgWq6PiVxeFDCbJzQ2J0="}`: false, `{"hash":""}`: false, `{"hash":7}`: false,
		`{"hash":"a9993e364706816aba3e25717850c26c9cd0d89d"}`: false,
	} {
		v, err := Parse([]byte(attachment), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := IsIntact(v, []byte("abc")); got != want {
			t.Errorf("%s: %v", attachment, got)
		}
	}
	if !IsIntact(Value{}, nil) {
		t.Error("of nothing nothing is said")
	}
}

// mediaTypes are contentTypes with what is made of them.
var mediaTypes = map[string]string{
	"application/pdf": "application/pdf", "Text/Plain; Charset=UTF-8": "text/plain; charset=UTF-8", `text/plain; x="a b"`: `text/plain; x="a b"`,
	"": MediaOctets, "pdf": MediaOctets, "text/plain\r\nSet-Cookie: a=b": MediaOctets, "text/html\n": "text/html", "a/b/c": MediaOctets, "*/*": MediaOctets, "image/*": MediaOctets, "/": MediaOctets, "text/": MediaOctets,
	"text/plain; x=\"a\r\nSet-Cookie: b\"": MediaOctets, "text/plain; x": MediaOctets, "application/" + strings.Repeat("x", 300): MediaOctets, "text/plän": MediaOctets, "text/plain, text/html": MediaOctets,
}

func TestAContentTypeIsAMediaTypeOrNothing(t *testing.T) {
	for in, want := range mediaTypes {
		if got := MediaType(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func FuzzMediaType(f *testing.F) {
	for in := range mediaTypes {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := MediaType(in)
		media, _, err := mime.ParseMediaType(got)
		if err != nil || strings.Count(media, "/") != 1 || len(got) > mostMedia || MediaType(got) != got {
			t.Errorf("%q is %q: %v", in, got, err)
		}
		for i := range len(got) {
			if got[i] < ' ' || got[i] > '~' {
				t.Errorf("%q is %q", in, got)
			}
		}
	})
}

func FuzzBinaryID(f *testing.F) {
	for _, id := range []string{"17.0", "a.b.3", ".", "x.", "x.-1", "x.00", "x.1e3", "..0", "1.0.0"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		in, err := ParseInteraction("GET", "/Binary/"+id, "", "", time.UTC)
		if in.Opens != (err == nil) {
			t.Fatalf("%q: %+v, %v", id, in, err)
		}
		if in.Opens && (BinaryLink(in.ID, in.Attachment) != "Binary/"+id || !ValidID(in.ID) || in.Type != "DocumentReference") {
			t.Errorf("%q: %+v", id, in)
		}
	})
}

func TestABinaryIsJSONWhateverItHolds(t *testing.T) {
	b := Binary{ID: "1.0", Version: "\"<", Media: `text/plain; x="a\"b"`, Subject: Ref{Type: "DocumentReference", ID: "1", Version: "3"}, Data: []byte{0, 255, '"'}}
	var got struct {
		ResourceType, ID, ContentType string
		Meta                          struct{ VersionID string }
		SecurityContext               struct{ Reference string }
		Data                          []byte
	}
	if err := json.Unmarshal(b.AppendTo(nil), &got); err != nil {
		t.Fatal(err)
	}
	if got.ResourceType != "Binary" || got.ID != "1.0" || got.Meta.VersionID != b.Version || got.ContentType != b.Media || got.SecurityContext.Reference != "DocumentReference/1" || string(got.Data) != string(b.Data) {
		t.Errorf("%+v", got)
	}
	if b.Version = ""; strings.Contains(string(b.AppendTo(nil)), "meta") {
		t.Error("a version that is not there")
	}
}
