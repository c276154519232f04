package adaptertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"vestibule/adapters"
	"vestibule/fhir"
)

// Translation turns a payload of one side into one of the other, and says what has no home there.
type Translation func(in []byte) (out []byte, losses []adapters.Loss, err error)

// Golden translates the first file of every txtar archive that matches pattern and compares what comes of it with the rest of
// the archive: "out.json" (indented, numbers as they are written) and "losses" (a line for each: path, colon, reason), or
// "error" (kind, code, path). With update it writes them instead. The comment above the first file says what the payload is
// and where it is from.
func Golden(t *testing.T, pattern string, update bool, translate Translation) {
	t.Helper()
	golden(real{t}, pattern, update, translate)
}

func golden(t T, pattern string, update bool, translate Translation) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden files %s: %v", pattern, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t T) {
			archive, err := txtar.ParseFile(name)
			if err != nil || len(archive.Files) == 0 {
				t.Fatalf("%s: %v", name, err)
			}
			got := results(t, archive.Files[0].Data, translate)
			if update {
				archive.Files = append(archive.Files[:1], got...)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := archive.Files[1:]; !slices.EqualFunc(want, got, sameFile) {
				t.Errorf("%s is translated to\n%s\nand not to\n%s", name, txtar.Format(&txtar.Archive{Files: got}), txtar.Format(&txtar.Archive{Files: want}))
			}
		})
	}
}

func sameFile(a, b txtar.File) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) }

// results are what a translation gives, as files of an archive.
func results(t T, in []byte, translate Translation) []txtar.File {
	t.Helper()
	out, losses, err := translate(in)
	if err != nil {
		checkError(t, "translation", err)
		e := fhir.AsError(err)
		return []txtar.File{{Name: "error", Data: fmt.Appendf(nil, "%s %s %s\n", e.Kind, e.Reason(), e.Path)}}
	}
	var text bytes.Buffer
	if err := json.Indent(&text, bytes.TrimSpace(out), "", "  "); err != nil {
		t.Fatalf("the translation is no JSON: %v", err)
	}
	text.WriteByte('\n')
	var lines []string
	for _, l := range losses {
		lines = append(lines, l.Path+": "+l.Why+"\n")
	}
	slices.Sort(lines)
	return []txtar.File{{Name: "out.json", Data: text.Bytes()}, {Name: "losses", Data: []byte(strings.Join(lines, ""))}}
}
