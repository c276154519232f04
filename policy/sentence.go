package policy

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Sentence is the grant in plain English for the person who gives it: whom, how long, when and from where, why, and one line
// for each permission. It is made from the text of the grant; a grant with mistakes reads accordingly.
func (g Grant) Sentence(zone *time.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s may, ", g.To.who())
	if g.From != "" {
		fmt.Fprintf(&b, "from %s ", humanDate(g.From))
	}
	fmt.Fprintf(&b, "until the end of %s", humanDate(g.Until))
	if g.Hours != "" {
		fmt.Fprintf(&b, ", %s", g.Hours)
		if zone != nil {
			fmt.Fprintf(&b, " by the clock of %s", zone)
		}
	}
	if len(g.Networks) > 0 {
		fmt.Fprintf(&b, ", from %s only", strings.Join(g.Networks, " or "))
	}
	if len(g.Purposes) > 0 {
		fmt.Fprintf(&b, ", for %s only", list(g.Purposes, purposeInWords, " or "))
	}
	b.WriteString(":\n")
	for _, p := range g.Permissions {
		fmt.Fprintf(&b, "- %s\n", p.sentence(zone))
	}
	if limits := g.Limits.sentence(); limits != "" {
		fmt.Fprintf(&b, "No more than %s, for each person.\n", limits)
	}
	fmt.Fprintf(&b, "Because: %s\n", g.Because)
	return b.String()
}

func (to To) who() string {
	switch {
	case to.User != "":
		issuer, subject, _ := strings.Cut(to.User, "|")
		if to.Automated {
			return fmt.Sprintf("The automated agent %s (as %s names it)", subject, issuer)
		}
		return fmt.Sprintf("%s (as %s names them)", subject, issuer)
	case to.Team != "" && to.Automated:
		return "Every automated agent of team " + to.Team
	case to.Team != "":
		return "Everybody in team " + to.Team
	case to.Automated:
		return "Every automated agent of platform " + to.Platform
	}
	return "Everybody who works for platform " + to.Platform
}

func humanDate(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return t.Format("Monday, 2 January 2006")
}

func purposeInWords(code string) string {
	means, ok := purposeMeans(code)
	if !ok {
		return code
	}
	return means + " (" + code + ")"
}

func list(items []string, word func(string) string, or string) string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = word(item)
	}
	return strings.Join(out, or)
}

func (p Permission) sentence(zone *time.Location) string {
	s, criteria, smart, err := grantedScope(p.Scope)
	if err != nil || !smart {
		return p.Scope
	}
	clauses, err := parseCriteria(s.typ, criteria, zone)
	if err != nil {
		return p.Scope
	}
	text := s.letters.inWords() + " " + s.typ + "s"
	for i, c := range clauses {
		text += []string{" with ", " and "}[min(i, 1)] + c.Key() + " " + list(splitValues(c.Value()), valueInWords, " or ")
	}
	if w, err := parseWindow(p.Window); err == nil {
		text += fmt.Sprintf(", dated from %s to %s", inDays(w.from), inDays(w.to))
	}
	if s.letters&lettersReading != 0 {
		text += "; sees " + p.seesInWords(s.typ)
	}
	if s.letters&lettersWriting != 0 {
		write := p.Write
		if len(write) == 0 {
			write = writtenByDefault(s.typ, p.Elements)
		}
		text += "; writes " + strings.Join(write, ", ") + transitionsInWords(p.Transitions)
	}
	return text + "."
}

// valueInWords is one value of a criterion as a sentence repeats it: in quotes where it holds more than codes, references and
// dates do, so that no value reads like other words of the sentence (hazard H7).
func valueInWords(value string) string {
	for _, c := range value {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(`-._:/|\$%#+`, c) {
			return `"` + strings.ReplaceAll(value, `"`, `\"`) + `"`
		}
	}
	return value
}

func (p Permission) seesInWords(typ string) string {
	text := "everything"
	if len(p.Elements) > 0 {
		text = setsInWords(typ, p.Elements)
	}
	if typ != "DocumentReference" {
		return text
	}
	if p.Content {
		return text + " and the documents themselves"
	}
	return text + ", but not the documents themselves"
}

// inWords is "read, search and update".
func (l letters) inWords() string {
	var words []string
	for i, word := range [...]string{"create", "read", "update", "delete", "search"} {
		if l&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func inDays(n int) string {
	switch {
	case n == 0:
		return "today"
	case n == 1:
		return "tomorrow"
	case n == -1:
		return "yesterday"
	case n < 0:
		return fmt.Sprintf("%d days ago", -n)
	}
	return fmt.Sprintf("%d days ahead", n)
}
