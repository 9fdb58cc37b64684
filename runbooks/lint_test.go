package runbooks_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tocsin/runbooks"
)

var lintDay = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// TestEmbeddedGuidesLintClean: what comes with tocsin is the model for a team's
// own. The day is the last review's, so that the test does not age.
func TestEmbeddedGuidesLintClean(t *testing.T) {
	lib, problems := runbooks.Load(runbooks.Embedded())
	last := ""
	for _, g := range lib.Guides() {
		last = max(last, g.LastReviewed)
	}
	now, err := time.Parse(time.DateOnly, last)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(problems, lib.Lint(now)...) {
		t.Error(p)
	}
}

// tidy is a guide with nothing to find, as lines; changes are pairs of what to
// replace and by what.
func tidy(id string, changes ...string) *fstest.MapFile {
	text := `---
id: ` + id + `
title: The night batch never ends
summary: The nightly job hangs. Look at its queue first.
symptoms: [performance-degradation]
classes: [infrastructure]
owner: ml-platform
last_reviewed: 2026-11-22
match:
  patterns:
    - {weight: 3, re: 'batch-\d+ stuck'}
  phrases:
    - the moonlight batch crawler hangs at dawn
    - 'somebody''s moonlight crawler did not finish'
  not:
    - painters finished their lighthouse mural
---
# The night batch never ends

## Detect

It hangs.

## Severity

sev3.

## First question

Is it in the queue?

## Decide

### Is it in the queue?

- **Yes**: wait. [Start it again](#start-it-again)
- **No**: it runs. [Does it read?](#does-it-read)

### Does it read?

- **Yes**: slowly. [Start it again](#start-it-again)
- **No**: not at all. [Start it again](#start-it-again)

## Investigate

### The queue

` + "```bash\ndate\n```" + `

## Mitigate

### Start it again

Takes: minutes. Risk: low. Reversible: yes. Approves: the commander.

## Verify

It ends.

## Capture

When.
`
	return &fstest.MapFile{Data: []byte(strings.NewReplacer(changes...).Replace(text))}
}

// deep is a chain of questions that is n answers long.
func deep(n int) string {
	var s strings.Builder
	for i := 1; i < n; i++ {
		fmt.Fprintf(&s, "### Is it step %d?\n\n- **Yes**: on. [On](#is-it-step-%d)\n- **No**: out. [Out](#start-it-again)\n\n", i, i+1)
	}
	fmt.Fprintf(&s, "### Is it step %d?\n\n- **Yes**: [Out](#start-it-again)\n- **No**: [Out](#start-it-again)\n\n## Investigate", n)
	return s.String()
}

// oven is beneath: what a guide must be told apart from.
var oven = fstest.MapFS{"oven.md": tidy("oven",
	`batch-\d+ stuck`, "zorble", "the moonlight batch crawler hangs at dawn", "our zorble zorbles",
	"somebody''s moonlight crawler did not finish", "no zorble zorbled", "    - painters finished their lighthouse mural", "    - a gondola sank")}

const (
	tree       = "### Is it in the queue?\n\n- **Yes**: wait. [Start it again](#start-it-again)\n- **No**: it runs. [Does it read?](#does-it-read)\n\n### Does it read?\n\n- **Yes**: slowly. [Start it again](#start-it-again)\n- **No**: not at all. [Start it again](#start-it-again)\n\n## Investigate"
	symptomIDs = "availability-loss, performance-degradation, deployment-failure, invalid-inference, cost-anomaly, security-privacy, unclassified"
)

func TestLintFindsWhatItSays(t *testing.T) {
	for _, tt := range []struct {
		name    string
		changes []string
		want    []string
	}{
		{"nothing", nil, nil},
		{"symptom", []string{"[performance-degradation]", "[performance-degradation, slowness]"},
			[]string{`night-batch.md:5: symptom "slowness" is none; use ` + symptomIDs}},
		{"class", []string{"[infrastructure]", "[hardware]"},
			[]string{`night-batch.md:6: failure class "hardware" is none; use data, model, integration, infrastructure, unknown`}},
		{"no symptoms", []string{"symptoms: [performance-degradation]", "symptoms: []"},
			[]string{`night-batch.md:1: it has no symptoms; add symptoms:, the main one first: ` + symptomIDs}},
		{"no owner", []string{"owner: ml-platform", "owner: ''"},
			[]string{`night-batch.md:1: it has no owner; add owner:, the team that keeps it up to date`}},
		{"no summary", []string{"summary: The nightly job hangs. Look at its queue first.\n", ""},
			[]string{`night-batch.md:1: it has no summary; add summary:, what it is and what to do first, in one or two sentences`}},
		{"summary of 250", []string{"The nightly job hangs. Look at its queue first.", strings.Repeat("é", 250)}, nil},
		{"summary of 251", []string{"The nightly job hangs. Look at its queue first.", strings.Repeat("é", 251)},
			[]string{`night-batch.md:4: its summary has 251 characters; say it in 250`}},
		{"reviewed 180 days ago", []string{"2026-11-22", "2026-05-26"}, nil},
		{"reviewed 181 days ago", []string{"2026-11-22", "2026-05-25"},
			[]string{`night-batch.md:8: it was last reviewed 181 days ago; read it again, correct it, and write today's date into last_reviewed:`}},
		{"reviewed tomorrow", []string{"2026-11-22", "2026-11-23"},
			[]string{`night-batch.md:8: last_reviewed 2026-11-23 is still to come; write the day when somebody last read it whole`}},
		{"no questions", []string{tree, "Think.\n\n## Investigate"},
			[]string{`night-batch.md:32: Decide has no questions, so the channel can only show it whole; make each question a ### heading, with its answers as a list of - **Label**: what it means`}},
		{"pattern against itself", []string{"{weight: 3", "{weight: 1", "painters finished their lighthouse mural", "batch-7 stuck, no zorble zorbled"},
			[]string{`night-batch.md:16: a pattern hits "batch-7 stuck" in the counter-example "batch-7 stuck, no zorble zorbled"; make the pattern narrower, or give it a not:`}},
		{"pattern taken back", []string{"painters finished their lighthouse mural", "batch-7 stuck, no zorble zorbled", `stuck'}`, `stuck', not: 'zorble'}`}, nil},
		{"counter-example finds it", []string{"painters finished their lighthouse mural", "a moonlight batch crawler hangs"},
			[]string{`night-batch.md:16: the counter-example "a moonlight batch crawler hangs" finds this guide: it …`}},
		{"phrase of another", []string{"somebody''s moonlight crawler did not finish", "our zorble''s zorbles"},
			[]string{`night-batch.md:14: the phrase "our zorble's zorbles" finds oven: it …`}},
		{"none of its phrases", []string{"the moonlight batch crawler hangs at dawn", "one zorble zorbled", "somebody''s moonlight crawler did not finish", "two zorbles zorbled"}, []string{
			`night-batch.md:12: none of its phrases finds it; say more of what people say, in words of their own; tocsin guides match shows what finds what`,
			`night-batch.md:13: the phrase "one zorble zorbled" finds oven: it …`,
			`night-batch.md:14: the phrase "two zorbles zorbled" finds oven: it …`,
		}},
		{"cost of a step", []string{" Risk: low. Reversible: yes.", ""},
			[]string{`night-batch.md:54: the mitigation "Start it again" does not say Risk:, Reversible:; end it with a line such as: Takes: minutes. Risk: low. Reversible: yes. Approves: the commander.`}},
		{"language", []string{"```bash\ndate", "```bash\ndate\n```\n\n- So:\n\n  ```sql\n  select 1\n  ```\n\n```bash\ndate"},
			[]string{"night-batch.md:55: a code block is in \"sql\"; write ```bash or ```promql; psql -c and jq carry other languages"}},
		{"no language", []string{"```bash", "```"},
			[]string{"night-batch.md:49: a code block is in \"\"; write ```bash or ```promql; psql -c and jq carry other languages"}},
		{"circle", []string{"slowly. [Start it again](#start-it-again)", "slowly. [Is it in the queue?](#is-it-in-the-queue)"},
			[]string{`night-batch.md:34: the questions go in a circle: Is it in the queue? → Does it read? → Is it in the queue?; let an answer lead out of it`}},
		{"circle beside a way out", []string{"wait. [Start it again](#start-it-again)", "wait. [Is it late?](#is-it-late)", "slowly. [Start it again](#start-it-again)", "slowly. [Is it in the queue?](#is-it-in-the-queue)",
			"## Investigate", "### Is it late?\n\n- **Yes**: [Start it again](#start-it-again)\n- **No**: [Start it again](#start-it-again)\n\n## Investigate"},
			[]string{`night-batch.md:34: the questions go in a circle: Is it in the queue? → Does it read? → Is it in the queue?; let an answer lead out of it`}},
		{"six deep", []string{tree, deep(6)}, nil},
		{"seven deep", []string{tree, deep(7)},
			[]string{`night-batch.md:34: its end is 7 answers away; lead to a mitigation or another guide in 6 at most`}},
		{"Load's too", []string{"](#does-it-read)", "](nowhere.md)"}, []string{
			`night-batch.md:37: links to nowhere.md, which is no guide; correct the link or add the guide`,
			`night-batch.md:39: no answer leads to the question "Does it read?"; link to it from an answer, or leave it out`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, problems := runbooks.Check(lintDay, oven, fstest.MapFS{"night-batch.md": tidy("night-batch", tt.changes...)})
			if n != 1 {
				t.Errorf("%d guides", n)
			}
			same(t, problems, tt.want)
		})
	}
}

// same compares problems with what is expected; "…" stands for the matcher's words.
func same(t *testing.T, problems []runbooks.Problem, want []string) {
	t.Helper()
	for i, p := range problems {
		if i >= len(want) {
			t.Errorf("too much: %s", p)
		} else if head, open := strings.CutSuffix(want[i], "…"); !(p.String() == head || open && strings.HasPrefix(p.String(), head)) {
			t.Errorf("got  %s\nwant %s", p, want[i])
		}
	}
	for _, w := range want[min(len(problems), len(want)):] {
		t.Errorf("missing: %s", w)
	}
}

// TestLintKnowsNoLines: without the files, a problem of the front matter is one
// of the first line.
func TestLintKnowsNoLines(t *testing.T) {
	lib, _ := runbooks.Load(fstest.MapFS{"night-batch.md": tidy("night-batch", "2026-11-22", "2026-01-01")})
	same(t, lib.Lint(lintDay), []string{`night-batch.md:1: it was last reviewed 325 days ago; …`})
}

// TestCheckTellsOfTheLastLayer: a folder's author hears of the folder's own
// files, also of those that cannot serve, and of nothing beneath.
func TestCheckTellsOfTheLastLayer(t *testing.T) {
	beneath := fstest.MapFS{
		"old.md":         tidy("old", "2026-11-22", "2020-01-01"),
		"night-batch.md": tidy("night-batch", "owner: ml-platform", "owner: ''"),
	}
	own := fstest.MapFS{
		"night-batch.md":    {Data: []byte("---\nid: [\n---\n")},
		"README.md":         {Data: []byte("not a guide")},
		"said/old.txt":      {Data: []byte("the old one\n")},
		"said/nothing.txt":  {Data: []byte("x\n")},
		"said/too-much.txt": {Data: []byte(strings.Repeat("x", 1<<20+1))},
		"too-much.md":       tidy("too-much", `batch-\d+ stuck`, "zorble", "the moonlight batch crawler hangs at dawn", "our zorble zorbles", "somebody''s moonlight crawler did not finish", "no zorble zorbled", "It hangs.", "It links to [old](old.md)."),
	}
	n, problems := runbooks.Check(lintDay, fs.FS(beneath), own)
	if n != 2 {
		t.Errorf("%d guides, want 2", n)
	}
	same(t, problems, []string{
		"night-batch.md:2: …",
		`said/nothing.txt: there is no guide "nothing"; name the file after the guide that it is about`,
		"said/too-much.txt: the file is larger than 1 MiB; …",
	})
}

// TestAGuideWithoutWordsIsReported: nobody would ever be led to it.
func TestAGuideWithoutWordsIsReported(t *testing.T) {
	file := guide("mute", "title: T", "title: T\nsummary: S.\nowner: us\nsymptoms: [cost-anomaly]")
	_, problems := runbooks.Check(lintDay, oven, fstest.MapFS{"mute.md": file})
	var said []string
	for _, p := range problems {
		said = append(said, p.String())
	}
	if want := "mute.md:1: no words find it; "; !strings.Contains(strings.Join(said, "\n"), want) {
		t.Errorf("%q is not in %q", want, said)
	}
}
