package fhir

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// documents is a compact suite of the cases in which JSON parsers are known to differ.
var documents = map[string]struct{ accept, refuse []string }{
	"structure": {
		accept: []string{`{}`, `[]`, ` { } `, "\t[\r\n]", `[[]]`, `{"a":{}}`, `[{},[],""]`, `null`, `true`, `false`, `0`, `""`, `{"":0}`, "[1\t,\n2]"},
		refuse: []string{``, ` `, `{`, `}`, `[`, `]`, `[}`, `{]`, `[,]`, `[1,]`, `[,1]`, `[1,,2]`, `[1 2]`, `{,}`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{"a",1}`,
			`{"a" 1}`, `{"a":1 "b":2}`, `{"a"::1}`, `{1:1}`, `{a:1}`, `{'a':1}`, `{"a":1;}`, `["a":1]`, `[1:2]`, `{null:1}`, `[1`, `{"a":1`, `{"a":`, `{"a`, `[1,`, `{"a":1,`,
			`[1}`, `{"a":1]`},
	},
	"words": {
		refuse: []string{`nul`, `nulll`, `NULL`, `True`, `tru`, `fals`, `falsee`, `NaN`, `Infinity`, `-Infinity`, `undefined`, `n`, `t`, `f`, `[nul]`, `{"a":tru}`},
	},
	"trailing data": {
		accept: []string{"{}\n", "{} \t\r\n"},
		refuse: []string{`{}{}`, `{} x`, `[]]`, `1 2`, `""""`, `{}#`, `{}/**/`, "{}\x00", "{}\x0b", "{}\u00a0", `null,`, "\ufeff{}", "{}\ufeff", "\u2028{}"},
	},
	"comments": {
		refuse: []string{`/**/{}`, `{/**/}`, "//x\n{}", `[1/*,2*/]`, `{"a":/*comment*/"b"}`, "#x\n1"},
	},
	"numbers": {
		accept: []string{`-0`, `0.0`, `-0.0`, `1.50`, `1e5`, `1E5`, `1e+5`, `1e-5`, `0e0`, `0E+1`, `123456789012345678901234567890`, `1e400`, `-1e-400`, `[0,-1]`, `10`, `1.0e00`},
		refuse: []string{`00`, `01`, `-01`, `-`, `--1`, `+1`, `.5`, `1.`, `-.5`, `1.e5`, `1e`, `1e+`, `1E-`, `1e5.5`, `0x10`, `0b1`, `1_000`, `1,000`, `1.2.3`, `-a`, `1a`,
			`0e`, `[1.]`, `[-]`, `[+1]`, `1e1e1`, `１`, `-00`, `-0x1`, `012`, `[01]`},
	},
	"strings": {
		accept: []string{`"a"`, `"\"\\\/\b\f\n\r\t"`, `"\u0041"`, `"\u00e9"`, `"\uD834\uDD1E"`, `"\ud834\udd1e"`, `"é"`, `"𝄞"`, `"日本"`, "\"\x7f\"", `"\u0000"`, `"\uFFFE"`, `"/"`,
			`"12345678\n"`, `"1234567\""`, `"12345678"`, `"é234567\u00e9"`, "\"\u2028\u2029\"", `"\uDBFF\uDFFF"`},
		refuse: []string{`"`, `"a`, `"\"`, `"\`, `"\x41"`, `"\a"`, `"\'"`, `"\U0041"`, `"\u"`, `"\u1"`, `"\u12"`, `"\u123"`, `"\u123g"`, `"\u 123"`, `"\u-123"`, "\"\n\"", "\"\t\"", "\"\x00\"", "\"\x1f\"",
			"\"12345678\n\"", "\"1234567\x01\"", `'a'`, "`a`", `a`, `"a"b`, `"\u00e`, `"\ `},
	},
	"surrogates": {
		refuse: []string{`"\uD834"`, `"\uDD1E"`, `"\uDD1E\uD834"`, `"\uD834x"`, `"\uD834\n"`, `"\uD834\u0041"`, `"\uD834\uD834"`, `"\uD834\uDD1"`, `"\uD834\`, `"\uD834\u`, `{"\uD834":1}`},
	},
	"UTF-8": {
		refuse: []string{"\"\xff\"", "\"\xc3\"", "\"\xc3(\"", "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"", "\"\x80\"", "{\"\xe9\":1}",
			"\"12345678\xe9\"", "\"\xe2\x82\"", "\xff", "[\"\xf0\x9d\x84\"]", "\xef\xbb\xbf{}", "\xff\xfe{\x00}\x00"},
	},
	"duplicate names": {
		accept: []string{`{"a":1,"A":2}`, `{"a":1,"\u0061b":2}`, `[{"a":1},{"a":2}]`, `{"a":{"a":1}}`, `{"ab":1,"ba":2,"bb":3,"aa":4}`, `{"é":1,"e\u0301":2}`},
		refuse: []string{`{"a":1,"a":1}`, `{"a":1,"b":2,"a":3}`, `{"text":1,"\u0074ext":2}`, `{"\u0074ext":1,"text":2}`, `{"\u0074ext":1,"t\u0065xt":2}`, `{"":1,"":2}`,
			`{"/":1,"\/":2}`, `{"é":1,"\u00e9":2}`, `{"𝄞":1,"\ud834\udd1e":2}`, `[[{"x":{"a":1,"a":2}}]]`, `{"x":{"y":1},"x":1}`, `{"a\u0000":1,"a\u0000":2}`},
	},
}

func TestStrictJSONIsAcceptedAndNothingElse(t *testing.T) {
	for name, d := range documents {
		t.Run(name, func(t *testing.T) {
			for _, doc := range d.accept {
				v, err := Parse([]byte(doc), Limits{})
				if err != nil {
					t.Errorf("%q was refused: %v", doc, err)
				} else if !v.Exists() {
					t.Errorf("%q was accepted as nothing", doc)
				}
			}
			for _, doc := range d.refuse {
				v, err := Parse([]byte(doc), Limits{})
				if err == nil {
					t.Errorf("%q was accepted", doc)
				} else if KindOf(err) != KindInvalid || v.Exists() {
					t.Errorf("%q: %v, %v; want KindInvalid and no value", doc, v, err)
				}
			}
		})
	}
}

func TestH11DuplicateMembersAreRefusedHoweverTheyAreSpelt(t *testing.T) {
	for _, doc := range []string{
		`{"resourceType":"Task","id":"a","id":"b"}`,
		`{"resourceType":"Task","text":{},"\u0074ext":{}}`,
		`{"resourceType":"Task","note":[{"text":"shown","te\u0078t":"hidden"}]}`,
	} {
		if _, err := ParseResource([]byte(doc), Limits{}); err == nil || AsError(err).Reason() != "duplicate-member" {
			t.Errorf("%s: %v, want duplicate-member", doc, err)
		}
	}
}

func TestDuplicatesAreFoundAmongManyMembers(t *testing.T) {
	for _, size := range []int{2, manyMembers - 1, manyMembers, manyMembers + 1, 3 * manyMembers, 5000} {
		names := make([]string, size)
		for i := range names {
			names[i] = fmt.Sprintf(`"m%d":%d`, i, i)
		}
		if _, err := Parse([]byte("{"+strings.Join(names, ",")+"}"), Limits{}); err != nil {
			t.Errorf("%d different members: %v", size, err)
		}
		for _, twin := range []int{0, size / 2, size - 1} {
			for _, again := range []string{fmt.Sprintf(`"m%d":0`, twin), fmt.Sprintf(`"\u006d%d":0`, twin)} {
				if _, err := Parse([]byte("{"+strings.Join(append(names[:size:size], again), ",")+"}"), Limits{}); err == nil {
					t.Errorf("%d members: %s again was accepted", size, again)
				}
			}
		}
	}
}

func TestAHostileDocumentIsRefusedAtItsCap(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, c := range []struct {
		name, doc string
		lim       Limits
		code      string
	}{
		{"depth at the default", nested(64), Limits{}, ""},
		{"depth over the default", nested(65), Limits{}, "too-deep"},
		{"objects over the default", objects(65), Limits{}, "too-deep"},
		{"depth as asked", nested(3), Limits{Depth: 3}, ""},
		{"depth over what was asked", nested(4), Limits{Depth: 3}, "too-deep"},
		{"depth never over 512", nested(513), Limits{Depth: 100000}, "too-deep"},
		{"depth of an unfinished document", strings.Repeat("[", 1<<20), Limits{}, "too-deep"},
		{"values", `[1,2,3]`, Limits{Nodes: 4}, ""},
		{"values over the cap", `[1,2,3,4]`, Limits{Nodes: 4}, "too-many-values"},
		{"bytes", `[10]`, Limits{Bytes: 4}, ""},
		{"bytes over the cap", `[100]`, Limits{Bytes: 4}, "body-too-large"},
		{"a name at the cap", `{"` + strings.Repeat("n", 65535) + `":1}`, Limits{}, ""},
		{"a name over the cap", `{"` + strings.Repeat("n", 65536) + `":1}`, Limits{}, "name-too-long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.doc), c.lim)
			switch {
			case c.code == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case c.code != "" && (err == nil || AsError(err).Reason() != c.code || KindOf(err) != KindTooLarge):
				t.Fatalf("%v, want %s", err, c.code)
			}
		})
	}
}

func TestParseErrorsSayWhereAndRepeatNothing(t *testing.T) {
	_, err := Parse([]byte(`{"name":"Tremblay" "b":1}`), Limits{})
	if err == nil || !strings.Contains(err.Error(), "byte 19") || strings.Contains(err.Error(), "Tremblay") {
		t.Fatalf("%v, want byte 19 and no content", err)
	}
	var e *Error
	if !errors.As(err, &e) || e.Op != "fhir.Parse" {
		t.Fatalf("%#v is no *Error of fhir.Parse", err)
	}
}

// An index never leads out of the document: strings of every length end at every position within an eight-byte word.
func TestStringsOfEveryLengthAndAlignment(t *testing.T) {
	for lead := range 9 {
		for length := range 20 {
			for _, tail := range []string{"", "é", `\n`, `\"`, `\u00e9`, "𝄞"} {
				doc := strings.Repeat(" ", lead) + `"` + strings.Repeat("x", length) + tail + `"`
				v, err := Parse([]byte(doc), Limits{})
				if err != nil {
					t.Fatalf("%q: %v", doc, err)
				}
				want := strings.Repeat("x", length) + map[string]string{`\n`: "\n", `\"`: `"`, `\u00e9`: "é"}[tail]
				if tail == "é" || tail == "𝄞" {
					want += tail
				}
				if v.Text() != want {
					t.Fatalf("%q reads %q", doc, v.Text())
				}
				for cut := lead + 1; cut < len(doc); cut++ {
					if _, err := Parse([]byte(doc[:cut]), Limits{}); err == nil {
						t.Fatalf("%q, cut short, was accepted", doc[:cut])
					}
				}
			}
		}
	}
}
