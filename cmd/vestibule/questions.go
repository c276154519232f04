package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"vestibule/fhir"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
	"vestibule/policy"
)

// ruled is one clinic with the rules that a gateway acts on: what questions are asked about.
type ruled struct {
	clinic    policy.Clinic
	rules     policy.Rules
	set       *policy.Set
	documents []store.Document
	platforms map[string][]string // issuer to the platforms whose people it vouches for
}

// ruled is the clinic of that name, or the only one. What is applied and not yet on record does not count, and that is said.
func (d *data) ruled(ctx context.Context, t *terminal, clinic string) (ruled, error) {
	documents, err := d.Effective(ctx)
	if err != nil {
		return ruled{}, err
	}
	current, err := d.Current(ctx)
	if err != nil {
		return ruled{}, err
	}
	if waiting := notAmong(current, documents); waiting > 0 {
		fmt.Fprintf(t.Err, "documents that are not on record yet: %d; they do not count before a gateway has taken them up\n", waiting)
	}
	return rulesOf(documents, clinic)
}

// rulesOf compiles the rules of the clinic of that name, or of the only one, out of documents.
func rulesOf(documents []store.Document, clinic string) (ruled, error) {
	clinic, err := theClinic(documents, clinic)
	if err != nil {
		return ruled{}, err
	}
	out := ruled{documents: documents}
	if out.clinic, out.rules, err = daemon.Rules(documents, clinic); err != nil {
		return ruled{}, err
	}
	if out.set, err = policy.Compile(out.clinic, out.rules); err != nil {
		return ruled{}, err
	}
	out.platforms, err = platformsOf(documents)
	return out, err
}

// notAmong counts the documents that are not among others in the same version.
func notAmong(documents, others []store.Document) (n int) {
	for _, a := range documents {
		if !slices.ContainsFunc(others, func(b store.Document) bool {
			return a.Kind == b.Kind && a.Clinic == b.Clinic && a.Name == b.Name && a.Version == b.Version
		}) {
			n++
		}
	}
	return n
}

// theClinic is name, where there is such a clinic; for "" the only one there is.
func theClinic(documents []store.Document, name string) (string, error) {
	names := clinicNames(documents)
	switch {
	case len(names) == 0:
		return "", errors.New("no clinic is in force here; apply a document of kind Clinic and start the gateway")
	case name == "" && len(names) == 1:
		return names[0], nil
	case name == "":
		return "", fmt.Errorf("there are several clinics; say which with --clinic: %s", strings.Join(names, ", "))
	case !slices.Contains(names, name):
		return "", fmt.Errorf("there is no clinic %q; there are %s", name, strings.Join(names, ", "))
	}
	return name, nil
}

func clinicNames(documents []store.Document) []string {
	var names []string
	for _, s := range documents {
		if s.Kind == config.KindClinic {
			names = append(names, s.Name)
		}
	}
	return names
}

// platformsOf says whose people an issuer vouches for.
func platformsOf(documents []store.Document) (map[string][]string, error) {
	out := map[string][]string{}
	for _, s := range documents {
		if s.Kind != config.KindPlatform {
			continue
		}
		doc, err := read(s)
		if err != nil {
			return nil, err
		}
		out[doc.OfPlatform.Issuer] = append(out[doc.OfPlatform.Issuer], doc.Name)
	}
	return out, nil
}

// interactionArgs are an interaction as people ask about it: read Appointment/7, search Task status=ready.
type interactionArgs struct {
	Interaction string `arg:"" help:"What: read, search, create or update."`
	Target      string `arg:"" name:"type[/id]" help:"Of which type, or of which resource: Appointment, Task/7."`
	Query       string `arg:"" optional:"" help:"For a search its parameters: \"status=booked&date=ge2026-11-01\"."`
}

// Validate refuses what cannot be asked before anything is opened.
func (a interactionArgs) Validate() error {
	_, err := a.parse(time.UTC)
	return err
}

// parse reads the interaction as the gateway reads a URL. What needs an id and has none is about any.
func (a interactionArgs) parse(zone *time.Location) (fhir.Interaction, error) {
	method := map[string]string{"read": http.MethodGet, "search": http.MethodGet, "search-type": http.MethodGet, "create": http.MethodPost, "update": http.MethodPut}[a.Interaction]
	if method == "" {
		return fhir.Interaction{}, fmt.Errorf("%q is no interaction that can be granted; it is read, search, create or update", a.Interaction)
	}
	target, named := strings.TrimPrefix(a.Target, "/"), strings.Contains(a.Target, "/")
	if needs := a.Interaction == "read" || a.Interaction == "update"; needs && !named {
		target += "/any"
	} else if !needs && named {
		return fhir.Interaction{}, fmt.Errorf("%s is about a type, not about one resource: write %s", a.Interaction, strings.SplitN(target, "/", 2)[0])
	}
	if typ, _, _ := strings.Cut(target, "/"); !fhir.IsType(typ) {
		return fhir.Interaction{}, fmt.Errorf("%q is no type that is served; those are %s", typ, strings.Join(fhir.Types(), ", "))
	}
	in, err := fhir.ParseInteraction(method, "/"+target, strings.TrimPrefix(a.Query, "?"), "", zone)
	if err != nil {
		return in, errors.New(fhir.AsError(err).Text)
	}
	if needs := a.Interaction == "read" || a.Interaction == "update"; needs && !named {
		in.ID = ""
	}
	return in, nil
}

// loadResource reads a resource from a file, or from standard input for "-"; none for "".
func loadResource(name string, in io.Reader) (fhir.Resource, error) {
	if name == "" {
		return fhir.Resource{}, nil
	}
	b, err := readFile(name, in)
	if err != nil {
		return fhir.Resource{}, err
	}
	r, err := fhir.ParseResource(b, fhir.Limits{})
	if err != nil {
		return fhir.Resource{}, fmt.Errorf("%s: %s", name, fhir.AsError(err).Text)
	}
	return r, nil
}

func readFile(name string, in io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(name)
}

// about makes sure that r can be what in is about, and gives in its id where it has none.
func about(in fhir.Interaction, r fhir.Resource) (fhir.Interaction, error) {
	if r.IsZero() {
		return in, nil
	}
	if r.Type() != in.Type {
		return in, fmt.Errorf("the question is about %s, and the resource is of type %s", in.Type, r.Type())
	}
	if in.Kind == fhir.InteractionRead || in.Kind == fhir.InteractionUpdate {
		in.ID = cmp.Or(in.ID, r.ID())
	}
	if in.ID != "" && r.ID() != in.ID {
		return in, fmt.Errorf("the question is about %s/%s, and the resource's id is %q", in.Type, in.ID, r.ID())
	}
	return in, nil
}

// person is "issuer|subject" in the words of a table.
func person(id string) string {
	issuer, subject, ok := strings.Cut(id, "|")
	if !ok {
		return id
	}
	return subject + " (" + issuer + ")"
}

// holderName is who a holder is, for a table.
func holderName(h policy.Holder) string {
	switch {
	case h.Person == "" && h.Automated:
		return "every automated agent"
	case h.Person == "":
		return "everybody"
	case h.Automated:
		return person(h.Person) + ", automated"
	}
	return person(h.Person)
}
