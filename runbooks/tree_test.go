package runbooks_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"tocsin/bot/incident"
	"tocsin/runbooks"
)

// grown is a guide with a tree of two questions; its text begins in line 6.
const grown = `---
id: grown
title: T
last_reviewed: 2026-01-31
---
## Detect

Text.

## Severity

Text.

## First question

Text.

## Decide

Words before the first question.

### Is it *up*?

See [The graph](#the-graph) and [the way out](#take-it-out).

` + "```" + `
- **no answer**: this is a list in a block
  nor is this
` + "```" + `

- **Yes**: it is.
  It goes on here. [Who waits?](#who-waits)
* **No, and not ` + "`0`" + `**: [Take it out](#take-it-out) or [Start it](#start-it)
- plain item

### Who waits?

- **Everybody**: Go on in [other](other.md).
- **One**. Do this. [Start it](#start-it)

## Investigate

### The graph

` + "```promql\nup\n```" + `

Read it as: one.

## Mitigate

### Take it out

Minutes. Kind: rollback.

### Start it

Minutes.

## Verify

Text.

## Capture

Text.
`

func grow(t *testing.T, changes ...string) (*runbooks.Guide, []runbooks.Problem) {
	t.Helper()
	text := strings.NewReplacer(changes...).Replace(grown)
	if len(changes) > 0 && text == grown {
		t.Fatalf("%q is not in the guide", changes)
	}
	lib, problems := runbooks.Load(fstest.MapFS{"grown.md": {Data: []byte(text)}, "other.md": guide("other")})
	g, ok := lib.Guide("grown")
	if !ok {
		t.Fatalf("what is wrong with a tree must not keep its guide from being served: %v", problems)
	}
	return g, problems
}

func TestTree(t *testing.T) {
	g, problems := grow(t)
	for _, p := range problems {
		t.Error(p)
	}
	questions := []runbooks.Question{
		{
			ID: "is-it-up", Title: "Is it up?", Looks: []string{"the-graph"},
			Body: "See [The graph](#the-graph) and [the way out](#take-it-out).\n\n```\n- **no answer**: this is a list in a block\n  nor is this\n```\n\n- plain item",
			Answers: []runbooks.Answer{
				{ID: "yes", Label: "Yes", Text: "it is.\nIt goes on here. [Who waits?](#who-waits)", Question: "who-waits"},
				{ID: "no-and-not-0", Label: "No, and not 0", Text: "[Take it out](#take-it-out) or [Start it](#start-it)", Mitigations: []string{"take-it-out", "start-it"}},
			},
		},
		{
			ID: "who-waits", Title: "Who waits?",
			Answers: []runbooks.Answer{
				{ID: "everybody", Label: "Everybody", Text: "Go on in [other](other.md).", Guide: "other"},
				{ID: "one", Label: "One", Text: "Do this. [Start it](#start-it)", Mitigations: []string{"start-it"}},
			},
		},
	}
	looks := []runbooks.Look{{ID: "the-graph", Title: "The graph", Body: "```promql\nup\n```\n\nRead it as: one."}}
	mitigations := []runbooks.Mitigation{
		{ID: "take-it-out", Name: "Take it out", Body: "Minutes. Kind: rollback.", Kind: "rollback"},
		{ID: "start-it", Name: "Start it", Body: "Minutes."},
	}
	exported := cmpopts.IgnoreUnexported(runbooks.Question{}, runbooks.Answer{})
	if diff := cmp.Diff(questions, g.Questions, exported); diff != "" {
		t.Errorf("questions:\n%s", diff)
	}
	if diff := cmp.Diff(looks, g.Looks); diff != "" {
		t.Errorf("looks:\n%s", diff)
	}
	if diff := cmp.Diff(mitigations, g.Mitigations); diff != "" {
		t.Errorf("mitigations:\n%s", diff)
	}
	if q, ok := g.Question(""); !ok || q.ID != "is-it-up" {
		t.Errorf("the first question is %q", q.ID)
	}
	if _, ok := g.Question("yes"); ok {
		t.Error("an answer is no question")
	}
}

// TestTreeProblems: whoever writes a guide is told which line to change.
func TestTreeProblems(t *testing.T) {
	long := strings.Repeat("long ", 15)
	for _, tt := range []struct {
		name    string
		changes []string
		want    []string
	}{
		{"heading twice", []string{"### Start it\n", "### Take it out\n", "(#start-it)", "(#take-it-out)"},
			[]string{`grown.md:57: heading "Take it out" is there twice; give each heading words of its own, so that links find it`}},
		{"link to nothing", []string{"(#the-graph)", "(#a-graph)"},
			[]string{`grown.md:24: links to #a-graph, which is no heading here; correct the link: a heading in lower case, with hyphens for all that is no letter or digit`}},
		{"link to no guide", []string{"(other.md)", "(another.md)"},
			[]string{`grown.md:38: links to another.md, which is no guide; correct the link or add the guide`}},
		{"long label", []string{"**One**", "**" + long + "end**"},
			[]string{`grown.md:39: the answer "` + long + `end" is too long for a button; say it in 70 characters, and the rest after it`}},
		{"one answer", []string{"- **One**. Do this. [Start it](#start-it)\n", ""},
			[]string{`grown.md:36: the question "Who waits?" has 1 answers; give it 2 to 8 list items of the form - **Label**: what it means. [Where to go on](#heading)`}},
		{"nine answers", []string{"- **One**. Do", "- **2**: [o](other.md)\n- **3**: [o](other.md)\n- **4**: [o](other.md)\n- **5**: [o](other.md)\n- **6**: [o](other.md)\n- **7**: [o](other.md)\n- **8**: [o](other.md)\n- **One**. Do"},
			[]string{`grown.md:36: the question "Who waits?" has 9 answers; give it 2 to 8 list items of the form - **Label**: what it means. [Where to go on](#heading)`}},
		{"kind", []string{"Kind: rollback", "Kind: magic"},
			[]string{`grown.md:53: "magic" is no kind of mitigation; use one of rollback, configuration-change, ad-hoc-fix, infrastructure-fix, external-fix, code-fix, self-recover`}},
		{"leads nowhere", []string{"Do this. [Start it](#start-it)", "Do this. [The graph](#the-graph)", "**One**", "**Yes**"},
			[]string{`grown.md:39: the answer "Yes" leads nowhere; link to a question of Decide, a step of Mitigate or another guide`}},
		{"nobody leads there", []string{"[Who waits?](#who-waits)", "[other](other.md)", "### Who waits?", "### Who `waits`?"},
			[]string{`grown.md:36: no answer leads to the question "Who waits?"; link to it from an answer, or leave it out`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := grow(t, tt.changes...)
			same(t, problems, tt.want)
		})
	}
}

// TestEveryPathEnds: from the first question of each guide, every way of
// answering comes to something to do or to another guide, soon and without
// going round.
func TestEveryPathEnds(t *testing.T) {
	for _, g := range library(t).Guides() {
		var walk func(q runbooks.Question, way []string)
		walk = func(q runbooks.Question, way []string) {
			if slices.Contains(way, q.ID) || len(way) == 6 {
				t.Errorf("%s: %s → %s goes round, or on for too long", g.ID, strings.Join(way, " → "), q.ID)
				return
			}
			for _, a := range q.Answers {
				next, ok := g.Question(a.Question)
				switch {
				case a.Question != "" && ok:
					walk(next, append(slices.Clone(way), q.ID))
				case a.Question != "", a.Guide == "" && len(a.Mitigations) == 0, a.Guide == g.ID:
					t.Errorf("%s: %q of %q leads nowhere", g.ID, a.Label, q.Title)
				}
			}
		}
		first, ok := g.Question("")
		if !ok {
			t.Errorf("%s: it has no questions", g.ID)
		}
		walk(first, nil)
	}
}

// TestButtonsCanBePressed: each leads to its own answer, and has room for it.
func TestButtonsCanBePressed(t *testing.T) {
	for _, g := range library(t).Guides() {
		seen := map[string]bool{}
		for _, q := range g.Questions {
			for _, a := range q.Answers {
				if seen[q.ID+" "+a.ID] {
					t.Errorf("%s: %q has the answer %q twice", g.ID, q.Title, a.Label)
				}
				seen[q.ID+" "+a.ID] = true
				if n := len([]rune(a.Label)); n > 70 || strings.HasSuffix(a.Label, "…") {
					t.Errorf("%s: %q has %d characters", g.ID, a.Label, n)
				}
				if got, ok := q.Answer(a.ID); !ok || got.Label != a.Label {
					t.Errorf("%s: %s is found as %q", g.ID, a.ID, got.Label)
				}
			}
		}
		var anchors []string
		for _, q := range g.Questions {
			anchors = append(anchors, q.ID)
		}
		for _, l := range g.Looks {
			anchors = append(anchors, l.ID)
		}
		for _, m := range g.Mitigations {
			anchors = append(anchors, m.ID)
		}
		if slices.Sort(anchors); len(slices.Compact(slices.Clone(anchors))) != len(anchors) {
			t.Errorf("%s: two headings have one anchor: %v", g.ID, anchors)
		}
	}
}

// TestTriageAsksForTheSymptom: its first answers are the symptoms' own labels, so
// that an answer is a choice of symptom.
func TestTriageAsksForTheSymptom(t *testing.T) {
	var want, got []string
	for _, s := range incident.Symptoms {
		if s.ID != incident.Unclassified {
			want = append(want, s.Label)
		}
	}
	g, _ := library(t).Guide("generic-triage")
	first, _ := g.Question("")
	for _, a := range first.Answers {
		got = append(got, a.Label)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
