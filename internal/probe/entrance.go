package probe

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// entranceProbes hold the ways into a server against each other (hazard H5).
func entranceProbes() []Probe {
	return []Probe{
		{Name: "post-search", Hazard: "H5", Shows: "Whether POST _search gives what the same search by GET does not.", try: postSearch},
		{Name: "post-search-mixed", Hazard: "H5", Shows: "Whether a POST _search with parameters in both URL and body gets past a check of either.", try: mixedSearch},
		{Name: "get-search", Hazard: "H5", Shows: "Whether GET /Type/_search gives what a search does not.", none: nothingDenied, try: func(t *trial) {
			t.denials(func(x target) []ask {
				path, query, search := strings.Cut(x.path, "?")
				if !search {
					return nil
				}
				return []ask{get("/" + path + "/_search?" + query)}
			})
		}},
		{Name: "batch", Hazard: "H5", Shows: "Whether a batch carries out reads and searches that are denied one by one.", none: nothingDenied, try: func(t *trial) { t.bundled("batch") }},
		{Name: "transaction", Hazard: "H5", Shows: "The same in a transaction of reads.", none: nothingDenied, try: func(t *trial) { t.bundled("transaction") }},
		{Name: "graphql", Hazard: "H5", Shows: "Whether $graphql reads what is denied.", none: nothingDenied, try: graphQL},
		{Name: "method-override", Hazard: "H5", Shows: "Whether a POST that a header turns into a GET reads what is denied.", none: nothingDenied, try: func(t *trial) {
			t.denials(func(x target) []ask {
				var out []ask
				for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
					if strings.Contains(x.path, "?") {
						continue // a POST of a search's path without a body is a create
					}
					out = append(out, ask{method: "POST", path: "/" + x.path, args: x.args, headers: []string{name, "GET"}})
				}
				return out
			})
		}},
		{Name: "head", Hazard: "H5", Shows: "Whether HEAD answers for what GET denies.", none: nothingDenied, try: func(t *trial) {
			for _, x := range t.targets() {
				a := t.do(ask{method: "HEAD", path: "/" + x.path, args: x.args})
				switch {
				case t.over() || t.failed(a):
				case a.good() && !x.control.good():
					t.note(Leak, "HEAD says yes where GET says no", a, x.control)
				case len(a.body) > 0:
					t.note(Leak, "HEAD is answered with a body", a, x.control)
				default:
					t.note(OK, "HEAD and GET agree")
				}
			}
		}},
		{Name: "odd-method", Hazard: "H5", Shows: "Whether a method that nobody knows is answered like GET, past what checks GET.", none: nothingDenied, try: func(t *trial) {
			t.denials(func(x target) []ask {
				return []ask{{method: "ZQX", path: "/" + x.path, args: x.args}, {method: "get", path: "/" + x.path, args: x.args}, {method: "QUERY", path: "/" + x.path, args: x.args}}
			})
		}},
	}
}

// denials asks for each target in other ways.
func (t *trial) denials(ways func(target) []ask) {
	for _, x := range t.targets() {
		for _, a := range ways(x) {
			t.trick(a, x.control)
		}
	}
}

func postSearch(t *trial) {
	for _, k := range t.searched() {
		a := t.do(pair{k: k, form: true}.ask("_format=json", nil))
		switch {
		case t.over() || t.failed(a) || t.spilled(a, k.pages...):
		case a.refused():
			t.note(OK, "refused")
		case differ(a, k.plain) != "" && differ(t.do(get("/"+k.typ+questioned(k.query))), t.do(pair{k: k, form: true}.ask("_format=json", nil))) != "":
			t.note(Warning, "POST _search and GET are answered differently", a, k.plain)
		default:
			t.note(OK, "answered like GET")
		}
	}
	for _, typ := range t.deniedTypes() {
		a := t.do(ask{method: "POST", path: "/" + typ + "/_search", body: "_count=2", form: true})
		if !t.over() && !t.failed(a) && !t.spilled(a, t.do(get("/"+typ+"?_count=2"))) {
			t.note(OK, "refused")
		}
	}
}

func mixedSearch(t *trial) {
	for _, k := range t.searched() {
		bad := "_include=" + k.typ + ":patient"
		for _, a := range []ask{
			{method: "POST", path: "/" + k.typ + "/_search?_format=json", body: bad, form: true},
			{method: "POST", path: "/" + k.typ + "/_search?" + bad, body: "_format=json", form: true},
			{method: "POST", path: "/" + k.typ + "/_search?_include=", body: bad, form: true},
			{method: "GET", path: "/" + k.typ + "?_format=json", body: bad, form: true},
		} {
			t.trick(a, k.pages...)
		}
	}
}

// bundled sends the denied requests as entries of a batch or transaction that reads only.
func (t *trial) bundled(typ string) {
	for _, x := range t.targets() {
		path := strings.ReplaceAll(x.path, "{}", "\x00")
		body := strings.ReplaceAll(`{"resourceType":"Bundle","type":"`+typ+`","entry":[{"request":{"method":"GET","url":"`+path+`"}}]}`, "\x00", "{}")
		for _, at := range []string{"", "/"} {
			t.trick(ask{method: "POST", path: at, body: body, filled: x.args}, x.control)
		}
	}
}

func graphQL(t *trial) {
	for _, typ := range t.deniedTypes() {
		control := t.do(get("/" + typ + "?_count=2"))
		query := "{" + typ + "List{id,resourceType,__typename}}"
		for _, a := range []ask{
			{method: "POST", path: "/$graphql", body: `{"query":"` + query + `"}`, headers: []string{"Content-Type", "application/json"}},
			get("/$graphql?query=" + strings.NewReplacer("{", "%7B", "}", "%7D", ",", "%2C").Replace(query)),
		} {
			got := t.do(a)
			switch {
			case t.over() || t.failed(got) || t.spilled(got, control):
			case got.good() && !control.good() && listsIDs(got):
				t.note(Leak, "$graphql lists "+typ+" resources, which a search does not", got, control)
			default:
				t.note(OK, "refused, or answered without resources")
			}
		}
	}
}

// listsIDs reports whether an answer of GraphQL holds a list of ids.
func listsIDs(a *answer) bool {
	for name, member := range a.doc.Get("data").Members() {
		if strings.HasSuffix(name, "List") {
			for item := range member.Items() {
				if item.Get("id").Text() != "" {
					return true
				}
			}
		}
	}
	return false
}

// doorProbes are about who asks (hazards H6 and H8).
func doorProbes() []Probe {
	refused := func(name, hazard, shows string, as func(t *trial, a ask) (ask, bool)) Probe {
		return Probe{Name: name, Hazard: hazard, Shows: shows, try: func(t *trial) { t.nobody(as) }}
	}
	return []Probe{
		refused("no-token", "H6", "Whether anything of the clinic's data is answered without a token.", func(_ *trial, a ask) (ask, bool) { a.bare = true; return a, true }),
		refused("garbage-token", "H6", "Whether data is answered to a token that means nothing.", auth("Bearer zqx-vestibule")),
		refused("empty-token", "H6", "Whether data is answered to an empty token.", auth("Bearer ")),
		refused("basic-auth", "H6", "Whether data is answered to a well-known user and password.", auth("Basic "+base64.StdEncoding.EncodeToString([]byte("admin:admin")))),
		refused("unsigned-token", "H6", "Whether the caller's token is taken without its signature (alg none).", func(t *trial, a ask) (ask, bool) {
			token, ok := unsigned(t.Token)
			a.auth = "Bearer " + token
			return a, ok
		}),
		refused("tampered-token", "H6", "Whether the caller's token is taken with another signature.", func(t *trial, a ask) (ask, bool) {
			head, signature, ok := cutLast(t.Token, ".")
			if !ok || len(signature) < 8 {
				return a, false
			}
			a.auth = "Bearer " + head + "." + changed(signature)
			return a, true
		}),
		refused("identity-headers", "H6", "Whether headers that name a user, as proxies set them, stand in for a token.", func(_ *trial, a ask) (ask, bool) {
			a.bare = true
			for _, name := range []string{"X-Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-User", "X-Auth-Request-User", "X-WEBAUTH-USER", "Remote-User"} {
				a = a.with(name, "admin")
			}
			return a, true
		}),
		refused("loopback-headers", "H8", "Whether a header that says that the request comes from the server itself stands in for a token.", func(_ *trial, a ask) (ask, bool) {
			a.bare = true
			for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "X-Client-IP", "X-Originating-IP", "True-Client-IP", "CF-Connecting-IP"} {
				a = a.with(name, "127.0.0.1")
			}
			return a.with("Forwarded", "for=127.0.0.1"), true
		}),
		{Name: "denied-with-loopback-headers", Hazard: "H8", Shows: "Whether such headers, with the token, open what is denied.", none: nothingDenied, try: func(t *trial) {
			t.denials(func(x target) []ask {
				return []ask{get("/"+x.path, x.args...).with("X-Forwarded-For", "127.0.0.1").with("X-Real-IP", "127.0.0.1").with("Forwarded", "for=127.0.0.1;host=localhost")}
			})
		}},
		{Name: "purpose-headers", Hazard: "H8", Shows: "Whether a header with a purpose, a consent scope or an emergency opens what is denied.", none: nothingDenied, try: func(t *trial) {
			t.denials(func(x target) []ask {
				a := get("/"+x.path, x.args...)
				return []ask{a.with("X-Consent-Scope", "btg"), a.with("X-Consent-Scope", "bypass"), a.with("X-Purpose-Of-Use", "ETREAT"), a.with("X-Break-Glass", "true"), a.with("X-Consent-Scope", "")}
			})
		}},
		{Name: "tenant-headers", Hazard: "H8", Shows: "Whether a header or parameter with a role, a project or a tenant opens what is denied.", none: nothingDenied, try: func(t *trial) {
			t.denials(func(x target) []ask {
				a := get("/"+x.path, x.args...)
				return []ask{a.with("X-Tenant-ID", "DEFAULT").with("X-Request-Tenant", "DEFAULT"), a.with("X-Medplum", "extended").with("X-Project", "*"), a.with("X-Role", "admin").with("X-Roles", "admin").with("X-Scope", "system/*.*"), a.with("Cookie", "admin=true; role=admin")}
			})
		}},
	}
}

// auth is another Authorization.
func auth(value string) func(*trial, ask) (ask, bool) {
	return func(_ *trial, a ask) (ask, bool) { a.auth = value; return a, true }
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// unsigned is a JWT with its claims, alg none and no signature; ok is false where the token is no JWT.
func unsigned(token string) (string, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", false
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !json.Valid(claims) {
		return "", false
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + ".", true
}

// nobody asks for what the token sees without being its holder: a resource, and a search that finds some.
func (t *trial) nobody(as func(*trial, ask) (ask, bool)) {
	for _, k := range t.searched() {
		asks := []ask{get("/" + k.typ + questioned(k.query)), get("/"+k.typ+"/{}", k.visible[0].Get("id").Text())}
		for _, plain := range asks {
			a, ok := as(t, plain)
			if !ok {
				t.note(NotApplicable, "the token is no signed JWT")
				return
			}
			got := t.do(a)
			switch {
			case t.over() || t.failed(got):
			case got.good() && holdsData(got):
				t.note(Leak, "data is answered, although nobody in particular asks", got, t.do(plain))
			default:
				t.note(OK, "refused")
			}
		}
	}
}

func holdsData(a *answer) bool {
	for _, r := range a.resources() {
		if !isFrame(r.typ) {
			return true
		}
	}
	return false
}
