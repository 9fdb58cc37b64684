package runbooks

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// The matcher's numbers. They are choices, not measurements: a pattern's weight
// is 1 (a hint) to 3 (as good as a name), a phrase said word for word is worth 3.
const (
	enough       = 2.0  // below this score no guide is served
	lead         = 1.5  // the best must be ahead of the second by this much
	phraseWorth  = 3.0  // of a phrase whose every word is there
	phraseShare  = 0.6  // of a phrase's words that must be there
	symptomBonus = 1.0  // for a guide of the symptom a person chose
	notPenalty   = 3.0  // for a phrase, every word of it there, that means something else
	longestText  = 8192 // bytes of a report that are read
)

// Query is what is known when a guide is looked for.
type Query struct {
	Text    string // what a person or a monitor wrote
	Symptom string // a symptom id that a person chose, or ""; only its guides are considered
}

// Match is the answer: a guide, or with Guide "" none, because nothing was clear
// enough. Candidates are what came near, best first, at most three.
type Match struct {
	Guide      string
	Confidence float64 // 0 to 1, for comparing matches; not a probability
	Why        string  // in words that quote the report: plain text from outside, to be escaped
	Candidates []Candidate
}

// Candidate is a guide that the report has some words for.
type Candidate struct {
	Guide string
	Score float64
	Why   string
}

// Match finds the guide for a report. It is deterministic and works offline.
func (l *Library) Match(q Query) Match {
	text := strings.ToValidUTF8(q.Text[:min(len(q.Text), longestText)], "")
	words := stems(text)
	symptom := q.Symptom
	if symptom == "unclassified" {
		symptom = ""
	}
	var found []Candidate
	for _, g := range l.guides {
		if symptom != "" && !slices.Contains(g.Symptoms, symptom) {
			continue
		}
		score, why := g.match.score(text, words)
		if score <= 0 {
			continue
		}
		if symptom != "" {
			score += symptomBonus
		}
		found = append(found, Candidate{Guide: g.ID, Score: score, Why: strings.Join(why, " and ")})
	}
	slices.SortStableFunc(found, func(a, b Candidate) int { return cmp.Compare(b.Score, a.Score) }) // equals stay by id
	return choose(found)
}

// choose serves the best candidate if it is good enough and clearly ahead.
func choose(found []Candidate) Match {
	m := Match{Candidates: found[:min(len(found), 3)]}
	if len(found) == 0 {
		m.Why = "nothing in the report points to a guide"
		return m
	}
	best, second := found[0], Candidate{}
	if len(found) > 1 {
		second = found[1]
	}
	switch {
	case best.Score < enough:
		m.Why = fmt.Sprintf("too little to go on: it %s", best.Why)
	case best.Score-second.Score < lead:
		m.Why = fmt.Sprintf("it could be %s (%s) or %s (%s)", best.Guide, best.Why, second.Guide, second.Why)
	default:
		m.Guide, m.Why = best.Guide, best.Why
		m.Confidence = math.Round(100*best.Score/(best.Score+second.Score+1)) / 100
	}
	return m
}
