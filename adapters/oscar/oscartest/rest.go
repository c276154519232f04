package oscartest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// route is one REST call: what it is, and which right to which security object the provider needs.
type route struct {
	method, pattern string
	object          string
	right           byte
	serve           func(*call) answer
}

// routes lists every REST call of OSCAR, Open-O and CARLOS that is served.
func routes() []route {
	return []route{
		{"GET", "status/checkIfAuthed", "", 0, (*call).checkIfAuthed},
		{"GET", "oauth/info", "", 0, (*call).tokenInfo},
		{"GET", "schedule/statuses", "_appointment", 'r', (*call).statuses},
		{"GET", "schedule/types", "_appointment", 'r', (*call).types},
		{"GET", "schedule/reasons", "_appointment", 'r', (*call).reasons},
		{"GET", "schedule/codes", "_appointment", 'r', (*call).slotCodes},
		{"GET", "schedule/day/{date}", "_appointment", 'r', (*call).daySheet},
		{"GET", "schedule/{provider}/day/{date}", "_appointment", 'r', (*call).daySheet},
		{"GET", "schedule/fetchDays/{from}/{to}/{providers}", "_appointment", 'r', (*call).fetchDays},
		{"GET", "schedule/fetchProviderAppts/{provider}/{from}/{to}", "_appointment", 'r', (*call).fetchProviderAppts},
		{"GET", "schedule/fetchMonthly/{provider}/{year}/{month}", "_appointment", 'r', (*call).fetchMonthly},
		{"POST", "schedule/{demographic}/appointmentHistory", "_appointment", 'r', (*call).history},
		{"POST", "schedule/getAppointment", "_appointment", 'r', (*call).getAppointment},
		{"POST", "schedule/add", "_appointment", 'w', (*call).addAppointment},
		{"POST", "schedule/appointment/{id}/updateStatus", "_appointment", 'w', (*call).updateStatus},
		{"POST", "schedule/appointment/{id}/updateType", "_appointment", 'w', (*call).updateType},
		{"POST", "schedule/updateAppointment", "_appointment", 'w', (*call).updateAppointment},
		{"POST", "schedule/deleteAppointment", "_appointment", 'd', (*call).deleteAppointment},
		{"GET", "tickler/ticklers", "_tickler", 'r', (*call).ticklerList},
		{"POST", "tickler/search", "_tickler", 'r', (*call).ticklerSearch},
		{"GET", "tickler/mine", "_tickler", 'r', (*call).ticklerMine},
		{"GET", "tickler/{demographic}/count/overdue", "_tickler", 'r', (*call).ticklerOverdue},
		{"POST", "tickler/add", "_tickler", 'w', (*call).ticklerAdd},
		{"POST", "tickler/update", "_tickler", 'u', (*call).ticklerUpdate},
		{"POST", "tickler/complete", "_tickler", 'u', (*call).ticklerComplete},
		{"POST", "tickler/delete", "_tickler", 'u', (*call).ticklerDelete},
		{"POST", "document/saveDocumentToDemographic", "_edoc", 'w', (*call).saveDocument},
		{"POST", "document/uploadPendingDocuments", "", 0, (*call).uploadPending},
		{"GET", "consults/getRequestAttachments", "", 0, (*call).attachments},
		{"GET", "demographics/basic/{demographic}", "_demographic", 'r', (*call).basicDemographic},
		{"GET", "demographics/quickSearch", "_demographic", 'r', (*call).quickSearch},
		{"POST", "demographics/search", "_demographic", 'r', (*call).searchDemographics},
		{"GET", "demographics/{demographic}", "_demographic", 'r', (*call).wholeDemographic},
		{"GET", "providerService/providers_json", "", 0, (*call).providers},
		{"GET", "providerService/provider/me", "", 0, (*call).myself},
		{"GET", "inbox/mine", "", 0, (*call).inbox},
	}
}

// rest answers a call below ws/services or ws/rs.
func (c *call) rest(path string, authenticate func() (answer, bool)) answer {
	if a, ok := authenticate(); !ok {
		return a
	}
	if rest, v1 := strings.CutPrefix(path, "v1/"); v1 && c.cfg.Dialect == Juno {
		return c.served(c.juno(rest))
	}
	found := false
	for _, r := range routes() {
		params, ok := match(r.pattern, path)
		if !ok || !c.speaks(r.pattern) {
			continue
		}
		found = true
		if r.method != c.r.Method {
			continue
		}
		c.params = params
		return c.served(c.run(r))
	}
	if found || strings.HasSuffix(path, "/updateUrgency") {
		return c.text(http.StatusMethodNotAllowed, "")
	}
	return c.text(http.StatusNotFound, "")
}

// run carries a call out, unless a switch or a missing privilege is in the way.
func (c *call) run(r route) answer {
	fail := c.switches.FailStatus
	if r.right != 'r' && r.right != 0 && fail == 0 {
		fail = c.switches.FailWrites
	}
	if fail != 0 {
		return c.text(fail, http.StatusText(fail))
	}
	if !c.provider.Privileges.allow(r.object, r.right) {
		return c.denied()
	}
	return r.serve(c)
}

// denied is a missing privilege: an exception in the server, not a 403 (Open-O: the managers' privilege checks).
func (c *call) denied() answer { return c.text(http.StatusInternalServerError, "Access Denied") }

func (c *call) served(a answer) answer {
	a.service = true
	return a
}

// speaks says whether the dialect has the call.
func (c *call) speaks(pattern string) bool {
	part, _, _ := strings.Cut(pattern, "/")
	switch {
	case part == "document" && c.switches.NoDocumentREST:
		return false
	}
	return c.cfg.Dialect != Juno
}

// match compares a path with a pattern whose {names} stand for one segment each.
func match(pattern, path string) (map[string]string, bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	params := map[string]string{}
	for i, w := range want {
		switch {
		case strings.HasPrefix(w, "{"):
			params[strings.Trim(w, "{}")] = got[i]
		case w != got[i]:
			return nil, false
		}
	}
	return params, true
}

// read decodes the JSON body.
func (c *call) read(into any) bool {
	return json.Unmarshal(c.body, into) == nil
}

// numbered is a path or query value that has to be a number.
func numbered(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// found is the envelope of searches (adapters.md 1.2).
type found[T any] struct {
	Offset    int     `json:"offset"`
	Limit     int     `json:"limit"`
	Total     int     `json:"total"`
	Timestamp int64   `json:"timestamp"`
	Content   []T     `json:"content"`
	Query     *string `json:"query"`
}

func (c *call) checkIfAuthed() answer {
	return c.give(result{Success: true, Message: &c.provider.No})
}

// result is the answer of calls that say no more than whether they worked.
type result struct {
	Success bool    `json:"success"`
	Message *string `json:"message"`
}

func (c *call) tokenInfo() answer {
	return c.give(struct {
		Login string `json:"login"`
	}{c.provider.No})
}
