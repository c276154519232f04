package oscartest

import (
	"bytes"
	"strings"
)

// transferTypes are the complex types of the schema: members of each with their types, in the order of the schema. Where
// an answer's members are unverified, so are these.
func transferTypes() map[string][]arg {
	text := func(names string) (out []arg) {
		for name := range strings.FieldsSeq(names) {
			kind := "xs:string"
			if before, after, found := strings.Cut(name, ":"); found {
				name, kind = before, "xs:"+after
			}
			out = append(out, arg{name, kind})
		}
		return out
	}
	return map[string][]arg{
		"loginResultTransfer": append([]arg{{"provider", "tns:providerTransfer"}}, text("securityId:int securityTokenKey")...),
		"providerTransfer":    text("firstName lastName providerNo status"),
		"appointmentTransfer": text("appointmentEndDateTime:dateTime appointmentStartDateTime:dateTime createDateTime:dateTime creator demographicNo:int id:int " +
			"lastUpdateUser location name notes programId:int providerNo reason remarks resources status type updateDateTime:dateTime urgency"),
		"appointmentTypeTransfer": text("duration:int id:int location name notes reason resources"),
		"dayWorkScheduleTransfer": append(text("holiday:boolean timeSlotDurationMin:int"), arg{"timeSlots", "tns:slotTransfer"}),
		"slotTransfer":            text("code time:dateTime"),
		"documentTransfer": text("appointmentNo:int contenttype ctlModule ctlModuleId:int ctlStatus docClass docSubClass doccreator docdesc docfilename doctype documentNo:int " +
			"docxml fileContents:base64Binary numberofpages:int observationdate:dateTime programId:int public1:int responsible reviewdatetime:dateTime reviewer source " +
			"sourceFacility status:unsignedShort updatedatetime:dateTime"),
	}
}

// wsdl describes a service: document/literal, wrapped, local elements without a namespace.
func (c *call) wsdl(service string) []byte {
	var types, messages, port, binding bytes.Buffer
	used := map[string]bool{}
	for _, op := range operations() {
		if op.service != service || op.juno && c.cfg.Dialect != Juno {
			continue
		}
		var in, out bytes.Buffer
		for i, a := range op.args {
			element(&in, c.argumentName(op, i, a), a.kind, false)
			c.complexType(&types, a.kind, used)
		}
		if op.returns != "" {
			element(&out, "return", op.returns, true)
			c.complexType(&types, op.returns, used)
		}
		for _, part := range []arg{{op.name, in.String()}, {op.name + "Response", out.String()}} {
			name, kids := part.name, part.kind
			types.WriteString(`<xs:element name="` + name + `" type="tns:` + name + `"/><xs:complexType name="` + name + `"><xs:sequence>` + kids + `</xs:sequence></xs:complexType>`)
			messages.WriteString(`<wsdl:message name="` + name + `"><wsdl:part name="parameters" element="tns:` + name + `"/></wsdl:message>`)
		}
		port.WriteString(`<wsdl:operation name="` + op.name + `"><wsdl:input name="` + op.name + `" message="tns:` + op.name + `"/><wsdl:output name="` + op.name + `Response" message="tns:` + op.name + `Response"/></wsdl:operation>`)
		binding.WriteString(`<wsdl:operation name="` + op.name + `"><soap:operation soapAction="" style="document"/><wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>`)
	}
	name := strings.TrimSuffix(service, "Service")
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><wsdl:definitions name="` + name + `WsService" targetNamespace="` + oscarSpace + `" xmlns:tns="` + oscarSpace +
		`" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">` +
		`<wsdl:types><xs:schema elementFormDefault="unqualified" targetNamespace="` + oscarSpace + `" version="1.0">` + types.String() + `</xs:schema></wsdl:types>` + messages.String() +
		`<wsdl:portType name="` + name + `Ws">` + port.String() + `</wsdl:portType>` +
		`<wsdl:binding name="` + name + `WsServiceSoapBinding" type="tns:` + name + `Ws"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>` + binding.String() + `</wsdl:binding>` +
		`<wsdl:service name="` + name + `WsService"><wsdl:port name="` + name + `WsPort" binding="tns:` + name + `WsServiceSoapBinding"><soap:address location="`)
	escape(&b, c.origin()+c.cfg.Context+"/ws/"+service)
	b.WriteString(`"/></wsdl:port></wsdl:service></wsdl:definitions>`)
	return b.Bytes()
}

func element(b *bytes.Buffer, name, kind string, many bool) {
	b.WriteString(`<xs:element minOccurs="0"`)
	if many {
		b.WriteString(` maxOccurs="unbounded"`)
	}
	b.WriteString(` name="` + name + `" type="` + kind + `"/>`)
}

// complexType writes a transfer type and those inside it, once.
func (c *call) complexType(b *bytes.Buffer, kind string, used map[string]bool) {
	name, ours := strings.CutPrefix(kind, "tns:")
	if !ours || used[name] {
		return
	}
	used[name] = true
	b.WriteString(`<xs:complexType name="` + name + `"><xs:sequence>`)
	var inner []string
	for _, m := range transferTypes()[name] {
		element(b, m.name, m.kind, m.name == "timeSlots")
		inner = append(inner, m.kind)
	}
	b.WriteString(`</xs:sequence></xs:complexType>`)
	for _, k := range inner {
		c.complexType(b, k, used)
	}
}
