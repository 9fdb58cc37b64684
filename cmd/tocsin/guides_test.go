package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/bot/incident"
	"tocsin/runbooks"
)

// call runs a subcommand as main would and returns its exit code and output.
func call(t *testing.T, stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	e := &env{ctx: t.Context(), stdin: stdin, stdout: &out, stderr: &errs, log: slog.New(slog.DiscardHandler)}
	code = execute(e, args)
	return code, out.String(), errs.String()
}

// TestBuiltInGuidesLintClean on the day of their last review, for a team that
// begins with them.
func TestBuiltInGuidesLintClean(t *testing.T) {
	t.Parallel()
	lib, _ := runbooks.Load(runbooks.Embedded())
	last := ""
	for _, g := range lib.Guides() {
		last = max(last, g.LastReviewed)
	}
	code, out, errs := call(t, nil, "guides", "lint", "--today", last)
	if code != 0 || !strings.HasSuffix(out, " guides, 0 problems\n") || errs != "" {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

// TestMatchAnswersEveryLine: line n of the output belongs to line n of the
// input, whatever is on it.
func TestMatchAnswersEveryLine(t *testing.T) {
	long := "OpenAI returns 529 overloaded_error " + strings.Repeat("x", maxLine)
	input := "\nanswers are slow\r\n" + long + "\n\x00\xff\n" + strings.Repeat("y ", 32<<10) + "\nOpenAI returns 529 overloaded_error"
	code, out, errs := call(t, strings.NewReader(input), "guides", "match", "--json")
	const cut = "tocsin: line 3 is longer than 1 MiB: only its beginning was read\n" +
		"tocsin: a report of 1024 KiB: only its first 16 KiB were read\n" +
		"tocsin: a report of 64 KiB: only its first 16 KiB were read\n"
	if code != 0 || errs != cut {
		t.Errorf("exit code %d, %q", code, errs)
	}
	var guides []string
	for line := range strings.Lines(out) {
		var m matched
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		if m.Candidates == nil || m.Ask == nil {
			t.Errorf("a list is null: %s", line)
		}
		if (m.Guide == "") != (len(m.Ask) > 0) {
			t.Errorf("it asks only when it abstains: %s", line)
		}
		guides = append(guides, m.Guide)
	}
	if got, want := strings.Join(guides, ","), ",latency-saturation,provider-outage,,,provider-outage"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if code, out, _ := call(t, strings.NewReader(""), "guides", "match", "--json"); code != 0 || out != "" {
		t.Errorf("no line, and the answer %d %q", code, out)
	}
}

// TestLinesOfAnyLength: an end without a line break, just where a buffer ends,
// loses nothing.
func TestLinesOfAnyLength(t *testing.T) {
	for _, n := range []int{1, 64 << 10, 64<<10 + 1, maxLine, maxLine + 1} {
		var got []int
		err := eachLine(t.Context(), strings.NewReader("x\n"+strings.Repeat("y", n)), func(_ int, line string, cut bool) error {
			if cut != (len(line) < n && len(line) > 1) {
				t.Errorf("%d of %d, cut %v", len(line), n, cut)
			}
			got = append(got, len(line))
			return nil
		})
		if err != nil || len(got) != 2 || got[1] != min(n, maxLine) {
			t.Errorf("%d: %v %v", n, got, err)
		}
	}
}

// TestWaitingForLinesEnds when it is told to: nobody has to close the terminal.
func TestWaitingForLinesEnds(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	in, out := io.Pipe()
	defer out.Close()
	go stop()
	err := eachLine(ctx, in, func(int, string, bool) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

// TestMatchAsksWhatTriageAsks: without a symptom its first question, with one
// the question that comes after, in triage itself or in the guide it leads to.
func TestMatchAsksWhatTriageAsks(t *testing.T) {
	lib, _ := runbooks.Load(runbooks.Embedded())
	for symptom, want := range map[string]string{
		"": "What do users see?", incident.Unclassified: "What do users see?",
		"availability-loss": "What comes back instead?", "performance-degradation": "Who waits, and when?",
	} {
		m := matching(lib, runbooks.Query{Text: "xyzzy", Symptom: symptom})
		if m.Guide != "" || len(m.Ask) < 3 || m.Ask[0] != want {
			t.Errorf("%q: %+v", symptom, m)
		}
	}
	cost, _ := lib.Guide("cost-spike")
	first, _ := cost.Question("")
	if got := toAsk(lib, "cost-anomaly"); len(got) != 1+len(first.Answers) || got[0] != first.Title {
		t.Errorf("expensive leads to another guide: %v", got)
	}
	none, _ := runbooks.Load()
	if m := matching(none, runbooks.Query{Text: "x"}); m.Ask == nil || m.Symptom != incident.Unclassified {
		t.Errorf("without guides: %+v", m)
	}
}

// TestLikelySymptom: the one of the guide; when abstaining, only of a candidate
// that is clearly ahead of those with other symptoms.
func TestLikelySymptom(t *testing.T) {
	lib, _ := runbooks.Load(runbooks.Embedded())
	near := func(guide string, score float64) runbooks.Candidate {
		return runbooks.Candidate{Guide: guide, Score: score}
	}
	for _, tt := range []struct {
		match runbooks.Match
		want  string
	}{
		{runbooks.Match{Guide: "cost-spike"}, "cost-anomaly"},
		{runbooks.Match{}, "unclassified"},
		{runbooks.Match{Candidates: []runbooks.Candidate{near("cost-spike", 3)}}, "cost-anomaly"},
		{runbooks.Match{Candidates: []runbooks.Candidate{near("cost-spike", 0.4)}}, "unclassified"},
		{runbooks.Match{Candidates: []runbooks.Candidate{near("cost-spike", 3), near("provider-outage", 2.5)}}, "unclassified"},
		{runbooks.Match{Candidates: []runbooks.Candidate{near("cost-spike", 3), near("provider-outage", 1)}}, "cost-anomaly"},
		{runbooks.Match{Candidates: []runbooks.Candidate{near("provider-outage", 3), near("rate-limit-quota", 2.9), near("cost-spike", 1)}}, "availability-loss"},
	} {
		if got := likely(lib, tt.match); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.match, got, tt.want)
		}
	}
}

// TestTextFromOutsideSteersNoTerminal: also not by way of what a match quotes.
func TestTextFromOutsideSteersNoTerminal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.jsonl")
	if err := os.WriteFile(file, []byte(`{"text":"OpenAI \u001b[31m529 overloaded_error\u202e","guide":"cost-spike","level":"\u001b[2J"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"match", "OpenAI \x1b[31m529 overloaded_error\u202e"}, {"eval", "--verbose", file}} {
		code, out, _ := call(t, nil, append([]string{"guides"}, args...)...)
		if code != 0 || strings.ContainsAny(out, "\x1b\u202e") || !strings.Contains(out, "overloaded_error") {
			t.Errorf("%s: exit code %d, %q", args[0], code, out)
		}
	}
}

// TestExportIsWhole: every page is written for others to read, and nothing else
// is left behind.
func TestExportIsWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if code, _, errs := call(t, nil, "guides", "export", dir); code != 0 {
			t.Fatal(errs)
		}
	}
	lib, _ := runbooks.Load(runbooks.Embedded())
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(lib.Guides())+1 {
		t.Errorf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		if st, err := e.Info(); err != nil || st.Mode().Perm() != 0o644 || filepath.Ext(e.Name()) != ".html" {
			t.Errorf("%s: %v %v", e.Name(), st.Mode(), err)
		}
	}
}
