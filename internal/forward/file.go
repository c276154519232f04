package forward

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// File appends AuditEvents to a file, one on each line (NDJSON). The file is made with mode 0600. It may be renamed at any
// time: what comes next goes into a new one. A line that a crash tore is taken out: its event is sent again.
type File struct {
	path string
	f    *os.File
	busy chan struct{} // holds a value while the disk is at work
}

// fileDeadline is how long the disk may take for one write.
const fileDeadline = 30 * time.Second

// OpenFile opens, or makes, the file at path.
func OpenFile(path string) (*File, error) {
	s := &File{path: path, busy: make(chan struct{}, 1)}
	return s, nil
}

// Send appends the events and returns when they are on the disk. A disk that does not answer, as on a network, is a failure:
// nothing waits for it.
func (s *File) Send(ctx context.Context, events []Event) ([]Verdict, error) {
	select {
	case s.busy <- struct{}{}:
	default:
		return nil, faultf("the disk has not answered yet")
	}
	done := make(chan error, 1)
	go func() {
		err := s.append(events)
		<-s.busy
		done <- err
	}()
	ctx, cancel := graceful(ctx, fileDeadline)
	defer cancel()
	select {
	case err := <-done:
		if err != nil {
			return nil, err
		}
	case <-ctx.Done():
		return nil, faultf("the disk did not answer in time")
	}
	out := make([]Verdict, len(events))
	for i := range out {
		out[i].Taken = true
	}
	return out, nil
}

// Settled is everything that was taken: fsync has returned.
func (s *File) Settled(time.Time) (int, error) { return math.MaxInt, nil }

// Close closes the file, unless the disk is still at work: then its last write closes nothing, and the process's end does.
func (s *File) Close() error {
	select {
	case s.busy <- struct{}{}:
		return s.close()
	default:
		return nil
	}
}

func (s *File) close() error {
	if s.f == nil {
		return nil
	}
	err := s.f.Close()
	s.f = nil
	return err
}

// append writes all events or none.
func (s *File) append(events []Event) error {
	if err := s.open(); err != nil {
		return err
	}
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	var text []byte
	for _, e := range events {
		text = append(append(text, e.Body...), '\n')
	}
	_, err = s.f.Write(text)
	if err == nil {
		err = s.f.Sync()
	}
	if err == nil {
		return nil
	}
	// A full disk takes a part of it. What cannot be taken back now is mended when the file is opened again.
	return errors.Join(err, s.f.Truncate(info.Size()), s.close())
}

// open makes sure that the open file is the one that the path names.
func (s *File) open() error {
	if s.f != nil {
		here, err := s.f.Stat()
		if err != nil {
			return errors.Join(err, s.close())
		}
		if there, err := os.Stat(s.path); err == nil && os.SameFile(here, there) {
			return nil
		}
		if err := s.close(); err != nil {
			return err
		}
	}
	_, err := os.Stat(s.path)
	created := errors.Is(err, fs.ErrNotExist)
	// O_NONBLOCK: to open a pipe that nobody reads would wait for ever.
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = faultf("%s is not a file", s.path)
	}
	if err == nil {
		err = mend(f, info.Size())
	}
	if err == nil && created {
		err = syncFolder(filepath.Dir(s.path))
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s.f = f
	return nil
}

// maxLine bounds how far back the beginning of a torn line is looked for.
const maxLine = 64 << 20

// eventBegins is how every line begins; what begins otherwise was not written here, and is left alone.
const eventBegins = `{"resourceType":"AuditEvent",`

// mend takes out a last line that has no end.
func mend(f *os.File, size int64) error {
	end := size
	var torn []byte
	for end > 0 && size-end < maxLine {
		part := make([]byte, min(64<<10, end))
		if _, err := f.ReadAt(part, end-int64(len(part))); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if at := bytes.LastIndexByte(part, '\n'); at >= 0 {
			torn = append(bytes.Clone(part[at+1:]), torn[:min(len(torn), len(eventBegins))]...)
			end -= int64(len(part) - at - 1)
			break
		}
		torn = append(part, torn[:min(len(torn), len(eventBegins))]...)
		end -= int64(len(part))
	}
	if end == size {
		return nil
	}
	if n := min(len(torn), len(eventBegins)); string(torn[:n]) != eventBegins[:n] {
		return faultf("the last line of %s has no end and is no AuditEvent: it was not written by this gateway; name another file", f.Name())
	}
	return errors.Join(f.Truncate(end), f.Sync())
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
