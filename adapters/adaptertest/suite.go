package adaptertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/adapters"
	"vestibule/fhir"
)

// canary is planted wherever a patient's data could be; it must come out in resources only.
const canary = "Canari-QZX7"

// patience is how much longer than its time limit a call may take on a busy machine.
const patience = 5 * time.Second

// suite is one run of the suite over one EMR.
type suite struct {
	start Start
	world *World
	zone  *time.Location
	table adapters.Capability
	log   *logged

	report *report
	serial int
}

func newSuite(t T, start Start, log *logged) *suite {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{start: start, zone: zone, log: log, report: &report{}}
	s.world = start(t, zone)
	s.world.check(t)
	s.table, err = s.direct(t).Capability(t.Context())
	if err != nil {
		t.Fatalf("Capability: %v", err)
	}
	for _, typ := range s.table.Types() {
		s.world.Types[typ].check(t, s.table.Type(typ))
	}
	return s
}

// fork is the suite over a World of its own, for one type: types are tried at the same time.
func (s *suite) fork(t T) *suite {
	t.Helper()
	c := *s
	c.world = s.start(t, s.zone)
	c.world.check(t)
	return &c
}

// tryWhole holds the EMR to what is promised of it as a whole.
func (s *suite) tryWhole(t T) {
	for _, p := range promises() {
		if p.whole {
			s.try(t, p, "")
		}
	}
}

// tryTypes holds the EMR to what is promised of each type, and says at the end what was tried.
func (s *suite) tryTypes(t T) {
	var types sync.WaitGroup // they wait much of the time, so they wait together, however few processors there are
	for _, typ := range s.table.Types() {
		types.Go(func() {
			t.Run(typ, func(t T) { s.fork(t).tryAll(t, typ) })
		})
	}
	types.Wait()
	t.Log("\n" + s.report.String())
}

// tryAll holds the EMR to every promise about one type.
func (s *suite) tryAll(t T, typ string) {
	for _, p := range promises() {
		if !p.whole {
			s.try(t, p, typ)
		}
	}
}

// try holds the EMR to one promise about one type.
func (s *suite) try(t T, p promise, typ string) {
	row := s.table.Type(typ)
	why := p.lacks(row)
	if why == "" && p.optional != nil {
		why = p.optional(s.direct(t).(*watched).EMR, typ)
	}
	if why != "" {
		s.report.add(p, typ, why)
		return
	}
	skipped := false
	ok := t.Run(p.name, func(t T) {
		defer func() { skipped = t.Skipped() }()
		p.keep(t, s, subject{row, s.world.Types[typ]})
	})
	switch {
	case skipped:
		t.Errorf("%s %s: skipped, though the capability table offers it", typ, p.name)
		fallthrough
	case !ok:
		s.report.add(p, typ, "broken")
	default:
		s.report.add(p, typ, "")
	}
}

// open opens an adapter on the suite's terms, and looks at everything that it returns.
func (s *suite) open(t testing.TB, o Opening) adapters.EMR {
	t.Helper()
	if o.Base == "" {
		o.Base = s.world.Base
	}
	if o.Zone == nil {
		o.Zone = s.zone
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	o.Log = slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return &watched{s.world.Open(t, o), t}
}

// direct opens an adapter without anything in between.
func (s *suite) direct(t testing.TB) adapters.EMR { return s.open(t, Opening{}) }

// operation is a new operation id, as the gateway would make it.
func (s *suite) operation() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// patient registers a patient of its own for a test.
func (s *suite) patient(t testing.TB) string {
	t.Helper()
	s.serial++
	return s.world.Patient(t, fmt.Sprintf("%s-%d", canary, s.serial))
}

// noon is 12:00 in the clinic, day days after the first of March 2027.
func (s *suite) noon(day int) time.Time { return time.Date(2027, 3, 1+day, 12, 0, 0, 0, s.zone) }

// draft is a draft with everything in it, for a patient of its own.
func (s *suite) draft(t testing.TB) Draft {
	t.Helper()
	return Draft{Patient: s.patient(t), Practitioner: s.world.Practitioners[0], Start: s.noon(s.serial % 200), Minutes: 15,
		Text: fmt.Sprintf("%s %d", canary, s.serial)}
}

// check fails where the World lacks what the suite cannot do without.
func (w *World) check(t T) {
	t.Helper()
	if w.Base == "" || w.Open == nil || w.Patient == nil || len(w.Practitioners) < 2 || len(w.Types) == 0 {
		t.Fatal("the World needs Base, Open, Patient, two Practitioners and Types")
	}
}

func (h Holding) check(t T, row adapters.Type) {
	t.Helper()
	missing := func(what string, is bool) {
		if is {
			t.Errorf("World.Types[%q] needs %s", row.Name, what)
		}
	}
	missing("Seed, Change and IDs", h.Seed == nil || h.Change == nil || h.IDs == nil)
	missing("two Statuses", len(h.Statuses) < 2)
	missing("Text.Path", h.Text.Path == "")
	missing("Make, because the table offers create", h.Make == nil && slices.Contains(row.Interactions, fhir.InteractionCreate))
	missing("Time, because appointments have one", h.Time == "" && row.Name == "Appointment")
	if t.Failed() {
		t.FailNow()
	}
}

// logged is everything that was logged while the suite ran.
type logged struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write keeps a log line.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

// takeOver makes the default loggers write to what it returns until t is over.
func takeOver(t T) *logged {
	l := &logged{}
	before, writer, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(writer)
		log.SetFlags(flags)
	})
	return l
}

// check fails where patients' data were logged.
func (l *logged) check(t testing.TB) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.all.String()) {
		if strings.Contains(line, canary) {
			t.Errorf("patients' data are in the log: %s", line)
		}
	}
}

// background is a context that nobody ends, for calls whose end is not what is tried.
func background() context.Context { return context.Background() }
