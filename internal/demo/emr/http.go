package emr

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"vestibule/fhir"
)

const maxBody = 8 << 20

// allTypes are the types it holds.
func allTypes() []string {
	return append(fhir.Types(), "Location", "Organization", "Patient", "Practitioner")
}

// ServeHTTP answers requests that never left this machine.
func (e *EMR) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !local(r) {
		http.Error(w, "The demo's EMR answers on loopback only.", http.StatusForbidden)
		return
	}
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), e.path+"/")
	if !ok {
		e.fail(w, problem(fhir.KindNotFound, "not-found", "The FHIR base is "+e.base+"."))
		return
	}
	switch {
	case path == "metadata" && r.Method == http.MethodGet:
		write(w, http.StatusOK, e.about)
	case path == ".well-known/smart-configuration" && r.Method == http.MethodGet:
		e.logins.configuration(w)
	case "/"+path == tokenPath:
		e.logins.token(w, r)
	case e.cfg.RequireLogin && !e.logins.knows(r.Header.Get("Authorization")):
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+e.base+`"`)
		e.fail(w, problem(fhir.KindUnauthenticated, "login", "Log in at "+e.base+tokenPath+"."))
	default:
		e.resource(w, r, strings.Split(path, "/"))
	}
}

// resource answers /Type, /Type/_search and /Type/id.
func (e *EMR) resource(w http.ResponseWriter, r *http.Request, parts []string) {
	typ := parts[0]
	writable := fhir.IsType(typ)
	switch {
	case !slices.Contains(allTypes(), typ) || len(parts) > 2:
		e.fail(w, problem(fhir.KindNotFound, "not-found", "Nothing is served there."))
	case len(parts) == 1 && r.Method == http.MethodGet:
		e.search(w, typ, r.URL.RawQuery)
	case len(parts) == 2 && parts[1] == "_search" && r.Method == http.MethodPost:
		e.searchForm(w, r, typ)
	case len(parts) == 2 && r.Method == http.MethodGet:
		e.read(w, typ, parts[1])
	case len(parts) == 1 && r.Method == http.MethodPost && writable:
		e.create(w, r, typ)
	case len(parts) == 2 && r.Method == http.MethodPut && writable:
		e.update(w, r, typ, parts[1])
	default:
		e.fail(w, problem(fhir.KindMethodNotAllowed, "method-not-allowed", "That cannot be done here."))
	}
}

func (e *EMR) read(w http.ResponseWriter, typ, id string) {
	r, ok := e.store.get(typ, id)
	if !ok {
		e.fail(w, problem(fhir.KindNotFound, "not-found", "There is no such resource."))
		return
	}
	w.Header()["Etag"] = []string{etag(r)}
	write(w, http.StatusOK, r.Bytes())
}

func (e *EMR) searchForm(w http.ResponseWriter, r *http.Request, typ string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		e.fail(w, problem(fhir.KindTooLarge, "too-large", "The search is too large."))
		return
	}
	both := string(body)
	if r.URL.RawQuery != "" {
		both += "&" + r.URL.RawQuery
	}
	e.search(w, typ, both)
}

func (e *EMR) create(w http.ResponseWriter, r *http.Request, typ string) {
	res, err := e.receive(w, r, typ)
	if err != nil {
		e.fail(w, err)
		return
	}
	var exists func(fhir.Resource) bool
	if cond := r.Header.Get("If-None-Exist"); cond != "" {
		values, err := url.ParseQuery(strings.TrimPrefix(cond, "?"))
		if err == nil {
			exists, err = e.matcher(typ, values)
		}
		if err != nil {
			e.fail(w, err)
			return
		}
	}
	id, err := e.newID()
	if err != nil {
		e.fail(w, err)
		return
	}
	out, made, err := e.store.create(res, id, e.cfg.Now(), exists)
	if err != nil {
		e.fail(w, err)
		return
	}
	w.Header().Set("ETag", etag(out))
	if !made {
		write(w, http.StatusOK, out.Bytes())
		return
	}
	w.Header().Set("Location", e.base+"/"+out.Ref().String())
	write(w, http.StatusCreated, out.Bytes())
}

func (e *EMR) update(w http.ResponseWriter, r *http.Request, typ, id string) {
	res, err := e.receive(w, r, typ)
	if err == nil && res.ID() != id {
		err = problem(fhir.KindInvalid, "id-mismatch", "The id in the body is not the one in the path.")
	}
	if err == nil && r.Header.Get("If-Match") == "" {
		err = problem(fhir.KindStale, "if-match-required", "An update needs If-Match.")
	}
	var out fhir.Resource
	if err == nil {
		out, err = e.store.update(res, r.Header.Get("If-Match"), e.cfg.Now())
	}
	if err != nil {
		e.fail(w, err)
		return
	}
	w.Header().Set("ETag", etag(out))
	write(w, http.StatusOK, out.Bytes())
}

func (e *EMR) receive(w http.ResponseWriter, r *http.Request, typ string) (fhir.Resource, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return fhir.Resource{}, problem(fhir.KindTooLarge, "too-large", "The resource is too large.")
	}
	res, err := fhir.ParseResource(body, fhir.Limits{})
	if err != nil {
		return fhir.Resource{}, err
	}
	if res.Type() != typ {
		return fhir.Resource{}, problem(fhir.KindInvalid, "type-mismatch", "The body is not a "+typ+".")
	}
	return res, nil
}

func (e *EMR) newID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(e.cfg.Random, b[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(b[:]), nil
}

func (e *EMR) fail(w http.ResponseWriter, err error) {
	write(w, fhir.AsError(err).Kind.Status(), fhir.Outcome(err, ""))
}

func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = []string{"application/fhir+json; charset=utf-8"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever hung up needs no answer
}
