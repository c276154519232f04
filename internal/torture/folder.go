package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
)

// folder is one data folder with its EMR and its callers, over many lives of its gateway.
type folder struct {
	dir     string
	address string
	house   *house
	emr     *standIn
	diary   *diary
	callers []*caller
	rand    *mathrand.Rand
	applied bool
	starts  int // gateways that were started on it
	served  int // and of those the ones that got ready
	stops   int // and that ended in order
	judged  int // records held against the EMR
	seen    int // attempts that receipts were sampled from
	proofs  int // receipts proved

	unproved []attempt

	records    int            // at the last look, and of them:
	intents    int            //
	unresolved map[string]int // by what they say
}

func newFolder(dir, address string, h *house, r *mathrand.Rand) (*folder, error) {
	emr, err := newStandIn(time.Now())
	if err != nil {
		return nil, err
	}
	f := &folder{dir: dir, address: address, house: h, emr: emr, diary: &diary{}, rand: r}
	for n := range callers {
		f.callers = append(f.callers, &caller{n: n, url: "http://" + address + "/fhir/" + clinic, token: h.token, diary: f.diary,
			rand: mathrand.New(mathrand.NewPCG(r.Uint64(), r.Uint64())), known: map[string]string{}})
	}
	return f, nil
}

func (f *folder) close() error { return errors.Join(f.emr.server.Close(), os.RemoveAll(f.dir)) }

// apply puts the clinic's documents into the folder, once, as the command line does.
func (f *folder) apply(ctx context.Context) error {
	if f.applied {
		return nil
	}
	f.applied = true
	docs, err := config.Parse("clinic.yaml", []byte(clinicDocuments(f.emr.url, f.house.url, time.Now())))
	if err != nil {
		return err
	}
	return f.within(func(s *store.Store) error {
		_, err := s.Apply(ctx, "torture", time.Now(), daemon.Stored(docs...))
		return err
	})
}

func (f *folder) within(do func(*store.Store) error) error {
	db, err := store.CreateFolder(f.dir)
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := store.New(db)
	if err != nil {
		return err
	}
	return do(s)
}

// event has something to put on record, so that a gateway that serves drains it; key asks for another key, too.
func (f *folder) event(ctx context.Context, key bool) error {
	e := store.Event{At: time.Now(), By: "torture", Action: "audit-search", Subject: "a look", Clinic: vestibule.GatewayLog}
	if key {
		_, err := audit.GenerateKey(daemon.LogKey(f.dir)+daemon.NextKey, rand.Reader)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		e.Action, e.Subject = "key-rotate", "log.key"
	}
	return f.within(func(s *store.Store) error { return s.Report(ctx, e) })
}

// settled waits until no intent is open, which is when a gateway that nobody asks anything has settled what was left.
func (f *folder) settled(ctx context.Context, db *sql.DB) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		open, err := audit.NewReader(db).Unresolved(ctx)
		if err != nil || len(open) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d intents are not settled", len(open))
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// check reads the folder beside the gateway that serves it, and holds everything against everything. quiet says that nobody has
// asked the EMR to write since what was left open was settled.
func (f *folder) check(ctx context.Context, quiet bool) (found []finding, records int, err error) {
	db, err := store.OpenFolder(f.dir)
	if err != nil {
		return nil, 0, err
	}
	defer db.Close()
	if err := f.settled(ctx, db); err != nil {
		return []finding{finding(err.Error())}, 0, nil
	}
	b, err := f.books(ctx, db)
	if err != nil {
		return nil, 0, err
	}
	b.quiet = quiet
	found = inspect(b)
	f.count(b.records)
	own, err := f.ownLog(ctx, db)
	if err != nil {
		return nil, 0, err
	}
	trees, err := f.trees(ctx, db, b)
	return append(append(found, own...), trees...), len(b.records), err
}

func (f *folder) count(records []audit.Record) {
	f.judged, f.records, f.intents, f.unresolved = len(records), len(records), 0, map[string]int{}
	for _, r := range records {
		switch r.Phase {
		case audit.PhaseIntent:
			f.intents++
		case audit.PhaseUnresolved:
			f.unresolved[strings.Join(r.Reasons, " ")]++
		}
	}
}

func (f *folder) books(ctx context.Context, db *sql.DB) (books, error) {
	b := books{attempts: f.diary.all(), writes: f.emr.told(), versions: map[string]string{}, judged: f.judged}
	for i := range appointments {
		id := fmt.Sprintf("apt-%02d", i)
		b.versions[id] = f.emr.version(id)
	}
	return b, audit.NewReader(db).Walk(ctx, clinic, time.Time{}, time.Time{}, func(e audit.Entry) error {
		b.log = e.Log
		b.records = append(b.records, e.Record)
		return nil
	})
}

// ownLog checks what the gateway says of itself: every life of it that got to serve began on record.
func (f *folder) ownLog(ctx context.Context, db *sql.DB) (found []finding, err error) {
	var starts, stops int
	err = audit.NewReader(db).Walk(ctx, vestibule.GatewayLog, time.Time{}, time.Time{}, func(e audit.Entry) error {
		switch e.Record.Admin.Action {
		case "start":
			starts++
		case "stop":
			stops++
		}
		return nil
	})
	if starts < f.served || starts > f.starts {
		found = append(found, finding(fmt.Sprintf("%d gateways were started and %d served; %d starts are on record", f.starts, f.served, starts)))
	}
	if stops != f.stops {
		found = append(found, finding(fmt.Sprintf("%d gateways ended in order, %d stops are on record", f.stops, stops)))
	}
	if _, err := os.Stat(daemon.LogKey(f.dir) + daemon.NextKey); err == nil {
		found = append(found, "a key still waits to be taken up")
	}
	return found, err
}

// trees verifies the database, an export, and receipts new and old.
func (f *folder) trees(ctx context.Context, db *sql.DB, b books) (found []finding, err error) {
	list, err := os.ReadFile(filepath.Join(f.dir, daemon.KeysFile))
	if err != nil {
		return nil, err
	}
	keys := string(list)
	reports, err := audit.VerifyDB(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	for _, r := range reports {
		if !r.OK() {
			found = append(found, finding(fmt.Sprintf("the database does not verify: %v", r.Problems)))
		}
	}
	if b.log == "" {
		return found, nil // it was killed before the clinic's log began
	}
	reader := audit.NewReader(db)
	_, signed, err := reader.Size(ctx, clinic)
	if err != nil || signed == 0 {
		return found, err // it was killed before the clinic's first checkpoint
	}
	var file bytes.Buffer
	if err := reader.Export(ctx, clinic, keys, &file); err != nil {
		return nil, err
	}
	report, err := audit.Verify(&file, keys)
	if err != nil {
		return nil, err
	}
	if !report.OK() {
		found = append(found, finding(fmt.Sprintf("the export does not verify: %v", report.Problems)))
	}
	return append(found, f.receipts(ctx, reader, b, keys, signed)...), nil
}

// receipts proves a sample of what was given away since the last look, once a checkpoint covers it, and of what was given
// away long before.
func (f *folder) receipts(ctx context.Context, reader *audit.Reader, b books, keys string, signed int64) (found []finding) {
	for range sampled {
		if fresh := b.attempts[f.seen:]; len(fresh) > 0 {
			f.unproved = append(f.unproved, fresh[f.rand.IntN(len(fresh))])
		}
		if f.seen > 0 {
			f.unproved = append(f.unproved, b.attempts[f.rand.IntN(f.seen)])
		}
	}
	f.seen = len(b.attempts)
	var later []attempt
	for _, a := range f.unproved {
		_, place, ok := strings.Cut(a.receipt, "/")
		index, err := strconv.ParseInt(place, 10, 64)
		switch {
		case !ok || err != nil: // that an answer has no receipt is found elsewhere
			continue
		case index >= signed:
			later = append(later, a)
			continue
		}
		if err := proves(ctx, reader, index, a.request, keys); err != nil {
			found = append(found, finding(fmt.Sprintf("receipt %s of %s does not prove: %v", a.receipt, a.request, err)))
		}
		f.proofs++
	}
	f.unproved = later
	return found
}

// sampled is how many receipts are proved in a look, of the new ones and of the old ones.
const sampled = 8

func proves(ctx context.Context, reader *audit.Reader, index int64, request, keys string) error {
	proof, err := reader.Proof(ctx, clinic, index, true)
	if err != nil {
		return err
	}
	p, err := audit.CheckProof(proof, keys, nil)
	if err == nil && !bytes.Contains(p.Line, []byte(`"requestId":"`+request+`"`)) {
		err = errors.New("it proves another request's record")
	}
	return err
}
