package playbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tocsin/bot/markdown"
)

type frontMatter struct {
	ID           string   `yaml:"id"`
	Title        string   `yaml:"title"`
	Severities   []string `yaml:"severities"`
	Symptoms     []string `yaml:"symptoms"`
	UpdateEvery  string   `yaml:"update_every"`
	Postmortem   bool     `yaml:"postmortem"`
	Invite       []string `yaml:"invite"`
	PagerDuty    []string `yaml:"pagerduty"`
	LastReviewed string   `yaml:"last_reviewed"`
}

// parse makes a play of a file, or says all that is wrong with it.
func parse(name string, src []byte) (*Play, error) {
	var fm frontMatter
	body, line, err := markdown.Split(src, &fm)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(src)
	p := &Play{
		ID: fm.ID, Title: fm.Title, Version: hex.EncodeToString(sum[:4]),
		Severities: fm.Severities, Symptoms: fm.Symptoms, Postmortem: fm.Postmortem,
		Invite: fm.Invite, Pager: fm.PagerDuty, LastReviewed: fm.LastReviewed, Body: body,
	}
	problems := p.check(name)
	p.UpdateEvery, err = time.ParseDuration(fm.UpdateEvery)
	if err != nil || p.UpdateEvery < time.Minute {
		problems = append(problems, Problem{Line: 1, What: fmt.Sprintf("update_every %q is no time between updates", fm.UpdateEvery), Do: `write a minute or more, such as "30m"`})
	}
	tasks, bad := parseTasks(body, line)
	if p.Tasks, problems = tasks, append(problems, bad...); len(problems) > 0 {
		return nil, markdown.Problems(problems)
	}
	return p, nil
}

func roles() []string {
	return []string{"incident-commander", "technical-lead", "communications-lead", "scribe"}
}

func severities() []string { return []string{"sev1", "sev2", "sev3", "sev4"} }

// pagers are what of the record can be sent to PagerDuty, by package incident's names.
func pagers() []string { return []string{"notes", "updates"} }

func (p *Play) check(name string) []Problem {
	var out []Problem
	bad := func(ok bool, what, do string) {
		if !ok {
			out = append(out, Problem{Line: 1, What: what, Do: do})
		}
	}
	bad(p.ID+".md" == name, fmt.Sprintf("its id is %q", p.ID), "give file and id one name: <id>.md")
	bad(p.Title != "", "it has no title", "add title:")
	bad(len(p.Severities) > 0, "it is for no severity", "add severities: [sev1]")
	for _, s := range p.Severities {
		bad(slices.Contains(severities(), s), fmt.Sprintf("severity %q is none", s), "use sev1, sev2, sev3 or sev4")
	}
	for _, u := range p.Invite {
		bad(userID.MatchString(u), fmt.Sprintf("%q is no Slack user id", u), "copy the member ID from the person's profile")
	}
	for _, what := range p.Pager {
		bad(slices.Contains(pagers(), what), fmt.Sprintf("pagerduty %q is nothing that can be sent there", what), "use notes, updates or both: pagerduty: [updates]")
	}
	_, err := time.Parse(time.DateOnly, p.LastReviewed)
	bad(err == nil, fmt.Sprintf("last_reviewed %q is no date", p.LastReviewed), "write it as 2026-11-22")
	return out
}

// userID is the form of Slack's user ids, https://docs.slack.dev/reference/objects/user-object
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)

// parseTasks reads "role, 5m: text" from every task-list item; line is where the
// body begins in the file.
func parseTasks(body string, line int) ([]Task, []Problem) {
	var tasks []Task
	var problems []Problem
	for _, item := range markdown.Tasks(body) {
		t, what := parseTask(item.Text)
		if what != "" {
			problems = append(problems, Problem{Line: line + item.Line - 1, What: what, Do: "write - [ ] " + roles()[0] + ", 5m: what to do"})
			continue
		}
		tasks = append(tasks, t)
	}
	if len(tasks)+len(problems) == 0 {
		problems = append(problems, Problem{Line: line, What: "it has no tasks", Do: "write one as - [ ] " + roles()[0] + ", 5m: what to do"})
	}
	return tasks, problems
}

// parseTask returns what is wrong in words, or "".
func parseTask(text string) (Task, string) {
	head, rest, _ := strings.Cut(text, ":")
	role, within, _ := strings.Cut(head, ",")
	t := Task{Role: strings.TrimSpace(role), Text: strings.TrimSpace(rest)}
	if !slices.Contains(roles(), t.Role) {
		return t, fmt.Sprintf("task %q is for none of %s", text, strings.Join(roles(), ", "))
	}
	var err error
	if t.Within, err = time.ParseDuration(strings.TrimSpace(within)); err != nil || t.Within <= 0 {
		return t, fmt.Sprintf("task %q has no time limit", text)
	}
	if t.Text == "" {
		return t, fmt.Sprintf("task %q says nothing to do", text)
	}
	return t, ""
}
