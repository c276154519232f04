package policy

import (
	"slices"

	"vestibule/fhir"
)

// Code is a stable reason code. It is written to the trail, so a code is never renamed and never means something else.
type Code string

// The reason codes: a closed list. Each has one row in codes, where its meaning stands.
const (
	CodeGranted Code = "granted"

	CodeNobody            Code = "nobody"
	CodeIncomplete        Code = "request-incomplete"
	CodeWrongClinic       Code = "wrong-clinic"
	CodeClinicStopped     Code = "clinic-stopped"
	CodePlatformStopped   Code = "platform-stopped"
	CodePersonStopped     Code = "person-stopped"
	CodeOutsideGuardrail  Code = "outside-guardrail-networks"
	CodeNoGrant           Code = "no-grant"
	CodeNotStarted        Code = "grant-not-started"
	CodeExpired           Code = "grant-expired"
	CodePeopleOnly        Code = "people-only"
	CodeAgentsOnly        Code = "agents-only"
	CodeOutsideHours      Code = "outside-hours"
	CodeNetworkUnknown    Code = "network-unknown"
	CodeOutsideNetworks   Code = "outside-networks"
	CodePurposeMissing    Code = "purpose-missing"
	CodePurposeNotGranted Code = "purpose-not-granted"
	CodeGrantPaused       Code = "grant-paused"
	CodeTypeNotGranted    Code = "type-not-granted"
	CodeNotGranted        Code = "interaction-not-granted"
	CodeScopeMissing      Code = "scope-missing"
	CodeParameterHidden   Code = "parameter-hidden"
	CodeContentNotGranted Code = "content-not-granted"
	CodeTooManyRequests   Code = "too-many-requests"
	CodeTooManyPatients   Code = "too-many-patients"
	CodeTooManyDocuments  Code = "too-many-documents"
	CodeTooManyPages      Code = "too-many-pages"

	CodeWrongAnswer     Code = "wrong-answer"
	CodeOutOfReach      Code = "out-of-reach"
	CodeOutsideScope    Code = "outside-token-scope"
	CodeOutsideWindow   Code = "outside-window"
	CodeRestrictedLabel Code = "restricted-label"
	CodeGuardrail       Code = "guardrail"
	CodeLocked          Code = "locked-by-directive"
	CodePatientUnclear  Code = "patient-unclear"
	CodeQueryMismatch   Code = "query-mismatch"

	CodeWrongResource      Code = "wrong-resource"
	CodeNotFound           Code = "not-found-or-out-of-reach"
	CodeElementNotWritable Code = "element-not-writable"
	CodeMisshapen          Code = "element-misshapen"
	CodeStatusNotGranted   Code = "status-transition-not-granted"
	CodeWriteOutOfReach    Code = "write-out-of-reach"
)

// Stage is when a code can arise.
type Stage string

// The stages of one access, in their order.
const (
	StageDecide  Stage = "decide"  // before the EMR is asked
	StageRelease Stage = "release" // for one resource that the EMR returned; the caller is never told
	StageWrite   Stage = "write"   // for what would be written
)

// CodeInfo is one row of the list of reason codes, for documentation and the command line.
type CodeInfo struct {
	Code  Code
	Stage Stage
	Kind  fhir.Kind // of the error that a caller gets; for StageRelease of a read, that of CodeNotFound
	Means string    // what happened
	Next  string    // what the caller can do next
}

// codes is the one table of reason codes, in the order of checks. No row may say anything about a resource.
var codes = [...]CodeInfo{
	{CodeGranted, StageDecide, 0, "A permission of a grant in force allows it.", "Nothing."},
	{CodeNobody, StageDecide, fhir.KindUnauthenticated, "No named person and no declared agent stands behind the request, or the token has expired.", "Sign in again as yourself and send the new token."},
	{CodeIncomplete, StageDecide, fhir.KindForbidden, "The request lacks its clinic, its time or an interaction that can be granted.", "Use read, search, create or update of Appointment, Task or DocumentReference."},
	{CodeWrongClinic, StageDecide, fhir.KindForbidden, "The grants asked are those of another clinic.", "Use the FHIR base of the clinic that gave you the grant."},
	{CodeClinicStopped, StageDecide, fhir.KindForbidden, "Every access is stopped for now.", "Ask the clinic when it goes on."},
	{CodePlatformStopped, StageDecide, fhir.KindForbidden, "The caller's platform is stopped for now.", "Ask the clinic when it goes on."},
	{CodePersonStopped, StageDecide, fhir.KindForbidden, "The caller is stopped for now.", "Ask the clinic when it goes on."},
	{CodeOutsideGuardrail, StageDecide, fhir.KindForbidden, "The caller's address is not known, or lies outside the networks from which anybody may come.", "Connect to the gateway directly, from a network that the clinic allows."},
	{CodeNoGrant, StageDecide, fhir.KindForbidden, "No grant of this clinic names the caller, the caller's team or the caller's platform.", "Ask the clinic for a grant."},
	{CodeNotStarted, StageDecide, fhir.KindForbidden, "The grant is not in force yet.", "Wait until it starts, or ask the clinic to let it start earlier."},
	{CodeExpired, StageDecide, fhir.KindForbidden, "The grant is over.", "Ask the clinic to renew it."},
	{CodePeopleOnly, StageDecide, fhir.KindForbidden, "The grant is for people and the caller is an automated agent.", "Ask the clinic for a grant with automated: true."},
	{CodeAgentsOnly, StageDecide, fhir.KindForbidden, "The grant is for automated agents and the caller is a person.", "Ask the clinic for a grant to yourself."},
	{CodeOutsideHours, StageDecide, fhir.KindForbidden, "It is outside the hours of the grant.", "Come back within the hours, or ask the clinic to widen them."},
	{CodeNetworkUnknown, StageDecide, fhir.KindForbidden, "The grant is bound to networks and the caller's address is not known.", "Connect to the gateway directly: it takes nobody's word for an address."},
	{CodeOutsideNetworks, StageDecide, fhir.KindForbidden, "The caller's address is in none of the grant's networks.", "Connect from a listed network, or ask the clinic to list yours."},
	{CodePurposeMissing, StageDecide, fhir.KindForbidden, "The grant is bound to purposes of use and the token states none.", "Ask for a token that states its purpose of use."},
	{CodePurposeNotGranted, StageDecide, fhir.KindForbidden, "The token states a purpose of use that the grant does not allow.", "Ask for a token with only the purposes that the grant allows."},
	{CodeGrantPaused, StageDecide, fhir.KindForbidden, "The grant is paused for now.", "Ask the clinic when it goes on."},
	{CodeTypeNotGranted, StageDecide, fhir.KindForbidden, "No grant says anything about resources of this type.", "Ask the clinic for the scope that the text names."},
	{CodeNotGranted, StageDecide, fhir.KindForbidden, "The grants allow other interactions on this type, not this one.", "Ask the clinic for the scope that the text names."},
	{CodeScopeMissing, StageDecide, fhir.KindForbidden, "A grant allows it, but the token's SMART scopes do not.", "Ask for a token with the scope that the text names."},
	{CodeParameterHidden, StageDecide, fhir.KindForbidden, "The search uses a parameter, or an order, over elements that the grants hide.", "Search without the parameter that the text names, or ask the clinic to show its elements."},
	{CodeContentNotGranted, StageDecide, fhir.KindForbidden, "The grants show what is known about documents, or about this one, not the documents themselves.", "Ask the clinic for a permission with content: true."},
	{CodeTooManyRequests, StageDecide, fhir.KindThrottled, "The caller has made as many requests in a minute as the grant allows.", "Wait until one is free again."},
	{CodeTooManyPatients, StageDecide, fhir.KindThrottled, "The caller has seen as many different patients today as the grant allows.", "Go on with those of today, or come back when it is free again; ask the clinic if that is too few."},
	{CodeTooManyDocuments, StageDecide, fhir.KindThrottled, "The caller has opened as many documents in an hour as the grant allows.", "Wait until one is free again; ask the clinic if that is too few."},
	{CodeTooManyPages, StageDecide, fhir.KindThrottled, "The caller has turned as many pages of one search as the grant allows.", "Search for less, such as fewer days, or ask the clinic for more pages."},

	{CodeWrongAnswer, StageRelease, fhir.KindNotFound, "The EMR returned another resource than the one asked for.", "Nothing; the clinic sees it in its trail."},
	{CodeOutOfReach, StageRelease, fhir.KindNotFound, "The resource meets the criteria of no permission.", "Nothing; the clinic sees it in its trail."},
	{CodeOutsideScope, StageRelease, fhir.KindNotFound, "A permission matches the resource, but the criteria of the token's scopes do not.", "Ask for a token with a wider scope."},
	{CodeOutsideWindow, StageRelease, fhir.KindNotFound, "A permission's criteria match, but the resource has no date inside its window.", "Nothing; the clinic sees it in its trail."},
	{CodeRestrictedLabel, StageRelease, fhir.KindNotFound, "The resource is labelled restricted, very restricted or as sensitive and no matching permission names that label.", "Nothing; the clinic sees it in its trail."},
	{CodeGuardrail, StageRelease, fhir.KindNotFound, "A guardrail keeps the resource from everybody.", "Nothing; the clinic sees it in its trail."},
	{CodeLocked, StageRelease, fhir.KindNotFound, "A directive of the patient locks the resource.", "Nothing; the clinic sees it in its trail."},
	{CodePatientUnclear, StageRelease, fhir.KindNotFound, "A directive locks such resources of a patient, and whose this one is cannot be read.", "Nothing; the clinic sees it in its trail."},
	{CodeQueryMismatch, StageRelease, fhir.KindNotFound, "The EMR returned a resource that does not match the search.", "Nothing; the clinic sees it in its trail."},

	{CodeWrongResource, StageWrite, fhir.KindInvalid, "The body is not the resource that the URL names.", "Send a resource of the type in the URL, and for an update with the id in the URL."},
	{CodeNotFound, StageWrite, fhir.KindNotFound, "There is no such resource, or it is out of the caller's reach; which of the two is never told.", "Check the id, and against the text what your grants reach."},
	{CodeElementNotWritable, StageWrite, fhir.KindForbidden, "The write changes elements that no matching permission lets the caller write.", "Send those elements back as they were received, or ask the clinic to add them to write."},
	{CodeMisshapen, StageWrite, fhir.KindInvalid, "What is written has a list where FHIR has one value, or the other way round, so that it could mean one thing here and another in the EMR.", "Send the element that the text names as FHIR has it."},
	{CodeStatusNotGranted, StageWrite, fhir.KindForbidden, "The write sets or changes the status in a way that no matching permission lists.", "Make one of the changes of status that the text lists, or ask the clinic to add yours to transitions."},
	{CodeWriteOutOfReach, StageWrite, fhir.KindForbidden, "Afterwards the resource would lie outside the permission that allows the write.", "Keep it within what the text names."},
}

// Codes lists every reason code in the order of checks.
func Codes() []CodeInfo { return slices.Clone(codes[:]) }

// Info is the row of c; ok is false for a code that is not in the list.
func (c Code) Info() (info CodeInfo, ok bool) {
	for i := range codes {
		if codes[i].Code == c {
			return codes[i], true
		}
	}
	return CodeInfo{}, false
}

// Reason is one reason for a decision. A decision always has at least one, also when it is a default deny.
type Reason struct {
	Code   Code
	Text   string // for the caller: names no patient, no hidden value, no network
	Grant  string // name@version of the grant it is about; empty where it is about none
	Detail string // for the clinic: the clause of the grant that decided
}

// because is a reason in the words of the table.
func because(c Code) Reason {
	info, _ := c.Info()
	return Reason{Code: c, Text: info.Means + " " + info.Next}
}
