package adaptertest

import (
	"strings"
	"unicode/utf8"

	"vestibule/fhir"
)

func textPromises() []promise {
	create := []need{does(fhir.InteractionCreate), does(fhir.InteractionRead)}
	return []promise{
		{name: "French text comes back byte for byte", needs: create, keep: frenchIsKept},
		{name: "text that the EMR cannot hold is refused by its path, never changed", needs: create, keep: strangeTextIsKeptOrRefused},
		{name: "text that is too long is refused by its path, never cut", needs: create, keep: longTextIsRefused},
		{name: "text that was typed at the clinic is read as it was typed", needs: []need{does(fhir.InteractionRead)}, keep: typedTextIsRead},
	}
}

// french are texts that every EMR in Canada has to hold.
func french() []string {
	return []string{
		"Élève à l'hôpital : où est la clé ? Ça brûle, Noël, ambiguë, maïs, dû", "ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸ àâäçéèêëîïôöùûüÿ", "œuvre, cœur, Œdème, æ, Æ",
		"« Bonjour », dit-elle", "l’ordonnance – 2 × 500 mg", "1 000,50 $", `un "mot" et un \ et un / et un 'autre'`, "a & b < c > d", "%41 + %20 & a=b; c", "{\"json\": true}", "''; --", "null", "0",
	}
}

// strange are texts that an EMR may be unable to hold.
func strange() map[string]string {
	return map[string]string{
		"guillemets with no-break spaces": "«\u00a0Bonjour\u00a0», fin\u202f!", "combining marks": "e\u0301le\u0300ve a\u0302", "emoji": "à jeun 🩺💉", "joined emoji": "👩🏽‍⚕️ famille 👨‍👩‍👧",
		"Inuktitut": "ᐃᓄᒃᑎᑐᑦ", "Cree": "ᓀᐦᐃᔭᐍᐏᐣ", "right to left": "שלום مرحبا", "lines": "une\ndeux\r\ntrois\tquatre", "spaces around": "  entre  deux  ", "zero width": "a\u200bb\ufeffc",
		"a null": "a\x00b", "control characters": "a\x01\x1b[31mb\x7f", "separators": "a\u2028b\u2029c", "the replacement character": "a\ufffdb", "markup": "<script>alert(1)</script>&amp;&#233;",
		"an entity": "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/hostname\">]><a>&b;</a>", "CDATA": "a]]>b<![CDATA[c]]>",
	}
}

func frenchIsKept(t T, s *suite, h subject) {
	for _, text := range french() {
		s.tryText(t, h, text, text, false)
	}
}

func strangeTextIsKeptOrRefused(t T, s *suite, h subject) {
	for name, text := range strange() {
		s.tryText(t, h, name, text, true)
	}
}

// tryText creates a resource with that text: it is kept as it is or, if that is allowed, refused by its path.
func (s *suite) tryText(t T, h subject, name, value string, refusable bool) {
	t.Helper()
	d := s.draft(t)
	d.Text = value
	before := len(h.IDs(t))
	a := s.direct(t)
	r, err := a.Write(background(), s.creation(t, h, d))
	if err != nil {
		e := wantError(t, name, err, is(fhir.KindUnprocessable), is(fhir.KindTooLarge))
		if !refusable || h.Text.Max > 0 && e.Path != h.Text.Path {
			t.Errorf("%s: refused, naming %q", name, e.Path)
		}
		if len(h.IDs(t)) != before {
			t.Errorf("%s: refused, and a row was made", name)
		}
		return
	}
	for _, got := range []string{text(r, h.Text.Path), text(s.read(t, a, h, r.ID()), h.Text.Path)} {
		if got != value {
			t.Errorf("%s: written %d bytes %+q, read %d bytes %+q", name, len(value), head(value), len(got), head(got))
		}
	}
}

// head is the beginning of a text, for a failure message.
func head(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

func longTextIsRefused(t T, s *suite, h subject) {
	most := h.Text.Max
	if most == 0 { // no limit that the adapter knows: the EMR takes it whole or refuses it
		s.tryText(t, h, "100,000 characters", strings.Repeat("é longue ", 100_000/9), true)
		return
	}
	fill := func(unit string, n int) string { return strings.Repeat(unit, n/utf8.RuneCountInString(unit)) }
	s.tryText(t, h, "as long as it may be", fill("x", most), false)
	s.tryText(t, h, "as long as it may be, in French", fill("é", most), true)
	s.tryText(t, h, "as long as it may be, in emoji", fill("🩺", most), true)
	for _, more := range []int{1, 10, most, 100_000} {
		d := s.draft(t)
		d.Text = fill("x", most+more)
		before := len(h.IDs(t))
		_, err := s.direct(t).Write(background(), s.creation(t, h, d))
		if e := wantError(t, "text that is too long", err, is(fhir.KindUnprocessable)); e.Path != h.Text.Path {
			t.Errorf("the refusal names %q, not %q", e.Path, h.Text.Path)
		}
		if len(h.IDs(t)) != before {
			t.Errorf("text that is too long was refused, and a row was made")
		}
	}
}

func typedTextIsRead(t T, s *suite, h subject) {
	a := s.direct(t)
	for _, typed := range french() {
		d := s.draft(t)
		d.Text = typed
		if got := text(s.read(t, a, h, h.Seed(t, d)), h.Text.Path); got != typed {
			t.Errorf("typed %+q, read %+q", typed, got)
		}
	}
}
