package adaptertest

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"vestibule/adapters"
	"vestibule/fhir"
)

// Accounted fails for every field of an EMR's JSON payload that is neither used nor reported as lost, and for every one that
// is both. It asks the translation itself: a field is used if the result changes (or becomes an error) when the field does.
// A loss covers its path and all below; paths leave lists out, so "content.lastName" is the lastName of every item of
// content. Fields that are null or empty say nothing and are passed over. What the losses are of the payload as it is, the
// translation says; more can be given, such as a Translator's.
func Accounted(t testing.TB, native []byte, translate Translation, more ...adapters.Loss) {
	t.Helper()
	before, losses, err := translate(native)
	if err != nil {
		t.Errorf("the payload cannot be translated: %v", err)
		return
	}
	root, err := fhir.Parse(native, fhir.Limits{})
	if err != nil {
		t.Errorf("the payload is no JSON: %v", err)
		return
	}
	losses = append(losses, more...)
	count := 0
	leaves(root, "", func(path string, v fhir.Value) {
		count++
		uses, lost := used(native, before, v, translate), covered(losses, path)
		switch {
		case !uses && !lost:
			t.Errorf("%s has no home in the result and is not reported as lost", path)
		case uses && lost:
			t.Errorf("%s is reported as lost, and the result depends on it", path)
		}
	})
	if count == 0 {
		t.Errorf("the payload holds nothing")
	}
}

// leaves calls found for every value of a document that says something.
func leaves(v fhir.Value, path string, found func(string, fhir.Value)) {
	switch v.Kind() {
	case fhir.Object:
		for name, m := range v.Members() {
			leaves(m, strings.TrimPrefix(path+"."+name, "."), found)
		}
	case fhir.Array:
		for item := range v.Items() {
			leaves(item, path, found)
		}
	case fhir.Null, fhir.Absent:
	case fhir.String:
		if v.Text() != "" {
			found(path, v)
		}
	default:
		found(path, v)
	}
}

func covered(losses []adapters.Loss, path string) bool {
	for _, l := range losses {
		if path == l.Path || strings.HasPrefix(path, l.Path+".") {
			return true
		}
	}
	return false
}

// used reports whether another value in the place of v makes another result.
func used(native, before []byte, v fhir.Value, translate Translation) bool {
	start, end := v.Span()
	for _, other := range others(v) {
		changed := bytes.Join([][]byte{native[:start], []byte(other), native[end:]}, nil)
		after, _, err := translate(changed)
		if err != nil || !bytes.Equal(before, after) {
			return true
		}
	}
	return false
}

// others are values that could stand in the place of v: near ones, which are likely to be understood, first.
func others(v fhir.Value) []string {
	switch v.Kind() {
	case fhir.True:
		return []string{"false", "null"}
	case fhir.False:
		return []string{"true", "null"}
	case fhir.Number:
		n, err := strconv.ParseInt(string(v.Raw()), 10, 64)
		if err != nil {
			return []string{"0", "1", "null"}
		}
		return []string{strconv.FormatInt(n+1, 10), strconv.FormatInt(n+86_400_000, 10), strconv.FormatInt(n+1000, 10), "0", "null"}
	}
	s := []byte(v.Text())
	out := []string{quote(string(s) + "x")}
	for i := len(s) - 1; i >= 0; i-- { // another digit, which keeps a date a date
		if s[i] >= '0' && s[i] <= '9' {
			other := bytes.Clone(s)
			other[i] = '0' + (s[i]-'0'+1)%10
			out = append(out, quote(string(other)))
		}
	}
	return append(out, `"x"`, `""`, "null")
}
