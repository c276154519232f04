package vestibule_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"vestibule"
	"vestibule/adapters"
	"vestibule/fhir"
	"vestibule/policy"
)

// archive is the tests' EMR with documents behind its DocumentReferences.
type archive struct {
	*emr
	contents map[string]io.Reader // by "id.index"
}

func (a *archive) Capability(context.Context) (adapters.Capability, error) {
	return adapters.NewCapability(adapters.Type{Name: typDocument, Interactions: []fhir.InteractionKind{fhir.InteractionRead, fhir.InteractionSearch}, Versions: true}), nil
}

func (a *archive) Open(_ context.Context, doc fhir.Resource, index int) (io.ReadCloser, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.call("open"); err != nil {
		return nil, err
	}
	content, ok := a.contents[fmt.Sprintf("%s.%d", doc.ID(), index)]
	if !ok {
		return nil, fhir.E("archive.Open", fhir.KindNotFound, "not-found", "There is no such content.")
	}
	return io.NopCloser(content), nil
}

const letter = "%PDF made up for " + marker

// paper is one of the tests' documents, of a category; attachment is what else its attachment says, more what else it says.
func paper(id, category, patient, attachment, more string) string {
	return fmt.Sprintf(`{"resourceType":"DocumentReference","id":%q,"meta":{"versionId":"5"},"status":"current","date":"2026-11-20T10:00:00Z","category":[{"coding":[{"code":%q}]}],`+
		`"type":{"coding":[{"system":"http://loinc.org","code":"57133-1"}]},"subject":{"reference":"Patient/%s"},"content":[{"attachment":{"contentType":"application/pdf"%s}}]%s}`,
		id, category, patient, attachment, more)
}

// papers is what the tests' assistant may do with documents: open letters, and know of referrals.
var papers = []policy.Permission{
	{Scope: "user/DocumentReference.rs?category=letter", Content: true},
	{Scope: "user/DocumentReference.rs?category=referral"},
}

// newArchive is a gateway over an archive of documents.
func newArchive(t *testing.T, permissions ...policy.Permission) (*world, *archive) {
	t.Helper()
	e := newEMR(t, 10,
		paper("mine", "letter", "1", `,"title":"Letter"`, ""), paper("named", "referral", "1", "", ""), paper("lab", "lab", "1", "", ""),
		paper("locked", "letter", "2", "", ""), paper("labelled", "letter", "1", "", `,"securityLabel":[{"coding":[{"code":"R"}]}]`))
	a := &archive{emr: e, contents: map[string]io.Reader{}}
	for _, id := range []string{"mine.0", "named.0", "lab.0", "locked.0", "labelled.0"} {
		a.contents[id] = strings.NewReader(letter)
	}
	w := newWorld(t, e, bookings...)
	w.served = a
	w.archived(t, 1, permissions...)
	return w, a
}

// archived puts the clinic under the rules of an archive: Patient/2 has locked everything.
func (w *world) archived(t *testing.T, version int, permissions ...policy.Permission) {
	t.Helper()
	w.under(t, policy.Rules{Grants: []policy.Grant{frontDesk(version, permissions...)},
		Directives: []policy.Directive{{Clinic: "maple", Name: "lock", Patient: "Patient/2", Because: "Asked for"}}})
}

// as asks for a document in one form, whatever it is.
func as(form vestibule.Form) func(*vestibule.Request) {
	return func(r *vestibule.Request) {
		r.Route = "GET /fhir/{clinic}" + vestibule.BinaryRoute
		r.Form = func(string) vestibule.Form { return form }
	}
}

// zeros is a document without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

const typDocument = "DocumentReference"

// keeper is an EMR that hands over the documents its DocumentReferences carry.
type keeper struct{ *keen }

func (k keeper) Open(_ context.Context, doc fhir.Resource, index int) (io.ReadCloser, error) {
	b, err := base64.StdEncoding.DecodeString(doc.Attachment(index).Get("data").Text())
	if err != nil || len(b) == 0 {
		return nil, fhir.E("keeper.Open", fhir.KindNotFound, "not-found", "There is no such content.")
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// behind puts both worlds behind the gateways again, with the EMRs that stand for them.
func (w *twins) behind(p pair, a, b keeper) {
	p.a.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: time.UTC, Policy: w.set, EMR: a})
	p.b.SetClinics(&vestibule.Clinic{Name: "maple", Title: "Maple", Zone: time.UTC, Policy: w.other, EMR: b})
}
