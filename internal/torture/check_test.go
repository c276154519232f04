package main

import (
	"slices"
	"strings"
	"testing"

	"vestibule"
	"vestibule/audit"
)

// good are books in which everything is as it should be: a read, an update that was answered, a create that was cut off
// after the EMR had it, its repetition, and a read that was cut off.
func good() books {
	index := func(i int64) *int64 { return &i }
	released := func(ref string) []audit.ReleasedItem { return []audit.ReleasedItem{{Ref: ref}} }
	return books{
		log: "log", quiet: true, versions: map[string]string{"apt-00": "2"},
		records: []audit.Record{
			{ID: "a", RequestID: "read", Phase: audit.PhaseOutcome, Interaction: doRead, Status: 200, Released: released("Appointment/apt-00/_history/1"), Patients: []string{"Patient/1"}},
			{ID: "b", RequestID: "move", Phase: audit.PhaseIntent, Interaction: doUpdate, Resource: "Appointment/apt-00/_history/1"},
			{ID: "b", RequestID: "move", Phase: audit.PhaseOutcome, Interaction: doUpdate, Intent: index(1), Status: 200, Released: released("Appointment/apt-00/_history/2")},
			{ID: "c", RequestID: "new", Phase: audit.PhaseIntent, Interaction: doCreate, Operation: "op"},
			{ID: "c", RequestID: "new", Phase: audit.PhaseUnresolved, Interaction: doCreate, Operation: "op", Intent: index(3), Reasons: []string{vestibule.SettledDone}},
			{ID: "d", RequestID: "new again", Phase: audit.PhaseIntent, Interaction: doCreate, Operation: "op"},
			{ID: "d", RequestID: "new again", Phase: audit.PhaseOutcome, Interaction: doCreate, Operation: "op", Intent: index(5), Status: 201, Released: released("Appointment/new/_history/1")},
			{ID: "e", RequestID: "lost", Phase: audit.PhaseOutcome, Interaction: doRead, Status: 200, Released: released("Appointment/apt-00/_history/2")},
			{ID: "f", Phase: audit.PhaseAdmin},
		},
		attempts: []attempt{
			{request: "read", kind: doRead, answered: true, whole: true, status: 200, receipt: "log/0", refs: []string{"Appointment/apt-00/_history/1"}, patients: []string{"Patient/1"}},
			{request: "move", kind: doUpdate, wish: "moved", answered: true, whole: true, status: 200, receipt: "log/2", refs: []string{"Appointment/apt-00/_history/2"}},
			{request: "new", kind: doCreate, wish: "made"},
			{request: "new again", kind: doCreate, wish: "made", answered: true, status: 201, receipt: "log/6"},
			{request: "lost", kind: doRead},
			{request: "refused", kind: doRead, answered: true, whole: true, status: 503},
		},
		writes: []asked{{request: "move", comment: "moved", applied: true}, {request: "new", operation: "op", comment: "made", applied: true}, {request: "new again", operation: "op", comment: "made"}},
	}
}

// The check is no decoration: whatever is wrong in the books, it finds.
func TestTheCheckFindsWhatIsWrong(t *testing.T) {
	if found := inspect(good()); len(found) > 0 {
		t.Fatalf("good books: %v", found)
	}
	for name, c := range map[string]struct {
		spoil func(b *books)
		want  string
	}{
		"an answer without a record":              {func(b *books) { b.records[0].RequestID = "other" }, "there is no record of it"},
		"a receipt of another's record":           {func(b *books) { b.attempts[0].receipt = "log/7" }, "there is no record of it"},
		"a receipt of another log":                {func(b *books) { b.attempts[0].receipt = "other/0" }, "there is no record of it"},
		"a receipt beyond the log":                {func(b *books) { b.attempts[0].receipt = "log/99" }, "there is no record of it"},
		"no receipt":                              {func(b *books) { b.attempts[0].receipt = "" }, "there is no record of it"},
		"half an answer without a record":         {func(b *books) { b.attempts[4].answered, b.attempts[4].receipt = true, "log/9" }, "there is no record of it"},
		"another version than recorded left":      {func(b *books) { b.attempts[0].refs[0] = "Appointment/apt-00/_history/9" }, "left and is not on record"},
		"another patient than recorded":           {func(b *books) { b.attempts[0].patients[0] = "Patient/9" }, "something of Patient/9 left"},
		"more left than recorded":                 {func(b *books) { b.records[0].Released = nil }, "left and is not on record"},
		"more recorded than left":                 {func(b *books) { b.attempts[0].refs = nil }, "0 resources left, 1 are on record"},
		"another status on record":                {func(b *books) { b.records[0].Status = 404 }, "is on record as"},
		"two ends of one request":                 {func(b *books) { b.records[7].RequestID = "read" }, "2 records say how it ended"},
		"a refusal that holds something":          {func(b *books) { b.attempts[5].patients = []string{"Patient/1"} }, "refused, and holds"},
		"a record of nobody's request":            {func(b *books) { b.records[7].RequestID = "nobody" }, "which nobody made"},
		"a write without an intent":               {func(b *books) { b.records[3].Phase = audit.PhaseSystem }, "no intent is on record"},
		"a write whose intent is another's":       {func(b *books) { b.records[3].Operation = "other" }, "no intent is on record"},
		"an intent that nothing settles":          {func(b *books) { b.records[2].Intent = nil }, "is settled by nothing"},
		"an intent settled twice":                 {func(b *books) { *b.records[6].Intent = 1; b.records[6].ID = "b" }, "is settled twice"},
		"a settling of no intent":                 {func(b *books) { *b.records[2].Intent = 0 }, "which is no intent"},
		"a settling of another access's":          {func(b *books) { *b.records[4].Intent = 1 }, "which is no intent"},
		"done, which was not":                     {func(b *books) { b.writes[1].applied = false; b.writes[2].request = "lost" }, "the EMR says settled-not-done"},
		"not done, which was":                     {func(b *books) { b.records[4].Reasons[0] = vestibule.SettledNotDone }, "the EMR says settled-done"},
		"unknown, which could be told":            {func(b *books) { b.records[4].Reasons[0] = vestibule.SettledUnknown }, "the EMR says settled-done"},
		"an update done, which cannot be told":    {updateSettledAs(vestibule.SettledDone, "2"), "the EMR says settled-unknown"},
		"an update unknown, which was not done":   {updateSettledAs(vestibule.SettledUnknown, "1"), "the EMR says settled-not-done"},
		"a write that happened twice":             {func(b *books) { b.writes[2].applied = true }, "was written 2 times"},
		"a success that was never written":        {func(b *books) { b.writes[0].applied = false }, "was never written"},
		"a repeated write that is refused":        {func(b *books) { b.attempts[3].status, b.records[6].Status = 409, 409 }, "is answered with 409"},
		"an answer that says what it does not do": {func(b *books) { b.records[0].Interaction = doSearch }, "is on record as"},
	} {
		b := good()
		c.spoil(&b)
		found := inspect(b)
		if !slices.ContainsFunc(found, func(f finding) bool { return strings.Contains(string(f), c.want) }) {
			t.Errorf("%s: found %v, want %q", name, found, c.want)
		}
	}
}

// updateSettledAs has the update cut off and settled, and the EMR at a version.
func updateSettledAs(said, version string) func(b *books) {
	return func(b *books) {
		b.records[2].Phase, b.records[2].Reasons, b.records[2].Resource = audit.PhaseUnresolved, []string{said}, b.records[1].Resource
		b.attempts[1] = attempt{request: "move", kind: doUpdate, wish: "moved"}
		b.versions["apt-00"] = version
	}
}

// A gateway whose ledger says "durable" of what is not, as one does that writes in the background, or into a file that was
// deleted, is found out by a real campaign.
func TestACampaignFindsALedgerThatLies(t *testing.T) {
	for at, want := range map[string]string{atDone: "no intent is on record", atRandom: "there is no record of it"} {
		p := point{What: at}
		sum := carryOut(t, &campaign{seed: 3, plan: []point{p, p, p, p, p, p, p, p}, lie: 6})
		if !slices.ContainsFunc(sum.findings, func(f finding) bool { return strings.Contains(string(f), want) }) {
			t.Errorf("killed at %s: found %v, want %q", p, sum.findings, want)
		}
	}
}

// A plan has every point in it, and a write left open before each settling.
func TestAPlanHasEveryPoint(t *testing.T) {
	c := &campaign{seed: 1}
	got := plan(1000, c.source())
	if len(got) != 1000 {
		t.Fatalf("%d kills", len(got))
	}
	for _, p := range points() {
		if n := len(slices.DeleteFunc(slices.Clone(got), func(q point) bool { return q != p })); n < 10 {
			t.Errorf("%s: %d times", p, n)
		}
	}
	for i, p := range got {
		if p.What == onUnresolved && (i == 0 || !got[i-1].emrs()) {
			t.Errorf("kill %d, %s, has nothing to settle", i, p)
		}
	}
}
