package runbooks

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Query is what is known when a guide is looked for. Only Text is needed.
type Query struct {
	Text    string  // what a person or a monitor wrote; the first LongestText bytes count
	Symptom string  // the id of the symptom that a person chose
	Past    *Memory // what people chose before
	Context Context
}

// Match is the answer: a guide, or with Guide "" none, because nothing was clear
// enough.
type Match struct {
	Guide      string
	Confidence float64     // 0 to 1: how far ahead of the others the guide is
	Why        string      // after "it …", in words that quote the report: text from outside, to be escaped
	Candidates []Candidate // what came nearest, best first, at most maxCandidates
}

// Candidate is a guide that the report has some words for.
type Candidate struct {
	Guide string
	Score float64
	Named bool // the report says what is as good as its name
	Why   string
}

const maxCandidates = 5

// noGuide is the guide that stands for "none of these": its phrases are what
// people say of other things, or when they cannot tell yet.
const noGuide = "generic-triage"

// Match finds the guide for a report. It is deterministic and works offline: no
// network, no model. Unsure, it abstains.
func (l *Library) Match(q Query) Match {
	s := l.now.Load()
	r := read(q.Text)
	lessons := q.Past.all()
	n := s.index().near(r, lessons)
	n.lessons = lessons
	defer s.index().scratch.Put(n)
	s.score(n, r, q, &fitted)
	return s.choose(n, r, q, &fitted)
}

// choose serves the best guide if it is good enough and clearly ahead.
func (s *shelf) choose(n *near, r report, q Query, w *weights) Match {
	best := n.leaders()
	if s.named(n, best) {
		n.score[best[0]] = math.Inf(-1)
		best = n.leaders()
	}
	var all float64
	for _, score := range n.score {
		all += math.Exp(w.sharp * (score - n.score[best[0]]))
	}
	m := Match{}
	for _, i := range best {
		if n.score[i] > 0 && s.guides[i].ID != noGuide && (!n.silent(i) || symptomPrior(s.guides[i], q.Symptom, w) == w.main) {
			m.Candidates = append(m.Candidates, Candidate{Guide: s.guides[i].ID, Score: math.Round(100*n.score[i]) / 100, Named: n.parts[i].pattern >= 2, Why: s.why(n, i, r, q)})
		}
	}
	sure := w.sure
	if q.Symptom != "" {
		sure = w.sureSymptom
	}
	switch confidence := 1 / all; {
	case len(m.Candidates) == 0:
		m.Why = "says nothing that points to a guide"
	case s.guides[best[0]].ID == noGuide:
		m.Why = "sounds like nothing that a guide is for"
	case q.Symptom == "" && (n.silent(best[0]) || n.score[best[0]] < w.floor || n.thin(best[0])):
		m.Why = "says too little to go on, though it " + m.Candidates[0].Why
	case n.silent(best[0]) && n.known > 1:
		m.Why = "says nothing that points to one of these"
	case n.silent(best[0]) || n.thin(best[0]):
		if only := s.only(q.Symptom); only != nil {
			m.Guide, m.Confidence, m.Why = only.ID, w.sureSymptom, "is for the symptom"
			break
		}
		m.Why = "says nothing that points to one of these"
	case confidence < sure && len(m.Candidates) > 1:
		a, b := m.Candidates[0], m.Candidates[1]
		m.Why = fmt.Sprintf("could be %s (it %s) or %s (it %s)", a.Guide, a.Why, b.Guide, b.Why)
	default:
		m.Guide, m.Why, m.Confidence = m.Candidates[0].Guide, m.Candidates[0].Why, math.Round(100*confidence)/100
	}
	return m
}

// leaders are the guides with the best scores, best first, one more than are
// shown. Equals stay in the order of their ids.
func (n *near) leaders() []int {
	better := func(a, b int) int { return cmp.Or(cmp.Compare(n.score[b], n.score[a]), cmp.Compare(a, b)) }
	best := n.order[:0]
	for i := range n.score {
		if len(best) > maxCandidates && better(i, best[maxCandidates]) > 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, i, better)
		best = slices.Insert(best, at, i)
		best = best[:min(len(best), maxCandidates+1)]
	}
	n.order = best
	return best
}

// only is the guide that alone is for a symptom, nil if there are several.
func (s *shelf) only(symptom string) *Guide {
	var found *Guide
	for _, g := range s.guides {
		if len(g.Symptoms) > 0 && g.Symptoms[0] == symptom {
			if found != nil {
				return nil
			}
			found = g
		}
	}
	return found
}

// named tells whether a guide is called by its name in a report whose other words
// are of something else: that is no report about nothing.
func (s *shelf) named(n *near, best []int) bool {
	if len(best) < 2 || s.guides[best[0]].ID != noGuide || n.parts[best[0]].pattern > 0 {
		return false
	}
	return n.parts[best[1]].pattern >= 3 && n.score[best[0]]-n.score[best[1]] < 2
}

// thin tells whether all that speaks for a guide is a single word, which is no
// pattern of it.
func (n *near) thin(i int) bool {
	return n.known < 2 && n.parts[i].pattern < 2 && n.like[i] < 0.9 && n.lesson[i] == 0
}

// silent tells whether a report has no word for a guide: its score is prior.
func (n *near) silent(i int) bool {
	return n.parts[i].pattern == 0 && n.words[i] == 0 && n.lesson[i] == 0
}

// why tells what speaks for a guide, after "it …".
func (s *shelf) why(n *near, i int, r report, q Query) string {
	var why []string
	if quotes := s.guides[i].match.quotes(r); len(quotes) > 0 {
		why = append(why, "says "+enumerate(quotes))
	} else if words := s.index().telling(r, i); len(words) > 0 {
		why = append(why, "says "+enumerate(words))
	}
	if p := n.phrase[i]; p >= 0 && n.like[i] > sounds {
		why = append(why, "sounds like "+strconv.Quote(short(s.index().phrases[p].text)))
	}
	if l := n.taught[i]; l >= 0 && n.lesson[i] > sounds {
		why = append(why, "is like a report for which people chose it ("+n.lessons[l].name+")")
	}
	why = append(why, q.Context.why(s.guides[i])...)
	switch {
	case len(why) == 0 && n.silent(i):
		return "is for the symptom"
	case len(why) == 0:
		return "has a few words of it"
	}
	return strings.Join(why, ", and ")
}

// sounds is how near a phrase must be to be quoted.
const sounds = 0.35

func enumerate(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
