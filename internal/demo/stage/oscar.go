package stage

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"vestibule/internal/demo"
)

// OnOSCAR says whether the clinic runs on an OSCAR in this folder: the second one, where the first start asked for it.
func (s *Stage) OnOSCAR(clinic string) bool { return s.memory.OSCAR && clinic == demo.Wascana }

// openOSCAR opens a clinic's OSCAR, filled, with the secrets that the clinic gives the gateway in files of their own.
func (s *Stage) openOSCAR(name string, now func() time.Time) error {
	return s.helper("emr-"+name, func(url string) (http.Handler, error) {
		o, err := demo.OpenOSCAR(demo.OSCARSetting{Clinic: name, Began: s.memory.Began, Path: filepath.Join(s.Folder, "oscar-"+name+".json"), Now: now, Random: rand.Reader})
		if err != nil {
			return nil, err
		}
		s.oscars[name], s.Ready.EMR[name] = o, url+"/oscar"
		files := s.oscarFiles(name)
		for path, secret := range map[string]string{files.Secret: o.Login.ClientSecret, files.Token: o.Login.Token + " " + o.Login.TokenSecret, files.Password: o.Login.Password} {
			if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
				return nil, err
			}
		}
		return o, nil
	})
}

// oscarFiles names the files with the secrets of a clinic's OSCAR.
func (s *Stage) oscarFiles(clinic string) demo.OSCARFiles {
	file := func(what string) string { return filepath.Join(s.Folder, "oscar-"+clinic+"."+what) }
	return demo.OSCARFiles{Secret: file("secret"), Token: file("token"), User: demo.GatewayClient, Password: file("password")}
}

// connections is what the documents have to name of the clinics that run on an OSCAR.
func (s *Stage) connections() map[string]demo.OSCARFiles {
	out := map[string]demo.OSCARFiles{}
	for _, name := range demo.Clinics() {
		if s.OnOSCAR(name) {
			out[name] = s.oscarFiles(name)
		}
	}
	return out
}
