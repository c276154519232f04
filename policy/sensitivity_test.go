package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

func TestASensitivityLabelNeedsToBeNamedByItsVeryCode(t *testing.T) {
	const actCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	label := func(system, code string) string {
		return fmt.Sprintf(`{"resourceType":"DocumentReference","id":"1","status":"current","securityLabel":[{"coding":[{"system":%q,"code":%q}]}]}`, system, code)
	}
	for _, c := range []struct {
		criteria, system, code string
		want                   bool
	}{
		{"", actCode, "PSY", false},
		{"", "http://hl7.org/fhir/v3/ActCode", "HIV", false},
		{"", "urn:oid:2.16.840.1.113883.5.4", "SDV", false},
		{"", actCode, "psy", false},
		{"", actCode, " SUD ", false},
		{"", actCode, "_InformationSensitivityPolicy", false},
		{"", actCode, "TREAT", true},
		{"", "https://emr.example/labels", "PSY", true},
		{"?security-label=PSY", actCode, "PSY", true},
		{"?security-label=" + actCode + "|PSY", actCode, "PSY", true},
		{"?security-label=PSY,SDV", actCode, "SDV", true},
		{"?security-label=SPI,R", actCode, "PSY", false},
		{"?_security:not=PSY", actCode, "PSY", false},
		{"?security-label=" + actCode + "|", actCode, "PSY", false},
	} {
		s := compiled(t, grantOf("g", Permission{Scope: "user/DocumentReference.r" + c.criteria}))
		r, reasons := permitted(t, s, ask(t, "GET DocumentReference/1")).Release(resource(t, "%s", label(c.system, c.code)))
		if r.IsZero() == c.want {
			t.Errorf("%q reaches %s|%s: %v, want %v (%v)", c.criteria, c.system, c.code, !r.IsZero(), c.want, codesOf(reasons))
		}
	}
}

func TestALabelWithoutASystemAndOneInMetaCount(t *testing.T) {
	s := compiled(t, grantOf("g", Permission{Scope: "user/Task.r"}, Permission{Scope: "user/Task.r?_security=ETH"}))
	d := permitted(t, s, ask(t, "GET Task/1"))
	for code, want := range map[string]bool{"ETH": true, "STD": false, "N": true} {
		r := resource(t, `{"resourceType":"Task","id":"1","meta":{"security":[{"code":%q}]},"status":"requested"}`, code)
		if released, _ := d.Release(r); released.IsZero() == want {
			t.Errorf("%s: released %v, want %v", code, !released.IsZero(), want)
		}
	}
}

// Each code has a label of its own, and they all fit.
func TestEverySensitivityCodeIsALabelOfItsOwn(t *testing.T) {
	if !slices.IsSorted(sensitivityCodes[:]) {
		t.Fatal("the table is not sorted")
	}
	seen := labelRestricted | labelVeryRestricted
	for _, code := range sensitivityCodes {
		l := labelOf("", strings.ToLower(code))
		if l == 0 || seen&l != 0 {
			t.Errorf("%s has label %b after %b", code, l, seen)
		}
		seen |= l
	}
	if got := labelsOf(fhir.Resource{}); got != 0 {
		t.Errorf("no resource carries %b", got)
	}
}

// However an EMR spells the name of a code system, what looks restricted is.
func TestALabelRestrictsHoweverItsSystemIsSpelt(t *testing.T) {
	for _, system := range []string{
		"", " ", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "https://terminology.hl7.org/CodeSystem/v3-Confidentiality",
		"http://terminology.hl7.org/CodeSystem/v3-Confidentiality/", " http://terminology.hl7.org/CodeSystem/v3-Confidentiality ",
		"http://terminology.hl7.org/CodeSystem/v3-Confidentiality|2.0", "HTTP://HL7.ORG/FHIR/V3/CONFIDENTIALITY",
		"urn:oid:2.16.840.1.113883.5.25", "2.16.840.1.113883.5.25",
	} {
		if labelOf(system, "R") != labelRestricted || labelOf(system, "V") != labelVeryRestricted {
			t.Errorf("%q", system)
		}
	}
	if labelOf("https://terminology.hl7.org/CodeSystem/v3-ActCode|9", "psy") == 0 || labelOf("https://other.example/codes", "PSY") != 0 {
		t.Error("of sensitivity")
	}
}

func TestAGuardrailsNetworksBindWhoLooksIntoTheTrailToo(t *testing.T) {
	s, err := Compile(maple(t), completed(Rules{Guardrails: []Guardrail{{Networks: []string{"198.51.100.0/24"}}}}))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]Code{"198.51.100.7": "", "203.0.113.7": CodeOutsideGuardrail} {
		reason, refused := s.Bars(Caller{Issuer: "https://id.example", Subject: "audrey", Address: netip.MustParseAddr(address)})
		if reason.Code != want || (refused == nil) != (want == "") {
			t.Errorf("from %s: %q, %v", address, reason.Code, refused)
		}
	}
}
