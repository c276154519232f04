package forward

import (
	"fmt"
	"strconv"
	"strings"

	"vestibule/audit"
	"vestibule/fhir"
)

// enterprise is the private enterprise number of RFC 5612, reserved for documentation: the project has none of its own. The
// SD-ID says whose it is.
const enterprise = "vestibule@32473"

// byteOrderMark begins a MSG in UTF-8 (RFC 5424 section 6.4).
const byteOrderMark = "\xEF\xBB\xBF"

// frame is one event as SYSLOG-FRAME (RFC 5425 section 4.3): the length of a message in octets, a space, and the message:
//
//	PRI             facility 10 (security/authorization), severity 5 (notice) for what succeeded or has no outcome, 4 (warning)
//	                for the rest: what ITI-20 asks of its own messages
//	TIMESTAMP       when it happened, in milliseconds and UTC
//	HOSTNAME        the deployment
//	APP-NAME        vestibule
//	PROCID          the log's name: another value is another sequence, as RFC 5424 section 6.2.6 has it
//	MSGID           FHIR-AuditEvent. ITI-20's IHE+RFC-3881 and DICOM+RFC3881 promise XML of DICOM, which this is not
//	STRUCTURED-DATA [vestibule@32473 log="…" index="…" event="…"], and cut="…" for an event that was too large, see cut
//	MSG             the byte order mark and the AuditEvent in JSON, on one line
func frame(e Event, deployment string, most int) []byte {
	body, missing := e.Body, 0
	head := header(e, deployment, missing)
	if room := most - len(head) - len(byteOrderMark); len(body) > room {
		// The number of parts left out takes at most 20 octets more.
		body, missing = cut(e, room-len(` cut=""`)-20)
		head = header(e, deployment, missing)
	}
	message := len(head) + len(byteOrderMark) + len(body)
	out := make([]byte, 0, message+8)
	out = append(strconv.AppendInt(out, int64(message), 10), ' ')
	out = append(append(out, head...), byteOrderMark...)
	return append(out, body...)
}

// header is everything before MSG, with the space that ends it.
func header(e Event, deployment string, missing int) string {
	severity := 5
	if e.Outcome != audit.OutcomeSuccess && e.Outcome != "" {
		severity = 4
	}
	more := ""
	if missing > 0 {
		more = fmt.Sprintf(" cut=%q", strconv.Itoa(missing))
	}
	return fmt.Sprintf("<%d>1 %s %s vestibule %s FHIR-AuditEvent [%s log=\"%s\" index=\"%d\" event=\"%s\"%s] ",
		10*8+severity, e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), printable(deployment, 255), printable(e.Log, 128), enterprise, e.Log, e.Index, e.ID, more)
}

// printable is s as a field of the header: PRINTUSASCII without spaces, "-" for nothing.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}

// cut is an event that is too large for a message, without as many of its last entities as it takes, and how many those are.
// It is marked as a subset (meta.security SUBSETTED); the whole stands in the trail under the log and index of the message. It
// is still too large only where its other parts are: then all but its name is left out.
func cut(e Event, room int) (body []byte, missing int) {
	r, err := fhir.ParseResource(e.Body, fhir.Limits{})
	if err != nil {
		return reference(e), 1
	}
	const mark = `"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]`
	var out []byte
	out = append(out, `{"resourceType":"AuditEvent"`...)
	for name, v := range r.Value().Members() {
		switch name {
		case "resourceType", "entity":
		case "meta":
			out = append(out, `,"meta":{`+mark...)
			for member, v := range v.Members() {
				if member != "security" {
					out = appendMember(append(out, ','), member, v)
				}
			}
			out = append(out, '}')
		default:
			out = appendMember(append(out, ','), name, v)
		}
	}
	if len(out)+1 > room {
		return reference(e), 1
	}
	kept := 0
	for v := range r.Value().Get("entity").Items() {
		sep := `,"entity":[`
		if kept > 0 {
			sep = ","
		}
		if missing > 0 || len(out)+len(sep)+len(v.Raw())+len("]}") > room {
			missing++
			continue
		}
		out = append(append(out, sep...), v.Raw()...)
		kept++
	}
	if kept > 0 {
		out = append(out, ']')
	}
	return append(out, '}'), missing
}

// reference is an event's name alone.
func reference(e Event) []byte { return []byte(`{"resourceType":"AuditEvent","id":"` + e.ID + `"}`) }
