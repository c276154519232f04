package report

import "time"

// line is a label and what it says.
type line struct {
	ID    string
	Label Text
	Value Value
}

// frame is what stands above every report.
func (r *Report) frame() []line {
	h := &r.Head
	title := h.ClinicTitle
	if title == "" {
		title = h.Clinic
	}
	period := sayWhole.With(At(h.End()))
	if !h.From.IsZero() {
		period = saySince.With(At(h.From), At(h.End()))
	}
	out := []line{{"clinic", wordClinic, Say(sayClinic.With(Data(title), Code(h.Clinic)))}}
	if !r.About.IsZero() {
		out = append(out, line{"about", wordAbout, r.About})
	}
	return append(out,
		line{"period", wordPeriod, Say(period)},
		line{"made", wordMade, Say(sayMade.With(Moment(h.Made), Data(h.By), Data("Vestibule "+h.Program)))},
		line{"zone", wordZone, Say(sayZone.With(Code(r.voice(English).Zone.String())))})
}

// End is the end of the period.
func (h *Head) End() time.Time {
	if h.Until.IsZero() {
		return h.Made
	}
	return h.Until
}

// proof is what is said of the logs.
func (r *Report) proof() []Text {
	if len(r.Head.Logs) == 0 {
		return []Text{sayUnsigned}
	}
	var out []Text
	for _, l := range r.Head.Logs {
		out = append(out, sayLog.With(Code(l.Origin), Number(int(l.Size)), Code(l.Root)))
		if l.Deleted > 0 {
			out = append(out, sayDeleted.With(Number(int(l.Deleted)), Day(l.DeletedOn)))
		}
	}
	return append(out, sayKeep)
}
