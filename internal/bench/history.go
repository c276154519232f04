package main

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	googleuuid "github.com/google/uuid"

	"vestibule/audit"
)

// The people and patients of a made-up history, and how long it is.
const (
	historyAssistants = 300
	historyPatients   = 50_000
	historyYears      = 6
	historyClinics    = 10 // one of them has most of it
	historySeed       = 20261123
)

// history is the accesses of several clinics over years, as the gateway puts them on record. What the i-th is depends on the
// seed and on i alone.
type history struct {
	accesses int
	calendar calendar
	clinics  []string
	agents   []audit.Agent
	patients []string
	weight   []float64 // of the patients, summed up
}

// bigClinic has 97 of 100 accesses.
const bigClinic = "maple"

func newHistory(accesses int, end time.Time) *history {
	h := &history{accesses: accesses, calendar: newCalendar(end, historyYears), clinics: []string{bigClinic}}
	for i := 1; i < historyClinics; i++ {
		h.clinics = append(h.clinics, "small-"+strconv.Itoa(i))
	}
	rng := rand.New(rand.NewPCG(historySeed, 0))
	for i := range historyAssistants {
		h.agents = append(h.agents, audit.Agent{
			Issuer: "https://id.assistco.example", Subject: "va-" + strconv.Itoa(1000+i), Name: givenNames[i%len(givenNames)] + " " + strconv.Itoa(i), Platform: "assistco", ClientID: "assistco-desk",
			TokenID: uuid(rng, rng.Int64N(1<<47)), Assurance: "acr=urn:assistco:loa:2 amr=pwd,otp", Team: "assistco/front-desk", Software: "assistco-desk/2.1 (linux)",
			Address: "203.0." + strconv.Itoa(i%4) + "." + strconv.Itoa(i%251),
		})
	}
	sum := 0.0
	for i := range historyPatients {
		h.patients = append(h.patients, "Patient/"+strconv.Itoa(1_000_003+i*17))
		sum += math.Pow(float64(i+300), -0.9) // the first is seen about fifty times as often as the last
		h.weight = append(h.weight, sum)
	}
	return h
}

var givenNames = [...]string{"Amara", "Ben", "Chloé", "Dov", "Esi", "Farid", "Greta", "Hana", "Idris", "Jun", "Kofi", "Léa", "Mina"} // never written to

// source is what the accesses of one caller are drawn with.
type source struct {
	*history
	pcg *rand.PCG
	rng *rand.Rand
}

func (h *history) source() *source {
	pcg := rand.NewPCG(0, 0)
	return &source{history: h, pcg: pcg, rng: rand.New(pcg)}
}

// access is the i-th access: one record, or for a write the intent and the outcome, which wants the intent's index.
func (s *source) access(i int) []audit.Record {
	s.pcg.Seed(historySeed, uint64(i))
	r := s.basic(i)
	switch p := s.rng.Float64(); {
	case p < .60:
		s.read(&r)
	case p < .87:
		s.search(&r)
	case p < .93:
		return s.write(r)
	case p < .985:
		s.denial(&r)
	case p < .995:
		s.looked(&r)
	default:
		s.admin(&r)
	}
	return []audit.Record{r}
}

// basic is what every record says.
func (s *source) basic(i int) audit.Record {
	at := s.calendar.at(i, s.accesses)
	clinic := s.clinics[0]
	if s.rng.IntN(100) >= 97 {
		clinic = s.clinics[1+s.rng.IntN(len(s.clinics)-1)]
	}
	return audit.Record{
		ID: uuid(s.rng, at.UnixMilli()), Time: at, Clinic: clinic, Title: "Maple Family Practice (made up)", Zone: "America/Toronto",
		System:   audit.System{Adapter: "fhirr4 v1.0.0", Product: "Made-up EMR 7.0", Connection: "emr@2"},
		Agent:    s.agents[s.agent()],
		Purposes: []string{"PATADMIN"}, Scopes: []string{"user/Appointment.rs", "user/Task.rs"}, Policy: "0123456789abcdef01234567",
		RequestID: uuid(s.rng, at.UnixMilli()), Traceparent: s.traceparent(),
	}
}

// agent is somebody; half of the assistants do three quarters of the work.
func (s *source) agent() int {
	if s.rng.IntN(2) == 0 {
		return s.rng.IntN(len(s.agents) / 2)
	}
	return s.rng.IntN(len(s.agents))
}

func (s *source) patient() string {
	at, _ := slices.BinarySearch(s.weight, s.rng.Float64()*s.weight[len(s.weight)-1])
	return s.patients[min(at, len(s.patients)-1)]
}

func (s *source) item(typ string) audit.ReleasedItem {
	return audit.ReleasedItem{Ref: s.ref(typ), Patients: []string{s.patient()}, Removed: s.rng.IntN(9), Kinds: []string{"http://terminology.hl7.org/CodeSystem/v2-0276|FOLLOWUP"}}
}

func (s *source) ref(typ string) string {
	return typ + "/" + strconv.Itoa(s.rng.IntN(4_000_000)) + "/_history/" + strconv.Itoa(1+s.rng.IntN(5))
}

func (s *source) permitted(r *audit.Record) {
	r.Phase, r.Outcome, r.Status, r.Upstream = audit.PhaseOutcome, audit.OutcomeSuccess, 200, "ok"
	r.Reasons, r.Grants = []string{"granted"}, []string{"front-desk@" + strconv.Itoa(1+s.rng.IntN(9))}
}

func (s *source) read(r *audit.Record) {
	s.permitted(r)
	it := s.item("Appointment")
	r.Interaction, r.Route, r.Type, r.Resource = "read", "GET /fhir/{clinic}/{type}/{id}", "Appointment", it.Ref
	r.Released, r.Patients = []audit.ReleasedItem{it}, it.Patients
}

func (s *source) search(r *audit.Record) {
	s.permitted(r)
	r.Interaction, r.Route, r.Type = "search-type", "GET /fhir/{clinic}/{type}", "Appointment"
	day := r.Time.Format(time.DateOnly)
	r.Query = "date=ge" + day + "&practitioner=Practitioner%2F" + strconv.Itoa(s.rng.IntN(40)) + "&_count=50"
	for range 1 + min(49, int(s.rng.ExpFloat64()*4)) {
		it := s.item("Appointment")
		r.Released = append(r.Released, it)
		if !slices.Contains(r.Patients, it.Patients[0]) {
			r.Patients = append(r.Patients, it.Patients[0])
		}
	}
	r.Withheld = s.rng.IntN(3)
}

// write is an intent and its outcome; who appends them sets Intent between the two.
func (s *source) write(r audit.Record) []audit.Record {
	s.permitted(&r)
	it := s.item("Appointment")
	r.Interaction, r.Route, r.Type, r.Resource = "update", "PUT /fhir/{clinic}/{type}/{id}", "Appointment", it.Ref
	r.Patients, r.Operation = it.Patients, s.hex(8)
	intent := r
	intent.Phase, intent.Outcome, intent.Status, intent.Upstream = audit.PhaseIntent, "", 0, ""
	r.Released, r.Changed, r.Before, r.After = []audit.ReleasedItem{it}, []string{"start", "end"}, s.hex(32), s.hex(32)
	return []audit.Record{intent, r}
}

func (s *source) denial(r *audit.Record) {
	it := s.ref("DocumentReference")
	r.Phase, r.Outcome, r.Status, r.Reasons = audit.PhaseDenial, audit.OutcomeSerious, 403, []string{"no-grant"}
	r.Interaction, r.Route, r.Type, r.Resource = "read", "GET /fhir/{clinic}/{type}/{id}", "DocumentReference", it
}

// looked is an auditor's look into the trail.
func (s *source) looked(r *audit.Record) {
	r.Phase, r.Outcome, r.Status, r.Upstream = audit.PhaseOutcome, audit.OutcomeSuccess, 200, "ok"
	r.Interaction, r.Route, r.Type, r.Agent.Role = audit.InteractionAuditSearch, "GET /fhir/{clinic}/AuditEvent", "AuditEvent", audit.RoleAuditor
	r.Query, r.Shown = "_count=50&outcome=8", s.rng.IntN(50)
}

func (s *source) admin(r *audit.Record) {
	*r = audit.Record{ID: r.ID, Time: r.Time, Clinic: r.Clinic, Title: r.Title, Zone: r.Zone, Phase: audit.PhaseAdmin, Outcome: audit.OutcomeSuccess,
		Admin: audit.Admin{Action: "grant-apply", Subject: "front-desk", Version: strconv.Itoa(1 + s.rng.IntN(9)), By: "morgan"}}
}

func (s *source) hex(n int) string {
	b := make([]byte, 0, 32)
	for len(b) < n {
		b = append(b, byte(s.rng.Uint32()))
	}
	return hex.EncodeToString(b)
}

func (s *source) traceparent() string { return "00-" + s.hex(16) + "-" + s.hex(8) + "-01" }

// uuid is a version 7 of a millisecond.
func uuid(rng *rand.Rand, millis int64) string {
	var b [16]byte
	for i, bits := 0, rng.Uint64(); i < 8; i++ {
		b[15-i] = byte(bits >> (8 * i))
	}
	for i, bits := 0, rng.Uint64(); i < 2; i++ {
		b[6+i] = byte(bits >> (8 * i))
	}
	for i := range 6 {
		b[i] = byte(millis >> (40 - 8*i))
	}
	b[6], b[8] = 0x70|b[6]&0xf, 0x80|b[8]&0x3f
	return googleuuid.UUID(b).String()
}
