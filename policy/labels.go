package policy

import (
	"slices"
	"strings"

	"vestibule/fhir"
)

// labels is a set of the security labels that a permission has to name before it reaches a resource that carries them:
// restricted, very restricted, and each of sensitivityCodes.
type labels uint64

const (
	labelRestricted     labels = 1 << iota // R
	labelVeryRestricted                    // V
	firstSensitivity                       // that of sensitivityCodes[0]; the others follow
)

// confidentiality are the names of the code system v3-Confidentiality: today's, the one of earlier FHIR versions, and its
// OID. A label without a system is taken at its word: what looks restricted is.
var confidentiality = [...]string{
	"", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "http://hl7.org/fhir/v3/Confidentiality",
	"urn:oid:2.16.840.1.113883.5.25",
}

func labelOf(system, code string) labels {
	if slices.Contains(confidentiality[:], system) {
		switch strings.TrimSpace(code) {
		case "R", "r":
			return labelRestricted
		case "V", "v":
			return labelVeryRestricted
		}
	}
	return sensitivityOf(system, code)
}

// labelsOf are the labels that r carries: in meta.security, as every resource may, and in DocumentReference.securityLabel.
func labelsOf(r fhir.Resource) labels {
	root := r.Value()
	return labelsAt(root, "meta.security") | labelsAt(root, "securityLabel.coding")
}

func labelsAt(root fhir.Value, path string) (found labels) {
	for c := range root.Path(path) {
		found |= labelOf(c.Get("system").Text(), c.Get("code").Text())
	}
	return found
}

// clearedBy are the labels that criteria name: a code of _security or security-label, without modifier.
func clearedBy(criteria []fhir.Clause) (named labels) {
	for _, c := range criteria {
		if name := c.Param().Name; c.Modifier() != "" || name != "_security" && name != "security-label" {
			continue
		}
		for _, t := range c.Tokens() {
			named |= labelOf(t.System, t.Code)
		}
	}
	return named
}
