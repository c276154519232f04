package audit_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vestibule/audit"
)

// What the quick decoder takes, the strict one takes too, with the same content: also of lines that nobody wrote.
func TestTheQuickDecoderTakesNothingThatTheStrictOneReadsOtherwise(t *testing.T) {
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 99).Draw(rt, "n")
		r := rapid.OneOf(rapid.Custom(anyRecord), rapid.SampledFrom([]audit.Record{read(n), denial(n), intent(n), settle(n, 7)})).Draw(rt, "record")
		line := audit.EncodeForTest(&r)
		for range rapid.IntRange(0, 2).Draw(rt, "changes") {
			at := rapid.IntRange(0, len(line)-1).Draw(rt, "at")
			part := rapid.SampledFrom([]string{"", ",", "{", "}", "[", "]", "\"", "0", "-", "\\", "\x00", "\xff", `,"salt":"x"`, `"removed":1`, "1e3", "true"}).Draw(rt, "part")
			line = append(line[:at:at], append([]byte(part), line[at+rapid.IntRange(0, min(3, len(line)-at)).Draw(rt, "cut"):]...)...)
		}
		sameAsStrict(rt, line, &taken)
	})
	if taken == 0 {
		t.Errorf("the quick decoder took nothing")
	}
}

func sameAsStrict(t interface{ Fatalf(string, ...any) }, line []byte, taken *int) {
	got, ok := audit.DecodeQuicklyForTest(line)
	if !ok {
		return
	}
	*taken++
	want, err := audit.DecodeStrictlyForTest(line)
	if err != nil {
		t.Fatalf("%s: taken, but %v", line, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s\n%s", line, diff)
	}
}

// Every member that a record has is one that the quick decoder knows: a new one must not make every line slow to read.
func TestTheQuickDecoderKnowsEveryMember(t *testing.T) {
	var r audit.Record
	fillAll(reflect.ValueOf(&r).Elem())
	r.Format = 1
	got, ok := audit.DecodeQuicklyForTest(audit.EncodeForTest(&r))
	if diff := cmp.Diff(r, got); !ok || diff != "" {
		t.Errorf("%v: %s\n%s", ok, diff, audit.EncodeForTest(&r))
	}
}

// Lines that the encoder does not write are left to the strict decoder, whatever it makes of them.
func TestTheQuickDecoderLeavesOtherFormsAlone(t *testing.T) {
	const line = `{"v":1,"salt":"s","id":"i","phase":"outcome","time":"2026-11-23T14:00:00.000Z","clinic":"c","status":200,"patients":["Patient/1"]}`
	if _, ok := audit.DecodeQuicklyForTest([]byte(line)); !ok {
		t.Fatal("not even the line itself is taken")
	}
	for name, c := range map[string][2]string{
		"a leading zero": {":200", ":0200"}, "a sign": {":200", ":-200"}, "a fraction": {":200", ":200.0"}, "no number": {":200", ":"},
		"a long number": {":200", ":2000000000000000000"}, "an escape": {`"c"`, `"\u0063"`}, "a control character": {`"c"`, "\"\x01\""},
		"bytes that are no text": {`"c"`, "\"\xff\""}, "an empty list": {`["Patient/1"]`, `[]`}, "a comma too many": {`"Patient/1"]`, `"Patient/1",]`},
		"another order": {`"salt":"s","id":"i"`, `"id":"i","salt":"s"`}, "a member twice": {`"salt":"s",`, `"salt":"s","salt":"s",`},
		"a space": {`,"id"`, `, "id"`}, "more behind it": {`]}`, `]}{}`}, "an unknown member": {`"status"`, `"state"`}, "no end": {`]}`, `]`},
		"no day": {"11-23T", "11-31T"}, "a time of another form": {"00.000Z", "00Z"}, "an empty object": {`,"status"`, `,"system":{},"status"`}, "null": {":200", ":null"},
	} {
		other := strings.Replace(line, c[0], c[1], 1)
		if _, ok := audit.DecodeQuicklyForTest([]byte(other)); ok || other == line {
			t.Errorf("%s is taken: %s", name, other)
		}
	}
}

// fillAll sets everything that v holds.
func fillAll(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text of ", v.Type(), " élan"))
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillAll(v.Index(0))
		fillAll(v.Index(1))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 23, 14, 0, 0, 7e6, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fillAll(v.Field(i))
		}
	}
}

func FuzzQuickDecoder(f *testing.F) {
	var r audit.Record
	fillAll(reflect.ValueOf(&r).Elem())
	f.Add(audit.EncodeForTest(&r))
	f.Add([]byte(`{"v":1,"salt":"","id":"a","phase":"b","time":"2026-11-23T14:00:00.000Z","clinic":"c"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		taken := 0
		sameAsStrict(t, line, &taken)
	})
}

func BenchmarkDecode(b *testing.B) {
	r := read(1)
	line := audit.EncodeForTest(&r)
	b.Run("quick", func(b *testing.B) {
		for b.Loop() {
			audit.DecodeQuicklyForTest(line)
		}
	})
	b.Run("strict", func(b *testing.B) {
		for b.Loop() {
			audit.DecodeStrictlyForTest(line)
		}
	})
}
