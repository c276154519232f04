package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"vestibule/internal/demo"
)

// Tour is a clinic's tour with what the EMR holds of it now: a second start finds appointments where the first left them.
type Tour struct {
	demo.Tour
	Version string // of the appointment
	End     string // of the appointment, as the EMR has it
	Patient string // of the appointment: "Patient/7"; at a clinic on an OSCAR
}

func (s *Stage) planTours(ctx context.Context) error {
	for _, name := range demo.Clinics() {
		if s.OnOSCAR(name) { // its rows have other ids, no versions and no labels
			t, err := s.tourOfOSCAR(name)
			if err != nil {
				return err
			}
			s.Tours[name] = t
			continue
		}
		t := Tour{Tour: demo.Walk(name, s.memory.Began)}
		var now struct {
			Meta       struct{ VersionID string }
			Start, End string
		}
		if err := getJSON(ctx, s.Ready.EMR[name]+"/Appointment/"+t.Appointment, &now); err != nil {
			return err
		}
		t.Version, t.Start, t.End = now.Meta.VersionID, now.Start, now.End
		s.Tours[name] = t
	}
	return nil
}

func getJSON(ctx context.Context, url string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// Step is one line of the tour.
type Step struct{ Say, Run string }

// Walk is the tour of one clinic as lines for a shell; program is how the reader runs Vestibule.
func (s *Stage) Walk(clinic, program string) ([]Step, error) {
	if s.OnOSCAR(clinic) {
		return s.walkOSCAR(clinic)
	}
	t, base := s.Tours[clinic], s.Ready.FHIR[clinic]
	as := func(who string) string {
		return fmt.Sprintf(`curl -sS -H "Authorization: Bearer $(cat %s)"`, quote(s.TokenFile(who)))
	}
	appointment := quote(base + "/Appointment/" + t.Appointment)
	later, err := moved(t, 30*time.Minute)
	if err != nil {
		return nil, err
	}
	export := quote(s.Folder + "/" + clinic + ".export")
	return []Step{
		{"Amara, an assistant, asks for one practitioner's appointments. She gets those, cut to what she was granted.",
			as(demo.Assistant) + " " + quote(base+"/Appointment?practitioner="+t.Practitioner+"&status=booked&_sort=date&_count=5")},
		{"She moves one half an hour later: what she was shown, with new times, and the version she saw.",
			as(demo.Assistant) + " " + appointment + " | sed " + quote(later) + " | " + as(demo.Assistant) +
				` -X PUT -H 'Content-Type: application/fhir+json' -H ` + quote(`If-Match: W/"`+t.Version+`"`) + " -d @- " + appointment},
		{"She asks for a document with the label R. Restricted, out of reach and unknown are answered alike, with what she may ask for.",
			as(demo.Assistant) + " " + quote(base+"/DocumentReference/"+t.Restricted)},
		{"Somebody from the same platform without a grant gets nothing.",
			as(demo.Stranger) + " " + quote(base+"/Appointment?practitioner="+t.Practitioner)},
		{"The clinic's auditor sees all of it, newest first.",
			as(demo.Auditor) + " " + quote(s.Ready.Audit[clinic]+"/AuditEvent?_sort=-date&_count=10")},
		{"And anybody with the public key can check that nothing was changed or left out: export it, and verify the file alone.",
			fmt.Sprintf("%s audit export --data %s --clinic %s -o %s && %s audit verify --export %s --key %s",
				program, quote(s.Folder), clinic, export, program, export, quote(s.Folder+"/log.pub"))},
	}, nil
}

// moved is the sed script that moves the tour's appointment.
func moved(t Tour, by time.Duration) (string, error) {
	var script []string
	for _, e := range []struct{ name, at string }{{"start", t.Start}, {"end", t.End}} {
		later, err := shifted(e.at, by)
		if err != nil {
			return "", err
		}
		script = append(script, fmt.Sprintf(`s/"%s":"%s"/"%s":"%s"/`, e.name, e.at, e.name, later))
	}
	return strings.Join(script, "; "), nil
}

// shifted is a time of FHIR's some time later.
func shifted(at string, by time.Duration) (string, error) {
	t, err := time.Parse(time.RFC3339, at)
	return t.Add(by).Format(time.RFC3339), err
}

// quote is s as one word of a POSIX shell.
func quote(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:=") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
