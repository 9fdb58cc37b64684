package runbooks_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"tocsin/runbooks"
)

func TestMatch(t *testing.T) {
	lib := library(t)
	for _, tt := range []struct{ text, symptom, want string }{
		{"[FIRING:1] ProviderErrorRateHigh (anthropic 529 overloaded)", "", "provider-outage"},
		{"OpenAI returning 503s", "", "provider-outage"},
		{"Claude is down", "", "provider-outage"},
		{"answers are slow, TTFT p95 up", "", "latency-saturation"},
		{"It's slow", "", "latency-saturation"},
		{"the chat spinner just spins forever", "", "latency-saturation"},
		{"Answers cut off mid-sentence", "", "invalid-output"},
		{"JSON output does not parse", "", "invalid-output"},
		{"the bot invents things", "", "invalid-output"},
		{"it makes things up", "", "invalid-output"},

		{"", "", ""},
		{"   ", "", ""},
		{"the AI seems off today", "", ""},
		{"something weird with checkout", "", ""},
		{"OpenAI RateLimitError 429 rate_limit_exceeded", "", ""},
		{"the API keeps telling us to slow down", "", ""},
		{"401 invalid_api_key from OpenAI right after key rotation", "", ""},
		{"/var has only 4% available space left", "", ""},
		{"\xff\xfe", "", ""},

		{"everything returns 500", "", ""},
		{"everything returns 500", "availability-loss", "provider-outage"},
		{"answers are slow and cut off", "", ""}, // two guides, neither ahead
		{"answers are slow and cut off", "performance-degradation", "latency-saturation"},
		{"answers are slow", "availability-loss", ""}, // a person knows better
		{"answers are slow", "unclassified", "latency-saturation"},
		{"", "performance-degradation", ""},
		{"OpenAI returning 503s", "no-such-symptom", ""},
	} {
		m := lib.Match(runbooks.Query{Text: tt.text, Symptom: tt.symptom})
		if m.Guide != tt.want {
			t.Errorf("%q %s: got %q because it %s, want %q", tt.text, tt.symptom, m.Guide, m.Why, tt.want)
		}
		if m.Why == "" || m.Confidence < 0 || m.Confidence > 1 || (m.Guide == "") != (m.Confidence == 0) {
			t.Errorf("%q: confidence %v, why %q", tt.text, m.Confidence, m.Why)
		}
		if again := lib.Match(runbooks.Query{Text: tt.text, Symptom: tt.symptom}); !cmp.Equal(m, again) {
			t.Errorf("%q: the second answer differs: %s", tt.text, cmp.Diff(m, again))
		}
	}
}

func TestMatchSaysWhy(t *testing.T) {
	m := library(t).Match(runbooks.Query{Text: "answers are slow and cut off"})
	if len(m.Candidates) != 2 || m.Candidates[0].Score < m.Candidates[1].Score {
		t.Fatalf("candidates %+v", m.Candidates)
	}
	for _, want := range []string{`"cut off"`, `"answers are slow"`, "latency-saturation", "invalid-output"} {
		if !strings.Contains(m.Why, want) {
			t.Errorf("why %q does not say %s", m.Why, want)
		}
	}
}

// TestPhrasesFindTheirGuide: what a guide says people say must lead to it.
func TestPhrasesFindTheirGuide(t *testing.T) {
	lib := library(t)
	for _, g := range lib.Guides() {
		if len(g.Phrases) == 0 && g.ID != "generic-triage" {
			t.Errorf("%s: it has no phrases", g.ID)
		}
		for _, said := range g.Phrases {
			if m := lib.Match(runbooks.Query{Text: said}); m.Guide != g.ID {
				t.Errorf("%s: %q leads to %q: it %s", g.ID, said, m.Guide, m.Why)
			}
		}
	}
}

func TestOverlaidGuideIsFound(t *testing.T) {
	file := guide("night-batch", "title: T", "title: T\nmatch:\n  patterns: [{weight: 3, re: 'batch-\\d+', not: 'finished'}]\n  phrases: [the nightly job never ends]\n  not: [the nightly job never ends happily]")
	lib := library(t, fstest.MapFS{"night-batch.md": file})
	for text, want := range map[string]string{
		"Batch-17 is stuck":              "night-batch",
		"batch-17 finished":              "",
		"our nightly jobs never ended":   "night-batch",
		"nightly job never ends happily": "",
	} {
		if m := lib.Match(runbooks.Query{Text: text}); m.Guide != want {
			t.Errorf("%q: got %q, want %q: it %s", text, m.Guide, want, m.Why)
		}
	}
}

func FuzzMatch(f *testing.F) {
	lib, _ := runbooks.Load(runbooks.Embedded())
	f.Add("answers are slow", "performance-degradation")
	f.Add(strings.Repeat("é", 9000), "")
	f.Fuzz(func(t *testing.T, text, symptom string) {
		m := lib.Match(runbooks.Query{Text: text, Symptom: symptom})
		if _, ok := lib.Guide(m.Guide); m.Guide != "" && !ok {
			t.Errorf("%q is no guide", m.Guide)
		}
	})
}
