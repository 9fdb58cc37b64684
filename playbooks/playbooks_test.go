package playbooks_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tocsin/bot/incident"
	"tocsin/playbooks"
)

func load(t *testing.T, team fstest.MapFS) *playbooks.Library {
	t.Helper()
	lib, problems := playbooks.Load(playbooks.Embedded(), team)
	for _, p := range problems {
		t.Error(p)
	}
	return lib
}

func TestEmbeddedPlays(t *testing.T) {
	lib := load(t, nil)
	for _, want := range []struct {
		severity   string
		every      time.Duration
		postmortem bool
		pager      []string
	}{
		{"sev1", 30 * time.Minute, true, []string{incident.PagerUpdates}},
		{"sev2", 30 * time.Minute, true, []string{incident.PagerUpdates}},
		{"sev3", time.Hour, true, nil},
		{"sev4", 24 * time.Hour, false, nil},
	} {
		p, ok := lib.Choose(want.severity, "performance-degradation")
		if !ok || p.ID != want.severity {
			t.Errorf("%s: no play", want.severity)
			continue
		}
		if p.UpdateEvery != want.every || p.Postmortem != want.postmortem || !slices.Equal(p.Pager, want.pager) || len(p.Invite) != 0 || len(p.Version) != 8 {
			t.Errorf("%s: %+v", p.ID, p)
		}
		if len(p.Tasks) < 4 || len(p.Tasks) > 7 {
			t.Errorf("%s: %d tasks; 4 to 7 can be kept in mind", p.ID, len(p.Tasks))
		}
		byTime := func(a, b playbooks.Task) int { return int(a.Within - b.Within) }
		if !slices.IsSortedFunc(p.Tasks, byTime) {
			t.Errorf("%s: tasks are not in the order of their time limits", p.ID)
		}
		if p.Tasks[0].Role != "incident-commander" {
			t.Errorf("%s: the commander does not begin", p.ID)
		}
		if first := p.Tasks[0].Text; strings.HasPrefix(first, "incident-commander") || strings.HasPrefix(first, "[") {
			t.Errorf("%s: a task's text holds its prefix: %q", p.ID, first)
		}
	}
	if p, ok := lib.Choose("sev9", ""); ok {
		t.Errorf("sev9 has the play %s", p.ID)
	}
}

func play(id, front, task string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("---\nid: " + id + "\ntitle: T\nupdate_every: 10m\nlast_reviewed: 2026-01-31\n" + front + "---\n\nText.\n\n- [ ] " + task + "\n")}
}

const task = "scribe, 5m: Note it: now."

func TestChoosePrefersThePlayForTheSymptom(t *testing.T) {
	lib := load(t, fstest.MapFS{
		"a-leak.md": play("a-leak", "severities: [sev1, sev2]\nsymptoms: [security-privacy]\ninvite: [U0SECURITY]\n", task),
		"a-all.md":  play("a-all", "severities: [sev2]\n", task),
	})
	for _, tt := range []struct{ severity, symptom, want string }{
		{"sev1", "security-privacy", "a-leak"},
		{"sev2", "security-privacy", "a-leak"},
		{"sev1", "availability-loss", "sev1"},
		{"sev1", "", "sev1"},
		{"sev3", "security-privacy", "sev3"},
		{"sev2", "", "a-all"}, // of two for any symptom, the first by id
	} {
		if p, _ := lib.Choose(tt.severity, tt.symptom); p.ID != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.severity, tt.symptom, p.ID, tt.want)
		}
	}
	p, _ := lib.Choose("sev1", "security-privacy")
	if want := (playbooks.Task{Role: "scribe", Within: 5 * time.Minute, Text: "Note it: now."}); p.Tasks[0] != want {
		t.Errorf("task %+v, want %+v", p.Tasks[0], want)
	}
}

func TestOverlayReplaces(t *testing.T) {
	lib := load(t, fstest.MapFS{"sev1.md": play("sev1", "severities: [sev1]\n", task)})
	if p, _ := lib.Choose("sev1", ""); p.Title != "T" || p.UpdateEvery != 10*time.Minute {
		t.Errorf("got %+v", p)
	}
	if n := len(lib.Plays()); n != 4 {
		t.Errorf("%d plays", n)
	}
}

func TestBrokenPlaysAreReportedAndTheEmbeddedServe(t *testing.T) {
	const sev1 = "severities: [sev1]\n"
	for _, tt := range []struct{ name, front, task, report string }{
		{"unknown field", "severity: sev1\n", task, `sev1.md:6: there is no field "severity"; `},
		{"no severity", "", task, "sev1.md:1: it is for no severity; "},
		{"unknown severity", "severities: [p1]\n", task, `sev1.md:1: severity "p1" is none; `},
		{"a name for an id", sev1 + "invite: [ada]\n", task, `sev1.md:1: "ada" is no Slack user id; `},
		{"nothing that PagerDuty takes", sev1 + "pagerduty: [updates, calls]\n", task, `sev1.md:1: pagerduty "calls" is nothing that can be sent there; use notes, updates or both`},
		{"unknown role", sev1, "boss, 5m: Do.", `sev1.md:11: task "boss, 5m: Do." is for none of incident-commander, `},
		{"no time", sev1, "scribe: Do.", `sev1.md:11: task "scribe: Do." has no time limit; `},
		{"time in the past", sev1, "scribe, -5m: Do.", `sev1.md:11: task "scribe, -5m: Do." has no time limit; `},
		{"nothing to do", sev1, "scribe, 5m:", `sev1.md:11: task "scribe, 5m:" says nothing to do; `},
		{"no tasks", sev1, "", "sev1.md:8: it has no tasks; "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := play("sev1", tt.front, tt.task)
			if tt.task == "" {
				file.Data = []byte(strings.ReplaceAll(string(file.Data), "- [ ] ", ""))
			}
			lib, problems := playbooks.Load(playbooks.Embedded(), fstest.MapFS{"sev1.md": file, "x.md": play("x", "severities: [sev4]\nsymptoms: [x]\n", task)})
			if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), tt.report) {
				t.Errorf("problems %v, want %s…", problems, tt.report)
			}
			if p, ok := lib.Choose("sev1", ""); !ok || p.Title == "T" {
				t.Errorf("the embedded play does not serve: %+v", p)
			}
			if p, _ := lib.Choose("sev4", "x"); p.ID != "x" {
				t.Errorf("the play beside the broken one does not serve: %+v", p)
			}
		})
	}
}

// A play tells PagerDuty what it says, in the engine's words, and nothing unless it
// says so.
func TestWhatAPlayTellsPagerDuty(t *testing.T) {
	for front, want := range map[string][]string{
		"":                              nil,
		"pagerduty: []\n":               nil,
		"pagerduty: [notes]\n":          {incident.PagerNotes},
		"pagerduty: [notes, updates]\n": {incident.PagerNotes, incident.PagerUpdates},
	} {
		lib := load(t, fstest.MapFS{"sev1.md": play("sev1", "severities: [sev1]\n"+front, task)})
		if p, _ := lib.Choose("sev1", ""); !slices.Equal(p.Pager, want) {
			t.Errorf("%q: %q, want %q", front, p.Pager, want)
		}
	}
}

func TestUpdateEveryIsATimeBetweenUpdates(t *testing.T) {
	for _, bad := range []string{"", "soon", "0s", "-30m", "30"} {
		file := play("sev1", "severities: [sev1]\n", task)
		file.Data = []byte(strings.ReplaceAll(string(file.Data), "update_every: 10m", "update_every: "+bad))
		_, problems := playbooks.Load(fstest.MapFS{"sev1.md": file})
		if len(problems) != 1 || !strings.Contains(problems[0].What, "update_every") {
			t.Errorf("%q: problems %v", bad, problems)
		}
	}
}

// TestReplace changes a library under those who hold it.
func TestReplace(t *testing.T) {
	held := load(t, nil)
	held.Replace(load(t, fstest.MapFS{"sev1.md": play("sev1", "severities: [sev1]\n", task), "more.md": play("more", "severities: [sev4]\n", task)}))
	if p, _ := held.Choose("sev1", ""); p.Title != "T" || len(held.Plays()) != 5 {
		t.Errorf("%d plays, and sev1 is called %q", len(held.Plays()), p.Title)
	}
}
