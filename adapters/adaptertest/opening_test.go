package adaptertest_test

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"unicode/utf8"

	"vestibule/adapters"
	"vestibule/fhir"
)

// opening is an adapter whose resources do not carry their content: opening it is a request of its own.
type opening struct {
	mutant
	open func(context.Context, fhir.Resource, int) (io.ReadCloser, error)
}

func (o opening) Open(ctx context.Context, doc fhir.Resource, index int) (io.ReadCloser, error) {
	return o.open(ctx, doc, index)
}

// opens makes of an adapter whose resources carry their content one whose resources do not, and breaks it.
func opens(a adapters.EMR, breakIt func(io.ReadCloser, error) (io.ReadCloser, error)) adapters.EMR {
	data := regexp.MustCompile(`,"data":"[^"]*"`)
	o := opening{mutant: reading(a, func(s string) string { return data.ReplaceAllString(s, "") })}
	o.open = func(ctx context.Context, doc fhir.Resource, index int) (io.ReadCloser, error) {
		whole, err := a.Read(ctx, doc.Ref())
		if err != nil {
			return breakIt(nil, err)
		}
		return breakIt(a.(adapters.Content).Open(ctx, whole, index))
	}
	return o
}

func asItIs(r io.ReadCloser, err error) (io.ReadCloser, error) { return r, err }

// short is content without its last byte.
func short(r io.ReadCloser, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	b, _ := io.ReadAll(r)
	return io.NopCloser(bytes.NewReader(b[:len(b)-1])), r.Close()
}

// nothing is no content where there should be an error.
func nothing(r io.ReadCloser, err error) (io.ReadCloser, error) {
	if err != nil {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	return r, nil
}

// deafOpening does not hear that its caller leaves.
func deafOpening(a adapters.EMR) adapters.EMR {
	o := opens(a, asItIs).(opening)
	good := o.open
	o.open = func(ctx context.Context, doc fhir.Resource, index int) (io.ReadCloser, error) {
		return good(context.WithoutCancel(ctx), doc, index)
	}
	return o
}

// translator is an adapter that lists losses.
type translator struct {
	adapters.EMR
	losses []adapters.Loss
}

func (t translator) Losses(string) []adapters.Loss { return t.losses }

// limited is an adapter for an EMR whose column holds so many characters.
func limited(a adapters.EMR, most int, path string) mutant {
	return mutant{EMR: a, write: func(ctx context.Context, c fhir.Change) (fhir.Resource, error) {
		if utf8.RuneCountInString(c.Resource.Value().Get("description").Text()) > most {
			return fhir.Resource{}, fhir.E("limited", fhir.KindUnprocessable, "emr-refused", "The text is too long for this EMR. Shorten it.").At(path)
		}
		return a.Write(ctx, c)
	}}
}
