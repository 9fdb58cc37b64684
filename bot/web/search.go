package web

import (
	"net/url"
	"slices"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/runbooks"
)

// question is what somebody looks for.
type question struct{ text, symptom string }

// answerView is what search.html shows.
type answerView struct {
	form
	Symptom  string  // label of the one that was chosen, or ""
	Anew     string  // address of the question without it
	Best     *entry  // nil: nothing is clear enough
	Others   []entry // what else comes near
	Symptoms []link  // to choose from, if nothing is clear enough
	Triage   *entry  // nil: there is none
	Found    []found // those that have every word
}

type link struct{ Href, Label, Means string }

// found is a guide that has every word, with a line of it.
type found struct {
	entry
	Line  []piece
	worth int
}

// answer shows what the matching says, and what has the words literally.
func (e *edition) answer(q question, m runbooks.Match) page {
	v := answerView{
		form:   form{Home: e.home, Q: incident.Line(q.text)},
		Anew:   e.ask(question{text: q.text}),
		Others: e.others(m),
		Found:  e.find(q.text),
	}
	if q.symptom != "" {
		v.Symptom = incident.Label(incident.Symptoms, q.symptom)
	}
	if g, ok := e.guide(m.Guide); ok {
		best := e.because(g, m.Why)
		v.Best = &best
	} else {
		e.unsure(&v, q)
	}
	return makePage(markdown.Sheet{Title: "Which guide fits?", Form: true}, "search.html", v)
}

// unsure lets the person say more.
func (e *edition) unsure(v *answerView, q question) {
	for _, t := range symptoms() {
		v.Symptoms = append(v.Symptoms, link{e.ask(question{q.text, t.ID}), t.Label, t.Means})
	}
	if g, ok := e.guide(triage); ok {
		first := e.entry(g)
		v.Triage = &first
	}
}

// others are the candidates besides the one that was chosen.
func (e *edition) others(m runbooks.Match) []entry {
	var out []entry
	for _, c := range m.Candidates {
		if g, ok := e.guide(c.Guide); ok && c.Guide != m.Guide {
			out = append(out, e.because(g, c.Why))
		}
	}
	return out
}

func (e *edition) because(g *runbooks.Guide, why string) entry {
	en := e.entry(g)
	en.Why = incident.Line(why)
	return en
}

// ask is the address of a question.
func (e *edition) ask(q question) string {
	v := url.Values{"q": {q.text}}
	if q.symptom != "" {
		v.Set("symptom", q.symptom)
	}
	return e.home + "?" + v.Encode()
}

// find returns the guides that have every word of q, first those that have the
// most of them in one line.
func (e *edition) find(q string) []found {
	words := wordsOf(q)
	if len(words) == 0 {
		return nil
	}
	var out []found
	for i, t := range e.texts() {
		if slices.ContainsFunc(words, func(w string) bool { return !t.has(w) }) {
			continue
		}
		line, worth := t.best(q, words)
		out = append(out, found{e.entry(e.guides[i]), excerpt(line, words), worth})
	}
	slices.SortStableFunc(out, func(a, b found) int { return b.worth - a.worth })
	return out
}
