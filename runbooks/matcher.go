package runbooks

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// match is the front matter's account of what finds a guide.
type match struct {
	Patterns []struct {
		Weight float64 `yaml:"weight"`
		Re     string  `yaml:"re"`  // RE2, upper and lower case alike
		Not    string  `yaml:"not"` // the pattern does not count if this is there too
	} `yaml:"patterns"`
	Phrases []string `yaml:"phrases"` // things people say
	Not     []string `yaml:"not"`     // things people say when they mean something else
}

// matcher is match made ready.
type matcher struct {
	patterns     []pattern
	phrases, not []phrase
}

type pattern struct {
	weight  float64
	re, not *regexp.Regexp // not may be nil
}

type phrase struct {
	said  string
	stems []string
}

// compile makes a matcher of what is right, and says what is not; src is the file.
func compile(m match, src []byte) (matcher, []Problem) {
	var out matcher
	var problems []Problem
	bad := func(value, what, do string) {
		problems = append(problems, Problem{Line: lineOf(src, value), What: what, Do: do})
	}
	for _, p := range m.Patterns {
		re, err := regexp.Compile("(?i)" + p.Re)
		if err != nil || p.Re == "" || p.Weight < 1 || p.Weight > 3 {
			bad(p.Re, fmt.Sprintf("pattern %q of weight %v cannot be used", p.Re, p.Weight), "write a Go regular expression and a weight from 1 to 3")
			continue
		}
		var not *regexp.Regexp
		if p.Not != "" {
			if not, err = regexp.Compile("(?i)" + p.Not); err != nil {
				bad(p.Not, fmt.Sprintf("not %q cannot be used", p.Not), "write a Go regular expression")
			}
		}
		out.patterns = append(out.patterns, pattern{p.Weight, re, not})
	}
	slices.SortStableFunc(out.patterns, func(a, b pattern) int { return cmp.Compare(b.weight, a.weight) })
	phrases := func(said []string) (list []phrase) {
		for _, s := range said {
			p := phrase{s, keys(stems(s))}
			if len(p.stems) < 2 {
				bad(s, fmt.Sprintf("phrase %q has fewer than two telling words", s), "make it longer, or make it a pattern")
			}
			list = append(list, p)
		}
		return list
	}
	out.phrases, out.not = phrases(m.Phrases), phrases(m.Not)
	return out, problems
}

// lineOf returns the line of the file that a value of the front matter is on.
func lineOf(src []byte, value string) int {
	if i := bytes.Index(src, []byte(value)); i > 0 {
		return bytes.Count(src[:i], []byte("\n")) + 1
	}
	return 1
}

// score says how well a report fits, and why, in words that quote it.
func (m matcher) score(text string, words map[string]bool) (score float64, why []string) {
	score, said := m.says(text)
	if len(said) > 0 {
		why = append(why, "says "+strings.Join(said[:min(len(said), 3)], " and "))
	}
	if share, p := best(m.phrases, words); share >= phraseShare {
		score += phraseWorth * share
		why = append(why, fmt.Sprintf("sounds like %q", p.said))
	}
	if share, _ := best(m.not, words); share == 1 {
		score -= notPenalty
	}
	return score, why
}

// says adds up the patterns that hit, the weightiest first. Words count once:
// a pattern that hits within what another has found adds nothing.
func (m matcher) says(text string) (score float64, said []string) {
	var counted [][]int
	for _, p := range m.patterns {
		hit := p.re.FindStringIndex(text)
		if hit == nil || p.not != nil && p.not.MatchString(text) {
			continue
		}
		overlaps := func(c []int) bool { return hit[0] < c[1] && c[0] < hit[1] }
		if slices.ContainsFunc(counted, overlaps) {
			continue
		}
		counted = append(counted, hit)
		score += p.weight
		said = append(said, strconv.Quote(strings.Join(strings.Fields(text[hit[0]:hit[1]]), " ")))
	}
	return score, said
}

// best returns the phrase of which the largest share of words is in the report.
// Fewer than three words together say little, unless the phrase has only two.
func best(phrases []phrase, words map[string]bool) (share float64, found phrase) {
	for _, p := range phrases {
		hits := 0
		for _, s := range p.stems {
			if words[s] {
				hits++
			}
		}
		if part := float64(hits) / float64(len(p.stems)); hits >= min(3, len(p.stems)) && part > share {
			share, found = part, p
		}
	}
	return share, found
}

// stems returns the telling words of a text, each cut to its stem.
func stems(text string) map[string]bool {
	out := map[string]bool{}
	text = strings.NewReplacer("’", "", "'", "").Replace(strings.ToLower(text))
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !filler(w) {
			out[stem(w)] = true
		}
	}
	return out
}

// stem takes off the commonest English endings; "errors", "erroring" and "error" are one.
func stem(w string) string {
	for _, end := range []string{"ings", "ing", "edly", "ed", "ly", "es", "s", "e"} {
		if root := strings.TrimSuffix(w, end); root != w && len(root) >= 3 {
			if n := len(root); n > 3 && root[n-1] == root[n-2] && root[n-1] != 'l' && root[n-1] != 's' {
				root = root[:n-1] // stopping, stop
			}
			return root
		}
	}
	return w
}

// filler reports whether a word carries no symptom.
func filler(w string) bool { return strings.Contains(fillers, " "+w+" ") }

const fillers = " a about after again all also an and any are as at be been but by can could did do does " +
	"every for from get gets got had has have how i if im in into is it its ive just like me my no now of on or our " +
	"out over please really same seem seems she should so some something still than that the their them then there " +
	"these they this to today too up us very was we went were what when where which while who why will with would you your " +
	"ai bot assistant chat model agent app user users customer customers thing things since until only "

func keys(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	return out
}
