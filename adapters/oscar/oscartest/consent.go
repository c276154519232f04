package oscartest

import (
	"html"
	"net/http"
	"net/url"
	"strings"
)

// sessions are the browsers that are signed in: cookie to providerNo.
type sessions map[string]string

const cookie = "JSESSIONID"

// consentPage is the second leg as a provider sees it.
func (c *call) consentPage(problem string) answer {
	key := c.get("oauth_token")
	if c.r.Method == http.MethodPost {
		key = c.form().Get("oauth_token")
	}
	t, ok := c.pending(key)
	if !ok {
		return c.text(http.StatusUnauthorized, "invalid_request_token")
	}
	client, _ := c.client(t.Client)
	page := "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>OSCAR: allow access</title></head><body><h1>Allow access to OSCAR?</h1>" +
		"<p>" + html.EscapeString(client.Name) + " asks to work in this EMR in your name" + scopeText(t.Scopes) + ".</p>"
	if problem != "" {
		page += "<p role=\"alert\">" + html.EscapeString(problem) + "</p>"
	}
	page += "<form method=\"post\" action=\"" + html.EscapeString(c.cfg.Context+"/ws/oauth/authorize") + "\">" +
		"<input type=\"hidden\" name=\"oauth_token\" value=\"" + html.EscapeString(key) + "\">" +
		"<p><label>User <input name=\"username\" autocomplete=\"username\"></label></p>" +
		"<p><label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\"></label></p>" +
		"<p><button name=\"decision\" value=\"allow\">Allow</button> <button name=\"decision\" value=\"deny\">Deny</button></p></form></body></html>"
	return c.html(http.StatusOK, page)
}

func scopeText(scopes []string) string {
	if len(scopes) == 0 {
		return ""
	}
	return " (" + html.EscapeString(strings.Join(scopes, ", ")) + ")"
}

func (c *call) form() url.Values {
	values, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil
	}
	return values
}

// consented takes what the provider pressed.
func (c *call) consented() answer {
	form := c.form()
	key := form.Get("oauth_token")
	t, ok := c.pending(key)
	if !ok {
		return c.text(http.StatusUnauthorized, "invalid_request_token")
	}
	if form.Get("decision") == "deny" {
		delete(c.oauth.requests, key)
		return c.html(http.StatusOK, "<!DOCTYPE html><title>OSCAR</title><p>Access was denied.</p>")
	}
	provider, ok := c.signIn(form.Get("username"), form.Get("password"))
	if !ok {
		return c.text(http.StatusUnauthorized, "login_required")
	}
	t = c.consent(key, provider.No)
	session := c.newSession(provider)
	if t.Callback == "oob" {
		a := c.html(http.StatusOK, "<!DOCTYPE html><html lang=\"en\"><head><title>OSCAR: access allowed</title></head><body><p>Give this code to the program that asked:</p><p><code id=\"oauth_verifier\">"+t.Verifier+"</code></p></body></html>")
		a.header = session
		return a
	}
	to, err := url.Parse(t.Callback)
	if err != nil {
		return c.text(http.StatusBadRequest, "invalid_callback")
	}
	q := to.Query()
	q.Set("oauth_token", key)
	q.Set("oauth_verifier", t.Verifier)
	to.RawQuery = q.Encode()
	session.Set("Location", to.String())
	return answer{status: http.StatusFound, kind: kindText, header: session}
}

// signIn checks a user name and password.
func (s *Server) signIn(user, password string) (Provider, bool) {
	for _, p := range s.data.Providers {
		if user != "" && p.User == user && p.Password == password && !p.Disabled {
			return p, true
		}
	}
	return Provider{}, false
}

func (s *Server) newSession(p Provider) http.Header {
	key := s.token()
	if s.sessions == nil {
		s.sessions = sessions{}
	}
	s.sessions[key] = p.No
	return http.Header{"Set-Cookie": {cookie + "=" + key + "; Path=" + s.cfg.Context + "; HttpOnly"}}
}

// SignIn opens a browser's session, as the log-in page would; it returns the cookie for ws/rs, or nothing.
func (s *Server) SignIn(user, password string) *http.Cookie {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.signIn(user, password)
	if !ok {
		return nil
	}
	s.newSession(p)
	for key, no := range s.sessions {
		if no == p.No {
			return &http.Cookie{Name: cookie, Value: key}
		}
	}
	return nil
}

// browserSession finds whom a call below ws/rs acts as. How the real one refuses a call without a session is unverified;
// here it sends the browser to the log-in page.
func (c *call) browserSession() (answer, bool) {
	got, err := c.r.Cookie(cookie)
	if err == nil {
		if p, ok := c.data.Providers[c.sessions[got.Value]]; ok && !p.Disabled {
			c.provider = p
			return answer{}, true
		}
	}
	return answer{status: http.StatusFound, kind: kindText, header: http.Header{"Location": {c.cfg.Context + "/index.jsp"}}}, false
}
