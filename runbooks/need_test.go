package runbooks

import (
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
	"tocsin/bot/markdown"
)

// expressions are those of the embedded guides, as they are written there.
func expressions(t testing.TB) []string {
	t.Helper()
	var out []string
	names, _ := fs.Glob(Embedded(), "*.md")
	for _, name := range names {
		src, err := fs.ReadFile(Embedded(), name)
		if err != nil {
			t.Fatal(err)
		}
		var fm frontMatter
		if _, _, err := markdown.Split(src, &fm); err != nil {
			t.Fatal(err)
		}
		for _, p := range fm.Match.Patterns {
			if out = append(out, p.Re); p.Not != "" {
				out = append(out, p.Not)
			}
		}
	}
	if len(out) < 100 {
		t.Fatalf("%d expressions: are they read?", len(out))
	}
	return out
}

// texts are what people and monitors write: the test reports and some phrases.
func texts(t testing.TB) []string {
	t.Helper()
	src, err := os.ReadFile("testdata/reports.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(src)) {
		var r Report
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Text)
	}
	lib, _ := Ours()
	for _, g := range lib.Guides() {
		out = append(out, g.Phrases[:min(len(g.Phrases), 15)]...)
	}
	return out
}

// TestPatternsHitInLowerCase: a quick look at what an expression needs, and then
// the expression on small letters, find what it finds without regard to case.
func TestPatternsHitInLowerCase(t *testing.T) {
	type folded struct {
		report
		text string
	}
	var all []folded
	for _, text := range append(texts(t), "ÀÉÎ 401 ŒUVRE", "straße XID 79", "ΣΊΣΥΦΟΣ 429") {
		if r := read(text); len(r.lower) == len(r.text) {
			all = append(all, folded{r, r.text})
		}
	}
	hits := 0
	for _, expr := range expressions(t) {
		want := regexp.MustCompile("(?i)" + expr)
		re, needs, err := expression(expr)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			var got []int
			if needs.met(f.lower) {
				got = re().FindStringIndex(f.lower)
			}
			hit := want.FindStringIndex(f.text)
			if !slices.Equal(hit, got) {
				t.Errorf("%s in %q: got %v, want %v", expr, f.text, got, hit)
			}
			if hit != nil {
				hits++
			}
		}
	}
	if hits < 300 {
		t.Errorf("only %d hits: this test looks at nothing", hits)
	}
}

// boundless takes boundaries out of an expression: they need no text, and make it
// hard to think of one that matches.
func boundless(re *syntax.Regexp) *syntax.Regexp {
	if re.Op >= syntax.OpBeginLine && re.Op <= syntax.OpNoWordBoundary {
		re.Op = syntax.OpEmptyMatch
	}
	for _, sub := range re.Sub {
		boundless(sub)
	}
	return re
}

// TestNeedsAreMetByWhatMatches: texts made from the expressions themselves.
func TestNeedsAreMetByWhatMatches(t *testing.T) {
	for _, expr := range expressions(t) {
		re, needs, err := expression(expr)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := syntax.Parse(re().String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		made := rapid.StringMatching(boundless(tree).String())
		for seed := range 5 {
			if text := made.Example(seed); !needs.met(text) {
				t.Errorf("%s matches %q, which has not what it needs", expr, text)
			}
		}
	}
}

// TestNeedsAreMetByPieces: texts made from pieces of what people say.
func TestNeedsAreMetByPieces(t *testing.T) {
	var patterns []pattern
	lib, _ := Ours()
	for _, g := range lib.Guides() {
		patterns = append(patterns, g.match.patterns...)
	}
	all := texts(t)
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "pieces") {
			from := rapid.SampledFrom(all).Draw(t, "from")
			begin := rapid.IntRange(0, len(from)).Draw(t, "begin")
			text.WriteString(from[begin:rapid.IntRange(begin, len(from)).Draw(t, "end")])
		}
		lower := strings.ToLower(text.String())
		for _, p := range patterns {
			if !p.needs.met(lower) && p.re().MatchString(lower) {
				t.Fatalf("%s matches %q, which has not what it needs", p.re(), lower)
			}
		}
	})
}

func TestNeeds(t *testing.T) {
	for _, tt := range []struct{ expr, has, hasNot string }{
		{`time ?out`, "a timeout", "a break"},
		{`(429|too many)`, "Too Many", "42 9"},
		{`(ab)+c{0,2}`, "xab", "a b"},
		{`(ab)(cde){0,2}`, "xab", "a b"},
		{`x{2,}(foo|bar)?`, "anything", ""}, // single letters and what may be missing rule out nothing
		{`foo.*bar`, "bar and foo", "foo and baz"},
		{`(foo|[a-z])`, "anything", ""},
		{`\w+Error`, "KeyError", "Err"},
	} {
		_, needs, err := expression(tt.expr)
		if err != nil {
			t.Fatal(err)
		}
		if !needs.met(strings.ToLower(tt.has)) || tt.hasNot != "" && needs.met(strings.ToLower(tt.hasNot)) {
			t.Errorf("%s: %q has what it needs: %v, %q: %v", tt.expr, tt.has, needs.met(tt.has), tt.hasNot, needs.met(tt.hasNot))
		}
	}
}
