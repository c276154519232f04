package main

import (
	"bytes"
	"context"
	"encoding/json"
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

type grantsCanICmd struct {
	interactionArgs
	As         string   `required:"" placeholder:"WHO" help:"Whose access it would be: \"issuer|subject\"."`
	Platform   string   `placeholder:"NAME" help:"The platform they work for. Default: the one with their issuer, where there is one."`
	Automated  bool     `help:"An automated agent that says so; otherwise a person."`
	Scope      []string `placeholder:"SCOPE" sep:"none" help:"A scope of their token; may be repeated. Default: a token that narrows nothing."`
	Purpose    []string `placeholder:"CODE" help:"A purpose of use that their token states, such as PATADMIN; may be repeated."`
	Network    string   `placeholder:"ADDRESS" help:"The network address they come from. Default: not known."`
	At         string   `placeholder:"WHEN" help:"When: 2026-11-01T08:00 by the clinic's clock. Default: now."`
	Resource   string   `placeholder:"FILE" help:"The resource it is about, as JSON, or - for standard input; for a create, what would be created."`
	Body       string   `placeholder:"FILE" help:"For an update: what would be sent. Default: the resource as they are shown it."`
	CallerView bool     `help:"Print what the caller would hear, and nothing else."`
	clinicFlag
	dataFlags
}

// Help is shown below the flags.
func (grantsCanICmd) Help() string {
	return `Asks the policy that the gateway asks, without the gateway and without an access:

    vestibule grants can-i read Appointment --as "https://id.example|amara" --purpose PATADMIN --data ./data
    vestibule grants can-i search Task "status=requested" --as "https://id.example|amara" --at 2026-11-01T22:00 --data ./data
    vestibule grants can-i read Appointment/7 --as "https://id.example|amara" --resource appointment.json --data ./data

Prints the answer with its reasons, or the grants that come nearest, and with a resource what of it would be shown and what
would be cut. Exits with 0 where it is permitted, 1 where it is denied, 2 where the question cannot be asked.`
}

// anyID stands for whatever resource of the type.
const anyID = "any"

// errDenied is the answer no.
var errDenied = errors.New("denied")

// Run asks and prints the answer.
func (c grantsCanICmd) Run(ctx context.Context, t *terminal) error {
	err := c.within(func(d *data) error {
		q, err := c.question(ctx, t, d)
		if err != nil {
			return err
		}
		permitted := q.print(t, c.CallerView)
		if !permitted {
			return errDenied
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDenied) {
		return exitError{exitUsage, err}
	}
	return err
}

// question is one access that is only asked about.
type question struct {
	set      *policy.Set
	request  policy.Request
	zone     *time.Location
	resource fhir.Resource // zero: none
	body     fhir.Resource // for an update; zero: the resource as it is shown
}

func (c grantsCanICmd) question(ctx context.Context, t *terminal, d *data) (question, error) {
	rules, err := d.ruled(ctx, t, c.Clinic)
	if err != nil {
		return question{}, err
	}
	q := question{set: rules.set, zone: rules.clinic.Zone}
	if q.resource, err = loadResource(c.Resource, t.In); err != nil {
		return q, err
	}
	if q.body, err = loadResource(c.Body, t.In); err != nil {
		return q, err
	}
	q.request = policy.Request{Clinic: rules.clinic.Name, Now: t.Now()}
	if q.request.Interaction, err = c.parse(q.zone); err != nil {
		return q, err
	}
	if q.request.Interaction, err = about(q.request.Interaction, q.resource); err != nil {
		return q, err
	}
	if in := &q.request.Interaction; in.ID == "" && (in.Kind == fhir.InteractionRead || in.Kind == fhir.InteractionUpdate) {
		in.ID = anyID
	}
	if c.At != "" {
		if q.request.Now, err = moment(c.At, t.Now(), q.zone); err != nil {
			return q, fmt.Errorf("--at: %w", err)
		}
	}
	q.request.Caller, err = c.caller(rules, q.request.Now)
	return q, err
}

// caller is the one asked about, as a verified token would name them.
func (c grantsCanICmd) caller(rules ruled, now time.Time) (policy.Caller, error) {
	issuer, subject, ok := strings.Cut(c.As, "|")
	if !ok || issuer == "" || subject == "" {
		return policy.Caller{}, errors.New(`--as: name a person as "issuer|subject", such as "https://id.assistco.example|amara"`)
	}
	out := policy.Caller{
		Issuer: issuer, Subject: subject, Name: subject, Platform: c.Platform, ClientID: "asked", Automated: c.Automated,
		Scopes: c.Scope, Purposes: c.Purpose, Expires: now.Add(time.Hour),
	}
	if out.Platform == "" {
		switch known := rules.platforms[issuer]; len(known) {
		case 0:
			return out, fmt.Errorf("no platform has the issuer %s; name one with --platform, or mend --as", issuer)
		case 1:
			out.Platform = known[0]
		default:
			return out, fmt.Errorf("several platforms have the issuer %s; say which with --platform: %s", issuer, strings.Join(slices.Sorted(slices.Values(known)), ", "))
		}
	}
	if names := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(rules.platforms))...))); !slices.Contains(names, out.Platform) {
		return out, fmt.Errorf("there is no platform %q; there are %s", out.Platform, strings.Join(names, ", "))
	}
	if len(out.Scopes) == 0 {
		out.Scopes = []string{"user/*.cruds", "system/*.cruds"}
	}
	if c.Network != "" {
		var err error
		if out.Address, err = netip.ParseAddr(c.Network); err != nil {
			return out, fmt.Errorf("--network: %q is no address; write one such as 203.0.113.7", c.Network)
		}
	}
	return out, nil
}

// finding is the answer to a question.
type finding struct {
	decision  policy.Decision
	reasons   []policy.Reason // of the resource, where one was given
	permitted bool
	shown     fhir.Cut // what would leave
	changed   []string // what a write would change
}

func (q question) answer() finding {
	v := finding{decision: q.set.Decide(q.request)}
	v.permitted = v.decision.Permitted()
	if !v.permitted || q.resource.IsZero() && q.body.IsZero() {
		return v
	}
	switch q.request.Interaction.Kind {
	case fhir.InteractionCreate:
		accepted, reasons := v.decision.Accept(fhir.Resource{}, q.resource)
		v.reasons, v.permitted, v.changed = reasons, !accepted.IsZero(), accepted.Changed()
		return v
	case fhir.InteractionUpdate:
		released, _ := v.decision.Release(q.resource)
		v.shown = released.Cut()
		body := q.body
		if body.IsZero() { // what they are shown, sent back
			body, _ = fhir.ParseResource(v.shown.AppendTo(nil), fhir.Limits{})
		}
		accepted, reasons := v.decision.Accept(q.resource, body)
		v.reasons, v.permitted, v.changed = reasons, !accepted.IsZero(), accepted.Changed()
		return v
	}
	released, reasons := v.decision.Release(q.resource)
	v.reasons, v.permitted, v.shown = reasons, !released.IsZero(), released.Cut()
	return v
}

// print prints the answer and reports whether it is yes.
func (q question) print(t *terminal, callerView bool) bool {
	v := q.answer()
	if callerView {
		q.forCaller(t, v)
		return v.permitted
	}
	for _, line := range q.set.Explain(q.request) {
		fmt.Fprintln(t.Out, line)
	}
	if v.reasons != nil {
		q.aboutResource(t, v)
	} else if in := q.request.Interaction; v.permitted && in.ID != "" && in.ID != anyID {
		fmt.Fprintf(t.Out, "%s/%s itself was not looked at: give it with --resource, or ask grants who-can, which reads it.\n", in.Type, in.ID)
	}
	return v.permitted
}

// aboutResource says for the clinic what becomes of the resource.
func (q question) aboutResource(t *terminal, v finding) {
	name := q.request.Interaction.Type
	if id := q.resource.ID(); id != "" {
		name += "/" + id
	}
	if !v.permitted {
		fmt.Fprintf(t.Out, "\n%s: held back\n", name)
		for _, r := range v.reasons {
			fmt.Fprintf(t.Out, "- %s: %s%s\n", r.Code, r.Text, bracketed(r))
		}
		return
	}
	fmt.Fprintf(t.Out, "\n%s: permitted\n", name)
	for _, r := range v.reasons {
		fmt.Fprintf(t.Out, "- by %s: %s\n", r.Grant, r.Detail)
	}
	if len(v.changed) > 0 {
		fmt.Fprintf(t.Out, "would set: %s\n", strings.Join(v.changed, ", "))
	}
	if q.request.Interaction.Kind == fhir.InteractionCreate {
		return
	}
	fmt.Fprintf(t.Out, "shown: %s\n", strings.Join(shownMembers(v.shown), ", "))
	if cut := v.shown.Removed(); len(cut) > 0 {
		fmt.Fprintf(t.Out, "cut: %s\n", strings.Join(cut, ", "))
		return
	}
	fmt.Fprintln(t.Out, "cut: nothing")
}

func bracketed(r policy.Reason) string {
	if text := strings.TrimSpace(r.Grant + " " + r.Detail); text != "" {
		return " [" + text + "]"
	}
	return ""
}

// shownMembers are the top-level elements of what would leave.
func shownMembers(c fhir.Cut) []string {
	r, err := fhir.ParseResource(c.AppendTo(nil), fhir.Limits{})
	if err != nil {
		return nil
	}
	var out []string
	for name := range r.Value().Members() {
		if name != "resourceType" {
			out = append(out, name)
		}
	}
	return out
}

// forCaller prints what the caller would hear: the status and the OperationOutcome's code and text, or the resource as cut.
func (q question) forCaller(t *terminal, v finding) {
	if !v.permitted {
		err := v.decision.Err()
		if v.reasons != nil {
			err = v.decision.Refusal(v.reasons)
		}
		fmt.Fprintf(t.Out, "%d %s: %s\n", err.Kind.Status(), err.Reason(), err.Text)
		return
	}
	if v.reasons == nil || v.shown.Resource().IsZero() {
		fmt.Fprintln(t.Out, "permitted")
		return
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, v.shown.AppendTo(nil), "", "  "); err == nil {
		fmt.Fprintln(t.Out, pretty.String())
	}
}
