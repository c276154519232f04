package issuer

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// codeLife is how long a code waits to be redeemed (RFC 6749 section 4.1.2 allows ten minutes).
const codeLife = time.Minute

// ask is an authorization request that passed the checks; it travels through the page as it is.
type ask struct {
	ClientID, RedirectURI, Scope, State, Nonce, Challenge, Resource string
}

// grantedCode is what a code stands for.
type grantedCode struct {
	ask    ask
	person Person
}

// read checks an authorization request. A wrong client or redirect_uri is told to the person, because answering there would
// send them to a stranger (RFC 6749 section 4.1.2.1); whatever else is wrong is told to the client.
func (i *Issuer) read(form url.Values) (a ask, client Client, page string, failed *oauthError) {
	a = ask{
		ClientID: form.Get("client_id"), RedirectURI: form.Get("redirect_uri"), Scope: form.Get("scope"), State: form.Get("state"),
		Nonce: form.Get("nonce"), Challenge: form.Get("code_challenge"), Resource: form.Get("resource"),
	}
	client, ok := i.client[a.ClientID]
	if !ok {
		return a, client, "The client_id is not known to the demo's issuer.", nil
	}
	if !slices.Contains(client.RedirectURIs, a.RedirectURI) {
		return a, client, "The redirect_uri is not one of this client's.", nil
	}
	if form.Get("response_type") != "code" {
		return a, client, "", oauth("unsupported_response_type", "Use response_type=code.")
	}
	if form.Get("code_challenge_method") != "S256" || len(a.Challenge) != 43 {
		return a, client, "", oauth("invalid_request", "PKCE is required: code_challenge with code_challenge_method=S256.")
	}
	if a.Resource != "" && !slices.Contains(i.cfg.Audiences, a.Resource) {
		return a, client, "", oauth("invalid_target", "The resource is not one that tokens are issued for.")
	}
	a.Scope, failed = client.narrow(a.Scope)
	return a, client, "", failed
}

// askWho shows the people to pick from.
func (i *Issuer) askWho(w http.ResponseWriter, r *http.Request) {
	a, client, page, failed := i.read(r.URL.Query())
	if i.refused(w, r, a, page, failed) {
		return
	}
	var people []Person
	for _, p := range i.cfg.People {
		if p.mayUse(client.ID) {
			people = append(people, p)
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	view := struct {
		Client Client
		Ask    ask
		People []Person
	}{client, a, people}
	if err := choicePage().Execute(w, view); err != nil {
		return // the browser went away
	}
}

// picked issues a code for the person chosen, and goes back to the client. Everything is checked again: the form came from
// the browser.
func (i *Issuer) picked(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The body is not a form.", http.StatusBadRequest)
		return
	}
	a, client, page, failed := i.read(r.PostForm)
	if i.refused(w, r, a, page, failed) {
		return
	}
	person, ok := i.people[r.PostForm.Get("person")]
	if !ok || !person.mayUse(client.ID) {
		http.Error(w, "Nobody of that name may use this client.", http.StatusBadRequest)
		return
	}
	code, err := i.randomText()
	now := i.now()
	if err != nil || !i.codes.put(code, grantedCode{a, person}, now.Add(codeLife), now) {
		i.back(w, r, a, url.Values{"error": {"server_error"}})
		return
	}
	i.back(w, r, a, url.Values{"code": {code}})
}

// refused answers a request that did not pass, and reports whether it did so.
func (i *Issuer) refused(w http.ResponseWriter, r *http.Request, a ask, page string, failed *oauthError) bool {
	switch {
	case page != "":
		http.Error(w, page, http.StatusBadRequest)
	case failed != nil:
		i.back(w, r, a, url.Values{"error": {failed.Code}, "error_description": {failed.Text}})
	default:
		return false
	}
	return true
}

// back redirects to the client with state and iss beside what is given.
func (i *Issuer) back(w http.ResponseWriter, r *http.Request, a ask, with url.Values) {
	u, err := url.Parse(a.RedirectURI)
	if err != nil {
		http.Error(w, "The redirect_uri is not a URL.", http.StatusBadRequest)
		return
	}
	q := u.Query()
	for name, values := range with {
		q[name] = values
	}
	if a.State != "" {
		q.Set("state", a.State)
	}
	q.Set("iss", i.cfg.Issuer)
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

// choicePage is the page of made-up people: no script, one form per person.
func choicePage() *template.Template {
	return template.Must(template.New("choice").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Vestibule demo: who do you want to be?</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #1c2a33; }
.demo { background: #fff3cd; border: 1px solid #b58900; border-radius: .4rem; padding: .6rem 1rem; }
button { font: inherit; text-align: left; width: 100%; margin: .3rem 0; padding: .6rem 1rem; border: 1px solid #7a8a94; border-radius: .4rem; background: #fff; cursor: pointer; }
button:hover, button:focus { background: #e8f1f5; }
small { color: #4c5a63; }
</style>
</head>
<body>
<h1>Who do you want to be?</h1>
<p class="demo"><strong>This is a demo.</strong> These people are made up, there are no passwords, and nothing here protects anything. It answers on this machine only.</p>
<p>{{with .Client.Name}}{{.}}{{else}}{{.Client.ID}}{{end}} asks you to log in.</p>
{{range $person := .People}}<form method="post" action="/authorize">
<input type="hidden" name="response_type" value="code">
<input type="hidden" name="client_id" value="{{$.Ask.ClientID}}">
<input type="hidden" name="redirect_uri" value="{{$.Ask.RedirectURI}}">
<input type="hidden" name="scope" value="{{$.Ask.Scope}}">
<input type="hidden" name="state" value="{{$.Ask.State}}">
<input type="hidden" name="nonce" value="{{$.Ask.Nonce}}">
<input type="hidden" name="code_challenge" value="{{$.Ask.Challenge}}">
<input type="hidden" name="code_challenge_method" value="S256">
<input type="hidden" name="resource" value="{{$.Ask.Resource}}">
<button name="person" value="{{$person.Subject}}">{{with $person.Name}}{{.}}{{else}}(no name){{end}}{{with $person.Title}}<br><small>{{.}}</small>{{end}}</button>
</form>
{{else}}<p>Nobody may use this client.</p>
{{end}}</body>
</html>
`))
}
