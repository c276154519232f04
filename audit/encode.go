package audit

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// recordFormat is the value of "v". A change of the encoding takes the next number; old records stay as they are.
const recordFormat = 1

// timeLayout is RFC 3339 with milliseconds, always in UTC.
const timeLayout = "2006-01-02T15:04:05.000Z"

// About how long a record is: without what was released, and for each resource of that.
const recordBytes, itemBytes = 1280, 112

// appendRecord appends r's line, without the newline, to dst. It is written out by hand because every access pays for it:
// about a third of what reflection costs.
func appendRecord(dst []byte, r *Record) []byte {
	dst = slices.Grow(dst, recordBytes+itemBytes*len(r.Released))
	dst = append(dst, `{"v":1`...)
	dst = appendString(dst, `,"salt":`, r.Salt)
	dst = appendString(dst, `,"id":`, r.ID)
	dst = appendString(dst, `,"phase":`, string(r.Phase))
	dst = append(dst, `,"time":"`...)
	dst = append(appendTime(dst, r.Time), '"')
	dst = appendString(dst, `,"clinic":`, r.Clinic)
	dst = appendOptional(dst, `,"title":`, r.Title)
	dst = appendOptional(dst, `,"zone":`, r.Zone)
	if r.System != (System{}) {
		dst = appendSystem(dst, &r.System)
	}
	if r.Agent != (Agent{}) {
		dst = appendAgent(dst, &r.Agent)
	}
	dst = appendList(dst, `,"purposes":`, r.Purposes)
	dst = appendList(dst, `,"scopes":`, r.Scopes)
	dst = appendOptional(dst, `,"interaction":`, r.Interaction)
	dst = appendOptional(dst, `,"route":`, r.Route)
	dst = appendOptional(dst, `,"type":`, r.Type)
	dst = appendOptional(dst, `,"resource":`, r.Resource)
	dst = appendOptional(dst, `,"query":`, r.Query)
	dst = appendOptional(dst, `,"raw":`, r.Raw)
	dst = appendInt(dst, `,"status":`, r.Status)
	dst = appendOptional(dst, `,"outcome":`, string(r.Outcome))
	dst = appendList(dst, `,"reasons":`, r.Reasons)
	dst = appendList(dst, `,"grants":`, r.Grants)
	dst = appendList(dst, `,"rules":`, r.Rules)
	dst = appendOptional(dst, `,"policy":`, r.Policy)
	dst = appendOptional(dst, `,"upstream":`, r.Upstream)
	dst = appendList(dst, `,"patients":`, r.Patients)
	dst = appendItems(dst, r.Released)
	dst = appendInt(dst, `,"withheld":`, r.Withheld)
	dst = appendInt(dst, `,"shown":`, r.Shown)
	dst = appendList(dst, `,"changed":`, r.Changed)
	dst = appendOptional(dst, `,"before":`, r.Before)
	dst = appendOptional(dst, `,"after":`, r.After)
	dst = appendOptional(dst, `,"operation":`, r.Operation)
	dst = appendOptional(dst, `,"requestId":`, r.RequestID)
	dst = appendOptional(dst, `,"traceparent":`, r.Traceparent)
	return appendEnd(dst, r)
}

// appendEnd appends what only some records have.
func appendEnd(dst []byte, r *Record) []byte {
	if r.Intent != nil {
		dst = append(dst, `,"intent":`...)
		dst = strconv.AppendInt(dst, *r.Intent, 10)
	}
	dst = appendInt(dst, `,"repeats":`, r.Repeats)
	if !r.Until.IsZero() {
		dst = append(dst, `,"until":"`...)
		dst = append(appendTime(dst, r.Until.UTC()), '"')
	}
	if r.Admin != (Admin{}) {
		dst = appendAdmin(dst, &r.Admin)
	}
	dst = appendList(dst, `,"forgotten":`, r.Forgotten)
	return append(dst, '}')
}

func appendSystem(dst []byte, s *System) []byte {
	dst = append(dst, `,"system":{`...)
	start := len(dst)
	dst = appendOptional(dst, `,"adapter":`, s.Adapter)
	dst = appendOptional(dst, `,"product":`, s.Product)
	dst = appendOptional(dst, `,"connection":`, s.Connection)
	return append(dropComma(dst, start), '}')
}

func appendAgent(dst []byte, a *Agent) []byte {
	dst = append(dst, `,"agent":{`...)
	start := len(dst)
	dst = appendOptional(dst, `,"iss":`, a.Issuer)
	dst = appendOptional(dst, `,"sub":`, a.Subject)
	dst = appendOptional(dst, `,"name":`, a.Name)
	dst = appendOptional(dst, `,"platform":`, a.Platform)
	dst = appendOptional(dst, `,"client":`, a.ClientID)
	dst = appendOptional(dst, `,"jti":`, a.TokenID)
	dst = appendOptional(dst, `,"role":`, a.Role)
	if a.Automated {
		dst = append(dst, `,"automated":true`...)
	}
	dst = appendOptional(dst, `,"assurance":`, a.Assurance)
	dst = appendOptional(dst, `,"team":`, a.Team)
	dst = appendOptional(dst, `,"software":`, a.Software)
	dst = appendOptional(dst, `,"address":`, a.Address)
	return append(dropComma(dst, start), '}')
}

func appendAdmin(dst []byte, a *Admin) []byte {
	dst = append(dst, `,"admin":{`...)
	start := len(dst)
	dst = appendOptional(dst, `,"action":`, a.Action)
	dst = appendOptional(dst, `,"subject":`, a.Subject)
	dst = appendOptional(dst, `,"version":`, a.Version)
	dst = appendOptional(dst, `,"by":`, a.By)
	return append(dropComma(dst, start), '}')
}

// dropComma removes the comma that the first member of an object brought along at start.
func dropComma(dst []byte, start int) []byte {
	return append(dst[:start], dst[start+1:]...)
}

func appendItems(dst []byte, items []ReleasedItem) []byte {
	if len(items) == 0 {
		return dst
	}
	dst = append(dst, `,"released":`...)
	for i := range items {
		lead := `,{"ref":`
		if i == 0 {
			lead = `[{"ref":`
		}
		dst = appendString(dst, lead, items[i].Ref)
		dst = appendList(dst, `,"patients":`, items[i].Patients)
		dst = appendInt(dst, `,"removed":`, items[i].Removed)
		dst = appendInt(dst, `,"documents":`, items[i].Documents)
		dst = appendList(dst, `,"kinds":`, items[i].Kinds)
		dst = appendList(dst, `,"labels":`, items[i].Labels)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendInt(dst []byte, lead string, n int) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, lead...), int64(n), 10)
}

func appendList(dst []byte, lead string, list []string) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(dst, lead...)
	for i, s := range list {
		if i == 0 {
			dst = appendString(dst, "[", s)
		} else {
			dst = appendString(dst, ",", s)
		}
	}
	return append(dst, ']')
}

func appendOptional(dst []byte, lead, s string) []byte {
	if s == "" {
		return dst
	}
	return appendString(dst, lead, s)
}

// appendString appends lead and then s as a JSON string, plain runs copied whole.
func appendString(dst []byte, lead, s string) []byte {
	dst = append(append(dst, lead...), '"')
	plain := 0
	for i := plainPrefix(s); i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = appendEscape(append(dst, s[plain:i]...), c)
			i++
			plain = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[plain:i]...), "\uFFFD"...)
			plain = i + size
		}
		i += size
	}
	return append(append(dst, s[plain:]...), '"')
}

// plainPrefix is how many bytes at the beginning of s, in steps of eight, are ASCII that needs no escape: eight are looked at in
// one step (after Hacker's Delight, section 6-1: a byte of x-0x01.. &^ x has its high bit where x has a zero byte).
func plainPrefix(s string) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		control, quote, slash := w-ones*' ', w^ones*'"', w^ones*'\\'
		if (w|control&^w|(quote-ones)&^quote|(slash-ones)&^slash)&highs != 0 {
			return i
		}
	}
	return i
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}

// appendTime is t.AppendFormat(dst, timeLayout) for a t in UTC, without reading the layout again for each record.
func appendTime(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, timeLayout)
	}
	hour, minute, second := t.Clock()
	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), int(month), 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	dst = appendDigits(append(dst, 'T'), hour, 2)
	dst = appendDigits(append(dst, ':'), minute, 2)
	dst = appendDigits(append(dst, ':'), second, 2)
	return append(appendDigits(append(dst, '.'), t.Nanosecond()/1e6, 3), 'Z')
}

// appendDigits appends n in as many digits, at most four.
func appendDigits(dst []byte, n, digits int) []byte {
	text := [4]byte{byte('0' + n/1000%10), byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)}
	return append(dst, text[4-digits:]...)
}

// wholeMillis is t as a record keeps it.
func wholeMillis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
