package policy

import (
	"slices"
	"strings"
)

// sensitivityCodes are the codes of the code system v3-ActCode that say what a resource gives away about somebody:
// _InformationSensitivityPolicy and everything below it, retired codes included, sorted. Source: HL7 Terminology (UTG),
// CodeSystem v3-ActCode 11.0.0, http://terminology.hl7.org/CodeSystem/v3-ActCode.
var sensitivityCodes = [...]string{
	"ADOL", "B", "BH", "CEL", "COGN", "DEMO", "DIA", "DOB", "DRGIS", "DVD", "EMOTDIS", "EMP", "EMPL", "ETH", "ETHUD", "GDIS",
	"GENDER", "HIV", "IDS", "LIVARG", "LOCIS", "MARST", "MH", "MST", "OPIOIDUD", "PATLOC", "PDS", "PHY", "PREGNANT", "PRS",
	"PSY", "PSYTHPN", "RACE", "REL", "SCA", "SDV", "SEX", "SICKLE", "SPI", "SSP", "STD", "SUD", "TBOO", "VIO", "VIP",
	"_ACTINFORMATIONSENSITIVITYPOLICY", "_ENTITYSENSITIVITYPOLICYTYPE", "_INFORMATIONSENSITIVITYPOLICY",
	"_ROLEINFORMATIONSENSITIVITYPOLICY", // the groups themselves, here in upper case
}

// sensitivitySystems are the names of v3-ActCode as systemName gives them: today's, the one of earlier FHIR versions, and its
// OID; and none, because what looks sensitive is.
var sensitivitySystems = [...]string{
	"", "terminology.hl7.org/codesystem/v3-actcode", "hl7.org/fhir/v3/actcode", "2.16.840.1.113883.5.4",
}

// sensitivityOf is the label of one of sensitivityCodes, in whatever case it is written; 0 for every other coding. system is
// as systemName gives it.
func sensitivityOf(system, code string) labels {
	if !slices.Contains(sensitivitySystems[:], system) {
		return 0
	}
	at, found := slices.BinarySearch(sensitivityCodes[:], strings.ToUpper(strings.TrimSpace(code)))
	if !found {
		return 0
	}
	return firstSensitivity << at
}

// sensitivityBelow are the sensitivity codes that v3-ActCode places below code, at any depth.
func sensitivityBelow(code string) []string {
	switch code {
	case "BH":
		return []string{"COGN", "DVD", "EMOTDIS"}
	case "SPI":
		return []string{"BH", "COGN", "DVD", "EMOTDIS", "ETHUD", "MH", "OPIOIDUD", "PSY", "PSYTHPN", "SUD"}
	case "SUD":
		return []string{"ETHUD", "OPIOIDUD"}
	}
	return nil
}
