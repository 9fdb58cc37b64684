package runbooks

import (
	"math"
	"slices"
)

// weights are what the parts of a score count. They were fitted to labelled
// reports by a random search (guides eval shows what they come to); their order
// of size is what matters, not their digits.
type weights struct {
	pattern, words, letters, bayes, like, second, against, lesson float64
	// of a guide whose first symptom is the one a person chose, one of its others,
	// none
	main, other, foreign float64
	sharp                float64 // of the softmax that makes confidences
	floor                float64 // the least score to be served
	sure, sureSymptom    float64 // the least confidence to be served
}

var fitted = weights{
	pattern: 0.6, words: 1.95, letters: 1.9, bayes: 2.3, like: 4.6, second: 1.4, against: 6, lesson: 6,
	main: 2.3, other: 1.2, foreign: -4,
	sharp: 1.5, floor: 0.2, sure: 0.53, sureSymptom: 0.4,
}

// mostPatterns is what patterns can be worth together.
const mostPatterns = 6

// score fills n.score. Patterns are asked last, and only of the guides that they
// could bring to the front: there may be thousands.
func (s *shelf) score(n *near, r report, q Query, w *weights) {
	for i, g := range s.guides {
		n.parts[i] = parts{
			words:   float64(n.words[i]) / (float64(n.norm) + 4),
			letters: float64(n.letters[i]) / (float64(len(r.grams)) + 20),
			bayes:   float64(n.bayes[i]), like: float64(n.like[i]), second: float64(n.second[i]),
			against: max(0, float64(n.against[i])-0.8*float64(n.like[i])), lesson: float64(n.lesson[i]), few: g.match.few(),
			prior: q.Context.prior(g) + symptomPrior(g, q.Symptom, w),
		}
		n.score[i] = n.parts[i].sum(w)
	}
	least := math.Inf(-1)
	if front := n.leaders(); len(front) > 0 {
		least = n.score[front[len(front)-1]]
	}
	for i, g := range s.guides {
		most := n.parts[i]
		if most.pattern = mostPatterns; most.sum(w) >= least {
			p, _ := g.match.hits(r)
			n.parts[i].pattern = min(p, mostPatterns)
			n.score[i] = n.parts[i].sum(w)
		}
	}
}

// parts are what a score is made of.
type parts struct {
	pattern, words, letters, bayes, like, second, against, lesson, prior float64
	few                                                                  float64 // 1: a guide without phrases; near 0: one with many
}

// own is how many times what the author says outright counts.
func (p parts) own() float64 { return 1 + 2*p.few }

func (p parts) sum(w *weights) float64 {
	return w.pattern*p.pattern*p.own() + w.words*p.words + w.letters*p.letters + w.bayes*p.bayes*(1-p.few) +
		w.like*p.like + w.second*p.second - w.against*p.against*p.own() + w.lesson*p.lesson + p.prior
}

func symptomPrior(g *Guide, symptom string, w *weights) float64 {
	switch {
	case symptom == "" || g.ID == noGuide:
		return 0
	case len(g.Symptoms) > 0 && g.Symptoms[0] == symptom:
		return w.main
	case slices.Contains(g.Symptoms, symptom):
		return w.other
	}
	return w.foreign
}
