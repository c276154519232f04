package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/policytest"
	"vestibule/internal/store"
	"vestibule/policy"
)

type grantsTestCmd struct {
	File        []string `short:"f" required:"" placeholder:"FILE" type:"path" sep:"none" help:"A file of policy tests, or a folder of them. May be repeated."`
	Data        string   `placeholder:"DIR" type:"path" xor:"rules" required:"" help:"Test what is applied in this data folder; or --config, or --documents."`
	Config      string   `placeholder:"FILE" type:"path" xor:"rules" required:"" help:"Test what is applied in the data folder that this file names."`
	Documents   []string `placeholder:"FILE" type:"path" sep:"none" xor:"rules" required:"" help:"Test these documents, or folders of them, and nothing that is applied. May be repeated."`
	Coverage    bool     `help:"Print every clause and the test that notices it."`
	MinCoverage int      `placeholder:"PERCENT" help:"Fail if less of the clauses are noticed."`
}

// Help is shown below the flags.
func (grantsTestCmd) Help() string {
	return `A policy test says who asks what, when, and what has to come of it; docs/policy-tests.md shows how to write them.

    vestibule grants test -f tests/ --data ./data
    vestibule grants test -f tests/ --documents documents/ --min-coverage 100

Nothing is changed and no gateway is needed; with --documents no data folder either, so that a clinic's own repository can run its
tests wherever it is checked. Grants count as approved, and drafts do not count.

Where every test passes, each clause of the rules (a permission, a criterion, an end, an element …) is taken away or widened
in turn, and the tests are asked again: what no test notices is named with its place. It exits with 1 if a test fails, if
less is noticed than --min-coverage asks for, or if a file cannot be read; an interrupted run with 130.`
}

// Run asks the tests and prints their verdicts.
func (c grantsTestCmd) Run(ctx context.Context, t *terminal) error {
	if c.MinCoverage < 0 || c.MinCoverage > 100 {
		return errors.New("--min-coverage is a number of percent from 0 to 100")
	}
	tests, err := config.LoadTests(c.File...)
	if err != nil {
		return err
	}
	documents, err := c.documents(ctx, t)
	if err != nil {
		return err
	}
	suites, err := suitesOf(tests, documents)
	if err != nil {
		return err
	}
	of, failed := verdicts(t, suites)
	if failed > 0 {
		return fmt.Errorf("%d of %d tests failed; what they notice is not looked for before all pass", failed, of)
	}
	fmt.Fprintf(t.Out, "# %d tests passed\n", of)
	return c.cover(ctx, t, suites)
}

// verdicts asks all tests and prints what comes of them.
func verdicts(t *terminal, suites []*suite) (of, failed int) {
	for _, s := range suites {
		of += len(s.questions)
	}
	fmt.Fprintf(t.Out, "1..%d\n", of)
	number := 0
	for _, s := range suites {
		for i, q := range s.questions {
			number++
			if !s.ask(t, number, i, q) {
				failed++
			}
		}
	}
	return of, failed
}

// tested is a document that tests are about: as the store has it, and as it was read.
type tested struct {
	stored store.Document
	config.Document
}

// documents are those that the tests are about.
func (c grantsTestCmd) documents(ctx context.Context, t *terminal) (out []tested, err error) {
	if len(c.Documents) == 0 {
		return out, dataFlags{Data: c.Data, Config: c.Config}.within(func(d *data) error {
			current, err := d.Current(ctx)
			for _, s := range current {
				doc, err := read(s)
				if err != nil {
					return err
				}
				out = append(out, tested{s, doc})
			}
			return err
		})
	}
	docs, err := config.Load(c.Documents...)
	if err != nil {
		return nil, err
	}
	if err := config.Check(docs, nil, t.Now()); err != nil {
		if err := butForEnds(err); err != nil {
			return nil, err
		}
	}
	for _, doc := range docs {
		out = append(out, tested{onRecord(doc), doc})
	}
	return out, nil
}

// onRecord is a document as the store would hand it out once it is applied.
func onRecord(doc config.Document) store.Document {
	out := stored(doc)
	out.OnRecord = true
	return out
}

// butForEnds are the problems less those of ends that are over or far away: whether a document can be applied today is for
// apply to say, and a repository's tests do not begin to fail with time. What is no date at all is found when it is compiled.
func butForEnds(err error) error {
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		return err
	}
	problems = slices.DeleteFunc(slices.Clone(problems), func(p config.Problem) bool { return p.Path == "until" })
	if len(problems) == 0 {
		return nil
	}
	return problems
}

// suite is the tests of one clinic and what they are about.
type suite struct {
	clinic    policy.Clinic
	rules     policy.Rules
	set       *policy.Set
	questions []*policytest.Question
	places    []string // of each question
	about     []string // nil: what Cover takes by itself
	documents map[string]config.Document
}

// suitesOf puts tests together by clinic, in the order in which clinics are met, with their rules.
func suitesOf(tests []config.PolicyTest, documents []tested) ([]*suite, error) {
	byClinic := map[string]*suite{}
	var out []*suite
	for _, test := range tests {
		s := byClinic[test.Clinic]
		if s == nil {
			if !slices.Contains(clinicsAmong(documents), test.Clinic) {
				return nil, config.Problems{test.Problem("clinic", fmt.Sprintf("there is no clinic %q; there are %s", test.Clinic, strings.Join(clinicsAmong(documents), ", ")))}
			}
			var err error
			if s, err = newSuite(documents, test.Clinic); err != nil {
				return nil, err
			}
			byClinic[test.Clinic], out = s, append(out, s)
		}
		if err := s.add(test); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func clinicsAmong(documents []tested) []string {
	var out []string
	for _, d := range documents {
		if d.Kind == config.KindClinic {
			out = append(out, d.Name)
		}
	}
	return out
}

func newSuite(documents []tested, clinic string) (*suite, error) {
	var all []store.Document
	for _, d := range documents {
		all = append(all, d.stored)
	}
	s := &suite{documents: map[string]config.Document{}}
	var err error
	if s.clinic, s.rules, err = daemon.Rules(all, clinic); err != nil {
		return nil, fmt.Errorf("clinic %s: %w", clinic, err)
	}
	s.rules = policytest.Approved(s.rules)
	if s.set, err = policy.Compile(s.clinic, s.rules); err != nil {
		return nil, fmt.Errorf("clinic %s: %w", clinic, err)
	}
	for _, d := range documents {
		if d.Clinic == clinic || d.Clinic == "" {
			s.documents[d.Kind+" "+d.Name] = d.Document
		}
	}
	return s, nil
}

// add takes in the tests of a file.
func (s *suite) add(test config.PolicyTest) error {
	questions, err := test.Questions(s.clinic.Zone)
	if err != nil {
		return err
	}
	for i, name := range test.About {
		if len(policytest.Unknown(s.rules, []string{name})) > 0 {
			return config.Problems{test.Problem(fmt.Sprintf("about[%d]", i), fmt.Sprintf("the clinic has no grant, directive or guardrail %q", name))}
		}
	}
	if len(test.About) > 0 {
		s.about = append(s.about, test.About...)
	}
	for _, q := range questions {
		s.questions, s.places = append(s.questions, q), append(s.places, test.Place(q.Path))
	}
	return nil
}

// ask prints the verdict about one test in the form of TAP, and reports whether it passed.
func (s *suite) ask(t *terminal, number, i int, q *policytest.Question) bool {
	wrong := q.Wrong(q.Ask(s.set))
	if len(wrong) == 0 {
		fmt.Fprintf(t.Out, "ok %d - %s: %s\n", number, q.File, q.Name)
		return true
	}
	fmt.Fprintf(t.Out, "not ok %d - %s: %s\n# %s\n", number, q.File, q.Name, s.places[i])
	for _, line := range wrong {
		fmt.Fprintf(t.Out, "#   %s\n", line)
	}
	return false
}

// watched is how often a person at the terminal hears how far a long run is.
const watched = time.Second

// progress tells a person at the terminal how far it is.
func progress(t *terminal) func(done, of int) {
	if !onTerminal(t) {
		return func(int, int) {}
	}
	next := t.Now().Add(watched)
	return func(done, of int) {
		switch now := t.Now(); {
		case done == of:
			fmt.Fprint(t.Err, "\r\033[K")
		case now.After(next):
			next = now.Add(watched)
			fmt.Fprintf(t.Err, "\r%d of %d clauses", done, of)
		}
	}
}
