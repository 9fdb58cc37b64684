package templates_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"tocsin/bot/incident"
	"tocsin/bot/markdown"
	"tocsin/templates"
)

var update = flag.Bool("update", false, "write the golden files anew")

func set(t *testing.T) *templates.Set {
	t.Helper()
	s, problems := templates.Load(templates.Embedded())
	for _, p := range problems {
		t.Fatal(p)
	}
	return s
}

func render(t *testing.T, name string, data any) string {
	t.Helper()
	out, err := set(t).Render(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); if it should, run go test ./templates -update\n%s", path, diff)
	}
}

func full() templates.Postmortem {
	return templates.Postmortem{
		ID: "INC-42", Title: "Answers are slow", Severity: "sev2", Symptom: "performance-degradation", Status: "resolved",
		Date: "2026-11-22", Guide: "latency-saturation (1a2b3c4d)", Model: "llama-3.3-70b, rev 9", Service: "assistant",
		Began: "2026-11-22 13:40 UTC", Detected: "2026-11-22 14:02 UTC", Declared: "2026-11-22 14:04 UTC",
		Mitigated: "2026-11-22 14:18 UTC", Resolved: "2026-11-22 15:00 UTC", ImpactFor: "38 min", ResponseFor: "58 min",
		DetectedBy: "a monitor (PagerDuty)", How: "rollback", Resolution: "Prompt 17 is back.", Reason: "prompt rolled back", Quote: "TTFT p95 11.4s",
		Timeline: []templates.PostmortemLine{
			{At: "14:02 UTC", Role: "PagerDuty", What: "TTFT p95 11.4s", Link: "https://example.pagerduty.com/incidents/P1"},
			{At: "14:04 UTC", Role: "a responder", What: "declared the incident"},
		},
		Updates:    []templates.PostmortemLine{{At: "14:20 UTC", Role: "communications-lead", What: "Answers may take a minute."}},
		Evidence:   []templates.PostmortemLink{{Title: "TTFT dashboard", URL: "https://grafana.example.com/d/1?from=a(b)"}},
		Actions:    []templates.PostmortemAction{{N: 1, Text: "Alert on waiting requests", Owner: "Ada", Due: "2026-12-01"}, {N: 2, Text: "Cap context", Done: true}},
		Responders: []templates.PostmortemResponder{{Role: "incident-commander", Name: "Ada"}},
		Questions:  []string{"How many users were affected?"},
	}
}

func TestPostmortem(t *testing.T) { golden(t, "postmortem.full.md", render(t, "postmortem", full())) }

func TestPostmortemOfNothing(t *testing.T) {
	got := render(t, "postmortem", templates.Postmortem{})
	golden(t, "postmortem.empty.md", got)
	if strings.Contains(got, "<no value>") || regexp.MustCompile(`(?m): *$|\| *\| *\|\s*\w`).MatchString(got) {
		t.Errorf("a field is empty instead of a question:\n%s", got)
	}
}

func TestPostmortemHasItsSections(t *testing.T) {
	want := []string{"Summary", "Impact", "Detection", "Timeline", "AI record", "What happened", "Mitigation and fix",
		"What went well, what was hard, where we were lucky", "Four systemic questions", "Evidence", "Action items",
		"Communication log", "Responders", "Not recorded yet"}
	for _, data := range []templates.Postmortem{{}, full()} {
		var got []string
		for _, s := range markdown.Sections(render(t, "postmortem", data)) {
			if s.Level == 2 {
				got = append(got, s.Title)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestNamesStandWithRespondersOnly: an action's owner apart, the draft speaks of roles.
func TestNamesStandWithRespondersOnly(t *testing.T) {
	data := full()
	data.Actions = nil
	before, after, _ := strings.Cut(render(t, "postmortem", data), "## Responders")
	if strings.Contains(before, "Ada") || !strings.Contains(after, "incident-commander: Ada") {
		t.Errorf("the name is not in its place:\n%s", after)
	}
}

func TestActionItemsAreTasks(t *testing.T) {
	var got []markdown.Task
	for _, s := range markdown.Sections(render(t, "postmortem", full())) {
		if s.Title == "Action items" {
			got = markdown.Tasks(s.Body)
		}
	}
	if len(got) != 2 || got[0].Done || !got[1].Done || !strings.HasPrefix(got[0].Text, "1 · Alert on waiting requests · owner: Ada · due: 2026-12-01") {
		t.Errorf("tasks %+v", got)
	}
}

// TestHostileTextStaysText: with every string an attack, the draft keeps the
// shape that harmless strings give it.
func TestHostileTextStaysText(t *testing.T) {
	shape := func(s string) string {
		data := templates.Postmortem{}
		for _, f := range []*string{&data.ID, &data.Title, &data.Severity, &data.Symptom, &data.Status, &data.Date, &data.Guide, &data.Model,
			&data.Service, &data.Began, &data.Detected, &data.Declared, &data.Mitigated, &data.Resolved, &data.ImpactFor, &data.ResponseFor,
			&data.DetectedBy, &data.How, &data.Resolution, &data.Reason, &data.Quote} {
			*f = incident.Escape(s)
		}
		line := templates.PostmortemLine{At: incident.Escape(s), Role: incident.Escape(s), What: incident.Escape(s), Link: "https://a.b/" + s}
		data.Timeline, data.Updates = []templates.PostmortemLine{line}, []templates.PostmortemLine{line}
		data.Evidence = []templates.PostmortemLink{{Title: incident.Escape(s), URL: "https://a.b/" + s}, {Title: "x", URL: "javascript:" + s}}
		data.Actions = []templates.PostmortemAction{{Text: incident.Escape(s), Owner: incident.Escape(s), Due: incident.Escape(s)}}
		data.Responders = []templates.PostmortemResponder{{Role: incident.Escape(s), Name: incident.Escape(s)}}
		data.Questions = []string{incident.Escape(s)}
		md := render(t, "postmortem", data) + render(t, "update", templates.Update{ID: data.ID, Title: data.Title, Severity: data.ID,
			Status: data.ID, Text: data.ID, By: data.ID, At: data.ID, NextBy: data.ID, Number: 1})
		return strings.Join(regexp.MustCompile(`<[^>]*?(\s|>)`).FindAllString(string(markdown.HTML(md)), -1), "")
	}
	want := shape("harmless")
	for _, s := range []string{"**bold** `code`", "</td><script>alert(1)</script>", "a|b|c", "](javascript:x) [y](http://z)", "<!channel> <@U01>",
		"# x\n\n- [x] y\n```", "{{.ID}} {{template \"x\"}}", "1. x", "\\", "x> \"onload=", "\u202egnp.exe"} {
		if diff := cmp.Diff(want, shape(s)); diff != "" {
			t.Errorf("%q changes the document (-harmless +hostile):\n%s", s, diff)
		}
	}
}

func TestUpdate(t *testing.T) {
	got := render(t, "update", templates.Update{ID: "INC-42", Title: "Answers are slow", Severity: "sev2", Status: "mitigating",
		Text: "Answers take a minute. We are rolling back.", By: "communications-lead", At: "14:20 UTC", NextBy: "14:50 UTC", Number: 2})
	golden(t, "update.full.md", got)
	golden(t, "update.empty.md", render(t, "update", templates.Update{}))
}

func TestOverlay(t *testing.T) {
	s, problems := templates.Load(templates.Embedded(), fstest.MapFS{
		"update.md": {Data: []byte("{{.ID}}: {{.Text}}")},
		"mine.md":   {Data: []byte("{{.X}}")},
	})
	if len(problems) != 0 {
		t.Error(problems)
	}
	for _, tt := range []struct {
		name string
		data any
		want string
	}{
		{"update", templates.Update{ID: "INC-1", Text: "up"}, "INC-1: up\n"},
		{"mine", map[string]string{"X": "y"}, "y\n"},
	} {
		if got, err := s.Render(tt.name, tt.data); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
	if _, err := s.Render("postmortem", full()); err != nil {
		t.Errorf("the embedded one beside it: %v", err)
	}
	if _, err := s.Render("none", nil); err == nil || !strings.Contains(err.Error(), "add none.md") {
		t.Errorf("error %v", err)
	}
}

func TestBrokenTemplatesAreReportedAndTheEmbeddedServe(t *testing.T) {
	for src, report := range map[string]string{
		"a\n{{.ID":                     "update.md:2: unclosed action; correct the template",
		"a\n\n{{if .ID}}b":             "update.md:3: unexpected EOF; correct the template",
		"a\n{{.Nope}}":                 "update.md:2: <.Nope>: can't evaluate field Nope in type templates.Update; correct the template",
		"{{env \"HOME\"}}":             `update.md:1: function "env" not defined; correct the template`,
		"{{readFile \"/etc/passwd\"}}": `update.md:1: function "readFile" not defined; correct the template`,
		"{{call .ID}}":                 "update.md:1: ",
		"{{define \"x\"}}{{template \"x\"}}{{end}}{{template \"x\"}}": "update.md:1: ",
		"{{range 2000000}}x{{end}}":                                   "update.md",
		"---\nid: [\n---\n{{template \"y\"}}":                         `update.md:4: `,
	} {
		s, problems := templates.Load(templates.Embedded(), fstest.MapFS{"update.md": {Data: []byte(src)}})
		if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), report) {
			t.Errorf("%q: problems %v, want %s…", src, problems, report)
		}
		got, err := s.Render("update", templates.Update{ID: "INC-1", Text: "up"})
		if err != nil || !strings.Contains(got, "Next update") && !strings.Contains(got, "next update") {
			t.Errorf("%q: the embedded template does not serve: %q, %v", src, got, err)
		}
	}
}

func TestOutputIsBounded(t *testing.T) {
	data := full()
	data.Resolution = strings.Repeat("x", 1<<20)
	if _, err := set(t).Render("postmortem", data); err == nil || !strings.Contains(err.Error(), "shorten") {
		t.Errorf("error %v", err)
	}
}

// TestReplace changes a set under those who hold it.
func TestReplace(t *testing.T) {
	held := set(t)
	newer, problems := templates.Load(fstest.MapFS{"ours.md": {Data: []byte("Hello")}})
	held.Replace(newer)
	if text, err := held.Render("ours", nil); err != nil || text != "Hello\n" {
		t.Errorf("%q %v %v", text, err, problems)
	}
	if _, err := held.Render("postmortem", templates.Postmortem{}); err == nil {
		t.Error("what newer does not have is still there")
	}
}
