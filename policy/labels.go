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

// confidentiality are the names of the code system v3-Confidentiality as systemName gives them: today's, the one of earlier
// FHIR versions, and its OID. A label without a system is taken at its word: what looks restricted is.
var confidentiality = [...]string{
	"", "terminology.hl7.org/codesystem/v3-confidentiality", "hl7.org/fhir/v3/confidentiality", "2.16.840.1.113883.5.25",
}

// systemName is a code system's name without what EMRs write differently: letter case, scheme, urn:oid:, version, a slash
// at the end. A label that is spelt wrong restricts all the same.
func systemName(system string) string {
	system, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(system)), "|")
	for _, prefix := range []string{"http://", "https://", "urn:oid:"} {
		system = strings.TrimPrefix(system, prefix)
	}
	return strings.TrimRight(system, "/ ")
}

func labelOf(system, code string) labels {
	system = systemName(system)
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
