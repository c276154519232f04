package policytest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
	"vestibule/policy"
)

// Question is one test, ready to be asked.
type Question struct {
	File    string // the name of its file
	Name    string
	Path    string // where in its file: tests[3]
	Request policy.Request

	emr    []fhir.Resource
	body   fhir.Resource // what is sent; zero: none
	change fhir.Value    // what is replaced in what the caller is shown; absent: nothing
	want   Test
}

// What a test can expect.
const (
	permitted = "permitted"
	denied    = "denied"
)

// unknownAddress is how a test says that the address is not known although the caller's is.
const unknownAddress = "unknown"

// Prepare reads a file for a clinic in zone. Where there are mistakes, the questions must not be used.
func Prepare(f File, zone *time.Location) ([]*Question, []Mistake) {
	p := preparer{file: f, zone: zone, shelf: shelf{byRef: map[string]fhir.Resource{}}}
	p.callers()
	p.resources()
	if len(f.Tests) == 0 {
		p.add("tests", "is missing: at least one test")
	}
	names := map[string]bool{}
	var out []*Question
	for i, t := range f.Tests {
		path := fmt.Sprintf("tests[%d]", i)
		switch {
		case strings.TrimSpace(t.Name) == "" || strings.Contains(t.Name, "\n"):
			p.add(path+".name", "is missing: what the test shows, on one line")
		case names[t.Name]:
			p.add(path+".name", "another test has this name")
		}
		names[t.Name] = true
		out = append(out, p.question(path, t))
	}
	return out, p.mistakes
}

// preparer collects the mistakes of a file, so that its author sees all of them at once.
type preparer struct {
	file     File
	zone     *time.Location
	shelf    shelf
	mistakes []Mistake
}

func (p *preparer) add(path, format string, args ...any) {
	p.mistakes = append(p.mistakes, Mistake{path, fmt.Sprintf(format, args...)})
}

func (p *preparer) wrong(path string, err error) {
	if err != nil {
		p.add(path, "%v", err)
	}
}

func (p *preparer) callers() {
	if len(p.file.Callers) == 0 {
		p.add("callers", "is missing: who asks, each under a name")
	}
	for _, name := range slices.Sorted(maps.Keys(p.file.Callers)) {
		c, path := p.file.Callers[name], "callers."+name
		if iss, sub, ok := strings.Cut(c.User, "|"); !ok || iss == "" || sub == "" {
			p.add(path+".user", `name the caller as "issuer|subject", such as "https://id.assistco.example|amara"`)
		}
		if c.Platform == "" {
			p.add(path+".platform", "is missing: for whom the caller works")
		}
		_, err := addressOf(c.Address)
		p.wrong(path+".address", err)
	}
}

func addressOf(text string) (netip.Addr, error) {
	if text == "" || text == unknownAddress {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return a, fmt.Errorf("%q is no address; write one like 203.0.113.7, or unknown", text)
	}
	return a, nil
}

func (p *preparer) resources() {
	for i, g := range p.file.Resources {
		path := fmt.Sprintf("resources[%d]", i)
		found, err := p.shelf.resources(g)
		if err == nil {
			err = p.shelf.put(found)
		}
		p.wrong(path, err)
	}
}

func (p *preparer) question(path string, t Test) *Question {
	q := &Question{File: p.file.Name, Name: t.Name, Path: path, want: t}
	caller, ok := p.caller(path, t)
	q.Request = policy.Request{Clinic: p.file.Clinic, Caller: caller, Now: p.moment(path, t)}
	if ok {
		q.Request.Caller.Expires = q.Request.Now.Add(time.Hour)
	}
	var err error
	q.Request.Interaction, err = interactionOf(t.Request, p.zone)
	p.wrong(path+".request", err)
	q.emr = p.standing(path, t)
	if err == nil {
		p.sent(path, t, q)
		p.expectation(path, t, q)
	}
	return q
}

// caller is who asks, by the file and by what the test says instead.
func (p *preparer) caller(path string, t Test) (policy.Caller, bool) {
	as := t.As
	if as == "" && len(p.file.Callers) == 1 {
		as = slices.Collect(maps.Keys(p.file.Callers))[0]
	}
	c, ok := p.file.Callers[as]
	switch {
	case as == "":
		p.add(path+".as", "is missing: one of %s", strings.Join(slices.Sorted(maps.Keys(p.file.Callers)), ", "))
		return policy.Caller{}, false
	case !ok:
		p.add(path+".as", "there is no caller %q; there are %s", as, strings.Join(slices.Sorted(maps.Keys(p.file.Callers)), ", "))
		return policy.Caller{}, false
	}
	address, err := addressOf(cmp.Or(t.Address, c.Address))
	p.wrong(path+".address", err)
	issuer, subject, _ := strings.Cut(c.User, "|")
	out := policy.Caller{
		Issuer: issuer, Subject: subject, Name: cmp.Or(c.Name, subject), Platform: c.Platform, ClientID: cmp.Or(c.Client, "any"),
		Automated: c.Automated, Scopes: c.Scopes, Purposes: c.Purposes, Address: address,
	}
	if t.Scopes != nil {
		out.Scopes = t.Scopes
	}
	if t.Purposes != nil {
		out.Purposes = t.Purposes
	}
	if t.Scopes == nil && c.Scopes == nil {
		out.Scopes = []string{"user/*.cruds"}
	}
	return out, true
}

// moment is when the test happens.
func (p *preparer) moment(path string, t Test) time.Time {
	text, at := t.At, path+".at"
	if text == "" {
		text, at = p.file.At, "at"
	}
	if text == "" {
		p.add(path+".at", "is missing, here and in the file: when, such as 2026-12-01T10:00")
		return time.Time{}
	}
	when, err := momentOf(text, p.zone)
	if err != nil && !slices.ContainsFunc(p.mistakes, func(m Mistake) bool { return m.Path == at }) {
		p.wrong(at, err)
	}
	return when
}

func momentOf(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		t, err := time.ParseInLocation(layout, text, zone)
		if err == nil && t.Format(layout) != text {
			return t, fmt.Errorf("there is no %s by the clock of %s, which is put forward then", text, zone)
		}
		if err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no moment; write it like 2026-12-01T10:00, by the clinic's clock, or with an offset", text)
}

// interactionOf reads "GET Appointment?date=2026-12-01".
func interactionOf(text string, zone *time.Location) (fhir.Interaction, error) {
	method, target, ok := strings.Cut(strings.TrimSpace(text), " ")
	if target = strings.TrimSpace(target); !ok || strings.ContainsAny(target, " #") {
		return fhir.Interaction{}, fmt.Errorf("%q is no request; write it like GET Appointment/7, GET Task?status=requested, POST Task or PUT Appointment/7", text)
	}
	path, query, _ := strings.Cut(strings.TrimPrefix(target, "/"), "?")
	in, err := fhir.ParseInteraction(method, "/"+path, query, "", zone)
	if in.Query.Cursor() != "" {
		return in, errors.New("a page link means something to the gateway only that gave it out; write the search itself")
	}
	switch in.Kind {
	case fhir.InteractionRead, fhir.InteractionSearch, fhir.InteractionCreate, fhir.InteractionUpdate:
		return in, plain(err)
	}
	if err != nil {
		return in, plain(err)
	}
	return in, errors.New("rules are about reading, searching, creating and updating a resource")
}

// standing is what stands in the EMR.
func (p *preparer) standing(path string, t Test) []fhir.Resource {
	if t.EMR == nil {
		return p.shelf.order
	}
	here := shelf{byRef: map[string]fhir.Resource{}}
	for i, g := range t.EMR {
		at := fmt.Sprintf("%s.emr[%d]", path, i)
		found, err := p.shelf.resources(g)
		if err == nil {
			err = here.put(found)
		}
		p.wrong(at, err)
	}
	return here.order
}

// sent is what is sent along.
func (p *preparer) sent(path string, t Test, q *Question) {
	in := q.Request.Interaction
	writes := in.Kind == fhir.InteractionCreate || in.Kind == fhir.InteractionUpdate
	switch {
	case !writes && t.Body != "":
		p.add(path+".body", "a %s sends nothing", in.Kind)
	case t.Change != "" && in.Kind != fhir.InteractionUpdate:
		p.add(path+".change", "is for PUT, where it replaces elements of what the caller is shown")
	case t.Change != "" && t.Body != "":
		p.add(path+".change", "stands beside body; keep one")
	case writes && t.Change == "" && t.Body == "":
		p.add(path+".body", "is missing: what is sent%s", map[bool]string{true: ", or change", false: ""}[in.Kind == fhir.InteractionUpdate])
	case t.Body != "":
		found, err := p.shelf.resources(t.Body)
		if err == nil && len(found) != 1 {
			err = errors.New("has to be one resource")
		}
		if p.wrong(path+".body", err); err == nil {
			q.body = found[0]
		}
	case t.Change != "":
		v, err := fhir.Parse([]byte(t.Change), fhir.Limits{})
		if p.wrong(path+".change", plain(err)); err == nil && v.Kind() != fhir.Object {
			p.add(path+".change", "has to be elements and their values")
		}
		q.change = v
	}
}

// expectation holds what is expected against what can be.
func (p *preparer) expectation(path string, t Test, q *Question) {
	in := q.Request.Interaction
	info, known := policy.Code(t.Reason).Info()
	switch {
	case t.Expect != permitted && t.Expect != denied:
		p.add(path+".expect", "has to be permitted or denied, not %q", t.Expect)
	case t.Expect == permitted && t.Reason != "":
		p.add(path+".reason", "is of what is denied; leave it out")
	case t.Expect == denied && t.Reason == "":
		p.add(path+".reason", "is missing: the code with which it is denied, see `vestibule grants reasons`")
	case t.Expect == denied && !known:
		p.add(path+".reason", "there is no reason code %q of a decision; see `vestibule grants reasons`", t.Reason)
	case t.Expect == denied && (info.Code == policy.CodeGranted || info.Kind == fhir.KindThrottled):
		p.add(path+".reason", "no single request is denied with %s", t.Reason)
	}
	p.onlyWhere(path, t, in)
	for i, ref := range t.Visible {
		if !slices.ContainsFunc(q.emr, func(r fhir.Resource) bool { return refOf(r) == ref }) {
			p.add(fmt.Sprintf("%s.visible[%d]", path, i), "nothing in the EMR of this test is %q; write it like Appointment/7", ref)
		}
	}
	for _, list := range []struct {
		name  string
		paths []string
	}{{"shows", t.Shows}, {"hides", t.Hides}, {"changed", t.Changed}} {
		for i, element := range list.paths {
			p.wrong(fmt.Sprintf("%s.%s[%d]", path, list.name, i), p.element(in.Type, list.name, element))
		}
	}
}

// onlyWhere refuses expectations that nothing is held against.
func (p *preparer) onlyWhere(path string, t Test, in fhir.Interaction) {
	for _, e := range []struct {
		name  string
		given bool
	}{{"visible", t.Visible != nil}, {"shows", t.Shows != nil}, {"hides", t.Hides != nil}, {"changed", t.Changed != nil}, {"grants", t.Grants != nil}, {"limits", t.Limits != nil}} {
		if e.given && t.Expect == denied {
			p.add(path+"."+e.name, "is about what is permitted; leave it out")
		}
	}
	if t.Visible != nil && in.Kind != fhir.InteractionSearch {
		p.add(path+".visible", "is about searches; what is read is there if it is permitted")
	}
	if t.Changed != nil && in.Kind != fhir.InteractionCreate && in.Kind != fhir.InteractionUpdate {
		p.add(path+".changed", "is about POST and PUT")
	}
}

// element is an error where a path names no element; shows takes sets, and all of them the addresses that are never shown.
func (p *preparer) element(typ, list, path string) error {
	if list == "shows" && len(setOf(typ, path)) > 0 {
		return nil
	}
	switch path {
	case "meta", "contained", "text":
		return nil
	}
	_, err := fhir.NewElements(typ, path)
	return plain(err)
}

// setOf is the paths of the set of that name; none where there is none.
func setOf(typ, name string) []string {
	for _, s := range policy.ElementSets(typ) {
		if s.Name == name {
			return s.Paths
		}
	}
	return nil
}
