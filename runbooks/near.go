package runbooks

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// near is how a report stands to each guide. It is used again for the next one.
type near struct {
	words, letters, bayes []float32
	like, second          []float32 // cosine with the guide's two nearest phrases, 0 to 1
	against               []float32 // with the nearest of its counter-examples
	phrase                []int32   // the nearest phrase, -1 for none
	lesson                []float32 // with the nearest lesson
	taught                []int32   // that lesson, -1 for none
	lessons               []lesson  // as they were when the report was read
	dots                  []float32 // by phrase
	norm                  float32   // the worth of the report's words together
	known                 int       // how many of its words, ideas apart, any guide has
	parts                 []parts
	score                 []float64
	order                 []int
}

func (x *index) fresh() *near {
	if n, ok := x.scratch.Get().(*near); ok {
		for _, list := range [][]float32{n.words, n.letters, n.bayes, n.like, n.second, n.against, n.lesson, n.dots} {
			clear(list)
		}
		return n
	}
	floats := func() []float32 { return make([]float32, x.guides) }
	return &near{
		words: floats(), letters: floats(), bayes: floats(), like: floats(), second: floats(), against: floats(), lesson: floats(),
		phrase: make([]int32, x.guides), taught: make([]int32, x.guides), dots: make([]float32, len(x.phrases)),
		parts: make([]parts, x.guides), score: make([]float64, x.guides),
	}
}

// strangers is how much a word that no phrase has counts in a report's length:
// less than one that many have, for people tell more than they need to.
const strangers = 0.25

// doubt keeps Bayes from being sure of few words.
const doubt = 4

// near compares a report with every guide, and with what people chose before.
func (x *index) near(r report, lessons []lesson) *near {
	n := x.fresh()
	var squares, absent, known float32
	n.known = 0
	for _, s := range r.stems {
		t := x.stems[s]
		if t == nil {
			squares += x.unknown * x.unknown * strangers
			continue
		}
		squares += t.idf * t.idf
		for _, p := range t.guides {
			n.words[p.guide] += p.worth
		}
		if !isIdea(s) && len(t.guides) > 0 {
			n.known++
		}
		if len(t.bayes) > 0 {
			known++
			absent += t.absent
		}
		for _, p := range t.bayes {
			n.bayes[p.guide] += p.worth
		}
		for _, p := range t.phrases {
			n.dots[p] += t.idf * t.idf
		}
	}
	for _, g := range r.grams {
		for _, p := range x.grams[g] {
			n.letters[p.guide] += p.worth
		}
	}
	for i := range n.bayes {
		n.bayes[i] = (n.bayes[i] + absent + known*x.base[i]) / (known + doubt)
		n.phrase[i], n.taught[i] = -1, -1
	}
	n.norm = float32(math.Sqrt(float64(squares)))
	x.nearest(n)
	x.taught(n, r, lessons)
	return n
}

// nearest finds each guide's nearest phrases.
func (x *index) nearest(n *near) {
	for i, p := range x.phrases {
		if n.dots[i] == 0 {
			continue
		}
		like := n.dots[i] / (n.norm * p.norm)
		switch g := p.guide; {
		case p.against:
			n.against[g] = max(n.against[g], like)
		case like > n.like[g]:
			n.second[g] = n.like[g]
			n.like[g], n.phrase[g] = like, int32(i)
		case like > n.second[g]:
			n.second[g] = like
		}
	}
}

// taught finds each guide's nearest lesson.
func (x *index) taught(n *near, r report, lessons []lesson) {
	worth := func(s string) float32 {
		if t := x.stems[s]; t != nil {
			return t.idf * t.idf
		}
		return x.unknown * x.unknown
	}
	for k, l := range lessons {
		i, ok := x.ids[l.guide]
		if !ok {
			continue
		}
		var shared, own, theirs float32
		for _, s := range l.report.stems {
			theirs += worth(s)
			if _, ok := r.words[s]; ok {
				shared += worth(s)
			}
		}
		for _, s := range r.stems {
			own += worth(s)
		}
		like := shared / float32(math.Sqrt(float64(own)*float64(theirs))+1e-6)
		if like > alike && like > n.lesson[i] {
			n.lesson[i], n.taught[i] = like, int32(k)
		}
	}
}

// alike is how near a lesson must be to teach anything.
const alike = 0.3

// telling are the report's words that speak most for a guide, as it wrote them.
func (x *index) telling(r report, guide int) []string {
	type weighed struct {
		word  string
		worth float32
	}
	var list []weighed
	for _, s := range r.stems {
		t := x.stems[s]
		if t == nil {
			continue
		}
		for _, p := range t.bayes {
			if worth := p.worth + t.absent + x.base[guide]; int(p.guide) == guide && worth > 1 {
				list = append(list, weighed{strconv.Quote(r.words[s]), worth})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b weighed) int { return cmp.Compare(b.worth, a.worth) })
	var out []string
	for _, w := range list {
		if !slices.Contains(out, w.word) && len(out) < 3 {
			out = append(out, w.word)
		}
	}
	return out
}
