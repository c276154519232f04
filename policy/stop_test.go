package policy

import (
	"slices"
	"strings"
	"testing"

	"vestibule/fhir"
)

// ruled is a Set of rules that have to compile.
func ruled(t testing.TB, rules Rules) *Set {
	t.Helper()
	s, err := Compile(maple(t), rules)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stopped is a case of a code that a stop brings about.
func stopped(code Code, s Stop) reasonCase {
	s.Name, s.Because, s.Version = "halt", "A lost laptop", 2
	return reasonCase{code, func(t *testing.T) ([]Reason, *fhir.Error) {
		d := ruled(t, Rules{Grants: []Grant{frontDesk()}, Stops: []Stop{s}}).Decide(ask(t, "GET Appointment/1"))
		if r := d.Reasons()[0]; r.Detail != "Stop halt@2: A lost laptop" || strings.Contains(r.Text, "laptop") {
			t.Errorf("the clinic reads %q, the caller %q", r.Detail, r.Text)
		}
		return d.Reasons(), d.Err()
	}}
}

func TestAStopHoldsUpWhatItNamesAndNothingElse(t *testing.T) {
	other := frontDesk()
	other.Name = "front-desk-too"
	for name, c := range map[string]struct {
		stops []Stop
		want  Code
		by    []string
	}{
		"none":                       {nil, CodeGranted, []string{"front-desk-amara@3", "front-desk-too@3"}},
		"everything":                 {[]Stop{{Everything: true}}, CodeClinicStopped, nil},
		"everything, this clinic":    {[]Stop{{Clinic: "maple", Everything: true}}, CodeClinicStopped, nil},
		"her platform":               {[]Stop{{Platform: "assistco"}}, CodePlatformStopped, nil},
		"another platform":           {[]Stop{{Platform: "helpers"}}, CodeGranted, []string{"front-desk-amara@3", "front-desk-too@3"}},
		"her":                        {[]Stop{{Person: "https://id.example|amara"}}, CodePersonStopped, nil},
		"somebody of another issuer": {[]Stop{{Person: "https://id2.example|amara"}}, CodeGranted, []string{"front-desk-amara@3", "front-desk-too@3"}},
		"one of her grants":          {[]Stop{{Clinic: "maple", Grant: "front-desk-amara"}}, CodeGranted, []string{"front-desk-too@3"}},
		"both of her grants": {[]Stop{{Clinic: "maple", Grant: "front-desk-amara"}, {Clinic: "maple", Grant: "front-desk-too"}},
			CodeGrantPaused, nil},
		"all there is": {[]Stop{{Person: "https://id.example|amara"}, {Platform: "assistco"}, {Everything: true}}, CodeClinicStopped, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.stops {
				c.stops[i].Name, c.stops[i].Because = "halt", "A test"
			}
			s := ruled(t, Rules{Grants: []Grant{frontDesk(), other}, Stops: c.stops})
			for _, line := range []string{"GET Appointment/1", "GET Appointment?status=booked", "PUT Appointment/1"} {
				d := s.Decide(ask(t, line))
				wantCode(t, d.Reasons(), c.want)
				if !slices.Equal(d.Grants(), c.by) {
					t.Errorf("%s rests on %v, want %v", line, d.Grants(), c.by)
				}
			}
			if effective := s.Effective(amara(t), wednesday(t)); (len(effective) == 0) != (c.by == nil) {
				t.Errorf("she is told that she may %v", effective)
			}
		})
	}
}

// A paused grant that could not serve for another reason either says that reason: the pause is asked last.
func TestAPausedGrantIsTheNearestMiss(t *testing.T) {
	out := frontDesk()
	out.Name, out.Hours = "at-night", "Mon-Fri 20:00-24:00"
	s := ruled(t, Rules{Grants: []Grant{frontDesk(), out}, Stops: []Stop{{Clinic: "maple", Name: "halt", Grant: "front-desk-amara", Because: "A test"}}})
	reasons := s.Decide(ask(t, "GET Appointment/1")).Reasons()
	if got := codesOf(reasons); !slices.Equal(got, []Code{CodeGrantPaused, CodeOutsideHours}) {
		t.Errorf("reasons %v", got)
	}
	if text := reasons[0].Text; !strings.Contains(text, "front-desk-amara") {
		t.Errorf("%q does not name the grant", text)
	}
}

func TestTheMistakesOfAStopAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		stop  Stop
		paths []string
	}{
		"right":                {Stop{Name: "halt", Person: "https://id.example|amara", Because: "x"}, nil},
		"nothing at all":       {Stop{}, []string{"name", "because", ""}},
		"nothing named":        {Stop{Name: "halt", Because: "x"}, []string{""}},
		"two things":           {Stop{Name: "halt", Because: "x", Platform: "assistco", Everything: true}, []string{""}},
		"another clinic":       {Stop{Clinic: "oak", Name: "halt", Because: "x", Everything: true}, []string{"clinic"}},
		"a grant of no clinic": {Stop{Name: "halt", Because: "x", Grant: "g"}, []string{"clinic"}},
		"a grant's version":    {Stop{Clinic: "maple", Name: "halt", Because: "x", Grant: "g@1"}, []string{"grant"}},
		"no person":            {Stop{Name: "halt", Because: "x", Person: "amara"}, []string{"person"}},
		"two lines":            {Stop{Name: "Halt", Because: "x\ny", Everything: true}, []string{"name", "because"}},
	} {
		var paths []string
		for _, e := range CheckStop(c.stop, Context{Clinic: maple(t)}) {
			paths = append(paths, e.Path)
		}
		if !slices.Equal(paths, c.paths) {
			t.Errorf("%s: mistakes at %q, want %q", name, paths, c.paths)
		}
		if _, err := Compile(maple(t), Rules{Stops: []Stop{c.stop}}); (err == nil) != (c.paths == nil) {
			t.Errorf("%s: Compile says %v", name, err)
		}
	}
	if got := CheckStop(Stop{Name: "halt", Because: "x", Everything: true}, Context{}); len(got) != 1 || got[0].Path != "clinic" {
		t.Errorf("without a clinic: %v", got)
	}
}
