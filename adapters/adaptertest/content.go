package adaptertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"vestibule/adapters"
	"vestibule/fhir"
)

func contentPromises() []promise {
	read := []need{does(fhir.InteractionRead)}
	return []promise{
		{name: "a document's content comes byte for byte", needs: read, optional: opensContent, keep: contentArrives},
		{name: "content that is not there is not found", needs: read, optional: opensContent, keep: absentContent},
		{name: "an EMR's fault never makes content short, and becomes the right kind of error", needs: read, optional: opensContent, keep: contentFaults},
		{name: "a caller who leaves content is let go at once", needs: read, optional: opensContent, keep: contentLeft},
	}
}

// opensContent is why content cannot be tried; "" where it can.
func opensContent(a adapters.EMR, typ string) string {
	_, opens := a.(adapters.Content)
	switch {
	case typ != "DocumentReference":
		return "only documents have content"
	case !opens:
		return "the adapter is no adapters.Content"
	}
	return ""
}

// document puts a document with that content in and reads its DocumentReference.
func (s *suite) document(t T, h subject, a adapters.EMR, content []byte) fhir.Resource {
	t.Helper()
	if h.Attach == nil {
		t.Fatalf("World.Types[%q] needs Attach, because the adapter opens content", h.Name)
	}
	return s.read(t, a, h, h.Attach(t, s.draft(t), "application/pdf", content))
}

// load opens and reads content to its end.
func load(ctx context.Context, a adapters.EMR, doc fhir.Resource, index int) ([]byte, error) {
	r, err := a.(*watched).Open(ctx, doc, index)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// bytesOf are n bytes of every value.
func bytesOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*31 + i>>8)
	}
	return b
}

func contentArrives(t T, s *suite, h subject) {
	a := s.direct(t)
	for name, content := range map[string][]byte{
		"one byte": {0}, "every byte": bytesOf(256), "a page": bytesOf(70_000), "a scan": bytesOf(900_000),
		"text": []byte("Élève, « œ » et 🩺\r\n"), "markup": []byte("]]></fileContents><a>&amp;"), "base64 itself": []byte("SGVsbG8="),
	} {
		doc := s.document(t, h, a, content)
		if got := text(doc, "content.attachment.contentType"); got != "application/pdf" {
			t.Errorf("%s: it is said to be %q", name, got)
		}
		for _, other := range []adapters.EMR{a, s.direct(t)} {
			got, err := load(background(), other, doc, 0)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: %d bytes in, %d out (the same: %v), %v", name, len(content), len(got), bytes.Equal(got, content), err)
			}
		}
		r, err := a.(*watched).Open(background(), doc, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: closed unread: %v", name, err)
		}
	}
}

func absentContent(t T, s *suite, h subject) {
	a := s.direct(t)
	doc := s.document(t, h, a, bytesOf(10))
	for _, index := range []int{-1, 1, 99, 1 << 40} {
		_, err := load(background(), a, doc, index)
		wantError(t, fmt.Sprint("content ", index), err, is(fhir.KindNotFound, "not-found"))
	}
	gone := withText(t, doc, "id", "999999995")
	for _, attachment := range []string{`{"contentType":"application/pdf"}`, `{"url":"Binary/999999995"}`, `{"url":"https://elsewhere.example.test/x"}`, `{"url":"../../etc/hostname"}`, `{"data":"!"}`} {
		none := withMember(t, gone, "content", `[{"attachment":`+attachment+`}]`)
		b, err := load(background(), a, none, 0)
		if err == nil {
			t.Errorf("%d bytes of %s", len(b), attachment)
			continue
		}
		wantError(t, attachment, err, is(fhir.KindNotFound), is(fhir.KindUpstream), is(fhir.KindNotSupported), is(fhir.KindStale), is(fhir.KindConflict))
	}
}

func contentFaults(t T, s *suite, h subject) {
	for _, row := range faultRows() {
		t.Run(row.name, func(t T) {
			limit := longTime
			if row.lasts {
				limit = shortTime
			}
			p := s.proxy(t, s.world)
			a := s.open(t, Opening{Base: p.base(s.world), Timeout: limit, MaxBody: 1 << 20})
			doc := s.document(t, h, s.direct(t), bytesOf(100_000))
			if inline(doc) {
				return // there is no request that could fail
			}
			inTime(t, func() error {
				_, err := a.Read(background(), fhir.Ref{Type: h.Name, ID: doc.ID()})
				return err
			})
			p.always(row.fault)
			began := time.Now()
			b, err := load(background(), a, doc, 0)
			if err == nil {
				t.Errorf("%d bytes, though every answer was broken", len(b))
				return
			}
			wantError(t, row.name, err, row.read...)
			if took := time.Since(began); took > limit+patience {
				t.Errorf("it took %s", took)
			}
		})
	}
	p := s.proxy(t, s.world)
	large := s.document(t, h, s.direct(t), bytesOf(3<<20))
	if inline(large) {
		return
	}
	if _, err := load(background(), s.open(t, Opening{Base: p.base(s.world), MaxBody: 1 << 20}), large, 0); err == nil || !strings.HasPrefix(fhir.AsError(err).Code, "emr-answer-") {
		t.Errorf("content over the limit: %v", err)
	}
}

// inline reports whether a DocumentReference carries its content in itself.
func inline(doc fhir.Resource) bool {
	return walk(doc.Value(), func(name string, v fhir.Value) bool { return name == "data" && v.Kind() == fhir.String })
}

func contentLeft(t T, s *suite, h subject) {
	p := s.proxy(t, s.world)
	a := s.open(t, Opening{Base: p.base(s.world), Timeout: time.Minute})
	doc := s.document(t, h, a, bytesOf(100_000))
	for _, f := range []fault{silence, drip} {
		p.always(f)
		ctx, leave := context.WithTimeout(background(), 100*time.Millisecond)
		result := make(chan error, 1)
		go func() { _, err := load(ctx, a, doc, 0); result <- err }()
		select {
		case err := <-result:
			if err != nil {
				wantError(t, "content that was left", err, is(fhir.KindTimeout, "emr-timeout"))
			}
		case <-time.After(patience):
			t.Fatalf("content goes on %s after its caller left", patience)
		}
		leave()
	}
}
