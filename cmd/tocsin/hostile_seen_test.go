package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"tocsin/bot/incident"
	"tocsin/bot/sandbox"
)

// asked are the facts that people's requests led to, in the order in which they came.
func (s *siege) asked() string {
	s.t.Helper()
	var all []string
	for n := 1; ; n++ {
		inc, err := s.app.bot.Incident(s.t.Context(), incident.NewID(n))
		if err != nil {
			break
		}
		for _, e := range inc.Timeline {
			if strings.HasPrefix(e.Cause, "slack/") {
				all = append(all, fmt.Sprintf("%s %T %+v", e.Logged.Format("15:04:05.000000000"), e.Fact, e.Fact))
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// literal refuses an answer in which hostile text pings, links or formats: a message, or
// a form that takes the place of another.
func (s *siege) literal(said string) {
	s.t.Helper()
	var answer struct {
		Text   string
		Blocks []any
		View   struct{ Blocks []any }
	}
	if json.Unmarshal([]byte(said), &answer) == nil {
		s.plain(answer.Text, answer.Blocks)
		s.plain("", answer.View.Blocks)
	}
}

// opened has a person look at everything that shows what came in: lists, forms and menus,
// and a form from a message. Their answers are messages that one person sees.
func (s *siege) opened() {
	s.t.Helper()
	say := func(line string) {
		s.t.Helper()
		_, err := s.workspace.Say(s.t.Context(), sandbox.Say{User: ada, Channel: "general", Text: "/incident " + line})
		must(s.t, err)
	}
	for _, line := range []string{"list all", "status", "help", "alerts", "changed " + said, "page " + said, "INC-1 page search " + said, "INC-1 note for PagerDuty " + said} {
		say(line)
	}
	forms := 0
	for n := 1; n <= 9; n++ {
		for _, verb := range []string{"", "timeline", "alerts", "task", "action", "guide", "attach", "close", "take", "began", "note", "update", "mitigated", "action add"} {
			say(strings.TrimSpace(fmt.Sprintf("INC-%d %s", n, verb)))
			if s.form() {
				forms++
			}
		}
	}
	r, err := s.workspace.Say(s.t.Context(), sandbox.Say{User: ada, Channel: "general", Text: evil})
	must(s.t, err)
	_, err = s.workspace.Shortcut(s.t.Context(), sandbox.UseShortcut{User: ada, CallbackID: "declare", Channel: "general", TS: r.TS})
	must(s.t, err)
	if err := until(s.t.Context(), s.form); err != nil || forms < 5 {
		s.t.Errorf("only %d forms were looked at, and from a message: %v", forms, err)
	}
}

// form looks at the forms that are open, and closes them; false if there is none. One may
// open above another meanwhile: then that one is first.
func (s *siege) form() (found bool) {
	s.t.Helper()
	for range 100 {
		v, open := s.workspace.View(ada)
		if !open {
			return found
		}
		found = true
		s.plain("", v.Blocks)
		s.workspace.CloseView(s.t.Context(), sandbox.CloseView{User: ada, ViewID: v.ID})
	}
	s.t.Error("the forms do not end")
	return found
}

var incidentPage = regexp.MustCompile(`http://127[^\s"|>\\]+`)

// pages looks at the page of each incident.
func (s *siege) pages() {
	s.t.Helper()
	hostile := 0
	for n := 1; n <= 9; n++ {
		link := incidentPage.FindString(s.says(fmt.Sprintf("INC-%d link", n)).said)
		if link == "" {
			continue
		}
		resp, err := http.Get(link)
		must(s.t, err)
		data, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		must(s.t, err)
		page := string(data)
		if strings.Contains(page, "zzz") {
			hostile++
		}
		for _, bad := range []string{"<script>zzz", "<img src=x", `href="https://evil`, `src="https://evil`, "href=\"javascript:", "\x1b", "\u202e"} {
			if strings.Contains(page, bad) {
				s.t.Errorf("the page of INC-%d has %q", n, bad)
			}
		}
	}
	if hostile < 3 {
		s.t.Errorf("only %d pages of incidents were looked at that have hostile words", hostile)
	}
}

// printed looks at what subcommands print of it all while the bot runs.
func (s *siege) printed() {
	s.t.Helper()
	hostile := 0
	for n := 1; n <= 9; n++ {
		id := incident.NewID(n)
		for _, args := range [][]string{{"timeline", string(id)}, {"postmortem", string(id)}, {"incident", "show", string(id)}, {"incident", "list"}, {"export", string(id), "--dir", filepath.Join(s.t.TempDir(), string(id))}} {
			out := s.prints(args...)
			if strings.Contains(out, "zzz") {
				hostile++
			}
			if steers(out) {
				s.t.Errorf("tocsin %v prints what steers a terminal: %.500q", args, out)
			}
		}
	}
	if hostile < 10 {
		s.t.Errorf("only %d texts were looked at that have hostile words", hostile)
	}
}

// prints is what a subcommand prints of the record.
func (s *siege) prints(args ...string) string {
	var out bytes.Buffer
	execute(&env{ctx: s.t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: &out, log: slog.New(slog.DiscardHandler)}, append(args, "--store", "bolt:"+s.file))
	return out.String()
}

// paged looks at what PagerDuty was sent.
func (s *siege) paged() {
	s.t.Helper()
	hostile := 0
	for _, p := range s.workspace.PagerDutyIncidents() {
		text := strings.Join(append(append([]string{p.Title}, p.Notes...), p.Updates...), "\n")
		if !strings.HasPrefix(p.Key, "tocsin-") {
			continue
		}
		if strings.Contains(text, "zzz") {
			hostile++
		}
		if steers(text) {
			s.t.Errorf("PagerDuty was sent what steers: %.500q", text)
		}
	}
	if hostile == 0 {
		s.t.Error("PagerDuty was sent nothing hostile, so this proves nothing of it")
	}
}
