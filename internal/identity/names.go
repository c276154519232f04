package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The values of the claim vestibule_actor.
const (
	actorPerson    = "person"
	actorAutomated = "automated"
)

const maxName = 255

// whoActs decides step 11: who acts, and under which name.
func (c *claims) whoActs(p Platform) (name string, automated bool, err error) {
	name = c.fullName()
	if len(name) > maxName || !printsAsName(name) {
		return "", false, malformed("The name in the access token must be at most 255 printable characters.")
	}
	if c.Actor == actorAutomated {
		if name == "" {
			name = c.client()
		}
		return name, true, nil
	}
	if !isName(name) {
		return "", false, refuse(CodeNameless, "The access token names nobody. Every access is recorded under a person's name: have the issuer add the name claim (or given_name and family_name) for each assistant. A program that acts by itself says so with \"vestibule_actor\": \"automated\".")
	}
	if sharedLogin(name, p.Name, c.client()) {
		return "", false, refuse(CodeSharedLogin, "The name in the access token looks like a shared log-in. Each assistant needs an account of their own, under their own name.")
	}
	return name, false, nil
}

// fullName is the name claim, or given and family name when both are there. There is no falling back on a user name.
func (c *claims) fullName() string {
	if name := strings.TrimSpace(c.Name); name != "" {
		return name
	}
	given, family := strings.TrimSpace(c.GivenName), strings.TrimSpace(c.FamilyName)
	if given == "" || family == "" {
		return ""
	}
	return given + " " + family
}

// printsAsName allows the two joiners that some scripts need inside a word, and nothing else that does not print: above
// all no line breaks and no change of writing direction.
func printsAsName(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) && r != '\u200c' && r != '\u200d'
	}) < 0
}

// isName reports whether s can be a person's name: two letters, and not an e-mail address.
func isName(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters >= 2 && !strings.Contains(s, "@")
}

// sharedLogin is the heuristic of the package comment: every word is generic, or the name is the platform's or the
// client's.
func sharedLogin(name, platform, client string) bool {
	squeezed := strings.Join(words(name), "")
	if squeezed == strings.Join(words(platform), "") || squeezed == strings.Join(words(client), "") {
		return true
	}
	for _, w := range words(name) {
		if !strings.Contains(genericWords, " "+w+" ") {
			return false
		}
	}
	return true
}

// words are the runs of letters in s, in lower case; digits and signs separate, joiners and combining accents vanish.
func words(s string) []string {
	s = strings.Map(func(r rune) rune {
		if r == '\u200c' || r == '\u200d' || unicode.IsMark(r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}

// genericWords name a job, a place or a machine instead of a person, in English and French. Given names and surnames
// occur among them, so a name is refused only when it holds no other word.
const genericWords = " account accueil adjointe adjoint admin administrateur administrator agent anonymous anonyme assistant assistante billing" +
	" booking bot clinic clinique compte default demo department desk doctor dr équipe equipe front frontdesk general generic guest" +
	" helpdesk help infirmier infirmière infirmiere intake invité invite local login md medical médical médicale moa nobody nurse office" +
	" operator personnel public reception receptionist réception réceptionniste root rn scheduler scheduling secrétaire secretaire" +
	" secrétariat secretariat secretary service shared staff superuser support sysadmin system team temp temporary test tester testing the" +
	" unknown user utilisateur virtual virtuel virtuelle virtuelles vma volunteer "
