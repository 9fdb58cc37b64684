package runbooks

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// index finds guides by words. It is made once, when a library is loaded, of four
// views of the guides' words:
//
//	stems     of each guide, scored with BM25 (Robertson and Zaragoza 2009, §3.2)
//	trigrams  of its words' letters, likewise: for typing errors and word forms
//	bayes     how much more often a stem is in this guide's phrases than in all
//	          others' (naive Bayes by the complement, Rennie et al. 2003)
//	phrases   the stems of each single phrase, compared by cosine
//
// A guide's words are counted by the phrases that have them, so what many ways
// of saying it share weighs more than what one repeats.
type index struct {
	stems   map[string]*term
	grams   map[gram][]posting
	phrases []phrase
	guides  int
	ids     map[string]int // guides by id
	unknown float32        // worth of a stem that no phrase has
	base    []float32      // of each guide, for each stem of a report that is known
	scratch sync.Pool
}

// term is one stem.
type term struct {
	idf     float32 // among phrases
	guides  []posting
	bayes   []posting // beyond absent
	absent  float32   // what it says for a guide that does not have it
	phrases []int32   // of index.phrases
}

// posting is what a term is worth to a guide.
type posting struct {
	guide int32
	worth float32
}

// phrase is one phrase of one guide; against tells that it is one of the guide's
// counter-examples.
type phrase struct {
	guide   int32
	against bool
	norm    float32
	text    string
}

// BM25's numbers, as the literature has them; what the words of a guide's own
// account count against one phrase; and what Bayes takes an unseen word for.
const (
	saturation = 1.2
	lengths    = 0.5
	account    = 1.5
	unseen     = 0.3
)

// field is the words of one guide with their counts.
type field[K comparable] map[K]float64

func newIndex(guides []*Guide) *index {
	x := &index{stems: map[string]*term{}, guides: len(guides), ids: map[string]int{}}
	stems, letters := make([]field[string], len(guides)), make([]field[gram], len(guides))
	for i, g := range guides {
		x.ids[g.ID] = i
		stems[i], letters[i] = field[string]{}, field[gram]{}
		count := func(r report, worth float64) {
			for _, s := range r.stems {
				stems[i][s] += worth
			}
			for _, l := range r.grams {
				letters[i][l] += worth
			}
		}
		for _, p := range slices.Concat(g.match.phrases, g.match.said) {
			r := read(p)
			count(r, 1)
			x.say(phrase{guide: int32(i), text: p}, r)
		}
		for _, p := range g.match.not {
			x.say(phrase{guide: int32(i), text: p, against: true}, read(p))
		}
		count(read(g.ID+" "+g.Title+" "+g.Summary()), account)
		count(read(g.Section("Detect")), account)
	}
	for s, list := range bm25(stems) {
		x.term(s).guides = list
	}
	x.grams = bm25(letters)
	x.learn(stems)
	x.weigh()
	return x
}

func (x *index) term(s string) *term {
	t := x.stems[s]
	if t == nil {
		t = &term{}
		x.stems[s] = t
	}
	return t
}

// say adds a phrase.
func (x *index) say(p phrase, r report) {
	for _, s := range r.stems {
		t := x.term(s)
		t.phrases = append(t.phrases, int32(len(x.phrases)))
	}
	x.phrases = append(x.phrases, p)
}

// weigh gives each stem its worth among all phrases, and each phrase its norm.
func (x *index) weigh() {
	worth := func(phrases int) float32 {
		return float32(math.Log(1 + (float64(len(x.phrases))+1)/(float64(phrases)+0.5)))
	}
	x.unknown = worth(0)
	norms := make([]float64, len(x.phrases))
	for _, s := range sortedKeys(x.stems) { // in order: sums of floats depend on it
		t := x.stems[s]
		t.idf = worth(len(t.phrases))
		for _, p := range t.phrases {
			norms[p] += float64(t.idf) * float64(t.idf)
		}
	}
	for i := range x.phrases {
		x.phrases[i].norm = float32(math.Sqrt(norms[i]))
	}
}

// learn fills in Bayes.
func (x *index) learn(docs []field[string]) {
	total, all := map[string]float64{}, 0.0
	sizes := make([]float64, len(docs))
	for i, d := range docs {
		for _, s := range sortedKeys(d) {
			total[s] += d[s]
			sizes[i] += d[s]
		}
		all += sizes[i]
	}
	vocabulary := unseen * float64(len(total))
	x.base = make([]float32, len(docs))
	for i := range docs {
		x.base[i] = float32(math.Log((all - sizes[i] + vocabulary) / (sizes[i] + vocabulary)))
	}
	for s, n := range total {
		t := x.term(s)
		t.absent = float32(math.Log(unseen) - math.Log(n+unseen))
		for _, p := range t.guides {
			here := docs[p.guide][s]
			says := float32(math.Log(here+unseen) - math.Log(n-here+unseen))
			t.bayes = append(t.bayes, posting{p.guide, says - t.absent})
		}
	}
}

// bm25 weighs the terms of documents.
func bm25[K comparable](docs []field[K]) map[K][]posting {
	spread := map[K]int{}
	var total float64
	sizes := make([]float64, len(docs))
	for i, d := range docs {
		for k, n := range d {
			spread[k]++
			sizes[i] += n
		}
		total += sizes[i]
	}
	mean := max(total/float64(max(len(docs), 1)), 1)
	out := map[K][]posting{}
	for i, d := range docs {
		for k, n := range d {
			idf := math.Log(1 + (float64(len(docs)-spread[k])+0.5)/(float64(spread[k])+0.5))
			worth := idf * n * (saturation + 1) / (n + saturation*(1-lengths+lengths*sizes[i]/mean))
			out[k] = append(out[k], posting{int32(i), float32(worth)})
		}
	}
	return out
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
