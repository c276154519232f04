package policytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"vestibule/fhir"
)

// shelf is the resources of a file by their references.
type shelf struct {
	byRef map[string]fhir.Resource
	order []fhir.Resource
}

// put adds resources; two of one type and id are a mistake.
func (s *shelf) put(found []fhir.Resource) error {
	for _, r := range found {
		ref := refOf(r)
		if r.ID() == "" {
			return fmt.Errorf("a %s has no id; what stands in an EMR has one", r.Type())
		}
		if _, twice := s.byRef[ref]; twice {
			return fmt.Errorf("%s is given twice; give the other one an id of its own", ref)
		}
		s.byRef[ref], s.order = r, append(s.order, r)
	}
	return nil
}

// refOf is "Appointment/7".
func refOf(r fhir.Resource) string { return r.Type() + "/" + r.ID() }

// resources are what g gives: the resource that it refers to or is, or those of the Bundle that it is.
func (s *shelf) resources(g Given) ([]fhir.Resource, error) {
	v, err := fhir.Parse([]byte(g), fhir.Limits{})
	if err != nil {
		return nil, plain(err)
	}
	if v.Kind() == fhir.String {
		r, ok := s.byRef[v.Text()]
		if !ok {
			return nil, fmt.Errorf("there is no resource %q among the file's resources; write it like Appointment/7, or the resource itself", v.Text())
		}
		return []fhir.Resource{r}, nil
	}
	if v.Get("resourceType").Text() == "Bundle" {
		return entries([]byte(g))
	}
	r, err := s.single(v)
	return []fhir.Resource{r}, err
}

func entries(b []byte) ([]fhir.Resource, error) {
	bundle, err := fhir.ParseBundle(b, fhir.Limits{})
	if err != nil {
		return nil, plain(err)
	}
	all, err := bundle.Entries()
	if err != nil {
		return nil, plain(err)
	}
	var out []fhir.Resource
	for _, e := range all {
		out = append(out, e.Resource)
	}
	return out, nil
}

// single is the resource that v is, or that it is like.
func (s *shelf) single(v fhir.Value) (fhir.Resource, error) {
	if v.Kind() != fhir.Object {
		return fhir.Resource{}, errors.New("has to be a resource, or a reference such as Appointment/7")
	}
	like := v.Get("like")
	if !like.Exists() {
		r, err := fhir.ParseResource(v.Raw(), fhir.Limits{})
		return r, plain(err)
	}
	base, ok := s.byRef[like.Text()]
	if !ok {
		return fhir.Resource{}, fmt.Errorf("there is no resource %q before this one for it to be like", like.Text())
	}
	return replaced(base.Value(), v)
}

// replaced is the resource base with the members of v in place of its own; null takes one away. The member like is none.
func replaced(base, v fhir.Value) (fhir.Resource, error) {
	var members []string
	add := func(name string, value fhir.Value) error {
		key, err := json.Marshal(name)
		members = append(members, string(key)+":"+string(value.Raw()))
		return err
	}
	for name, value := range base.Members() {
		if v.Get(name).Exists() {
			continue
		}
		if err := add(name, value); err != nil {
			return fhir.Resource{}, err
		}
	}
	for name, value := range v.Members() {
		if name == "like" || value.Kind() == fhir.Null {
			continue
		}
		if err := add(name, value); err != nil {
			return fhir.Resource{}, err
		}
	}
	r, err := fhir.ParseResource([]byte("{"+strings.Join(members, ",")+"}"), fhir.Limits{Depth: 512})
	return r, plain(err)
}

// plain is an error in words for people, without the operation that failed.
func plain(err error) error {
	if e, ok := errors.AsType[*fhir.Error](err); ok {
		return errors.New(strings.TrimPrefix(e.Path+": "+e.Text, ": "))
	}
	return err
}
