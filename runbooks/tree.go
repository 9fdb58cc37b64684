package runbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// Question is one node of a guide's decision tree: a "### " heading of Decide.
// The first is where everybody begins.
type Question struct {
	ID      string // the anchor of its heading
	Title   string
	Body    string   // Markdown: what helps to answer it, or ""
	Looks   []string // the looks that Body links to
	Answers []Answer

	line int // of the guide's Body
}

// Answer is one list item under a question: "- **Label**: text [where to](#next)".
// It leads to one further question, to another guide, or to mitigations.
type Answer struct {
	ID          string // the anchor of its label
	Label       string
	Text        string   // Markdown: what it means
	Question    string   // the next question's ID, or ""
	Guide       string   // the other guide's ID, or ""
	Mitigations []string // IDs, the best first

	line int // of the guide's Body
}

// Look is something to look at: a "### " heading of Investigate with commands
// and how to read what they print.
type Look struct {
	ID    string
	Title string
	Body  string // Markdown
}

// Mitigation is one way to stop the impact: a "### " heading of Mitigate.
type Mitigation struct {
	ID   string
	Name string
	Body string // Markdown, with what it costs
	Kind string // the id of an incident.Mitigations term that it counts as, or ""
}

// Question returns the question with an ID; "" is the first.
func (g *Guide) Question(id string) (Question, bool) {
	if id == "" && len(g.Questions) > 0 {
		return g.Questions[0], true
	}
	return find(g.Questions, func(q Question) bool { return q.ID == id })
}

// Answer returns the answer with an ID.
func (q Question) Answer(id string) (Answer, bool) {
	return find(q.Answers, func(a Answer) bool { return a.ID == id })
}

// lastLink is a link to a heading at the end of an answer.
var lastLink = regexp.MustCompile(`\s*\[[^\]]*\]\(#[^)]*\)\.?$`)

// Says is what an answer means, for where what it leads to is shown below it.
func (a Answer) Says() string {
	text := a.Text
	if len(markdown.LinksOf(text).Anchors) == 1 {
		text = lastLink.ReplaceAllString(text, "")
	}
	if text = strings.TrimRight(strings.TrimSpace(text), ":"); text == "" {
		return ""
	}
	r := []rune(text)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

// Says is a mitigation in words, without what only tocsin reads.
func (m Mitigation) Says() string { return strings.TrimSpace(kindSaid.ReplaceAllString(m.Body, "")) }

var kindSaid = regexp.MustCompile(`[ ]*\bKind: [a-z-]+\.?`)

// Look returns the look with an ID.
func (g *Guide) Look(id string) (Look, bool) {
	return find(g.Looks, func(l Look) bool { return l.ID == id })
}

// Mitigation returns the mitigation with an ID.
func (g *Guide) Mitigation(id string) (Mitigation, bool) {
	return find(g.Mitigations, func(m Mitigation) bool { return m.ID == id })
}

func find[T any](list []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	var none T
	return none, false
}

// grow reads the tree from the sections, and tells what leads nowhere: anchors are all
// that the guide links to. What is wrong with a tree does not keep its guide from being
// served.
func (g *Guide) grow(sections []markdown.Section, anchors []string) {
	in := ""
	ids := map[string]bool{}
	for _, s := range sections {
		id := markdown.Anchor(s.Title)
		if ids[id] && s.Level > 1 {
			g.bad(s.Line, fmt.Sprintf("heading %q is there twice", s.Title), "give each heading words of its own, so that links find it")
		}
		ids[id] = ids[id] || s.Level > 1
		switch {
		case s.Level == 2:
			in = s.Title
		case s.Level != 3:
		case in == "Decide":
			g.Questions = append(g.Questions, g.question(id, s))
		case in == "Investigate":
			g.Looks = append(g.Looks, Look{ID: id, Title: s.Title, Body: s.Body})
		case in == "Mitigate":
			g.Mitigations = append(g.Mitigations, g.mitigation(id, s))
		}
	}
	for _, a := range anchors {
		if !ids[a] {
			g.bad(1+strings.Count(before(g.Body, "(#"+a+")"), "\n"), "links to #"+a+", which is no heading here", "correct the link: a heading in lower case, with hyphens for all that is no letter or digit")
		}
	}
	g.Setup, _, _ = strings.Cut("\n"+g.Section("Investigate"), "\n### ")
	g.Setup = strings.TrimSpace(g.Setup)
	if len(g.Looks) == 0 {
		g.Setup = "" // it is all of Investigate
	}
	g.lead()
}

// bad notes a problem; line counts from the first of Body.
func (g *Guide) bad(line int, what, do string) {
	g.problems = append(g.problems, Problem{File: g.ID + ".md", Line: g.line + line - 1, What: what, Do: do})
}

var (
	answerLine = regexp.MustCompile(`^[-*] +\*\*(.+?)\*\*[:.,]? *(.*)$`)
	kindLine   = regexp.MustCompile(`\bKind: ([a-z-]+)`)
)

// Longest labels: Slack's buttons hold 75 characters.
const maxLabel = 70

func (g *Guide) question(id string, s markdown.Section) Question {
	q := Question{ID: id, Title: s.Title, line: s.Line}
	first := g.begins(s)
	var body []string
	fenced := false
	for n, line := range strings.Split(s.Body, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		m := answerLine.FindStringSubmatch(line)
		switch {
		case !fenced && m != nil:
			label := markdown.Text(m[1])
			if len([]rune(label)) > maxLabel {
				g.bad(first+n, fmt.Sprintf("the answer %q is too long for a button", label), fmt.Sprintf("say it in %d characters, and the rest after it", maxLabel))
			}
			q.Answers = append(q.Answers, Answer{ID: markdown.Anchor(label), Label: incident.Cut(label, maxLabel), Text: m[2], line: first + n})
		case !fenced && len(q.Answers) > 0 && strings.HasPrefix(line, " "): // the answer goes on
			q.Answers[len(q.Answers)-1].Text += "\n" + strings.TrimSpace(line)
		default:
			body = append(body, line)
		}
	}
	q.Body = strings.TrimSpace(strings.Join(body, "\n"))
	if len(q.Answers) < 2 || len(q.Answers) > maxAnswers {
		g.bad(s.Line, fmt.Sprintf("the question %q has %d answers", s.Title, len(q.Answers)), fmt.Sprintf("give it 2 to %d list items of the form - **Label**: what it means. [Where to go on](#heading)", maxAnswers))
	}
	return q
}

// begins is the line of Body on which a section's text begins.
func (g *Guide) begins(s markdown.Section) int {
	lines, first := strings.Split(g.Body, "\n"), before(s.Body, "\n")
	return s.Line + 1 + max(0, slices.Index(lines[s.Line:], first))
}

// maxAnswers is how many answers a person can choose from at 3 a.m.
const maxAnswers = 8

func (g *Guide) mitigation(id string, s markdown.Section) Mitigation {
	m := Mitigation{ID: id, Name: s.Title, Body: s.Body}
	if kind := kindLine.FindStringSubmatch(s.Body); kind != nil {
		m.Kind = kind[1]
		if _, ok := incident.Find(incident.Mitigations, m.Kind); !ok {
			g.bad(s.Line, fmt.Sprintf("%q is no kind of mitigation", m.Kind), "use one of "+ids(incident.Mitigations))
			m.Kind = ""
		}
	}
	return m
}

func ids(terms []incident.Term) string {
	var list []string
	for _, t := range terms {
		list = append(list, t.ID)
	}
	return strings.Join(list, ", ")
}

// lead finds out where each answer leads, once all headings are known.
func (g *Guide) lead() {
	reached := map[string]bool{}
	for i := range g.Questions {
		q := &g.Questions[i]
		for _, a := range markdown.LinksOf(q.Body).Anchors {
			if _, ok := g.Look(a); ok {
				q.Looks = append(q.Looks, a)
			}
		}
		for j := range q.Answers {
			a := &q.Answers[j]
			links := markdown.LinksOf(a.Text)
			for _, to := range links.Anchors {
				if _, ok := g.Mitigation(to); ok {
					a.Mitigations = append(a.Mitigations, to)
				} else if _, ok := g.Question(to); ok && a.Question == "" {
					a.Question, reached[to] = to, true
				}
			}
			if len(links.Pages) > 0 && a.Question == "" {
				a.Guide = links.Pages[0]
			}
			if a.Question == "" && a.Guide == "" && len(a.Mitigations) == 0 {
				g.bad(a.line, fmt.Sprintf("the answer %q leads nowhere", a.Label), "link to a question of Decide, a step of Mitigate or another guide")
			}
		}
	}
	for i, q := range g.Questions {
		if i > 0 && !reached[q.ID] {
			g.bad(q.line, fmt.Sprintf("no answer leads to the question %q", q.Title), "link to it from an answer, or leave it out")
		}
	}
}

// lineOf is the line of Body that a text is on.
func (g *Guide) lineOf(text string) int { return 1 + strings.Count(before(g.Body, text), "\n") }
