package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheServeFileHasDefaultsThatAreSafe(t *testing.T) {
	tests := []struct {
		name, text string
		want       Serve
	}{
		{"loopback", "listen: 127.0.0.1:8080\ndata: data\n",
			Serve{Listen: "127.0.0.1:8080", PublicURL: "http://127.0.0.1:8080", Audience: "http://127.0.0.1:8080", Data: "/etc/vestibule/data",
				LogKey: "/etc/vestibule/data/log.key", CheckpointCopy: "/etc/vestibule/data.checkpoints"}},
		{"public", "listen: :8443\npublicUrl: https://gate.example/\ndata: /var/lib/vestibule\nlogKey: keys/log.key\ncheckpointCopy: /mnt/copy\nmetrics: '[::1]:9464'\ntls: {cert: gate.pem, key: /keys/gate.key}\n",
			Serve{Listen: ":8443", PublicURL: "https://gate.example", Audience: "https://gate.example", Data: "/var/lib/vestibule", Metrics: "[::1]:9464",
				TLS: TLS{Cert: "/etc/vestibule/gate.pem", Key: "/keys/gate.key"}, LogKey: "/etc/vestibule/keys/log.key", CheckpointCopy: "/mnt/copy"}},
		{"own audience", "listen: localhost:8080\ndata: /d\ncheckpointCopy: none\naudience: urn:gate\ntls: {cert: /c, key: /k}\n",
			Serve{Listen: "localhost:8080", PublicURL: "https://localhost:8080", Audience: "urn:gate", Data: "/d", TLS: TLS{Cert: "/c", Key: "/k"}, LogKey: "/d/log.key"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseServe("/etc/vestibule/serve.yaml", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheServeFileIsHeldToTheRules(t *testing.T) {
	const good = "listen: 127.0.0.1:8080\ndata: /d\n"
	tests := []struct{ name, text, want string }{
		{"unknown key", good + "lisen: x\n", "s:3: lisen: unknown key; did you mean listen?"},
		{"empty", "", "s:1: is empty"},
		{"two documents", good + "---\nkind: Clinic\n", "s:4: has to be one document"},
		{"no address", "listen: somewhere\ndata: /d\n", `s:1: listen: "somewhere" is no address`},
		{"odd port", "listen: 127.0.0.1:http\ndata: /d\n", `s:1: listen: "127.0.0.1:http" is no address`},
		{"no data", "listen: 127.0.0.1:1\n", "s:1: data: is missing"},
		{"clear text", "listen: 0.0.0.0:80\npublicUrl: https://gate.example\ndata: /d\n", "s:1: tls: is missing: beyond loopback the gateway serves TLS only"},
		{"clear text on all interfaces", "listen: :80\npublicUrl: https://gate.example\ndata: /d\n", "s:1: tls: is missing"},
		{"half of TLS", good + "tls: {cert: /c}\n", "s:3: tls.key: is missing"},
		{"public metrics", good + "metrics: 0.0.0.0:9464\n", "s:3: metrics: has to be an address on loopback"},
		{"a copy beside the original", good + "checkpointCopy: /d/copy\n", "s:3: checkpointCopy: has to be outside of the data folder"},
		{"no public URL", "listen: :443\ndata: /d\ntls: {cert: /c, key: /k}\n", "s:1: publicUrl: is missing"},
		{"clear public URL", good + "publicUrl: http://gate.example\n", "s:3: publicUrl: has to begin with https://"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := ParseServe("s", []byte(test.text))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %+v and\n%v\nwant %s", s, err, test.want)
			}
		})
	}
	if _, err := LoadServe("/nonexistent/serve.yaml"); err == nil || err.Error() != "/nonexistent/serve.yaml: no such file or directory" {
		t.Errorf("missing file: %v", err)
	}
}
