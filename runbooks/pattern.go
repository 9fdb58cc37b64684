package runbooks

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	phrases, not []string
	said         []string // reports that meant it
}

// pattern is a regular expression with its worth, 1 to 3.
type pattern struct {
	weight  float64
	re, not expr  // of texts in lower case; not may be nil
	needs   *need // what is in every text that re matches
}

// expr is a regular expression, compiled when it is first needed: there are
// thousands, and most are ruled out by what they need.
type expr func() *regexp.Regexp

// compile makes a matcher of what is right, and says what is not; src is the file.
func compile(m match, src []byte) (matcher, []Problem) {
	out := matcher{phrases: m.Phrases, not: m.Not}
	var problems []Problem
	bad := func(value, what, do string) {
		problems = append(problems, Problem{Line: lineOf(src, value), What: what, Do: do})
	}
	for _, p := range m.Patterns {
		re, needs, err := expression(p.Re)
		if err != nil || p.Re == "" || p.Weight < 1 || p.Weight > 3 {
			bad(p.Re, fmt.Sprintf("pattern %q of weight %v cannot be used", p.Re, p.Weight), "write a Go regular expression and a weight from 1 to 3")
			continue
		}
		var not expr
		if p.Not != "" {
			if not, _, err = expression(p.Not); err != nil {
				bad(p.Not, fmt.Sprintf("not %q cannot be used", p.Not), "write a Go regular expression")
			}
		}
		out.patterns = append(out.patterns, pattern{p.Weight, re, not, needs})
	}
	slices.SortStableFunc(out.patterns, func(a, b pattern) int { return int(b.weight*100 - a.weight*100) })
	for _, s := range slices.Concat(m.Phrases, m.Not) {
		if !speaks(s) {
			bad(s, fmt.Sprintf("phrase %q has no telling word", s), "say more, or leave it out")
		}
	}
	return out, problems
}

// few is how little a guide has of what people say: 1 for nothing, a half for ten
// phrases. Its patterns and counter-examples then count more, up to three times,
// and Bayes, which knows words from phrases alone, less: so a team's short guide
// stands its ground beside those with hundreds.
func (m matcher) few() float64 { return 10 / (10 + float64(len(m.phrases)+len(m.said))) }

// lineOf returns the line of the file that a value of the front matter is on.
func lineOf(src []byte, value string) int {
	if i := bytes.Index(src, []byte(value)); i > 0 {
		return bytes.Count(src[:i], []byte("\n")) + 1
	}
	return 1
}

// quotes are what the patterns hit, as the report wrote it.
func (m matcher) quotes(r report) []string {
	var quotes []string
	_, hits := m.hits(r)
	for _, hit := range hits {
		quotes = append(quotes, strconv.Quote(short(r.written(hit))))
	}
	return quotes
}

// hits adds up the patterns that hit, the weightiest first, and tells where.
// Words count once: a pattern that hits within what another has found adds
// nothing.
func (m matcher) hits(r report) (score float64, counted [][]int) {
	for _, p := range m.patterns {
		if !p.needs.met(r.lower) { // it can be told in a moment, and there are thousands
			continue
		}
		hit := p.re().FindStringIndex(r.lower)
		if hit == nil || p.not != nil && p.not().MatchString(r.lower) {
			continue
		}
		if slices.ContainsFunc(counted, func(c []int) bool { return hit[0] < c[1] && c[0] < hit[1] }) {
			continue
		}
		counted = append(counted, hit)
		score += p.weight
	}
	return score, counted
}

// written is a part of the text in lower case as the report wrote it.
func (r report) written(hit []int) string {
	if len(r.text) != len(r.lower) { // a letter whose small form is longer
		return r.lower[hit[0]:hit[1]]
	}
	return r.text[hit[0]:hit[1]]
}

// short is a quotation that fits into a sentence.
func short(s string) string {
	words := strings.Fields(s)
	if len(words) > 8 {
		words = append(words[:8], "…")
	}
	if s = strings.Join(words, " "); len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// expression reads an expression to be matched with a text in lower case, and
// tells what it needs. That is the same as matching without regard to case, and
// several times as fast.
func expression(text string) (expr, *need, error) {
	tree, err := small(text)
	if err != nil {
		return nil, nil, err
	}
	return sync.OnceValue(func() *regexp.Regexp {
		tree, _ := small(text) // a tree is larger than its text, so it is made again
		return regexp.MustCompile(tree.String())
	}), needs(tree), nil
}

// small is the tree of an expression for texts in lower case.
func small(text string) (*syntax.Regexp, error) {
	tree, err := syntax.Parse("(?i)"+text, syntax.Perl)
	if err == nil {
		lower(tree)
	}
	return tree, err
}

// lower puts the literals of an expression into lower case. Classes of letters
// have both cases already.
func lower(re *syntax.Regexp) {
	if re.Op == syntax.OpLiteral {
		for i, r := range re.Rune {
			re.Rune[i] = unicode.ToLower(r)
		}
	}
	re.Flags &^= syntax.FoldCase
	for _, sub := range re.Sub {
		lower(sub)
	}
}
