package config

import (
	"errors"
	"testing"
)

// FuzzDocuments: whatever a file holds, it is refused with places, or read into documents that read back as the same.
func FuzzDocuments(f *testing.F) {
	for _, s := range []string{clinic, connection, platform, grant, all, "---\n...\n", "a: &a [*a]\n", "? {a: b}\n: c\n", "kind: Grant\npermissions: {}\n", "%YAML 1.2\n---\nkind: Clinic\n", "kind: Clinic\r---\rkind: Clinic"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		docs, err := Parse("f", b)
		if err != nil {
			problems, ok := errors.AsType[Problems](err)
			if !ok || len(problems) == 0 || len(docs) != 0 {
				t.Fatalf("%d documents and error %T %v", len(docs), err, err)
			}
			return
		}
		_ = Check(docs, nil, now)
		for _, d := range docs {
			again, err := Parse("f", d.Body)
			if err != nil || len(again) != 1 || again[0].key() != d.key() {
				t.Fatalf("body %q reads back as %+v, %v", d.Body, again, err)
			}
		}
	})
}
