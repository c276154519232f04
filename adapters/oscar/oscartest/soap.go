package oscartest

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	soapSpace  = "http://schemas.xmlsoap.org/soap/envelope/"
	oscarSpace = "http://ws.oscarehr.org/"
	secureText = "#PasswordText"
	kindSOAP   = "text/xml;charset=UTF-8"
)

// fault is what goes wrong in a SOAP call.
type fault struct{ code, text string }

func (f *fault) Error() string { return f.text }

// broken is an exception in the server.
func broken(text string) *fault { return &fault{"soap:Server", text} }

// arg is an argument of an operation: its name in Java and its type in the schema.
type arg struct{ name, kind string }

// operation is one SOAP call.
type operation struct {
	service, name string
	args          []arg
	returns       string // type of each return element; "" is none
	object        string
	right         byte
	open          bool // needs no user name token
	annotated     bool // the source names the arguments (@WebParam)
	juno          bool // in Juno only
	serve         func(*call, arguments) ([]node, error)
}

// arguments are what was sent, by the names in Java.
type arguments map[string]node

func (a arguments) text(name string) string { return a[name].text }

func (a arguments) int(name string) int {
	n, _ := strconv.Atoi(a.text(name)) // the types were checked when they were read
	return n
}

func (a arguments) time(name string) time.Time {
	t, _ := readDateTime(a.text(name), time.UTC)
	return t
}

// soap answers ws/<Name>Service: its WSDL, or a call.
func (c *call) soap(service string) answer {
	_, wants := c.query["wsdl"]
	switch {
	case c.r.Method == http.MethodGet && wants && c.offers(service) && !c.switches.NoWSDL:
		return answer{status: http.StatusOK, kind: kindSOAP, body: c.wsdl(service), service: true}
	case !c.offers(service):
		return c.text(http.StatusNotFound, "")
	case c.r.Method != http.MethodPost:
		return c.text(http.StatusMethodNotAllowed, "")
	}
	op, returns, err := c.operate(service)
	if err != nil {
		return c.fault(err)
	}
	return c.envelope(http.StatusOK, "<ns2:"+op+"Response xmlns:ns2=\""+oscarSpace+"\">", returns, "</ns2:"+op+"Response>")
}

func (c *call) offers(service string) bool {
	for _, op := range operations() {
		if op.service == service {
			return true
		}
	}
	return false
}

// operate reads the envelope, finds the operation, checks who asks, and carries it out.
func (c *call) operate(service string) (string, []node, error) {
	doc, err := parseXML(c.body)
	if err != nil || doc.name != "Envelope" || doc.space != soapSpace {
		return "", nil, &fault{"soap:Client", "Error reading XMLStreamReader"}
	}
	body, _ := doc.kid("Body")
	if len(body.kids) != 1 {
		return "", nil, &fault{"soap:Client", "The SOAP body has to hold one operation"}
	}
	asked := body.kids[0]
	c.operation = asked.name
	op, ok := c.find(service, asked)
	if !ok {
		return "", nil, &fault{"soap:Client", fmt.Sprintf("Message part {%s}%s was not recognized. (Does it exist in service WSDL?)", asked.space, asked.name)}
	}
	if !op.open && !c.identified(doc) {
		return "", nil, &fault{"wsse:FailedAuthentication", "The security token could not be authenticated or authorized"}
	}
	args, err := c.arguments(op, asked)
	if err != nil {
		return "", nil, err
	}
	fail := c.switches.FailStatus
	if fail == 0 && op.right == 'w' {
		fail = c.switches.FailWrites
	}
	switch {
	case fail != 0:
		return "", nil, broken(http.StatusText(fail))
	case !c.provider.Privileges.allow(op.object, op.right) && !op.open:
		return "", nil, broken("Access Denied")
	}
	returns, err := op.serve(c, args)
	return op.name, returns, err
}

func (c *call) find(service string, asked node) (operation, bool) {
	for _, op := range operations() {
		if op.service == service && op.name == asked.name && asked.space == oscarSpace && (!op.juno || c.cfg.Dialect == Juno) {
			return op, true
		}
	}
	return operation{}, false
}

// identified checks the user name token: the number of a security row, and its password or a live token key.
func (c *call) identified(doc node) bool {
	header, _ := doc.kid("Header")
	security, _ := header.kid("Security")
	token, ok := security.kid("UsernameToken")
	user, _ := token.kid("Username")
	password, _ := token.kid("Password")
	id, isNumber := numbered(strings.TrimSpace(user.text))
	kind := password.attrs["Type"]
	if !ok || !isNumber || password.text == "" || kind != "" && !strings.HasSuffix(kind, secureText) {
		return false
	}
	for _, p := range c.data.Providers {
		if p.SecurityID == id && !p.Disabled && (password.text == p.Password || password.text == c.soapKeys[id]) {
			c.provider = p
			return true
		}
	}
	return false
}

// argumentName is what the schema calls an argument.
func (c *call) argumentName(op operation, i int, a arg) string {
	if op.annotated || c.switches.NamedArguments {
		return a.name
	}
	return "arg" + strconv.Itoa(i)
}

// arguments reads what was sent, as CXF does: an element that the schema does not have spoils the call, one that is
// missing is null.
func (c *call) arguments(op operation, asked node) (arguments, error) {
	out := arguments{}
	for _, k := range asked.kids {
		known := false
		for i, a := range op.args {
			if k.space == "" && k.name == c.argumentName(op, i, a) {
				known = true
				if !fits(collapsed(k, a.kind), a.kind) {
					return nil, &fault{"soap:Client", "Unmarshalling Error: " + k.text}
				}
				out[a.name] = collapsed(k, a.kind)
			}
		}
		if !known {
			return nil, &fault{"soap:Client", fmt.Sprintf("Unmarshalling Error: unexpected element (uri:%q, local:%q)", k.space, k.name)}
		}
	}
	return out, nil
}

// collapsed is the element without the spaces around a value, which belong to texts only (XML Schema part 2, whiteSpace).
func collapsed(n node, kind string) node {
	if kind != "xs:string" {
		n.text = strings.TrimSpace(n.text)
	}
	return n
}

// fits checks a simple type.
func fits(n node, kind string) bool {
	var err error
	switch kind {
	case "xs:int":
		_, err = strconv.Atoi(n.text)
	case "xs:boolean":
		_, err = strconv.ParseBool(n.text)
	case "xs:dateTime":
		_, err = readDateTime(n.text, time.UTC)
	}
	return err == nil
}

// readDateTime reads xs:dateTime; one without an offset is in zone.
func readDateTime(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	return time.ParseInLocation("2006-01-02T15:04:05.999999999", text, zone)
}

// dateTime writes xs:dateTime with the offset of the clinic, or in GMT.
func (c *call) dateTime(t time.Time, gmt bool) string {
	t = t.In(c.cfg.Zone)
	if gmt {
		t = t.UTC()
	}
	return t.Format("2006-01-02T15:04:05.999Z07:00")
}

// fault is a SOAP 1.1 fault, which comes with status 500.
func (c *call) fault(err error) answer {
	f, ok := err.(*fault)
	if !ok {
		f = broken("Fault occurred while processing.")
	}
	return c.envelope(http.StatusInternalServerError, "<soap:Fault>", []node{leaf("faultcode", f.code), leaf("faultstring", f.text)}, "</soap:Fault>")
}

func (c *call) envelope(status int, before string, kids []node, after string) answer {
	var b bytes.Buffer
	b.WriteString(`<soap:Envelope xmlns:soap="` + soapSpace + `"><soap:Body>` + before)
	for _, k := range kids {
		k.write(&b)
	}
	b.WriteString(after + "</soap:Body></soap:Envelope>")
	return answer{status: status, kind: kindSOAP, body: b.Bytes(), service: true}
}
