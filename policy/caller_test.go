package policy

import (
	"strings"
	"testing"
	"time"
)

func somebody(now time.Time) Caller {
	return Caller{
		Issuer: "https://id.example", Subject: "amara", Name: "Amara Okafor", Platform: "assistco",
		ClientID: "assistco-web", Expires: now.Add(time.Minute),
	}
}

func TestTheZeroCallerIsNobody(t *testing.T) {
	if (Caller{}).Valid() || (Caller{}).Named() || (Caller{}).ID() != "" || (Caller{}).ValidAt(time.Time{}) {
		t.Error("the zero Caller counts as somebody")
	}
}

func TestACallerWithOnePartMissingIsNobody(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	if !somebody(now).Valid() {
		t.Fatal("a complete caller is not valid")
	}
	for part, clear := range map[string]func(*Caller){
		"issuer":   func(c *Caller) { c.Issuer = "" },
		"subject":  func(c *Caller) { c.Subject = "" },
		"name":     func(c *Caller) { c.Name = "" },
		"platform": func(c *Caller) { c.Platform = "" },
		"client":   func(c *Caller) { c.ClientID = "" },
		"expiry":   func(c *Caller) { c.Expires = time.Time{} },
	} {
		c := somebody(now)
		clear(&c)
		if c.Valid() {
			t.Errorf("a caller without %s is valid", part)
		}
	}
}

func TestAnAutomatedAgentNeedsNoNameAndIsNoPerson(t *testing.T) {
	c := somebody(time.Now())
	c.Name, c.Automated = "", true
	if !c.Valid() {
		t.Error("a declared agent is not valid")
	}
	c.Name = "Booking agent"
	if c.Named() {
		t.Error("an agent counts as a named person")
	}
}

func TestATokenIsOverAtItsExpiry(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	c := somebody(now)
	if !c.ValidAt(c.Expires.Add(-1)) || c.ValidAt(c.Expires) {
		t.Error("want valid up to, and not at, the expiry")
	}
	if got, want := c.ID(), "https://id.example|amara"; got != want {
		t.Errorf("ID() = %q, want %q", got, want)
	}
}

func TestOnlyTheScopesOfATypeConcernIt(t *testing.T) {
	c := Caller{Scopes: []string{"openid", "user/Task.rs?status=ready", "user/*.read", "user/Appointment.rs", "user/Tasks.rs", "Task.rs"}}
	if got := strings.Join(c.ScopesFor("Task"), " "); got != "user/Task.rs?status=ready user/*.read" {
		t.Error(got)
	}
	if c.ScopesFor("") != nil || (Caller{}).ScopesFor("Task") != nil {
		t.Error("scopes out of nothing")
	}
}
