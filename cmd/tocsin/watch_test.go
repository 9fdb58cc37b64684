package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/runbooks"
)

// team is a content directory on disk, watched.
type team struct {
	t   *testing.T
	dir string
	log bytes.Buffer
	*watch
}

func newTeam(t *testing.T, files ...string) *team {
	t.Helper()
	m := &team{t: t, dir: t.TempDir()}
	for i := 0; i < len(files); i += 2 {
		m.write(files[i], files[i+1])
	}
	c, err := contentFlags{Content: m.dir}.load()
	if err != nil {
		t.Fatal(err)
	}
	m.watch = newWatch(c, slog.New(slog.NewTextHandler(&m.log, nil)))
	return m
}

func (m *team) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// title is what a guide is called now; "" if there is none.
func (m *team) title(id string) string {
	if g, ok := m.content.guides.Guide(id); ok {
		return g.Title
	}
	return ""
}

func (m *team) expect(id, title string) {
	m.t.Helper()
	if got := m.title(id); got != title {
		m.t.Errorf("%s is called %q, want %q", id, got, title)
	}
}

func (m *team) settle() { m.look(); m.look() }

func aGuide(id, title string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "---\nid: %s\ntitle: %s\nlast_reviewed: 2026-11-22\n---\n", id, title)
	for _, section := range []string{"Detect", "Severity", "First question", "Decide", "Investigate", "Mitigate", "Verify", "Capture"} {
		fmt.Fprintf(&s, "## %s\n\nText.\n\n", section)
	}
	return s.String()
}

// TestAChangeServesWhenItStandsStill: at the second look that sees it, not
// while it is being written.
func TestAChangeServesWhenItStandsStill(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	m.settle()
	if m.log.Len() > 0 {
		t.Errorf("nothing has changed: %s", &m.log)
	}
	m.write("runbooks/a.md", aGuide("a", "First"))
	m.look()
	m.expect("a", "")
	m.write("runbooks/a.md", aGuide("a", "First, and longer"))
	m.look()
	m.expect("a", "")
	m.look()
	m.expect("a", "First, and longer")
	if err := os.Remove(filepath.Join(m.dir, "runbooks/a.md")); err != nil {
		t.Fatal(err)
	}
	m.settle()
	m.expect("a", "")
}

// TestABrokenEditLeavesTheOldOneServing, be it of a built-in guide or a team's
// own, and is reported once.
func TestABrokenEditLeavesTheOldOneServing(t *testing.T) {
	t.Parallel()
	m := newTeam(t, "runbooks/a.md", aGuide("a", "Ours"), "runbooks/provider-outage.md", aGuide("provider-outage", "Ours too"))
	for i := range 3 {
		m.write("runbooks/a.md", "---\ntitel: x\n---\n"+strings.Repeat("x", i))
		m.write("runbooks/provider-outage.md", "no front matter"+strings.Repeat("x", i))
		m.settle()
	}
	m.expect("a", "Ours")
	m.expect("provider-outage", "Ours too")
	if got := strings.Count(m.log.String(), `level=WARN msg=content problem="left out: runbooks/a.md:2: `); got != 1 {
		t.Errorf("reported %d times:\n%s", got, &m.log)
	}
	m.write("runbooks/a.md", aGuide("a", "Mended"))
	m.settle()
	m.expect("a", "Mended")
	m.write("runbooks/a.md", "---\ntitel: x\n---\n")
	m.settle()
	m.expect("a", "Mended")
	if got := strings.Count(m.log.String(), `msg=content problem="left out: runbooks/a.md:2: `); got != 2 {
		t.Errorf("broken again, and reported %d times:\n%s", got, &m.log)
	}
}

// TestPlaysTemplatesAndWordsAreReadAgain: all that a team's content is made of.
func TestPlaysTemplatesAndWordsAreReadAgain(t *testing.T) {
	m := newTeam(t)
	m.write("playbooks/ours.md", "---\nid: ours\ntitle: T\nseverities: [sev1]\nsymptoms: [cost-anomaly]\nupdate_every: 30m\nlast_reviewed: 2026-11-22\n---\n- [ ] scribe, 5m: Write.\n")
	m.write("templates/ours.md", "Hello")
	m.write("runbooks/said/cost-spike.txt", "the zorbled quimpy vexes wombats\n")
	m.settle()
	if p, ok := m.content.plays.Choose("sev1", "cost-anomaly"); !ok || p.ID != "ours" {
		t.Errorf("plays: %v\n%s", p, &m.log)
	}
	if text, err := m.content.templates.Render("ours", nil); err != nil || text != "Hello\n" {
		t.Errorf("templates: %q %v", text, err)
	}
	if got := matching(m.content.guides, runbooks.Query{Text: "the zorbled quimpy vexes wombats"}).Guide; got != "cost-spike" {
		t.Errorf("said: %q", got)
	}
}

// TestAConfigMapIsFollowed: Kubernetes changes all files at once, by the link
// "..data"; their names, sizes and times may stay as they were.
func TestAConfigMapIsFollowed(t *testing.T) {
	t.Parallel()
	m := newTeam(t, "v1/a.md", aGuide("a", "One"), "v2/a.md", aGuide("a", "Two"), "runbooks/README.md", "")
	then := time.Now()
	for _, v := range []string{"v1", "v2"} {
		if err := os.Chtimes(filepath.Join(m.dir, v, "a.md"), then, then); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(m.dir, "new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(m.dir, "new"), filepath.Join(m.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("../v1", "runbooks/..data")
	link("..data/a.md", "runbooks/a.md")
	m.settle()
	m.expect("a", "One")
	link("../v2", "runbooks/..data")
	m.settle()
	m.expect("a", "Two")

	if err := os.RemoveAll(filepath.Join(m.dir, "runbooks")); err != nil {
		t.Fatal(err)
	}
	link("v1", "runbooks") // a whole folder may be a link too
	m.settle()
	m.expect("a", "One")
	link("v2", "runbooks")
	m.settle()
	m.expect("a", "Two")
}

// TestAMissingDirectoryChangesNothing: what was loaded goes on serving.
func TestAMissingDirectoryChangesNothing(t *testing.T) {
	m := newTeam(t, "runbooks/a.md", aGuide("a", "Ours"))
	away := m.dir + "-away"
	if err := os.Rename(m.dir, away); err != nil {
		t.Fatal(err)
	}
	m.settle()
	m.settle()
	m.expect("a", "Ours")
	if got := strings.Count(m.log.String(), "cannot be read"); got != 1 {
		t.Errorf("said %d times:\n%s", got, &m.log)
	}
	if err := os.Rename(away, m.dir); err != nil {
		t.Fatal(err)
	}
	m.write("runbooks/a.md", aGuide("a", "Ours again"))
	m.settle()
	m.expect("a", "Ours again")
}

// TestTheWalkIsBounded: neither a circle of links nor a flood of files is
// followed to its end, and files that are not watched are told of once.
func TestTheWalkIsBounded(t *testing.T) {
	m := newTeam(t, "runbooks/a.md", aGuide("a", "Ours"))
	if err := os.Symlink("..", filepath.Join(m.dir, "runbooks", "up")); err != nil {
		t.Fatal(err)
	}
	if _, whole := stamp(m.dir); !whole {
		t.Error("a circle has no end")
	}
	for i := range maxEntries {
		f, err := os.Create(filepath.Join(m.dir, "runbooks", fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	m.settle()
	m.settle()
	if got := strings.Count(m.log.String(), "too many files"); got != 1 {
		t.Errorf("said %d times:\n%s", got, &m.log)
	}
}

// TestItLooksWhenItIsTime and ends with its context.
func TestItLooksWhenItIsTime(t *testing.T) {
	m := newTeam(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		ended := make(chan struct{})
		go func() { m.run(ctx, ticker.C); close(ended) }()
		m.write("runbooks/a.md", aGuide("a", "Ours"))
		<-time.After(2*lookEvery - time.Millisecond) // in the bubble's time
		synctest.Wait()
		m.expect("a", "")
		<-time.After(time.Millisecond)
		synctest.Wait()
		m.expect("a", "Ours")
		stop()
		<-ended
	})
}

// TestContentStaysInItsFolder: a link, by whatever way, leads to nothing outside of the
// content directory, at the start, while it is watched, and for lint; one that stays
// inside does, as Kubernetes has them.
func TestContentStaysInItsFolder(t *testing.T) {
	outside := t.TempDir()
	file := func(dir, name, title string) {
		path := filepath.Join(dir, name+".md")
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(aGuide(filepath.Base(name), title)), 0o600))
	}
	file(outside, "secret", "Marked secret")
	file(outside, "plays/absolute", "Marked secret")
	m := newTeam(t, "runbooks/mine.md", aGuide("mine", "Mine"), "data/inside.md", aGuide("inside", "Inside"))
	for link, to := range map[string]string{
		"runbooks/inside.md": "../data/inside.md", "runbooks/secret.md": filepath.Join(outside, "secret.md"),
		"runbooks/passwd.md": "/etc/passwd", "runbooks/up.md": "../../../../../../../../etc/passwd", "runbooks/twice.md": "secret.md",
		"playbooks": filepath.Join(outside, "plays"), "services": "/etc", "templates": "../..",
	} {
		must(t, os.Symlink(to, filepath.Join(m.dir, link)))
	}
	m.keep()
	c, err := contentFlags{Content: m.dir}.loadOver(m.kept)
	must(t, err)
	told := strings.Join(c.problems, "\n")
	for _, name := range []string{"secret.md", "passwd.md", "up.md", "twice.md", "."} {
		if !strings.Contains(told, name+": it is a link that leads out of the content folder") {
			t.Errorf("%s is not told of:\n%s", name, told)
		}
	}
	for id, want := range map[string]bool{"mine": true, "inside": true, "secret": false, "passwd": false, "up": false, "twice": false} {
		if _, ok := c.guides.Guide(id); ok != want {
			t.Errorf("guide %s: served %v, want %v", id, ok, want)
		}
	}
	if strings.Contains(told+fmt.Sprint(m.kept), "Marked secret") || strings.Contains(told, "root:") {
		t.Errorf("it was read: %s", told)
	}
	var out bytes.Buffer
	e := &env{ctx: t.Context(), stdout: &out, stderr: &out}
	if execute(e, []string{"guides", "lint", filepath.Join(m.dir, "runbooks")}) == 0 || !strings.Contains(out.String(), "secret.md: it is a link that leads out") || strings.Contains(out.String(), "Marked secret") {
		t.Error(out.String())
	}
}
