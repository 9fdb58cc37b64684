package web

import (
	"html"
	"strings"
	"testing"

	"tocsin/bot/incident"
)

// TestListBySymptom: every guide once, under the label of its first symptom, in
// the order of the symptoms; triage before all others.
func TestListBySymptom(t *testing.T) {
	p := pages(t)
	body := get(p, "/guides/").Body.String()
	parts := strings.Split(body, "<section")
	if !strings.Contains(parts[1], "Nobody knows yet") || !strings.Contains(parts[1], `href="generic-triage"`) {
		t.Errorf("the list begins with %s", parts[1])
	}
	last := 0
	for _, s := range incident.Symptoms {
		at := strings.Index(body, "<h2 id=\""+s.ID+"\">"+html.EscapeString(s.Label)+" ")
		if at < 0 {
			if s.ID != incident.Unclassified {
				t.Errorf("%s is no group", s.ID)
			}
			continue
		}
		if at < last {
			t.Errorf("%s is not in its place", s.ID)
		}
		last = at
		here, _, _ := strings.Cut(body[at:], "</section>")
		for _, g := range p.Guides.Guides() {
			mine := g.Symptoms[0] == s.ID && g.ID != triage
			if strings.Contains(here, `href="`+g.ID+`"`) != mine {
				t.Errorf("%s under %s: want %v", g.ID, s.ID, mine)
			}
			if mine && !strings.Contains(here, escaped(g.Summary())) {
				t.Errorf("%s is listed without its summary", g.ID)
			}
		}
	}
	for _, g := range p.Guides.Guides() {
		if n := strings.Count(body, `href="`+g.ID+`"`); n != 1 {
			t.Errorf("%s is listed %d times", g.ID, n)
		}
	}
}

// TestListMarks: how bad it usually is, and what is not for an open channel.
func TestListMarks(t *testing.T) {
	body := get(own(t, "x", map[string]string{
		"leak":  "title: Leak\nsymptoms: [security-privacy]\nseverity: sev1\nsecurity: true\nowner: g",
		"plain": "title: Plain\nsymptoms: [security-privacy]\nowner: g",
	}), "/guides/").Body.String()
	leak, plain, _ := strings.Cut(body[strings.Index(body, ">Leak<"):], ">Plain<")
	if !strings.Contains(leak, "SEV1") || !strings.Contains(leak, "handle in private") {
		t.Errorf("leak: %s", leak)
	}
	if strings.Contains(plain, "SEV") || strings.Contains(plain, "in private") {
		t.Errorf("plain: %s", plain)
	}
}

// TestGuideOfNoSymptom: a team's own guide is listed wherever its symptom leads;
// without triage there is no such part.
func TestGuideOfNoSymptom(t *testing.T) {
	body := get(own(t, "x", map[string]string{"a": "title: A\nowner: g", "b": "title: B\nsymptoms: [of-their-own]\nowner: g", "c": "title: C\nsymptoms: [unclassified]\nowner: g"}), "/guides/").Body.String()
	_, group, _ := strings.Cut(body, `<h2 id="unclassified">`)
	for _, id := range []string{"a", "b", "c"} {
		if !strings.Contains(group, `href="`+id+`"`) {
			t.Errorf("%s is not listed:\n%s", id, body)
		}
	}
	if strings.Contains(body, "Nobody knows yet") {
		t.Error("there is a part for a guide that is not there")
	}
}

// TestFileListKnowsWhatPeopleSay: without a server the list is all there is to
// search, so it knows the phrases too, without showing them.
func TestFileListKnowsWhatPeopleSay(t *testing.T) {
	p := own(t, "x", map[string]string{"a": "title: A\nsymptoms: [invalid-inference]\nowner: g\nmatch: {phrases: ['It Babbles \"on\" & on']}"})
	if src := string(p.Files()["index.html"]); !strings.Contains(src, `<li data-words="it babbles on">`) {
		t.Errorf("%s", src)
	}
	if body := get(p, "/guides/").Body.String(); strings.Contains(body, "babbles") {
		t.Error("the list that is served carries words that its server knows")
	}
}
