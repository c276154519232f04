package fhirr4

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"vestibule/fhir"
)

func TestADocumentIsOpenedFromWhereTheEMRKeepsItAndFromNowhereElse(t *testing.T) {
	text := "« Élève » \x00\xff"
	data := base64.StdEncoding.EncodeToString([]byte(text))
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		answers := map[string]string{
			"/fhir/Binary/b1":     `{"resourceType":"Binary","id":"b1","data":"` + data + `"}`,
			"/fhir/Binary/other":  `{"resourceType":"Binary","id":"b1","data":"` + data + `"}`,
			"/fhir/Binary/bad":    `{"resourceType":"Binary","id":"bad","data":"` + marker + `"}`,
			"/fhir/Binary/empty":  `{"resourceType":"Binary","id":"empty"}`,
			"/fhir/Binary/wrong":  `{"resourceType":"Patient","id":"wrong","data":"` + data + `"}`,
			"/fhir/Binary/number": `{"resourceType":"Binary","id":"number","data":1}`,
		}
		if body, ok := answers[r.URL.Path]; ok {
			answerFHIR(w, 200, body)
			return
		}
		answerFHIR(w, 404, "{}")
	})
	a := open(t, Config{Base: s.base(), Aliases: []string{"https://emr.example.test/r4"}})
	for attachment, want := range map[string]string{
		`{"data":"` + data + `"}`:                                 "",
		`{"url":"Binary/b1"}`:                                     "",
		`{"url":"` + s.base() + `/Binary/b1"}`:                    "",
		`{"url":"https://emr.example.test/r4/Binary/b1"}`:         "",
		`{"url":"/fhir/Binary/b1"}`:                               "",
		`{"url":"Binary/none"}`:                                   "not-found",
		`{}`:                                                      "not-found",
		`{"url":"Binary/other"}`:                                  "emr-answer-wrong",
		`{"url":"Binary/wrong"}`:                                  "emr-answer-wrong",
		`{"url":"Binary/bad"}`:                                    "emr-answer-broken",
		`{"url":"Binary/empty"}`:                                  "emr-answer-broken",
		`{"url":"Binary/number"}`:                                 "emr-answer-broken",
		`{"data":"` + marker + `"}`:                               "emr-answer-broken",
		`{"url":"Patient/b1"}`:                                    "emr-link-foreign",
		`{"url":"https://elsewhere.example.test/fhir/Binary/b1"}`: "emr-link-foreign",
		`{"url":"//elsewhere.example.test/Binary/b1"}`:            "emr-link-foreign",
		`{"url":"Binary/../Patient/p1"}`:                          "emr-link-foreign",
		`{"url":"file:///etc/hostname"}`:                          "emr-link-foreign",
	} {
		doc := resource(t, `{"resourceType":"DocumentReference","id":"d1","content":[{"attachment":{"url":"Binary/none"}},{"attachment":`+attachment+`}]}`)
		r, err := a.Open(background, doc, 1)
		if want != "" {
			if e := fhir.AsError(err); err == nil || e.Reason() != want || strings.Contains(err.Error(), marker) {
				t.Errorf("%s: %v, want %s", attachment, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", attachment, err)
			continue
		}
		if b, err := io.ReadAll(r); err != nil || string(b) != text || r.Close() != nil {
			t.Errorf("%s: %q %v", attachment, b, err)
		}
	}
	for _, index := range []int{-1, 2} {
		_, err := a.Open(background, resource(t, `{"resourceType":"DocumentReference","content":[{"attachment":{"data":"AA=="}}]}`), index)
		wantError(t, err, fhir.KindNotFound, "not-found")
	}
}

// A Binary that the EMR keeps under the access rules of something else than the DocumentReference that names it, or whom that is
// about, is not opened by what the gateway decided about the DocumentReference.
func TestADocumentUnderOthersRulesIsNotOpened(t *testing.T) {
	security := ""
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		answerFHIR(w, 200, `{"resourceType":"Binary","id":"b1",`+security+`"data":"QQ=="}`)
	})
	a := open(t, Config{Base: s.base()})
	doc := resource(t, `{"resourceType":"DocumentReference","id":"d1","meta":{"versionId":"3"},"subject":{"reference":"Patient/p1"},"context":{"related":[{"reference":"Patient/p2"}]},"content":[{"attachment":{"url":"Binary/b1"}}]}`)
	for context, opens := range map[string]bool{
		`{"reference":"DocumentReference/d1"}`: true, `{"reference":"DocumentReference/d1/_history/3"}`: true, `{"reference":"` + s.base() + `/DocumentReference/d1"}`: true,
		`{"reference":"Patient/p1"}`: true, `{"reference":"DocumentReference/d1/_history/2"}`: false, `{"reference":"DocumentReference/d2"}`: false, `{"reference":"Patient/p2"}`: false,
		`{"reference":"Group/p1"}`: false, `{"reference":"https://elsewhere.example.test/Patient/p1"}`: false, `{"reference":"#p1"}`: false, `{"display":"Jane Roe"}`: false, `{}`: false, `"Patient/p1"`: false, `null`: false,
	} {
		security = `"securityContext":` + context + ","
		r, err := a.Open(background, doc, 0)
		if opens && (err != nil || r.Close() != nil) {
			t.Errorf("%s: %v", context, err)
		}
		if !opens {
			wantError(t, err, fhir.KindUpstream, "emr-link-foreign")
		}
	}
}
