package stage

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"vestibule/internal/demo"
)

// tourOfOSCAR is a clinic's tour with what its OSCAR's tables hold now: where the appointment is, and a tickler that is still open.
func (s *Stage) tourOfOSCAR(name string) (Tour, error) {
	t, o := Tour{Tour: demo.WalkOSCAR(name, s.memory.Began)}, s.oscars[name]
	zone, err := time.LoadLocation(demo.Zone(name))
	if err != nil {
		return t, err
	}
	for _, k := range o.Ticklers() {
		if "Practitioner/"+k.AssignedTo == demo.OSCARFrontDesk() && k.Status == "A" {
			t.Task = strconv.Itoa(k.ID)
			break
		}
	}
	for _, a := range o.Appointments() {
		if strconv.Itoa(a.ID) != t.Appointment {
			continue
		}
		start, err := time.ParseInLocation(time.DateTime, a.Date+" "+a.Start, zone)
		if err != nil {
			return t, err
		}
		last, err := time.ParseInLocation(time.DateTime, a.Date+" "+a.End, zone)
		if err != nil {
			return t, err
		}
		end := last.Truncate(time.Minute).Add(time.Minute) // OSCAR keeps the last minute
		t.Patient, t.Start, t.End = "Patient/"+strconv.Itoa(a.DemographicNo), start.Format(time.RFC3339), end.Format(time.RFC3339)
		return t, nil
	}
	return t, fmt.Errorf("the OSCAR of %s has lost appointment %s; remove the folder to start anew", name, t.Appointment)
}

// walkOSCAR is the tour of a clinic on an OSCAR: the same requests as elsewhere, and what becomes of a tickler and a PDF.
func (s *Stage) walkOSCAR(clinic string) ([]Step, error) {
	t, base := s.Tours[clinic], s.Ready.FHIR[clinic]
	evening, err := untilEvening(t.Start, demo.WalkOSCAR(clinic, s.memory.Began).Start)
	if err != nil {
		return nil, err
	}
	later, err := moved(t, evening)
	if err != nil {
		return nil, err
	}
	curl := fmt.Sprintf(`curl -sS -H "Authorization: Bearer $(cat %s)"`, quote(s.TokenFile(demo.Assistant)))
	head, body, pdf := quote(s.Folder+"/head"), quote(s.Folder+"/body"), quote(s.Folder+"/referral.pdf") // of what was read: the version stands in the head
	json := " -H 'Content-Type: application/fhir+json'"
	version := fmt.Sprintf(` -H "If-Match: $(sed -n 's/^etag: *//Ip' %s | tr -d '\r')"`, head)
	change := func(path, script string) string {
		url := quote(base + path)
		return fmt.Sprintf("%s -D %s -o %s %s && sed %s %s | %s -X PUT%s%s -d @- %s", curl, head, body, url, quote(script), body, curl, json, version, url)
	}
	book, err := booking(t, evening)
	if err != nil {
		return nil, err
	}
	cancel := fmt.Sprintf(`sed 's/"status":"booked"/"status":"cancelled"/' %s | %s -X PUT%s%s -d @- %s/$(sed 's/^[^,]*,"id":"\([^"]*\)".*/\1/' %s)`,
		body, curl, json, version, quote(base+"/Appointment"), body)
	task := "/Task/" + t.Task
	return []Step{
		{"The second clinic runs on an OSCAR, which speaks no FHIR. The same request lists the same practitioner's appointments.",
			curl + " " + quote(base+"/Appointment?practitioner="+t.Practitioner+"&status=booked&_sort=date&_count=5")},
		{"Moving one to the evening is the same, too; OSCAR does it by SOAP.", change("/Appointment/"+t.Appointment, later)},
		{"Booking another one, for the same patient at nine.", fmt.Sprintf("%s%s -D %s -o %s -d %s %s && cat %s", curl, json, head, body, quote(book), quote(base+"/Appointment"), body)},
		{"She cancels that one again.", cancel},
		{"She takes a task of the front desk's, an OSCAR tickler, and says so in a note.",
			change(task, `s#"owner":{[^}]*}#"owner":{"reference":"`+demo.OSCARAssistants()+`"},"note":[{"text":"I am on it. Amara"}]#`)},
		{"She completes it.", change(task, `s/"status":"requested"/"status":"completed"/`)},
		{"She files a referral that came as a PDF, and the answer names the document.",
			fmt.Sprintf("%s%s -o %s -d %s %s && cat %s", curl, json, body, quote(referral(t)), quote(base+"/DocumentReference"), body)},
		{"She opens it, to see that it arrived whole: OSCAR hands documents out by SOAP.",
			fmt.Sprintf(`%s -o %s %s/$(sed 's/^[^,]*,"id":"\([^"]*\)".*/\1/' %s).0 && head -c 8 %s`, curl, pdf, quote(base+"/Binary"), body, pdf)},
	}, nil
}

// untilEvening is how far the tour moves its appointment: to 19:00, when nobody else is booked, or back to where it was.
func untilEvening(now, before string) (time.Duration, error) {
	start, err := time.Parse(time.RFC3339, now)
	if err != nil {
		return 0, err
	}
	if start.Hour() == 19 {
		was, err := time.Parse(time.RFC3339, before)
		return was.Sub(start), err
	}
	return time.Date(start.Year(), start.Month(), start.Day(), 19, 0, 0, 0, start.Location()).Sub(start), nil
}

// booking is a new appointment at 21:00 of the tour's day.
func booking(t Tour, evening time.Duration) (string, error) {
	if evening < 0 {
		evening = 0 // it is at 19:00 now
	}
	start, err := shifted(t.Start, evening+2*time.Hour)
	if err != nil {
		return "", err
	}
	end, err := shifted(start, 30*time.Minute)
	return fmt.Sprintf(`{"resourceType":"Appointment","status":"booked","start":"%s","end":"%s","participant":[`+
		`{"actor":{"reference":"%s"},"status":"accepted"},{"actor":{"reference":"%s"},"status":"accepted"}]}`, start, end, t.Patient, t.Practitioner), err
}

// referral is a letter as a PDF, filed for the tour's patient.
func referral(t Tour) string {
	return fmt.Sprintf(`{"resourceType":"DocumentReference","status":"current","type":{"coding":[{"system":"http://loinc.org","code":"57133-1"}]},`+
		`"subject":{"reference":"%s"},"description":"Referral to physiotherapy","content":[{"attachment":{"contentType":"application/pdf","title":"Referral to physiotherapy","data":"%s"}}]}`,
		t.Patient, base64.StdEncoding.EncodeToString(demo.Letter("Referral to physiotherapy")))
}
