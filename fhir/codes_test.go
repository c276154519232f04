package fhir

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The package comment lists every reason code that this package gives, and no other.
func TestTheListOfReasonCodesIsComplete(t *testing.T) {
	given := regexp.MustCompile(`(?:\bE\([\w".]+, Kind\w+, |\brefuse\(|\btooLarge\(|\bcode = )"([a-z-]+)"|code = "[\w.]+", "([a-z-]+)"`)
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") || p == "doc.go" {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range given.FindAllStringSubmatch(string(b), -1) {
			codes = append(codes, m[1]+m[2])
		}
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(doc), "Reason codes\n// of this package: ")
	list, _, _ = strings.Cut(list, ".\n")
	listed := strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune("/ ,\n", r) })
	slices.Sort(codes)
	slices.Sort(listed)
	if codes = slices.Compact(codes); !slices.Equal(codes, listed) {
		t.Errorf("the code gives\n%v\nthe list is\n%v", codes, listed)
	}
}
