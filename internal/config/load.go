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
)

// maxFiles caps how many files one call reads from folders.
const maxFiles = 1000

// Load reads the documents of files and of folders (every *.yaml and *.yml in them, not below). The error, if any, is
// Problems with the mistakes of all files.
func Load(paths ...string) ([]Document, error) {
	var docs []Document
	var problems Problems
	for _, path := range paths {
		files, err := expand(path)
		if err != nil {
			problems = append(problems, Problem{File: path, Text: plainError(err)})
			continue
		}
		for _, file := range files {
			found, wrong := loadFile(file)
			docs, problems = append(docs, found...), append(problems, wrong...)
		}
	}
	if len(docs) == 0 && len(problems) == 0 {
		problems = append(problems, Problem{File: strings.Join(paths, ", "), Text: "holds no document"})
	}
	if err := problems.err(); err != nil {
		return nil, err
	}
	return docs, nil
}

func loadFile(file string) ([]Document, Problems) {
	b, err := readCapped(file)
	if err != nil {
		return nil, Problems{{File: file, Text: plainError(err)}}
	}
	return parse(file, b)
}

// expand is path itself, or the YAML files in it if it is a folder, in the order of their names.
func expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
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
