package emr

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"vestibule/fhir"
)

// store holds the resources by type, in the order in which they came, and writes each change to its file, one per line.
type store struct {
	mu     sync.RWMutex
	shelf  map[string]*shelf
	file   *os.File // nil keeps nothing
	closed bool
}

type shelf struct {
	byID map[string]int // into all
	all  []fhir.Resource
}

func openStore(path string) (*store, error) {
	s := &store{shelf: map[string]*shelf{}}
	for _, t := range allTypes() {
		s.shelf[t] = &shelf{byID: map[string]int{}}
	}
	if path == "" {
		return s, nil
	}
	good, err := s.replay(path)
	if err != nil {
		return nil, err
	}
	if s.file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	if err = s.file.Truncate(good); err == nil {
		_, err = s.file.Seek(good, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	return s, nil
}

// replay reads the file back and says how much of it is whole lines.
func (s *store) replay(path string) (good int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 1<<20)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF { // what follows the last line break was being written in a crash
			return good, nil
		}
		if err != nil {
			return 0, err
		}
		r, err := fhir.ParseResource(bytes.TrimSuffix(line, []byte("\n")), fhir.Limits{})
		if err != nil || s.shelf[r.Type()] == nil || r.ID() == "" {
			return 0, fmt.Errorf("emr: %s line %d is not a resource of this EMR", path, n)
		}
		s.put(r)
		good += int64(len(line))
	}
}

func (s *store) put(r fhir.Resource) {
	sh := s.shelf[r.Type()]
	if i, ok := sh.byID[r.ID()]; ok {
		sh.all[i] = r
		return
	}
	sh.byID[r.ID()] = len(sh.all)
	sh.all = append(sh.all, r)
}

// keep writes r to the file and then puts it in: what was answered is there after a restart.
func (s *store) keep(r fhir.Resource) error {
	if s.closed {
		return errors.New("emr: closed")
	}
	if s.file != nil {
		if _, err := s.file.Write(append(bytes.Clone(r.Bytes()), '\n')); err != nil {
			s.closed = true // half a line may stand there; only replay can tell
			return errors.Join(err, s.file.Close())
		}
	}
	s.put(r)
	return nil
}

func (s *store) get(typ, id string) (fhir.Resource, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.find(typ, id)
}

func (s *store) find(typ, id string) (fhir.Resource, bool) {
	sh := s.shelf[typ]
	if sh == nil {
		return fhir.Resource{}, false
	}
	i, ok := sh.byID[id]
	if !ok {
		return fhir.Resource{}, false
	}
	return sh.all[i], true
}

// all are the resources of a type at this moment.
func (s *store) all(typ string) []fhir.Resource {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.shelf[typ].all)
}

func (s *store) len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := 0
	for _, sh := range s.shelf {
		n += len(sh.all)
	}
	return n
}

func (s *store) load(b []byte, now time.Time) error {
	r, err := fhir.ParseResource(b, fhir.Limits{})
	if err != nil {
		return err
	}
	if s.shelf[r.Type()] == nil || r.ID() == "" {
		return fmt.Errorf("emr: cannot load a %s with id %q", r.Type(), r.ID())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.find(r.Type(), r.ID()); there {
		return nil
	}
	version := r.VersionID()
	if version == "" {
		version = "1"
	}
	updated := r.LastUpdated()
	if updated == "" {
		updated = instant(now)
	}
	if r, err = stamp(r, r.ID(), version, updated); err != nil {
		return err
	}
	return s.keep(r)
}

// create stores r under a new id, unless exists finds one already; then that is returned and made is false.
func (s *store) create(r fhir.Resource, id string, now time.Time, exists func(fhir.Resource) bool) (out fhir.Resource, made bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if exists != nil {
		var found []fhir.Resource
		for _, other := range s.shelf[r.Type()].all {
			if exists(other) {
				found = append(found, other)
			}
		}
		if len(found) > 1 {
			return out, false, problem(fhir.KindStale, "multiple-matches", "If-None-Exist matches more than one resource.")
		}
		if len(found) == 1 {
			return found[0], false, nil
		}
	}
	if out, err = stamp(r, id, "1", instant(now)); err == nil {
		err = s.keep(out)
	}
	return out, true, err
}

// update replaces the version that ifMatch names.
func (s *store) update(r fhir.Resource, ifMatch string, now time.Time) (fhir.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.find(r.Type(), r.ID())
	if !ok {
		return fhir.Resource{}, problem(fhir.KindNotFound, "not-found", "There is no such resource; it is not created by an update.")
	}
	if ifMatch != etag(old) {
		return fhir.Resource{}, problem(fhir.KindStale, "stale", "If-Match does not name the current version.")
	}
	n, err := strconv.Atoi(old.VersionID())
	if err != nil {
		n = 1
	}
	out, err := stamp(r, r.ID(), strconv.Itoa(n+1), instant(now))
	if err != nil {
		return fhir.Resource{}, err
	}
	return out, s.keep(out)
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.file == nil {
		s.closed = true
		return nil
	}
	s.closed = true
	return errors.Join(s.file.Sync(), s.file.Close())
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func etag(r fhir.Resource) string { return `W/"` + r.VersionID() + `"` }

func problem(kind fhir.Kind, code, text string) *fhir.Error { return fhir.E("emr", kind, code, text) }
