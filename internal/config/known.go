package config

import "vestibule/internal/probe"

// LoadKnown reads the file that `vestibule probe --known` is given: one document of YAML, of which JSON is a part. The error,
// if any, is Problems.
func LoadKnown(path string) (probe.Known, error) {
	b, err := readCapped(path)
	if err != nil {
		return probe.Known{}, Problems{{File: path, Text: plainError(err)}}
	}
	var k probe.Known
	const one = "has to be one document"
	err = loadOne(path, b, &k, one, one, func(k *probe.Known) findings {
		var f findings
		for _, m := range k.Mistakes() {
			f.add(m.Path, "%s", m.Text)
		}
		return f
	})
	return k, err
}
