package runbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tocsin/bot/markdown"
)

// Titles returns the sections that every guide has, in their order.
func Titles() []string {
	return []string{"Detect", "Severity", "First question", "Decide", "Investigate", "Mitigate", "Verify", "Capture"}
}

// Guide is one troubleshooting guide.
type Guide struct {
	ID           string
	Title        string
	Version      string   // the first 8 hex digits of the file's SHA-256
	Symptoms     []string // symptom ids it is for
	Classes      []string // failure class ids: where the fix tends to lie
	Severity     string   // a hint, such as "sev2", or ""
	Security     bool     // handle in private
	Owner        string   // who keeps it up to date
	LastReviewed string   // YYYY-MM-DD
	Phrases      []string // things people say when they mean it
	Needs        []string // parts without which a service cannot have this problem: "retrieval"
	Changes      []string // kinds of change that bring it about: "config"
	Shared       bool     // services with one provider have it together
	Body         string   // Markdown
	Sections     []markdown.Section
	Questions    []Question   // the decision tree; the first is where to begin
	Setup        string       // Markdown: what to set before any command of a look, or ""
	Looks        []Look       // what can be looked at
	Mitigations  []Mitigation // the fastest first

	summary  string
	pages    []string // the guides that it links to
	match    matcher
	line     int       // of the file where Body begins
	problems []Problem // what does not keep it from being served
}

type frontMatter struct {
	ID           string   `yaml:"id"`
	Title        string   `yaml:"title"`
	Summary      string   `yaml:"summary"`
	Symptoms     []string `yaml:"symptoms"`
	Classes      []string `yaml:"classes"`
	Severity     string   `yaml:"severity"`
	Security     bool     `yaml:"security"`
	Owner        string   `yaml:"owner"`
	LastReviewed string   `yaml:"last_reviewed"`
	Needs        []string `yaml:"needs"`
	Changes      []string `yaml:"changes"`
	Shared       bool     `yaml:"shared"`
	Match        match    `yaml:"match"`
}

// Section returns the Markdown under a "## " heading, or "".
func (g *Guide) Section(title string) string {
	for _, s := range g.Sections {
		if s.Title == title {
			return s.Body
		}
	}
	return ""
}

// Summary returns one or two sentences of plain text for the channel: the front
// matter's summary, else the first paragraph of Detect.
func (g *Guide) Summary() string {
	if g.summary != "" {
		return g.summary
	}
	first, _, _ := strings.Cut(g.Section("Detect"), "\n\n")
	return markdown.Text(first)
}

// parse makes a guide of a file, or says all that is wrong with it.
func parse(name string, src []byte) (*Guide, error) {
	var fm frontMatter
	body, line, err := markdown.Split(src, &fm)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(src)
	g := &Guide{
		ID: fm.ID, Title: fm.Title, Version: hex.EncodeToString(sum[:4]),
		Symptoms: fm.Symptoms, Classes: fm.Classes, Severity: fm.Severity, Security: fm.Security,
		Owner: fm.Owner, LastReviewed: fm.LastReviewed, Phrases: fm.Match.Phrases,
		Needs: fm.Needs, Changes: fm.Changes, Shared: fm.Shared, Body: body, summary: fm.Summary, line: line,
	}
	sections, links := markdown.Outline(body)
	g.pages = links.Pages
	if len(sections) > maxHeadings {
		return nil, markdown.Problems{{Line: line, What: fmt.Sprintf("it has %d headings", len(sections)), Do: fmt.Sprintf("make several guides of it, of %d headings at most", maxHeadings)}}
	}
	for _, s := range sections {
		if s.Level == 2 {
			g.Sections = append(g.Sections, s)
		}
	}
	g.grow(sections, links.Anchors)
	problems := append(g.check(name), g.checkSections()...)
	var bad []Problem
	g.match, bad = compile(fm.Match, src)
	if problems = append(problems, bad...); len(problems) > 0 {
		return nil, markdown.Problems(problems)
	}
	return g, nil
}

// maxHeadings is how many headings a guide may have: more is no way through a night.
const maxHeadings = 200

var severities = []string{"", "sev1", "sev2", "sev3", "sev4"}

func (g *Guide) check(name string) []Problem {
	var out []Problem
	bad := func(ok bool, what, do string) {
		if !ok {
			out = append(out, Problem{Line: 1, What: what, Do: do})
		}
	}
	bad(g.ID+".md" == name, fmt.Sprintf("its id is %q", g.ID), "give file and id one name: <id>.md")
	bad(kebab.MatchString(g.ID) && g.ID != "index", fmt.Sprintf("%q is no id for a guide", g.ID), "use lower case letters, digits and hyphens, and not index")
	bad(g.Title != "", "it has no title", "add title:")
	bad(slices.Contains(severities, g.Severity), fmt.Sprintf("severity %q is none", g.Severity), "use sev1, sev2, sev3 or sev4")
	_, err := time.Parse(time.DateOnly, g.LastReviewed)
	bad(err == nil, fmt.Sprintf("last_reviewed %q is no date", g.LastReviewed), "write it as 2026-11-22")
	for _, id := range append(slices.Clone(g.Symptoms), g.Classes...) {
		bad(kebab.MatchString(id), fmt.Sprintf("%q is no id", id), "use lower case letters and hyphens")
	}
	return out
}

var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// checkSections asks for each section once, with something in it.
func (g *Guide) checkSections() []Problem {
	var out []Problem
	seen := map[string]bool{}
	for _, s := range g.Sections {
		line := g.line + s.Line - 1
		switch {
		case !slices.Contains(Titles(), s.Title):
			out = append(out, Problem{Line: line, What: fmt.Sprintf("section %q is none of a guide's", s.Title), Do: "use ### inside a section, or one of: " + strings.Join(Titles(), ", ")})
		case seen[s.Title]:
			out = append(out, Problem{Line: line, What: fmt.Sprintf("section %q is there twice", s.Title), Do: "join the two"})
		case strings.TrimSpace(s.Body) == "":
			out = append(out, Problem{Line: line, What: fmt.Sprintf("section %q is empty", s.Title), Do: "write it"})
		}
		seen[s.Title] = true
	}
	for _, title := range Titles() {
		if !seen[title] {
			out = append(out, Problem{Line: g.line, What: fmt.Sprintf("section %q is missing", title), Do: "add ## " + title})
		}
	}
	return out
}
