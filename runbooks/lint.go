package runbooks

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// What a guide may come to before somebody should look at it.
const (
	maxSummary = 250 // characters: it is shown whole in the channel
	maxAge     = 180 // days since anybody read it
	maxDepth   = 6   // answers from the first question to the end
)

// Classes returns the failure classes, where the fix tends to lie.
func Classes() []string {
	return []string{"data", "model", "integration", "infrastructure", "unknown"}
}

// Check loads layered folders as Load does and returns how many guides the last
// of them holds, and all that is wrong with these: what Load reports and what
// Lint finds, by file and line. The layers beneath are what they link to and are
// told apart from; their own problems are not returned.
func Check(now time.Time, layers ...fs.FS) (guides int, problems []Problem) {
	own := layers[len(layers)-1]
	files := sources(own)
	lib, loaded := Load(layers...)
	for _, p := range loaded {
		if _, err := fs.Stat(own, p.File); !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, p)
		}
	}
	for _, g := range lib.Guides() {
		src := files[g.ID+".md"]
		if g.Version != version(src) { // one beneath serves in its place
			continue
		}
		for _, f := range lib.lint(g, now) {
			f.Line = cmp.Or(f.Line, place(string(src), f.words))
			problems = append(problems, f.Problem)
		}
	}
	problems = append(problems, unheard(lib, own)...)
	slices.SortFunc(problems, inOrder)
	return len(files), problems
}

// Lint finds what keeps guides from being found, understood or trusted, though
// they can be served; Load has reported the rest. now is what ages are told by.
// A problem of the front matter has line 1; Check knows its line.
func (l *Library) Lint(now time.Time) []Problem {
	var out []Problem
	for _, g := range l.Guides() {
		for _, f := range l.lint(g, now) {
			f.Line = cmp.Or(f.Line, 1)
			out = append(out, f.Problem)
		}
	}
	slices.SortStableFunc(out, inOrder)
	return out
}

func inOrder(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.What, b.What))
}

// sources are a folder's guides, by file.
func sources(folder fs.FS) map[string][]byte {
	type source struct {
		name string
		text []byte
	}
	list, _ := markdown.Overlay([]fs.FS{folder}, func(name string, text []byte) (source, error) { return source{name, text}, nil })
	out := map[string][]byte{}
	for _, s := range list {
		out[s.name] = s.text
	}
	return out
}

// version is Guide.Version of a file.
func version(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:4])
}

// place is the line of a file that some words of its front matter are on: as an
// item of a list if there is one, else where they first are, else 1.
func place(src, words string) int {
	quoted := "'" + strings.ReplaceAll(words, "'", "''") + "'"
	for _, s := range []string{"- " + words + "\n", "- " + quoted + "\n", `- "` + words + `"`, words, quoted} {
		if head, _, ok := strings.Cut(src, s); ok {
			return strings.Count(head, "\n") + 1
		}
	}
	return 1
}

// unheard tells of said/<id>.txt files that no guide has.
func unheard(l *Library, folder fs.FS) []Problem {
	var out []Problem
	names, _ := fs.Glob(folder, "said/*.txt")
	for _, name := range names {
		id := strings.TrimSuffix(path.Base(name), ".txt")
		if _, ok := l.Guide(id); !ok {
			out = append(out, Problem{File: name, What: fmt.Sprintf("there is no guide %q", id), Do: "name the file after the guide that it is about"})
		}
	}
	return out
}

// finding is a problem; where Line is 0, it is about words of the front matter,
// or with "" about what is not there.
type finding struct {
	Problem
	words string
}

// linter looks at one guide.
type linter struct {
	*Guide
	lib *Library
	now time.Time
	out []finding
}

func (l *Library) lint(g *Guide, now time.Time) []finding {
	lint := &linter{Guide: g, lib: l, now: now}
	lint.front()
	lint.reviewed()
	lint.counterexamples()
	lint.found()
	lint.decide()
	lint.mitigate()
	lint.code()
	return lint.out
}

// top notes a problem of the front matter, at the words that it is about.
func (l *linter) top(ok bool, words, what, do string) {
	if !ok {
		l.out = append(l.out, finding{Problem{File: l.ID + ".md", What: what, Do: do}, words})
	}
}

// below notes a problem of the body; line counts from its first.
func (l *linter) below(line int, what, do string) {
	l.out = append(l.out, finding{Problem: Problem{File: l.ID + ".md", Line: l.line + line - 1, What: what, Do: do}})
}

func (l *linter) front() {
	for _, id := range l.Symptoms {
		known := slices.ContainsFunc(incident.Symptoms, func(t incident.Term) bool { return t.ID == id })
		l.top(known, id, fmt.Sprintf("symptom %q is none", id), "use "+ids(incident.Symptoms))
	}
	for _, id := range l.Classes {
		l.top(slices.Contains(Classes(), id), id, fmt.Sprintf("failure class %q is none", id), "use "+strings.Join(Classes(), ", "))
	}
	l.top(len(l.Symptoms) > 0, "", "it has no symptoms", "add symptoms:, the main one first: "+ids(incident.Symptoms))
	l.top(l.Owner != "", "", "it has no owner", "add owner:, the team that keeps it up to date")
	l.top(l.summary != "", "", "it has no summary", "add summary:, what it is and what to do first, in one or two sentences")
	n := len([]rune(l.summary))
	l.top(n <= maxSummary, "summary:", fmt.Sprintf("its summary has %d characters", n), fmt.Sprintf("say it in %d", maxSummary))
}

// reviewed looks at the date of the last review; Load has made sure that it is one.
func (l *linter) reviewed() {
	last, _ := time.Parse(time.DateOnly, l.LastReviewed)
	today, _ := time.Parse(time.DateOnly, l.now.Format(time.DateOnly))
	days := int(today.Sub(last).Hours() / 24)
	l.top(days >= 0, "last_reviewed:", "last_reviewed "+l.LastReviewed+" is still to come", "write the day when somebody last read it whole")
	l.top(days <= maxAge, "last_reviewed:", fmt.Sprintf("it was last reviewed %d days ago", days), "read it again, correct it, and write today's date into last_reviewed:")
}

// counterexamples must not speak for the guide.
func (l *linter) counterexamples() {
	for _, said := range l.match.not {
		hits := l.match.quotes(read(said))
		l.top(len(hits) == 0, said, fmt.Sprintf("a pattern hits %s in the counter-example %q", enumerate(hits), said), "make the pattern narrower, or give it a not:")
		m := l.lib.Match(Query{Text: said})
		l.top(m.Guide != l.ID, said, fmt.Sprintf("the counter-example %q finds this guide: it %s", said, m.Why), "correct what it is found by, or add the phrase to the guide that it is for")
	}
}

// found asks whether the guide's own phrases lead to it, and none to another.
// The guide for "none of these" is found by abstaining.
func (l *linter) found() {
	some := len(l.Phrases) == 0
	for _, said := range l.Phrases {
		m := l.lib.Match(Query{Text: said})
		here := m.Guide == l.ID || m.Guide == "" && l.ID == noGuide
		some = some || here
		l.top(here || m.Guide == "", said, fmt.Sprintf("the phrase %q finds %s: it %s", said, m.Guide, m.Why), "say what sets the two apart, or move it there")
	}
	l.top(some, "phrases:", "none of its phrases finds it", "say more of what people say, in words of their own; tocsin guides match shows what finds what")
	l.top(len(l.Phrases)+len(l.match.patterns)+len(l.match.said) > 0, "", "no words find it", "add match: with phrases:, things people say when they mean it")
}

// decide looks at the tree's shape; Load has looked at its links.
func (l *linter) decide() {
	if len(l.Questions) == 0 {
		l.below(l.lineOf("## Decide"), "Decide has no questions, so the channel can only show it whole", "make each question a ### heading, with its answers as a list of - **Label**: what it means")
		return
	}
	t := tree{guide: l.Guide, deep: map[string]int{}}
	for _, q := range l.Questions {
		t.depth(q)
	}
	for _, c := range t.circles {
		l.below(l.lineOf("### "+c[0]), "the questions go in a circle: "+strings.Join(c, " → "), "let an answer lead out of it")
	}
	first := l.Questions[0]
	if n := t.deep[first.ID]; len(t.circles) == 0 && n > maxDepth {
		l.below(l.lineOf("### "+first.Title), fmt.Sprintf("its end is %d answers away", n), fmt.Sprintf("lead to a mitigation or another guide in %d at most", maxDepth))
	}
}

// tree is a guide's questions on the way down.
type tree struct {
	guide   *Guide
	deep    map[string]int // by question: how many answers the longest way to an end takes
	way     []Question     // that led here
	circles [][]string     // titles, the first again as the last
}

func (t *tree) depth(q Question) int {
	if n, known := t.deep[q.ID]; known {
		return n
	}
	if i := slices.IndexFunc(t.way, func(on Question) bool { return on.ID == q.ID }); i >= 0 {
		var titles []string
		for _, on := range append(t.way[i:len(t.way):len(t.way)], q) {
			titles = append(titles, on.Title)
		}
		t.circles = append(t.circles, titles)
		return 0
	}
	t.way = append(t.way, q)
	deepest := 1
	for _, a := range q.Answers {
		if next, ok := t.guide.Question(a.Question); ok && a.Question != "" {
			deepest = max(deepest, 1+t.depth(next))
		}
	}
	t.way = t.way[:len(t.way)-1]
	t.deep[q.ID] = deepest
	return deepest
}

// mitigate asks what each step costs: whoever takes it at night must know.
func (l *linter) mitigate() {
	for _, m := range l.Mitigations {
		var missing []string
		for _, word := range []string{"Risk:", "Reversible:", "Approves:"} {
			if !strings.Contains(m.Body, word) {
				missing = append(missing, word)
			}
		}
		if len(missing) > 0 {
			l.below(l.lineOf("### "+m.Name), fmt.Sprintf("the mitigation %q does not say %s", m.Name, strings.Join(missing, ", ")), "end it with a line such as: Takes: minutes. Risk: low. Reversible: yes. Approves: the commander.")
		}
	}
}

// code asks for commands that can be pasted and checked.
func (l *linter) code() {
	for _, s := range l.Sections {
		if !slices.Contains([]string{"Decide", "Investigate", "Mitigate"}, s.Title) {
			continue
		}
		lines, from := strings.Split(l.Body, "\n"), s.Line
		for _, b := range codes(markdown.Parse(s.Body)) {
			begin := before(b.Text, "\n")
			if at := slices.IndexFunc(lines[from:], func(line string) bool { return strings.Contains(line, begin) }); at >= 0 {
				from += at
			}
			if b.Lang != "bash" && b.Lang != "promql" {
				l.below(from+1, fmt.Sprintf("a code block is in %q", b.Lang), "write ```bash or ```promql; psql -c and jq carry other languages")
			}
		}
	}
}

// codes are the code blocks of a document, those within lists and quotes too.
func codes(blocks []markdown.Block) []markdown.Block {
	var out []markdown.Block
	for _, b := range blocks {
		if b.Kind == markdown.Code {
			out = append(out, b)
		}
		for _, item := range b.Items {
			out = append(out, codes(item.Blocks)...)
		}
		out = append(out, codes(b.Blocks)...)
	}
	return out
}
