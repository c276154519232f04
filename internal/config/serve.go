package config

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
)

// Serve is the file that `vestibule serve --config` starts with. After LoadServe every member has a value, but for
// Metrics, which is off when empty, and TLS, which is empty where the gateway listens on loopback in clear text.
type Serve struct {
	Listen    string `yaml:"listen"`    // host:port
	PublicURL string `yaml:"publicUrl"` // what callers write before /fhir; default: the address listened on
	Audience  string `yaml:"audience"`  // what tokens have to name as aud; default: publicUrl
	Data      string `yaml:"data"`      // the data folder; relative to the file
	Metrics   string `yaml:"metrics"`   // host:port on loopback; empty: none
	TLS       TLS    `yaml:"tls"`       // required where listen is not on loopback
	LogKey    string `yaml:"logKey"`    // the file of the key that signs the trail; default: log.key in the data folder
	// The folder that keeps the newest checkpoints a second time, apart from the data folder: without what they sign the gateway
	// does not start. Default: the data folder's name and ".checkpoints", beside it; NoCopy for none, empty after LoadServe.
	CheckpointCopy string `yaml:"checkpointCopy"`

	Witnesses      []Witness `yaml:"witnesses"`      // who is asked to cosign the trails' checkpoints
	RequireWitness bool      `yaml:"requireWitness"` // a trail that no witness has cosigned for a quarter of an hour is an alarm on record

	Forward []Forward `yaml:"forward"` // where trails are sent on to
}

// Witness is a witness as the gateway reaches it.
type Witness struct {
	URL string `yaml:"url"` // what comes before /add-checkpoint
	Key string `yaml:"key"` // its public key, NAME+HASH+KEY, as `vestibule witness` prints it
}

// NoCopy as checkpointCopy keeps the checkpoints in the data folder only.
const NoCopy = "none"

// TLS names the files that the gateway serves TLS with; relative to the file they are named in.
type TLS struct {
	Cert string `yaml:"cert"` // PEM, the certificate and its chain
	Key  string `yaml:"key"`  // PEM
}

// LoadServe reads the file at path. The error, if any, is Problems.
func LoadServe(path string) (Serve, error) {
	b, err := readCapped(path)
	if err != nil {
		return Serve{}, Problems{{File: path, Text: plainError(err)}}
	}
	return ParseServe(path, b)
}

// ParseServe reads the text of the file named path.
func ParseServe(path string, b []byte) (Serve, error) {
	var s Serve
	err := loadOne(path, b, &s, "has to be one document; clinics, platforms and grants are applied with `vestibule apply`",
		"is empty; it needs at least `listen` and `data`", (*Serve).check)
	if err != nil {
		return Serve{}, err
	}
	return s.complete(filepath.Dir(path)), nil
}

func (s *Serve) check() findings {
	var f findings
	host, ok := address(&f, "listen", s.Listen)
	if s.Listen == "" {
		f.add("listen", "is missing: host:port, such as 127.0.0.1:8080")
	}
	if s.Data == "" {
		f.add("data", "is missing: the folder that holds the database and the keys")
	}
	if within(s.CheckpointCopy, s.Data) {
		f.add("checkpointCopy", "has to be outside of the data folder: what is put back from a backup must not bring it along")
	}
	for i, w := range s.Witnesses {
		at := fmt.Sprintf("witnesses[%d]", i)
		if why := badURL(w.URL); why != "" {
			f.add(at, "url: %s", why)
		}
		if strings.Count(w.Key, "+") < 2 {
			f.add(at, "key: has to be a witness's public key, NAME+HASH+KEY, as `vestibule witness` prints it")
		}
	}
	if s.RequireWitness && len(s.Witnesses) == 0 {
		f.add("requireWitness", "needs at least one of witnesses")
	}
	s.checkForward(&f)
	s.checkTLS(&f, ok && !isLoopback(host))
	if s.PublicURL != "" {
		if why := badURL(s.PublicURL); why != "" {
			f.add("publicUrl", "%s", why)
		}
	} else if ok && !isLoopback(host) {
		f.add("publicUrl", "is missing: the URL by which callers reach this gateway, such as https://gate.example")
	}
	if host, ok := address(&f, "metrics", s.Metrics); ok && !isLoopback(host) {
		f.add("metrics", "has to be an address on loopback, such as 127.0.0.1:9464: metrics are served in clear text")
	}
	return f
}

// checkTLS wants TLS wherever somebody else could listen on the wire.
func (s *Serve) checkTLS(f *findings, exposed bool) {
	if s.TLS == (TLS{}) {
		if exposed {
			f.add("tls", "is missing: beyond loopback the gateway serves TLS only; name cert and key, or listen on 127.0.0.1")
		}
		return
	}
	for _, file := range []struct{ path, name string }{{"tls.cert", s.TLS.Cert}, {"tls.key", s.TLS.Key}} {
		if file.name == "" {
			f.add(file.path, "is missing: TLS needs both cert and key")
		}
	}
}

// address wants host:port; ok is false where there is nothing or nothing usable.
func address(f *findings, path, s string) (host string, ok bool) {
	if s == "" {
		return "", false
	}
	host, port, err := net.SplitHostPort(s)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || strconv.FormatUint(n, 10) != port {
		f.add(path, "%q is no address; write host:port, such as 127.0.0.1:8080", s)
		return "", false
	}
	return host, true
}

// within reports whether path is the folder dir or below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return path != "" && dir != "" && err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// complete fills in the defaults and makes paths absolute: relative ones are relative to the file's folder dir.
func (s Serve) complete(dir string) Serve {
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	if s.PublicURL == "" {
		scheme := "http"
		if s.TLS != (TLS{}) {
			scheme = "https"
		}
		s.PublicURL = fmt.Sprintf("%s://%s", scheme, s.Listen)
	}
	if s.Audience == "" {
		s.Audience = s.PublicURL
	}
	if s.CheckpointCopy == "" {
		s.CheckpointCopy = filepath.Clean(s.Data) + ".checkpoints"
	}
	if s.CheckpointCopy == NoCopy {
		s.CheckpointCopy = ""
	}
	if s.LogKey == "" {
		s.LogKey = filepath.Join(s.Data, "log.key")
	}
	absolute(dir, &s.Data, &s.TLS.Cert, &s.TLS.Key, &s.LogKey, &s.CheckpointCopy)
	for i := range s.Forward {
		s.Forward[i].complete(dir)
	}
	return s
}
