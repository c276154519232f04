package probe

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// request is one to the fake, with its body read.
type request struct {
	*http.Request
	text string
}

// rest is the path below the base, escaped as it came.
func (r request) rest() string { return strings.TrimPrefix(r.URL.EscapedPath(), "/fhir") }

func (r request) typ() string {
	typ, _, _ := strings.Cut(strings.TrimPrefix(r.rest(), "/"), "/")
	return typ
}

// params are the parameters in URL and body as the most lenient of servers would read them.
func (r request) params() map[string]string {
	out := map[string]string{}
	raw := r.URL.RawQuery
	if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		raw += "&" + r.text
	}
	for _, part := range strings.FieldsFunc(raw, func(c rune) bool { return c == '&' || c == ';' }) {
		key, value, _ := strings.Cut(part, "=")
		key, _ = url.QueryUnescape(key)
		value, _ = url.QueryUnescape(value)
		key = strings.NewReplacer("ａ", "a", "[]", "", "[0]", "", "\x00", "").Replace(strings.ToLower(strings.TrimSpace(key)))
		out[key] += value
	}
	return out
}

// made reports a value that nobody has.
func made(value string) bool {
	for _, s := range []string{"2900", "zqx", "sct|1", "~", "lt1800", "'='2", "${z", twin(secretCode), twin("Testperson"), twin(secretComment), twin(secretName)} {
		if strings.Contains(value, s) && !strings.HasSuffix(value, "|138875005") {
			return true
		}
	}
	return false
}

type fault func(f *fake, r request, w http.ResponseWriter) bool

// oracle answers searches with a parameter of a class by whether its value exists.
func oracle(class func(key, value string) bool) fault {
	return func(f *fake, r request, w http.ResponseWriter) bool {
		for key, value := range r.params() {
			if !class(key, value) || !slices.Contains(mainTypes(), r.typ()) {
				continue
			}
			if made(value) || strings.HasSuffix(key, ":missing") && strings.HasPrefix(value, "true") {
				f.page(w, r.typ(), 50, 0, "", func(string) bool { return false })
			} else {
				f.page(w, r.typ(), 50, 0, "", func(string) bool { return true })
			}
			return true
		}
		return false
	}
}

func modifier(name string) fault {
	return oracle(func(key, _ string) bool { return strings.HasSuffix(key, ":"+name) })
}

// with gives out everything of the type and the patients where a parameter is there.
func with(has func(key, value string) bool) fault {
	return func(f *fake, r request, w http.ResponseWriter) bool {
		for key, value := range r.params() {
			if has(key, value) {
				return f.all(w, r.typ(), "Patient")
			}
		}
		return false
	}
}

func named(names ...string) func(key, _ string) bool {
	return func(key, _ string) bool { return slices.Contains(names, key) }
}

// when serves a path without a policy where a request has something about it.
func when(has func(r request) bool) fault {
	return func(f *fake, r request, w http.ResponseWriter) bool { return has(r) && f.open(w, r.rest()) }
}

func header(name string) func(r request) bool {
	return func(r request) bool { return r.Header.Get(name) != "" }
}

// hidden reports a request about an id that exists out of reach.
func (r request) hidden() bool {
	all := r.URL.EscapedPath() + "?" + r.URL.RawQuery
	for _, id := range []string{"a-104", "t-203", "d-303", "p-11", "p-12", "p-13"} {
		if strings.Contains(all, id) {
			return true
		}
	}
	return false
}

// plainRead reports a GET of one resource with nothing about it.
func (r request) plainRead() bool {
	return r.Method == http.MethodGet && strings.Count(r.rest(), "/") == 2 && r.URL.RawQuery == "" &&
		r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since")+r.Header.Get("If-Match") == ""
}

// told answers a plain read of an id that exists out of reach in its own way.
func told(status int, text string, headers ...string) fault {
	return some(func(r request) bool { return r.hidden() && r.plainRead() }, func(f *fake, _ request, w http.ResponseWriter) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		f.outcome(w, status, text)
	})
}

// some answers some requests as answer says.
func some(has func(r request) bool, answer func(f *fake, r request, w http.ResponseWriter)) fault {
	return func(f *fake, r request, w http.ResponseWriter) bool {
		yes := has(r)
		if yes {
			answer(f, r, w)
		}
		return yes
	}
}

// raw answers some requests with a text.
func raw(has func(r request) bool, status int, contentType, text string) fault {
	return some(has, func(_ *fake, _ request, w http.ResponseWriter) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	})
}

// finds answers some requests with a page that is otherwise empty.
func finds(has func(r request) bool, with func(f *fake, r request) map[string]any) fault {
	return some(has, func(f *fake, r request, w http.ResponseWriter) {
		page := with(f, r)
		page["resourceType"], page["type"] = "Bundle", "searchset"
		f.send(w, 200, page)
	})
}

// refusing answers some requests with an outcome.
func refusing(has func(r request) bool, status int, text string) fault {
	return some(has, func(f *fake, _ request, w http.ResponseWriter) { f.outcome(w, status, text) })
}

func asks(accept, format string) func(r request) bool {
	return func(r request) bool {
		return r.URL.Path != "/fhir/metadata" && (strings.Contains(r.Header.Get("Accept"), accept) || strings.Contains(r.params()["_format"], format))
	}
}

func malformedDate(r request) bool { return strings.HasPrefix(r.params()["date"], "zqx") }

// toggles are faults that stand within the fake itself.
func toggles() []string {
	return []string{"hidden-elements", "contained", "display", "refs-absolute", "attachment-foreign", "duplicates", "escapes", "short", "elements-open", "cut-unmarked", "total",
		"next-foreign", "cache-public", "write:stale", "write:duplicates", "write:deep", "write:escapes", "write:hidden", "write:erases"}
}

// faults are the ways in which the fake may answer before it is careful.
func faults() map[string]fault {
	out := map[string]fault{
		"chain":          oracle(func(key, _ string) bool { return strings.Contains(key, ".") }),
		"has":            oracle(func(key, _ string) bool { return strings.HasPrefix(key, "_has") }),
		"text":           oracle(named("_text", "_content", "_filter", "_list", "_query")),
		"value":          oracle(named("reason-code", "modified", "description")),
		"template":       oracle(func(key, value string) bool { return key == "_id" && strings.ContainsAny(value, "%{*'$~") }),
		"include":        with(func(key, _ string) bool { return strings.HasPrefix(key, "_include") }),
		"revinclude":     with(func(key, _ string) bool { return strings.HasPrefix(key, "_revinclude") }),
		"contained-find": with(named("_contained", "_containedtype")),
		"type":           with(named("_type")),
		"unknown":        with(named("zqx-vestibule")),
		"offset":         with(named("_offset")),
		"summary":        with(func(key, v string) bool { return key == "_summary" && v != "count" }),
		"elements-more":  with(func(key, v string) bool { return key == "_elements" && v == "contained" }),
		"count-any":      with(func(key, v string) bool { return key == "_count" && (v == "-1" || len(v) > 5) }),
		"ids":            with(func(key, v string) bool { return strings.HasPrefix(key, "_id") && len(v) > 8 }),
		"cursor-any":     with(func(key, v string) bool { return key == "_cursor" && !slices.Contains(cursors(), v) }),
		"splice": func(f *fake, r request, w http.ResponseWriter) bool {
			s := r.URL.EscapedPath() + "?" + r.URL.RawQuery
			for range 3 {
				s, _ = url.PathUnescape(s)
			}
			return strings.Contains(s, "_include=") && f.all(w, "Patient")
		},
		"cursor-type": func(f *fake, r request, w http.ResponseWriter) bool {
			cursor := r.params()["_cursor"]
			return slices.Contains(cursors(), cursor) && !strings.HasPrefix(cursor, r.typ()[:1]) && f.all(w, "Patient")
		},
		"cursor-open": func(f *fake, r request, w http.ResponseWriter) bool {
			return r.params()["_cursor"] != "" && r.Header.Get("Authorization") != "Bearer "+fakeToken && f.all(w, r.typ())
		},
		"next-tells": finds(func(r request) bool { return r.Method == http.MethodPost && r.params()["patient"] != "" }, func(f *fake, r request) map[string]any {
			return map[string]any{"link": []any{map[string]any{"relation": "next", "url": f.url + "/Appointment?page=2&patient=" + r.params()["patient"]}}}
		}),
		"counts": finds(func(r request) bool {
			p := r.params()
			return (p["_count"] == "0" || p["_summary"] == "count") && p["reason-code"] == ""
		}, func(*fake, request) map[string]any { return map[string]any{"total": 99} }),
		"total-value": finds(func(r request) bool { return r.params()["reason-code"] != "" }, func(_ *fake, r request) map[string]any {
			return map[string]any{"total": map[bool]int{false: 1}[made(r.params()["reason-code"])]}
		}),
		"sort": func(f *fake, r request, w http.ResponseWriter) bool {
			key := r.params()["_sort"]
			if key == "" {
				return false
			}
			if strings.HasPrefix(key, "-") {
				slices.Reverse(f.order)
				defer slices.Reverse(f.order)
			}
			f.page(w, r.typ(), 50, 0, "", func(string) bool { return true })
			return true
		},
		"post-search": func(f *fake, r request, w http.ResponseWriter) bool {
			return r.Method == http.MethodPost && strings.HasSuffix(r.rest(), "/_search") && f.all(w, r.typ())
		},
		"get-search": func(f *fake, r request, w http.ResponseWriter) bool {
			return r.Method == http.MethodGet && strings.HasSuffix(r.rest(), "/_search") && f.all(w, r.typ())
		},
		"batch": func(f *fake, r request, w http.ResponseWriter) bool {
			return r.Method == http.MethodPost && strings.Trim(r.rest(), "/") == "" && strings.Contains(r.text, "Bundle") && f.all(w, "Patient", "Appointment")
		},
		"graphql": raw(func(r request) bool { return strings.HasSuffix(r.rest(), "/$graphql") }, 200, "application/json", `{"data":{"PatientList":[{"id":"p-11"}]}}`),
		"override": when(func(r request) bool {
			return r.Method == http.MethodPost && r.Header.Get("X-HTTP-Method-Override") == "GET"
		}),
		"head": when(func(r request) bool { return r.Method == http.MethodHead }),
		"odd-method": when(func(r request) bool {
			return !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}, r.Method)
		}),
		"original-url": func(f *fake, r request, w http.ResponseWriter) bool {
			to, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Original-URL"), "/fhir"), "?")
			return to != "" && f.open(w, to)
		},
		"cors": func(_ *fake, r request, w http.ResponseWriter) bool {
			w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			return false
		},
		"trace":     raw(func(r request) bool { return r.Method == "TRACE" }, 200, "message/http", "TRACE / HTTP/1.1\r\nX-Vestibule-Probe: zqx-vestibule-trace\r\n"),
		"no-token":  when(func(r request) bool { return r.Header.Get("Authorization") == "" }),
		"any-token": when(func(r request) bool { return strings.HasPrefix(r.Header.Get("Authorization")+" ", "Bearer ") }),
		"basic":     when(func(r request) bool { return strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") }),
		"alg-none":  when(func(r request) bool { return strings.HasSuffix(r.Header.Get("Authorization"), ".") }),
		"any-signature": when(func(r request) bool {
			return strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "+fakeToken[:40])
		}),
		"identity":       when(header("X-Remote-User")),
		"loopback":       when(header("X-Forwarded-For")),
		"purpose":        when(header("X-Break-Glass")),
		"tenant":         when(header("X-Role")),
		"patients":       when(func(r request) bool { return strings.HasPrefix(r.rest(), "/Patient") }),
		"reads":          when(func(r request) bool { return r.plainRead() }),
		"pretty":         when(func(r request) bool { return r.params()["_pretty"] != "" }),
		"told-status":    told(403, "It is not there, or out of your reach."),
		"told-text":      told(404, "It is out of your reach, or not there."),
		"told-length":    told(404, "It is there, but it is out of your reach, and has been for some time."),
		"told-header":    told(404, "It is not there, or out of your reach.", "ETag", `W/"7"`),
		"told-otherwise": refusing(func(r request) bool { return r.hidden() && !r.plainRead() }, 403, "That is somebody else's."),
		"told-update":    refusing(func(r request) bool { return r.hidden() && r.Method == http.MethodPut }, 403, "That is somebody else's."),
		"told-create":    refusing(func(r request) bool { return strings.Contains(r.Header.Get("If-None-Exist"), "a-104") }, 412, "There is one."),
		"told-slowly": func(_ *fake, r request, _ http.ResponseWriter) bool {
			if r.hidden() && r.plainRead() {
				time.Sleep(pause)
			}
			return false
		},
		"error-markup": raw(malformedMarkup, 400, "text/html", "<p>No <b>zqxVestibuleEcho</b></p>"),
		"error-stack":  raw(malformedDate, 500, "text/plain", "java.lang.NullPointerException\n\tat ca.uhn.fhir.Search.run(Search.java:42)"),
		"error-data":   raw(malformedDate, 500, "application/fhir+json", `{"resourceType":"Patient","id":"p-13"}`),
		"error-canary": raw(malformedDate, 400, "text/plain", "Cannot parse the date of "+secretName),
		"links-foreign": finds(func(r request) bool { return r.rest() == "/Task" && r.Header.Get("Authorization") != "" }, func(f *fake, _ request) map[string]any {
			return map[string]any{"entry": []any{map[string]any{"fullUrl": "https://emr.example/fhir/Task/t-201", "resource": f.cut("Task/t-201")}}}
		}),
		"attachment-open": raw(func(r request) bool { return r.typ() == "Binary" }, 200, "text/plain", "a letter"),
		"forwarded-host": finds(header("X-Forwarded-Host"), func(_ *fake, r request) map[string]any {
			return map[string]any{"link": []any{map[string]any{"relation": "self", "url": "https://" + r.Header.Get("X-Forwarded-Host")}}}
		}),
		"xml":   raw(asks("xml", "xml"), 200, "application/fhir+xml", `<Appointment xmlns="http://hl7.org/fhir"><comment value="x"/></Appointment>`),
		"html":  raw(asks("html", "html"), 200, "text/html", `<pre>&quot;comment&quot;: 1</pre>`),
		"other": raw(asks("csv", "ttl"), 200, "text/csv", secretComment),
		"paths": func(f *fake, r request, w http.ResponseWriter) bool {
			clean := cleaned(strings.TrimPrefix(r.URL.EscapedPath(), "/fhir/"))
			return clean != strings.TrimPrefix(r.rest(), "/") && f.open(w, clean)
		},
		"operations": func(f *fake, r request, w http.ResponseWriter) bool {
			return (strings.ContainsAny(r.rest(), "$") || strings.Contains(r.rest(), "_history") || strings.Count(r.rest(), "/") > 2) && f.all(w, "Patient", "Appointment")
		},
		"search-all": func(f *fake, r request, w http.ResponseWriter) bool {
			return (strings.Trim(r.rest(), "/") == "" || r.typ() == "_search") && f.all(w, "Patient")
		},
		"export": func(_ *fake, r request, w http.ResponseWriter) bool {
			if !strings.HasSuffix(r.rest(), "$export") {
				return false
			}
			w.Header().Set("Content-Location", "/fhir/job/1")
			w.WriteHeader(202)
			return true
		},
		"numbers": raw(func(r request) bool { return strings.HasSuffix(r.rest(), "$get-resource-counts") }, 200, "application/fhir+json",
			`{"resourceType":"Parameters","parameter":[{"name":"Patient","valueInteger":3}]}`),
	}
	for _, m := range []string{"missing", "not", "in", "not-in", "above", "below", "text", "of-type", "identifier", "contains", "exact"} {
		out[":"+m] = modifier(m)
	}
	return out
}

func malformedMarkup(r request) bool { return strings.Contains(r.params()["date"], "<b>") }

// faultNames are all faults, sorted.
func faultNames() []string {
	return slices.Sorted(slices.Values(slices.Concat(toggles(), slices.Collect(maps.Keys(faults())))))
}
