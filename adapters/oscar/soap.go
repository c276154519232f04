package oscar

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vestibule/adapters/internal/wire"
)

// Namespaces of OSCAR's SOAP services and of WS-Security's UsernameToken with a password in clear text, which is all that
// they take (Open-O's AuthenticationInWSS4JInterceptor).
const (
	nsEnvelope = "http://schemas.xmlsoap.org/soap/envelope/"
	nsOSCAR    = "http://ws.oscarehr.org/"
	nsWSSE     = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	pwText     = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
)

// argument is one argument of a SOAP operation: its text, or XML that is ready. name is what Open-O's source calls it; empty
// for arg0, arg1 and so on.
type argument struct {
	name string
	text string
	raw  []byte
}

// soapCall is one operation of one service.
type soapCall struct {
	op, typ         string
	service, method string
	args            []argument
	most            int
	again           bool
	absent          bool
}

// identity is who the gateway is in SOAP: the numeric security id and a key that lives as long as the EMR's process.
type identity struct{ id, key string }

// identityAge is how long a key is used before another is asked for.
const identityAge = 8 * time.Hour

// soap is the SOAP leg.
type soap struct {
	link  *link
	who   *wire.Fresh[identity]
	names *wire.Fresh[map[string][]string] // by service.operation: what its arguments are called
}

func newSOAP(l *link) *soap {
	s := &soap{link: l}
	s.who = wire.NewFresh(l.conf.Now, false, s.login)
	s.names = wire.NewFresh(l.conf.Now, true, s.argumentNames)
	return s
}

// call carries out c and returns what it returns: none, one or many. When the EMR does not know the key any more, because it
// was restarted, the adapter signs in again, once: such a call was not carried out.
func (s *soap) call(ctx context.Context, c soapCall) ([]node, error) {
	who, err := s.who.Get(ctx)
	if err != nil {
		return nil, notSent(err)
	}
	out, err := s.as(ctx, c, who.Value)
	if !errors.Is(err, errUnknownKey) {
		return out, err
	}
	s.who.Drop(who)
	if who, err = s.who.Get(ctx); err != nil {
		return nil, notSent(err)
	}
	return s.as(ctx, c, who.Value)
}

func (s *soap) as(ctx context.Context, c soapCall, who identity) ([]node, error) {
	names := map[string][]string{}
	if l, err := s.names.Get(ctx); err == nil {
		names = l.Value
	}
	b, err := s.link.do(ctx, exchange{
		op: c.op, typ: c.typ, method: http.MethodPost, path: "/ws/" + c.service, xml: true, most: c.most, again: c.again, absent: c.absent,
		body: envelope(c.method, names[c.service+"."+c.method], c.args, who),
	})
	if err != nil {
		return nil, err
	}
	root, err := parseNode(b)
	if err != nil {
		return nil, &wire.Fault{Err: broken(c.op, c.typ), Fate: wire.Finished}
	}
	out, ok := root.returned(c.method)
	if !ok {
		return nil, &wire.Fault{Err: wrong(c.op, c.typ, "The EMR answered something else than what was asked for."), Fate: wire.Finished}
	}
	return out, nil
}

// login is login2, which takes a user name and a password and needs no security header.
func (s *soap) login(ctx context.Context) (identity, time.Duration, error) {
	l := s.link.conf.SOAP
	args := []argument{{text: l.User}, {text: l.Password}}
	found, err := s.as(ctx, soapCall{op: opLogin, service: "LoginService", method: "login2", args: args, again: true}, identity{})
	if err != nil {
		if errors.Is(err, errUnknownKey) || errors.Is(err, errFault) {
			err = &wire.Fault{Err: loginRefused(&exchange{op: opLogin}).Because(errors.New("SOAP: user name or password"))}
		}
		return identity{}, 0, err
	}
	who := identity{}
	if len(found) > 0 {
		who = identity{found[0].find("securityId"), found[0].find("securityTokenKey")}
	}
	if who.id == "" || who.key == "" {
		return identity{}, 0, &wire.Fault{Err: wrong(opLogin, "", "The EMR's log-in for SOAP answered without a key.")}
	}
	return who, identityAge, nil
}

// envelope is a request. Arguments are named as the service's WSDL names them, else as Open-O's source does.
func envelope(method string, names []string, args []argument, who identity) []byte {
	var b bytes.Buffer
	b.WriteString(`<soapenv:Envelope xmlns:soapenv="` + nsEnvelope + `" xmlns:ns="` + nsOSCAR + `"><soapenv:Header>`)
	if who.id != "" {
		b.WriteString(`<wsse:Security soapenv:mustUnderstand="1" xmlns:wsse="` + nsWSSE + `"><wsse:UsernameToken><wsse:Username>`)
		escapeXML(&b, who.id)
		b.WriteString(`</wsse:Username><wsse:Password Type="` + pwText + `">`)
		escapeXML(&b, who.key)
		b.WriteString(`</wsse:Password></wsse:UsernameToken></wsse:Security>`)
	}
	b.WriteString(`</soapenv:Header><soapenv:Body><ns:` + method + `>`)
	for i, a := range args {
		name := "arg" + strconv.Itoa(i)
		switch {
		case len(names) == len(args):
			name = names[i]
		case a.name != "":
			name = a.name
		}
		b.WriteString("<" + name + ">")
		escapeXML(&b, a.text)
		b.Write(a.raw)
		b.WriteString("</" + name + ">")
	}
	b.WriteString(`</ns:` + method + `></soapenv:Body></soapenv:Envelope>`)
	return b.Bytes()
}

func escapeXML(b *bytes.Buffer, text string) {
	_ = xml.EscapeText(b, []byte(text)) // a Buffer does not fail
}

// What a SOAP fault says.
var (
	errUnknownKey = errors.New("SOAP: the key is not known")
	errFault      = errors.New("SOAP: fault")
)

// explainSOAP says more of a fault, by words of OSCAR and of its SOAP library that hold no data.
func explainSOAP(x *exchange, f *wire.Fault, head string) *wire.Fault {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(head, w) {
				return true
			}
		}
		return false
	}
	switch {
	case f.Status < 500 || !has("fault"):
	case saysDenied(head):
		f.Err = upstream(x.op, x.typ, "emr-login-refused", "The provider in whose name the gateway acts lacks a privilege in the EMR. The clinic has to look into it.").
			Because(errMissingPrivilege)
	case has("wsse:", "securityerror", "failedauthentication", "invalidsecurity", "security token", "notauthorised", "not authorised", "authenticat", "ws-security"):
		f.Err, f.Fate, f.Again = loginRefused(x).Because(errUnknownKey), wire.NotDone, false
	case x.absent:
		f.Err = notFound(x.op, x.typ).Because(errPerhapsAbsent)
	default:
		f.Err = f.Err.Because(errFault)
	}
	return f
}

// argumentNames reads the services' WSDLs for what operations call their arguments. A service whose WSDL cannot be read has
// arg0, arg1 and so on.
func (s *soap) argumentNames(ctx context.Context) (map[string][]string, time.Duration, error) {
	all, good := map[string][]string{}, 24*time.Hour
	for _, service := range []string{"LoginService", "ScheduleService", "DocumentService"} {
		b, err := s.link.do(ctx, exchange{op: opLogin, method: http.MethodGet, path: "/ws/" + service, query: "wsdl", xml: true})
		if err != nil {
			good = time.Minute
			continue
		}
		for op, names := range wsdlArguments(b) {
			all[service+"."+op] = names
		}
	}
	return all, good, nil
}

// wsdlArguments finds, in a WSDL's schema, the elements of each operation's request: a complexType of the operation's name, or an element of
// that name that holds one.
func wsdlArguments(b []byte) map[string][]string {
	out := map[string][]string{}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // made UTF-8 before
	var owners []string
	owner := func() string {
		if len(owners) == 0 {
			return ""
		}
		return owners[len(owners)-1]
	}
	for {
		t, err := d.Token()
		if err != nil {
			return out
		}
		switch t := t.(type) {
		case xml.StartElement:
			name := attribute(t, "name")
			if of := owner(); t.Name.Local == "element" && of != "" && name != "" {
				out[of] = append(out[of], name)
				name = ""
			} else if t.Name.Local != "complexType" && t.Name.Local != "element" || name == "" {
				name = of
			}
			owners = append(owners, name)
		case xml.EndElement:
			owners = owners[:max(0, len(owners)-1)]
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
