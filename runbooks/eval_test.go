package runbooks_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"tocsin/runbooks"
)

// words is a library in which the answers are plain: each of two guides is found
// by one word of its own, and neither by anything else.
func words(t *testing.T) *runbooks.Library {
	t.Helper()
	found := func(id, symptom, word string) *fstest.MapFile {
		return guide(id, "title: T", "title: T\nsymptoms: ["+symptom+"]\nmatch:\n  patterns: [{weight: 3, re: '"+word+"'}]\n  phrases: [the "+word+"]")
	}
	lib, problems := runbooks.Load(fstest.MapFS{
		"a.md": found("a", "availability-loss", "zorb"),
		"b.md": found("b", "performance-degradation", "quim"),
	})
	for _, p := range problems {
		t.Error(p)
	}
	return lib
}

func TestEvaluate(t *testing.T) {
	lib := words(t)
	for text, want := range map[string]string{"zorb": "a", "quim": "b", "nothing known": ""} {
		if m := lib.Match(runbooks.Query{Text: text}); m.Guide != want {
			t.Fatalf("the ground of this test: %q finds %q, want %q", text, m.Guide, want)
		}
	}
	reports := []runbooks.Report{
		{Text: "zorb", Guide: "a", Level: "easy", Source: "human", Symptom: "availability-loss"},
		{Text: "quim", Guide: "a", Also: []string{"b"}, Level: "easy", Source: "human", Symptom: "unclassified"},
		{Text: "quim", Guide: "a", Level: "hard", Source: "human", Symptom: "unclassified"},
		{Text: "zorb", Guide: "b", Level: "hard", Source: "monitor"},
		{Text: "zorb again", Guide: "b", Level: "hard", Source: "monitor", Symptom: "unclassified"},
		{Text: "zorb", Guide: "generic-triage", Level: "hard", Source: "monitor", Symptom: "unclassified"},
		{Text: "nothing known", Guide: "generic-triage", Level: "easy", Source: "human", Symptom: "unclassified"},
		{Text: "nothing known", Guide: "b", Also: []string{"generic-triage"}, Level: "easy", Source: "human", Symptom: "unclassified"},
		{Text: "nothing known", Guide: "b", Level: "hard", Source: "human", Symptom: "unclassified"},
	}
	got := runbooks.Evaluate(lib, reports)

	want := runbooks.Tally{N: 9, Strict: 2, Accepted: 4, Top3: 4, Abstained: 3, Wrong: 4}
	if diff := cmp.Diff(want, got.Words.All); diff != "" {
		t.Errorf("all:\n%s", diff)
	}
	levels := []runbooks.Group{
		{Name: "easy", Tally: runbooks.Tally{N: 4, Strict: 2, Accepted: 4, Top3: 4, Abstained: 2}},
		{Name: "hard", Tally: runbooks.Tally{N: 5, Abstained: 1, Wrong: 4}},
	}
	if diff := cmp.Diff(levels, got.Words.Levels); diff != "" {
		t.Errorf("levels:\n%s", diff)
	}
	sources := []runbooks.Group{
		{Name: "human", Tally: runbooks.Tally{N: 6, Strict: 2, Accepted: 4, Top3: 4, Abstained: 3, Wrong: 1}},
		{Name: "monitor", Tally: runbooks.Tally{N: 3, Wrong: 3}},
	}
	if diff := cmp.Diff(sources, got.Words.Sources); diff != "" {
		t.Errorf("sources:\n%s", diff)
	}
	confusions := []runbooks.Confusion{{"b", "a", 2}, {"a", "b", 1}, {"generic-triage", "a", 1}}
	if diff := cmp.Diff(confusions, got.Words.Confusions); diff != "" {
		t.Errorf("confusions:\n%s", diff)
	}
	var wrong []string
	for _, m := range got.Words.Mistakes {
		wrong = append(wrong, m.Report.Text+" "+m.Match.Guide)
	}
	if diff := cmp.Diff([]string{"quim b", "zorb a", "zorb again a", "zorb a"}, wrong); diff != "" {
		t.Errorf("mistakes:\n%s", diff)
	}
	if got.Pressed.All.N != 1 || got.Pressed.All.Strict != 1 {
		t.Errorf("only the first has a symptom to press: %+v", got.Pressed.All)
	}
}

// TestEvaluateCountsCandidates: the right guide among the first three is a help
// even where another is served, or none.
func TestEvaluateCountsCandidates(t *testing.T) {
	lib := words(t)
	both := "zorb quim"
	if m := lib.Match(runbooks.Query{Text: both}); m.Guide != "" || len(m.Candidates) != 2 {
		t.Fatalf("the ground of this test: %+v", m)
	}
	got := runbooks.Evaluate(lib, []runbooks.Report{{Text: both, Guide: "a"}, {Text: both, Guide: "c", Also: []string{"b"}}, {Text: both, Guide: "c"}})
	if want := (runbooks.Tally{N: 3, Top3: 2, Abstained: 3}); got.Words.All != want {
		t.Errorf("got %+v, want %+v", got.Words.All, want)
	}
}

// TestEvaluatePressesTheSymptom: the same words, told apart by a symptom.
func TestEvaluatePressesTheSymptom(t *testing.T) {
	got := runbooks.Evaluate(words(t), []runbooks.Report{
		{Text: "zorb quim", Guide: "a", Symptom: "availability-loss"},
		{Text: "zorb quim", Guide: "b", Symptom: "performance-degradation"},
	})
	if got.Words.All.Accepted != 0 || got.Pressed.All.Accepted != 2 {
		t.Errorf("by words %+v, pressed %+v", got.Words.All, got.Pressed.All)
	}
}

// TestEvaluateTellsWhatIsNew: a report that a guide has word for word is found
// in any case, and says nothing of other reports.
func TestEvaluateTellsWhatIsNew(t *testing.T) {
	got := runbooks.Evaluate(words(t), []runbooks.Report{
		{Text: "the zorb ", Guide: "a"}, {Text: "zorb", Guide: "a"}, {Text: "zorb", Guide: "b"},
	})
	if got.Words.All.N != 3 || got.Words.New.N != 2 || got.Words.New.Strict != 1 {
		t.Errorf("%+v", got.Words)
	}
}

func TestEvaluateNothing(t *testing.T) {
	if got := runbooks.Evaluate(words(t), nil); got.Words.All.N != 0 || got.Pressed.All.N != 0 {
		t.Errorf("%+v", got)
	}
}
