package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// maxFiles caps how many files one call reads from folders.
const maxFiles = 1000

// Load reads the documents of files and of folders (every *.yaml and *.yml in them, not below). The error, if any, is
// Problems with the mistakes of all files.
func Load(paths ...string) ([]Document, error) {
	docs, problems := load(parse, paths...)
	if err := problems.err(); err != nil {
		return nil, err
	}
	return docs, nil
}

// load reads what parse makes of files and folders.
func load[T any](parse func(file string, b []byte) ([]T, Problems), paths ...string) (all []T, problems Problems) {
	for _, path := range paths {
		files, err := expand(path)
		if err != nil {
			problems = append(problems, Problem{File: path, Text: plainError(err)})
		}
		for _, file := range files {
			b, err := readCapped(file)
			if err != nil {
				problems = append(problems, Problem{File: file, Text: plainError(err)})
				continue
			}
			found, wrong := parse(file, b)
			all, problems = append(all, found...), append(problems, wrong...)
		}
	}
	if len(all) == 0 && len(problems) == 0 {
		problems = append(problems, Problem{File: strings.Join(paths, ", "), Text: "holds no document"})
	}
	return all, problems
}

// each reads every document of a stream.
func each[T any](file string, b []byte, read func(chunk, *yaml.Node) (T, Problems)) ([]T, Problems) {
	chunks, problems := split(file, b)
	var out []T
	for _, c := range chunks {
		root, found := c.compose()
		problems = append(problems, found...)
		if root == nil {
			continue
		}
		t, found := read(c, root)
		if problems = append(problems, found...); len(found) == 0 {
			out = append(out, t)
		}
	}
	return out, problems
}

// loadOne reads the one document of a file into out; several and empty say what is wrong where it holds more or none.
func loadOne[T any](path string, b []byte, out *T, several, empty string, check func(*T) findings) error {
	chunks, problems := split(path, b)
	if len(chunks) > 1 {
		problems = append(problems, Problem{File: path, Line: chunks[1].line, Text: several})
	}
	if len(chunks) == 0 && len(problems) == 0 {
		problems = Problems{{File: path, Line: 1, Text: empty}}
	}
	if err := problems.err(); err != nil {
		return err
	}
	root, problems := chunks[0].compose()
	if root == nil {
		return problems.err()
	}
	return decode(chunks[0], root, out, nil, check).err()
}

// expand is path itself, or the YAML files in it if it is a folder, in the order of their names.
func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	slices.Sort(files)
	if len(files) > maxFiles {
		return nil, fmt.Errorf("holds more than %d files", maxFiles)
	}
	return files, nil
}

// readCapped reads a file, and one byte more than is accepted where it is longer, so that it is refused and not cut.
func readCapped(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBytes+1))
}

// plainError is what went wrong with a file, without the path that the problem names anyway.
func plainError(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// Read reads the documents of a stream that has no file, such as standard input; name stands for it in messages.
func Read(name string, r io.Reader) ([]Document, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, Problems{{File: name, Text: plainError(err)}}
	}
	return Parse(name, b)
}
