package config

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"vestibule/policy"
)

// wide is a line width at which a list stays on its line.
const wide = 400

// WriteGrant is g as a document, below comment, each line of which is marked as one.
func WriteGrant(g policy.Grant, comment string) ([]byte, error) {
	document := struct {
		Kind         string `yaml:"kind"`
		policy.Grant `yaml:",inline"`
	}{KindGrant, g}
	body, err := yaml.Dump(document, yaml.WithIndent(2), yaml.WithLineWidth(wide))
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(comment), "\n") {
		writeComment(&b, line)
	}
	b.Write(body)
	return []byte(b.String()), nil
}

// writeComment writes a line as comment, on as many lines as it takes.
func writeComment(b *strings.Builder, line string) {
	const width = 120
	at := 0
	for _, word := range strings.Fields(line) {
		switch {
		case at == 0:
			b.WriteString("#")
			at = 1
		case at+1+len(word) > width:
			b.WriteString("\n#  ")
			at = 4
		}
		b.WriteString(" " + word)
		at += 1 + len(word)
	}
	if at == 0 {
		b.WriteString("#")
	}
	b.WriteString("\n")
}
