// Package templates renders what tocsin writes for people: the postmortem draft
// and the updates. A template is one Markdown file in Go's text/template
// language, over one of the data types here.
//
// A draft states what the record holds and asks for what it does not: templates
// never invent a cause, a count or a name. Strings come in with Markdown already
// escaped, so that a template can place them anywhere but in code.
//
// A set is layered: a team's folder overlays the embedded one file by file, and
// a template that does not parse is reported and replaced by the one beneath.
package templates

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"text/template"

	"tocsin/bot/markdown"
)

//go:embed *.md
var embedded embed.FS

// Embedded returns the templates that come with tocsin, as <name>.md at its
// root: the first layer for Load.
func Embedded() fs.FS { return embedded }

// Problem is something wrong with a template.
type Problem = markdown.Problem

// maxOutput bounds what a template renders, in bytes.
const maxOutput = 1 << 20

// Set is a set of templates that parsed. Replace changes it as a whole, under
// its readers.
type Set struct {
	now atomic.Pointer[map[string]*template.Template] // by name
}

// Load reads the templates of layered folders, each holding <name>.md; a later
// layer overlays the earlier ones file by file. A template that does not parse,
// or that cannot render its data, is left out and reported, and the layer
// beneath serves in its place.
func Load(layers ...fs.FS) (*Set, []Problem) {
	parsed, problems := markdown.Overlay(layers, parse)
	byName := map[string]*template.Template{}
	for _, t := range parsed {
		byName[t.Name()] = t
	}
	set := &Set{}
	set.now.Store(&byName)
	return set, problems
}

// Replace puts the templates of newer in the place of s's own.
func (s *Set) Replace(newer *Set) { s.now.Store(newer.now.Load()) }

// Render renders the template <name>.md over data, which is a Postmortem for
// "postmortem" and an Update for "update". The result is Markdown.
func (s *Set) Render(name string, data any) (string, error) {
	t, ok := (*s.now.Load())[name]
	if !ok {
		return "", fmt.Errorf("there is no template %q: add %s.md", name, name)
	}
	return render(t, data)
}

func render(t *template.Template, data any) (string, error) {
	var b bounded
	t, err := limited(t)
	if err != nil {
		return "", err
	}
	if err := t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("template %s.md: %w", t.Name(), spent(err))
	}
	return tidy(b.String()), nil
}

// bounded collects up to maxOutput bytes and refuses more.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, fmt.Errorf("it renders more than %d bytes: shorten the template or the record", maxOutput)
	}
	return b.Builder.Write(p)
}

// tidy leaves one empty line where templates' actions left more.
func tidy(s string) string {
	return strings.TrimSpace(emptyLines.ReplaceAllString(s, "\n\n")) + "\n"
}

var emptyLines = regexp.MustCompile(`\n[ \t]*\n(?:[ \t]*\n)+`)

// parse makes a template of a file. One that tocsin renders itself must also
// work on data with nothing in it, for that is what an incident begins as.
func parse(file string, src []byte) (*template.Template, error) {
	name := strings.TrimSuffix(file, ".md")
	t, err := template.New(name).Funcs(functions(newBudget())).Option("missingkey=error").Parse(string(src))
	if err != nil {
		return nil, problem(err)
	}
	counted(t)
	for _, data := range samples(name) {
		if _, err := render(t, data); err != nil {
			return nil, problem(err)
		}
	}
	return t, nil
}

// problem reads the line from text/template's "template: name:line:column: what".
func problem(err error) error {
	p := Problem{What: err.Error(), Do: "correct the template"}
	if m := templateError.FindStringSubmatch(p.What); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.What = m[2]
	}
	return markdown.Problems{p}
}

var templateError = regexp.MustCompile(`template: [^:]+:(\d+):(?:\d+:)? (?:executing "[^"]*" at )?(.*)$`)
