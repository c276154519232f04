package oscar

import (
	"slices"
	"strconv"
	"time"

	"vestibule/fhir"
)

const typTask = "Task"

// tickler is a row of tickler with what hangs on it.
type tickler struct {
	id, patient            int64
	message, status        string
	priority               string
	service, updated       time.Time
	creator, owner         string
	patientName, ownerName string
	creatorName            string
	comments               []remark
	links                  []linked
	category               string
}

// remark is one comment on a tickler.
type remark struct {
	text, provider, name string
	at                   time.Time
}

// linked is something that a tickler points at: a document (DOC) or a laboratory report (HL7).
type linked struct {
	table string
	id    int64
}

// ticklerRow is TicklerTo1, and Juno's REST v1 row, whose members have other names for the times.
func (a *Adapter) ticklerRow(v fhir.Value) tickler {
	var row tickler
	for name, m := range v.Members() {
		switch name {
		case "id":
			row.id = integer(m)
		case "demographicNo":
			row.patient = integer(m)
		case "message":
			row.message = plainText(m)
		case "status":
			row.status = plainText(m)
		case "priority":
			row.priority = plainText(m)
		case "serviceDate", "serviceDateTime":
			row.service = a.instantIn(m)
		case "updateDate", "updateDateTime":
			row.updated = a.instantIn(m)
		case "creator":
			row.creator = plainText(m)
		case "taskAssignedTo":
			row.owner = plainText(m)
		case "demographicName":
			row.patientName = plainText(m)
		case "creatorName":
			row.creatorName = plainText(m)
		case "taskAssignedToName":
			row.ownerName = plainText(m)
		case "categoryId":
			row.category = string(m.Raw()) // kept, because Juno's update replaces the row
		case "ticklerComments":
			row.comments = a.remarks(m)
		case "ticklerLinks":
			for l := range m.Items() {
				row.links = append(row.links, linked{plainText(l.Get("tableName")), integer(l.Get("tableId"))})
			}
		default:
			a.notes.unlisted(typTask, name, says(m))
		}
	}
	return row
}

func (a *Adapter) remarks(list fhir.Value) []remark {
	var out []remark
	for c := range list.Items() {
		out = append(out, remark{plainText(c.Get("message")), plainText(c.Get("providerNo")), plainText(c.Get("providerName")), a.instantIn(c.Get("updateDate"))})
	}
	slices.SortStableFunc(out, func(x, y remark) int { return x.at.Compare(y.at) })
	return out
}

func (row tickler) version() string {
	fields := []string{strconv.FormatInt(row.patient, 10), row.message, row.status, row.priority, stamp(row.service), stamp(row.updated), row.creator, row.owner}
	for _, c := range row.comments {
		fields = append(fields, c.text, c.provider, stamp(c.at))
	}
	for _, l := range row.links {
		fields = append(fields, l.table, strconv.FormatInt(l.id, 10))
	}
	return version(fields...)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}
