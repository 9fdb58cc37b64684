package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"tocsin/bot/incident"
	"tocsin/runbooks"
)

type guidesMatchCmd struct {
	contentFlags
	JSON    bool     `name:"json" help:"One JSON object a line: guide, symptom, confidence, candidates and, where it abstains, what to ask."`
	Symptom string   `placeholder:"ID" help:"What a person says it is like, for example performance-degradation."`
	Service string   `placeholder:"NAME" help:"The service that it is about."`
	Text    []string `arg:"" optional:"" help:"What was said. Without it, one report a line is read from standard input."`
}

// Run answers each report on a line of its own, in their order.
func (c *guidesMatchCmd) Run(e *env) error {
	symptom, err := c.symptom()
	if err != nil {
		return err
	}
	content, err := c.load()
	if err != nil {
		return err
	}
	warn(e, content)
	answer := func(text string) error {
		if len(text) > runbooks.LongestText {
			fmt.Fprintf(e.stderr, "tocsin: a report of %d KiB: only its first %d KiB were read\n", len(text)>>10, runbooks.LongestText>>10)
		}
		q := runbooks.Query{Text: text, Symptom: symptom, Context: content.services.Context(c.Service, text)}
		return c.print(e.stdout, content.guides, matching(content.guides, q))
	}
	if len(c.Text) > 0 {
		return answer(strings.Join(c.Text, " "))
	}
	return eachLine(e.ctx, e.stdin, func(n int, line string, cut bool) error {
		if cut {
			fmt.Fprintf(e.stderr, "tocsin: line %d is longer than 1 MiB: only its beginning was read\n", n)
		}
		return answer(line)
	})
}

// symptom reads the symptom that was given, as its id or its word.
func (c *guidesMatchCmd) symptom() (string, error) {
	t, ok := incident.Find(incident.Symptoms, c.Symptom)
	if !ok && c.Symptom != "" {
		var ids []string
		for _, s := range incident.Symptoms {
			ids = append(ids, s.ID)
		}
		return "", fmt.Errorf("there is no symptom %q: use %s", c.Symptom, strings.Join(ids, ", "))
	}
	return t.ID, nil
}

// matched is the answer to one report. Its names are what other programs read.
type matched struct {
	Guide      string      `json:"guide"` // "" when abstaining
	Symptom    string      `json:"symptom"`
	Confidence float64     `json:"confidence"` // 0 to 1
	Candidates []candidate `json:"candidates"` // the best first
	Ask        []string    `json:"ask"`        // when abstaining: a question, and the answers to choose from

	why string
}

type candidate struct {
	Guide string  `json:"guide"`
	Score float64 `json:"score"`
	Why   string  `json:"why"`
}

// matching answers a report.
func matching(lib *runbooks.Library, q runbooks.Query) matched {
	m := lib.Match(q)
	out := matched{Guide: m.Guide, Confidence: m.Confidence, Candidates: []candidate{}, Ask: []string{}, why: m.Why}
	for _, c := range m.Candidates {
		out.Candidates = append(out.Candidates, candidate{c.Guide, c.Score, c.Why})
	}
	if out.Symptom = q.Symptom; out.Symptom == "" {
		out.Symptom = likely(lib, m)
	}
	if m.Guide == "" {
		out.Ask = toAsk(lib, q.Symptom)
	}
	return out
}

// ahead is how far the best candidate's score must be above that of the first
// one with another symptom for its symptom to be taken.
const ahead = 1.5

// likely is the symptom that a match speaks for.
func likely(lib *runbooks.Library, m runbooks.Match) string {
	symptom := func(guide string) string {
		g, ok := lib.Guide(guide)
		if !ok || len(g.Symptoms) == 0 {
			return incident.Unclassified
		}
		return g.Symptoms[0]
	}
	if m.Guide != "" || len(m.Candidates) == 0 {
		return symptom(m.Guide)
	}
	best := m.Candidates[0]
	score := best.Score
	for _, c := range m.Candidates[1:] {
		if symptom(c.Guide) != symptom(best.Guide) {
			score -= max(c.Score, 0)
			break
		}
	}
	if score < ahead {
		return incident.Unclassified
	}
	return symptom(best.Guide)
}

// toAsk is what triage asks next, once a symptom is known or "" before, and the
// answers to choose from.
func toAsk(lib *runbooks.Library, symptom string) []string {
	triage, ok := lib.Guide(incident.Triage)
	if !ok {
		return []string{}
	}
	q, _ := triage.Question("")
	for _, a := range q.Answers {
		if s, ok := incident.Find(incident.Symptoms, a.Label); ok && s.ID == symptom {
			q = next(lib, triage, a, q)
			break
		}
	}
	out := []string{q.Title}
	for _, a := range q.Answers {
		out = append(out, a.Label)
	}
	return out
}

// next is the question that an answer leads to, in its own guide or at the
// beginning of another; q if it leads to none.
func next(lib *runbooks.Library, g *runbooks.Guide, a runbooks.Answer, q runbooks.Question) runbooks.Question {
	to := a.Question
	if other, ok := lib.Guide(a.Guide); ok {
		g, to = other, ""
	} else if to == "" {
		return q
	}
	if next, ok := g.Question(to); ok {
		return next
	}
	return q
}

// print writes an answer for programs or for people.
func (c *guidesMatchCmd) print(w io.Writer, lib *runbooks.Library, m matched) error {
	if c.JSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(m)
	}
	_, err := io.WriteString(w, m.text(lib))
	return err
}

// text is an answer in words.
func (m matched) text(lib *runbooks.Library) string {
	var s strings.Builder
	if g, ok := lib.Guide(m.Guide); ok {
		fmt.Fprintf(&s, "%s: %s\n  It %s.\n", g.ID, g.Title, m.why)
	} else {
		fmt.Fprintf(&s, "no guide: it %s.\n", m.why)
	}
	for _, c := range m.Candidates {
		if c.Guide != m.Guide {
			fmt.Fprintf(&s, "  near: %s (%.2f), it %s\n", c.Guide, c.Score, c.Why)
		}
	}
	if len(m.Ask) > 0 {
		fmt.Fprintf(&s, "  ask: %s %s\n", m.Ask[0], strings.Join(m.Ask[1:], " | "))
	}
	return s.String() + "\n"
}
