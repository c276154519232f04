package config

import "vestibule/internal/probe"

// LoadKnown reads the file that `vestibule probe --known` is given: one document of YAML, of which JSON is a part. The error,
// if any, is Problems.
func LoadKnown(path string) (probe.Known, error) {
	b, err := readCapped(path)
	if err != nil {
		return probe.Known{}, Problems{{File: path, Text: plainError(err)}}
	}
	chunks, problems := split(path, b)
	if len(chunks) != 1 && len(problems) == 0 {
		problems = Problems{{File: path, Line: 1, Text: "has to be one document"}}
	}
	if err := problems.err(); err != nil {
		return probe.Known{}, err
	}
	root, problems := chunks[0].compose()
	if root == nil {
		return probe.Known{}, problems.err()
	}
	var k probe.Known
	err = decode(chunks[0], root, &k, nil, func(k *probe.Known) findings {
		var f findings
		for _, m := range k.Mistakes() {
			f.add(m.Path, "%s", m.Text)
		}
		return f
	}).err()
	return k, err
}
