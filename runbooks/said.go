package runbooks

import (
	"errors"
	"io"
	"io/fs"
	"strings"

	"tocsin/bot/markdown"
)

// heard adds to each guide what people said when they meant it: the lines of
// said/<id>.txt, in every layer that has one. They teach the matching like the
// phrases of the front matter, and would make that too long to read; so a team
// can teach its own words without writing a guide anew. A line that begins
// with "#" is a remark.
func heard(guides []*Guide, layers []fs.FS) []Problem {
	var problems []Problem
	for _, g := range guides {
		for _, layer := range layers {
			if layer == nil {
				continue
			}
			name := "said/" + g.ID + ".txt"
			text, err := readSaid(layer, name)
			if err != nil {
				problems = append(problems, Problem{File: name, What: err.Error(), Do: "write one report a line, in a file of 1 MiB at most"})
			}
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
					g.match.said = append(g.match.said, line)
				}
			}
		}
	}
	return problems
}

func readSaid(layer fs.FS, name string) (string, error) {
	if st, err := fs.Stat(layer, name); err == nil && !st.Mode().IsRegular() {
		return "", errors.New("it is no file")
	}
	f, err := layer.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, markdown.MaxFile+1))
	if len(text) > markdown.MaxFile {
		return "", errors.New("the file is larger than 1 MiB")
	}
	return string(text), err
}
