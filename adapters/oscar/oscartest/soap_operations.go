package oscartest

import (
	"maps"
	"slices"
	"strconv"
)

// operations lists every SOAP call that is served. The names of arguments are those of Java, which a service shows as
// arg0, arg1, … where its source does not name them by annotation, so callers have to read the WSDL.
func operations() []operation {
	gmt := arg{"useGMTTime", "xs:boolean"}
	row := arg{"appointment", "tns:appointmentTransfer"}
	id := arg{"appointmentId", "xs:int"}
	return []operation{
		{service: "ProviderService", name: "getProviders2", args: []arg{{"active", "xs:boolean"}}, returns: "tns:providerTransfer", serve: (*call).soapProviders},
		{service: "ProviderService", name: "getLoggedInProviderTransfer", returns: "tns:providerTransfer", serve: (*call).soapMyself},
		{service: "LoginService", name: "login", args: []arg{{"userName", "xs:string"}, {"password", "xs:string"}}, returns: "tns:loginResultTransfer", open: true, serve: (*call).soapLogin},
		{service: "LoginService", name: "login2", args: []arg{{"userName", "xs:string"}, {"password", "xs:string"}}, returns: "tns:loginResultTransfer", open: true, serve: (*call).soapLogin},
		{service: "ScheduleService", name: "getAppointment2", args: []arg{id, gmt}, returns: "tns:appointmentTransfer", object: "_appointment", right: 'r', serve: (*call).soapAppointment},
		{service: "ScheduleService", name: "getAppointmentsForProvider2", args: []arg{{"providerNo", "xs:string"}, {"date", "xs:dateTime"}, gmt},
			returns: "tns:appointmentTransfer", object: "_appointment", right: 'r', serve: (*call).soapForProvider},
		{service: "ScheduleService", name: "getAppointmentsForPatient2", args: []arg{{"demographicId", "xs:int"}, {"startIndex", "xs:int"}, {"itemsToReturn", "xs:int"}, gmt},
			returns: "tns:appointmentTransfer", object: "_appointment", right: 'r', serve: (*call).soapForPatient},
		{service: "ScheduleService", name: "getAppointmentsForDateRangeAndProvider2", args: []arg{{"startTime", "xs:dateTime"}, {"endTime", "xs:dateTime"}, {"providerNo", "xs:string"}, gmt},
			returns: "tns:appointmentTransfer", object: "_appointment", right: 'r', serve: (*call).soapForRange},
		{service: "ScheduleService", name: "getAppointmentsUpdatedAfterDate", args: []arg{{"updatedAfterThisDateExclusive", "xs:dateTime"}, {"itemsToReturn", "xs:int"}, gmt},
			returns: "tns:appointmentTransfer", object: "_appointment", right: 'r', serve: (*call).soapUpdatedAfter},
		{service: "ScheduleService", name: "getDayWorkSchedule", args: []arg{{"providerNo", "xs:string"}, {"date", "xs:dateTime"}}, returns: "tns:dayWorkScheduleTransfer", object: "_appointment", right: 'r', serve: (*call).soapDay},
		{service: "ScheduleService", name: "getAppointmentTypes", returns: "tns:appointmentTypeTransfer", object: "_appointment", right: 'r', serve: (*call).soapTypes},
		{service: "ScheduleService", name: "addAppointment", args: []arg{row}, returns: "xs:int", object: "_appointment", right: 'w', serve: (*call).soapAdd},
		{service: "ScheduleService", name: "updateAppointment", args: []arg{row}, object: "_appointment", right: 'w', serve: (*call).soapUpdate},
		{service: "ScheduleService", name: "addAppointmentValidated", args: []arg{row}, returns: "xs:int", object: "_appointment", right: 'w', juno: true, serve: (*call).soapAddValidated},
		{service: "ScheduleService", name: "confirmAppointment", args: []arg{id}, object: "_appointment", right: 'w', juno: true, serve: (*call).soapConfirm},
		{service: "ScheduleService", name: "cancelAppointment", args: []arg{id}, object: "_appointment", right: 'w', juno: true, serve: (*call).soapCancel},
		{service: "ScheduleService", name: "getProviderAvailability", args: []arg{{"providerNo", "xs:string"}, {"date", "xs:dateTime"}}, returns: "tns:slotTransfer", object: "_appointment", right: 'r', juno: true, serve: (*call).soapAvailability},
		{service: "DocumentService", name: "getDocument", args: []arg{{"documentId", "xs:int"}}, returns: "tns:documentTransfer", object: "_edoc", right: 'r', serve: (*call).soapDocument},
		{service: "DocumentService", name: "getDocumentsByDemographicIdAfter", annotated: true, args: []arg{{"lastUpdate", "xs:dateTime"}, {"demographicId", "xs:int"}},
			returns: "tns:documentTransfer", object: "_edoc", right: 'r', serve: (*call).soapDocumentsOf},
		{service: "DocumentService", name: "getDocumentsUpdateAfterDate", args: []arg{{"updatedAfterThisDateExclusive", "xs:dateTime"}, {"itemsToReturn", "xs:int"}},
			returns: "tns:documentTransfer", object: "_edoc", right: 'r', serve: (*call).soapDocumentsAfter},
	}
}

// transfer is a provider as ProviderTransfer; the real one has more members.
func (p Provider) transfer(name string) node {
	status := "1"
	if p.Disabled {
		status = "0"
	}
	return node{name: name, kids: []node{leaf("firstName", p.FirstName), leaf("lastName", p.LastName), leaf("providerNo", p.No), leaf("status", status)}}
}

// soapProviders lists those who are enabled, those who are not, or, without the argument, all.
func (c *call) soapProviders(a arguments) ([]node, error) {
	var out []node
	for _, no := range slices.Sorted(maps.Keys(c.data.Providers)) {
		p := c.data.Providers[no]
		if which, given := a["active"]; !given || which.text == strconv.FormatBool(!p.Disabled) {
			out = append(out, p.transfer("return"))
		}
	}
	return out, nil
}

func (c *call) soapMyself(arguments) ([]node, error) {
	return []node{c.provider.transfer("return")}, nil
}

// soapLogin trades a user name and password for a key that lives as long as the server process.
func (c *call) soapLogin(a arguments) ([]node, error) {
	p, ok := c.signIn(a.text("userName"), a.text("password"))
	if !ok {
		return nil, broken("User/Password/Pin is incorrect")
	}
	if c.soapKeys == nil {
		c.Server.soapKeys = map[int]string{}
	}
	if c.soapKeys[p.SecurityID] == "" {
		c.soapKeys[p.SecurityID] = c.token()
	}
	c.provider = p
	return []node{{name: "return", kids: []node{p.transfer("provider"), leaf("securityId", strconv.Itoa(p.SecurityID)), leaf("securityTokenKey", c.soapKeys[p.SecurityID])}}}, nil
}

// Restart is what a restart of the server process does: SOAP keys and browsers' sessions are gone, tables and OAuth tokens
// are not.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.soapKeys, s.sessions, s.sticky = nil, nil, includes{}
}
