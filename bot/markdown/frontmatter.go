package markdown

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"tocsin/bot/incident"
)

// Split decodes the YAML front matter of src, between a first line "---" and the
// next, into meta (a pointer to a struct), and returns the body after it and the
// line of the file where the body begins. A field that meta does not have is an
// error. Errors about the front matter are Problems, in the order of their lines.
func Split(src []byte, meta any) (body string, line int, err error) {
	text := strings.ReplaceAll(strings.TrimPrefix(string(src), "\uFEFF"), "\r\n", "\n")
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return "", 1, Problems{{Line: 1, What: "there is no front matter", Do: "begin the file with a line ---, then fields, then another ---"}}
	}
	front, body, ok := strings.Cut("\n"+rest, "\n---\n")
	if !ok {
		front, ok = strings.CutSuffix("\n"+rest, "\n---")
	}
	if !ok {
		return "", 1, Problems{{Line: 1, What: "the front matter has no end", Do: "close it with a line ---"}}
	}
	// front begins with the newline of "---", so YAML counts the file's own lines.
	dec := yaml.NewDecoder(strings.NewReader(front))
	dec.KnownFields(true)
	if err := dec.Decode(meta); err != nil {
		return "", 1, yamlProblems(err)
	}
	return body, bytes.Count([]byte(front), []byte("\n")) + 3, nil
}

var (
	yamlLine    = regexp.MustCompile(`(?s)^(?:yaml: )?(?:line (\d+): )?(.*)$`)
	yamlUnknown = regexp.MustCompile(`(?s)^field (\S+) not found in type .+$`)
	yamlType    = regexp.MustCompile(` into \S+$`)
)

// yamlProblems says in plain words what YAML found.
func yamlProblems(err error) Problems {
	if errors.Is(err, io.EOF) {
		return Problems{{Line: 1, What: "the front matter is empty", Do: "give it at least id and title"}}
	}
	messages := []string{err.Error()}
	if typed, ok := errors.AsType[*yaml.TypeError](err); ok {
		messages = typed.Errors
	}
	var out Problems
	for _, m := range messages {
		part := yamlLine.FindStringSubmatch(m) // it quotes the file, of which a line may be several
		line, _ := strconv.Atoi(part[1])
		p := Problem{Line: max(line, 1), What: incident.Line(yamlType.ReplaceAllString(part[2], "")), Do: "correct the front matter"}
		if field := yamlUnknown.FindStringSubmatch(part[2]); field != nil {
			p.What, p.Do = fmt.Sprintf("there is no field %q", field[1]), "correct its spelling or remove it"
		}
		out = append(out, p)
	}
	return out
}
