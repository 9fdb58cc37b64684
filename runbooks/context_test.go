package runbooks_test

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"tocsin/runbooks"
)

// told is a library of guides with nearly the same words, told apart by what is
// known besides.
func told(t *testing.T) *runbooks.Library {
	t.Helper()
	layer := fstest.MapFS{}
	for id, fields := range map[string]string{
		"plain": "", "shared": "shared: true\n", "needy": "needs: [Retrieval]\n", "changed": "changes: [config]\n",
	} {
		layer[id+".md"] = guide(id, "title: T", "title: T\n"+fields+"match: {patterns: [{weight: 3, re: zorb}], phrases: [the zorb "+id+" thing]}")
	}
	lib, problems := runbooks.Load(layer)
	for _, p := range problems {
		t.Error(p)
	}
	return lib
}

// candidate is how a guide stands; without words for it, far below all.
func candidate(m runbooks.Match, guide string) runbooks.Candidate {
	for _, c := range m.Candidates {
		if c.Guide == guide {
			return c
		}
	}
	return runbooks.Candidate{Guide: guide, Score: math.Inf(-1)}
}

func TestContextMovesScores(t *testing.T) {
	lib := told(t)
	base := lib.Match(runbooks.Query{Text: "zorb"})
	for _, tt := range []struct {
		name, guide string
		context     runbooks.Context
		by          float64
		why         string
	}{
		{"one provider", "shared", runbooks.Context{Service: "chat", Provider: "Acme"}, 0.3, "is about chat, which uses one provider"},
		{"one provider, no name", "shared", runbooks.Context{Provider: "Acme"}, 0.3, "is about a service, which uses one provider"},
		{"others in trouble", "shared", runbooks.Context{Service: "chat", Provider: "Acme", Others: []string{"search", "voice"}}, 1.8, "is one of several services in trouble with Acme (search, voice)"},
		{"others, but no provider", "shared", runbooks.Context{Others: []string{"search"}}, 0, ""},
		{"provider of another kind of guide", "plain", runbooks.Context{Provider: "Acme", Others: []string{"search"}}, 0, ""},
		{"recent change", "changed", runbooks.Context{Changes: []runbooks.Change{{Kind: "model", What: "v2"}, {Kind: "Config", What: "timeout set to 2 s"}}}, 1, "follows a change of half an hour at most: timeout set to 2 s"},
		{"change of another kind", "changed", runbooks.Context{Changes: []runbooks.Change{{Kind: "index", What: "rebuilt"}}}, 0, ""},
		{"it lacks the part", "needy", runbooks.Context{Has: []string{"gpus"}}, -4, ""},
		{"it has no parts", "needy", runbooks.Context{Has: []string{}}, -4, ""},
		{"it has the part", "needy", runbooks.Context{Has: []string{"gpus", "retrieval"}}, 0, ""},
		{"its parts are not known", "needy", runbooks.Context{Service: "chat"}, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			was := candidate(base, tt.guide)
			is := candidate(lib.Match(runbooks.Query{Text: "zorb", Context: tt.context}), tt.guide)
			if by := is.Score - was.Score; math.Abs(by-tt.by) > 0.02 {
				t.Errorf("its score moves by %.2f, want %.2f", by, tt.by)
			}
			if tt.why == "" && is.Why != was.Why || !strings.HasSuffix(is.Why, tt.why) {
				t.Errorf("it %s, want …, and %s", is.Why, tt.why)
			}
		})
	}
}

// TestContextDecidesBetweenTwo and serves nothing that no word points to.
func TestContextDecidesBetweenTwo(t *testing.T) {
	lib := told(t)
	changed := runbooks.Context{Service: "chat", Provider: "Acme", Others: []string{"search"}, Has: []string{}}
	if m := lib.Match(runbooks.Query{Text: "zorb"}); m.Guide != "" {
		t.Fatalf("the ground of this test: %+v", m)
	}
	if m := lib.Match(runbooks.Query{Text: "zorb", Context: changed}); m.Guide != "shared" {
		t.Errorf("got %q: it %s", m.Guide, m.Why)
	}
	if m := lib.Match(runbooks.Query{Text: "quim", Context: changed}); m.Guide != "" || len(m.Candidates) > 0 {
		t.Errorf("no word points there: %+v", m)
	}
}

// TestContextOfTheEmbeddedGuides: what each prior is for.
func TestContextOfTheEmbeddedGuides(t *testing.T) {
	lib := library(t)
	for _, tt := range []struct {
		text, guide string
		context     runbooks.Context
		up          bool
	}{
		{"every assistant answers with an error", "provider-outage", runbooks.Context{Provider: "Acme", Others: []string{"search"}}, true},
		{"since nine it answers in another tone", "config-error", runbooks.Context{Changes: []runbooks.Change{{Kind: "config", What: "prompt flag"}}}, true},
		{"the answer comes from the wrong page", "rag-index", runbooks.Context{Has: []string{"agents"}}, false},
		{"one card is far slower than the others", "gpu-hardware-fault", runbooks.Context{Has: []string{"retrieval"}}, false},
	} {
		was, is := candidate(lib.Match(runbooks.Query{Text: tt.text}), tt.guide), candidate(lib.Match(runbooks.Query{Text: tt.text, Context: tt.context}), tt.guide)
		if math.IsInf(was.Score, -1) || tt.up != (is.Score > was.Score) || is.Score == was.Score {
			t.Errorf("%q: the score of %s goes from %v to %v", tt.text, tt.guide, was.Score, is.Score)
		}
	}
}

// TestNoContextChangesNothing, nor one that says nothing of use.
func TestNoContextChangesNothing(t *testing.T) {
	lib := library(t)
	for _, r := range reports(t, testReports)[:30] {
		want := lib.Match(runbooks.Query{Text: r.Text})
		for _, c := range []runbooks.Context{{Service: "chat"}, {Others: []string{"search"}}, {Changes: []runbooks.Change{{Kind: "weather", What: "rain"}}}} {
			if diff := cmp.Diff(want, lib.Match(runbooks.Query{Text: r.Text, Context: c, Past: &runbooks.Memory{}})); diff != "" {
				t.Errorf("%q with %+v:\n%s", r.Text, c, diff)
			}
		}
	}
}
