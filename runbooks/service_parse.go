package runbooks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"tocsin/bot/incident"
	"tocsin/bot/markdown"
)

// parseService makes a service of a file, or says all that is wrong with it.
func parseService(name string, src []byte) (*Service, error) {
	p := &serviceParser{src: src}
	body, _, err := markdown.Split(src, &p.front)
	if err != nil {
		return nil, err
	}
	fm := &p.front
	p.bad(fm.ID+".md" == name, "id", "", fmt.Sprintf("its id is %q", fm.ID), "give file and id one name: <id>.md")
	v := &Service{
		ID: fm.ID, Title: fm.Title, Also: fm.Also, PagerDuty: fm.PagerDuty,
		Provider: fm.Provider, Model: fm.Model, Region: fm.Region, Stage: fm.Stage,
		Escalation: fm.Escalation, DependsOn: fm.DependsOn, Fallback: fm.Fallback, Guides: fm.Guides, Has: fm.Has,
		Body: body, src: src,
	}
	p.words()
	if p.short() {
		v.Severity, v.Alerts = p.severities(), p.rules()
		v.Priorities = p.priorities()
		p.forAll(v)
		p.only(v)
	}
	if len(p.problems) > 0 {
		return nil, markdown.Problems(p.problems)
	}
	v.Owners = v.owners(fm.Owners)
	return v, nil
}

// serviceParser makes a service of its front matter, and gathers what is wrong.
type serviceParser struct {
	src      []byte
	front    serviceFront
	problems []Problem
}

// bad notes a problem unless ok, at a value of a field.
func (p *serviceParser) bad(ok bool, field, value, what, do string) {
	if !ok {
		p.problems = append(p.problems, Problem{Line: lineUnder(p.src, field, value), What: what, Do: do})
	}
}

// words checks the fields that take some words only.
func (p *serviceParser) words() {
	fm := &p.front
	for _, part := range fm.Has {
		p.bad(slices.Contains(Parts, part), "has", part, fmt.Sprintf("%q is no part that guides know", part), "use "+strings.Join(Parts, ", "))
	}
	p.bad(fm.Stage == "" || slices.Contains(Stages, fm.Stage), "stage", "", fmt.Sprintf("stage %q is none", fm.Stage), "use "+strings.Join(Stages, " or "))
}

// sevs are the severities as a file names them.
const sevs = "use sev1, sev2, sev3 or sev4"

func rated(s string) (incident.Severity, bool) {
	v := incident.Severity(strings.ToLower(s))
	return v, slices.Contains(incident.Severities, v)
}

// severities are what a source's words come to.
func (p *serviceParser) severities() map[string]incident.Severity {
	out := map[string]incident.Severity{}
	for _, word := range slices.Sorted(maps.Keys(p.front.Severity)) {
		to := p.front.Severity[word]
		s, ok := rated(to)
		p.bad(ok, "severity", word, fmt.Sprintf("%s comes to severity %q, which is none", word, to), sevs)
		key := plainWord(word)
		p.bad(key != "", "severity", "", "a severity has no word of a source's", "write it as P1: sev1")
		was, twice := out[key]
		p.bad(!twice || was == s, "severity", word, fmt.Sprintf("%s comes to both %s and %s: upper and lower case are alike", word, was, s), "keep one of the two")
		out[key] = s
	}
	return out
}

// priorities are what PagerDuty's are called, nil where nothing is said of them.
func (p *serviceParser) priorities() map[incident.Severity]string {
	if p.front.Priorities == nil {
		return nil
	}
	out := map[incident.Severity]string{}
	for _, word := range slices.Sorted(maps.Keys(p.front.Priorities)) {
		s, ok := rated(word)
		p.bad(ok, "priorities", word, fmt.Sprintf("%q is no severity", word), sevs+", each with the name of PagerDuty's priority: sev1: Critical")
		out[s] = strings.TrimSpace(p.front.Priorities[word])
	}
	return out
}

// mostOf is how many of a kind a service can have: more is nothing that anybody reads.
const mostOf = 200

// short tells whether no list is too long to check.
func (p *serviceParser) short() bool {
	fm, ok := &p.front, true
	for _, l := range []struct {
		field string
		n     int
	}{
		{"also", len(fm.Also)}, {"owners", len(fm.Owners)}, {"depends_on", len(fm.DependsOn)}, {"fallback", len(fm.Fallback)},
		{"guides", len(fm.Guides)}, {"severity", len(fm.Severity)}, {"alerts", len(fm.Alerts)}, {"providers", len(fm.Providers)}, {"priorities", len(fm.Priorities)}, {"only", len(fm.Only)},
	} {
		p.bad(l.n <= mostOf, l.field, "", fmt.Sprintf("%s has %d entries", l.field, l.n), fmt.Sprintf("keep to %d", mostOf))
		ok = ok && l.n <= mostOf
	}
	return ok
}

// Limits of the numbers in a file.
const (
	mostRooms  = 1000
	mostWindow = 24 * time.Hour
)

// forAll reads the numbers, and what only the defaults may say.
func (p *serviceParser) forAll(v *Service) {
	fm := &p.front
	v.RoomsPerHour = p.rooms("rooms_per_hour", fm.PerHour)
	v.RoomsPerMinute = p.rooms("rooms_per_minute", fm.PerMinute)
	if fm.Window != "" {
		var err error
		v.Window, err = time.ParseDuration(fm.Window)
		p.bad(err == nil && v.Window >= time.Second && v.Window <= mostWindow, "window", "", fmt.Sprintf("window %q is no time that alerts belong together", fm.Window), "write it as 5m, from 1s to 24h")
	}
	all := func(said bool, field string) {
		p.bad(!said || v.ID == defaultID, field, "", field+" holds for all services", "move it to services/"+defaultID+".md")
	}
	all(fm.PerMinute != nil, "rooms_per_minute")
	all(fm.Window != "", "window")
	all(fm.Providers != nil, "providers")
	all(fm.Priorities != nil, "priorities")
	v.Providers = map[string][]string{}
	for id, words := range fm.Providers {
		v.Providers[strings.ToLower(id)] = words
	}
}

// rooms reads how many rooms alerts may open.
func (p *serviceParser) rooms(field string, n *int) int {
	if n == nil {
		return 0
	}
	p.bad(*n >= 1 && *n <= mostRooms, field, "", fmt.Sprintf("%s is %d", field, *n), fmt.Sprintf("write a number from 1 to %d; so that alerts open none, write alerts: [{do: ask}]", mostRooms))
	return *n
}

// slackUser is the form of Slack's user ids.
var slackUser = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)

// owners are those that can be invited; the others are reported.
func (v *Service) owners(said []string) []string {
	var out []string
	for _, u := range said {
		if slackUser.MatchString(u) {
			out = append(out, u)
			continue
		}
		v.slip("owners", u, fmt.Sprintf("owner %q is no Slack user id, and is not invited", u), "copy the member ID from the person's profile, such as U0ADA")
	}
	return out
}

// slip notes what does not keep a service from being used.
func (v *Service) slip(field, value, what, do string) {
	v.problems = append(v.problems, v.problem(field, value, what, do))
}

func (v *Service) problem(field, value, what, do string) Problem {
	return Problem{File: v.ID + ".md", Line: lineUnder(v.src, field, value), What: what, Do: do}
}
