package demo

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

const (
	patients     = 40
	tasks        = 30
	documents    = 40
	firstDay     = -1 // from today
	lastDay      = 12
	instantStamp = "2006-01-02T15:04:05.000Z07:00"
	secondStamp  = time.RFC3339
)

// world is one clinic's data in the making.
type world struct {
	clinic
	now    time.Time // in the clinic's zone
	random *rand.Rand
	folk   []person
	out    [][]byte
}

// World makes the data of one clinic as raw FHIR R4 resources: practitioners, organizations, locations, patients,
// appointments from yesterday to twelve days ahead, tasks and documents. An unknown clinic has none. Another day gives
// another schedule; the people stay the same.
func World(name string, now time.Time) [][]byte {
	w, ok := newWorld(name, now)
	if !ok {
		return nil
	}
	w.organizations()
	w.staff()
	for i := range patients {
		w.folk = append(w.folk, w.patient(i))
		w.out = append(w.out, write(w.folk[i]))
	}
	w.schedule()
	for i := range tasks {
		w.out = append(w.out, write(w.task(i)))
	}
	for i := range documents {
		w.out = append(w.out, write(w.document(i)))
	}
	return w.out
}

func newWorld(name string, now time.Time) (*world, bool) {
	c, ok := clinicOf(name)
	if !ok {
		return nil, false
	}
	zone, err := time.LoadLocation(c.zone)
	if err != nil {
		zone = time.UTC // no tzdata on this machine and none linked in
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return &world{clinic: c, now: now.In(zone), random: rand.New(rand.NewPCG(h.Sum64(), 1))}, true
}

// at is the clinic's calendar day, so many days on, at hour:minute.
func (w *world) at(day, hour, minute int) time.Time {
	y, m, d := w.now.Date()
	return time.Date(y, m, d+day, hour, minute, 0, 0, w.now.Location())
}

// meta is that of a resource last touched at t, with security labels.
func (w *world) meta(t time.Time, labels ...coding) meta {
	return meta{VersionID: "1", LastUpdated: t.UTC().Format(instantStamp), Security: labels, Tag: []coding{madeUp()}}
}

// madeUp is the tag that every resource of the world carries.
func madeUp() coding {
	return coding{System: "http://terminology.hl7.org/CodeSystem/v3-ActReason", Code: "HTEST", Display: "test health data"}
}

// system is the clinic's own namespace for what its EMR numbers.
func (w *world) system(what string) string {
	return "https://emr." + w.name + ".example/NamingSystem/" + what
}

func (w *world) phone() string {
	return fmt.Sprintf("+1 %s 555 %04d", w.area, 100+w.random.IntN(100))
}

func pick[T any](w *world, from []T) T { return from[w.random.IntN(len(from))] }

// chance is true in so many of a hundred cases.
func (w *world) chance(percent int) bool { return w.random.IntN(100) < percent }
